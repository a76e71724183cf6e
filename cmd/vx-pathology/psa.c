/* psa: the PSA values that stand in a table of pathology -> psa resources, each measurement once.
 * SPDX-License-Identifier: MIT
 */
#include "pathology.h"

#define REPEATS_SEEN 100

/* A row that gives a value. */
struct reading {
	char date[11]; /* "": not said */
	double value, density;
	struct row *row;
};

static int by_reading(const void *a, const void *b)
{
	const struct reading *x = a, *y = b;
	int c = strcmp(x->date, y->date);

	if (!c)
		c = (x->value > y->value) - (x->value < y->value);
	return c ? c : rows_compare(x->row, y->row, true);
}

static int read_value(struct tool *t, const struct row *row, vx_column column, double *v, struct vx_error *err)
{
	struct vx_error why;
	struct vx_slice cell;

	vx_error_clear(&why);
	*v = NAN;
	if (column == VX_NO_COLUMN || cell_blank(t, cell = row->cells[column]))
		return VX_OK;
	if (vx_cell_number(cell.text, cell.len, t->map->decimal, v, &why) != VX_OK)
		return refuse(t, column, cell, err, why.reason);
	return *v < 0 ? refuse(t, column, cell, err, "below 0") : VX_OK;
}

static int read_row(struct tool *t, struct reading *r, struct vx_error *err)
{
	const struct vx_pathmap_psa *how = &t->map->psa;
	struct vx_error why;
	struct vx_slice day;

	vx_error_clear(&why);
	if (read_value(t, r->row, how->value, &r->value, err) != VX_OK)
		return VX_EREJECT;
	if (isnan(r->value) || how->date == VX_NO_COLUMN || cell_blank(t, day = r->row->cells[how->date]))
		return VX_OK;
	if (vx_cell_date(day.text, day.len, t->map->date_order, r->date, &why) == VX_OK)
		return VX_OK;
	r->date[0] = '\0';
	return refuse(t, how->date, day, err, why.reason);
}

/* The row's pathology is another matter: only its PSA value is rejected, and a cell that rows of the patient repeat once. rows:
 * in the order of what they say; the last few are enough to look at. */
static void reject_value(struct tool *t, struct vx_job *job, struct row *const *rows, size_t at, struct vx_error *err)
{
	const struct vx_pathmap_psa *how = &t->map->psa;
	const struct row *row = rows[at];

	for (size_t i = at > REPEATS_SEEN ? at - REPEATS_SEEN : 0; i < at; i++)
		if (slice_compare(rows[i]->cells[how->value], row->cells[how->value]) == 0 &&
			(how->date == VX_NO_COLUMN ||
				slice_compare(rows[i]->cells[how->date], row->cells[how->date]) == 0))
			return;
	row_error(row, err);
	vx_reject_line(job, row->line.text, row->line.len, err);
}

/* The cells that the value was read from. */
static void put_psa_source(struct tool *t, const struct row *row, const struct vx_slice *merged_cells)
{
	const struct vx_pathmap_psa *how = &t->map->psa;
	const vx_column columns[] = { how->value, how->date, how->density };
	struct vx_buf *b = &t->scratch;
	bool first = true;

	vx_buf_clear(b);
	vx_buf_puts(b, "\"source\":{");
	if (t->map->table) {
		put_text(b, "table", t->map->table, strlen(t->map->table));
		vx_buf_putc(b, ',');
	}
	vx_buf_puts(b, "\"cells\":{");
	for (size_t i = 0; i < 3; i++) {
		struct vx_slice cell;

		if (columns[i] == VX_NO_COLUMN)
			continue;
		cell = (i == 2 ? merged_cells : row->cells)[columns[i]];
		if (cell_blank(t, cell))
			continue;
		if (!first)
			vx_buf_putc(b, ',');
		first = false;
		put_text(b, t->map->columns[columns[i]], cell.text, cell.len);
	}
	vx_buf_puts(b, "}}");
}

static void emit_value(
	struct tool *t, struct vx_job *job, const struct patient *p, struct reading *r, size_t n, size_t nth)
{
	struct row **rows = vx_arena_array(&t->arena, n, sizeof *rows);
	struct vx_buf *b = &t->out;
	struct vx_slice disagrees, *cells, other[2], name;
	struct vx_error err;
	struct row merged_row = *r->row;
	double density;

	vx_error_clear(&err);
	for (size_t i = 0; i < n; i++)
		rows[i] = r[i].row;
	cells = merged(t, rows, n, t->psa_columns, &disagrees);
	merged_row.cells = cells;
	other[0] = read_other(t, &t->map->psa.other, r->row, cells);
	vx_buf_clear(&t->scratch);
	vx_buf_add(&t->scratch, p->name.text, p->name.len);
	if (r->date[0])
		vx_buf_printf(&t->scratch, "/%s", r->date);
	else
		vx_buf_printf(&t->scratch, "/undated/%zu", nth);
	name = keep(t, &t->scratch);
	if (read_value(t, &merged_row, t->map->psa.density, &density, &err) != VX_OK) {
		row_error(r->row, &err);
		vx_reject_line(job, r->row->line.text, r->row->line.len, &err);
		return;
	}
	put_begin(t, "psa", name, "patient", p->name);
	put_number(b, "value", r->value);
	put_string(b, "unit", "ng/mL");
	put_string(b, "date", r->date);
	put_number(b, "density", density);
	put_psa_source(t, r->row, cells);
	other[1] = (struct vx_slice){ t->scratch.data, t->scratch.len };
	put_other(b, other, 2);
	put_end(t, job, p, r->row, t->map->psa.value);
}

/* Values of one day that differ: nobody can say which is right. Without days they are several measurements, it seems. */
static void emit_day(struct tool *t, struct vx_job *job, const struct patient *p, struct reading *r, size_t n)
{
	struct part where = { .row = r->row, .cells = r->row->cells };
	vx_column column = t->map->psa.value;
	size_t end, nth = 0;

	if (r[0].value < r[n - 1].value) {
		struct finding f = { .rule = "psa",
			.severity = r->date[0] ? "error" : "warning",
			.columns = { t->map->columns[column], t->map->columns[column] },
			.values = { r->row->cells[column], r[n - 1].row->cells[column] },
			.n = 2,
			.message = r->date[0] ? "two PSA values of one day: neither is taken"
					      : "several PSA values without a date: each is taken once" };

		findings_add(t, where.row, &f);
	}
	for (size_t i = 0; i < n; i = end) {
		struct vx_error err;

		vx_error_clear(&err);
		for (end = i + 1; end < n && !(r[end].value > r[i].value);)
			end++;
		if (!r->date[0] || !(r[0].value < r[n - 1].value)) {
			emit_value(t, job, p, &r[i], end - i, ++nth);
			continue;
		}
		vx_error_set(&err, VX_EREJECT, t->map->columns[column], "'%.*s': another row says '%.*s' of %s",
			(int)r[i].row->cells[column].len, r[i].row->cells[column].text,
			(int)r[i ? 0 : n - 1].row->cells[column].len, r[i ? 0 : n - 1].row->cells[column].text,
			r->date);
		row_error(r[i].row, &err);
		vx_reject_line(job, r[i].row->line.text, r[i].row->line.len, &err);
	}
}

static int by_content(const void *a, const void *b)
{
	return rows_compare(*(struct row *const *)a, *(struct row *const *)b, true);
}

void emit_psa(struct tool *t, struct vx_job *job, struct patient *p)
{
	struct reading *readings = vx_arena_array(&t->arena, p->n_rows + 1, sizeof *readings);
	struct row **rows = vx_arena_array(&t->arena, p->n_rows + 1, sizeof *rows);
	size_t n_rows = 0, n = 0, end;

	if (!t->map->psa.given)
		return;
	for (size_t i = 0; i < p->n_rows; i++)
		if (p->rows[i].readable)
			rows[n_rows++] = &p->rows[i];
	qsort(rows, n_rows, sizeof(struct row *), by_content);
	for (size_t i = 0; i < n_rows; i++) {
		struct reading *r = &readings[n];
		struct vx_error err;

		vx_error_clear(&err);
		*r = (struct reading){ .row = rows[i] };
		if (read_row(t, r, &err) != VX_OK)
			reject_value(t, job, rows, i, &err);
		else if (!isnan(r->value))
			n++;
	}
	if (n)
		qsort(readings, n, sizeof *readings, by_reading);
	for (size_t i = 0; i < n; i = end) {
		for (end = i + 1; end < n && strcmp(readings[end].date, readings[i].date) == 0;)
			end++;
		emit_day(t, job, p, &readings[i], end - i);
	}
}
