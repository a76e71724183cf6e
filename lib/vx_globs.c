/* vx_globs: compiled patterns, and which part of a path each is held against. path -> chosen or not.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "vx_globs.h"
#include "vx_io.h"
#include "vx_template.h"

struct vx_globs {
	struct glob {
		struct vx_pattern *pattern;
		bool by_name;
	} * list;
	size_t n;
	size_t *start, *end; /* of captures, which nobody wants */
	struct vx_buf path;
};

struct vx_globs *vx_globs_new(const char *const *texts, size_t n, struct vx_error *err)
{
	struct vx_globs *g = vx_alloc(sizeof(*g));
	size_t names = 1;
	g->list = vx_alloc((n + 1) * sizeof(*g->list));
	for (; g->n < n; g->n++) {
		struct glob *glob = &g->list[g->n];
		glob->pattern = vx_pattern_new(texts[g->n], err);
		glob->by_name = !strchr(texts[g->n], '/');
		if (!glob->pattern) {
			vx_globs_free(g);
			return NULL;
		}
		names = vx_pattern_names(glob->pattern) > names ? vx_pattern_names(glob->pattern) : names;
	}
	g->start = vx_alloc(names * sizeof(*g->start));
	g->end = vx_alloc(names * sizeof(*g->end));
	return g;
}

void vx_globs_free(struct vx_globs *g)
{
	if (!g)
		return;
	for (size_t i = 0; i < g->n; i++)
		vx_pattern_free(g->list[i].pattern);
	vx_buf_free(&g->path);
	free(g->list);
	free(g->start);
	free(g->end);
	free(g);
}

bool vx_globs_any(const struct vx_globs *g)
{
	return g->n > 0;
}

bool vx_globs_match(struct vx_globs *g, const char *rel, size_t rel_len, const char *name, size_t len, bool is_folder)
{
	for (const struct glob *glob = g->list; glob < g->list + g->n; glob++) {
		vx_buf_clear(&g->path);
		if (!glob->by_name)
			vx_buf_add(&g->path, rel, rel_len);
		vx_buf_add(&g->path, name, len);
		if (vx_pattern_match_at(glob->pattern, g->path.data, g->start, g->end))
			return true;
		/* "derived/" and "derived/" + "**" both keep the walk out of the folder. */
		vx_buf_putc(&g->path, '/');
		if (is_folder && vx_pattern_match_at(glob->pattern, g->path.data, g->start, g->end))
			return true;
	}
	return false;
}

bool vx_globs_match_path(struct vx_globs *g, const char *path)
{
	const char *name = path, *slash;
	for (; (slash = strchr(name, '/')); name = slash + 1)
		if (vx_globs_match(g, path, (size_t)(name - path), name, (size_t)(slash - name), true))
			return true;
	return vx_globs_match(g, path, (size_t)(name - path), name, strlen(name), false);
}
