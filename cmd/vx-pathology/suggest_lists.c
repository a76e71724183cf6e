/* suggest_lists: cells that hold a list each, in several columns side by side: what stands between the items, and which
 * list leaves items out where another has a blank one.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "suggest_plan.h"

static const char separators[] = ",;|/\n+&";

/* Whether cell is a list of grades: two items and more, each a grade or blank, and one grade at least. */
static bool is_grades(const struct suggest_plan *p, struct vx_slice cell, char separator, enum vx_grade_column kind)
{
	struct vx_slice item;
	struct vx_grade g;
	size_t at = 0, items = 0, grades = 0;

	while (suggest_item(separator, cell, &at, &item)) {
		items++;
		if (suggest_blank(p, item.text, item.len))
			continue;
		if (vx_grade_parse(item.text, item.len, kind, p->lexicon, &g, NULL) != VX_OK)
			return false;
		grades++;
	}
	return items > 1 && grades > 0;
}

/* How many distinct cells of a column are such lists and nothing else. 0 where most cells with the separator are
 * none. */
static size_t count_lists(const struct suggest_plan *p, size_t column, char separator)
{
	const struct suggest_column *col = &p->t->columns[column];
	enum vx_grade_column kind = suggest_hint(p, column, HINT(GLEASON)) ? VX_GRADE_GLEASON : VX_GRADE_GROUP;
	struct vx_grade g;
	size_t with = 0, lists = 0;

	for (size_t i = 0; i < col->n; i++) {
		struct vx_slice cell = { col->values[i].text, col->values[i].len };
		if (!memchr(cell.text, separator, cell.len))
			continue;
		if (vx_grade_parse(cell.text, cell.len, kind, p->lexicon, &g, NULL) == VX_OK ||
			suggest_blank(p, cell.text, cell.len))
			continue;
		with++;
		lists += is_grades(p, cell, separator, kind);
	}
	return lists * 10 >= with * 8 ? lists : 0;
}

/* The column that lists are measured by: one with Gleason scores before one with groups. */
static size_t find_anchor(struct suggest_plan *p)
{
	static const uint64_t wanted[] = { HINT(GLEASON), HINT(ISUP) };

	for (size_t h = 0; h < sizeof wanted / sizeof *wanted; h++) {
		size_t best = 0, anchor = NO_COLUMN;
		for (size_t c = 0; c < p->t->n; c++) {
			if (!suggest_free(p, c) || !suggest_hint(p, c, wanted[h]))
				continue;
			for (const char *s = separators; *s; s++) {
				size_t n = count_lists(p, c, *s);
				if (n > best) {
					best = n;
					anchor = c;
					p->separator = *s;
				}
			}
		}
		if (anchor != NO_COLUMN)
			return anchor;
	}
	return NO_COLUMN;
}

/* An item that another list may leave out: a word that says nothing. An empty item is none, a mapping cannot name it. */
static bool is_hole(const struct suggest_plan *p, struct vx_slice item)
{
	return item.len && suggest_blank(p, item.text, item.len);
}

static size_t count_items(const struct suggest_plan *p, struct vx_slice cell, bool blank_too)
{
	struct vx_slice item;
	size_t at = 0, n = 0;

	while (suggest_item(p->separator, cell, &at, &item))
		n += blank_too || !is_hole(p, item);
	return n;
}

static void add_list(struct suggest_plan *p, size_t column, size_t where, struct vx_json *is)
{
	p->lists = vx_realloc(p->lists, (p->n_lists + 1) * sizeof *p->lists);
	p->lists[p->n_lists++] = (struct suggest_list){ .column = column, .where = where, .is = is };
	suggest_profile_column(p, column);
}

/* Rows in which both have something and one at least is a list; those where both are as long; those where column is
 * as long as what is not blank in other. */
struct lengths {
	long rows, equal, without;
};

static struct lengths compare(const struct suggest_plan *p, size_t column, size_t other)
{
	struct lengths l = { 0 };

	for (size_t r = 0; r < p->t->n_sample; r++) {
		struct vx_slice a = suggest_cell(p, r, column), b = suggest_cell(p, r, other);
		size_t n = count_items(p, a, true), m = count_items(p, b, true);
		if (!a.len || !b.len || (n < 2 && m < 2))
			continue;
		l.rows++;
		l.equal += n == m;
		l.without += n == count_items(p, b, false);
	}
	return l;
}

static bool has_list(const struct suggest_plan *p, size_t column)
{
	const struct suggest_column *col = &p->t->columns[column];

	for (size_t i = 0; i < col->n; i++)
		if (memchr(col->values[i].text, p->separator, col->values[i].len))
			return true;
	return false;
}

static int by_slice(const void *a, const void *b)
{
	const struct vx_slice *x = a, *y = b;
	size_t n = x->len < y->len ? x->len : y->len;
	int c = memcmp(x->text, y->text, n);

	return c ? c : (x->len > y->len) - (x->len < y->len);
}

/* The blank items of a column's lists, each once. */
static struct vx_json *blank_items(const struct suggest_plan *p, size_t column)
{
	const struct suggest_column *col = &p->t->columns[column];
	struct vx_json *is = vx_json_array();
	struct vx_slice found[16], item;
	size_t n = 0;

	for (size_t i = 0; i < col->n; i++) {
		struct vx_slice cell = { col->values[i].text, col->values[i].len };
		size_t at = 0, k;
		while (suggest_item(p->separator, cell, &at, &item)) {
			if (!is_hole(p, item))
				continue;
			for (k = 0; k < n && by_slice(&found[k], &item) != 0; k++)
				;
			if (k == n && n < sizeof found / sizeof *found)
				found[n++] = item;
		}
	}
	qsort(found, n, sizeof *found, by_slice);
	for (size_t i = 0; i < n; i++)
		vx_json_push(is, vx_json_string_n(found[i].text, found[i].len));
	return is;
}

/* A column that is a list in step with the anchor, or that leaves out what is blank in a list in step. */
static bool take_list(struct suggest_plan *p, size_t column, size_t anchor, bool aligned)
{
	struct lengths l = compare(p, column, anchor);

	if (aligned) {
		if (!suggest_most(l.equal, l.rows, 90) || (l.without > l.equal && suggest_most(l.without, l.rows, 97)))
			return false;
		add_list(p, column, NO_COLUMN, NULL);
		if (l.equal < l.rows)
			suggest_unsure(p, RANK_ROWS,
				"component.lists: in %ld of %ld sampled rows \"%s\" is not as long as \"%s\"; these "
				"rows are rejected",
				l.rows - l.equal, l.rows, suggest_name(p, column), suggest_name(p, anchor));
		return true;
	}
	for (size_t i = 0; i < p->n_lists; i++) {
		size_t where = p->lists[i].column;
		if (p->lists[i].where != NO_COLUMN)
			continue;
		l = compare(p, column, where);
		if (!suggest_most(l.without, l.rows, 90))
			continue;
		struct vx_json *is = blank_items(p, where);
		if (!vx_json_size(is)) {
			vx_json_free(is);
			continue;
		}
		add_list(p, column, where, is);
		suggest_unsure(p, RANK_ROWS,
			"component.lists.omit: \"%s\" is shorter than \"%s\" in %ld of %ld sampled rows; it is taken "
			"to leave out the items that are blank there%s",
			suggest_name(p, column), suggest_name(p, where), l.rows - l.equal, l.rows,
			l.without < l.rows ? ", where it is shorter still the row is rejected" : "");
		return true;
	}
	return false;
}

static int by_column(const void *a, const void *b)
{
	const struct suggest_list *x = a, *y = b;

	return (x->column > y->column) - (x->column < y->column);
}

void suggest_lists(struct suggest_plan *p)
{
	size_t anchor = find_anchor(p);

	if (anchor == NO_COLUMN)
		return;
	add_list(p, anchor, NO_COLUMN, NULL);
	for (int aligned = 1; aligned >= 0; aligned--)
		for (size_t c = 0; c < p->t->n; c++) {
			if (c == anchor || !suggest_free(p, c) || !has_list(p, c) || suggest_list_of(p, c) ||
				suggest_hint(p, c, HINT(COMMENT) | HINT(PATIENT)))
				continue;
			if (!take_list(p, c, anchor, aligned) && !aligned &&
				suggest_hint(p, c, HINT(GLEASON) | HINT(ISUP)))
				suggest_unsure(p, RANK_ROWS,
					"component.lists: \"%s\" holds lists, but they are not as long as those of "
					"\"%s\"",
					suggest_name(p, c), suggest_name(p, anchor));
		}
	if (p->n_lists > 1)
		qsort(p->lists, p->n_lists, sizeof *p->lists, by_column);
}
