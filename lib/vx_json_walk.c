/* vx_json_walk: JSON text -> slices of its members and items.
 * SPDX-License-Identifier: MIT
 */
#include "vx_json_walk.h"

#include "vx_json_scan.h"

static void skip_blanks(struct vx_json_walk *w)
{
	while (w->p < w->end && (*w->p == ' ' || *w->p == '\t' || *w->p == '\r' || *w->p == '\n'))
		w->p++;
}

struct vx_json_walk vx_json_walk_begin(const char *text, size_t len)
{
	struct vx_json_walk w = { text, text + len };

	skip_blanks(&w);
	if (w.p < w.end && (*w.p == '{' || *w.p == '['))
		w.p++;
	else
		w.p = w.end;
	return w;
}

/* Behind the closing quote of the string that begins at p, or NULL when there is none. */
static const char *string_end(const char *p, const char *end)
{
	for (p++; (p = vx_json_plain(p, end)) < end; p++) {
		if (*p == '\\')
			p++;
		else if (*p == '"')
			return p + 1;
	}
	return NULL;
}

static const char *container_end(const char *p, const char *end)
{
	size_t depth = 0;

	while (p && p < end) {
		if (*p == '"') {
			p = string_end(p, end);
			continue;
		}
		if (*p == '{' || *p == '[')
			depth++;
		else if ((*p == '}' || *p == ']') && --depth == 0)
			return p + 1;
		p++;
	}
	return NULL;
}

static bool take_value(struct vx_json_walk *w, struct vx_slice *value)
{
	const char *p, *end = w->end;

	skip_blanks(w);
	p = w->p;
	if (p >= end || *p == ',' || *p == ':' || *p == '}' || *p == ']')
		return false;
	if (*p == '"')
		end = string_end(p, end);
	else if (*p == '{' || *p == '[')
		end = container_end(p, end);
	else
		while (p < end && !strchr(",}] \t\r\n", *p))
			p++;
	if (!end)
		return false;
	*value = (struct vx_slice){ w->p, (size_t)((*w->p == '"' || *w->p == '{' || *w->p == '[' ? end : p) - w->p) };
	w->p += value->len;
	return value->len > 0;
}

/* Moves over the comma behind a value, or over the bracket that ends the container. */
static void take_separator(struct vx_json_walk *w)
{
	skip_blanks(w);
	if (w->p < w->end && *w->p == ',')
		w->p++;
	else
		w->p = w->end;
}

bool vx_json_walk_item(struct vx_json_walk *w, struct vx_slice *value)
{
	if (!take_value(w, value)) {
		w->p = w->end;
		return false;
	}
	take_separator(w);
	return true;
}

bool vx_json_walk_member(struct vx_json_walk *w, struct vx_slice *key, struct vx_slice *value)
{
	struct vx_slice name;

	if (!take_value(w, &name) || name.text[0] != '"') {
		w->p = w->end;
		return false;
	}
	*key = (struct vx_slice){ name.text + 1, name.len - 2 };
	skip_blanks(w);
	if (w->p >= w->end || *w->p != ':') {
		w->p = w->end;
		return false;
	}
	w->p++;
	return vx_json_walk_item(w, value);
}

bool vx_slice_string(struct vx_slice value, struct vx_slice *inside)
{
	if (value.len < 2 || value.text[0] != '"' || memchr(value.text, '\\', value.len))
		return false;
	*inside = (struct vx_slice){ value.text + 1, value.len - 2 };
	return true;
}
