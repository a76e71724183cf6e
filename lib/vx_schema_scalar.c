/* vx_schema_scalar: errors, and the keywords that look at one value and not into it: type, enum, const, numbers, strings.
 * a value and a node -> does it hold, with the errors where they are wanted
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vx_schema_check.h"

#define SHOWN 80

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
		b.len = vx_utf8_cut(b.data, b.len, SHOWN - 3);
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

size_t vx_schema_push(struct vx_schema_check *c, const char *step)
{
	size_t old = c->path.len;

	if (!step)
		return old;
	if (old)
		vx_buf_putc(&c->path, '.');
	vx_buf_puts(&c->path, step);
	return old;
}

void vx_schema_pop(struct vx_schema_check *c, size_t old)
{
	c->path.len = old;
	if (c->path.data)
		c->path.data[old] = '\0';
}

/* A number without a fraction is an integer, however it is written. Past 2^53 no double has one. */
static bool is_integer(const struct vx_json *v, enum vx_json_type t)
{
	double d;

	return t == VX_INT || (vx_json_as_double(v, &d) && (!isfinite(d) || d == floor(d)));
}

bool vx_schema_type_holds(
	struct vx_schema_check *c, const struct vx_schema_node *n, const struct vx_json *v, enum vx_json_type t)
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
	VX_SCHEMA_REPORT(c, NULL, true, v, "is %s, not %s", vx_json_type_name(t), len ? wanted : "null");
	return false;
}

bool vx_schema_enum_holds(struct vx_schema_check *c, const struct vx_schema_node *n, const struct vx_json *v)
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
	VX_SCHEMA_REPORT(c, NULL, true, v, "is not one of %s", list.data ? list.data : "null");
	vx_buf_free(&list);
	return false;
}

bool vx_schema_const_holds(struct vx_schema_check *c, const struct vx_schema_node *n, const struct vx_json *v)
{
	const struct vx_json *constant = vx_json_get(n->constant, "const");

	if (vx_json_equal(v, constant))
		return true;
	if (c->tail) {
		char *text = shown(constant);
		VX_SCHEMA_REPORT(c, NULL, true, v, "is not %s", text);
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

static bool limit(struct vx_schema_check *c, bool good, const struct vx_json *v, const char *what,
	const struct vx_json *limit_json)
{
	if (good || !c->tail)
		return good;
	char *text = shown(limit_json);
	VX_SCHEMA_REPORT(c, NULL, true, v, "is not %s %s", what, text);
	free(text);
	return false;
}

bool vx_schema_number_holds(struct vx_schema_check *c, const struct vx_schema_node *n, const struct vx_json *v)
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

bool vx_schema_string_holds(struct vx_schema_check *c, const struct vx_schema_node *n, const struct vx_json *v)
{
	size_t len;
	const char *text = vx_json_text(v, &len);
	bool good = true;

	if (n->min_length > 0 || n->max_length < len) {
		size_t count = code_points(text, len);
		if (count < n->min_length) {
			good = false;
			if (count == 0)
				VX_SCHEMA_REPORT(c, NULL, true, v, "is empty");
			else
				VX_SCHEMA_REPORT(c, NULL, true, v, "is shorter than %zu characters", n->min_length);
		}
		if (count > n->max_length) {
			good = false;
			VX_SCHEMA_REPORT(c, NULL, true, v, "is longer than %zu characters", n->max_length);
		}
	}
	if (n->pattern && !vx_regex_match(n->pattern, text, len)) {
		good = false;
		if (n->reason)
			VX_SCHEMA_REPORT(c, NULL, true, v, "%s", n->reason);
		else
			VX_SCHEMA_REPORT(c, NULL, true, v, "does not match %s", vx_regex_text(n->pattern));
	}
	return good;
}
