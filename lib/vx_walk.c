/* vx_walk: the ordered list of a walk's pieces and the threads that work it off. root -> pieces of text in path order.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vx_walk_folder.h"

/* Files a piece; pieces that may wait ahead of the head; bytes of their text. */
enum { RUN = 128, AHEAD = 64, WAITING_BYTES = 1 << 20 };

enum state { RANGE, FOLDER, BUSY, DONE };

/* One piece: entries first..last-1 of folder still to be cut up; the folder that is entry `first` of folder (NULL: the
 * root); or what came of one of these. */
struct piece {
	struct piece *next;
	enum state state;
	struct vx_walk_folder *folder;
	size_t first, last;
	struct vx_walk_out out;
};

struct state_of_walk {
	const struct vx_walk *walk;
	struct vx_walk_tree tree;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct piece *head, *spare; /* spare: used pieces with their memory */
	size_t waiting;             /* bytes of text in pieces that are done */
	int idle_threads;
	bool writing, stopped;
};

void vx_walk_note(struct vx_walk_out *out, char level, const char *rel, const char *reason)
{
	vx_buf_putc(&out->notes, level);
	vx_buf_add(&out->notes, rel, strlen(rel) + 1);
	vx_buf_add(&out->notes, reason, strlen(reason) + 1);
}

bool vx_walk_notes(const struct vx_walk_out *out, size_t *at, char *level, const char **rel, const char **reason)
{
	if (*at >= out->notes.len)
		return false;
	*level = out->notes.data[*at];
	*rel = out->notes.data + *at + 1;
	*reason = *rel + strlen(*rel) + 1;
	*at = (size_t)(*reason + strlen(*reason) + 1 - out->notes.data);
	return true;
}

static struct piece *piece_new(struct state_of_walk *s, struct piece *next)
{
	struct piece *p = s->spare;

	if (p)
		s->spare = p->next;
	else
		p = vx_alloc(sizeof *p);
	p->next = next;
	p->folder = NULL;
	return p;
}

static void piece_spare(struct state_of_walk *s, struct piece *p)
{
	vx_buf_clear(&p->out.text);
	vx_buf_clear(&p->out.notes);
	p->out.records = 0;
	memset(p->out.counts, 0, sizeof p->out.counts);
	p->next = s->spare;
	s->spare = p;
}

/* Cuts the first thing off a range: a folder, or a run of files. The rest stays behind it in the list. */
static void cut(struct state_of_walk *s, struct piece *p)
{
	const struct vx_folder *f = &p->folder->view;
	size_t end = p->first + 1;
	bool is_folder = f->entries[p->first].type == VX_ENTRY_FOLDER;

	while (!is_folder && end < p->last && end - p->first < RUN && f->entries[end].type != VX_ENTRY_FOLDER)
		end++;
	if (end < p->last) {
		struct piece *rest = piece_new(s, p->next);
		rest->state = RANGE;
		rest->folder = vx_walk_folder_ref(p->folder);
		rest->first = end;
		rest->last = p->last;
		p->next = rest;
	}
	p->last = end;
	if (is_folder)
		p->state = FOLDER;
}

/* The first piece that nobody has, unless too much waits before it: the head itself may always be taken. */
static struct piece *take(struct state_of_walk *s)
{
	struct piece *p = s->head;

	for (int ahead = 0; p && p->state >= BUSY; ahead++, p = p->next)
		if (ahead >= AHEAD || s->waiting > WAITING_BYTES)
			return NULL;
	if (p && p->state == RANGE)
		cut(s, p);
	return p;
}

/* Hands over what is done at the head, one thread at a time; the lock is open meanwhile. */
static void hand_over(struct state_of_walk *s)
{
	if (s->writing)
		return;
	s->writing = true;
	while (s->head && s->head->state == DONE && !s->stopped) {
		struct piece *p = s->head;
		s->head = p->next;
		s->waiting -= p->out.text.len;
		if (p->out.text.len || p->out.notes.len || p->out.counts[0] || p->out.counts[1] || p->out.counts[2] ||
			p->out.counts[3]) {
			pthread_mutex_unlock(&s->lock);
			bool go_on = s->walk->write(s->walk->arg, &p->out);
			pthread_mutex_lock(&s->lock);
			s->stopped |= !go_on;
		}
		piece_spare(s, p);
		if (s->idle_threads)
			pthread_cond_broadcast(&s->changed);
	}
	s->writing = false;
}

/* The files of a piece; fd is their folder, closed here. */
static void work_files(struct state_of_walk *s, struct piece *p, void *worker, int fd)
{
	if (fd < 0)
		fd = vx_walk_folder_open(&s->tree, p->folder);
	if (fd < 0) {
		vx_walk_note(
			&p->out, 'r', p->folder->rel, errno == ENOENT ? "vanished during the scan" : strerror(errno));
	} else {
		s->walk->files(worker, &p->folder->view, fd, p->first, p->last, &p->out);
		close(fd);
	}
	vx_walk_folder_free(p->folder);
	p->folder = NULL;
}

/* Reads a folder and goes straight on with its first files. Returns false when it begins with a folder: the piece is
 * then that one, still to be done. */
static bool work_folder(struct state_of_walk *s, struct piece *p, void *worker, struct vx_buf *scratch)
{
	struct vx_walk_folder *parent = p->folder;
	const struct vx_entry *e = parent ? &parent->entries[p->first] : NULL;
	int fd;
	struct vx_walk_folder *f = vx_walk_folder_read(&s->tree, parent, e, worker, scratch, &p->out, &fd);

	vx_walk_folder_free(parent);
	p->folder = f;
	if (!f)
		return true;
	pthread_mutex_lock(&s->lock);
	p->first = 0;
	p->last = f->view.count;
	p->state = RANGE;
	cut(s, p);
	bool is_folder = p->state == FOLDER;
	if (!is_folder)
		p->state = BUSY;
	if (s->idle_threads)
		pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	if (is_folder) {
		close(fd);
		return false;
	}
	work_files(s, p, worker, fd);
	return true;
}

static void wait_for_work(struct state_of_walk *s)
{
	if (!s->writing && s->walk->idle) {
		s->writing = true;
		pthread_mutex_unlock(&s->lock);
		s->walk->idle(s->walk->arg);
		pthread_mutex_lock(&s->lock);
		s->writing = false;
		/* What became done meanwhile is nobody else's to hand over. */
		hand_over(s);
		if (take(s) || !s->head)
			return;
	}
	s->idle_threads++;
	pthread_cond_wait(&s->changed, &s->lock);
	s->idle_threads--;
}

static void *work(void *arg)
{
	struct state_of_walk *s = arg;
	void *worker = s->walk->worker_new ? s->walk->worker_new(s->walk->arg) : NULL;
	struct vx_buf scratch = VX_BUF_INIT;

	pthread_mutex_lock(&s->lock);
	while (s->head && !s->stopped) {
		struct piece *p = take(s);
		if (!p) {
			wait_for_work(s);
			continue;
		}
		bool is_folder = p->state == FOLDER, is_done = true;
		p->state = BUSY;
		pthread_mutex_unlock(&s->lock);
		if (is_folder)
			is_done = work_folder(s, p, worker, &scratch);
		else
			work_files(s, p, worker, -1);
		pthread_mutex_lock(&s->lock);
		if (!is_done)
			continue;
		p->state = DONE;
		s->waiting += p->out.text.len;
		hand_over(s);
	}
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	vx_buf_free(&scratch);
	if (s->walk->worker_free)
		s->walk->worker_free(worker);
	return NULL;
}

static void run_threads(struct state_of_walk *s)
{
	enum { MOST = 256 };
	pthread_t threads[MOST];
	int n = s->walk->jobs < 1 || s->tree.only ? 1 : s->walk->jobs > MOST ? MOST : s->walk->jobs, started = 0;

	/* Fewer threads than wanted are no error: the work is the same. */
	while (started < n - 1 && pthread_create(&threads[started], NULL, work, s) == 0)
		started++;
	work(s);
	for (int i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
}

static void free_pieces(struct piece *p)
{
	while (p) {
		struct piece *next = p->next;
		vx_walk_folder_free(p->folder);
		vx_buf_free(&p->out.text);
		vx_buf_free(&p->out.notes);
		free(p);
		p = next;
	}
}

int vx_walk(const struct vx_walk *walk, const char *path, const char *const *only, struct vx_error *err)
{
	struct state_of_walk s = { .walk = walk,
		.tree = { .walk = walk, .only = only },
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER };

	s.tree.root_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	s.tree.root = s.tree.root_fd < 0 ? NULL : realpath(path, NULL);
	if (!s.tree.root) {
		int status = vx_error_errno(err, VX_EIO, NULL, "cannot be opened");
		vx_error_at(err, path, 0);
		if (s.tree.root_fd >= 0)
			close(s.tree.root_fd);
		return status;
	}
	if (strcmp(s.tree.root, "/") == 0)
		s.tree.root[0] = '\0';
	s.head = piece_new(&s, NULL);
	s.head->state = FOLDER;
	run_threads(&s);
	free_pieces(s.head);
	free_pieces(s.spare);
	close(s.tree.root_fd);
	free(s.tree.root);
	return VX_OK;
}
