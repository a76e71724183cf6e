/* vx_pathmap: a mapping file -> struct vx_pathmap, or every error with its line and field.
 * SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "vx_json_lines.h"
#include "vx_opt.h"
#include "vx_pathmap_load.h"

#define SCHEMA "mapping.schema.json"
#define LARGEST (1 << 20)

void vx_pathmap_fold(struct vx_buf *b, const char *text, size_t len)
{
	struct vx_slice whole = vx_cell_trim(text, len);
	size_t begin = b->len;

	vx_lexicon_fold(b, text, len);
	for (size_t i = begin; i < b->len; i++)
		if ((unsigned char)b->data[i] >= 0x80 || isalpha((unsigned char)b->data[i]))
			return;
	b->len = begin;
	vx_buf_add(b, whole.text, whole.len);
}

bool vx_pathmap_among(char *const *words, size_t n, const char *text, size_t len)
{
	struct vx_buf b = VX_BUF_INIT;
	bool found = false;

	if (!words)
		return false;
	vx_buf_puts(&b, "");
	vx_pathmap_fold(&b, text, len);
	for (size_t i = 0; i < n && words[i] && !found; i++)
		found = strlen(words[i]) == b.len && memcmp(words[i], b.data, b.len) == 0;
	vx_buf_free(&b);
	return found;
}

bool vx_pathmap_blank(const struct vx_pathmap *m, const char *text, size_t len)
{
	if (!m->blanks)
		return vx_cell_blank(text, len);
	if (len == 0)
		return true;
	if (isalnum((unsigned char)*text) && !m->own->begins[tolower((unsigned char)*text)])
		return false;
	return vx_pathmap_among(m->blanks, m->n_blanks, text, len);
}

/* Whether folding could make it one of the words: what begins with an ASCII letter or digit folds to what begins with it. */
static bool may_be_word(const struct vx_pathmap_vocabulary *v, const char *text, size_t len)
{
	size_t i = 0;

	if (len == 0 || v->n == 0 || v->n > 32 || !isalnum((unsigned char)*text))
		return len > 0 && v->n > 0;
	while (i < v->n && v->words[i].folded[0] != tolower((unsigned char)*text))
		i++;
	return i < v->n;
}

static int by_folded(const void *key, const void *word)
{
	return strcmp(key, ((const struct vx_pathmap_word *)word)->folded);
}

const struct vx_pathmap_set *vx_pathmap_lookup(const struct vx_pathmap_vocabulary *v, const char *text, size_t len)
{
	const struct vx_pathmap_word *word = NULL;
	struct vx_buf b = VX_BUF_INIT;

	if (!may_be_word(v, text, len))
		return NULL;
	vx_buf_puts(&b, "");
	vx_pathmap_fold(&b, text, len);
	if (b.len && strlen(b.data) == b.len)
		word = bsearch(b.data, v->words, v->n, sizeof *v->words, by_folded);
	vx_buf_free(&b);
	return word ? &word->set : NULL;
}

void vx_pathmap_free(struct vx_pathmap *m)
{
	if (!m)
		return;
	vx_pathmap_table_free(m);
	for (size_t i = 0; i < m->own->n_lexicons; i++)
		vx_lexicon_free(m->own->lexicons[i]);
	free(m->own->lexicons);
	for (size_t i = 0; i < m->n_columns; i++)
		free(m->own->columns[i]);
	free(m->own->columns);
	free(m->columns);
	vx_json_free(m->own->json);
	free(m->own);
	free(m);
}

/* What the schema says of the mapping; the value is shown where that helps. */
static void check_schema(struct vx_pathmap_loader *l, const struct vx_schema *schema, const struct vx_json *json)
{
	struct vx_schema_error *errors = vx_schema_check(schema, json, false);

	for (const struct vx_schema_error *e = errors; e; e = e->next) {
		/* The schema forbids nothing else altogether. */
		if (strcmp(e->reason, "is not allowed") == 0)
			vx_pathmap_wrong_at(l, e->field, "is a name that vx-pathology itself writes");
		else if (*e->value && strncmp(e->reason, "is not a known", 14) != 0)
			vx_pathmap_wrong_at(l, e->field, "%s (%s)", e->reason, e->value);
		else
			vx_pathmap_wrong_at(l, e->field, "%s", e->reason);
	}
	vx_schema_error_free(errors);
}

/* A NUL would end a string before its end. */
static void check_strings(struct vx_pathmap_loader *l, const struct vx_json *json)
{
	struct vx_json_iter it = vx_json_begin(json);
	size_t len = 0, old;
	const char *text = vx_json_text(json, &len);

	if (text && strlen(text) != len)
		vx_pathmap_wrong(l, NULL, "holds a NUL character");
	for (size_t i = 0; vx_json_type(json) == VX_ARRAY && i < vx_json_size(json); i++) {
		old = vx_pathmap_enter_item(l, i);
		check_strings(l, vx_json_at(json, i));
		vx_pathmap_leave(l, old);
	}
	while (vx_json_type(json) == VX_OBJECT && vx_json_next(&it)) {
		old = vx_pathmap_enter(l, it.key);
		check_strings(l, it.value);
		vx_pathmap_leave(l, old);
	}
}

static void take(struct vx_pathmap_loader *l, struct vx_json *json)
{
	l->m = vx_alloc(sizeof *l->m);
	l->m->own = vx_alloc(sizeof *l->m->own);
	l->m->own->json = vx_json_ref(json);
	vx_pathmap_take_table(l, json);
}

/* The captured columns get the last numbers. */
static void order_columns(struct vx_pathmap_loader *l)
{
	struct vx_pathmap_column *ordered = vx_alloc((l->n_columns + 1) * sizeof *ordered);
	size_t n = 0;

	for (int captured = 0; captured < 2; captured++)
		for (size_t i = 0; i < l->n_columns; i++)
			if (l->columns[i].captured == captured)
				ordered[n++] = l->columns[i];
	free(l->columns);
	l->columns = ordered;
}

static void take_twice(struct vx_pathmap_loader *l, struct vx_json *json)
{
	l->learning = true;
	take(l, json);
	vx_pathmap_free(l->m);
	order_columns(l);
	l->learning = false;
	take(l, json);
	vx_pathmap_rules(l, json);
}

/* The names of the columns go to the mapping. */
static void give_columns(struct vx_pathmap_loader *l)
{
	struct vx_pathmap *m = l->m;

	m->columns = vx_alloc((l->n_columns + 1) * sizeof *m->columns);
	m->own->columns = vx_alloc((l->n_columns + 1) * sizeof *m->own->columns);
	for (; m->n_columns < l->n_columns; m->n_columns++) {
		m->columns[m->n_columns] = m->own->columns[m->n_columns] = l->columns[m->n_columns].name;
		m->n_captured += l->columns[m->n_columns].captured;
	}
	l->n_columns = 0;
}

static int tell_problems(struct vx_pathmap_loader *l, vx_pathmap_each *each, void *arg, struct vx_error *err)
{
	size_t more = l->n_problems - 1;

	for (const struct vx_pathmap_problem *p = l->problems; each && p; p = p->next)
		each(arg, &p->err);
	if (each) {
		vx_error_at(err, l->name, 0);
		return vx_error_set(err, VX_EDATA, NULL, "%zu error%s in this mapping", more + 1, more ? "s" : "");
	}
	if (err)
		*err = l->problems->err;
	if (err && more) {
		size_t len = strlen(err->reason);
		snprintf(err->reason + len, sizeof err->reason - len, "; and %zu more error%s", more,
			more > 1 ? "s" : "");
	}
	return VX_EDATA;
}

static void loader_free(struct vx_pathmap_loader *l)
{
	while (l->problems) {
		struct vx_pathmap_problem *next = l->problems->next;
		free(l->problems);
		l->problems = next;
	}
	for (size_t i = 0; i < l->n_named; i++)
		free(l->named[i].path);
	free(l->named);
	for (size_t i = 0; i < l->n_columns; i++)
		free(l->columns[i].name);
	free(l->columns);
	vx_buf_free(&l->path);
}

/* "not JSON: unexpected '}' at byte 310": by line and column. */
static void syntax_error(struct vx_pathmap_loader *l, const struct vx_error *why)
{
	struct vx_pathmap_problem *p = vx_alloc(sizeof *p);
	const char *byte = strstr(why->reason, " at byte ");
	long line = 1, column = 1;

	if (byte) {
		line = vx_json_line_at(l->text, l->len, strtoul(byte + strlen(" at byte "), NULL, 10), &column);
		vx_error_set(
			&p->err, VX_EDATA, NULL, "%.*s in column %ld", (int)(byte - why->reason), why->reason, column);
	} else {
		vx_error_set(&p->err, VX_EDATA, NULL, "%s", why->reason);
	}
	vx_error_at(&p->err, l->name, byte ? line : 0);
	l->problems = p;
	l->n_problems = 1;
}

struct vx_schema *vx_pathmap_schema(struct vx_error *err)
{
	struct vx_schema *schema = NULL;
	char *path;

	if (vx_share_path("pathology/" SCHEMA, &path, err) != VX_OK)
		return NULL;
	*strrchr(path, '/') = '\0';
	schema = vx_schema_load(path, SCHEMA, err);
	free(path);
	return schema;
}

struct vx_pathmap *vx_pathmap_parse_by(const struct vx_schema *schema, const char *name, const char *text, size_t len,
	const struct vx_lexicon *lexicon, vx_pathmap_each *each, void *arg, struct vx_error *err)
{
	struct vx_pathmap_loader l = { .name = name, .text = text, .len = len, .lexicon = lexicon };
	struct vx_error why = VX_ERROR_INIT;
	struct vx_json *json = NULL;

	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		l.text += 3;
		l.len -= 3;
	}
	if (vx_json_parse(l.text, l.len, &json, &why) != VX_OK) {
		syntax_error(&l, &why);
	} else {
		check_strings(&l, json);
		check_schema(&l, schema, json);
	}
	if (!l.n_problems)
		take_twice(&l, json);
	if (!l.n_problems) {
		give_columns(&l);
	} else {
		tell_problems(&l, each, arg, err);
		vx_pathmap_free(l.m);
		l.m = NULL;
	}
	loader_free(&l);
	vx_json_free(json);
	return l.m;
}

struct vx_pathmap *vx_pathmap_parse_each(const char *name, const char *text, size_t len,
	const struct vx_lexicon *lexicon, vx_pathmap_each *each, void *arg, struct vx_error *err)
{
	struct vx_schema *schema = vx_pathmap_schema(err);
	struct vx_pathmap *m = NULL;

	if (schema)
		m = vx_pathmap_parse_by(schema, name, text, len, lexicon, each, arg, err);
	vx_schema_free(schema);
	return m;
}

struct vx_pathmap *vx_pathmap_load_each(
	const char *path, const struct vx_lexicon *lexicon, vx_pathmap_each *each, void *arg, struct vx_error *err)
{
	struct vx_pathmap *m = NULL;
	struct vx_buf text = VX_BUF_INIT;
	int status = vx_read_file(path, LARGEST, &text, err);

	if (status == VX_OK)
		m = vx_pathmap_parse_each(path, text.data ? text.data : "", text.len, lexicon, each, arg, err);
	else if (status == VX_EREJECT && err)
		err->status = VX_EDATA;
	vx_buf_free(&text);
	return m;
}

struct vx_pathmap *vx_pathmap_load(const char *path, const struct vx_lexicon *lexicon, struct vx_error *err)
{
	return vx_pathmap_load_each(path, lexicon, NULL, NULL, err);
}

struct vx_pathmap *vx_pathmap_parse(
	const char *name, const char *text, size_t len, const struct vx_lexicon *lexicon, struct vx_error *err)
{
	return vx_pathmap_parse_each(name, text, len, lexicon, NULL, NULL, err);
}
