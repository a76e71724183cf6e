/* suggest_table: rows -> a bounded sample of each column's distinct cells, and of whole rows.
 *
 * Of cells and of patients those with the lowest hashes are kept. Which these are does not depend on the order of the
 * rows, and since the bound only ever falls, what is kept to the end was kept from its first row on: its count is
 * exact.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "suggest_table.h"
#include "vx_cell.h"
#include "vx_hash.h"
#include "vx_json.h"

#define MAX_COLUMNS 2048
#define VALUES_ALL 16000 /* distinct cells kept, all columns together ... */
#define VALUES_MAX 1000  /* ... and of one column, at most and at least */
#define VALUES_MIN 40
#define CELLS_ALL 60000 /* cells of sampled rows ... */
#define ROWS_MAX 4000   /* ... and rows, at most and at least */
#define ROWS_MIN 200
#define PATIENT_ROWS 64 /* sampled rows of one patient, at most */

struct suggest_table *suggest_table_new(const struct suggest_words *words)
{
	struct suggest_table *t = vx_alloc(sizeof *t);

	t->words = words;
	t->sample_threshold = UINT64_MAX;
	return t;
}

static void row_free(struct suggest_row *r)
{
	free(r->ends);
	free(r->text);
}

void suggest_table_free(struct suggest_table *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n; i++) {
		struct suggest_column *c = &t->columns[i];
		for (size_t k = 0; k < c->room; k++)
			free(c->values[k].text);
		free(c->values);
		free(c->name);
		vx_buf_free(&c->raw);
	}
	for (size_t i = 0; i < t->n_sample; i++)
		row_free(&t->sample[i]);
	for (size_t i = 0; i < t->cells_room; i++)
		vx_buf_free(&t->cells[i].text);
	free(t->cells);
	free(t->columns);
	free(t->sample);
	free(t->numbers);
	free(t->file);
	vx_buf_free(&t->scratch);
	free(t);
}

/* ---- columns ---- */

/* The text of a string's slice: where it holds escapes, unescaped into b. */
static struct vx_slice unescape(struct vx_slice value, struct vx_buf *b)
{
	struct vx_slice inside = { "", 0 };
	struct vx_json *j;
	const char *text;
	size_t len;

	if (vx_slice_string(value, &inside))
		return inside;
	if (vx_json_parse(value.text, value.len, &j, NULL) != VX_OK)
		return (struct vx_slice){ "", 0 };
	vx_buf_clear(b);
	text = vx_json_text(j, &len);
	if (text)
		vx_buf_add(b, text, len);
	vx_json_free(j);
	return (struct vx_slice){ b->len ? b->data : "", b->len };
}

static bool is_column(const struct suggest_column *c, struct vx_slice key)
{
	return c->raw.len == key.len && memcmp(c->raw.data, key.text, key.len) == 0;
}

/* The column of a key as JSON spells it; guess: where it most likely is. t->n where there is no room for one more. */
static size_t find_column(struct suggest_table *t, struct vx_slice key, size_t guess)
{
	struct suggest_column *c;
	struct vx_slice name;

	if (guess < t->n && is_column(&t->columns[guess], key))
		return guess;
	for (size_t i = 0; i < t->n; i++)
		if (is_column(&t->columns[i], key))
			return i;
	if (t->n >= MAX_COLUMNS) {
		t->many = true;
		return t->n;
	}
	if ((t->n & (t->n + 1)) == 0)
		t->columns = vx_realloc(t->columns, (2 * t->n + 1) * sizeof *t->columns);
	c = &t->columns[t->n];
	*c = (struct suggest_column){ .threshold = UINT64_MAX, .place = SIZE_MAX };
	vx_buf_add(&c->raw, key.text, key.len);
	/* The walk gives keys without their quotes. */
	vx_buf_clear(&t->scratch);
	vx_buf_printf(&t->scratch, "\"%s\"", c->raw.data);
	{
		struct vx_buf b = VX_BUF_INIT;
		name = unescape((struct vx_slice){ t->scratch.data, t->scratch.len }, &b);
		c->name = vx_strndup(name.text, name.len);
		vx_buf_free(&b);
	}
	c->hints = suggest_words_hints(t->words, c->name);
	c->nested = !*c->name; /* no mapping can name it */
	return t->n++;
}

/* ---- rows ---- */

static int by_patient(const void *a, const void *b)
{
	const struct suggest_row *x = a, *y = b;

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	return (x->hash > y->hash) - (x->hash < y->hash);
}

/* Like rows become one; of a patient and of all only so many stay. */
static void thin_sample(struct suggest_table *t)
{
	size_t n = 0, of_patient = 0, first = 0;

	if (t->n_sample)
		qsort(t->sample, t->n_sample, sizeof *t->sample, by_patient);
	for (size_t i = 0; i < t->n_sample; i++) {
		struct suggest_row r = t->sample[i];
		bool same = n && t->sample[n - 1].group == r.group;
		if (same && t->sample[n - 1].hash == r.hash) {
			t->sample[n - 1].count += r.count;
			row_free(&r);
			continue;
		}
		of_patient = same ? of_patient + 1 : 1;
		if (!same)
			first = n;
		if (of_patient > PATIENT_ROWS || r.group >= t->sample_threshold) {
			t->sample_partial = true;
			row_free(&r);
			continue;
		}
		t->sample[n++] = r;
		if (n > t->sample_max) {
			t->sample_threshold = r.group;
			while (n > first)
				row_free(&t->sample[--n]);
		}
	}
	t->n_sample = n;
}

static uint64_t mix(uint64_t h)
{
	return vx_hash64(&h, sizeof h);
}

static void sample_row(struct suggest_table *t, uint64_t group, uint64_t hash)
{
	struct suggest_row r = { .group = group, .hash = hash, .count = 1 };
	struct vx_buf text = VX_BUF_INIT;
	size_t n = 0;

	if (group >= t->sample_threshold)
		return;
	for (size_t i = 0; i < t->n_cells; i++)
		if (t->cells[i].column >= n)
			n = t->cells[i].column + 1;
	r.ends = vx_alloc((n + 1) * sizeof *r.ends);
	r.n = (uint32_t)n;
	vx_buf_reserve(&text, 1);
	for (size_t c = 0, i = 0; c < n; c++) {
		/* Cells mostly come in the columns' order. */
		if (i >= t->n_cells || t->cells[i].column != c)
			for (i = 0; i < t->n_cells && t->cells[i].column != c; i++)
				;
		if (i < t->n_cells) {
			const struct vx_buf *cell = &t->cells[i++].text;
			vx_buf_add(&text, cell->data ? cell->data : "",
				vx_utf8_cut(cell->data ? cell->data : "", cell->len, SUGGEST_CELL_BYTES));
			vx_buf_putc(&text, '\0');
		} else {
			vx_buf_putc(&text, '\0');
		}
		r.ends[c] = (uint32_t)text.len;
	}
	r.text = text.data;
	if (t->n_sample == t->sample_room) {
		t->sample_room = t->sample_room ? 2 * t->sample_room : 64;
		t->sample = vx_realloc(t->sample, t->sample_room * sizeof *t->sample);
	}
	t->sample[t->n_sample++] = r;
	if (t->n_sample >= 2 * t->sample_max)
		thin_sample(t);
}

/* A cell's text without blanks at its ends; false when there is none. */
static bool cell_text(struct suggest_table *t, struct suggest_column *c, struct vx_slice value, struct vx_slice *text)
{
	switch (*value.text) {
	case '"':
		*text = unescape(value, &t->scratch);
		break;
	case '{':
	case '[':
		c->nested = true;
		return false;
	case 'n':
		return false;
	default:
		*text = value;
	}
	*text = vx_cell_trim(text->text, text->len);
	/* What holds a NUL byte is no text that a mapping could be made for. */
	return text->len && !memchr(text->text, '\0', text->len);
}

static void keep_cell(struct suggest_table *t, size_t column, struct vx_slice text)
{
	if (t->n_cells == t->cells_room) {
		t->cells_room = t->cells_room ? 2 * t->cells_room : 16;
		t->cells = vx_realloc(t->cells, t->cells_room * sizeof *t->cells);
		memset(t->cells + t->n_cells, 0, (t->cells_room - t->n_cells) * sizeof *t->cells);
	}
	vx_buf_clear(&t->cells[t->n_cells].text);
	vx_buf_add(&t->cells[t->n_cells].text, text.text, text.len);
	t->cells[t->n_cells++].column = column;
}

static void set_limits(struct suggest_table *t)
{
	size_t columns = t->n ? t->n : 1;

	t->values_max = VALUES_ALL / columns;
	t->values_max = t->values_max < VALUES_MIN ? VALUES_MIN : t->values_max;
	t->values_max = t->values_max > VALUES_MAX ? VALUES_MAX : t->values_max;
	t->sample_max = CELLS_ALL / columns;
	t->sample_max = t->sample_max < ROWS_MIN ? ROWS_MIN : t->sample_max;
	t->sample_max = t->sample_max > ROWS_MAX ? ROWS_MAX : t->sample_max;
}

/* The table's name, as provenance cites it. */
static void note_file(struct suggest_table *t, struct vx_slice source)
{
	struct vx_json_walk w = vx_json_walk_begin(source.text, source.len);
	struct vx_slice key, value, name;
	const char *slash;

	while (vx_json_walk_member(&w, &key, &value)) {
		if (!vx_slice_is(key, "file") || *value.text != '"')
			continue;
		name = unescape(value, &t->scratch);
		slash = memrchr(name.text, '/', name.len);
		if (slash)
			name = (struct vx_slice){ slash + 1, name.len - (size_t)(slash + 1 - name.text) };
		if (!t->file)
			t->file = vx_strndup(name.text, name.len);
		else if (strlen(t->file) != name.len || memcmp(t->file, name.text, name.len) != 0)
			t->file[0] = '\0';
	}
}

void suggest_table_add(struct suggest_table *t, const char *line, size_t len)
{
	struct vx_json_walk w = vx_json_walk_begin(line, len);
	struct vx_slice key, value, text;
	size_t place = 0, column = (size_t)-1, patient = SIZE_MAX;
	uint64_t group = 0, hash = 0;
	bool named = false;

	t->n_cells = 0;
	while (vx_json_walk_member(&w, &key, &value)) {
		if (vx_slice_is(key, "_patient") && *value.text == '"') {
			group = vx_hash64(value.text, value.len);
			named = true;
		}
		if (vx_slice_is(key, "_source"))
			note_file(t, value);
		if (key.len && *key.text == '_')
			continue;
		column = find_column(t, key, column + 1);
		if (column == t->n)
			continue;
		struct suggest_column *c = &t->columns[column];
		c->place = place < c->place ? place : c->place;
		place++;
		if (!cell_text(t, c, value, &text))
			continue;
		hash += mix(vx_hash64(c->name, strlen(c->name)) ^ mix(vx_hash64(text.text, text.len)));
		if (patient == SIZE_MAX && (c->hints & HINT(PATIENT)) &&
			!(c->hints & (HINT(PERSONAL) | HINT(IGNORE)))) {
			patient = column;
			if (!named)
				group = vx_hash64(text.text, text.len);
		}
		keep_cell(t, column, text);
	}
	if (!place)
		return;
	if (!t->values_max)
		set_limits(t);
	for (size_t i = 0; i < t->n_cells; i++)
		suggest_values_add(
			&t->columns[t->cells[i].column], t->values_max, t->cells[i].text.data, t->cells[i].text.len);
	t->rows++;
	t->grouped |= named || patient != SIZE_MAX;
	sample_row(t, named || patient != SIZE_MAX ? group : hash, hash);
}

/* ---- the end ---- */

static int by_text(const void *a, const void *b)
{
	return strcmp(((const struct suggest_value *)a)->text, ((const struct suggest_value *)b)->text);
}

static int by_place(const void *a, const void *b)
{
	const struct suggest_column *x = a, *y = b;

	return x->place != y->place ? (x->place < y->place ? -1 : 1) : strcmp(x->name, y->name);
}

void suggest_table_end(struct suggest_table *t)
{
	t->numbers = vx_alloc((t->n + 1) * sizeof *t->numbers);
	/* Sampled rows know columns by the number they had when they came: it travels in "room" through the sorting. */
	for (size_t i = 0; i < t->n; i++) {
		struct suggest_column *c = &t->columns[i];
		suggest_values_keep(c, t->values_max);
		if (c->n)
			qsort(c->values, c->n, sizeof *c->values, by_text);
		c->room = i;
	}
	if (t->n)
		qsort(t->columns, t->n, sizeof *t->columns, by_place);
	for (size_t i = 0; i < t->n; i++) {
		t->numbers[i] = t->columns[i].room;
		t->columns[i].room = t->columns[i].n;
	}
	thin_sample(t);
}

const char *suggest_table_cell(const struct suggest_table *t, const struct suggest_row *row, size_t column, size_t *len)
{
	size_t i = t->numbers[column], from;

	if (i >= row->n) {
		*len = 0;
		return "";
	}
	from = i ? row->ends[i - 1] : 0;
	*len = row->ends[i] - from - 1;
	return row->text + from;
}
