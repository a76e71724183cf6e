/* vx-pathology: a table of prostate pathology, of any shape that a mapping can describe -> the specimen tree.
 * row records with _patient -> specimen, assessment and psa resources.
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>

#include "pathology.h"
#include "suggest.h"

#define MISFITS_MAX 100
#define UNKNOWN_SHOWN 100 /* words, unless -v */

static const char usage[] =
	"usage: vx-pathology --map FILE [OPTION...] [FILE...]\n"
	"       vx-pathology --suggest [FILE...]\n"
	"Turns rows of a pathology table into specimens and assessments: one event root a patient, every grade with "
	"its "
	"cell.\n"
	"\n"
	"      --map FILE            how the table is built: vx-pathology-map(5)\n"
	"      --lexicon FILE        more words for places and results; may be given several times\n"
	"      --findings FILE       write each contradiction between cells to FILE (NDJSON)\n"
	"      --strict              rows that contradict themselves or others are rejected\n"
	"      --sorted              rows of a patient stand together: stream, keep only one patient in memory\n"
	"      --psa                 emit the PSA values of the table too\n"
	"      --suggest             print a first mapping for the table instead, marked where it is "
	"unsure\n" VX_OPT_HELP_JOBS(
		"1, the only one") "\n"
				   "Rows come from vx-csv, with their patient from vx-patient-map.\n";

enum { OPT_MAP = VX_OPT_OWN, OPT_LEXICON, OPT_FINDINGS, OPT_STRICT, OPT_SORTED, OPT_PSA, OPT_SUGGEST };

static void parse_args(int argc, char **argv, struct opts *o)
{
	static const struct option longs[] = { { "map", required_argument, NULL, OPT_MAP },
		{ "lexicon", required_argument, NULL, OPT_LEXICON },
		{ "findings", required_argument, NULL, OPT_FINDINGS }, { "strict", no_argument, NULL, OPT_STRICT },
		{ "sorted", no_argument, NULL, OPT_SORTED }, { "psa", no_argument, NULL, OPT_PSA },
		{ "suggest", no_argument, NULL, OPT_SUGGEST }, VX_OPT_COMMON, { NULL, 0, NULL, 0 } };
	int c;

	while ((c = getopt_long(argc, argv, VX_OPT_SHORT, longs, NULL)) != -1) {
		switch (c) {
		case OPT_MAP:
			o->map = optarg;
			break;
		case OPT_LEXICON:
			if (o->n_lexicons == sizeof o->lexicons / sizeof o->lexicons[0])
				vx_die(VX_EUSAGE, "--lexicon: more than %zu of them", o->n_lexicons);
			o->lexicons[o->n_lexicons++] = optarg;
			break;
		case OPT_FINDINGS:
			o->findings = optarg;
			break;
		case OPT_STRICT:
			o->strict = true;
			break;
		case OPT_SORTED:
			o->sorted = true;
			break;
		case OPT_PSA:
			o->psa = true;
			break;
		case OPT_SUGGEST:
			o->suggest = true;
			break;
		default:
			vx_opt_common(c, usage, &o->common);
		}
	}
	if (!o->map && !o->suggest)
		vx_die(VX_EUSAGE, "--map is missing: try 'vx-pathology --help'");
	if (o->map && o->suggest)
		vx_die(VX_EUSAGE, "--map and --suggest exclude each other");
}

/* Once more without the rows that a finding is about. */
static bool reject_strange(struct tool *t, struct vx_job *job, struct patient *p)
{
	bool any = false;

	for (size_t i = 0; t->o->strict && i < p->n_rows; i++) {
		struct vx_error err = VX_ERROR_INIT;
		struct row *row = &p->rows[i];

		if (!row->strange || row->rejected)
			continue;
		vx_error_set(&err, VX_EREJECT, row->strange_column, "%s", row->strange);
		reject_row(t, job, row, &err);
		row->empty = false;
		any = true;
	}
	return any;
}

/* A table in which a column is missing from the first row on is another table than the mapping is for: better to stop than to
 * reject a million rows one by one. */
static int count_misfit(struct tool *t, const struct row *row, struct vx_error *err)
{
	if (row->readable || !row->misfit)
		t->misfits = -1;
	else if (t->misfits >= 0 && ++t->misfits >= MISFITS_MAX)
		return vx_error_set(err, VX_EDATA, NULL,
			"the mapping is for another table: %s in none of the first %d rows", err->field, MISFITS_MAX);
	return VX_OK;
}

/* All rows of a patient are read and their own contradictions found. */
static int read_rows(struct tool *t, struct vx_job *job, struct patient *p, struct vx_error *err)
{
	for (size_t i = 0; i < p->n_rows; i++) {
		struct row *row = &p->rows[i];
		struct vx_error why = VX_ERROR_INIT;

		t->rows++;
		row->readable = columns_read(t, row, &why) == VX_OK;
		if (!row->readable)
			reject_row(t, job, row, &why);
		if (count_misfit(t, row, &why) != VX_OK) {
			*err = why;
			return VX_EDATA;
		}
		if (!row->readable)
			continue;
		row->empty = t->map->n_when > 0;
		for (size_t k = 0; k < t->map->n_when && row->empty; k++)
			row->empty = cell_blank(t, row->cells[t->map->when[k]]);
		check_row(t, row);
		if (!row->empty)
			continue;
		t->empty_rows++;
		check_empty_row(t, row);
	}
	return VX_OK;
}

static void build(struct tool *t, struct vx_job *job, struct patient *p)
{
	workups_build(t, job, p);
	for (size_t i = 0; i < p->n_workups; i++) {
		names_give(t, job, p, &p->workups[i]);
		aggregate_workup(t, &p->workups[i]);
		check_components(t, &p->workups[i]);
		check_workup(t, &p->workups[i]);
	}
	aggregate_patient(t, p);
}

/* What holds for the patient as a whole: rows without pathology have their say too. */
static void read_root(struct tool *t, struct patient *p)
{
	struct row **rows = vx_arena_array(&t->arena, p->n_rows + 1, sizeof *rows);
	struct vx_slice disagrees = { NULL, 0 }, other;
	struct vx_buf b = VX_BUF_INIT;
	size_t n = 0;

	vx_buf_printf(&b, "%.*s/summary", (int)p->name.len, p->name.text);
	p->root = keep(t, &b);
	vx_buf_clear(&b);
	for (size_t i = 0; i < p->n_rows; i++)
		if (p->rows[i].readable && !p->rows[i].rejected)
			rows[n++] = &p->rows[i];
	if (n && t->map->root_other.n) {
		other = read_other(t, &t->map->root_other, rows[0], merged(t, rows, n, t->root_columns, &disagrees));
		vx_buf_add(&b, other.text, other.len);
	}
	if (disagrees.len)
		vx_buf_printf(&b, "%s\"rows_disagree\":{%.*s}", b.len ? "," : "", (int)disagrees.len, disagrees.text);
	p->root_other = keep(t, &b);
	vx_buf_free(&b);
}

static int take(
	struct tool *t, struct vx_job *job, struct vx_slice patient, struct row *rows, size_t n, struct vx_error *err)
{
	struct patient p = { .identifier = patient, .rows = rows, .n_rows = n };
	size_t prefix = strlen("patient/");

	t->patient = patient;
	t->quiet_findings = false;
	p.name = (struct vx_slice){ patient.text + prefix, patient.len - prefix };
	if (read_rows(t, job, &p, err) != VX_OK)
		return VX_EDATA;
	build(t, job, &p);
	check_patient(t, &p);
	read_root(t, &p);
	if (reject_strange(t, job, &p)) {
		t->quiet_findings = true;
		build(t, job, &p);
		read_root(t, &p);
	}
	emit_patient(t, job, &p);
	if (t->o->psa)
		emit_psa(t, job, &p);
	t->patients += p.n_workups > 0;
	t->workups += (long)p.n_workups;
	for (size_t i = 0; i < p.n_workups; i++)
		t->components += (long)p.workups[i].n_components;
	return VX_OK;
}

static int batch(struct vx_record *recs, size_t n, struct vx_job *job, void *arg, struct vx_error *err)
{
	(void)job;
	for (size_t i = 0; i < n; i++) {
		struct vx_error why = VX_ERROR_INIT;
		int status = groups_add(arg, &recs[i], &why);

		if (status == VX_EREJECT) {
			vx_error_at(&why, recs[i].input, recs[i].row);
			vx_reject_line(recs[i].job, recs[i].line, recs[i].len, &why);
		} else if (status != VX_OK) {
			*err = why;
			return status;
		}
	}
	return VX_OK;
}

static void say_unmapped(const struct tool *t)
{
	struct vx_buf names = VX_BUF_INIT;
	size_t n;

	columns_unmapped(t->columns, &names, &n);
	if (n)
		vx_say("warning: %zu column%s not in the mapping, and left out: %s", n, n == 1 ? " is" : "s are",
			names.data);
	vx_buf_free(&names);
}

/* Lines to be filled in and pasted into a lexicon: so without the tool's name in front. */
static void say_unknown(const struct tool *t)
{
	struct vx_buf lines = VX_BUF_INIT;
	size_t n = vx_unknown_words(t->unknown), shown = 0;
	const char *p;

	if (n == 0)
		return;
	vx_unknown_print(t->unknown, t->lexicon, &lines);
	vx_say("warning: %zu word%s of places that no lexicon knows; to teach it (--lexicon), fill in and keep:", n,
		n == 1 ? "" : "s");
	for (p = lines.data; p && *p && (shown < UNKNOWN_SHOWN || t->o->common.verbose); shown++)
		p = strchr(p, '\n') + 1;
	if (lines.data)
		fwrite(lines.data, 1, (size_t)(p - lines.data), stderr);
	if (p && *p)
		vx_say("and %zu more: -v shows all", n - shown);
	vx_buf_free(&lines);
}

static int finish(struct vx_job *job, void *arg, struct vx_error *err)
{
	struct tool *t = arg;
	int status = groups_end(t, job, err);

	return status == VX_OK ? findings_end(t->findings, err) : status;
}

static void before_summary(void *arg)
{
	struct tool *t = arg;

	say_unmapped(t);
	say_unknown(t);
	findings_say(t->findings, t->o->common.quiet);
}

static void summary(struct vx_buf *b, void *arg)
{
	const struct tool *t = arg;
	long n = findings_count(t->findings);

	vx_buf_printf(b, ", %ld patient%s with %ld workup%s", t->patients, t->patients == 1 ? "" : "s", t->workups,
		t->workups == 1 ? "" : "s");
	if (t->components)
		vx_buf_printf(b, " and %ld %s%s", t->components, t->map->rows == VX_ROWS_CORE ? "core" : "lesion",
			t->components == 1 ? "" : "s");
	if (t->empty_rows)
		vx_buf_printf(b, ", %ld row%s without pathology", t->empty_rows, t->empty_rows == 1 ? "" : "s");
	if (n)
		vx_buf_printf(b, ", %ld finding%s", n, n == 1 ? "" : "s");
}

static int load_lexicon(struct tool *t, struct vx_error *err)
{
	char *path;
	int status = vx_share_path("pathology/lexicon.tsv", &path, err);

	if (status != VX_OK)
		return status;
	t->lexicon = vx_lexicon_load(path, err);
	free(path);
	for (size_t i = 0; t->lexicon && i < t->o->n_lexicons; i++)
		if ((status = vx_lexicon_add_file(t->lexicon, t->o->lexicons[i], err)) != VX_OK)
			return status;
	return t->lexicon ? VX_OK : err->status;
}

static void mark_columns(struct tool *t)
{
	const struct vx_pathmap *m = t->map;
	bool **marks[] = { &t->workup_columns, &t->root_columns, &t->psa_columns };

	for (size_t i = 0; i < 3; i++)
		*marks[i] = vx_alloc((m->n_columns + 1) * sizeof **marks[i]);
	part_columns(&m->workup, t->workup_columns);
	other_columns(&m->root_other, t->root_columns);
	if (!m->psa.given)
		return;
	other_columns(&m->psa.other, t->psa_columns);
	if (m->psa.density != VX_NO_COLUMN)
		t->psa_columns[m->psa.density] = true;
}

static int tool_open(struct tool *t, struct vx_error *err)
{
	int status = load_lexicon(t, err);

	if (status != VX_OK || t->o->suggest)
		return status;
	t->map = vx_pathmap_load(t->o->map, t->lexicon, err);
	if (!t->map)
		return err->status;
	for (size_t i = 0; i < t->map->n_unsure; i++)
		vx_say("%s:%ld: warning: unsure: %s", t->o->map, t->map->unsure[i].line, t->map->unsure[i].text);
	if (t->o->psa && !t->map->psa.given)
		return vx_error_set(err, VX_EUSAGE, NULL, "--psa: %s says nothing of PSA values", t->o->map);
	mark_columns(t);
	t->columns = columns_new(t->map);
	t->unknown = vx_unknown_new(0);
	t->findings = findings_new(t->o->findings, err);
	t->groups = t->findings ? groups_new(t->o->sorted, take, err) : NULL;
	return t->groups ? VX_OK : err->status;
}

static void tool_close(struct tool *t)
{
	groups_free(t->groups);
	findings_free(t->findings);
	columns_free(t->columns);
	vx_unknown_free(t->unknown);
	vx_pathmap_free(t->map);
	vx_lexicon_free(t->lexicon);
	vx_arena_free(&t->arena);
	vx_buf_free(&t->scratch);
	vx_buf_free(&t->folded);
	vx_buf_free(&t->out);
	free(t->workup_columns);
	free(t->root_columns);
	free(t->psa_columns);
}

int main(int argc, char **argv)
{
	struct opts o = { 0 };
	struct tool t = { .o = &o };
	struct vx_error err = VX_ERROR_INIT;
	struct vx_filter f = { .batch = batch,
		.finish = finish,
		.arg = &t,
		.common = &o.common,
		.lossy = true,
		.text = true,
		.noun = "rows",
		.before_summary = before_summary,
		.summary_extra = summary };
	int status;

	vx_progname_set("vx-pathology");
	parse_args(argc, argv, &o);
	status = tool_open(&t, &err);
	if (status != VX_OK) {
		vx_message(&err);
		status = vx_exit_status(err.status);
	} else {
		status = o.suggest ? suggest_run(argv + optind, &o.common, t.lexicon)
				   : vx_filter_main(&f, argv + optind);
	}
	tool_close(&t);
	return status;
}
