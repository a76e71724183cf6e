/* vx_journal: an append-only file of checksummed lines, and what it says in two tables of digests.
 * In: lines of earlier runs. Out: whether a key is known to have a content. SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <zlib.h>

#include "vx_hash.h"
#include "vx_http.h"
#include "vx_io.h"
#include "vx_journal.h"

enum { CRC_LEN = 8, FIELDS = 5, YOUNG = 2 /* seconds: the coarsest time stamp of a file system in use */ };

/* One key: its digest, and that of what it has. Half a SHA-256 is enough: 2^-128 is no chance. */
struct slot {
	unsigned char key[8]; /* all 0: free */
	unsigned char content[16];
};

/* One file: the digest of its device and inode, that of size and times, and its SHA-256. */
struct sight {
	unsigned char inode[8];
	unsigned char stat[8];
	unsigned char sha256[32];
};

/* Open addressing over items whose first 8 bytes are their key. */
struct table {
	char *items;
	size_t item, size, used;
};

struct vx_journal {
	pthread_mutex_t lock;
	int fd;
	char *path;
	long damaged;
	struct table puts, sights;
	struct vx_buf line;
};

static void *table_find(const struct table *t, const unsigned char key[8])
{
	static const unsigned char none[8] = { 0 };
	uint64_t at;
	memcpy(&at, key, 8);
	for (size_t i = (size_t)at & (t->size - 1);; i = (i + 1) & (t->size - 1)) {
		char *item = t->items + i * t->item;
		if (memcmp(item, key, 8) == 0 || memcmp(item, none, 8) == 0)
			return item;
	}
}

static void table_grow(struct table *t)
{
	static const unsigned char none[8] = { 0 };
	struct table old = *t;
	t->size = old.size ? old.size * 2 : 1024;
	t->items = vx_alloc(t->size * t->item);
	for (size_t i = 0; i < old.size; i++) {
		char *item = old.items + i * t->item;
		if (memcmp(item, none, 8) != 0)
			memcpy(table_find(t, (unsigned char *)item), item, t->item);
	}
	free(old.items);
}

/* The item of key, new ones with nothing but the key. */
static void *table_item(struct table *t, const unsigned char key[8])
{
	if (t->used * 4 >= t->size * 3)
		table_grow(t);
	char *item = table_find(t, key);
	if (memcmp(item, key, 8) != 0) {
		memcpy(item, key, 8);
		t->used++;
	}
	return item;
}

static void hex_bytes(const char *hex, unsigned char *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (unsigned char)(vx_hex_digit(hex[2 * i]) << 4 | vx_hex_digit(hex[2 * i + 1]));
}

/* The first n bytes of the SHA-256 of a text, never all 0. */
static void digest(const char *text, size_t len, unsigned char *out, size_t n)
{
	char hex[65];
	vx_sha256_bytes(text, len, hex);
	hex_bytes(hex, out, n);
	out[0] |= 1;
}

static void put_into(struct vx_journal *j, const char *key, size_t key_len, const char *content, size_t len)
{
	struct slot made;
	digest(key, key_len, made.key, sizeof(made.key));
	digest(content, len, made.content, sizeof(made.content));
	*(struct slot *)table_item(&j->puts, made.key) = made;
}

static void see_into(
	struct vx_journal *j, const char *inode, size_t inode_len, const char *stat, size_t len, const char *sha256)
{
	struct sight made;
	digest(inode, inode_len, made.inode, sizeof(made.inode));
	digest(stat, len, made.stat, sizeof(made.stat));
	hex_bytes(sha256, made.sha256, sizeof(made.sha256));
	*(struct sight *)table_item(&j->sights, made.inode) = made;
}

/* Cuts a line at its blanks. Out: the number of fields, at most FIELDS; 0: the checksum is not that of the line. */
static int cut(char *line, size_t len, char *fields[FIELDS], size_t lens[FIELDS])
{
	char crc[CRC_LEN + 1];
	int n = 0;
	if (len < CRC_LEN + 2 || line[len - CRC_LEN - 1] != ' ' || memchr(line, '\0', len))
		return 0;
	snprintf(crc, sizeof(crc), "%08lx", crc32(0, (const Bytef *)line, (uInt)(len - CRC_LEN - 1)));
	if (memcmp(crc, line + len - CRC_LEN, CRC_LEN) != 0)
		return 0;
	len -= CRC_LEN + 1;
	for (char *at = line, *end = line + len; at <= end && n < FIELDS; n++) {
		char *blank = memchr(at, ' ', (size_t)(end - at));
		fields[n] = at;
		lens[n] = (size_t)((blank ? blank : end) - at);
		at = (blank ? blank : end) + 1;
	}
	return n;
}

static bool is(const char *field, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(field, word, len) == 0;
}

/* One line behind the first. What it says in a way that this version does not know is passed over as if damaged. */
static void take_line(struct vx_journal *j, char *line, size_t len)
{
	char *f[FIELDS];
	size_t n[FIELDS];
	int fields = cut(line, len, f, n);
	if (fields == 3 && is(f[0], n[0], "put"))
		put_into(j, f[1], n[1], f[2], n[2]);
	else if (fields == 4 && is(f[0], n[0], "seen") && n[3] == 64 && strspn(f[3], "0123456789abcdef") == 64)
		see_into(j, f[1], n[1], f[2], n[2], f[3]);
	else
		j->damaged++;
}

/* Appends the line to the file in one write, so that two runs do not cut each other's. */
static int append(struct vx_journal *j, struct vx_error *err)
{
	struct vx_buf *b = &j->line;
	vx_buf_printf(b, " %08lx\n", crc32(0, (const Bytef *)b->data, (uInt)b->len));
	int status = vx_write_all(j->fd, b->data, b->len, err);
	if (status != VX_OK)
		vx_error_at(err, j->path, 0);
	return status;
}

static void add_escaped(struct vx_buf *b, const char *text)
{
	vx_buf_putc(b, ' ');
	vx_url_escape(b, text, strlen(text), true);
}

/* The first line; it says what the journal is about. */
static int take_head(struct vx_journal *j, char *line, size_t len, const char *place, struct vx_error *err)
{
	char *f[FIELDS];
	size_t n[FIELDS];
	struct vx_buf want = VX_BUF_INIT;
	int status = VX_OK;
	vx_url_escape(&want, place, strlen(place), true);
	if (cut(line, len, f, n) != 3 || !is(f[0], n[0], "vx-journal"))
		status = vx_error_set(err, VX_EUSAGE, NULL, "is no journal: its first line is another");
	else if (!is(f[1], n[1], "1"))
		status = vx_error_set(err, VX_EUSAGE, NULL, "is a journal of version %.*s, not 1", (int)n[1], f[1]);
	else if (!is(f[2], n[2], want.len ? want.data : ""))
		status = vx_error_set(err, VX_EUSAGE, NULL, "is the journal of another place: %.*s", (int)n[2], f[2]);
	vx_buf_free(&want);
	if (status != VX_OK)
		vx_error_at(err, j->path, 1);
	return status;
}

/* Reads what is there. *lines: how many; *whole: whether the last one has its end. */
static int load(struct vx_journal *j, const char *place, struct vx_error *err)
{
	struct vx_reader *in = vx_reader_fd(dup(j->fd));
	char *line, last = '\n';
	size_t len;
	long row = 0;
	int more;
	while ((more = vx_reader_line(in, &line, &len, err)) == 1) {
		int status = VX_OK;
		if (++row == 1)
			status = take_head(j, line, len, place, err);
		else
			take_line(j, line, len);
		if (status != VX_OK) {
			vx_reader_close(in);
			return status;
		}
	}
	vx_reader_close(in);
	if (more < 0) {
		vx_error_at(err, j->path, 0);
		return more;
	}
	const off_t size = lseek(j->fd, 0, SEEK_END);
	if (size > 0 && pread(j->fd, &last, 1, size - 1) == 1 && last != '\n')
		return vx_write_all(j->fd, "\n", 1, err); /* a run was killed while it wrote */
	if (row > 0)
		return VX_OK;
	vx_buf_puts(&j->line, "vx-journal 1");
	add_escaped(&j->line, place);
	return append(j, err);
}

struct vx_journal *vx_journal_open(const char *path, const char *place, struct vx_error *err)
{
	struct vx_journal *j = vx_alloc(sizeof(*j));
	pthread_mutex_init(&j->lock, NULL);
	j->path = vx_strdup(path);
	j->puts.item = sizeof(struct slot);
	j->sights.item = sizeof(struct sight);
	table_grow(&j->puts);
	table_grow(&j->sights);
	j->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	struct stat st;
	int status = VX_OK;
	if (j->fd < 0)
		status = vx_error_errno(err, VX_EIO, NULL, "cannot be opened as a journal");
	else if (fstat(j->fd, &st) != 0 || !S_ISREG(st.st_mode))
		status = vx_error_set(err, VX_EUSAGE, NULL, "is no regular file: no journal");
	if (status != VX_OK)
		vx_error_at(err, path, 0);
	else
		status = load(j, place, err);
	if (status == VX_OK)
		return j;
	vx_journal_close(j);
	return NULL;
}

void vx_journal_close(struct vx_journal *j)
{
	if (!j)
		return;
	if (j->fd >= 0)
		close(j->fd);
	pthread_mutex_destroy(&j->lock);
	vx_buf_free(&j->line);
	free(j->puts.items);
	free(j->sights.items);
	free(j->path);
	free(j);
}

long vx_journal_damaged(const struct vx_journal *j)
{
	return j->damaged;
}

/* A text as the file spells it: digests are of that. */
static void escaped(struct vx_buf *b, const char *text)
{
	vx_url_escape(b, text, strlen(text), true);
	if (!b->data)
		vx_buf_reserve(b, 1)[0] = '\0';
}

bool vx_journal_has(struct vx_journal *j, const char *key, const char *content)
{
	struct vx_buf k = VX_BUF_INIT, c = VX_BUF_INIT;
	struct slot want;
	escaped(&k, key);
	escaped(&c, content ? content : "");
	digest(k.data, k.len, want.key, sizeof(want.key));
	digest(c.data, c.len, want.content, sizeof(want.content));
	vx_buf_free(&k);
	vx_buf_free(&c);
	pthread_mutex_lock(&j->lock);
	const bool has = memcmp(table_find(&j->puts, want.key), &want, content ? sizeof(want) : sizeof(want.key)) == 0;
	pthread_mutex_unlock(&j->lock);
	return has;
}

int vx_journal_put(struct vx_journal *j, const char *key, const char *content, struct vx_error *err)
{
	struct vx_buf *b = &j->line;
	pthread_mutex_lock(&j->lock);
	vx_buf_clear(b);
	vx_buf_puts(b, "put");
	add_escaped(b, key);
	const size_t key_end = b->len;
	add_escaped(b, content);
	put_into(j, b->data + 4, key_end - 4, b->data + key_end + 1, b->len - key_end - 1);
	const int status = append(j, err);
	pthread_mutex_unlock(&j->lock);
	return status;
}

/* Which file it is, and all that tells one state of it from another without reading it. */
static void stat_texts(const struct stat *st, char inode[64], char state[128])
{
	snprintf(inode, 64, "%llx.%llx", (unsigned long long)st->st_dev, (unsigned long long)st->st_ino);
	snprintf(state, 128, "%lld.%lld.%09ld.%lld.%09ld", (long long)st->st_size, (long long)st->st_mtim.tv_sec,
		st->st_mtim.tv_nsec, (long long)st->st_ctim.tv_sec, st->st_ctim.tv_nsec);
}

bool vx_journal_seen(struct vx_journal *j, const struct stat *st, char sha256[65])
{
	char inode[64], state[128];
	struct sight want;
	stat_texts(st, inode, state);
	digest(inode, strlen(inode), want.inode, sizeof(want.inode));
	digest(state, strlen(state), want.stat, sizeof(want.stat));
	pthread_mutex_lock(&j->lock);
	const struct sight *there = table_find(&j->sights, want.inode);
	const bool seen = memcmp(there, &want, offsetof(struct sight, sha256)) == 0;
	for (int i = 0; seen && i < 32; i++)
		snprintf(sha256 + 2 * i, 3, "%02x", there->sha256[i]);
	pthread_mutex_unlock(&j->lock);
	return seen;
}

int vx_journal_see(struct vx_journal *j, const struct stat *st, const char *sha256, struct vx_error *err)
{
	char inode[64], state[128];
	if (time(NULL) - st->st_ctim.tv_sec <= YOUNG)
		return VX_OK;
	stat_texts(st, inode, state);
	pthread_mutex_lock(&j->lock);
	see_into(j, inode, strlen(inode), state, strlen(state), sha256);
	vx_buf_clear(&j->line);
	vx_buf_printf(&j->line, "seen %s %s %s", inode, state, sha256);
	const int status = append(j, err);
	pthread_mutex_unlock(&j->lock);
	return status;
}
