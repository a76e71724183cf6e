/* workups: a patient's rows -> the workups that they belong to, and what each consists of.
 * SPDX-License-Identifier: MIT
 */
#include "pathology.h"
#include "vx_template.h"

void reject_row(struct tool *t, struct vx_job *job, struct row *row, struct vx_error *err)
{
	(void)t;
	if (row->rejected)
		return;
	row->rejected = true;
	row_error(row, err);
	vx_reject_line(job, row->line.text, row->line.len, err);
}

/* A day that names a workup is named the same however it is written. */
static int key_text(struct tool *t, vx_column column, struct vx_slice cell, struct vx_buf *b, struct vx_error *err)
{
	struct vx_error why;
	char day[11];

	vx_error_clear(&why);
	if (cell_blank(t, cell))
		return vx_error_set(err, VX_EREJECT, t->map->columns[column], "blank: the row names no workup");
	if (b->len)
		vx_buf_putc(b, '/');
	if (column != t->map->workup.date) {
		vx_identifier_encode(b, cell.text, cell.len, false);
		return VX_OK;
	}
	if (vx_cell_date(cell.text, cell.len, t->map->date_order, day, &why) != VX_OK)
		return refuse(t, column, cell, err, why.reason);
	vx_buf_puts(b, day);
	return VX_OK;
}

/* A row and the workup that it belongs to. */
struct place {
	struct vx_slice key;
	struct row *row;
};

/* The order of the record's own columns counts, so that a mapping does not. */
int rows_compare(const struct row *a, const struct row *b, bool with_place)
{
	const struct row *rows[] = { a, b };
	struct vx_slice before[2], behind[2];
	int c;

	for (size_t i = 0; i < 2; i++) {
		const char *end = rows[i]->line.text + rows[i]->line.len;
		const char *cut = rows[i]->source.text ? rows[i]->source.text : end;

		before[i] = (struct vx_slice){ rows[i]->line.text, (size_t)(cut - rows[i]->line.text) };
		behind[i] = (struct vx_slice){ cut + rows[i]->source.len, (size_t)(end - cut) - rows[i]->source.len };
	}
	c = slice_compare(before[0], before[1]);
	if (c == 0)
		c = slice_compare(behind[0], behind[1]);
	return c || !with_place ? c : slice_compare(a->source, b->source);
}

/* By workup, then by what the rows say: where they stood must not matter. */
static int by_key(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int c = slice_compare(x->key, y->key);

	return c ? c : rows_compare(x->row, y->row, true);
}

/* Which rows hold pathology, and of which workup they are. */
static size_t place_rows(struct tool *t, struct vx_job *job, struct patient *p, struct place *places)
{
	size_t n = 0;

	p->stray = 0;
	for (size_t i = 0; i < p->n_rows; i++) {
		struct row *row = &p->rows[i];
		struct vx_error err;
		int status = VX_OK;

		vx_error_clear(&err);
		if (row->empty)
			continue;
		vx_buf_clear(&t->scratch);
		for (size_t k = 0; row->readable && status == VX_OK && k < t->map->n_workup_key; k++)
			status = key_text(
				t, t->map->workup_key[k], row->cells[t->map->workup_key[k]], &t->scratch, &err);
		if (status != VX_OK)
			reject_row(t, job, row, &err);
		if (status != VX_OK || !row->readable)
			p->stray++;
		else
			places[n++] = (struct place){ keep(t, &t->scratch), row };
	}
	return n;
}

bool rows_equal(const struct tool *t, const struct row *a, const struct row *b)
{
	for (size_t i = 0; i < t->map->n_columns; i++)
		if (slice_compare(a->cells[i], b->cells[i]))
			return false;
	return true;
}

/* A JSON list of the texts that a column has, in order. */
static void put_values(struct vx_buf *b, const char *column, struct vx_slice *values, size_t n)
{
	if (b->len)
		vx_buf_putc(b, ',');
	vx_json_put_string(b, column, strlen(column));
	vx_buf_puts(b, ":[");
	for (size_t i = 0; i < n; i++) {
		if (i)
			vx_buf_putc(b, ',');
		vx_json_put_string(b, values[i].text, values[i].len);
	}
	vx_buf_putc(b, ']');
}

static int by_slice(const void *a, const void *b)
{
	return slice_compare(*(const struct vx_slice *)a, *(const struct vx_slice *)b);
}

/* The distinct values of a column that are not blank, sorted; at most most of them, the first in their order. */
static size_t distinct(struct tool *t, struct row **rows, size_t n, size_t column, struct vx_slice *values, size_t most)
{
	struct vx_slice *all, only = { NULL, 0 };
	size_t found = 0, i;

	for (i = 0; i < n; i++) {
		struct vx_slice cell = rows[i]->cells[column];

		if (cell_blank(t, cell) || (only.text && slice_compare(only, cell) == 0))
			continue;
		if (only.text)
			break;
		only = cell;
	}
	values[0] = only;
	if (i == n)
		return only.text != NULL;
	all = vx_arena_array(&t->arena, n, sizeof *all);
	for (i = 0; i < n; i++)
		if (!cell_blank(t, rows[i]->cells[column]))
			all[found++] = rows[i]->cells[column];
	qsort(all, found, sizeof *all, by_slice);
	n = found;
	for (i = found = 0; i < n && found < most; i++)
		if (i == 0 || slice_compare(all[i], all[i - 1]))
			values[found++] = all[i];
	return found;
}

/* One day or one number in several spellings. */
static bool all_alike(struct tool *t, const struct vx_slice *values, size_t n)
{
	char first[11], other[11];
	bool days = vx_cell_date(values[0].text, values[0].len, t->map->date_order, first, NULL) == VX_OK;

	for (size_t i = 1; i < n; i++) {
		bool day = vx_cell_date(values[i].text, values[i].len, t->map->date_order, other, NULL) == VX_OK;

		if (!(days && day ? strcmp(first, other) == 0 : cells_alike(t, values[0], values[i])))
			return false;
	}
	return true;
}

struct vx_slice *merged(struct tool *t, struct row **rows, size_t n, const bool *used, struct vx_slice *disagrees)
{
	struct vx_slice *view = vx_arena_array(&t->arena, t->map->n_columns + 1, sizeof *view), values[8];
	struct vx_buf differ = VX_BUF_INIT;

	for (size_t c = 0; c < t->map->n_columns; c++) {
		struct finding f = { .rule = "differs", .severity = "error", .n = 0 };
		size_t found;

		view[c] = slice("");
		if (!used[c])
			continue;
		found = distinct(t, rows, n, c, values, sizeof values / sizeof values[0]);
		if (found)
			view[c] = values[0];
		if (found < 2 || all_alike(t, values, found))
			continue;
		view[c] = slice("");
		for (size_t i = 0; i < found && i < 4; i++) {
			f.columns[i] = t->map->columns[c];
			f.values[f.n++] = values[i];
		}
		f.message = "differs between rows that should say the same: left open";
		findings_add(t, rows[0], &f);
		for (size_t i = 1; i < n; i++)
			if (!rows[i]->strange)
				rows[i]->strange = rows[0]->strange;
		put_values(&differ, t->map->columns[c], values, found);
	}
	*disagrees = keep(t, &differ);
	vx_buf_free(&differ);
	return view;
}

/* What the rows of a workup say of it as a whole. All of them are rejected where that cannot be read. */
static bool read_workup(struct tool *t, struct vx_job *job, struct workup *w)
{
	struct vx_error err;

	vx_error_clear(&err);
	w->part.row = w->rows[0];
	w->part.cells = merged(t, w->rows, w->n_rows, t->workup_columns, &w->disagrees);
	if (read_part(t, &t->map->workup, &w->part, &err) == VX_OK)
		return true;
	for (size_t i = 0; i < w->n_rows; i++)
		reject_row(t, job, w->rows[i], &err);
	w->n_rejected += w->n_rows;
	w->n_rows = 0;
	return false;
}

/* Rows that say the same once more, and rows of one name that contradict each other. what: "workup", "core" ... */
static void reject_rivals(struct tool *t, struct vx_job *job, struct row **rows, size_t n, const char *what)
{
	for (size_t i = 0; i < n; i++) {
		struct vx_error err;
		const struct row *other = rows[i ? 0 : 1];

		vx_error_clear(&err);
		vx_error_set(&err, VX_EREJECT, NULL, "row %ld of %s says something else of the same %s", other->number,
			other->file, what);
		reject_row(t, job, rows[i], &err);
	}
}

void tell_duplicate(struct tool *t, struct row *row, const struct row *other, const char *message)
{
	char text[200];
	struct finding f = { .rule = "duplicate_row", .severity = "warning", .n = 0, .message = text };

	snprintf(text, sizeof text, "%s (row %ld)", message, other->number);
	findings_add(t, row, &f);
}

/* Rows that are one and the same thing by their name: one stays where all are equal, none where they are not. Returns how
 * many rows stay (0 or 1). */
size_t one_of(struct tool *t, struct vx_job *job, struct row **rows, size_t n, const char *what)
{
	for (size_t i = 1; i < n; i++) {
		if (!rows_equal(t, rows[0], rows[i])) {
			reject_rivals(t, job, rows, n, what);
			return 0;
		}
	}
	for (size_t i = 1; i < n; i++)
		tell_duplicate(t, rows[i], rows[0], "the same row once more: taken once");
	return 1;
}

static bool read_component(struct tool *t, struct vx_job *job, struct workup *w, struct part *p)
{
	struct vx_error err;

	vx_error_clear(&err);
	if (read_part(t, &t->map->component, p, &err) == VX_OK)
		return true;
	reject_row(t, job, p->row, &err);
	w->n_rejected++;
	return false;
}

/* A row a component. */
static void components_of_rows(struct tool *t, struct vx_job *job, struct workup *w)
{
	size_t kept = 0;

	w->components = vx_arena_array(&t->arena, w->n_rows + 1, sizeof *w->components);
	for (size_t i = 0; i < w->n_rows; i++) {
		struct part *p = &w->components[w->n_components];

		*p = (struct part){ .row = w->rows[i], .cells = w->rows[i]->cells };
		if (!read_component(t, job, w, p))
			continue;
		w->rows[kept++] = w->rows[i];
		w->n_components++;
	}
	w->n_rows = kept;
}

/* A row a workup: its components, if any, are the items of its lists. One that cannot be read takes the row with it. */
static void components_of_lists(struct tool *t, struct vx_job *job, struct workup *w)
{
	struct vx_error err;
	bool good;

	vx_error_clear(&err);
	good = lists_split(t, w->rows[0], &w->components, &w->n_components, &err) == VX_OK;
	for (size_t i = 0; good && i < w->n_components; i++)
		good = read_part(t, &t->map->component, &w->components[i], &err) == VX_OK;
	if (good)
		return;
	reject_row(t, job, w->rows[0], &err);
	w->n_components = w->n_rows = 0;
	w->n_rejected++;
}

/* A workup of the rows that share its key. */
static void build_workup(struct tool *t, struct vx_job *job, struct workup *w, const struct place *places, size_t n)
{
	*w = (struct workup){ .key = places[0].key, .rows = vx_arena_array(&t->arena, n, sizeof *w->rows) };
	for (size_t i = 0; i < n; i++) {
		if (places[i].row->rejected)
			w->n_rejected++;
		else
			w->rows[w->n_rows++] = places[i].row;
	}
	if (w->n_rows > 1 && t->map->rows == VX_ROWS_WORKUP) {
		size_t stay = one_of(t, job, w->rows, w->n_rows, "workup");

		w->n_rejected += stay ? 0 : w->n_rows;
		w->n_rows = stay;
	}
	if (w->n_rows == 0 || !read_workup(t, job, w))
		return;
	if (t->map->rows != VX_ROWS_WORKUP)
		components_of_rows(t, job, w);
	else if (t->map->n_lists)
		components_of_lists(t, job, w);
}

/* Rows that are workups and have no key: each is one, numbered in the order of what they say. */
static void number_keys(struct tool *t, struct place *places, size_t n)
{
	if (t->map->n_workup_key || t->map->rows != VX_ROWS_WORKUP || n < 2)
		return;
	for (size_t i = 0; i < n; i++) {
		vx_buf_clear(&t->scratch);
		vx_buf_printf(&t->scratch, "%zu", i + 1);
		places[i].key = keep(t, &t->scratch);
	}
}

void workups_build(struct tool *t, struct vx_job *job, struct patient *p)
{
	struct place *places = vx_arena_array(&t->arena, p->n_rows + 1, sizeof *places);
	size_t n = place_rows(t, job, p, places), end;

	if (n)
		qsort(places, n, sizeof *places, by_key);
	number_keys(t, places, n);
	p->workups = vx_arena_array(&t->arena, n + 1, sizeof *p->workups);
	p->n_workups = p->n_workups_seen = 0;
	for (size_t i = 0; i < n; i = end) {
		struct workup *w = &p->workups[p->n_workups];

		for (end = i + 1; end < n && slice_compare(places[end].key, places[i].key) == 0;)
			end++;
		build_workup(t, job, w, &places[i], end - i);
		p->n_workups_seen++;
		if (w->n_rows)
			p->n_workups++;
		else
			p->stray += (long)w->n_rejected;
	}
	/* Without a key there is but one workup that a row which cannot be read may be of. */
	if (p->n_workups == 1 && !t->map->n_workup_key && t->map->rows != VX_ROWS_WORKUP) {
		p->workups[0].n_rejected += (size_t)p->stray;
		p->stray = 0;
	}
}
