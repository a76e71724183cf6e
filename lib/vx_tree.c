/* vx_tree: a walk turned round: pieces into a buffer while the one before it is read. path -> entries.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "vx_tree.h"

enum { AHEAD = 64 << 10 }; /* bytes of entries; then the walk waits */

struct vx_tree {
	struct vx_tree_options o;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct vx_buf filling, reading; /* entries: size, path, NUL, problem ("": none), NUL */
	size_t at;                      /* in reading */
	bool ended, dropped;
	int status;
	struct vx_error err;
};

static void put_entry(struct vx_buf *b, uint64_t size, const char *folder, const char *name, const char *problem)
{
	vx_buf_add(b, &size, sizeof(size));
	vx_buf_puts(b, folder);
	vx_buf_puts(b, name);
	vx_buf_putc(b, '\0');
	vx_buf_puts(b, problem);
	vx_buf_putc(b, '\0');
}

static int mark(void *worker, const char *rel, size_t rel_len, const char *name, size_t len, enum vx_entry_type type)
{
	const struct vx_tree *t = worker;
	return !t->o.wanted || t->o.wanted(t->o.arg, rel, rel_len, name, len, type) ? 0 : -1;
}

static void files(
	void *worker, const struct vx_folder *f, int dirfd, size_t first, size_t last, struct vx_walk_out *out)
{
	const struct vx_tree *t = worker;
	for (size_t i = first; i < last; i++) {
		const char *name = vx_entry_name(f, &f->entries[i]), *problem = "";
		struct stat st = { 0 };
		if (t->o.sizes && fstatat(dirfd, name, &st, f->stat_flags) != 0) {
			if (errno == ENOENT)
				continue;
			problem = "cannot be looked at";
		}
		put_entry(&out->text, (uint64_t)st.st_size, f->rel, name, problem);
	}
}

static bool take_piece(void *arg, const struct vx_walk_out *out)
{
	struct vx_tree *t = arg;
	const char *rel, *reason;
	size_t at = 0;
	char level;
	pthread_mutex_lock(&t->lock);
	while (t->filling.len > AHEAD && !t->dropped)
		pthread_cond_wait(&t->changed, &t->lock);
	vx_buf_add(&t->filling, out->text.data, out->text.len);
	while (vx_walk_notes(out, &at, &level, &rel, &reason))
		put_entry(&t->filling, 0, rel, "", reason);
	const bool going = !t->dropped;
	pthread_cond_signal(&t->changed);
	pthread_mutex_unlock(&t->lock);
	return going;
}

static void *same(void *arg)
{
	return arg;
}

static void *walk(void *arg)
{
	struct vx_tree *t = arg;
	struct vx_error err = VX_ERROR_INIT;
	const struct vx_walk w = { .mark = mark,
		.files = files,
		.write = take_piece,
		.worker_new = same,
		.arg = t,
		.follow = t->o.follow,
		.jobs = 1 };
	const int status = vx_walk(&w, t->o.path, NULL, &err);
	pthread_mutex_lock(&t->lock);
	t->status = status;
	t->err = err;
	t->ended = true;
	pthread_cond_signal(&t->changed);
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

struct vx_tree *vx_tree_new(const struct vx_tree_options *o)
{
	struct vx_tree *t = vx_alloc(sizeof(*t));
	t->o = *o;
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->changed, NULL);
	if (pthread_create(&t->thread, NULL, walk, t) != 0)
		vx_die(VX_EMEM, "cannot start a thread");
	return t;
}

void vx_tree_free(struct vx_tree *t)
{
	if (!t)
		return;
	pthread_mutex_lock(&t->lock);
	t->dropped = true;
	pthread_cond_signal(&t->changed);
	pthread_mutex_unlock(&t->lock);
	pthread_join(t->thread, NULL);
	pthread_mutex_destroy(&t->lock);
	pthread_cond_destroy(&t->changed);
	vx_buf_free(&t->filling);
	vx_buf_free(&t->reading);
	free(t);
}

/* The buffer that was filled meanwhile becomes the one that is read. False: nothing more comes. */
static bool turn(struct vx_tree *t)
{
	pthread_mutex_lock(&t->lock);
	while (t->filling.len == 0 && !t->ended)
		pthread_cond_wait(&t->changed, &t->lock);
	const struct vx_buf empty = t->reading;
	t->reading = t->filling;
	t->filling = empty;
	vx_buf_clear(&t->filling);
	t->at = 0;
	pthread_cond_signal(&t->changed);
	pthread_mutex_unlock(&t->lock);
	return t->reading.len > 0;
}

int vx_tree_next(struct vx_tree *t, struct vx_tree_entry *e, struct vx_error *err)
{
	if (t->at == t->reading.len && !turn(t)) {
		if (t->status == VX_OK)
			return 0;
		if (err)
			*err = t->err;
		return t->status;
	}
	const char *s = t->reading.data + t->at;
	memcpy(&e->size, s, sizeof(e->size));
	e->rel = s + sizeof(e->size);
	e->problem = e->rel + strlen(e->rel) + 1;
	t->at = (size_t)(e->problem + strlen(e->problem) + 1 - t->reading.data);
	if (!e->problem[0])
		e->problem = NULL;
	return 1;
}
