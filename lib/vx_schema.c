/* vx_schema: holds a value against a schema.
 * a JSON value -> valid, or every error with its field, value and reason
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vx_schema_node.h"

#define SHOWN 80

/* A check under way. tail NULL: only the verdict is wanted, the first error ends it. */
struct check {
	const struct vx_schema *s;
	const struct vx_json *top; /* the record, whose hidden fields are passed over */
	bool skip;
	struct vx_schema_error **tail;
	struct vx_buf path;
};

static bool holds(struct check *c, const struct vx_schema_node *n, const struct vx_json *v);

void vx_schema_error_free(struct vx_schema_error *e)
{
	while (e) {
		struct vx_schema_error *next = e->next;
		free(e->field);
		free(e->value);
		free(e->reason);
		free(e);
		e = next;
	}
}

static char *shown(const struct vx_json *v)
{
	struct vx_buf b = VX_BUF_INIT;

	vx_json_print(v, &b);
	if (b.len > SHOWN) {
		size_t cut = SHOWN - 3;
		while (cut && ((unsigned char)b.data[cut] & 0xC0) == 0x80)
			cut--;
		b.len = cut;
		vx_buf_puts(&b, "...");
	}
	return b.data;
}

struct vx_schema_error **vx_schema_error_add(struct vx_schema_error **tail, const char *field, bool has_value,
	const struct vx_json *value, const char *fmt, ...)
{
	struct vx_schema_error *e = vx_alloc(sizeof(*e));
	char reason[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	e->field = vx_strdup(field);
	e->value = has_value ? shown(value) : vx_strdup("");
	e->reason = vx_strdup(reason);
	*tail = e;
	return &e->next;
}

/* Notes an error at the present path, lengthened by step where that is not NULL. Always false. */
#define REPORT(c, step, has_value, v, ...)                                                                             \
	do {                                                                                                           \
		if ((c)->tail) {                                                                                       \
			size_t report_old = push(c, step);                                                             \
			(c)->tail = vx_schema_error_add(                                                               \
				(c)->tail, (c)->path.data ? (c)->path.data : "", has_value, v, __VA_ARGS__);           \
			pop(c, report_old);                                                                            \
		}                                                                                                      \
	} while (0)

static size_t push(struct check *c, const char *step)
{
	size_t old = c->path.len;

	if (!step)
		return old;
	if (old)
		vx_buf_putc(&c->path, '.');
	vx_buf_puts(&c->path, step);
	return old;
}

static void pop(struct check *c, size_t old)
{
	c->path.len = old;
	if (c->path.data)
		c->path.data[old] = '\0';
}

/* The verdict alone, without a word about it. */
static bool holds_quietly(struct check *c, const struct vx_schema_node *n, const struct vx_json *v)
{
	struct vx_schema_error **tail = c->tail;

	c->tail = NULL;
	bool good = holds(c, n, v);
	c->tail = tail;
	return good;
}

static bool holds_at(struct check *c, const struct vx_schema_node *n, const struct vx_json *v, const char *step)
{
	if (!c->tail)
		return holds(c, n, v);
	size_t old = push(c, step);
	bool good = holds(c, n, v);
	pop(c, old);
	return good;
}

/* Whether a member that the schema does not know is none of its business. */
static bool hidden(const struct check *c, const struct vx_json *object, const char *key)
{
	if (!c->skip || object != c->top)
		return false;
	if (key[0] == '_')
		return true;
	for (size_t i = 0; i < vx_json_size(c->s->server); i++) {
		const char *name = vx_json_text(vx_json_at(c->s->server, i), NULL);
		if (name && !strcmp(name, key))
			return true;
	}
	return false;
}

static size_t visible(const struct check *c, const struct vx_json *object)
{
	size_t n = 0;
	struct vx_json_iter it = vx_json_begin(object);

	while (vx_json_next(&it))
		n += !hidden(c, object, it.key);
	return n;
}

/* A number without a fraction is an integer, however it is written. Past 2^53 no double has one. */
static bool is_integer(const struct vx_json *v, enum vx_json_type t)
{
	double d;

	return t == VX_INT || (vx_json_as_double(v, &d) && (!isfinite(d) || d == floor(d)));
}

static bool right_type(struct check *c, const struct vx_schema_node *n, const struct vx_json *v, enum vx_json_type t)
{
	char wanted[96] = "";
	size_t len = 0;

	if (!n->types || (n->types & 1u << t))
		return true;
	if (t == VX_INT && (n->types & 1u << VX_DOUBLE)) /* "number" takes integers too */
		return true;
	if (t == VX_DOUBLE && (n->types & 1u << VX_INT) && is_integer(v, t))
		return true;
	for (enum vx_json_type i = VX_BOOL; i <= VX_OBJECT; i++)
		if (n->types & 1u << i)
			len += (size_t)snprintf(
				wanted + len, sizeof(wanted) - len, "%s%s", len ? " or " : "", vx_json_type_name(i));
	REPORT(c, NULL, true, v, "is %s, not %s", vx_json_type_name(t), len ? wanted : "null");
	return false;
}

static bool is_one_of(struct check *c, const struct vx_schema_node *n, const struct vx_json *v)
{
	struct vx_buf list = VX_BUF_INIT;

	for (size_t i = 0; i < vx_json_size(n->enumeration); i++)
		if (vx_json_equal(v, vx_json_at(n->enumeration, i)))
			return true;
	if (!c->tail)
		return false;
	for (size_t i = 0; i < vx_json_size(n->enumeration); i++) {
		const struct vx_json *one = vx_json_at(n->enumeration, i);
		if (!one)
			continue;
		vx_buf_puts(&list, list.len ? ", " : "");
		if (vx_json_text(one, NULL))
			vx_buf_puts(&list, vx_json_text(one, NULL));
		else
			vx_json_print(one, &list);
	}
	REPORT(c, NULL, true, v, "is not one of %s", list.data ? list.data : "null");
	vx_buf_free(&list);
	return false;
}

static bool is_constant(struct check *c, const struct vx_schema_node *n, const struct vx_json *v)
{
	const struct vx_json *constant = vx_json_get(n->constant, "const");

	if (vx_json_equal(v, constant))
		return true;
	if (c->tail) {
		char *text = shown(constant);
		REPORT(c, NULL, true, v, "is not %s", text);
		free(text);
	}
	return false;
}

static int compare(const struct vx_json *a, const struct vx_json *b)
{
	int64_t i = 0, k = 0;
	double x = 0, y = 0;

	if (vx_json_as_int(a, &i) && vx_json_as_int(b, &k))
		return (i > k) - (i < k);
	vx_json_as_double(a, &x);
	vx_json_as_double(b, &y);
	return (x > y) - (x < y);
}

static bool is_multiple(const struct vx_json *v, const struct vx_json *of)
{
	int64_t i = 0, k = 0;
	double x = 0, y = 1;

	if (vx_json_as_int(v, &i) && vx_json_as_int(of, &k))
		return k == 1 || i % k == 0;
	vx_json_as_double(v, &x);
	vx_json_as_double(of, &y);
	return isinf(x / y) || x / y == floor(x / y);
}

static bool limit(
	struct check *c, bool good, const struct vx_json *v, const char *what, const struct vx_json *limit_json)
{
	if (good || !c->tail)
		return good;
	char *text = shown(limit_json);
	REPORT(c, NULL, true, v, "is not %s %s", what, text);
	free(text);
	return false;
}

static bool number_holds(struct check *c, const struct vx_schema_node *n, const struct vx_json *v)
{
	bool good = true;

	if (n->minimum)
		good &= limit(c, compare(v, n->minimum) >= 0, v, "at least", n->minimum);
	if (n->maximum)
		good &= limit(c, compare(v, n->maximum) <= 0, v, "at most", n->maximum);
	if (n->above)
		good &= limit(c, compare(v, n->above) > 0, v, "above", n->above);
	if (n->below)
		good &= limit(c, compare(v, n->below) < 0, v, "below", n->below);
	if (n->multiple)
		good &= limit(c, is_multiple(v, n->multiple), v, "a multiple of", n->multiple);
	return good;
}

static size_t code_points(const char *s, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += ((unsigned char)s[i] & 0xC0) != 0x80;
	return count;
}

static bool string_holds(struct check *c, const struct vx_schema_node *n, const struct vx_json *v)
{
	size_t len;
	const char *text = vx_json_text(v, &len);
	bool good = true;

	if (n->min_length > 0 || n->max_length < len) {
		size_t count = code_points(text, len);
		if (count < n->min_length) {
			good = false;
			if (count == 0)
				REPORT(c, NULL, true, v, "is empty");
			else
				REPORT(c, NULL, true, v, "is shorter than %zu characters", n->min_length);
		}
		if (count > n->max_length) {
			good = false;
			REPORT(c, NULL, true, v, "is longer than %zu characters", n->max_length);
		}
	}
	if (n->pattern && !vx_regex_match(n->pattern, text, len)) {
		good = false;
		if (n->reason)
			REPORT(c, NULL, true, v, "%s", n->reason);
		else
			REPORT(c, NULL, true, v, "does not match %s", vx_regex_text(n->pattern));
	}
	return good;
}

static int by_text(const void *a, const void *b)
{
	const struct vx_buf *x = a, *y = b;
	int order = memcmp(x->data, y->data, x->len < y->len ? x->len : y->len);

	return order ? order : (x->len > y->len) - (x->len < y->len);
}

/* Equal values have equal canonical texts: sorting those finds twins in a long list without comparing all pairs. */
static bool all_differ(const struct vx_json *v)
{
	size_t n = vx_json_size(v);
	bool differ = true;

	if (n < 2)
		return true;
	struct vx_buf *texts = vx_alloc(n * sizeof(*texts));
	for (size_t i = 0; i < n; i++)
		vx_json_canonical(vx_json_at(v, i), &texts[i]);
	qsort(texts, n, sizeof(*texts), by_text);
	for (size_t i = 1; i < n && differ; i++)
		differ = by_text(&texts[i - 1], &texts[i]) != 0;
	for (size_t i = 0; i < n; i++)
		vx_buf_free(&texts[i]);
	free(texts);
	return differ;
}

static bool array_holds(struct check *c, const struct vx_schema_node *n, const struct vx_json *v)
{
	size_t size = vx_json_size(v);
	bool good = true;
	char step[24];

	if (size < n->min_items) {
		good = false;
		REPORT(c, NULL, true, v, "has %zu items, at least %zu are needed", size, n->min_items);
	}
	if (size > n->max_items) {
		good = false;
		REPORT(c, NULL, true, v, "has %zu items, at most %zu are allowed", size, n->max_items);
	}
	if (n->unique && !all_differ(v)) {
		good = false;
		REPORT(c, NULL, true, v, "holds the same item twice");
	}
	for (size_t i = 0; i < size && (good || c->tail); i++) {
		const struct vx_schema_node *item = i < n->prefix.n ? n->prefix.items[i] : n->items;
		if (!item)
			break;
		if (c->tail)
			snprintf(step, sizeof(step), "%zu", i);
		good &= holds_at(c, item, vx_json_at(v, i), step);
	}
	return good;
}

/* A member's name, and its value as far as properties do not speak of it. */
static bool member_holds(struct check *c, const struct vx_schema_node *n, const char *key, const struct vx_json *v,
	const struct vx_schema_property *known)
{
	bool good = true, spoken = known;

	if (n->names) {
		struct vx_json *name = vx_json_string(key);
		good &= holds_at(c, n->names, name, key);
		vx_json_free(name);
	}
	for (size_t i = 0; i < n->npatterns; i++)
		if (vx_regex_match(n->patterns[i].pattern, key, strlen(key))) {
			spoken = true;
			good &= holds_at(c, n->patterns[i].node, v, key);
		}
	if (spoken || !n->additional)
		return good;
	if (!n->additional->never)
		return holds_at(c, n->additional, v, key) && good;
	REPORT(c, key, true, v, "is not a known field");
	return false;
}

/* Errors in the order of the schema: what is missing or wrong of its properties, then the other members. */
static bool members_hold(struct check *c, const struct vx_schema_node *n, const struct vx_json *v)
{
	bool good = true;

	for (size_t i = 0; c->tail && i < n->nproperties; i++) {
		const struct vx_schema_property *p = &n->properties[i];
		if (vx_json_has(v, p->name))
			good &= holds_at(c, p->node, vx_json_get(v, p->name), p->name);
	}
	struct vx_json_iter it = vx_json_begin(v);
	while (vx_json_next(&it) && (good || c->tail)) {
		const struct vx_schema_property *known = vx_schema_property_find(n, it.key);
		if (!known && hidden(c, v, it.key))
			continue;
		if (known && !c->tail)
			good &= holds(c, known->node, it.value);
		if (!known || n->names || n->npatterns)
			good &= member_holds(c, n, it.key, it.value, known);
	}
	return good;
}

static bool required_hold(struct check *c, const struct vx_json *names, const struct vx_json *v, const char *because)
{
	bool good = true;

	for (size_t i = 0; i < vx_json_size(names); i++) {
		const char *name = vx_json_text(vx_json_at(names, i), NULL);
		if (vx_json_has(v, name))
			continue;
		good = false;
		if (because)
			REPORT(c, name, false, NULL, "is missing, but %s is there", because);
		else
			REPORT(c, name, false, NULL, "is missing");
	}
	return good;
}

static bool object_holds(struct check *c, const struct vx_schema_node *n, const struct vx_json *v)
{
	bool good = required_hold(c, n->required, v, NULL);

	if (n->min_properties > 0 || n->max_properties < SIZE_MAX) {
		size_t size = visible(c, v);
		if (size < n->min_properties || size > n->max_properties) {
			good = false;
			REPORT(c, NULL, true, v, "has %zu members, %s %zu", size,
				size < n->min_properties ? "fewer than" : "more than",
				size < n->min_properties ? n->min_properties : n->max_properties);
		}
	}
	struct vx_json_iter it = vx_json_begin(n->dependent);
	while (vx_json_next(&it))
		if (vx_json_has(v, it.key))
			good &= required_hold(c, it.value, v, it.key);
	if (n->properties || n->npatterns || n->additional || n->names)
		good = members_hold(c, n, v) && good;
	return good;
}

static size_t count_fits(struct check *c, const struct vx_schema_list *list, const struct vx_json *v, size_t enough)
{
	size_t fits = 0;

	for (size_t i = 0; i < list->n && fits < enough; i++)
		fits += holds_quietly(c, list->items[i], v);
	return fits;
}

static bool combined_hold(struct check *c, const struct vx_schema_node *n, const struct vx_json *v)
{
	bool good = true;

	if (n->ref)
		good &= holds(c, n->ref, v);
	for (size_t i = 0; i < n->all_of.n; i++)
		good &= holds(c, n->all_of.items[i], v);
	if (n->any_of.n && count_fits(c, &n->any_of, v, 1) == 0) {
		good = false;
		REPORT(c, NULL, true, v, "fits none of the forms that are allowed");
	}
	if (n->one_of.n) {
		size_t fits = count_fits(c, &n->one_of, v, 2);
		if (fits != 1) {
			good = false;
			REPORT(c, NULL, true, v, "fits %s of the forms that exclude each other",
				fits ? "several" : "none");
		}
	}
	if (n->negated && holds_quietly(c, n->negated, v)) {
		good = false;
		REPORT(c, NULL, true, v, "is what it must not be");
	}
	if (n->if_) {
		const struct vx_schema_node *next = holds_quietly(c, n->if_, v) ? n->then : n->else_;
		if (next)
			good &= holds(c, next, v);
	}
	return good;
}

static bool holds(struct check *c, const struct vx_schema_node *n, const struct vx_json *v)
{
	enum vx_json_type t = vx_json_type(v);

	while (n->alias)
		n = n->ref;
	if (n->never) {
		REPORT(c, NULL, true, v, "is not allowed");
		return false;
	}
	bool good = right_type(c, n, v, t);
	/* One wrong type is one error: what else the schema wants of the value would only repeat it. */
	if (n->enumeration && (good || !n->types))
		good = is_one_of(c, n, v);
	if (n->constant)
		good &= is_constant(c, n, v);
	if (t == VX_STRING && (good || c->tail))
		good &= string_holds(c, n, v);
	else if ((t == VX_INT || t == VX_DOUBLE) && (good || c->tail))
		good &= number_holds(c, n, v);
	else if (t == VX_ARRAY && (good || c->tail))
		good &= array_holds(c, n, v);
	else if (t == VX_OBJECT && (good || c->tail))
		good &= object_holds(c, n, v);
	if (n->combined && (good || c->tail))
		good &= combined_hold(c, n, v);
	return good;
}

struct vx_schema_error *vx_schema_check(const struct vx_schema *s, const struct vx_json *value, bool skip_private)
{
	struct check c = { .s = s, .top = value, .skip = skip_private };
	struct vx_schema_error *first = NULL;

	if (holds(&c, s->root, value))
		return NULL;
	c.tail = &first;
	holds(&c, s->root, value);
	vx_buf_free(&c.path);
	return first;
}
