/* lists: cells that hold a list ("4+3,0+0") -> items, each with its own view of the row's cells. A list that leaves entries
 * out gets its holes back where the mapping says which; one whose length does not fit is never shifted.
 * SPDX-License-Identifier: MIT
 */
#include "pathology.h"

struct items {
	struct vx_slice *list;
	size_t n;
	bool blank; /* the cell says nothing at all */
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

/* A list without the entries whose neighbour in another column is one of some words: blanks go where they were. */
static void fill_holes(
	struct tool *t, const struct vx_pathmap_list *list, const struct items *where, struct items *items)
{
	struct vx_slice *full = vx_arena_array(&t->arena, where->n + 1, sizeof *full);
	size_t from = 0, holes = 0;

	for (size_t i = 0; i < where->n; i++)
		holes += is_omitted(t, list, where->list[i]);
	if (items->n + holes != where->n)
		return;
	for (size_t i = 0; i < where->n; i++)
		full[i] = is_omitted(t, list, where->list[i]) ? slice("") : items->list[from++];
	items->list = full;
	items->n = where->n;
	items->blank = false;
}

static void tell_length(struct tool *t, struct row *row, vx_column column, vx_column leads)
{
	struct finding f = { .rule = "list_length",
		.severity = "error",
		.columns = { t->map->columns[column], t->map->columns[leads] },
		.values = { row->cells[column], row->cells[leads] },
		.n = 2,
		.message = "the two lists differ in length; the first one is left aside" };

	findings_add(t, row, &f);
}

/* All lists of one length, or not in use. */
static int align(struct tool *t, struct row *row, struct items *items, size_t lead, struct vx_error *err)
{
	const struct vx_pathmap *m = t->map;

	for (size_t i = 0; i < m->n_lists; i++) {
		const struct vx_pathmap_list *list = &m->lists[i];

		for (size_t k = 0; list->omits != VX_NO_COLUMN && k < m->n_lists; k++)
			if (m->lists[k].column == list->omits && items[i].n != items[k].n)
				fill_holes(t, list, &items[k], &items[i]);
		if (items[i].blank || items[i].n == items[lead].n)
			continue;
		if (list->omits == VX_NO_COLUMN && grades(t, list->column))
			return vx_error_set(err, VX_EREJECT, m->columns[list->column],
				"'%.*s' has %zu entries where %s has %zu", (int)row->cells[list->column].len,
				row->cells[list->column].text, items[i].n, m->columns[m->lists[lead].column],
				items[lead].n);
		tell_length(t, row, list->column, m->lists[lead].column);
		items[i].blank = true;
	}
	return VX_OK;
}

int lists_split(struct tool *t, struct row *row, struct part **parts, size_t *n, struct vx_error *err)
{
	const struct vx_pathmap *m = t->map;
	struct items *items = vx_arena_array(&t->arena, m->n_lists + 1, sizeof *items);
	size_t lead;

	*n = 0;
	*parts = NULL;
	for (size_t i = 0; i < m->n_lists; i++)
		items[i] = split(t, row->cells[m->lists[i].column]);
	lead = leader(t, items);
	if (lead == m->n_lists)
		return VX_OK;
	if (align(t, row, items, lead, err) != VX_OK)
		return VX_EREJECT;
	*n = items[lead].n;
	*parts = vx_arena_array(&t->arena, *n, sizeof **parts);
	for (size_t k = 0; k < *n; k++) {
		struct vx_slice *view = vx_arena_array(&t->arena, m->n_columns, sizeof *view);

		memcpy(view, row->cells, m->n_columns * sizeof *view);
		for (size_t i = 0; i < m->n_lists; i++)
			view[m->lists[i].column] = items[i].blank ? slice("") : items[i].list[k];
		(*parts)[k] = (struct part){ .row = row, .cells = view, .item = (int)k + 1 };
	}
	return VX_OK;
}
