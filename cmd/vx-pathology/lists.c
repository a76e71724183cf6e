/* lists: cells that hold a list ("4+3,0+0") -> items, each with its own view of the row's cells. A list that leaves entries
 * out gets its holes back where the mapping says which; one whose length does not fit is never shifted.
 * SPDX-License-Identifier: MIT
 */
#include "pathology.h"

#define ITEMS_MAX 1000

struct items {
	struct vx_slice *list;
	size_t n;
	bool blank; /* the cell says nothing at all */
	bool aside; /* it says something that cannot be laid out */
};

static struct items split(struct tool *t, struct vx_slice cell)
{
	struct items items = { .blank = cell_blank(t, cell) };
	size_t from = 0;

	if (items.blank)
		return items;
	for (size_t i = 0; i <= cell.len; i++)
		items.n += i == cell.len || cell.text[i] == t->map->separator;
	items.list = vx_arena_array(&t->arena, items.n, sizeof *items.list);
	items.n = 0;
	for (size_t i = 0; i <= cell.len; i++) {
		if (i < cell.len && cell.text[i] != t->map->separator)
			continue;
		items.list[items.n++] = vx_cell_trim(cell.text + from, i - from);
		from = i + 1;
	}
	return items;
}

static bool grades(const struct tool *t, vx_column column)
{
	const struct vx_pathmap_grade *g = &t->map->component.grade;

	return g->given && (column == g->gleason || column == g->text || column == g->isup || column == g->primary);
}

/* The list that says how many items there are: of those that grade and omit nothing the first, else of the others. */
static size_t leader(const struct tool *t, const struct items *items)
{
	size_t best = t->map->n_lists;

	for (size_t pass = 0; pass < 2 && best == t->map->n_lists; pass++)
		for (size_t i = 0; i < t->map->n_lists && best == t->map->n_lists; i++)
			if (!items[i].blank && t->map->lists[i].omits == VX_NO_COLUMN &&
				(pass || grades(t, t->map->lists[i].column)))
				best = i;
	return best;
}

static bool is_omitted(struct tool *t, const struct vx_pathmap_list *list, struct vx_slice item)
{
	vx_buf_clear(&t->folded);
	vx_pathmap_fold(&t->folded, item.text, item.len);
	for (size_t i = 0; i < list->n_omit_values; i++)
		if (strcmp(list->omit_values[i], t->folded.len ? t->folded.data : "") == 0)
			return true;
	return false;
}

static void tell_list(
	struct tool *t, struct row *row, vx_column column, vx_column leads, const char *severity, const char *message)
{
	struct finding f = { .rule = "list_length",
		.severity = severity,
		.columns = { t->map->columns[column], t->map->columns[leads] },
		.values = { row->cells[column], row->cells[leads] },
		.n = column == leads ? 1 : 2,
		.message = message };

	findings_add(t, row, &f);
}

/* "3+4," ends with a separator: that is one entry, unless another list has a second one. */
static bool ends_empty(const struct items *items, size_t n_lists, size_t nth)
{
	const struct items *one = &items[nth];

	if (one->n < 2 || one->list[one->n - 1].len)
		return false;
	for (size_t k = 0; k < n_lists; k++)
		if (items[k].n == one->n && items[k].list[one->n - 1].len)
			return false;
	return true;
}

static void drop_trailing(struct tool *t, struct row *row, struct items *items)
{
	bool *drop = vx_arena_array(&t->arena, t->map->n_lists + 1, sizeof *drop);

	for (size_t i = 0; i < t->map->n_lists; i++)
		drop[i] = ends_empty(items, t->map->n_lists, i);
	for (size_t i = 0; i < t->map->n_lists; i++) {
		if (!drop[i])
			continue;
		items[i].n--;
		tell_list(t, row, t->map->lists[i].column, t->map->lists[i].column, "warning",
			"ends with a separator: nothing is taken to stand behind it");
	}
}

/* A list without the entries whose neighbour in another column is one of some words: blanks go where they were. Where
 * nothing was left out, nothing may stand in their places. */
static bool fill_holes(
	struct tool *t, const struct vx_pathmap_list *list, const struct items *where, struct items *items)
{
	struct vx_slice *full = vx_arena_array(&t->arena, where->n + 1, sizeof *full);
	size_t from = 0, holes = 0;
	bool empty = true;

	for (size_t i = 0; i < where->n; i++) {
		bool hole = is_omitted(t, list, where->list[i]);

		holes += hole;
		if (hole && i < items->n)
			empty &= cell_blank(t, items->list[i]);
	}
	if (items->n == where->n)
		return empty;
	if (items->n + holes != where->n)
		return false;
	for (size_t i = 0; i < where->n; i++)
		full[i] = is_omitted(t, list, where->list[i]) ? slice("") : items->list[from++];
	items->list = full;
	items->n = where->n;
	return true;
}

/* All lists of one length, or left aside. */
static int align(struct tool *t, struct row *row, struct items *items, size_t lead, struct vx_error *err)
{
	const struct vx_pathmap *m = t->map;

	for (size_t i = 0; i < m->n_lists; i++) {
		const struct vx_pathmap_list *list = &m->lists[i];
		bool fits = true;

		if (items[i].blank)
			continue;
		for (size_t k = 0; list->omits != VX_NO_COLUMN && k < m->n_lists; k++)
			if (m->lists[k].column == list->omits)
				fits = !items[k].blank && fill_holes(t, list, &items[k], &items[i]);
		if (fits && items[i].n == items[lead].n)
			continue;
		if (list->omits == VX_NO_COLUMN && grades(t, list->column))
			return vx_error_set(err, VX_EREJECT, m->columns[list->column],
				"'%.*s' has %zu entries where %s has %zu",
				(int)vx_utf8_cut(row->cells[list->column].text, row->cells[list->column].len, 80),
				row->cells[list->column].text, items[i].n, m->columns[m->lists[lead].column],
				items[lead].n);
		items[i].aside = true;
		tell_list(t, row, list->column, m->lists[lead].column, "error",
			items[i].n != items[lead].n ? "the two lists differ in length; the first one is left aside"
						    : "says something where it leaves entries out; it is left aside");
	}
	return VX_OK;
}

/* What an item's view of the cells has of a list. A cell that is but "N/A" says so of every item; it is not empty. */
static struct vx_slice entry(const struct items *items, struct vx_slice cell, size_t nth)
{
	if (items->aside)
		return slice("");
	return items->blank ? cell : items->list[nth];
}

int lists_split(struct tool *t, struct row *row, struct part **parts, size_t *n, struct vx_error *err)
{
	const struct vx_pathmap *m = t->map;
	struct items *items = vx_arena_array(&t->arena, m->n_lists + 1, sizeof *items);
	bool doubtful = false;
	size_t lead;

	*n = 0;
	*parts = NULL;
	for (size_t i = 0; i < m->n_lists; i++)
		items[i] = split(t, row->cells[m->lists[i].column]);
	drop_trailing(t, row, items);
	lead = leader(t, items);
	for (size_t i = 0; i < m->n_lists && lead == m->n_lists; i++)
		if (!items[i].blank)
			return vx_error_set(err, VX_EREJECT, m->columns[m->lists[i].column],
				"'%.*s' leaves entries out, and the list that says which is blank",
				(int)vx_utf8_cut(
					row->cells[m->lists[i].column].text, row->cells[m->lists[i].column].len, 80),
				row->cells[m->lists[i].column].text);
	if (lead == m->n_lists)
		return VX_OK;
	if (align(t, row, items, lead, err) != VX_OK)
		return VX_EREJECT;
	for (size_t i = 0; i < m->n_lists; i++)
		doubtful |= items[i].aside && grades(t, m->lists[i].column);
	*n = items[lead].n;
	if (*n > ITEMS_MAX)
		return vx_error_set(err, VX_EREJECT, m->columns[m->lists[lead].column],
			"%zu entries, where a list has at most %d: is '%c' what parts them?", *n, ITEMS_MAX,
			m->separator);
	*parts = vx_arena_array(&t->arena, *n, sizeof **parts);
	for (size_t k = 0; k < *n; k++) {
		struct vx_slice *view = vx_arena_array(&t->arena, m->n_columns, sizeof *view);

		memcpy(view, row->cells, m->n_columns * sizeof *view);
		for (size_t i = 0; i < m->n_lists; i++)
			view[m->lists[i].column] = entry(&items[i], row->cells[m->lists[i].column], k);
		(*parts)[k] = (struct part){ .row = row, .cells = view, .item = (int)k + 1, .never_benign = doubtful };
	}
	return VX_OK;
}
