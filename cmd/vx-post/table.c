/* table: a plan, or what was done, for a person. results -> lines of text
 * SPDX-License-Identifier: MIT
 */
#include "table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "leaves.h"
#include "vx_hash.h"

#define GROUPS 1024     /* a power of two; half of them are used */
#define GROUP_TEXT 1024 /* bytes; a longer change is told for every resource */
#define WIDTH_DEFAULT 100
#define WIDTH_LEAST 40
#define INDENT 10
#define LEAVES_SHOWN 20

/* In the order of the columns of the counts; the last ones are only shown where there are any. */
static const struct kind {
	const char *status, *colour;
	bool always, named; /* named: each of them is told */
} kinds[] = {
	{ "created", "32", true, false },
	{ "unchanged", "2", true, false },
	{ "updated", "33", true, true },
	{ "conflict", "31", true, true },
	{ "orphan", "31", true, true },
	{ "invalid", "31", true, true },
	{ "failed", "31", false, true },
	{ "missing", "35", false, true },
	{ "deleted", "35", false, true },
};
#define KINDS (sizeof kinds / sizeof kinds[0])

struct group { /* equal changes */
	char *text, *first, *fields;
	const struct kind *kind;
	const struct vx_type *type;
	uint64_t hash;
	long more;
};

struct table {
	const struct vx_model *model;
	bool every, colour;
	size_t width, used;
	struct group groups[GROUPS];
	size_t order[GROUPS / 2];
	long (*counts)[KINDS]; /* by type */
	struct vx_buf text;
};

static size_t terminal_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	long width = columns ? strtol(columns, NULL, 10) : 0;

	if (width <= 0 && isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		width = size.ws_col;
	if (width <= 0)
		width = WIDTH_DEFAULT;
	return width < WIDTH_LEAST ? WIDTH_LEAST : (size_t)width;
}

static bool wants_colour(void)
{
	const char *none = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(none && *none) && term && strcmp(term, "dumb") != 0;
}

struct table *table_new(const struct vx_model *model, bool every)
{
	struct table *t = vx_alloc(sizeof(*t));

	t->model = model;
	t->every = every;
	t->width = terminal_width();
	t->colour = wants_colour();
	t->counts = vx_alloc(vx_model_types(model) * sizeof(t->counts[0]));
	return t;
}

void table_free(struct table *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->used; i++) {
		free(t->groups[t->order[i]].text);
		free(t->groups[t->order[i]].first);
		free(t->groups[t->order[i]].fields);
	}
	free(t->counts);
	vx_buf_free(&t->text);
	free(t);
}

static const struct kind *kind_of(const char *status)
{
	for (size_t i = 0; i < KINDS; i++)
		if (strcmp(kinds[i].status, status) == 0)
			return &kinds[i];
	return NULL;
}

static void put_colour(const struct table *t, struct vx_buf *b, const char *colour)
{
	if (t->colour)
		vx_buf_printf(b, "\033[%sm", colour);
}

static void put_head(const struct table *t, const struct kind *kind, const char *identifier, struct vx_buf *b)
{
	put_colour(t, b, kind->colour);
	vx_buf_printf(b, "%-*s", INDENT, kind->status);
	put_colour(t, b, "0");
	vx_buf_puts(b, identifier);
	vx_buf_putc(b, '\n');
}

static void put_value(const struct table *t, const char *value, const char *colour, size_t width, struct vx_buf *b)
{
	put_colour(t, b, colour);
	leaf_put(value, width, b);
	put_colour(t, b, "0");
}

/* Half of the line for each of the two, and what one does not need is the other's. */
static void put_leaf(const struct table *t, const struct leaf *l, size_t name_width, struct vx_buf *b)
{
	size_t room = t->width - INDENT - 4 - name_width - 2, half = room / 2;
	size_t old = leaf_width(l->old), new = leaf_width(l->new);
	size_t old_room = new < room - half ? room - new : half, new_room = old < half ? room - old : room - half;

	vx_buf_printf(b, "%*s", INDENT, "");
	size_t taken = leaf_put(l->path, name_width, b);
	vx_buf_printf(b, "%*s", (int)(name_width - taken) + 2, "");
	put_value(t, l->old, "31", old_room, b);
	vx_buf_puts(b, " -> ");
	put_value(t, l->new, "32", new_room, b);
	vx_buf_putc(b, '\n');
}

static void put_diff(const struct table *t, const struct vx_json *diff, struct vx_buf *b)
{
	struct leaves l = leaves_of_diff(diff);
	size_t shown = t->every || l.n <= LEAVES_SHOWN + 1 ? l.n : LEAVES_SHOWN, width = 0;

	for (size_t i = 0; i < shown; i++)
		if (leaf_width(l.list[i].path) > width)
			width = leaf_width(l.list[i].path);
	if (width > t->width / 3)
		width = t->width / 3;
	for (size_t i = 0; i < shown; i++)
		put_leaf(t, &l.list[i], width, b);
	if (shown < l.n)
		vx_buf_printf(b, "%*s... and %zu differences more\n", INDENT, "", l.n - shown);
	leaves_free(&l);
}

/* "parent_identifier  patient/X does not exist": the value is named where the reason does not. */
static void put_error(const struct table *t, const struct vx_json *error, struct vx_buf *b)
{
	const char *field = vx_json_str(error, "field"), *value = vx_json_str(error, "value");
	const char *reason = vx_json_str(error, "reason");
	struct vx_buf line = VX_BUF_INIT;

	if (field && *field)
		vx_buf_printf(&line, "%s: ", field);
	if (value && *value && !(reason && strstr(reason, value)))
		vx_buf_printf(&line, "%s ", value);
	vx_buf_puts(&line, reason ? reason : "no reason given");
	vx_buf_printf(b, "%*s", INDENT, "");
	leaf_put(line.data, t->width - INDENT, b);
	vx_buf_putc(b, '\n');
	vx_buf_free(&line);
}

static void put_details(const struct table *t, const struct vx_json *result, struct vx_buf *b)
{
	const struct vx_json *errors = vx_json_get(result, "errors"), *diff = vx_json_get(result, "diff");

	for (size_t i = 0; vx_json_type(errors) == VX_ARRAY && i < vx_json_size(errors); i++)
		if (vx_json_type(vx_json_at(errors, i)) == VX_OBJECT)
			put_error(t, vx_json_at(errors, i), b);
	if (vx_json_type(diff) == VX_OBJECT)
		put_diff(t, diff, b);
}

/* The fields that a change is about: "manufacturer, b_value". */
static char *fields_of(const struct vx_json *result)
{
	const struct vx_json *errors = vx_json_get(result, "errors"), *diff = vx_json_get(result, "diff");
	struct vx_buf b = VX_BUF_INIT;

	for (size_t i = 0; vx_json_type(errors) == VX_ARRAY && i < vx_json_size(errors); i++) {
		const struct vx_json *error = vx_json_at(errors, i);
		const char *field = vx_json_type(error) == VX_OBJECT ? vx_json_str(error, "field") : NULL;
		if (field && *field)
			vx_buf_printf(&b, "%s%s", b.len ? ", " : "", field);
	}
	if (vx_json_type(diff) == VX_OBJECT) {
		struct vx_json_iter it = vx_json_begin(diff);
		while (vx_json_next(&it))
			vx_buf_printf(&b, "%s%s", b.len ? ", " : "", it.key);
	}
	vx_buf_puts(&b, "");
	return b.data ? b.data : vx_strdup("");
}

/* The group of a change; NULL: it is to be told by itself. new: it is the first of its kind. */
static struct group *group_of(
	struct table *t, const struct kind *kind, const struct vx_type *type, const char *text, bool *new)
{
	uint64_t hash = vx_hash64(text, strlen(text));
	size_t at = hash & (GROUPS - 1);
	struct group *g;

	*new = true;
	if (t->every || strlen(text) > GROUP_TEXT || !*text)
		return NULL;
	for (; (g = &t->groups[at])->text; at = (at + 1) & (GROUPS - 1)) {
		if (g->hash == hash && g->kind == kind && g->type == type && strcmp(g->text, text) == 0) {
			*new = false;
			return g;
		}
	}
	if (t->used == GROUPS / 2)
		return NULL;
	t->order[t->used++] = at;
	*g = (struct group){ .text = vx_strdup(text), .kind = kind, .type = type, .hash = hash };
	return g;
}

static size_t type_index(const struct table *t, const struct vx_type *type)
{
	size_t i = 0;

	while (i + 1 < vx_model_types(t->model) && vx_model_type(t->model, i) != type)
		i++;
	return i;
}

void table_take(struct table *t, const struct vx_type *type, const char *identifier, const char *status,
	const struct vx_json *result, struct vx_buf *out)
{
	const struct kind *kind = kind_of(status);
	struct group *g;
	bool new;

	if (!kind)
		return;
	t->counts[type_index(t, type)][kind - kinds]++;
	if (!kind->named && !t->every)
		return;
	vx_buf_clear(&t->text);
	vx_buf_puts(&t->text, "");
	if (result)
		put_details(t, result, &t->text);
	g = group_of(t, kind, type, t->text.data ? t->text.data : "", &new);
	if (!new) {
		g->more++;
		return;
	}
	if (g) {
		g->first = vx_strdup(identifier);
		g->fields = fields_of(result);
	}
	put_head(t, kind, identifier, out);
	vx_buf_add(out, t->text.data, t->text.len);
}

static void put_groups(const struct table *t, struct vx_buf *out)
{
	for (size_t i = 0; i < t->used; i++) {
		const struct group *g = &t->groups[t->order[i]];
		const char *what = g->kind->status[0] == 'u'   ? "change"
				   : g->kind->status[0] == 'c' ? "difference"
							       : "error";

		if (g->more == 0)
			continue;
		put_colour(t, out, g->kind->colour);
		vx_buf_printf(out, "%-*s", INDENT, g->kind->status);
		put_colour(t, out, "0");
		vx_buf_printf(out, "%s/...: %ld more with the same %s%s%s as %s\n", g->type->name, g->more, what,
			*g->fields ? " of " : "", g->fields, g->first);
	}
}

static void put_row(const char *name, const long *counts, const bool *shown, struct vx_buf *out)
{
	vx_buf_printf(out, "%-22s", name);
	for (size_t k = 0; k < KINDS; k++) {
		int width = (int)strlen(kinds[k].status) + 2;
		if (shown[k] && counts[k])
			vx_buf_printf(out, "%*ld", width, counts[k]);
		else if (shown[k])
			vx_buf_printf(out, "%*s", width, "-");
	}
	vx_buf_putc(out, '\n');
}

void table_end(struct table *t, struct vx_buf *out)
{
	long total[KINDS] = { 0 }, all = 0;
	bool shown[KINDS];

	put_groups(t, out);
	for (size_t i = 0; i < vx_model_types(t->model); i++)
		for (size_t k = 0; k < KINDS; k++)
			total[k] += t->counts[i][k];
	vx_buf_printf(out, "%-22s", "");
	for (size_t k = 0; k < KINDS; k++) {
		shown[k] = kinds[k].always || total[k] > 0;
		if (shown[k])
			vx_buf_printf(out, "  %s", kinds[k].status);
	}
	vx_buf_putc(out, '\n');
	for (size_t i = 0; i < vx_model_types(t->model); i++) {
		long sum = 0;
		for (size_t k = 0; k < KINDS; k++)
			sum += t->counts[i][k];
		if (sum > 0)
			put_row(vx_model_type(t->model, i)->collection, t->counts[i], shown, out);
		all += sum > 0;
	}
	if (all != 1)
		put_row("total", total, shown, out);
}
