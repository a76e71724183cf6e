/* vx_mha_data: the voxels of a MetaImage, from whichever files hold them; path -> header, stream of bytes.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "vx_hash.h"
#include "vx_mha_text.h"
#include "vx_placeholder.h"

#define FIRST_READ 4096
#define DEFLATE_RATIO 1032   /* deflate makes at most so many bytes out of one */
#define WINDOW_ANY (15 + 32) /* inflateInit2: zlib, as MetaIO writes it, or gzip, which it reads too */
typedef unsigned long long ull;

struct vx_mha_data {
	struct vx_mha h;
	struct vx_buf header, file; /* the header's bytes; the path of the file under way */
	char *path;
	int fd;
	uint64_t next;    /* which file comes next */
	uint64_t list_at; /* where its name stands in the list */
	uint64_t left;    /* bytes of the open file that are voxels, as stored */
	uint64_t done;    /* bytes handed out */
	z_stream z;
	bool inflating, ended;
	uint8_t input[65536];
};

static int open_regular(const char *path, uint64_t *size, struct vx_error *err)
{
	struct stat st;
	/* A device or a pipe must not hold the run up. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0) {
		vx_placeholder_no_file(path, err);
	} else if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		fd = -1;
		vx_error_set(err, VX_EREJECT, NULL, "no regular file");
	} else {
		*size = (uint64_t)st.st_size;
	}
	const char *what = fd >= 0 ? vx_placeholder_fd(fd, *size) : NULL;
	if (what) {
		close(fd);
		fd = -1;
		vx_error_set(err, VX_EREJECT, NULL, "%s", what);
	}
	return fd;
}

static int read_some(int fd, void *out, size_t want, size_t *got, struct vx_error *err)
{
	ssize_t n;
	do
		n = read(fd, out, want);
	while (n < 0 && errno == EINTR);
	*got = n > 0 ? (size_t)n : 0;
	return n < 0 ? vx_error_errno(err, VX_EREJECT, NULL, "cannot be read") : VX_OK;
}

/* The first bytes of the file until the header is whole, or until want of them are there. */
static int read_header(int fd, struct vx_buf *header, size_t want, bool all, struct vx_error *err)
{
	size_t got = 1;
	vx_buf_reserve(header, 1);
	while (got > 0 && header->len < want && (all || !vx_mha_complete(header->data, header->len))) {
		size_t room = header->len == 0 ? FIRST_READ : header->len * 3;
		room = room < want - header->len ? room : want - header->len;
		char *at = vx_buf_reserve(header, room);
		int st = read_some(fd, at, room, &got, err);
		if (st != VX_OK)
			return st;
		header->len += got;
		/* No text: not worth reading on. */
		if (!all && memchr(at, '\0', got))
			break;
	}
	return VX_OK;
}

int vx_mha_header(const char *path, struct vx_buf *header, struct vx_error *err)
{
	uint64_t size;
	int fd = open_regular(path, &size, err);
	if (fd < 0)
		return VX_EREJECT;
	int st = read_header(fd, header, VX_MHA_HEADER_MAX, false, err);
	close(fd);
	return st;
}

static int parse_header(struct vx_mha_data *d, uint64_t size, struct vx_error *err)
{
	int st = read_header(d->fd, &d->header, VX_MHA_HEADER_MAX, false, err);
	if (st == VX_OK && vx_mha_is_list(d->header.data, d->header.len)) {
		if (size > VX_MHA_HEADER_MAX)
			return vx_error_set(err, VX_EREJECT, NULL, "a list of files of more than 1 MiB");
		st = read_header(d->fd, &d->header, (size_t)size, true, err);
	}
	return st == VX_OK ? vx_mha_parse(d->header.data, d->header.len, &d->h, err) : st;
}

/* The name of the next file as the header spells it; into b. */
static void put_name(struct vx_mha_data *d, struct vx_buf *b)
{
	const struct vx_mha *h = &d->h;
	bool whole;
	if (h->where == VX_MHA_FILE) {
		vx_buf_puts(b, h->name);
	} else if (h->where == VX_MHA_PATTERN) {
		const char *percent = strchr(h->name, '%'), *letter = strchr(percent, 'd');
		const long long number = h->first + (int64_t)d->next * h->step;
		const int width = (int)strtol(percent + 1, NULL, 10);
		vx_buf_add(b, h->name, (size_t)(percent - h->name));
		vx_buf_printf(b, percent[1] == '0' ? "%0*lld" : "%*lld", width, number);
		vx_buf_puts(b, letter + 1);
	} else {
		struct vx_mha_value name = { .len = 0 };
		size_t at = (size_t)d->list_at;
		while (name.len == 0 && at < h->list_end) {
			struct vx_mha_value line = vx_mha_line(d->header.data, h->list_end, &at, &whole);
			name = vx_mha_trimmed(line.text, line.len);
		}
		d->list_at = at;
		vx_buf_add(b, name.text, name.len);
	}
}

static int cut_error(uint64_t have, uint64_t promised, struct vx_error *err)
{
	return vx_error_set(err, VX_EREJECT, NULL, "truncated: %llu of %llu bytes of voxels", (ull)have, (ull)promised);
}

/* Where in a file of size bytes the voxels begin; left takes how many bytes of it are theirs. */
static int find_voxels(struct vx_mha_data *d, uint64_t size, uint64_t *start, struct vx_error *err)
{
	const struct vx_mha *h = &d->h;
	const uint64_t share = h->voxel_bytes / h->files, text = h->where == VX_MHA_LOCAL ? h->text : 0;
	*start = text + (h->header_size > 0 ? (uint64_t)h->header_size : 0);
	if (h->header_size < 0) {
		if (h->compressed)
			return vx_error_set(err, VX_EREJECT, "HeaderSize", "-1 does not go with compressed voxels");
		if (size < text + share)
			return cut_error(size - text, share, err);
		*start = size - share;
	}
	const uint64_t have = size > *start ? size - *start : 0;
	d->left = share;
	if (!h->compressed) {
		if (have < share)
			return cut_error(have, share, err);
		if (!h->binary && have != share)
			return vx_error_set(err, VX_EREJECT, "BinaryData",
				"missing, and the %llu bytes behind the header are not the %llu of binary voxels",
				(ull)have, (ull)share);
		return VX_OK;
	}
	if (have < h->compressed_size)
		return vx_error_set(err, VX_EREJECT, NULL, "truncated: %llu of %llu compressed bytes", (ull)have,
			(ull)h->compressed_size);
	d->left = h->compressed_size ? h->compressed_size : have;
	if (h->voxel_bytes / DEFLATE_RATIO > d->left)
		return vx_error_set(err, VX_EREJECT, NULL,
			"truncated: %llu compressed bytes cannot hold the %llu promised", (ull)d->left,
			(ull)h->voxel_bytes);
	return VX_OK;
}

/* Opens the next of the files and stands at its first voxel. */
static int next_file(struct vx_mha_data *d, struct vx_error *err)
{
	const char *slash = strrchr(d->path, '/');
	uint64_t size = 0, start = 0;
	size_t folder = slash ? (size_t)(slash + 1 - d->path) : 0;
	if (d->fd >= 0)
		close(d->fd);
	vx_buf_clear(&d->file);
	if (d->h.where == VX_MHA_LOCAL) {
		vx_buf_puts(&d->file, d->path);
	} else {
		vx_buf_add(&d->file, d->path, folder);
		put_name(d, &d->file);
	}
	d->next++;
	d->fd = open_regular(d->file.data, &size, err);
	int st = d->fd < 0 ? VX_EREJECT : find_voxels(d, size, &start, err);
	if (st == VX_OK && lseek(d->fd, (off_t)start, SEEK_SET) < 0)
		st = vx_error_errno(err, VX_EREJECT, NULL, "cannot be read");
	if (st != VX_OK && d->h.where != VX_MHA_LOCAL) {
		struct vx_error inner = *err;
		st = vx_error_set(err, VX_EREJECT, inner.field, "%.400s: %.500s", d->file.data + folder, inner.reason);
	}
	return st;
}

static void start_over(struct vx_mha_data *d)
{
	d->next = d->done = d->left = 0;
	d->list_at = d->h.list;
}

struct vx_mha_data *vx_mha_open(const char *path, struct vx_mha *h, struct vx_error *err)
{
	struct vx_mha_data *d = vx_alloc(sizeof(*d));
	uint64_t size = 0;
	d->path = vx_strdup(path);
	d->fd = open_regular(path, &size, err);
	int st = d->fd < 0 ? VX_EREJECT : parse_header(d, size, err);
	start_over(d);
	for (uint64_t i = 0; st == VX_OK && i < d->h.files; i++)
		st = next_file(d, err);
	/* The first file is open already where it is the only one. */
	if (st == VX_OK && d->h.files > 1)
		start_over(d);
	if (st == VX_OK && d->h.compressed) {
		d->inflating = inflateInit2(&d->z, WINDOW_ANY) == Z_OK;
		if (!d->inflating)
			st = vx_error_set(err, VX_EMEM, NULL, "out of memory");
	}
	*h = d->h;
	if (st == VX_OK)
		return d;
	vx_mha_close(d);
	return NULL;
}

void vx_mha_close(struct vx_mha_data *d)
{
	if (!d)
		return;
	if (d->fd >= 0)
		close(d->fd);
	if (d->inflating)
		inflateEnd(&d->z);
	vx_buf_free(&d->header);
	vx_buf_free(&d->file);
	free(d->path);
	free(d);
}

static int read_raw(struct vx_mha_data *d, uint8_t *out, size_t want, size_t *got, struct vx_error *err)
{
	int st = d->left == 0 ? next_file(d, err) : VX_OK;
	if (st != VX_OK)
		return st;
	st = read_some(d->fd, out, want < d->left ? want : (size_t)d->left, got, err);
	if (st == VX_OK && *got == 0)
		return cut_error(d->done, d->h.voxel_bytes, err);
	d->left -= *got;
	return st;
}

static int read_inflated(struct vx_mha_data *d, uint8_t *out, size_t want, size_t *got, struct vx_error *err)
{
	size_t more;
	d->z.next_out = out;
	d->z.avail_out = (uInt)(want < 1 << 30 ? want : 1 << 30);
	const uInt room = d->z.avail_out;
	while (d->z.avail_out == room && !d->ended) {
		if (d->z.avail_in == 0) {
			int st = read_some(d->fd, d->input,
				d->left < sizeof(d->input) ? (size_t)d->left : sizeof(d->input), &more, err);
			if (st != VX_OK)
				return st;
			if (more == 0)
				return vx_error_set(err, VX_EREJECT, NULL,
					"truncated: the compressed voxels end after %llu of %llu bytes", (ull)d->done,
					(ull)d->h.voxel_bytes);
			d->left -= more;
			d->z.next_in = d->input;
			d->z.avail_in = (uInt)more;
		}
		int z = inflate(&d->z, Z_NO_FLUSH);
		if (z == Z_MEM_ERROR)
			return vx_error_set(err, VX_EMEM, NULL, "out of memory");
		if (z != Z_OK && z != Z_STREAM_END && z != Z_BUF_ERROR)
			return vx_error_set(err, VX_EREJECT, NULL, "damaged: %s after %llu bytes of voxels",
				d->z.msg ? d->z.msg : "no zlib stream", (ull)d->done);
		d->ended = z == Z_STREAM_END;
	}
	*got = room - d->z.avail_out;
	return VX_OK;
}

/* Behind the last voxel a compressed stream has its checksum, and nothing else. */
static int check_end(struct vx_mha_data *d, struct vx_error *err)
{
	uint8_t byte;
	size_t got = 0;
	if (!d->h.compressed || d->ended)
		return VX_OK;
	int st = read_inflated(d, &byte, 1, &got, err);
	if (st == VX_OK && got > 0)
		st = vx_error_set(err, VX_EREJECT, "DimSize",
			"the compressed voxels are more than the %llu bytes promised", (ull)d->h.voxel_bytes);
	return st;
}

int vx_mha_read(struct vx_mha_data *d, void *out, size_t want, size_t *got, struct vx_error *err)
{
	uint8_t *to = out;
	int st = VX_OK;
	*got = 0;
	if (want > d->h.voxel_bytes - d->done)
		want = (size_t)(d->h.voxel_bytes - d->done);
	while (st == VX_OK && *got < want) {
		size_t more = 0;
		st = d->h.compressed ? read_inflated(d, to + *got, want - *got, &more, err)
				     : read_raw(d, to + *got, want - *got, &more, err);
		*got += more;
		d->done += more;
		if (st == VX_OK && more == 0)
			st = cut_error(d->done, d->h.voxel_bytes, err);
	}
	if (st == VX_OK && want > 0 && d->done == d->h.voxel_bytes)
		st = check_end(d, err);
	return st;
}

int vx_mha_sha256(struct vx_mha_data *d, char hex[65], struct vx_error *err)
{
	int st = vx_sha256_file(d->path, hex, NULL, err);
	if (st != VX_OK || d->h.where == VX_MHA_LOCAL)
		return st == VX_OK ? st : VX_EREJECT;
	struct vx_sha256 *all = vx_sha256_new();
	const uint64_t next = d->next, list_at = d->list_at;
	vx_sha256_add(all, hex, 64);
	d->next = 0;
	d->list_at = d->h.list;
	for (uint64_t i = 0; st == VX_OK && i < d->h.files; i++) {
		const char *slash = strrchr(d->path, '/');
		vx_buf_clear(&d->file);
		vx_buf_add(&d->file, d->path, slash ? (size_t)(slash + 1 - d->path) : 0);
		put_name(d, &d->file);
		d->next++;
		st = vx_sha256_file(d->file.data, hex, NULL, err);
		vx_sha256_add(all, hex, 64);
	}
	d->next = next;
	d->list_at = list_at;
	vx_sha256_end(all, hex);
	return st == VX_OK ? st : VX_EREJECT;
}
