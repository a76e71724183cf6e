/* checks_row: the checks that need no tree: cells of one row against each other, of several rows against one another.
 * SPDX-License-Identifier: MIT
 */
#include "pathology.h"

void check_found(struct tool *t, struct row *row, const struct vx_pathmap_check *c, const char *severity,
	struct vx_slice cell, const char *other, struct vx_slice value, const char *message)
{
	struct finding f = { .rule = c->rule,
		.severity = severity,
		.columns = { t->map->columns[c->column], other },
		.values = { cell, value },
		.n = other ? 2 : 1,
		.message = message };

	findings_add(t, row, &f);
}

bool cells_alike(struct tool *t, struct vx_slice a, struct vx_slice b)
{
	double x, y;

	if (slice_compare(a, b) == 0)
		return true;
	if (vx_cell_number(a.text, a.len, t->map->decimal, &x, NULL) == VX_OK &&
		vx_cell_number(b.text, b.len, t->map->decimal, &y, NULL) == VX_OK)
		return !(x < y) && !(x > y);
	vx_buf_clear(&t->folded);
	vx_buf_clear(&t->scratch);
	vx_pathmap_fold(&t->folded, a.text, a.len);
	vx_pathmap_fold(&t->scratch, b.text, b.len);
	return t->folded.len && t->folded.len == t->scratch.len &&
	       memcmp(t->folded.data, t->scratch.data, t->folded.len) == 0;
}

/* The cell that says the same in every row of a workup is held against the tree once. */
void check_same(struct tool *t, struct row **rows, size_t n, const struct vx_pathmap_check *c)
{
	struct row *first = NULL;

	for (size_t i = 0; i < n; i++) {
		struct vx_slice cell = rows[i]->cells[c->column];

		if (cell_blank(t, cell))
			continue;
		if (first && !cells_alike(t, first->cells[c->column], cell)) {
			check_found(t, rows[i], c, c->severity, cell, t->map->columns[c->column],
				first->cells[c->column],
				c->per_patient ? "differs between rows of one patient"
					       : "differs between rows of one workup");
			return;
		}
		if (!first)
			first = rows[i];
	}
}

static int by_content(const void *a, const void *b)
{
	return rows_compare(*(struct row *const *)a, *(struct row *const *)b, true);
}

void check_patient(struct tool *t, struct patient *p)
{
	struct row **rows = vx_arena_array(&t->arena, p->n_rows + 1, sizeof *rows);
	size_t n = 0;

	for (size_t i = 0; i < p->n_rows; i++)
		if (p->rows[i].readable && !p->rows[i].rejected)
			rows[n++] = &p->rows[i];
	/* Which row is told must not depend on where it stood. */
	if (n && t->map->n_checks)
		qsort(rows, n, sizeof(struct row *), by_content);
	for (size_t k = 0; k < t->map->n_checks; k++)
		if (t->map->checks[k].is == VX_IS_SAME && t->map->checks[k].per_patient)
			check_same(t, rows, n, &t->map->checks[k]);
}

static void check_ratio(struct tool *t, struct row *row, const struct vx_pathmap_check *c)
{
	const vx_column columns[] = { c->column, c->others[0], c->others[1] };
	double v[3];
	struct finding f = { .rule = c->rule,
		.severity = c->severity,
		.n = 3,
		.message = "the first is not the second divided by the third" };

	for (size_t i = 0; i < 3; i++) {
		f.columns[i] = t->map->columns[columns[i]];
		f.values[i] = row->cells[columns[i]];
		if (cell_blank(t, f.values[i]) ||
			vx_cell_number(f.values[i].text, f.values[i].len, t->map->decimal, &v[i], NULL) != VX_OK)
			return;
	}
	if (v[2] > 0 && fabs(v[0] - v[1] / v[2]) > c->tolerance * fabs(v[1] / v[2]))
		findings_add(t, row, &f);
}

static void check_equal(struct tool *t, struct row *row, const struct vx_pathmap_check *c)
{
	struct vx_slice a = row->cells[c->column], b = row->cells[c->others[0]];

	if (!cell_blank(t, a) && !cell_blank(t, b) && !cells_alike(t, a, b))
		check_found(t, row, c, c->severity, a, t->map->columns[c->others[0]], b, "the two should be equal");
}

void check_row(struct tool *t, struct row *row)
{
	for (size_t k = 0; k < t->map->n_checks; k++) {
		if (t->map->checks[k].is == VX_IS_RATIO)
			check_ratio(t, row, &t->map->checks[k]);
		else if (t->map->checks[k].is == VX_IS_EQUAL)
			check_equal(t, row, &t->map->checks[k]);
	}
}
