/* leaves: the differences of a diff as paths with two texts each. diff -> struct leaves
 * SPDX-License-Identifier: MIT
 */
#include "leaves.h"

#include <stdlib.h>
#include <string.h>

#define CUT "..."

static char *text_of(const struct vx_json *j)
{
	struct vx_buf b = VX_BUF_INIT;

	if (!j)
		return vx_strdup("(none)");
	vx_json_print(j, &b);
	return b.data;
}

static void add(struct leaves *l, const char *path, const struct vx_json *old, const struct vx_json *new)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 8;
		l->list = vx_realloc(l->list, l->cap * sizeof(l->list[0]));
	}
	l->list[l->n++] = (struct leaf){ .path = vx_strdup(path), .old = text_of(old), .new = text_of(new) };
}

static void compare(struct leaves *l, struct vx_buf *path, const struct vx_json *old, const struct vx_json *new);

static void member(
	struct leaves *l, struct vx_buf *path, const char *key, const struct vx_json *old, const struct vx_json *new)
{
	size_t before = path->len;

	vx_buf_printf(path, ".%s", key);
	compare(l, path, old, new);
	path->len = before;
	path->data[before] = '\0';
}

static void objects(struct leaves *l, struct vx_buf *path, const struct vx_json *old, const struct vx_json *new)
{
	struct vx_json_iter it = vx_json_begin(old);

	while (vx_json_next(&it))
		member(l, path, it.key, it.value, vx_json_get(new, it.key));
	it = vx_json_begin(new);
	while (vx_json_next(&it))
		if (!vx_json_has(old, it.key))
			member(l, path, it.key, NULL, it.value);
}

static void arrays(struct leaves *l, struct vx_buf *path, const struct vx_json *old, const struct vx_json *new)
{
	size_t n = vx_json_size(old), m = vx_json_size(new);
	char key[24];

	for (size_t i = 0; i < n || i < m; i++) {
		snprintf(key, sizeof(key), "%zu", i);
		member(l, path, key, i < n ? vx_json_at(old, i) : NULL, i < m ? vx_json_at(new, i) : NULL);
	}
}

static void compare(struct leaves *l, struct vx_buf *path, const struct vx_json *old, const struct vx_json *new)
{
	enum vx_json_type type = vx_json_type(old);

	if (vx_json_equal(old, new))
		return;
	if (type == VX_OBJECT && vx_json_type(new) == VX_OBJECT)
		objects(l, path, old, new);
	else if (type == VX_ARRAY && vx_json_type(new) == VX_ARRAY)
		arrays(l, path, old, new);
	else
		add(l, path->data, old, new);
}

struct leaves leaves_of_diff(const struct vx_json *diff)
{
	struct leaves l = { .list = NULL };
	struct vx_buf path = VX_BUF_INIT;
	struct vx_json_iter it = vx_json_begin(diff);

	while (vx_json_next(&it)) {
		size_t before = l.n;
		if (vx_json_type(it.value) != VX_OBJECT)
			continue;
		vx_buf_clear(&path);
		vx_buf_puts(&path, it.key);
		compare(&l, &path, vx_json_get(it.value, "old"), vx_json_get(it.value, "new"));
		if (l.n == before) /* the server sees a difference, so there is one */
			add(&l, path.data, vx_json_get(it.value, "old"), vx_json_get(it.value, "new"));
	}
	vx_buf_free(&path);
	return l;
}

void leaves_free(struct leaves *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->list[i].path);
		free(l->list[i].old);
		free(l->list[i].new);
	}
	free(l->list);
}

/* Whether a byte goes on with a character of UTF-8 that an earlier one began. */
static bool goes_on(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

size_t leaf_width(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += !goes_on(*text);
	return n;
}

/* The next count characters. Controls (also those of ISO 8859-1, U+0080 to U+009F) become a question mark. */
static const char *put_some(const char *p, size_t count, struct vx_buf *b)
{
	while (count-- > 0 && *p) {
		unsigned char c = (unsigned char)*p, next = (unsigned char)p[1];
		bool control = c < ' ' || c == 0x7f || (c == 0xc2 && next >= 0x80 && next < 0xa0);
		if (control)
			vx_buf_putc(b, '?');
		else
			vx_buf_putc(b, *p);
		for (p++; goes_on(*p); p++)
			if (!control)
				vx_buf_putc(b, *p);
	}
	return p;
}

size_t leaf_put(const char *text, size_t width, struct vx_buf *b)
{
	size_t n = leaf_width(text), keep;

	if (n <= width) {
		put_some(text, n, b);
		return n;
	}
	keep = width > sizeof(CUT) ? width - (sizeof(CUT) - 1) : 2;
	text = put_some(text, (keep + 1) / 2, b);
	vx_buf_puts(b, CUT);
	for (size_t skip = n - keep; skip > 0; skip--)
		for (text++; goes_on(*text); text++)
			continue;
	put_some(text, keep / 2, b);
	return keep + sizeof(CUT) - 1;
}
