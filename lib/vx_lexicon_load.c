/* vx_lexicon_load: lines "language<TAB>token<TAB>field<TAB>value" -> a lexicon's words; names of fields and values.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "vx_io.h"
#include "vx_json_walk.h"
#include "vx_lexicon.h"

#define FILE_BYTES (16u << 20)
#define COLUMNS 4
#define VALUES 8

static const struct {
	const char *name;
	const char *values[VALUES];
} terms[VX_TERMS] = {
	[VX_TERM_SIDE] = { "side", { "left", "right", "bilateral", "midline" } },
	[VX_TERM_LEVEL] = { "level", { "apex", "apex-mid", "mid", "mid-base", "base" } },
	[VX_TERM_ZONE] = { "zone", { "PZ", "TZ", "CZ", "AS" } },
	[VX_TERM_AP_POSITION] = { "ap_position", { "anterior", "posterior" } },
	[VX_TERM_LATERALITY] = { "laterality", { "medial", "lateral" } },
	[VX_TERM_TISSUE_LOCATION] = { "tissue_location",
		{ "prostate", "seminal_vesicle", "lymph_node", "bladder_neck", "urethra", "extraprostatic", "other" } },
	[VX_TERM_IS_SYSTEMATIC] = { "is_systematic", { "true", "false" } },
	[VX_TERM_IS_TARGETED] = { "is_targeted", { "true", "false" } },
	[VX_TERM_RESULT] = { "result",
		{ "benign", "tumor", "asap", "hgpin", "other", "not_assessed", "not_gradable" } },
	[VX_TERM_FILLER] = { "filler", { "-" } },
	[VX_TERM_ROLE] = { "role", { "and", "or", "not", "keep" } },
};

const char *vx_term_name(enum vx_term t)
{
	return terms[t].name;
}

static bool equals(const char *known, const char *text, size_t len)
{
	return strlen(known) == len && memcmp(known, text, len) == 0;
}

int vx_term_find(const char *name, size_t len)
{
	for (int t = 0; t < VX_TERMS; t++)
		if (equals(terms[t].name, name, len))
			return t;
	return -1;
}

const char *vx_term_value(enum vx_term t, const char *value, size_t len)
{
	for (size_t i = 0; i < VALUES && terms[t].values[i]; i++)
		if (equals(terms[t].values[i], value, len))
			return terms[t].values[i];
	return NULL;
}

/* What stands before the next sep of *rest, without blanks at its ends; *rest moves behind it, at the end to no
 * text. */
static struct vx_slice take(struct vx_slice *rest, char sep)
{
	const char *end = memchr(rest->text, sep, rest->len);
	struct vx_slice s = { rest->text, end ? (size_t)(end - rest->text) : rest->len };

	*rest = end ? (struct vx_slice){ end + 1, rest->len - s.len - 1 } : (struct vx_slice){ NULL, 0 };
	while (s.len && (s.text[s.len - 1] == ' ' || s.text[s.len - 1] == '\r'))
		s.len--;
	for (; s.len && s.text[0] == ' '; s.len--)
		s.text++;
	return s;
}

/* ": one of a, b, c" of a field's values, or of the names of all fields (t VX_TERMS). */
static void list_choices(char *out, size_t size, enum vx_term t)
{
	size_t used = 0;

	for (unsigned i = 0; used < size; i++) {
		const char *name = t == VX_TERMS ? (i < VX_TERMS ? terms[i].name : NULL)
						 : (i < VALUES ? terms[t].values[i] : NULL);

		if (!name)
			return;
		used += (size_t)snprintf(out + used, size - used, "%s%s", i ? ", " : ": one of ", name);
	}
}

/* A name that is no field, or no value of field t. */
static int no_such(struct vx_error *err, struct vx_slice name, enum vx_term t)
{
	const char *column = t == VX_TERMS ? "field" : "value";
	char choices[256] = "", shown[64];

	snprintf(shown, sizeof shown, "%.*s", (int)vx_utf8_cut(name.text, name.len, sizeof shown - 1), name.text);
	list_choices(choices, sizeof choices, t);
	if (strcmp(shown, "?") == 0)
		return vx_error_set(err, VX_EDATA, column, "\"?\" is not filled in yet%s", choices);
	if (t == VX_TERMS)
		return vx_error_set(err, VX_EDATA, column, "no field is called \"%s\"%s", shown, choices);
	return vx_error_set(err, VX_EDATA, column, "%s is never \"%s\"%s", terms[t].name, shown, choices);
}

/* The fields and values of a line: as many values as fields. */
static int read_meaning(
	struct vx_slice fields, struct vx_slice values, unsigned *mask, const char **meaning, struct vx_error *err)
{
	while (fields.text) {
		struct vx_slice name = take(&fields, ','), value;
		int t = vx_term_find(name.text, name.len);

		if (t < 0)
			return no_such(err, name, VX_TERMS);
		if (*mask >> t & 1)
			return vx_error_set(
				err, VX_EDATA, "field", "%s is listed twice", vx_term_name((enum vx_term)t));
		if (!values.text)
			return vx_error_set(err, VX_EDATA, "value", "there are more fields than values");
		value = take(&values, ',');
		meaning[t] = vx_term_value((enum vx_term)t, value.text, value.len);
		if (!meaning[t])
			return no_such(err, value, (enum vx_term)t);
		*mask |= 1u << t;
	}
	return values.text ? vx_error_set(err, VX_EDATA, "value", "there are more values than fields") : VX_OK;
}

/* A line that is neither blank nor a comment. */
static int read_line(struct vx_lexicon *lex, struct vx_slice line, struct vx_error *err)
{
	static const char *const names[COLUMNS] = { "language", "token", "field", "value" };
	struct vx_slice columns[COLUMNS], rest = line, comment = { NULL, 0 };
	const char *meaning[VX_TERMS] = { NULL };
	unsigned mask = 0;

	for (unsigned i = 0; i < COLUMNS; i++) {
		if (!rest.text)
			return vx_error_set(err, VX_EDATA, names[i],
				"is missing: a line is language, token, field and value with a tab between");
		columns[i] = take(&rest, '\t');
		if (columns[i].len == 0)
			return vx_error_set(err, VX_EDATA, names[i], "is empty");
	}
	while (rest.text)
		if (comment.len == 0)
			comment = take(&rest, '\t');
		else
			take(&rest, '\t');
	if (comment.len && comment.text[0] != '#')
		return vx_error_set(err, VX_EDATA, NULL, "a fifth column that is no comment (#)");
	if (equals("?", columns[0].text, columns[0].len))
		return vx_error_set(err, VX_EDATA, "language", "\"?\" is not filled in yet: en, de, nl ...");
	if (read_meaning(columns[2], columns[3], &mask, meaning, err) != VX_OK)
		return VX_EDATA;
	return vx_lexicon_add_meaning(lex, columns[1].text, columns[1].len, mask, meaning, err);
}

int vx_lexicon_add_text(struct vx_lexicon *lex, const char *name, const char *text, size_t len, struct vx_error *err)
{
	struct vx_slice rest = { text, len };
	long row = 1;

	if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
		rest = (struct vx_slice){ text + 3, len - 3 };
	vx_lexicon_layer(lex);
	for (; rest.text; row++) {
		struct vx_slice line = take(&rest, '\n');
		int status = VX_OK;

		if (!vx_utf8_valid(line.text, line.len) || memchr(line.text, '\0', line.len))
			status = vx_error_set(err, VX_EDATA, NULL, "is no UTF-8 text");
		else if (line.len && line.text[0] != '#')
			status = read_line(lex, line, err);
		if (status != VX_OK) {
			vx_error_at(err, name, row);
			return status;
		}
	}
	return VX_OK;
}

int vx_lexicon_add_file(struct vx_lexicon *lex, const char *path, struct vx_error *err)
{
	struct vx_buf text = VX_BUF_INIT;
	int status = vx_read_file(path, FILE_BYTES, &text, err);

	if (status == VX_OK)
		status = vx_lexicon_add_text(lex, path, text.data ? text.data : "", text.len, err);
	else
		vx_error_at(err, path, 0);
	vx_buf_free(&text);
	return status == VX_EREJECT ? VX_EDATA : status;
}

struct vx_lexicon *vx_lexicon_load(const char *path, struct vx_error *err)
{
	struct vx_lexicon *lex = vx_lexicon_new();

	if (vx_lexicon_add_file(lex, path, err) == VX_OK)
		return lex;
	vx_lexicon_free(lex);
	return NULL;
}
