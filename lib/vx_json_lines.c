/* vx_json_lines: a JSON text and a path, or a byte -> line and column.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "vx_json.h"
#include "vx_json_lines.h"
#include "vx_json_walk.h"

/* What was found so far: the place of the longest part of the path that leads somewhere. */
struct place {
	const char *at;
	size_t rest; /* characters of the path that are left */
};

/* Whether path goes on with key as its next step; then what is behind it. */
static const char *step(const char *path, const char *key, size_t len)
{
	if (strncmp(path, key, len) != 0 || (path[len] != '.' && path[len] != '\0'))
		return NULL;
	return path[len] ? path + len + 1 : path + len;
}

static const char *key_step(const char *path, struct vx_slice key)
{
	struct vx_json *name = NULL;
	const char *text, *rest = NULL;
	size_t len;

	if (!memchr(key.text, '\\', key.len))
		return step(path, key.text, key.len);
	if (vx_json_parse(key.text - 1, key.len + 2, &name, NULL) == VX_OK && (text = vx_json_text(name, &len)))
		rest = step(path, text, len);
	vx_json_free(name);
	return rest;
}

static void find(struct vx_slice value, const char *path, struct place *best);

static void look(const char *at, struct vx_slice value, const char *rest, struct place *best)
{
	if (!rest)
		return;
	if (strlen(rest) < best->rest)
		*best = (struct place){ at, strlen(rest) };
	if (*rest)
		find(value, rest, best);
}

/* Each value is reached by one way only, so the work is bounded by the text; its depth is that of the JSON. */
static void find(struct vx_slice value, const char *path, struct place *best)
{
	struct vx_json_walk w = vx_json_walk_begin(value.text, value.len);
	struct vx_slice key, inner;
	char index[24];

	if (value.len > 0 && value.text[0] == '{') {
		while (best->rest > 0 && vx_json_walk_member(&w, &key, &inner))
			look(key.text, inner, key_step(path, key), best);
		return;
	}
	for (size_t i = 0; best->rest > 0 && vx_json_walk_item(&w, &inner); i++) {
		int n = snprintf(index, sizeof index, "%zu", i);
		look(inner.text, inner, step(path, index, (size_t)n), best);
	}
}

long vx_json_line_at(const char *text, size_t len, size_t at, long *column)
{
	long line = 1, before = 0;

	if (at > len)
		at = len;
	for (size_t i = 0; i < at; i++) {
		if (text[i] == '\n') {
			line++;
			before = 0;
		} else {
			before += ((unsigned char)text[i] & 0xC0) != 0x80;
		}
	}
	if (column)
		*column = before + 1;
	return line;
}

long vx_json_line(const char *text, size_t len, const char *path)
{
	struct place best = { text, strlen(path) };
	size_t blank = 0;

	while (blank < len && strchr(" \t\r\n", text[blank]) && text[blank])
		blank++;
	best.at = text + blank;
	find((struct vx_slice){ text + blank, len - blank }, path, &best);
	return vx_json_line_at(text, len, (size_t)(best.at - text), NULL);
}
