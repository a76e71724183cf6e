/* vx_known: facts in a file in the order in which they came, behind an index with open addressing that becomes four times as
 * large once it is two thirds full. names and contents as hashes -> whether they are known. SPDX-License-Identifier: MIT
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
	ENTRY = 8,           /* bytes of an entry of the index: the fact's number + 1, above it bits of its name */
	FACT = 24,           /* bytes of a fact */
	FIRST_SLOTS = 8192,  /* of the index; a power of two, as all sizes */
	CHUNK = 64,          /* entries read at once */
	PAGE = 256,          /* facts read or appended at once */
	STRETCH = 128 << 10, /* entries of an index that are built at once */
	NUMBER_BITS = 40,
	NO_SLOT = -2,
	BOOT = 36
};

#define PLACE_MOST 300 /* bytes of the head */
#define PROBES_MOST 64 /* chunks; a sound table never comes near */

/* A fact as it is in the file. */
struct fact {
	uint64_t name, content, more;
};

struct table {
	int fd;
	uint64_t slots, used; /* of the index; facts */
};

struct vx_known {
	pthread_mutex_t lock;
	char *path;
	char place[PLACE_MOST + 1];
	char instance[VX_KNOWN_INSTANCE + 1]; /* "-": none yet */
	int64_t newest;
	uint64_t mark;
	struct table table;
	bool sound; /* opened, and a journal */
	/* Which start of the machine the file was last written under, "-": it is on disk. A machine that went down may have lost
	 * an entry of the index and not its fact, which could then be found although a newer one is there. */
	char boot[BOOT + 1];
	/* Facts lie in the order in which they came, which is often that in which they are asked for: the page around the last
	 * one that was found, and the number that is expected next. */
	struct fact page[PAGE];
	uint64_t page_first, page_n, next;
	struct fact tail[PAGE]; /* the last facts of the table, not yet written */
	uint64_t tail_n;
};

static off_t place_of_entry(uint64_t slot)
{
	return HEAD + (off_t)(slot * ENTRY);
}

static off_t place_of_fact(const struct table *t, uint64_t number)
{
	return place_of_entry(t->slots) + (off_t)(number * FACT);
}

static int failed(const struct vx_known *k, struct vx_error *err)
{
	vx_error_errno(err, VX_EIO, NULL, "cannot be used as a journal");
	vx_error_at(err, k->path, 0);
	return VX_EIO;
}

static uint64_t entry_of(uint64_t name, uint64_t number)
{
	return (number + 1) | (name >> NUMBER_BITS << NUMBER_BITS);
}

/* The fact of that number, from where it lies; NULL: there is none, or the file cannot be read. */
static struct fact *fact_at(struct vx_known *k, uint64_t number)
{
	const struct table *t = &k->table;
	uint64_t written = t->used - k->tail_n, n;

	if (number >= t->used)
		return NULL;
	if (number >= written)
		return &k->tail[number - written];
	if (number - k->page_first >= k->page_n) {
		n = written - number < PAGE ? written - number : PAGE;
		k->page_n = 0;
		if (pread(t->fd, k->page, n * FACT, place_of_fact(t, number)) != (ssize_t)(n * FACT))
			return NULL;
		k->page_first = number;
		k->page_n = n;
	}
	return &k->page[number - k->page_first];
}

/* The number of the fact under name, -1: none. slot takes the place where its entry belongs, NO_SLOT: there
 * is none, -1: the file cannot be read. */
static int64_t look_up(struct vx_known *k, uint64_t name, int64_t *slot)
{
	const struct table *t = &k->table;
	uint64_t chunk[CHUNK], at = name & (t->slots - 1);

	*slot = -1;
	for (int probes = 0; probes < PROBES_MOST; probes++) {
		uint64_t base = at & ~(uint64_t)(CHUNK - 1);
		if (pread(t->fd, chunk, sizeof(chunk), place_of_entry(base)) != (ssize_t)sizeof(chunk))
			return -1;
		for (uint64_t i = at - base; i < CHUNK; i++) {
			uint64_t entry = le64toh(chunk[i]), number = (entry & ((UINT64_C(1) << NUMBER_BITS) - 1)) - 1;
			const struct fact *f;
			if (entry == 0) {
				*slot = (int64_t)(base + i);
				return -1;
			}
			if (entry >> NUMBER_BITS == name >> NUMBER_BITS && (f = fact_at(k, number)) &&
				f->name == htole64(name))
				return (int64_t)number;
		}
		at = (base + CHUNK) & (t->slots - 1);
	}
	*slot = NO_SLOT;
	return -1;
}

static int write_tail(struct vx_known *k)
{
	size_t n = k->tail_n * FACT;

	if (n > 0 && pwrite(k->table.fd, k->tail, n, place_of_fact(&k->table, k->table.used - k->tail_n)) != (ssize_t)n)
		return VX_EIO;
	k->tail_n = 0;
	return VX_OK;
}

static int append(struct vx_known *k, const struct fact *f, int64_t slot)
{
	uint64_t entry = htole64(entry_of(le64toh(f->name), k->table.used));

	if (slot == NO_SLOT) /* only of a damaged index: then this stays unknown */
		return VX_OK;
	if (slot < 0 || pwrite(k->table.fd, &entry, ENTRY, place_of_entry((uint64_t)slot)) != ENTRY)
		return VX_EIO;
	k->tail[k->tail_n++] = *f;
	k->table.used++;
	return k->tail_n == PAGE ? write_tail(k) : VX_OK;
}

static int put(struct vx_known *k, const struct fact *f)
{
	int64_t slot, number = look_up(k, le64toh(f->name), &slot);
	struct fact *there;

	if (number < 0)
		return append(k, f, slot);
	there = fact_at(k, (uint64_t)number);
	if (!there)
		return VX_EIO;
	if (memcmp(there, f, FACT) == 0)
		return VX_OK;
	*there = *f;
	if ((uint64_t)number >= k->table.used - k->tail_n)
		return VX_OK;
	return pwrite(k->table.fd, f, FACT, place_of_fact(&k->table, (uint64_t)number)) == FACT ? VX_OK : VX_EIO;
}

static void this_boot(char out[BOOT + 1])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, out, BOOT);

	if (fd >= 0)
		close(fd);
	out[n == BOOT ? BOOT : 0] = '\0';
	if (strspn(out, "0123456789abcdef-") != BOOT)
		strcpy(out, "?");
}

/* Whether what is in the file is what was written. */
static bool whole(const struct vx_known *k)
{
	char now[BOOT + 1];

	this_boot(now);
	return strcmp(k->boot, "-") == 0 || (strcmp(k->boot, now) == 0 && now[0] != '?');
}

/* The head as text, padded with blanks, a line's end as its last byte. */
static int put_head(const struct vx_known *k, const struct table *t)
{
	char text[HEAD];
	int n = snprintf(text, sizeof(text), "vx-known 2 %s %s %lld %llx %llu %s", k->place, k->instance,
		(long long)k->newest, (unsigned long long)k->mark, (unsigned long long)t->slots, k->boot);

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
	unsigned long long mark, slots;

	if (pread(k->table.fd, text, HEAD, 0) != HEAD)
		return false;
	for (size_t n = HEAD; n > 0 && strchr(" \n", text[n - 1]); n--)
		text[n - 1] = '\0';
	end = strrchr(text, ' ');
	if (!end || strtoul(end + 1, NULL, 16) != crc32(0, (const Bytef *)text, (uInt)(end - text)))
		return false;
	if (sscanf(text, "vx-known 2 %300s %64s %lld %llx %llu %36s", place, k->instance, &newest, &mark, &slots,
		    k->boot) != 6)
		return false;
	k->newest = newest;
	k->mark = mark;
	k->table.slots = slots;
	return true;
}

/* An empty table with an index of so many slots. */
static int make_table(struct vx_known *k, struct table *t, uint64_t slots)
{
	t->slots = slots;
	t->used = 0;
	if (t == &k->table)
		k->page_n = k->tail_n = k->next = 0;
	if (ftruncate(t->fd, 0) != 0 || ftruncate(t->fd, place_of_entry(slots)) != 0)
		return VX_EIO;
	return put_head(k, t);
}

struct late {
	uint64_t name, number;
};

/* A stretch of an index, built in memory. */
struct stretch {
	uint64_t *entries, from, n;
	struct late *late; /* what found no room in its stretch */
	size_t n_late, cap_late;
};

static void place_entry(struct stretch *s, uint64_t name, uint64_t number, uint64_t home)
{
	for (uint64_t i = home - s->from; i < s->n; i++) {
		if (s->entries[i] == 0) {
			s->entries[i] = htole64(entry_of(name, number));
			return;
		}
	}
	if (s->n_late == s->cap_late) {
		s->cap_late = s->cap_late ? s->cap_late * 2 : 64;
		s->late = vx_realloc(s->late, s->cap_late * sizeof(*s->late));
	}
	s->late[s->n_late++] = (struct late){ name, number };
}

/* The facts of the smaller table: those that belong into the stretch; all are copied as they are, when asked to. */
static int read_facts(const struct table *from, const struct table *to, struct stretch *s, bool copy)
{
	struct fact page[PAGE];

	memset(s->entries, 0, s->n * ENTRY);
	for (uint64_t at = 0; at < from->used; at += PAGE) {
		uint64_t n = from->used - at < PAGE ? from->used - at : PAGE;
		if (pread(from->fd, page, n * FACT, place_of_fact(from, at)) != (ssize_t)(n * FACT))
			return VX_EIO;
		if (copy && pwrite(to->fd, page, n * FACT, place_of_fact(to, at)) != (ssize_t)(n * FACT))
			return VX_EIO;
		for (uint64_t i = 0; i < n; i++) {
			uint64_t name = le64toh(page[i].name), home = name & (to->slots - 1);
			if (home - s->from < s->n)
				place_entry(s, name, at + i, home);
		}
	}
	return VX_OK;
}

/* An entry that found no room in its stretch takes the first free slot behind it. */
static int place_late(const struct table *t, const struct late *l)
{
	uint64_t entry, at = l->name & (t->slots - 1);

	for (;; at = (at + 1) & (t->slots - 1)) {
		if (pread(t->fd, &entry, ENTRY, place_of_entry(at)) != ENTRY)
			return VX_EIO;
		if (entry == 0)
			break;
	}
	entry = htole64(entry_of(l->name, l->number));
	return pwrite(t->fd, &entry, ENTRY, place_of_entry(at)) == ENTRY ? VX_OK : VX_EIO;
}

/* All of from into the larger table to, the facts in their order. */
static int move_all(const struct table *from, struct table *to)
{
	struct stretch s = { .n = to->slots < STRETCH ? to->slots : STRETCH };
	int status = VX_OK;

	s.entries = vx_alloc(s.n * ENTRY);
	for (; s.from < to->slots && status == VX_OK; s.from += s.n) {
		status = read_facts(from, to, &s, s.from == 0);
		if (status == VX_OK &&
			pwrite(to->fd, s.entries, s.n * ENTRY, place_of_entry(s.from)) != (ssize_t)(s.n * ENTRY))
			status = VX_EIO;
	}
	for (size_t i = 0; i < s.n_late && status == VX_OK; i++)
		status = place_late(to, &s.late[i]);
	to->used = from->used;
	free(s.late);
	free(s.entries);
	return status;
}

/* Four times as large, in a new file that then takes the old one's name; locked before anybody can open it. */
static int grow(struct vx_known *k)
{
	char *path = vx_asprintf("%s.new", k->path);
	struct table larger = { .fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600) };
	int status = larger.fd >= 0 && flock(larger.fd, LOCK_EX | LOCK_NB) == 0 ? VX_OK : VX_EIO;

	if (status == VX_OK)
		status = write_tail(k);
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
		k->page_n = 0;
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
	if (st->st_size == place_of_entry(FIRST_SLOTS) && pread(k->table.fd, &first, 1, 0) == 1 && first == 0)
		return make_table(k, &k->table, FIRST_SLOTS) == VX_OK ? VX_OK : failed(k, err);
	if (!read_head(k, place))
		status = vx_error_set(err, VX_EUSAGE, NULL, "is no journal of vx-post, or a damaged one");
	else if (strcmp(place, k->place) != 0)
		status = vx_error_set(err, VX_EUSAGE, NULL, "is the journal of another place: %s", place);
	else if (k->table.slots < FIRST_SLOTS || (k->table.slots & (k->table.slots - 1)) != 0 ||
		 k->table.slots > (UINT64_C(1) << NUMBER_BITS) || st->st_size < place_of_entry(k->table.slots))
		status = vx_error_set(err, VX_EUSAGE, NULL, "is a journal that lost its end");
	else
		k->table.used = (uint64_t)(st->st_size - place_of_entry(k->table.slots)) / FACT;
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
	strcpy(k->boot, "-");
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
	if (k->sound && strcmp(k->boot, "-") != 0) {
		if (write_tail(k) != VX_OK || fdatasync(k->table.fd) != 0)
			status = failed(k, err);
		else
			strcpy(k->boot, "-");
	}
	if (k->sound && put_head(k, &k->table) != VX_OK)
		status = failed(k, err);
	if (k->table.fd >= 0 && close(k->table.fd) != 0 && status == VX_OK)
		status = failed(k, err);
	pthread_mutex_destroy(&k->lock);
	free(k->path);
	free(k);
	return status;
}

int64_t vx_known_newest(struct vx_known *k)
{
	int64_t newest;

	pthread_mutex_lock(&k->lock);
	newest = k->newest;
	pthread_mutex_unlock(&k->lock);
	return newest;
}

static bool fits(const struct vx_known *k, const struct vx_known_side *side)
{
	return strcmp(k->instance, side->instance) == 0 && side->newest >= k->newest &&
	       (k->newest == 0 || side->mark == k->mark) && whole(k);
}

bool vx_known_fits(struct vx_known *k, const struct vx_known_side *side)
{
	bool is;

	pthread_mutex_lock(&k->lock);
	is = fits(k, side);
	pthread_mutex_unlock(&k->lock);
	return is;
}

int vx_known_keep(struct vx_known *k, const struct vx_known_side *side, uint64_t *kept, struct vx_error *err)
{
	int status = VX_OK;

	pthread_mutex_lock(&k->lock);
	if (!fits(k, side)) {
		snprintf(k->instance, sizeof(k->instance), "%s", side->instance);
		k->newest = 0;
		k->mark = 0;
		strcpy(k->boot, "-");
		if (make_table(k, &k->table, FIRST_SLOTS) != VX_OK)
			status = failed(k, err);
	}
	*kept = k->table.used;
	pthread_mutex_unlock(&k->lock);
	return status;
}

int vx_known_mark(struct vx_known *k, int64_t newest, uint64_t mark, struct vx_error *err)
{
	int status = VX_OK;

	pthread_mutex_lock(&k->lock);
	if (newest > k->newest) {
		k->newest = newest;
		k->mark = mark;
		if (write_tail(k) != VX_OK || put_head(k, &k->table) != VX_OK)
			status = failed(k, err);
	}
	pthread_mutex_unlock(&k->lock);
	return status;
}

int vx_known_move(struct vx_known *k, const char *instance, struct vx_error *err)
{
	int status = VX_OK;

	pthread_mutex_lock(&k->lock);
	if (write_tail(k) != VX_OK || fdatasync(k->table.fd) != 0)
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
	const struct fact *f;
	int64_t number, ignored;

	name = name_of(name);
	pthread_mutex_lock(&k->lock);
	f = fact_at(k, k->next);
	if (!f || f->name != htole64(name)) {
		number = look_up(k, name, &ignored);
		f = number < 0 ? NULL : fact_at(k, (uint64_t)number);
		k->next = f ? (uint64_t)number : k->next;
	}
	if (f) {
		*out = (struct vx_fact){ le64toh(f->name), le64toh(f->content), le64toh(f->more) };
		k->next++;
	}
	pthread_mutex_unlock(&k->lock);
	return f != NULL;
}

int vx_known_put(struct vx_known *k, const struct vx_fact *fact, struct vx_error *err)
{
	struct fact f = { htole64(name_of(fact->name)), htole64(fact->content), htole64(fact->more) };
	int status = VX_OK;

	pthread_mutex_lock(&k->lock);
	if (strcmp(k->boot, "-") == 0) {
		this_boot(k->boot);
		status = put_head(k, &k->table);
	}
	if (status == VX_OK && k->table.used * 3 >= k->table.slots * 2)
		status = grow(k);
	if (status == VX_OK)
		status = put(k, &f);
	if (status != VX_OK)
		status = failed(k, err);
	pthread_mutex_unlock(&k->lock);
	return status;
}
