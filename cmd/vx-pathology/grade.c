/* grade: the columns that say how a piece of tissue is graded -> one grade, and what disagrees with it.
 * SPDX-License-Identifier: MIT
 */
#include "pathology.h"

/* What one column says, or several together (primary, secondary). */
struct saying {
	vx_column columns[3];
	size_t n;
	struct vx_grade grade;
};

static const struct vx_grade not_assessed = { .state = VX_NOT_ASSESSED, .isup = -1 };

/* The table's own words, as the mapping explains them. */
static bool own_word(struct tool *t, const struct vx_pathmap_grade *how, struct vx_slice cell, struct vx_grade *g)
{
	vx_buf_clear(&t->folded);
	vx_pathmap_fold(&t->folded, cell.text, cell.len);
	for (size_t i = 0; i < how->n_words && t->folded.len; i++) {
		if (strcmp(how->words[i].folded, t->folded.data) == 0) {
			vx_grade_result(how->words[i].result, g);
			return true;
		}
	}
	return false;
}

static int parse_cell(struct tool *t, const struct vx_pathmap_grade *how, vx_column column, struct vx_slice cell,
	enum vx_grade_column kind, struct vx_grade *g, struct vx_error *err)
{
	struct vx_error why;

	vx_error_clear(&why);
	*g = not_assessed;
	if ((how->n_words && own_word(t, how, cell, g)) || cell_blank(t, cell) ||
		vx_grade_parse(cell.text, cell.len, kind, t->lexicon, g, &why) == VX_OK)
		return VX_OK;
	return refuse(t, column, cell, err, why.reason);
}

static int pattern(struct tool *t, vx_column column, const struct part *p, int *v, struct vx_error *err)
{
	struct vx_error why;

	vx_error_clear(&why);
	*v = 0;
	if (column == VX_NO_COLUMN || cell_blank(t, p->cells[column]) ||
		vx_grade_pattern_cell(p->cells[column].text, p->cells[column].len, v, &why) == VX_OK)
		return VX_OK;
	return refuse(t, column, p->cells[column], err, why.reason);
}

/* Patterns in columns of their own. A word ("benign") may stand in the first of them. */
static int say_patterns(struct tool *t, const struct vx_pathmap_grade *how, const struct part *p, struct saying *s,
	struct vx_error *err)
{
	struct vx_slice first = p->cells[how->primary], second = p->cells[how->secondary];
	struct vx_error why;
	int primary, secondary, tertiary;
	bool one = cell_blank(t, first), two = cell_blank(t, second);

	vx_error_clear(&why);
	s->columns[0] = how->primary;
	s->columns[1] = how->secondary;
	s->n = 2;
	if (how->tertiary != VX_NO_COLUMN)
		s->columns[s->n++] = how->tertiary;
	if (how->n_words && own_word(t, how, first, &s->grade)) {
		if (two || slice_compare(first, second) == 0)
			return VX_OK;
		return vx_error_set(err, VX_EREJECT, t->map->columns[how->primary],
			"'%.*s' is a result, and yet %s is '%.*s'", (int)vx_utf8_cut(first.text, first.len, 80),
			first.text, t->map->columns[how->secondary], (int)vx_utf8_cut(second.text, second.len, 80),
			second.text);
	}
	if (pattern(t, how->primary, p, &primary, err) != VX_OK ||
		pattern(t, how->secondary, p, &secondary, err) != VX_OK ||
		pattern(t, how->tertiary, p, &tertiary, err) != VX_OK)
		return VX_EREJECT;
	if (one && two && tertiary == 0)
		return VX_OK;
	if (one || two)
		return vx_error_set(err, VX_EREJECT, t->map->columns[one ? how->primary : how->secondary],
			"blank, while %s is '%.*s'", t->map->columns[one ? how->secondary : how->primary],
			(int)vx_utf8_cut(one ? second.text : first.text, one ? second.len : first.len, 80),
			one ? second.text : first.text);
	if (vx_grade_patterns(primary, secondary, tertiary, &s->grade, &why) == VX_OK)
		return VX_OK;
	return vx_error_set(
		err, VX_EREJECT, t->map->columns[how->primary], "%d+%d: %.900s", primary, secondary, why.reason);
}

static int say_cell(struct tool *t, const struct vx_pathmap_grade *how, const struct part *p, vx_column column,
	enum vx_grade_column kind, struct saying *s, struct vx_error *err)
{
	s->columns[0] = column;
	s->n = 1;
	return parse_cell(t, how, column, p->cells[column], kind, &s->grade, err);
}

/* A tertiary pattern beside a score that is one cell. */
static int add_tertiary(struct tool *t, const struct vx_pathmap_grade *how, const struct part *p, struct saying *s,
	struct vx_error *err)
{
	struct vx_error why;
	struct vx_grade with;
	int tertiary;

	vx_error_clear(&why);
	if (how->tertiary == VX_NO_COLUMN)
		return VX_OK;
	s->columns[s->n++] = how->tertiary;
	if (pattern(t, how->tertiary, p, &tertiary, err) != VX_OK)
		return VX_EREJECT;
	if (tertiary == 0)
		return VX_OK;
	if (s->grade.primary == 0)
		return refuse(
			t, how->tertiary, p->cells[how->tertiary], err, "a tertiary pattern without the first two");
	if (vx_grade_patterns(s->grade.primary, s->grade.secondary, tertiary, &with, &why) != VX_OK)
		return refuse(t, how->tertiary, p->cells[how->tertiary], err, why.reason);
	s->grade.tertiary = with.tertiary;
	s->grade.warning = with.warning ? with.warning : s->grade.warning;
	return VX_OK;
}

/* All columns, the most detailed first. */
static int say_all(struct tool *t, const struct vx_pathmap_grade *how, const struct part *p, struct saying *list,
	size_t *n, struct vx_error *err)
{
	*n = 0;
	if (how->primary != VX_NO_COLUMN && say_patterns(t, how, p, &list[(*n)++], err) != VX_OK)
		return VX_EREJECT;
	if (how->gleason != VX_NO_COLUMN) {
		struct saying *s = &list[(*n)++];

		if (say_cell(t, how, p, how->gleason, VX_GRADE_GLEASON, s, err) != VX_OK ||
			add_tertiary(t, how, p, s, err) != VX_OK)
			return VX_EREJECT;
	}
	if (how->text != VX_NO_COLUMN && say_cell(t, how, p, how->text, VX_GRADE_ANY, &list[(*n)++], err) != VX_OK)
		return VX_EREJECT;
	if (how->isup != VX_NO_COLUMN && say_cell(t, how, p, how->isup, VX_GRADE_GROUP, &list[(*n)++], err) != VX_OK)
		return VX_EREJECT;
	return VX_OK;
}

/* Two columns that cannot both be right: told, and kept with what was graded. */
static void disagree(
	struct tool *t, struct part *p, const struct saying *a, const struct saying *b, struct vx_buf *other)
{
	struct finding f = { .rule = "grade",
		.severity = "error",
		.n = 2,
		.message = "the two cannot both be right; the first one stands" };
	const struct saying *both[] = { a, b };

	for (size_t i = 0; i < 2; i++) {
		vx_column c = both[i]->columns[0];

		f.columns[i] = t->map->columns[c];
		f.values[i] = p->cells[c];
		if (both[i]->n > 1) { /* 3 and 4 in two cells: shown as one */
			struct vx_slice x = p->cells[c], y = p->cells[both[i]->columns[1]];

			vx_buf_clear(&t->folded);
			vx_buf_printf(&t->folded, "%.*s+%.*s", (int)x.len, x.text, (int)y.len, y.text);
			f.values[i] = keep(t, &t->folded);
		}
	}
	findings_add(t, p->row, &f);
	put_member(other, f.columns[1], f.values[1]);
}

/* Whether every cell that could grade is empty: blank, not "N/A". */
static bool all_empty(const struct part *p, const struct saying *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < list[i].n; k++)
			if (p->cells[list[i].columns[k]].len)
				return false;
	return true;
}

/* The cells that the grade was read from, as they stand in the table. */
static void put_source(struct tool *t, const struct part *p, const struct saying *list, size_t n)
{
	struct vx_buf *b = &t->scratch;
	bool first = true;

	vx_buf_puts(b, b->len ? ",\"source\":{" : "\"source\":{");
	if (t->map->table) {
		put_text(b, "table", t->map->table, strlen(t->map->table));
		vx_buf_putc(b, ',');
	}
	vx_buf_puts(b, "\"cells\":{");
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < list[i].n; k++) {
			const char *name = t->map->columns[list[i].columns[k]];
			struct vx_slice cell = (p->item ? p->row->cells : p->cells)[list[i].columns[k]];

			if (!first)
				vx_buf_putc(b, ',');
			first = false;
			put_text(b, name, cell.text, cell.len);
		}
	}
	vx_buf_putc(b, '}');
	if (p->item)
		vx_buf_printf(b, ",\"item\":%d", p->item);
	vx_buf_putc(b, '}');
}

int read_grade(struct tool *t, const struct vx_pathmap_grade *how, struct part *p, struct vx_error *err)
{
	struct saying list[3];
	struct vx_buf disagrees = VX_BUF_INIT;
	size_t n = 0, by = 0;

	p->grade = not_assessed;
	p->graded_by = VX_NO_COLUMN;
	if (!how->given)
		return VX_OK;
	for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
		list[i].grade = not_assessed;
	if (say_all(t, how, p, list, &n, err) != VX_OK)
		return VX_EREJECT;
	while (by < n && list[by].grade.state == VX_NOT_ASSESSED)
		by++;
	if (by == n)
		by = 0; /* nobody says anything: the first column is the one to look at */
	if (how->blank_is_benign && !p->never_benign && all_empty(p, list, n))
		vx_grade_result("benign", &list[by = 0].grade);
	p->grade = list[by].grade;
	p->graded_by = list[by].columns[0];
	for (size_t i = by + 1; i < n; i++) {
		if (!vx_grade_agree(&p->grade, &list[i].grade))
			disagree(t, p, &list[by], &list[i], &disagrees);
		else
			vx_grade_narrow(&p->grade, &list[i].grade);
	}
	if (p->grade.warning)
		tell(t, p, "unusual_grade", "warning", &p->graded_by, 1, p->grade.warning);
	p->disagrees = (struct vx_slice){ NULL, 0 };
	if (disagrees.len)
		p->disagrees = keep(t, &disagrees);
	vx_buf_free(&disagrees);
	vx_buf_clear(&t->scratch);
	put_source(t, p, list, n);
	p->source = keep(t, &t->scratch);
	return VX_OK;
}
