/* vx_gz: reads a file that may be gzip; path -> bytes of its content.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <pthread.h>
#include <string.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "vx_gz.h"
#include "vx_placeholder.h"

#define INPUT_SIZE 65536
#define WINDOW_GZIP (15 + 16) /* inflateInit2: the largest window, a gzip header */

struct vx_gz {
	int fd;
	bool gzip;
	bool ended;    /* the last member's end mark was reached */
	bool file_end; /* read() has returned 0 */
	bool cut;
	bool size_known;
	bool z_ready;
	z_stream z;
	struct libdeflate_decompressor *deflate;
	uint64_t size;  /* of the file, where known */
	uint64_t taken; /* bytes read from the file so far */
	uint64_t shown; /* of these, those that the watcher has seen */
	void (*seen)(void *, const uint8_t *, size_t);
	void *seen_arg;
	void (*next)(void *, bool, const uint8_t *, size_t);
	void *next_arg;
	size_t pos, len;         /* what of input is not used yet */
	uint8_t *file, *content; /* for vx_gz_whole; content has VX_GZ_KEPT_MAX bytes */
	size_t file_cap;
	uint8_t input[INPUT_SIZE];
};

struct vx_gz *vx_gz_new(void)
{
	struct vx_gz *g = vx_alloc(sizeof(*g));
	g->fd = -1;
	return g;
}

void vx_gz_close(struct vx_gz *g)
{
	if (g->fd >= 0)
		close(g->fd);
	g->fd = -1;
}

void vx_gz_free(struct vx_gz *g)
{
	if (!g)
		return;
	vx_gz_close(g);
	if (g->z_ready)
		inflateEnd(&g->z);
	libdeflate_free_decompressor(g->deflate);
	free(g->file);
	if (g->content)
		munmap(g->content, VX_GZ_KEPT_MAX);
	free(g);
}

bool vx_gz_is_gzip(const struct vx_gz *g)
{
	return g->gzip;
}

bool vx_gz_cut(const struct vx_gz *g)
{
	return g->cut;
}

static bool is_magic(const uint8_t *p, size_t n)
{
	return n >= 2 && p[0] == 0x1f && p[1] == 0x8b;
}

static int inflate_from_start(struct vx_gz *g, struct vx_error *err)
{
	if (g->z_ready)
		return inflateReset2(&g->z, WINDOW_GZIP) == Z_OK
			       ? VX_OK
			       : vx_error_set(err, VX_EMEM, NULL, "zlib: out of memory");
	if (inflateInit2(&g->z, WINDOW_GZIP) != Z_OK)
		return vx_error_set(err, VX_EMEM, NULL, "zlib: out of memory");
	g->z_ready = true;
	return VX_OK;
}

/* The watcher sees what begins at this place of the file, as far as it has not been there yet. */
static void show(struct vx_gz *g, uint64_t at, const uint8_t *bytes, size_t n)
{
	if (!g->seen || at > g->shown || at + n <= g->shown)
		return;
	const size_t old = (size_t)(g->shown - at);
	g->seen(g->seen_arg, bytes + old, n - old);
	g->shown = at + n;
}

void vx_gz_watch(struct vx_gz *g, void (*seen)(void *, const uint8_t *, size_t), void *arg)
{
	g->seen = seen;
	g->seen_arg = arg;
	g->shown = 0;
	show(g, 0, g->input, g->len);
}

/* Reads up to max more bytes of the file behind what input holds. */
static int fill(struct vx_gz *g, size_t max, struct vx_error *err)
{
	if (g->pos == g->len)
		g->pos = g->len = 0;
	if (max > INPUT_SIZE - g->len)
		max = INPUT_SIZE - g->len;
	ssize_t n;
	do
		n = pread(g->fd, g->input + g->len, max, (off_t)g->taken);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == ESPIPE)
		return vx_error_set(err, VX_EREJECT, NULL, "not a regular file");
	if (n < 0)
		return vx_error_errno(err, VX_EREJECT, NULL, "cannot be read");
	g->file_end = n == 0;
	show(g, g->taken, g->input + g->len, (size_t)n);
	g->len += (size_t)n;
	g->taken += (uint64_t)n;
	return VX_OK;
}

static int start(struct vx_gz *g, struct vx_error *err)
{
	g->ended = g->file_end = g->cut = g->gzip = false;
	g->pos = g->len = 0;
	g->taken = 0;
	int st = fill(g, VX_GZ_BLOCK, err);
	if (st != VX_OK)
		return st;
	g->gzip = is_magic(g->input, g->len);
	return g->gzip ? inflate_from_start(g, err) : VX_OK;
}

int vx_gz_open(struct vx_gz *g, const char *path, struct vx_error *err)
{
	vx_gz_close(g);
	g->size_known = false;
	g->seen = NULL;
	g->next = NULL;
	/* Not to wait for a writer where the name is a FIFO's. */
	g->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (g->fd < 0)
		return vx_placeholder_no_file(path, err);
	int st = start(g, err);
	const char *what = st == VX_OK && g->len <= VX_PLACEHOLDER_MAX ? vx_placeholder(g->input, g->len) : NULL;
	if (what)
		st = vx_error_set(err, VX_EREJECT, NULL, "%s", what);
	if (st == VX_OK && g->len == 0) {
		struct stat s;
		bool regular = fstat(g->fd, &s) == 0 && S_ISREG(s.st_mode);
		st = vx_error_set(err, VX_EREJECT, NULL, regular ? "empty: 0 bytes" : "not a regular file");
	}
	if (st != VX_OK)
		vx_gz_close(g);
	return st;
}

int vx_gz_finish(struct vx_gz *g, struct vx_error *err)
{
	int st = VX_OK;
	g->taken = g->shown;
	g->file_end = false;
	while (st == VX_OK && g->seen && !g->file_end) {
		g->pos = g->len = 0;
		st = fill(g, INPUT_SIZE, err);
	}
	g->pos = g->len = 0;
	return st;
}

const uint8_t *vx_gz_block(const struct vx_gz *g, size_t *n)
{
	*n = g->len;
	return g->input;
}

int vx_gz_rewind(struct vx_gz *g, struct vx_error *err)
{
	if (g->taken != g->len) /* the beginning was pushed out by what follows it */
		return start(g, err);
	g->ended = g->file_end = g->cut = false;
	g->pos = 0;
	return g->gzip ? inflate_from_start(g, err) : VX_OK;
}

void vx_gz_members(struct vx_gz *g, void (*next)(void *, bool, const uint8_t *, size_t), void *arg)
{
	g->next = next;
	g->next_arg = arg;
}

/* A member has ended: is there another? */
static int next_member(struct vx_gz *g, struct vx_error *err)
{
	const size_t need = g->next ? VX_GZ_BLOCK : 2;
	while (g->len - g->pos < need && !g->file_end) {
		if (g->pos > 0) {
			memmove(g->input, g->input + g->pos, g->len - g->pos);
			g->len -= g->pos;
			g->pos = 0;
		}
		int st = fill(g, INPUT_SIZE, err);
		if (st != VX_OK)
			return st;
	}
	const bool member = is_magic(g->input + g->pos, g->len - g->pos);
	const size_t left = g->len - g->pos;
	if (g->next && left > 0)
		g->next(g->next_arg, member, g->input + g->pos, left < VX_GZ_BLOCK ? left : VX_GZ_BLOCK);
	if (member)
		return inflate_from_start(g, err);
	g->ended = true;
	return VX_OK;
}

static int read_gzip(struct vx_gz *g, uint8_t *out, size_t want, size_t *got, struct vx_error *err)
{
	while (*got < want && !g->ended && !g->cut) {
		if (g->pos == g->len) {
			int st = fill(g, INPUT_SIZE, err);
			if (st != VX_OK)
				return st;
			if (g->file_end) {
				g->cut = true;
				break;
			}
		}
		size_t room = want - *got < 1u << 30 ? want - *got : 1u << 30;
		g->z.next_in = g->input + g->pos;
		g->z.avail_in = (uInt)(g->len - g->pos);
		g->z.next_out = out + *got;
		g->z.avail_out = (uInt)room;
		int z = inflate(&g->z, Z_NO_FLUSH);
		g->pos = g->len - g->z.avail_in;
		*got += room - g->z.avail_out;
		int st = z == Z_STREAM_END ? next_member(g, err) : VX_OK;
		if (st != VX_OK)
			return st;
		if (z != Z_OK && z != Z_STREAM_END && z != Z_BUF_ERROR)
			return vx_error_set(err, VX_EREJECT, NULL, "damaged gzip stream near byte %llu: %s",
				(unsigned long long)(g->taken - (g->len - g->pos)),
				g->z.msg ? g->z.msg : "no reason given");
	}
	return VX_OK;
}

static int read_plain(struct vx_gz *g, uint8_t *out, size_t want, size_t *got, struct vx_error *err)
{
	while (*got < want && !g->file_end) {
		if (g->pos == g->len) {
			int st = fill(g, INPUT_SIZE, err);
			if (st != VX_OK)
				return st;
		}
		size_t n = g->len - g->pos < want - *got ? g->len - g->pos : want - *got;
		memcpy(out + *got, g->input + g->pos, n);
		g->pos += n;
		*got += n;
	}
	return VX_OK;
}

int vx_gz_read(struct vx_gz *g, void *out, size_t want, size_t *got, struct vx_error *err)
{
	*got = 0;
	return g->gzip ? read_gzip(g, out, want, got, err) : read_plain(g, out, want, got, err);
}

int vx_gz_skip(struct vx_gz *g, uint64_t n, uint64_t *got, struct vx_error *err)
{
	uint8_t scratch[16384];
	for (*got = 0; *got < n;) {
		size_t part = n - *got < sizeof(scratch) ? (size_t)(n - *got) : sizeof(scratch), have;
		int st = vx_gz_read(g, scratch, part, &have, err);
		if (st != VX_OK)
			return st;
		*got += have;
		if (have < part)
			break;
	}
	return VX_OK;
}

int vx_gz_size(struct vx_gz *g, uint64_t *size, struct vx_error *err)
{
	if (!g->size_known) {
		/* The first block was not full: it is all. lseek asks less of the kernel than fstat. */
		off_t end = g->taken < VX_GZ_BLOCK && g->taken == g->len ? (off_t)g->taken : lseek(g->fd, 0, SEEK_END);
		if (end < 0)
			return vx_error_errno(err, VX_EREJECT, NULL, "cannot be read");
		g->size = (uint64_t)end;
		g->size_known = true;
	}
	*size = g->size;
	return VX_OK;
}

static int read_at(struct vx_gz *g, void *out, size_t n, uint64_t at, struct vx_error *err)
{
	for (size_t have = 0; have < n;) {
		ssize_t r = pread(g->fd, (uint8_t *)out + have, n - have, (off_t)(at + have));
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return vx_error_errno(err, VX_EREJECT, NULL, "cannot be read");
		if (r == 0)
			return vx_error_set(err, VX_EREJECT, NULL, "became shorter while it was read");
		have += (size_t)r;
	}
	return VX_OK;
}

int vx_gz_last_size(struct vx_gz *g, uint32_t *size, struct vx_error *err)
{
	uint8_t b[4] = { 0 };
	uint64_t n = 0;
	int st = vx_gz_size(g, &n, err);
	if (st != VX_OK)
		return st;
	if (n >= sizeof(b) && n == g->len && g->taken == n)
		memcpy(b, g->input + n - sizeof(b), sizeof(b));
	else if (n >= sizeof(b))
		st = read_at(g, b, sizeof(b), n - sizeof(b), err);
	*size = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
	return st;
}

/* Inflates what g->file holds into out, which has room for expected bytes. */
static bool inflate_whole(struct vx_gz *g, size_t size, uint8_t *out, size_t expected)
{
	size_t in = 0, made = 0;
	do {
		size_t used, n;
		if (libdeflate_gzip_decompress_ex(g->deflate, g->file + in, size - in, out + made, expected - made,
			    &used, &n) != LIBDEFLATE_SUCCESS)
			return false;
		in += used;
		made += n;
	} while (is_magic(g->file + in, size - in));
	return made == expected;
}

/* Address space; memory only for what is written to. Huge pages: faults would take longer than inflating. */
static uint8_t *pages(size_t n)
{
	uint8_t *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	madvise(p, n, MADV_HUGEPAGE);
	return p;
}

/* The same into memory that is given back at once. */
static int use_large(struct vx_gz *g, size_t size, size_t expected, void (*use)(void *, const uint8_t *), void *arg)
{
	static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
	int used = 0;
	pthread_mutex_lock(&one_at_a_time);
	uint8_t *out = pages(expected);
	if (out) {
		used = inflate_whole(g, size, out, expected);
		if (used)
			use(arg, out);
		munmap(out, expected);
	}
	pthread_mutex_unlock(&one_at_a_time);
	return used;
}

int vx_gz_whole(struct vx_gz *g, uint64_t expected, void (*use)(void *arg, const uint8_t *content), void *arg,
	struct vx_error *err)
{
	uint64_t size = 0;
	int st = vx_gz_size(g, &size, err);
	if (st != VX_OK)
		return st;
	if (!g->gzip || size > VX_GZ_KEPT_MAX || expected > VX_GZ_WHOLE_MAX || expected / VX_GZ_RATIO > size)
		return 0;
	if (!g->deflate && !(g->deflate = libdeflate_alloc_decompressor()))
		return vx_error_set(err, VX_EMEM, NULL, "libdeflate: out of memory");
	if (size > g->file_cap) {
		free(g->file);
		g->file_cap = 2 * size;
		g->file = vx_realloc(NULL, g->file_cap);
	}
	if ((st = read_at(g, g->file, size, 0, err)) != VX_OK)
		return st;
	show(g, 0, g->file, size);
	if (expected > VX_GZ_KEPT_MAX)
		return use_large(g, size, expected, use, arg);
	if (!g->content && !(g->content = pages(VX_GZ_KEPT_MAX)))
		return 0;
	if (!inflate_whole(g, size, g->content, expected))
		return 0;
	use(arg, g->content);
	return 1;
}
