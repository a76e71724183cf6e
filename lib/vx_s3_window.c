/* vx_s3_window: pages of a bucket's list around the keys that are asked for. In: key. Out: absent, size and ETag, or untold.
 * SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "vx_io.h"
#include "vx_s3_list.h"
#include "vx_s3_window.h"

enum {
	PAGES = 16,
	TRIES = 3 /* the folder, what is behind, the key itself */,
	PAYS = 16,
	POOR_MAX = 3,
	PAUSE_FIRST = 256,
	PAUSE_MOST = 65536
};
static const double use_for = 300; /* seconds */

struct page {
	char *from; /* keys behind this one are covered; NULL: no page */
	struct vx_s3_answer list;
	double fetched;
	unsigned answered;
	unsigned long used;
};

struct vx_s3_window {
	struct vx_s3 *s3;
	char *prefix;
	pthread_mutex_t lock;
	pthread_cond_t turned;
	struct page pages[PAGES];
	struct page *newest;
	unsigned long clock;
	bool busy, off;
	unsigned poor, pause, skip;
};

struct vx_s3_window *vx_s3_window_new(struct vx_s3 *s3, const char *prefix)
{
	struct vx_s3_window *w = vx_alloc(sizeof(*w));
	w->s3 = s3;
	w->prefix = vx_strdup(prefix);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->turned, NULL);
	return w;
}

static void clear_page(struct page *p)
{
	free(p->from);
	vx_s3_answer_clear(&p->list);
	memset(p, 0, sizeof(*p));
}

void vx_s3_window_free(struct vx_s3_window *w)
{
	if (!w)
		return;
	for (int i = 0; i < PAGES; i++)
		clear_page(&w->pages[i]);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->turned);
	free(w->prefix);
	free(w);
}

char *vx_s3_before(const char *key)
{
	size_t n = strlen(key);
	if (n == 0)
		return vx_strdup("");
	unsigned char last = (unsigned char)key[n - 1];
	if (last > 0x20 && last < 0x7f && n < 1024)
		return vx_asprintf("%.*s%c~", (int)(n - 1), key, last - 1);
	/* A character of several bytes goes as a whole: what is sent must be UTF-8. */
	while (n > 0 && ((unsigned char)key[n - 1] & 0xc0) == 0x80)
		n--;
	return vx_strndup(key, n ? n - 1 : 0);
}

static const char *end_of(const struct page *p)
{
	return p->list.truncated ? p->list.entries[p->list.n - 1].key : NULL;
}

static struct page *covering(struct vx_s3_window *w, const char *key)
{
	double now = vx_now();
	for (int i = 0; i < PAGES; i++) {
		struct page *p = &w->pages[i];
		if (p->from && now - p->fetched < use_for && strcmp(key, p->from) > 0 &&
			(!end_of(p) || strcmp(key, end_of(p)) <= 0))
			return p;
	}
	return NULL;
}

static int compare(const void *key, const void *entry)
{
	return strcmp(key, ((const struct vx_s3_entry *)entry)->key);
}

static enum vx_s3_seen_how look(struct vx_s3_window *w, struct page *p, const char *key, struct vx_s3_seen *seen)
{
	p->answered++;
	p->used = ++w->clock;
	const struct vx_s3_entry *e = p->list.n ? bsearch(key, p->list.entries, p->list.n, sizeof(*e), compare) : NULL;
	if (!e)
		return VX_S3_ABSENT;
	seen->size = e->size;
	snprintf(seen->etag, sizeof(seen->etag), "%s", e->etag);
	return VX_S3_PRESENT;
}

/* The page that was of use the longest ago goes. False: pages have not paid lately, and none is fetched. */
static bool make_room(struct vx_s3_window *w, struct page **room)
{
	struct page *p = &w->pages[0];
	for (int i = 1; i < PAGES && p->from; i++)
		if (!w->pages[i].from || w->pages[i].used < p->used)
			p = &w->pages[i];
	*room = p;
	if (!p->from)
		return true;
	w->poor = p->answered < PAYS ? w->poor + 1 : 0;
	w->pause = w->poor ? w->pause : 0;
	if (w->newest == p)
		w->newest = NULL;
	clear_page(p);
	if (w->poor < POOR_MAX)
		return true;
	w->pause = w->pause ? w->pause * 2 : PAUSE_FIRST;
	w->pause = w->pause < PAUSE_MOST ? w->pause : PAUSE_MOST;
	w->skip = w->pause;
	w->poor = POOR_MAX - 1;
	return false;
}

static bool begins_at(const struct vx_s3_window *w, const char *from)
{
	for (int i = 0; i < PAGES; i++)
		if (w->pages[i].from && strcmp(w->pages[i].from, from) == 0)
			return true;
	return false;
}

/* Whether the page begins with the folder that key is in. */
static bool is_of_folder(const struct page *p, const char *key)
{
	const size_t n = strlen(p->from);
	return (n == 0 || p->from[n - 1] == '/') && strncmp(key, p->from, n) == 0 && !strchr(key + n, '/');
}

/* Where the page for key begins: behind the newest page where that one was read through, or is the first of the key's
 * folder, so that no key between is missed; else with the folder, whose files may come in another order (2 before 10);
 * else at the key. */
static char *beginning(const struct vx_s3_window *w, const char *key)
{
	const struct page *p = w->newest;
	const char *slash = strrchr(key, '/');
	if (p && end_of(p) && strcmp(key, end_of(p)) > 0 && (p->answered >= PAYS || is_of_folder(p, key)))
		return vx_strdup(end_of(p));
	char *folder = slash ? vx_strndup(key, (size_t)(slash + 1 - key)) : vx_strdup("");
	if (!begins_at(w, folder))
		return folder;
	free(folder);
	return vx_s3_before(key);
}

/* Called with the lock held, which is let go while the store is asked. */
static void fetch(struct vx_s3_window *w, const char *key, bool jump)
{
	struct page *room;
	struct vx_error ignored = VX_ERROR_INIT; /* HEAD will meet the same and tell it */
	if (!make_room(w, &room))
		return;
	char *from = jump ? vx_s3_before(key) : beginning(w, key);
	struct vx_s3_answer list;
	w->busy = true;
	pthread_mutex_unlock(&w->lock);
	int status = vx_s3_list_page(w->s3, w->prefix, from, &list, &ignored);
	pthread_mutex_lock(&w->lock);
	w->busy = false;
	w->off = status != VX_OK;
	if (status == VX_OK) {
		*room = (struct page){ .from = from, .list = list, .fetched = vx_now(), .used = ++w->clock };
		w->newest = room;
	} else {
		free(from);
		vx_s3_answer_clear(&list);
	}
	pthread_cond_broadcast(&w->turned);
}

enum vx_s3_seen_how vx_s3_window_ask(struct vx_s3_window *w, const char *key, struct vx_s3_seen *seen)
{
	enum vx_s3_seen_how how = VX_S3_UNTOLD;
	struct page *p = NULL;
	int fetches = 0;
	pthread_mutex_lock(&w->lock);
	while (!w->off && !(p = covering(w, key))) {
		if (w->busy) {
			pthread_cond_wait(&w->turned, &w->lock);
			continue;
		}
		if (w->skip > 0) {
			w->skip--;
			break;
		}
		if (fetches == TRIES)
			break;
		fetches++;
		fetch(w, key, fetches == TRIES);
	}
	if (!w->off && p)
		how = look(w, p, key, seen);
	pthread_mutex_unlock(&w->lock);
	return how;
}
