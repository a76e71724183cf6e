/* Fuzz target: rows of any content under several mappings. Whatever comes out is a valid resource of the data model, has an
 * identifier that no other one has, and refers only to what came before it.
 * The first byte chooses mapping and options; then a line a row: raw JSON, or cells with tabs between, the first one the
 * patient.
 * SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "../../cmd/vx-pathology/pathology.h"
#include "vx_json_scan.h"
#include "vx_resource.h"
#include "vx_run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const mappings[] = {
	"{\"rows\":\"core\",\"component\":{\"name\":\"a\",\"location\":\"a\",\"grade\":{\"gleason\":\"b\",\"isup\":"
	"\"c\",\"blank\":\"benign\"},"
	"\"cancer_length\":\"d\",\"other_data\":{\"x\":{\"columns\":[\"d\",\"e\"],\"as\":\"number\"},\"y\":{\"column\":"
	"\"e\",\"as\":\"date\"}}},"
	"\"workup\":{\"set\":{\"type\":\"BIOPSY\"}},\"checks\":[{\"column\":\"e\",\"is\":\"worst_isup\"},{\"column\":"
	"\"e\",\"is\":\"total_cores\"},"
	"{\"column\":\"d\",\"is\":\"same\",\"per\":\"patient\"}]}",
	"{\"rows\":\"workup\",\"when\":\"b\",\"table\":\"t\",\"license\":\"CC0-1.0\",\"workup\":{\"key\":[\"a\",\"d\"],"
	"\"date\":\"d\",\"procedure\":"
	"{\"column\":\"e\",\"values\":{\"x\":{\"type\":\"RPE\"},\"y\":{\"type\":\"BIOPSY\",\"side\":\"left\"}},"
	"\"otherwise\":\"keep\"}},"
	"\"component\":{\"lists\":{\"separator\":\",\",\"columns\":[\"b\",\"c\"],\"omit\":{\"c\":{\"where\":\"b\","
	"\"is\":[\"N/A\"]}}},"
	"\"grade\":{\"gleason\":\"b\",\"isup\":\"c\"}},\"checks\":[{\"column\":\"e\",\"is\":\"cspca\",\"min_isup\":2,"
	"\"yes\":[\"x\"],\"no\":[\"y\"]}]}",
	"{\"rows\":\"lesion\",\"component\":{\"name\":\"f\",\"unique\":true,\"grade\":{\"primary\":\"b\",\"secondary\":"
	"\"c\",\"tertiary\":\"d\","
	"\"text\":\"e\",\"words\":{\"z\":\"asap\"}},\"location\":[{\"column\":\"g\",\"fields\":[\"side\"]},\"e\"],"
	"\"assessed\":\"d\"},\"workup\":{\"key\":\"d\"},"
	"\"capture\":{\"a\":\"{g}_{f:[0-9]+}\"},\"root\":{\"other_data\":{\"v\":\"d\"}},\"psa\":{\"value\":\"d\","
	"\"date\":\"e\",\"density\":\"c\"}}",
	"{\"rows\":\"workup\",\"decimal\":\",\",\"dates\":\"DMY\",\"blank\":[\"leer\"],\"workup\":{\"date\":\"a\","
	"\"grade\":{\"text\":\"b\"},\"total_cores\":\"c\","
	"\"affected_cores\":[\"d\",\"e\"],\"location\":\"b\",\"assessment\":{\"other_data\":{\"n\":{\"m\":\"e\"}}}},"
	"\"psa\":{\"value\":\"c\"}}",
};

static struct vx_model *model;
static struct vx_pathmap *maps[4];
static struct vx_lexicon *lexicon;
static struct vx_json_scan *scan;

static void begin_once(void)
{
	struct vx_error err = VX_ERROR_INIT;
	char *path;

	if (model)
		return;
	vx_progname_set("fuzz");
	/* Findings and rejects go to stderr by the thousand. */
	if (!freopen("/dev/null", "w", stdout) || vx_share_path("pathology/lexicon.tsv", &path, &err) != VX_OK)
		abort();
	model = vx_model_load(&err);
	lexicon = vx_lexicon_load(path, &err);
	scan = vx_json_scan_new();
	free(path);
	for (size_t i = 0; lexicon && i < 4; i++) {
		maps[i] = vx_pathmap_parse("map", mappings[i], strlen(mappings[i]), lexicon, &err);
		if (!maps[i]) {
			fprintf(stderr, "%zu: %s: %s\n", i, err.field, err.reason);
			abort();
		}
	}
	if (!model || !lexicon)
		abort();
}

/* Cells between tabs as the columns a, b, c ...; what is no UTF-8 as question marks. */
static void put_row(struct vx_buf *line, char *text, size_t n)
{
	char *end = text + n, *cell = text;

	vx_buf_clear(line);
	vx_utf8_mend(text);
	vx_buf_printf(line, "{\"_source\":{\"file\":\"t\",\"row\":1}");
	for (char key = '_'; cell <= end && key < 'f'; key = key == '_' ? 'a' : (char)(key + 1)) {
		char *tab = memchr(cell, '\t', (size_t)(end - cell));

		tab = tab ? tab : end;
		if (key == '_')
			vx_buf_printf(line, ",\"_patient\":\"patient/AA0000%d\"", tab > cell ? *cell & 3 : 0);
		else {
			vx_buf_printf(line, ",\"%c\":", key);
			vx_json_put_string(line, cell, (size_t)(tab - cell));
		}
		cell = tab + 1;
	}
	vx_buf_putc(line, '}');
}

static void give(struct tool *t, struct vx_job *job, const char *line, size_t len, bool raw)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_record rec = { .input = "in", .row = 1, .job = job };
	struct vx_buf text = VX_BUF_INIT;
	char *copy = vx_strndup(line, len);

	if (raw)
		vx_buf_add(&text, line, len);
	else
		put_row(&text, copy, strlen(copy));
	rec.line = text.data;
	rec.len = text.len;
	if (text.len && vx_json_scan(scan, text.data, text.len, &err) == VX_OK &&
		text.data[strspn(text.data, " \t\r")] == '{' && groups_add(t, &rec, &err) == VX_EREJECT &&
		!err.reason[0])
		abort();
	vx_buf_free(&text);
	free(copy);
}

/* Every resource valid; its parent, and what it derives from, in front of it; nobody of its name before it. */
static void check_resource(const struct vx_json *j, const struct vx_json *seen)
{
	const char *id = vx_json_str(j, "identifier"), *parent = vx_json_str(j, "parent_identifier");
	const struct vx_json *from = vx_json_get(j, "derived_from");
	const struct vx_type *type = vx_model_type_of(model, id);
	struct vx_schema_error *e = vx_resource_check(model, type, j);

	if (e) {
		fprintf(stderr, "%s: %s: %s\n", id, e->field, e->reason);
		abort();
	}
	if (vx_json_has(seen, id) || (strncmp(parent, "patient/", 8) != 0 && !vx_json_has(seen, parent)))
		abort();
	for (size_t i = 0; i < vx_json_size(from); i++)
		if (!vx_json_has(seen, vx_json_text(vx_json_at(from, i), NULL)))
			abort();
}

static void check_output(const struct vx_job *job)
{
	struct vx_json *seen = vx_json_object(), *j;
	const char *p = job->out.data, *end;

	for (; p && (end = strchr(p, '\n')); p = end + 1) {
		if (vx_json_parse(p, (size_t)(end - p), &j, NULL) != VX_OK)
			abort();
		check_resource(j, seen);
		vx_json_set_bool(seen, vx_json_str(j, "identifier"), true);
		vx_json_free(j);
	}
	vx_json_free(seen);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data + 1, *all = (const char *)data + size;
	struct vx_error err = VX_ERROR_INIT;
	struct vx_job job = { .run = NULL };
	struct opts o = { .strict = size && (data[0] & 4), .sorted = size && (data[0] & 8) };
	struct tool t = { .o = &o };

	if (size < 2 || size > 4096)
		return 0;
	begin_once();
	t.lexicon = lexicon;
	t.map = maps[data[0] & 3];
	if (tool_start(&t, &err) != VX_OK)
		abort();
	o.psa = t.map->psa.given;
	while (p < all) {
		const char *end = memchr(p, '\n', (size_t)(all - p));

		end = end ? end : all;
		give(&t, &job, p, (size_t)(end - p), data[0] & 16);
		p = end + 1;
	}
	if (groups_end(&t, &job, &err) != VX_OK && err.status != VX_EDATA)
		abort();
	check_output(&job);
	t.lexicon = NULL; /* these two stay for the next */
	t.map = NULL;
	tool_close(&t);
	vx_job_free(&job);
	return 0;
}
