/* patient: the rows of one patient -> the tree, what was found on the way, and the resources.
 * SPDX-License-Identifier: MIT
 */
#include "pathology.h"

#define MISFITS_MAX 100

/* Once more without the rows that a finding is about. */
static bool reject_strange(struct tool *t, struct vx_job *job, struct patient *p)
{
	bool any = false;

	for (size_t i = 0; t->o->strict && i < p->n_rows; i++) {
		struct vx_error err;
		struct row *row = &p->rows[i];

		vx_error_clear(&err);
		if (!row->strange || row->rejected)
			continue;
		vx_error_set(&err, VX_EREJECT, row->strange_column, "%s", row->strange);
		reject_row(t, job, row, &err);
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
		struct vx_error why;

		vx_error_clear(&why);
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

/* A workup whose components were all rejected is none: nothing is known of it but that. */
static bool is_left(const struct tool *t, const struct workup *w)
{
	return w->n_components || !w->n_rejected || (t->map->rows == VX_ROWS_WORKUP && w->n_rows);
}

static void build(struct tool *t, struct vx_job *job, struct patient *p)
{
	size_t left = 0;

	workups_build(t, job, p);
	for (size_t i = 0; i < p->n_workups; i++) {
		struct workup *w = &p->workups[left];

		if (left != i)
			*w = p->workups[i];
		names_give(t, job, p, w);
		if (!is_left(t, w)) {
			p->stray += (long)w->n_rejected;
			continue;
		}
		left++;
		aggregate_workup(t, w);
		check_components(t, w);
		check_workup(t, w);
	}
	p->n_workups = left;
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

int patient_take(
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
