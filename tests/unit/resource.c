/* Tests of vx_model and vx_resource on the schemas of the share folder.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "vx_resource.h"
#include "tap.h"

static struct vx_json *parse(const char *text)
{
	struct vx_json *j = NULL;
	struct vx_error err = VX_ERROR_INIT;

	if (vx_json_parse(text, strlen(text), &j, &err) != VX_OK)
		printf("# not JSON: %s: %s\n", text, err.reason);
	return j;
}

static const struct vx_type *type_of(const struct vx_model *m, const struct vx_json *j)
{
	return vx_model_type_of(m, vx_json_str(j, "identifier"));
}

/* All errors as "field: reason; field: reason". */
static char *errors(const struct vx_model *m, const char *text)
{
	struct vx_json *j = parse(text);
	struct vx_schema_error *first = vx_resource_check(m, type_of(m, j), j);
	struct vx_buf b = VX_BUF_INIT;

	vx_buf_puts(&b, "");
	for (struct vx_schema_error *e = first; e; e = e->next)
		vx_buf_printf(&b, "%s%s: %s", b.len ? "; " : "", e->field, e->reason);
	vx_schema_error_free(first);
	vx_json_free(j);
	return b.data ? b.data : vx_strdup("");
}

static void test_types(const struct vx_model *m)
{
	static const char *const names[] = { "datasource", "patient", "study", "volume", "session", "voxelmap",
		"specimen", "assessment", "psa" };
	const struct vx_type *t;

	ok(vx_model_types(m) == 9, "nine types");
	for (size_t i = 0; i < 9; i++)
		ok_str(vx_model_type(m, i)->name, names[i], "type %zu is %s", i, names[i]);
	ok(!vx_model_type(m, 9), "there is no tenth");
	t = vx_model_collection(m, "voxel_maps");
	ok(t && !strcmp(t->model, "VoxelMapCreate") && !strcmp(t->refs[0], "reference_mri") && !t->refs[1],
		"voxel_maps is a collection, with a reference");
	ok(!strcmp(t->parents[0], "study") && !strcmp(t->parents[2], "session") && !t->parents[3],
		"and three kinds of parents");
	ok(!vx_model_collection(m, "voxelmaps"), "voxelmaps is none");
	ok(vx_model_type_of(m, "volume/a/b") == vx_model_find(m, "volume", 6), "a type by the prefix of an identifier");
	ok(!vx_model_type_of(m, "volumes/a") && !vx_model_type_of(m, "volume") && !vx_model_type_of(m, NULL) &&
			!vx_model_type_of(m, "vol/a"),
		"no type by another prefix, or none");
	ok(!strcmp(vx_model_find(m, "psa", 3)->server[0], "created_at"), "fields of the server's own");
}

static void test_identifier(void)
{
	static const char *const good[] = { "psa/BB12345/2019-09-12", "volume/a+20b/..c/.d/e_f-", "x/y" };
	static const char *const bad[] = { "", "volume", "volume/", "/a", "volume//a", "volume/a/", "volume/.",
		"volume/../a", "volume/a b", "volume/a\n", "volume/\xc3\xa9", "volume/a:b" };
	char longest[300] = "volume/";

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		ok(!vx_identifier_check(good[i], strlen(good[i])), "%s is an identifier", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ok(vx_identifier_check(bad[i], strlen(bad[i])), "case %zu is none: %s", i,
			vx_identifier_check(bad[i], strlen(bad[i])));
	memset(longest + 7, 'x', 250);
	ok(!vx_identifier_check(longest, 255) && vx_identifier_check(longest, 256),
		"255 bytes are allowed, 256 are not");
	ok(vx_identifier_check("volume/a\0b", 10), "a NUL byte is not");
}

static void test_canonical(const struct vx_model *m)
{
	struct vx_json *a =
		parse("{\"value\":4.50,\"identifier\":\"psa/FD00001/1\",\"_source\":{\"row\":2},\"unit\":null,"
		      "\"other_data\":{\"b\":null,\"a\":1e0},\"created_at\":\"2026-01-01T00:00:00Z\"}");
	struct vx_json *b =
		parse("{\"identifier\":\"psa/FD00001/1\",\"value\":4.5,\"derived_from\":[],\"access_level\":\"dev\","
		      "\"other_data\":{\"a\":1,\"b\":null}}");
	struct vx_buf x = VX_BUF_INIT, y = VX_BUF_INIT;

	vx_resource_canonical(type_of(m, a), a, &x);
	vx_resource_canonical(type_of(m, b), b, &y);
	ok_str(x.data,
		"{\"access_level\":\"dev\",\"derived_from\":[],\"identifier\":\"psa/FD00001/1\",\"other_data\":"
		"{\"a\":1,\"b\":null},\"value\":4.5}",
		"canonical form");
	ok_str(y.data, x.data, "is the same for equal resources");
	struct vx_json *again = parse(x.data);
	vx_buf_clear(&y);
	vx_resource_canonical(type_of(m, again), again, &y);
	ok_str(y.data, x.data, "and for itself");
	vx_buf_free(&x);
	vx_buf_free(&y);
	vx_json_free(a);
	vx_json_free(b);
	vx_json_free(again);
}

static char *diff(const struct vx_model *m, const char *old, const char *new)
{
	struct vx_json *a = parse(old), *b = parse(new), *d = vx_resource_diff(type_of(m, a), a, b);
	struct vx_buf text = VX_BUF_INIT;

	vx_json_print(d, &text);
	vx_json_free(a);
	vx_json_free(b);
	vx_json_free(d);
	return text.data;
}

#define CHECK(made, wanted, ...)                                                                                       \
	do {                                                                                                           \
		char *check_made = made;                                                                               \
		ok_str(check_made, wanted, __VA_ARGS__);                                                               \
		free(check_made);                                                                                      \
	} while (0)

static void test_diff(const struct vx_model *m)
{
	CHECK(diff(m, "{\"identifier\":\"psa/a\",\"value\":4,\"created_at\":\"x\",\"_a\":1}",
		      "{\"value\":4.0,\"identifier\":\"psa/a\",\"access_level\":\"dev\",\"date\":null}"),
		"{}", "defaults, null, spelling, order and private keys are no difference");
	CHECK(diff(m, "{\"identifier\":\"psa/a\",\"value\":4,\"unit\":\"ng/mL\"}",
		      "{\"identifier\":\"psa/a\",\"value\":5,\"access_level\":\"open\"}"),
		"{\"access_level\":{\"old\":\"dev\",\"new\":\"open\"},\"value\":{\"old\":4,\"new\":5},"
		"\"unit\":{\"old\":\"ng/mL\",\"new\":null}}",
		"what differs, in the order of the schema");
	CHECK(diff(m, "{\"identifier\":\"patient/FD00001\",\"default_split\":\"train\"}",
		      "{\"identifier\":\"patient/FD00001\"}"),
		"{}", "a split that only the old one has is no difference");
	CHECK(diff(m, "{\"identifier\":\"patient/FD00001\"}",
		      "{\"identifier\":\"patient/FD00001\",\"default_split\":\"train\"}"),
		"{\"default_split\":{\"old\":null,\"new\":\"train\"}}", "one that only the new one has is");
}

static void note(void *arg, const char *code, const char *field)
{
	vx_buf_printf(arg, "%s(%s) ", code, field);
}

static char *warnings(const struct vx_model *m, const char *text)
{
	struct vx_json *j = parse(text);
	struct vx_buf b = VX_BUF_INIT;

	vx_buf_puts(&b, ":");
	vx_resource_warnings(type_of(m, j), j, note, &b);
	vx_json_free(j);
	return b.data;
}

static void test_warnings(const struct vx_model *m)
{
	CHECK(warnings(m, "{\"identifier\":\"voxelmap/a\",\"path_nii\":\"file:///x\"}"),
		":no_parent(parent_identifier) no_reference_mri(reference_mri) local_path(path_nii) ",
		"all that a mask can be warned of");
	CHECK(warnings(m, "{\"identifier\":\"datasource/a\",\"parent_identifier\":null}"), ":",
		"a datasource has no parent to miss");
	CHECK(warnings(m, "{\"identifier\":\"patient/FD00001\",\"default_split\":\"test\"}"),
		":default_split_set(default_split) ", "a split at ingestion");
	CHECK(warnings(m, "{\"identifier\":\"volume/a\",\"parent_identifier\":\"study/a\",\"path_nii\":\"s3://b/k\"}"),
		":", "a whole volume has none");
}

static void test_rules(const struct vx_model *m)
{
#define SPECIMEN(parent, root)                                                                                         \
	"{\"identifier\":\"specimen/a\",\"parent_identifier\":\"" parent "\",\"type\":\"BIOPSY\","                     \
	"\"is_summary\":true,\"is_event_root\":" root "}"
#define MASK(more) "{\"identifier\":\"voxelmap/a\",\"path_nii\":\"/a.nii\",\"task\":\"prostate\"" more "}"
	CHECK(errors(m, SPECIMEN("patient/FD00001", "true")), "", "rule 1: a root below its patient");
	CHECK(errors(m, SPECIMEN("specimen/b", "false")), "", "rule 1: a core below a specimen");
	CHECK(errors(m, SPECIMEN("specimen/b", "true")),
		"parent_identifier: is a specimen, but the event root lies directly "
		"below the patient (rule 1)",
		"rule 1: a root below a specimen");
	CHECK(errors(m, SPECIMEN("patient/FD00001", "false")),
		"parent_identifier: is a patient, but only the event root lies "
		"directly below it (rule 1)",
		"rule 1: a core below a patient");
	CHECK(errors(m, SPECIMEN("study/b", "false")),
		"parent_identifier: is a study, the parent of a specimen must be a patient "
		"or specimen (rule 5)",
		"rule 5: a parent of the wrong type");
	CHECK(errors(m, SPECIMEN("specimen/a", "false")), "parent_identifier: refers to the resource itself (rule 5)",
		"rule 5: its own parent");
	CHECK(errors(m, MASK(",\"labels\":{\"0\":\"b\",\"1\":\"p\"},\"label_counts\":{\"0\":5,\"1\":3}")), "",
		"rule 4: all labels");
	CHECK(errors(m, MASK(",\"labels\":{\"0\":\"b\"},\"label_counts\":{\"0\":5,\"1\":3,\"7\":1}")),
		"label_counts.1: the value 1 has no entry in labels (rule 4); label_counts.7: the value 7 has no entry "
		"in labels "
		"(rule 4)",
		"rule 4: labels missing");
	CHECK(errors(m, MASK(",\"license\":\"a\\u0000\",\"other_data\":{\"x\":[1,{\"y\":\"\\u0000\"}]},\"_z\":"
			     "\"\\u0000\"")),
		"license: holds a NUL character; other_data.x.1.y: holds a NUL character",
		"no database finds what holds a NUL; a private field goes into none");
	CHECK(errors(m, MASK(",\"license\":\"\\\\u0000\"")), "", "a text that only spells one");
	CHECK(errors(m, MASK(",\"label_counts\":{\"0\":5}")),
		"label_counts.0: the value 0 has no entry in labels (rule 4)", "rule 4: no labels at all");
	CHECK(errors(m, MASK(",\"derived_from\":[\"session/a\",\"voxelmap/a\"]")),
		"derived_from.1: refers to the resource itself (rule 5)", "rule 5: derived from itself");
	CHECK(errors(m, MASK(",\"reference_mri\":\"study/a\"")),
		"reference_mri: is not the identifier of a volume (rule 5)", "rule 5: a reference of the wrong type");
	CHECK(errors(m,
		      "{\"identifier\":\"datasource/a\",\"shorthand\":\"FD\",\"parent_identifier\":\"datasource/b\"}"),
		"parent_identifier: is string, not null", "a datasource has no parent");
}

static const char *parent_in(void *arg, const char *identifier)
{
	const char *const(*pairs)[2] = arg;

	for (; (*pairs)[0]; pairs++)
		if (!strcmp((*pairs)[0], identifier))
			return (*pairs)[1];
	return NULL;
}

static void test_climb(void)
{
	const char *const up[][2] = { { "specimen/b", "specimen/a" }, { "specimen/a", "patient/FD00001" },
		{ "patient/FD00001", "datasource/fd" }, { "specimen/x", "specimen/y" }, { "specimen/y", "specimen/x" },
		{ NULL, NULL } };
	void *arg = (void *)(uintptr_t)up;
	struct vx_buf patient = VX_BUF_INIT;

	ok(!vx_resource_climb("specimen/c", "specimen/b", parent_in, arg, &patient), "a way up that ends");
	ok_str(patient.data, "patient/FD00001", "finds the patient");
	ok(!vx_resource_climb("specimen/c", "specimen/gone", parent_in, arg, &patient) && patient.len == 0,
		"an unknown parent ends it");
	ok_str(vx_resource_climb("specimen/x", "specimen/y", parent_in, arg, NULL), "lies below itself (rule 5)",
		"a cycle");
	ok_str(vx_resource_climb("specimen/c", "specimen/x", parent_in, arg, &patient), "lies below itself (rule 5)",
		"a cycle further up");
	vx_buf_free(&patient);
}

int main(void)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_model *m = vx_model_load(&err);

	ok(m, "the model loads %s %s %s", err.file, err.field, err.reason);
	if (!m)
		return tap_end();
	test_types(m);
	test_identifier();
	test_canonical(m);
	test_diff(m);
	test_warnings(m);
	test_rules(m);
	test_climb();
	vx_model_free(m);
	return tap_end();
}
