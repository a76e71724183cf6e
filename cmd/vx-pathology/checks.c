/* checks: the columns that must agree, with each other and with the tree: each contradiction is a finding with both values.
 * SPDX-License-Identifier: MIT
 */
#include "pathology.h"

/* Whether a csPCa column speaks of a component: it does where a row, or an item of its list, is one. */
static bool of_component(const struct tool *t, const struct vx_pathmap_check *c)
{
	if (c->is != VX_IS_CSPCA || t->map->rows != VX_ROWS_WORKUP)
		return c->is == VX_IS_ISUP || c->is == VX_IS_SCORE || c->is == VX_IS_CSPCA;
	for (size_t i = 0; i < t->map->n_lists; i++)
		if (t->map->lists[i].column == c->column)
			return true;
	return false;
}

static bool of_workup(const struct tool *t, const struct vx_pathmap_check *c)
{
	return c->is == VX_IS_WORST_ISUP || c->is == VX_IS_WORST_CSPCA || c->is == VX_IS_TOTAL_CORES ||
	       c->is == VX_IS_AFFECTED_CORES || (c->is == VX_IS_CSPCA && !of_component(t, c));
}

static bool one_of_words(struct tool *t, char **words, struct vx_slice cell)
{
	vx_buf_clear(&t->folded);
	vx_pathmap_fold(&t->folded, cell.text, cell.len);
	for (; words && *words; words++)
		if (strcmp(*words, t->folded.len ? t->folded.data : "") == 0)
			return true;
	return false;
}

/* What the tree says, as a finding shows it: "3", "2 or 3", "asap", "not assessed". */
static struct vx_slice tree_says(struct tool *t, const struct vx_grade *tree)
{
	struct vx_buf b = VX_BUF_INIT;
	struct vx_slice s;

	if (tree->isup >= 0)
		vx_buf_printf(&b, "%d", tree->isup);
	else if (tree->state == VX_UNGRADED)
		vx_buf_printf(&b, "%s, not graded", tree->cancer_type);
	else if (tree->state != VX_AMBIGUOUS)
		vx_buf_puts(&b, "not assessed");
	for (int i = 0; tree->state == VX_AMBIGUOUS && i <= 5; i++)
		if (tree->candidates >> i & 1)
			vx_buf_printf(&b, "%s%d", b.len ? " or " : "", i);
	s = keep(t, &b);
	vx_buf_free(&b);
	return s;
}

/* Nothing was assessed, and yet the source says something: by its convention, or against itself. */
static void unassessed(struct tool *t, struct row *row, const struct vx_pathmap_check *c, struct vx_slice cell)
{
	bool convention = one_of_words(t, c->unassessed, cell);

	check_found(t, row, c, convention ? "info" : c->severity, cell, "(assessed tissue)", slice("not assessed"),
		convention ? "what the source writes where nothing was assessed" : "nothing was assessed");
}

/* The groups that tissue may be of. Cancer that nobody graded is of one of 1 to 5; suspicious tissue is no cancer. */
static unsigned groups_of(const struct vx_grade *tree)
{
	if (tree->state == VX_AMBIGUOUS)
		return tree->candidates;
	if (tree->state == VX_UNGRADED)
		return tree->cancer_type && strcmp(tree->cancer_type, "tumor") == 0 ? 0x3e : 1;
	return tree->isup >= 0 ? 1u << tree->isup : 0;
}

static void check_group(struct tool *t, struct row *row, const struct vx_pathmap_check *c, struct vx_slice cell,
	const struct vx_grade *tree)
{
	struct vx_error why;
	struct vx_grade g;

	vx_error_clear(&why);
	if (!groups_of(tree))
		unassessed(t, row, c, cell);
	else if (vx_grade_parse(cell.text, cell.len, VX_GRADE_GROUP, t->lexicon, &g, &why) != VX_OK)
		check_found(t, row, c, c->severity, cell, NULL, slice(""), "is no grade group");
	else if (groups_of(&g) && !(groups_of(&g) & groups_of(tree)))
		check_found(t, row, c, c->severity, cell, "(tree)", tree_says(t, tree),
			"is not the grade group of the tissue");
}

static void check_cspca(struct tool *t, struct row *row, const struct vx_pathmap_check *c, struct vx_slice cell,
	const struct vx_grade *tree)
{
	bool yes = one_of_words(t, c->yes, cell), no = one_of_words(t, c->no, cell);
	unsigned high = 0x3fu & ~((1u << c->min_isup) - 1), groups = groups_of(tree);

	if (!yes && !no)
		check_found(
			t, row, c, c->severity, cell, NULL, slice(""), "neither yes nor no, as the mapping has them");
	else if (!groups)
		unassessed(t, row, c, cell);
	else if (yes ? !(groups & high) : !(groups & ~high))
		check_found(
			t, row, c, c->severity, cell, "(tree)", tree_says(t, tree), "is not what the grade group says");
}

static void check_score(struct tool *t, struct row *row, const struct vx_pathmap_check *c, struct vx_slice cell,
	const struct vx_grade *g)
{
	int64_t sum;
	char own[16];

	if (vx_cell_integer(cell.text, cell.len, t->map->decimal, &sum, NULL) != VX_OK)
		check_found(t, row, c, c->severity, cell, NULL, slice(""), "is no Gleason score");
	else if (g->primary && g->secondary && !g->derived && sum != g->primary + g->secondary) {
		snprintf(own, sizeof own, "%d+%d", g->primary, g->secondary);
		check_found(t, row, c, c->severity, cell, "(patterns)",
			(struct vx_slice){ vx_arena_copy(&t->arena, own, strlen(own)), strlen(own) },
			"is not the sum of the patterns");
	}
}

static void check_count(struct tool *t, struct row *row, const struct vx_pathmap_check *c, struct vx_slice cell, long n)
{
	int64_t said;
	char own[24];

	if (vx_cell_integer(cell.text, cell.len, t->map->decimal, &said, NULL) != VX_OK)
		check_found(t, row, c, c->severity, cell, NULL, slice(""), "is no number of cores");
	else if (n >= 0 && said != n) {
		snprintf(own, sizeof own, "%ld", n);
		check_found(t, row, c, c->severity, cell, "(tree)",
			(struct vx_slice){ vx_arena_copy(&t->arena, own, strlen(own)), strlen(own) },
			"is not the number of cores in the table");
	}
}

void check_components(struct tool *t, struct workup *w)
{
	for (size_t k = 0; k < t->map->n_checks; k++) {
		const struct vx_pathmap_check *c = &t->map->checks[k];

		if (!of_component(t, c))
			continue;
		for (size_t i = 0; i < w->n_components; i++) {
			struct part *p = &w->components[i];
			struct vx_slice cell = p->cells[c->column];

			if (cell_blank(t, cell))
				continue;
			if (c->is == VX_IS_ISUP)
				check_group(t, p->row, c, cell, &p->grade);
			else if (c->is == VX_IS_CSPCA)
				check_cspca(t, p->row, c, cell, &p->grade);
			else
				check_score(t, p->row, c, cell, &p->grade);
		}
	}
}

/* A summary as one grade. */
static struct vx_grade tree_of(const struct aggregate *sum)
{
	struct vx_grade tree = { .state = VX_NOT_ASSESSED, .isup = -1 };

	if (sum->candidates) {
		tree.state = VX_AMBIGUOUS;
		tree.candidates = sum->candidates;
		tree.cancer_type = sum->cancer_type;
	} else if (aggregate_isup(sum) >= 0) {
		tree = sum->worst;
	} else if (sum->cancer_type) {
		tree.state = VX_UNGRADED;
		tree.cancer_type = sum->cancer_type;
	}
	return tree;
}

static void check_summary(struct tool *t, struct row *row, const struct vx_pathmap_check *c, struct vx_slice cell,
	const struct aggregate *sum)
{
	const struct vx_grade tree = tree_of(sum);

	if (sum->rejected)
		return; /* a part of the tree is missing: nothing can be held against it */
	switch (c->is) {
	case VX_IS_WORST_ISUP:
		check_group(t, row, c, cell, &tree);
		break;
	case VX_IS_CSPCA:
	case VX_IS_WORST_CSPCA:
		check_cspca(t, row, c, cell, &tree);
		break;
	case VX_IS_TOTAL_CORES:
		check_count(t, row, c, cell, sum->total_cores);
		break;
	case VX_IS_AFFECTED_CORES:
		check_count(t, row, c, cell, sum->affected_cores);
		break;
	default:
		break;
	}
}

/* What a workup says of its cores, against itself and against its grade. */
static void check_said_counts(struct tool *t, struct workup *w)
{
	const struct vx_pathmap_part *how = &t->map->workup;
	const struct part *p = &w->part;
	const struct vx_grade tree = tree_of(&w->sum);
	bool cancer = tree.cancer_type && strcmp(tree.cancer_type, "tumor") == 0;
	vx_column columns[2];

	if (w->sum.rows_total >= 0 && p->total_cores >= 0 && p->total_cores != w->sum.rows_total)
		tell(t, p, "counts", p->total_cores < w->sum.rows_total ? "error" : "warning", how->total_cores.columns,
			1,
			p->total_cores < w->sum.rows_total ? "fewer cores than the table has rows: left open"
							   : "more cores than the table has rows");
	if (w->sum.rows_affected >= 0 && p->affected_cores >= 0 && p->affected_cores != w->sum.rows_affected)
		tell(t, p, "counts", p->affected_cores < w->sum.rows_affected ? "error" : "warning",
			how->affected_cores.columns, 1,
			p->affected_cores < w->sum.rows_affected ? "fewer affected cores than the table has: left open"
								 : "more affected cores than the table has");
	if (p->affected_cores < 0)
		return;
	columns[0] = how->affected_cores.columns[0];
	if (p->total_cores >= 0 && p->affected_cores > p->total_cores) {
		columns[1] = how->total_cores.columns[0];
		tell(t, p, "counts", "error", columns, 2, "more affected cores than cores");
	}
	columns[1] = p->graded_by;
	if (w->sum.rejected || tree.state == VX_NOT_ASSESSED)
		return;
	if (cancer != (p->affected_cores > 0))
		tell(t, p, "counts", "error", columns, p->graded_by == VX_NO_COLUMN ? 1 : 2,
			cancer ? "cancer, and yet no core is affected" : "no cancer, and yet cores are affected");
}

void check_workup(struct tool *t, struct workup *w)
{
	check_said_counts(t, w);
	for (size_t k = 0; k < t->map->n_checks; k++) {
		const struct vx_pathmap_check *c = &t->map->checks[k];

		if (c->is == VX_IS_SAME && !c->per_patient)
			check_same(t, w->rows, w->n_rows, c);
		if (!of_workup(t, c))
			continue;
		for (size_t i = 0; i < w->n_rows; i++) {
			struct vx_slice cell = w->rows[i]->cells[c->column];

			if (!cell_blank(t, cell) && (i == 0 || slice_compare(cell, w->rows[i - 1]->cells[c->column])))
				check_summary(t, w->rows[i], c, cell, &w->sum);
		}
	}
}

/* A column of the components that says something in a row which is taken to hold no pathology. */
static void doubt_empty(struct tool *t, struct row *row, vx_column column, bool measure)
{
	struct vx_slice cell;
	struct finding f = { .rule = "when",
		.severity = "error",
		.n = 1,
		.message = "the row is taken to hold no pathology, and yet this cell does" };
	double v;

	if (column == VX_NO_COLUMN || cell_blank(t, cell = row->cells[column]))
		return;
	if (measure && vx_cell_number(cell.text, cell.len, t->map->decimal, &v, NULL) == VX_OK && !(v > 0))
		return;
	f.columns[0] = t->map->columns[column];
	f.values[0] = cell;
	findings_add(t, row, &f);
}

/* A row without pathology: what it says of a grade all the same. */
void check_empty_row(struct tool *t, struct row *row)
{
	const struct vx_pathmap_part *parts[] = { &t->map->component, &t->map->workup };

	for (size_t i = 0; i < 2; i++) {
		const struct vx_pathmap_grade *g = &parts[i]->grade;
		const vx_column graders[] = { g->gleason, g->primary, g->secondary, g->isup, g->text };

		for (size_t k = 0; g->given && k < sizeof graders / sizeof graders[0]; k++)
			doubt_empty(t, row, graders[k], false);
		for (size_t k = 0; k < parts[i]->cancer_length.n; k++)
			doubt_empty(t, row, parts[i]->cancer_length.columns[k], true);
		for (size_t k = 0; k < parts[i]->percent_cancer.n; k++)
			doubt_empty(t, row, parts[i]->percent_cancer.columns[k], true);
	}
	for (size_t k = 0; k < t->map->n_checks; k++) {
		const struct vx_pathmap_check *c = &t->map->checks[k];
		struct vx_slice cell = row->cells[c->column];

		if ((c->is == VX_IS_WORST_ISUP || c->is == VX_IS_CSPCA || c->is == VX_IS_WORST_CSPCA ||
			    c->is == VX_IS_ISUP) &&
			!cell_blank(t, cell))
			unassessed(t, row, c, cell);
	}
}
