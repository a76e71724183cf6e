/* names: identifiers of workups and components, made of what they are. Rows may come in any order.
 * SPDX-License-Identifier: MIT
 */
#include "pathology.h"
#include "vx_template.h"

/* The procedure in an identifier. */
static const char *type_segment(const char *type)
{
	static const char *const segments[][2] = { { "BIOPSY", "biopsy" }, { "RPE", "rpe" },
		{ "RESECTION", "resection" }, { "EXCISION", "excision" } };

	for (size_t i = 0; type && i < sizeof segments / sizeof segments[0]; i++)
		if (strcmp(type, segments[i][0]) == 0)
			return segments[i][1];
	return "other";
}

/* The type of a workup that does not say: its components', where they are one. */
static const char *type_of(const struct workup *w)
{
	const char *type = w->part.type;

	for (size_t i = 0; !w->part.type && i < w->n_components; i++) {
		const char *one = w->components[i].type;

		if (i && (!one || !type || strcmp(one, type) != 0))
			return "OTHER_OR_UNKNOWN";
		type = one;
	}
	return type ? type : "OTHER_OR_UNKNOWN";
}

/* Name that fits behind the longest of the types that it is used with. */
static struct vx_slice fitting(struct tool *t, const struct vx_buf *name)
{
	static const char longest[] = "assessment/";
	struct vx_buf whole = VX_BUF_INIT;
	struct vx_slice s;

	if (name->len + sizeof longest - 1 <= 255)
		return keep(t, name);
	vx_buf_puts(&whole, longest);
	vx_buf_add(&whole, name->data, name->len);
	vx_identifier_fit(&whole);
	s.len = whole.len - (sizeof longest - 1);
	s.text = vx_arena_copy(&t->arena, whole.data + sizeof longest - 1, s.len);
	vx_buf_free(&whole);
	return s;
}

/* The name columns of a component: as they are where they say which it is, else in plain words: left-lateral-base. */
static struct vx_slice label(struct tool *t, const struct part *p)
{
	struct vx_buf *b = &t->scratch;

	vx_buf_clear(b);
	for (size_t i = 0; i < t->map->n_component_name; i++) {
		struct vx_slice cell = p->cells[t->map->component_name[i]];

		if (i)
			vx_buf_putc(b, '/');
		if (cell_blank(t, cell)) {
			vx_buf_puts(b, "unnamed");
			continue;
		}
		if (t->map->component_unique) {
			vx_identifier_encode(b, cell.text, cell.len, false);
			continue;
		}
		vx_buf_clear(&t->folded);
		vx_lexicon_fold(&t->folded, cell.text, cell.len);
		for (size_t k = 0; k < t->folded.len; k++)
			if (t->folded.data[k] == ' ')
				t->folded.data[k] = '-';
		if (t->folded.len == 0)
			vx_buf_puts(b, "unnamed");
		vx_identifier_encode(b, t->folded.data, t->folded.len, false);
	}
	return keep(t, b);
}

static int by_name(const void *a, const void *b)
{
	const struct part *x = a, *y = b;
	int c = slice_compare(x->name, y->name);

	return c ? c : rows_compare(x->row, y->row, true);
}

/* Rows of one unique name: one, or none. Returns how many components are left. */
static size_t settle_rivals(struct tool *t, struct vx_job *job, struct workup *w, size_t from, size_t end, size_t kept)
{
	struct row **rows = vx_arena_array(&t->arena, end - from, sizeof *rows);

	for (size_t i = from; i < end; i++)
		rows[i - from] = w->components[i].row;
	if (end - from == 1 || one_of(t, job, rows, end - from, t->map->rows == VX_ROWS_CORE ? "core" : "lesion"))
		w->components[kept++] = w->components[from];
	else
		w->n_rejected += end - from;
	return kept;
}

static size_t reject_unnamed(struct tool *t, struct vx_job *job, struct workup *w)
{
	size_t kept = 0;

	for (size_t i = 0; i < w->n_components; i++) {
		struct part *p = &w->components[i];
		vx_column blank = VX_NO_COLUMN;

		for (size_t k = 0; k < t->map->n_component_name; k++)
			if (cell_blank(t, p->cells[t->map->component_name[k]]))
				blank = t->map->component_name[k];
		if (blank == VX_NO_COLUMN) {
			w->components[kept++] = *p;
			continue;
		}
		struct vx_error err = VX_ERROR_INIT;
		vx_error_set(&err, VX_EREJECT, t->map->columns[blank], "blank: the row does not say which %s it is",
			t->map->rows == VX_ROWS_CORE ? "core" : "lesion");
		reject_row(t, job, p->row, &err);
		w->n_rejected++;
	}
	return kept;
}

/* Rows in order of their names; those of one name settled, or told where they are one and the same. */
static void order_rows(struct tool *t, struct vx_job *job, struct workup *w)
{
	size_t kept = 0, end;

	if (t->map->component_unique)
		w->n_components = reject_unnamed(t, job, w);
	for (size_t i = 0; i < w->n_components; i++)
		w->components[i].name = label(t, &w->components[i]);
	if (w->n_components)
		qsort(w->components, w->n_components, sizeof *w->components, by_name);
	for (size_t i = 0; i < w->n_components; i = end) {
		for (end = i + 1;
			end < w->n_components && slice_compare(w->components[end].name, w->components[i].name) == 0;)
			end++;
		if (t->map->component_unique) {
			kept = settle_rivals(t, job, w, i, end, kept);
			continue;
		}
		for (size_t k = i; k < end; k++) {
			if (k > i && rows_compare(w->components[k - 1].row, w->components[k].row, false) == 0)
				tell_duplicate(t, w->components[k].row, w->components[k - 1].row,
					"equal to another row in every cell: both are taken");
			w->components[kept++] = w->components[k];
		}
	}
	w->n_components = kept;
}

/* "PC00001/biopsy/1000032" and below it "/lesion/1" or "/core/left-apex/2". */
void names_give(struct tool *t, struct vx_job *job, const struct patient *p, struct workup *w)
{
	const char *kind = t->map->rows == VX_ROWS_CORE ? "core" : "lesion";
	struct vx_buf name = VX_BUF_INIT;
	struct vx_slice last = { NULL, 0 };
	size_t stem, nth = 0;

	if (t->map->rows != VX_ROWS_WORKUP)
		order_rows(t, job, w);
	w->part.type = type_of(w);
	vx_buf_add(&name, p->name.text, p->name.len);
	vx_buf_printf(&name, "/%s", type_segment(w->part.type));
	if (w->key.len) {
		vx_buf_putc(&name, '/');
		vx_buf_add(&name, w->key.text, w->key.len);
	}
	w->part.name = fitting(t, &name);
	vx_buf_printf(&name, "/%s", kind);
	stem = name.len;
	for (size_t i = 0; i < w->n_components; i++) {
		struct part *c = &w->components[i];

		name.len = stem;
		nth = i && slice_compare(c->name, last) == 0 ? nth + 1 : 1;
		last = c->name;
		if (c->name.len) {
			vx_buf_putc(&name, '/');
			vx_buf_add(&name, c->name.text, c->name.len);
		}
		if (c->item || !t->map->component_unique)
			vx_buf_printf(&name, "/%zu", c->item ? (size_t)c->item : nth);
		c->name = fitting(t, &name);
	}
	vx_buf_free(&name);
}
