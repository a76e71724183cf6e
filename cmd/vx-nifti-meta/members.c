/* members: new members as text behind the record's own; record + texts -> output line. The record's line is not printed
 * anew, which would take longer than all that is read from the image.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "meta.h"

struct members members_of(struct vx_record *rec, struct worker *w)
{
	vx_buf_clear(&w->members);
	return (struct members){ .rec = rec, .text = &w->members };
}

void members_begin(struct members *m, const char *key)
{
	m->start = m->text->len;
	m->key = key;
	vx_buf_add(m->text, ",\"", 2);
	vx_buf_puts(m->text, key);
	vx_buf_add(m->text, "\":", 2);
}

void members_begin_own(struct members *m, const char *key)
{
	if (vx_json_has(m->rec->json, key)) {
		vx_json_del(m->rec->json, key);
		m->changed = true;
	}
	members_begin(m, key);
}

/* Equal for whoever reads float32 values: spelling and digits beyond them do not count. */
static bool close_enough(const struct vx_json *a, const struct vx_json *b)
{
	double x, y;
	enum vx_json_type ta = vx_json_type(a), tb = vx_json_type(b);
	if ((ta == VX_INT || ta == VX_DOUBLE) && (tb == VX_INT || tb == VX_DOUBLE))
		return vx_json_equal(a, b) ||
		       (vx_json_as_double(a, &x) && vx_json_as_double(b, &y) && (float)x == (float)y);
	if (ta != VX_ARRAY || tb != VX_ARRAY)
		return vx_json_equal(a, b);
	if (vx_json_size(a) != vx_json_size(b))
		return false;
	for (size_t i = 0; i < vx_json_size(a); i++)
		if (!close_enough(vx_json_at(a, i), vx_json_at(b, i)))
			return false;
	return true;
}

void members_end(struct members *m)
{
	if (!vx_json_has(m->rec->json, m->key))
		return;
	const struct vx_json *held = vx_json_get(m->rec->json, m->key);
	if (!held) { /* null equals absent */
		vx_json_del(m->rec->json, m->key);
		m->changed = true;
		return;
	}
	struct vx_json *found = NULL;
	size_t value = m->start + strlen(m->key) + 4;
	if (vx_json_parse(m->text->data + value, m->text->len - value, &found, NULL) == VX_OK &&
		!close_enough(held, found))
		vx_warn(m->rec, "%s: the file says otherwise; the record's value stays", m->key);
	vx_json_free(found);
	m->text->len = m->start;
	m->text->data[m->start] = '\0';
}

void members_emit(struct members *m, struct worker *w)
{
	struct vx_buf *line = &w->line;
	vx_buf_clear(line);
	if (m->changed)
		vx_json_print(m->rec->json, line);
	else
		vx_buf_add(line, m->rec->line, m->rec->len);
	while (line->len > 0 && line->data[line->len - 1] != '}')
		line->len--;
	line->len--; /* a record is an object: its last brace */
	size_t comma = vx_json_size(m->rec->json) == 0 ? 1 : 0;
	vx_buf_add(line, m->text->data + comma, m->text->len - comma);
	vx_buf_putc(line, '}');
	vx_emit_bytes(m->rec->job, line->data, line->len);
}
