/* vx_known: a hash table in a file with open addressing, four times as large once it is two thirds full.
 * names and contents as hashes -> whether they are known. SPDX-License-Identifier: MIT
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "vx_http.h"
#include "vx_io.h"
#include "vx_known.h"

enum {
	HEAD = 512,
	SLOT = 24,
	FIRST_SLOTS = 8192 /* a power of two, as all sizes */,
	CHUNK = 16 /* slots read at once */
};

#define STRETCH 16384   /* slots, a power of two */
#define PLACE_MOST 300  /* bytes of the head */
#define PROBES_MOST 256 /* chunks; a sound table never comes near */

/* A slot as it is in the file. */
struct slot {
	uint64_t name, content, more; /* name 0: free */
};

struct table {
	int fd;
	uint64_t slots, used;
};

struct vx_known {
	pthread_mutex_t lock;
	char *path;
	char place[PLACE_MOST + 1];
	char instance[VX_KNOWN_INSTANCE + 1]; /* "-": none yet */
	int64_t newest;
	struct table table;
	bool sound; /* opened, and a journal */
};

static off_t place_of(uint64_t slot)
{
	return HEAD + (off_t)(slot * SLOT);
}

static int failed(const struct vx_known *k, struct vx_error *err)
{
	vx_error_errno(err, VX_EIO, NULL, "cannot be used as a journal");
	vx_error_at(err, k->path, 0);
	return VX_EIO;
}

/* Where name is, or else would be; found tells which. -1: the file cannot be read, or is no sound table. */
static int64_t find(const struct table *t, uint64_t name, struct slot *out, bool *found)
{
	struct slot chunk[CHUNK];
	uint64_t wanted = htole64(name), at = name & (t->slots - 1);

	for (int probes = 0; probes < PROBES_MOST; probes++) {
		uint64_t base = at & ~(uint64_t)(CHUNK - 1);
		if (pread(t->fd, chunk, sizeof(chunk), place_of(base)) != (ssize_t)sizeof(chunk))
			return -1;
		for (uint64_t i = at - base; i < CHUNK; i++) {
			*found = chunk[i].name == wanted;
			if (*found || chunk[i].name == 0) {
				*out = chunk[i];
				return (int64_t)(base + i);
			}
		}
		at = (base + CHUNK) & (t->slots - 1);
	}
	errno = EIO;
	return -1;
}

static int put(struct table *t, const struct slot *s)
{
	struct slot there;
	bool found;
	int64_t at = find(t, le64toh(s->name), &there, &found);

	if (at < 0)
		return VX_EIO;
	if (found && memcmp(&there, s, SLOT) == 0)
		return VX_OK;
	if (pwrite(t->fd, s, SLOT, place_of((uint64_t)at)) != SLOT)
		return VX_EIO;
	t->used += !found;
	return VX_OK;
}

/* The head as text, padded with blanks, a line's end as its last byte. */
static int put_head(const struct vx_known *k, const struct table *t)
{
	char text[HEAD];
	int n = snprintf(text, sizeof(text), "vx-known 1 %s %s %lld %llu %llu", k->place, k->instance,
		(long long)k->newest, (unsigned long long)t->slots, (unsigned long long)t->used);

	n += snprintf(text + n, sizeof(text) - (size_t)n, " %08lx", crc32(0, (const Bytef *)text, (uInt)n));
	memset(text + n, ' ', sizeof(text) - (size_t)n);
	text[HEAD - 1] = '\n';
	return pwrite(t->fd, text, HEAD, 0) == HEAD ? VX_OK : VX_EIO;
}

/* What the head says; false: it is none, or damaged. place takes PLACE_MOST + 1 bytes. */
static bool read_head(struct vx_known *k, char *place)
{
	char text[HEAD + 1] = "", *end;
	long long newest;
	unsigned long long slots, used;

	if (pread(k->table.fd, text, HEAD, 0) != HEAD)
		return false;
	for (size_t n = HEAD; n > 0 && strchr(" \n", text[n - 1]); n--)
		text[n - 1] = '\0';
	end = strrchr(text, ' ');
	if (!end || strtoul(end + 1, NULL, 16) != crc32(0, (const Bytef *)text, (uInt)(end - text)))
		return false;
	if (sscanf(text, "vx-known 1 %300s %64s %lld %llu %llu", place, k->instance, &newest, &slots, &used) != 5)
		return false;
	k->newest = newest;
	k->table.slots = slots;
	k->table.used = used;
	return true;
}

/* An empty table of so many slots in fd. */
static int make_table(struct vx_known *k, struct table *t, uint64_t slots)
{
	t->slots = slots;
	t->used = 0;
	if (ftruncate(t->fd, 0) != 0 || ftruncate(t->fd, place_of(slots)) != 0)
		return VX_EIO;
	return put_head(k, t);
}

/* A stretch of the larger table, built in memory. */
struct stretch {
	struct slot *slots;
	uint64_t from, n;
	struct slot *late; /* what finds no room in its stretch */
	size_t n_late, cap_late;
};

static void place_slot(struct stretch *s, const struct slot *slot, uint64_t home)
{
	for (uint64_t i = home - s->from; i < s->n; i++) {
		if (s->slots[i].name == 0) {
			s->slots[i] = *slot;
			return;
		}
	}
	if (s->n_late == s->cap_late) {
		s->cap_late = s->cap_late ? s->cap_late * 2 : 64;
		s->late = vx_realloc(s->late, s->cap_late * sizeof(*s->late));
	}
	s->late[s->n_late++] = *slot;
}

/* What belongs into the stretch lies, in the smaller table, from the same place (modulo its size) on, up to the first free
 * slot behind it. */
static int fill_stretch(const struct table *from, const struct table *to, struct stretch *s, uint64_t *moved)
{
	struct slot chunk[256];
	uint64_t at = s->from & (from->slots - 1), n = sizeof(chunk) / sizeof(chunk[0]);

	memset(s->slots, 0, s->n * SLOT);
	for (uint64_t done = 0; done < from->slots; done += n, at = (at + n) & (from->slots - 1)) {
		if (pread(from->fd, chunk, sizeof(chunk), place_of(at)) != (ssize_t)sizeof(chunk))
			return VX_EIO;
		for (uint64_t i = 0; i < n; i++) {
			uint64_t home = le64toh(chunk[i].name) & (to->slots - 1);
			if (chunk[i].name == 0 && done + i >= s->n)
				return VX_OK;
			if (chunk[i].name != 0 && home - s->from < s->n) {
				place_slot(s, &chunk[i], home);
				++*moved;
			}
		}
	}
	return VX_OK;
}

/* All of from into the larger table to: in order of places, so that it is read and written from front to back. */
static int move_all(const struct table *from, struct table *to)
{
	struct stretch s = { .n = from->slots < STRETCH ? from->slots : STRETCH };
	int status = VX_OK;

	s.slots = vx_alloc(s.n * SLOT);
	for (; s.from < to->slots && status == VX_OK; s.from += s.n) {
		status = fill_stretch(from, to, &s, &to->used);
		if (status == VX_OK && pwrite(to->fd, s.slots, s.n * SLOT, place_of(s.from)) != (ssize_t)(s.n * SLOT))
			status = VX_EIO;
	}
	to->used -= s.n_late;
	for (size_t i = 0; i < s.n_late && status == VX_OK; i++)
		status = put(to, &s.late[i]);
	free(s.late);
	free(s.slots);
	return status;
}

/* Four times as large, in a new file that then takes the old one's name; locked before anybody can open it. */
static int grow(struct vx_known *k)
{
	char *path = vx_asprintf("%s.new", k->path);
	struct table larger = { .fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600) };
	int status = larger.fd >= 0 && flock(larger.fd, LOCK_EX | LOCK_NB) == 0 ? VX_OK : VX_EIO;

	if (status == VX_OK)
		status = make_table(k, &larger, k->table.slots * 4);
	if (status == VX_OK)
		status = move_all(&k->table, &larger);
	if (status == VX_OK)
		status = put_head(k, &larger);
	if (status == VX_OK && rename(path, k->path) != 0)
		status = VX_EIO;
	if (status == VX_OK) {
		close(k->table.fd);
		k->table = larger;
	} else if (larger.fd >= 0) {
		unlink(path);
		close(larger.fd);
	}
	free(path);
	return status;
}

/* A file that is there: a journal, and of this place. */
static int check_file(struct vx_known *k, const struct stat *st, struct vx_error *err)
{
	char place[PLACE_MOST + 1] = "", first = 0;
	int status = VX_OK;

	/* A run was killed while it made the file. */
	if (st->st_size == place_of(FIRST_SLOTS) && pread(k->table.fd, &first, 1, 0) == 1 && first == 0)
		return make_table(k, &k->table, FIRST_SLOTS) == VX_OK ? VX_OK : failed(k, err);
	if (!read_head(k, place))
		status = vx_error_set(err, VX_EUSAGE, NULL, "is no journal of vx-post, or a damaged one");
	else if (strcmp(place, k->place) != 0)
		status = vx_error_set(err, VX_EUSAGE, NULL, "is the journal of another place: %s", place);
	else if (k->table.slots < FIRST_SLOTS || (k->table.slots & (k->table.slots - 1)) != 0 ||
		 k->table.slots > UINT64_MAX / SLOT / 2 || st->st_size < place_of(k->table.slots))
		status = vx_error_set(err, VX_EUSAGE, NULL, "is a journal that lost its end");
	return status;
}

static int open_file(struct vx_known *k, struct vx_error *err)
{
	struct stat st;
	int status = VX_OK;

	k->table.fd = open(k->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	if (k->table.fd < 0 || fstat(k->table.fd, &st) != 0)
		status = vx_error_errno(err, VX_EIO, NULL, "cannot be opened as a journal");
	else if (!S_ISREG(st.st_mode))
		status = vx_error_set(err, VX_EUSAGE, NULL, "is no regular file: no journal");
	else if (flock(k->table.fd, LOCK_EX | LOCK_NB) != 0 || fstat(k->table.fd, &st) != 0 || st.st_nlink == 0)
		status = vx_error_set(err, VX_EUNREACHABLE, NULL, "is another run's journal at the moment");
	else if (st.st_size > 0)
		status = check_file(k, &st, err);
	else if (make_table(k, &k->table, FIRST_SLOTS) != VX_OK)
		return failed(k, err);
	if (status != VX_OK)
		vx_error_at(err, k->path, 0);
	else
		(void)!posix_fadvise(k->table.fd, 0, 0, POSIX_FADV_WILLNEED); /* it is going to be read in no order */
	return status;
}

struct vx_known *vx_known_open(const char *path, const char *place, struct vx_error *err)
{
	struct vx_known *k = vx_alloc(sizeof(*k));
	struct vx_buf b = VX_BUF_INIT;
	int status;

	pthread_mutex_init(&k->lock, NULL);
	k->path = vx_strdup(path);
	strcpy(k->instance, "-");
	vx_url_escape(&b, place, strlen(place), true);
	if (b.len == 0 || b.len > PLACE_MOST) {
		k->table.fd = -1;
		status = vx_error_set(err, VX_EUSAGE, NULL, "a journal needs a place of 1 to %d bytes", PLACE_MOST);
	} else {
		memcpy(k->place, b.data, b.len + 1);
		status = open_file(k, err);
	}
	vx_buf_free(&b);
	k->sound = status == VX_OK;
	if (k->sound)
		return k;
	(void)!vx_known_close(k, err);
	return NULL;
}

int vx_known_close(struct vx_known *k, struct vx_error *err)
{
	int status = VX_OK;

	if (!k)
		return VX_OK;
	if (k->sound && put_head(k, &k->table) != VX_OK)
		status = failed(k, err);
	if (k->table.fd >= 0 && close(k->table.fd) != 0 && status == VX_OK)
		status = failed(k, err);
	pthread_mutex_destroy(&k->lock);
	free(k->path);
	free(k);
	return status;
}

int vx_known_keep(struct vx_known *k, const char *instance, int64_t newest, uint64_t *kept, struct vx_error *err)
{
	int status = VX_OK;

	pthread_mutex_lock(&k->lock);
	if (strcmp(k->instance, instance) != 0 || newest < k->newest) {
		snprintf(k->instance, sizeof(k->instance), "%s", instance);
		k->newest = newest;
		if (make_table(k, &k->table, FIRST_SLOTS) != VX_OK)
			status = failed(k, err);
	}
	*kept = k->table.used;
	pthread_mutex_unlock(&k->lock);
	return status;
}

int vx_known_mark(struct vx_known *k, int64_t newest, struct vx_error *err)
{
	int status = VX_OK;

	pthread_mutex_lock(&k->lock);
	if (newest > k->newest) {
		k->newest = newest;
		if (put_head(k, &k->table) != VX_OK)
			status = failed(k, err);
	}
	pthread_mutex_unlock(&k->lock);
	return status;
}

int vx_known_move(struct vx_known *k, const char *instance, struct vx_error *err)
{
	int status = VX_OK;

	pthread_mutex_lock(&k->lock);
	if (fdatasync(k->table.fd) != 0)
		status = failed(k, err);
	snprintf(k->instance, sizeof(k->instance), "%s", instance);
	if (status == VX_OK && put_head(k, &k->table) != VX_OK)
		status = failed(k, err);
	pthread_mutex_unlock(&k->lock);
	return status;
}

uint64_t vx_known_count(struct vx_known *k)
{
	uint64_t n;

	pthread_mutex_lock(&k->lock);
	n = k->table.used;
	pthread_mutex_unlock(&k->lock);
	return n;
}

const char *vx_known_instance(const struct vx_known *k)
{
	return k->instance;
}

static uint64_t name_of(uint64_t hash)
{
	return hash ? hash : 1; /* 0 marks a free slot */
}

bool vx_known_get(struct vx_known *k, uint64_t name, struct vx_fact *out)
{
	struct slot s;
	bool found = false;

	pthread_mutex_lock(&k->lock);
	if (find(&k->table, name_of(name), &s, &found) < 0)
		found = false;
	pthread_mutex_unlock(&k->lock);
	if (found)
		*out = (struct vx_fact){ le64toh(s.name), le64toh(s.content), le64toh(s.more) };
	return found;
}

int vx_known_put(struct vx_known *k, const struct vx_fact *fact, struct vx_error *err)
{
	struct slot s = { htole64(name_of(fact->name)), htole64(fact->content), htole64(fact->more) };
	int status = VX_OK;

	pthread_mutex_lock(&k->lock);
	if (k->table.used * 3 >= k->table.slots * 2)
		status = grow(k);
	if (status == VX_OK)
		status = put(&k->table, &s);
	if (status != VX_OK)
		status = failed(k, err);
	pthread_mutex_unlock(&k->lock);
	return status;
}
