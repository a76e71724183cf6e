/* columns: a record's text -> the cells of the columns that the mapping names. The keys of a table come in the same order in
 * every record: each is first held against what stood there the last time.
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>

#include "pathology.h"
#include "vx_hash.h"
#include "vx_resource.h"
#include "vx_template.h"

#define UNMAPPED_MAX 20000
#define PLACES_MAX 1000
#define PATIENT_MAX 100

enum { OF_SOURCE = -2, OF_PATIENT = -3, OF_PRIVATE = -4, OF_UNMAPPED = -5, OF_IGNORED = -6 };

/* A key that was met, and what it is: a column's number or one of the above. */
struct known {
	char *key;
	size_t len;
	int what;
};

struct columns {
	const struct vx_pathmap *map;
	struct known *known; /* open addressing by the key's hash */
	size_t slots, n_known, n_unmapped;
	struct known *order; /* by place in the record, as it was the last time; keys borrowed from known */
	size_t n_order;
	struct vx_buf key, path;
	size_t *start, *end; /* of captures */
};

struct columns *columns_new(const struct vx_pathmap *map)
{
	struct columns *c = vx_alloc(sizeof *c);
	size_t most = 1;

	c->map = map;
	c->slots = 256;
	c->known = vx_alloc(c->slots * sizeof *c->known);
	for (size_t i = 0; i < map->n_captures; i++)
		most = map->captures[i].n > most ? map->captures[i].n : most;
	c->start = vx_alloc(most * sizeof *c->start);
	c->end = vx_alloc(most * sizeof *c->end);
	return c;
}

void columns_free(struct columns *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->slots; i++)
		free(c->known[i].key);
	free(c->known);
	free(c->order);
	vx_buf_free(&c->key);
	vx_buf_free(&c->path);
	free(c->start);
	free(c->end);
	free(c);
}

static bool is_text(const char *text, const char *key, size_t len)
{
	return strlen(text) == len && memcmp(text, key, len) == 0;
}

static int what_is(const struct columns *c, const char *key, size_t len)
{
	const struct vx_pathmap *m = c->map;

	/* Captured columns are made from cells: a key of that name is another thing. */
	for (size_t i = 0; i < m->n_columns - m->n_captured; i++)
		if (is_text(m->columns[i], key, len))
			return (int)i;
	if (is_text("_source", key, len))
		return OF_SOURCE;
	if (is_text("_patient", key, len))
		return OF_PATIENT;
	if (len && key[0] == '_')
		return OF_PRIVATE;
	for (size_t i = 0; i < m->n_ignored; i++)
		if (is_text(m->ignored[i], key, len))
			return OF_IGNORED;
	return OF_UNMAPPED;
}

static struct known *slot_of(struct known *known, size_t slots, const char *key, size_t len)
{
	size_t at = vx_hash64(key, len) & (slots - 1);

	while (known[at].key && (known[at].len != len || memcmp(known[at].key, key, len) != 0))
		at = (at + 1) & (slots - 1);
	return &known[at];
}

static void grow(struct columns *c)
{
	struct known *more = vx_alloc(c->slots * 2 * sizeof *more);

	for (size_t i = 0; i < c->slots; i++)
		if (c->known[i].key)
			*slot_of(more, c->slots * 2, c->known[i].key, c->known[i].len) = c->known[i];
	free(c->known);
	c->known = more;
	c->slots *= 2;
	c->n_order = 0; /* the keys are still there, the entries have moved */
}

/* What a key is. A key that the mapping does not name is remembered, so that it can be named at the end; when there are
 * too many of them they are keys of a map rather than columns. */
static struct known look_up(struct columns *c, const char *key, size_t len)
{
	struct known *k = slot_of(c->known, c->slots, key, len), none = { .what = OF_UNMAPPED };
	int what;

	if (k->key)
		return *k;
	what = what_is(c, key, len);
	if (what == OF_UNMAPPED || what == OF_PRIVATE) {
		if (c->n_unmapped == UNMAPPED_MAX)
			return none;
		c->n_unmapped++;
	}
	*k = (struct known){ vx_strndup(key, len), len, what };
	none = *k;
	if (++c->n_known * 2 > c->slots)
		grow(c);
	return none;
}

/* The text of a JSON string that holds escapes. */
static struct vx_slice unescaped(struct vx_arena *arena, struct vx_slice value)
{
	struct vx_json *j = NULL;
	struct vx_slice s = { NULL, 0 };
	const char *text;

	if (vx_json_parse(value.text, value.len, &j, NULL) == VX_OK && (text = vx_json_text(j, &s.len)))
		s.text = vx_arena_copy(arena, text, s.len);
	vx_json_free(j);
	return s;
}

static int what_of_key(struct columns *c, struct vx_arena *arena, size_t place, struct vx_slice key)
{
	struct known k;

	if (place < c->n_order && c->order[place].key && c->order[place].len == key.len &&
		memcmp(c->order[place].key, key.text, key.len) == 0)
		return c->order[place].what;
	if (memchr(key.text, '\\', key.len)) {
		struct vx_slice quoted = { key.text - 1, key.len + 2 };

		key = unescaped(arena, quoted);
		return look_up(c, key.text, key.len).what;
	}
	k = look_up(c, key.text, key.len);
	if (place < PLACES_MAX) {
		if (place >= c->n_order) {
			c->order = vx_realloc(c->order, (place + 1) * sizeof *c->order);
			memset(&c->order[c->n_order], 0, (place + 1 - c->n_order) * sizeof *c->order);
			c->n_order = place + 1;
		}
		c->order[place] = k;
	}
	return k.what;
}

/* A value as a cell: text without blanks around it; a number or a truth value by its spelling. */
static int take_cell(
	struct tool *t, const char *column, struct vx_slice value, struct vx_slice *cell, struct vx_error *err)
{
	struct vx_slice text;

	if (vx_slice_is(value, "null"))
		return VX_OK;
	if (value.text[0] == '{' || value.text[0] == '[')
		return vx_error_set(
			err, VX_EREJECT, column, "is no cell but %s", value.text[0] == '{' ? "an object" : "a list");
	if (value.text[0] != '"')
		text = value;
	else if (!vx_slice_string(value, &text))
		text = unescaped(&t->arena, value);
	*cell = vx_cell_trim(text.text, text.len);
	return VX_OK;
}

/* _source: {"file", "row"}: for messages. */
static void take_source(struct tool *t, struct row *row, struct vx_slice value)
{
	struct vx_json_walk w = vx_json_walk_begin(value.text, value.len);
	struct vx_slice key, v, text;

	if (value.text[0] != '{')
		return;
	row->source = value;
	while (vx_json_walk_member(&w, &key, &v)) {
		if (vx_slice_is(key, "file") && v.text[0] == '"') {
			if (!vx_slice_string(v, &text))
				text = unescaped(&t->arena, v);
			row->file = vx_arena_copy(&t->arena, text.text, text.len);
		} else if (vx_slice_is(key, "row")) {
			row->number = strtol(v.text, NULL, 10);
		}
	}
}

static int take_captures(struct tool *t, struct row *row, struct vx_error *err)
{
	struct columns *c = t->columns;

	for (size_t i = 0; i < t->map->n_captures; i++) {
		const struct vx_pathmap_capture *how = &t->map->captures[i];
		struct vx_slice cell = row->cells[how->column];

		if (cell_blank(t, cell)) {
			for (size_t k = 0; k < how->n; k++)
				row->cells[how->columns[k]] = slice("");
			continue;
		}
		vx_buf_clear(&c->path);
		vx_buf_add(&c->path, cell.text, cell.len);
		if (memchr(cell.text, '\0', cell.len) ||
			!vx_pattern_match_at(how->pattern, c->path.data, c->start, c->end))
			return vx_error_set(err, VX_EREJECT, t->map->columns[how->column],
				"'%.*s' is not of the form %s", (int)vx_utf8_cut(cell.text, cell.len, 80), cell.text,
				vx_pattern_text(how->pattern));
		for (size_t k = 0; k < how->n; k++)
			row->cells[how->columns[k]] = vx_cell_trim(cell.text + c->start[k], c->end[k] - c->start[k]);
	}
	return VX_OK;
}

/* A column that the mapping names and the record has not; one that is but written otherwise is named. */
static int missing(struct tool *t, size_t column, struct vx_error *err)
{
	const struct columns *c = t->columns;
	const char *name = t->map->columns[column];

	vx_buf_clear(&t->folded);
	vx_lexicon_fold(&t->folded, name, strlen(name));
	for (size_t i = 0; i < c->slots && t->folded.len; i++) {
		const struct known *k = &c->known[i];

		if (!k->key || k->what != OF_UNMAPPED)
			continue;
		vx_buf_clear(&t->scratch);
		vx_lexicon_fold(&t->scratch, k->key, k->len);
		if (t->scratch.len == t->folded.len && memcmp(t->scratch.data, t->folded.data, t->folded.len) == 0)
			return vx_error_set(err, VX_EREJECT, name,
				"the record has no such column; it has '%.100s', which is written otherwise", k->key);
	}
	return vx_error_set(err, VX_EREJECT, name, "the record has no such column");
}

int columns_read(struct tool *t, struct row *row, struct vx_error *err)
{
	const struct vx_pathmap *m = t->map;
	struct vx_json_walk w = vx_json_walk_begin(row->line.text, row->line.len);
	struct vx_slice key, value;
	size_t found = 0, place = 0;
	int status = VX_OK;

	row->cells = vx_arena_array(&t->arena, m->n_columns + 1, sizeof *row->cells);
	while (vx_json_walk_member(&w, &key, &value)) {
		int what = what_of_key(t->columns, &t->arena, place++, key);

		if (what == OF_SOURCE)
			take_source(t, row, value);
		if (what < 0)
			continue;
		found++;
		row->cells[what].text = ""; /* is there; null is a blank cell */
		if (status == VX_OK)
			status = take_cell(t, m->columns[what], value, &row->cells[what], err);
	}
	if (status != VX_OK)
		return status;
	if (found < m->n_columns - m->n_captured)
		for (size_t i = 0; i < m->n_columns - m->n_captured; i++)
			if (!row->cells[i].text) {
				row->misfit = true;
				return missing(t, i, err);
			}
	return take_captures(t, row, err);
}

/* Other identifiers are made of it: so one segment, and short. */
static bool is_patient(struct vx_slice s)
{
	static const char type[] = "patient/";
	const size_t n = sizeof type - 1;

	return s.len > n && s.len <= PATIENT_MAX && memcmp(s.text, type, n) == 0 &&
	       !memchr(s.text + n, '/', s.len - n) && !vx_identifier_check(s.text, s.len);
}

/* vx-patient-map writes _patient as the last member. In text that is JSON these bytes in front of the closing bracket can be
 * nothing else. */
static bool patient_at_end(const char *line, size_t len, struct vx_slice *patient)
{
	static const char before[] = ",\"_patient\":\"";
	const size_t n = sizeof before - 1;
	const char *end = line + len - 2, *p;

	if (len < n + 2 || line[len - 1] != '}' || *end != '"')
		return false;
	p = memrchr(line, '"', (size_t)(end - line));
	if (!p || (size_t)(p + 1 - line) < n || memcmp(p + 1 - n, before, n) != 0)
		return false;
	*patient = (struct vx_slice){ p + 1, (size_t)(end - p - 1) };
	return !memchr(patient->text, '\\', patient->len);
}

bool columns_patient(const char *line, size_t len, struct vx_slice *patient)
{
	struct vx_json_walk w = vx_json_walk_begin(line, len);
	struct vx_slice key, value;

	if (patient_at_end(line, len, patient))
		return is_patient(*patient);
	while (vx_json_walk_member(&w, &key, &value))
		if (vx_slice_is(key, "_patient"))
			return vx_slice_string(value, patient) && is_patient(*patient);
	return false;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void columns_unmapped(const struct columns *c, size_t most, struct vx_buf *names, size_t *n)
{
	char **list = vx_alloc((c->n_unmapped + 1) * sizeof *list);

	*n = 0;
	for (size_t i = 0; i < c->slots; i++)
		if (c->known[i].key && c->known[i].what == OF_UNMAPPED)
			list[(*n)++] = c->known[i].key;
	qsort(list, *n, sizeof *list, by_text);
	for (size_t i = 0; i < *n && i < most; i++)
		vx_buf_printf(names, "%s%.100s", i ? ", " : "", list[i]);
	free(list);
}

void row_error(const struct row *row, struct vx_error *err)
{
	vx_error_at(err, row->file, row->number);
}
