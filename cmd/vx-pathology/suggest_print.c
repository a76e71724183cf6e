/* suggest_print: JSON -> text as people write it by hand: tabs, and what is short on one line.
 * SPDX-License-Identifier: MIT */
#include "suggest_plan.h"

#define LINE 120
#define TAB 4

/* On one line, a blank behind each comma and colon. */
static void print_inline(const struct vx_json *j, struct vx_buf *b)
{
	if (vx_json_type(j) == VX_ARRAY) {
		vx_buf_putc(b, '[');
		for (size_t i = 0; i < vx_json_size(j); i++) {
			vx_buf_puts(b, i ? ", " : "");
			print_inline(vx_json_at(j, i), b);
		}
		vx_buf_putc(b, ']');
	} else if (vx_json_type(j) == VX_OBJECT) {
		struct vx_json_iter it = vx_json_begin(j);
		vx_buf_putc(b, '{');
		for (bool first = true; vx_json_next(&it); first = false) {
			vx_buf_puts(b, first ? "" : ", ");
			vx_json_put_string(b, it.key, strlen(it.key));
			vx_buf_puts(b, ": ");
			print_inline(it.value, b);
		}
		vx_buf_putc(b, '}');
	} else {
		vx_json_print(j, b);
	}
}

static void print_value(const struct vx_json *j, struct vx_buf *b, int depth, size_t used);

static void new_line(struct vx_buf *b, int depth)
{
	vx_buf_putc(b, '\n');
	while (depth-- > 0)
		vx_buf_putc(b, '\t');
}

static void print_items(const struct vx_json *j, struct vx_buf *b, int depth)
{
	for (size_t i = 0; i < vx_json_size(j); i++) {
		vx_buf_puts(b, i ? "," : "");
		new_line(b, depth);
		print_value(vx_json_at(j, i), b, depth, 0);
	}
}

static void print_members(const struct vx_json *j, struct vx_buf *b, int depth)
{
	struct vx_json_iter it = vx_json_begin(j);

	for (bool first = true; vx_json_next(&it); first = false) {
		size_t from;
		vx_buf_puts(b, first ? "" : ",");
		new_line(b, depth);
		from = b->len;
		vx_json_put_string(b, it.key, strlen(it.key));
		vx_buf_puts(b, ": ");
		print_value(it.value, b, depth, b->len - from);
	}
}

static void print_value(const struct vx_json *j, struct vx_buf *b, int depth, size_t used)
{
	bool array = vx_json_type(j) == VX_ARRAY;
	struct vx_buf line = VX_BUF_INIT;

	print_inline(j, &line);
	if ((!array && vx_json_type(j) != VX_OBJECT) || !vx_json_size(j) ||
		(depth && line.len + used + (size_t)depth * TAB <= LINE)) {
		vx_buf_add(b, line.data, line.len);
	} else {
		vx_buf_putc(b, array ? '[' : '{');
		if (array)
			print_items(j, b, depth + 1);
		else
			print_members(j, b, depth + 1);
		new_line(b, depth);
		vx_buf_putc(b, array ? ']' : '}');
	}
	vx_buf_free(&line);
}

void suggest_print(const struct vx_json *j, struct vx_buf *b)
{
	print_value(j, b, 0, 0);
}
