/* extras: keys that a store has and a mirrored folder has not -> deleted objects, a line each.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "upload.h"
#include "vx_spill.h"

enum { BATCH = 256 };

struct extras {
	struct upload *o;
	FILE *keys; /* each with its NUL; no more of them than may be deleted */
	long long n;
	long deleted;
};

/* A batch of keys under way. */
struct going {
	struct extras *e;
	struct vx_job *job;
	char *keys[BATCH];
	size_t n;
	int status; /* why the run ends; VX_OK: it does not */
	struct vx_error *err;
};

struct extras *extras_new(struct upload *o, struct vx_error *err)
{
	const int fd = vx_temp_open(err);
	if (fd < 0)
		return NULL;
	struct extras *e = vx_alloc(sizeof(*e));
	e->o = o;
	e->keys = fdopen(fd, "w+");
	return e;
}

void extras_free(struct extras *e)
{
	if (e && e->keys)
		fclose(e->keys);
	free(e);
}

int extras_add(struct extras *e, const char *key, struct vx_error *err)
{
	if (++e->n > e->o->max_delete || fwrite(key, strlen(key) + 1, 1, e->keys) == 1)
		return VX_OK;
	return vx_error_errno(err, VX_EIO, NULL, "cannot write a temporary file");
}

static void told(void *arg, size_t i, int status, const struct vx_error *err)
{
	struct going *g = arg;
	struct vx_buf url = VX_BUF_INIT;
	struct vx_json *line = vx_json_object();
	vx_store_object_url(g->e->o->store, g->keys[i], &url);
	vx_json_set_str(line, "url", url.data);
	if (status == VX_OK) {
		vx_json_set_str(line, "status", "deleted");
		vx_emit_job(g->job, line);
		g->e->deleted++;
	} else if (status == VX_EREJECT) {
		struct vx_error own = *err;
		vx_error_at(&own, url.data, 0);
		vx_reject_json(g->job, line, &own);
	} else if (g->status == VX_OK) {
		g->status = status;
		*g->err = *err;
	}
	vx_json_free(line);
	vx_buf_free(&url);
}

static int delete_batch(struct going *g)
{
	vx_store_delete(g->e->o->store, (const char *const *)g->keys, g->n, told, g);
	while (g->n > 0)
		free(g->keys[--g->n]);
	return g->status == VX_OK ? vx_emit_flush(g->job, g->err) : g->status;
}

static int delete_all(struct extras *e, struct vx_job *job, struct vx_error *err)
{
	struct going g = { .e = e, .job = job, .err = err };
	char *key = NULL;
	size_t cap = 0;
	int status = VX_OK;
	rewind(e->keys);
	while (status == VX_OK && getdelim(&key, &cap, '\0', e->keys) > 0) {
		g.keys[g.n++] = vx_strdup(key);
		if (g.n == BATCH)
			status = delete_batch(&g);
	}
	if (status == VX_OK && g.n > 0)
		status = delete_batch(&g);
	free(key);
	return status;
}

int extras_delete(struct extras *e, struct vx_job *job, struct vx_error *err)
{
	if (!e || e->n == 0)
		return VX_OK;
	if (e->n <= e->o->max_delete && fflush(e->keys) == 0)
		return delete_all(e, job, err);
	if (e->n <= e->o->max_delete)
		return vx_error_errno(err, VX_EIO, NULL, "cannot write a temporary file");
	struct vx_json *line = vx_json_object();
	vx_json_set_str(line, "url", e->o->to);
	vx_error_set(err, VX_EREJECT, NULL,
		"has %lld objects that the folder has not, more than --max-delete %lld: none is deleted", e->n,
		e->o->max_delete);
	vx_error_at(err, e->o->to, 0);
	vx_reject_json(job, line, err);
	vx_json_free(line);
	return VX_OK;
}

void extras_summary(const struct extras *e, struct vx_buf *b)
{
	if (e)
		vx_buf_printf(b, "; %ld %s%s", e->deleted, e->deleted == 1 ? "object" : "objects",
			e->o->dry_run ? " to delete" : " deleted");
}
