/* vx-mha2nii: makes NIfTI images of MetaImages; records with an .mha or .mhd -> the same with path_nii.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "vx_filter.h"
#include "vx_hash.h"
#include "vx_mha.h"
#include "vx_nifti_write.h"

enum { OPT_TO = VX_OPT_OWN, OPT_LEVEL };

#define LOCKS 64
#define MEMBER ((size_t)32 << 20) /* bytes of content that a gzip member has at most: what a thread holds in memory */
#define LEVEL 6

struct opts {
	struct vx_common common;
	char *to; /* absolute */
	int level;
	bool force;
	atomic_long converted, kept, passed;
	pthread_mutex_t locks[LOCKS]; /* by output: two records that lead to one file do not write it at once */
};

struct worker {
	struct libdeflate_compressor *deflate;
	struct vx_buf source, target;
	uint8_t *content, *packed;
	size_t content_cap, packed_cap;
};

static const char usage[] =
	"usage: vx-mha2nii --to DIR [OPTION]... [FILE]...\n"
	"Writes each MetaImage (.mha, .mhd) that a record names as a NIfTI-1 image (.nii.gz) below DIR and sets "
	"path_nii to "
	"it.\n"
	"Reads records from FILE or stdin, writes them to stdout; records without a MetaImage pass as they are.\n"
	"An image that is there already, made from the same bytes, is left alone.\n"
	"\n"
	"      --to DIR          where the images go, by _file.rel, else identifier, else the file's name; made if "
	"missing\n"
	"  -f, --force           replace an image that was made from something else\n"
	"      --level N         how hard to compress, 1 to 12 (default: 6)\n" VX_OPT_HELP;

/* ---- where from, where to ---- */

static bool ends_in_mha(const char *s)
{
	size_t n = strlen(s);
	return n > 4 && (strcasecmp(s + n - 4, ".mha") == 0 || strcasecmp(s + n - 4, ".mhd") == 0);
}

/* vx-scan keeps a name that is not UTF-8 percent-encoded. */
static void percent_decode(const char *s, struct vx_buf *out)
{
	for (; *s; s++) {
		int high = *s == '%' ? vx_hex_digit(s[1]) : -1, low = high < 0 ? -1 : vx_hex_digit(s[2]);
		bool coded = low >= 0 && high + low > 0;
		vx_buf_putc(out, (char)(coded ? high << 4 | low : *s));
		s += coded ? 2 : 0;
	}
}

/* A member of text; NULL: there is none, or one that no file is named by: it has a NUL in it. */
static const char *text_of(const struct vx_json *object, const char *key)
{
	size_t len;
	const char *text = vx_json_text(vx_json_get(object, key), &len);
	return text && strlen(text) == len ? text : NULL;
}

/* The MetaImage that the record names; false: none. */
static bool find_source(const struct vx_json *record, struct vx_buf *path)
{
	const struct vx_json *file = vx_json_get(record, "_file");
	const char *kind = text_of(file, "kind"), *raw = text_of(file, "path_raw");
	const char *named = text_of(record, "path_nii"), *listed = text_of(file, "path");
	vx_buf_clear(path);
	if (named && ends_in_mha(named))
		vx_buf_puts(path, named);
	else if (!named && kind && strcmp(kind, "mha") == 0 && raw)
		percent_decode(raw, path);
	else if (!named && kind && strcmp(kind, "mha") == 0 && listed)
		vx_buf_puts(path, listed);
	return path->len > 0;
}

/* A name from a record stays below the folder. */
static bool safe(const char *name)
{
	if (!*name || *name == '/')
		return false;
	for (const char *at = name; at; at = strchr(at, '/') ? strchr(at, '/') + 1 : NULL)
		if (strncmp(at, "..", 2) == 0 && (at[2] == '/' || at[2] == '\0'))
			return false;
	return true;
}

static int find_target(const struct vx_json *record, const char *source, const struct opts *o, struct vx_buf *path,
	struct vx_error *err)
{
	const char *field = "_file.rel", *name = text_of(vx_json_get(record, "_file"), "rel");
	const char *slash = strrchr(source, '/');
	if (!name) {
		field = "identifier";
		name = text_of(record, "identifier");
	}
	if (!name) {
		field = "path_nii";
		name = slash ? slash + 1 : source;
	}
	if (!safe(name))
		return vx_error_set(err, VX_EREJECT, field, "it leads out of the folder of --to");
	vx_buf_clear(path);
	vx_buf_printf(path, "%s/%s", o->to, name);
	if (ends_in_mha(path->data))
		path->len -= 4;
	vx_buf_puts(path, ".nii.gz");
	return VX_OK;
}

/* ---- gzip ---- */

/* The gzip extra field of RFC 1952, 2.3.1.1: subfield "vx" with a version and the SHA-256 of what the image was made
 * from. Readers of gzip skip it; the next run knows by it that there is nothing to do. */
#define MARK 81
static void put_mark(uint8_t out[MARK], const char hex[65])
{
	static const uint8_t start[] = { 0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255, 69, 0, 'v', 'x', 65, 0, '1' };
	memcpy(out, start, sizeof(start));
	memcpy(out + sizeof(start), hex, 64);
}

/* *there: whether path exists; *same: whether it begins with mark. */
static int look(const char *path, const uint8_t mark[MARK], bool *there, bool *same, struct vx_error *err)
{
	uint8_t bytes[MARK];
	size_t have = 0;
	ssize_t n = 1;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	*there = fd >= 0;
	*same = false;
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR
			       ? VX_OK
			       : vx_error_errno(err, VX_EREJECT, NULL, "%s: cannot be opened", path);
	while (n > 0 && have < MARK && (n = read(fd, bytes + have, MARK - have)) > 0)
		have += (size_t)n;
	close(fd);
	*same = have == MARK && memcmp(bytes, mark, MARK) == 0;
	return VX_OK;
}

static void put_le32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

/* w->content[0..n) as one member; mark: what stands in front of the first, NULL: of another. */
static int write_member(struct worker *w, size_t n, const uint8_t *mark, int fd, struct vx_error *err)
{
	static const uint8_t plain[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255 };
	uint8_t end[8];
	size_t packed = libdeflate_deflate_compress(w->deflate, w->content, n, w->packed, w->packed_cap);
	put_le32(end, libdeflate_crc32(0, w->content, n));
	put_le32(end + 4, (uint32_t)n);
	int st = mark ? vx_write_all(fd, mark, MARK, err) : vx_write_all(fd, plain, sizeof(plain), err);
	if (st == VX_OK)
		st = vx_write_all(fd, w->packed, packed, err);
	return st == VX_OK ? vx_write_all(fd, end, sizeof(end), err) : st;
}

/* ---- voxels ---- */

/* NIfTI is written little-endian; n is a multiple of size. */
static void swap(uint8_t *p, size_t n, int size)
{
	for (size_t i = 0; i < n; i += (size_t)size)
		for (size_t a = i, b = i + (size_t)size - 1; a < b; a++, b--) {
			uint8_t t = p[a];
			p[a] = p[b];
			p[b] = t;
		}
}

static void make_room(struct worker *w, size_t content)
{
	if (content <= w->content_cap)
		return;
	w->content = vx_realloc(w->content, content);
	w->content_cap = content;
	w->packed_cap = libdeflate_deflate_compress_bound(w->deflate, content);
	w->packed = vx_realloc(w->packed, w->packed_cap);
}

/* Header and voxels, a member at a time. */
static int write_image(struct worker *w, struct vx_mha_data *data, const struct vx_mha *h, const uint8_t mark[MARK],
	int fd, struct vx_error *err)
{
	struct vx_nifti nifti;
	int st = vx_mha_as_nifti(h, &nifti, err);
	if (st != VX_OK)
		return st;
	uint64_t left = h->voxel_bytes;
	size_t fill = VX_NIFTI1_FILE, got;
	make_room(w, left < MEMBER ? (size_t)left + VX_NIFTI1_FILE : MEMBER + VX_NIFTI1_FILE);
	vx_nifti_write_header(&nifti, w->content);
	for (bool first = true; st == VX_OK && (left > 0 || first); first = false, fill = 0) {
		size_t want = left < MEMBER ? (size_t)left : MEMBER;
		st = vx_mha_read(data, w->content + fill, want, &got, err);
		if (st != VX_OK)
			break;
		if (h->big_endian && h->component > 1)
			swap(w->content + fill, got, h->component);
		left -= got;
		st = write_member(w, fill + got, first ? mark : NULL, fd, err);
	}
	return st;
}

static int convert(struct worker *w, struct vx_mha_data *data, const struct vx_mha *h, const uint8_t mark[MARK],
	struct vx_error *err)
{
	struct vx_atomic file;
	int st = vx_mkdirs(w->target.data, err);
	if (st == VX_OK)
		st = vx_atomic_open(&file, w->target.data, err);
	if (st != VX_OK)
		return st;
	st = write_image(w, data, h, mark, file.fd, err);
	if (st == VX_OK)
		return vx_atomic_commit(&file, err);
	vx_atomic_abort(&file);
	return st;
}

/* ---- records ---- */

static void emit(struct vx_record *rec, const struct worker *w, const char hex[65])
{
	struct vx_json *made = vx_json_object(), *file = vx_json_get(rec->json, "_file");
	const char *source = vx_json_str(rec->json, "path_nii");
	if (!source)
		source = vx_json_str(file, "path");
	vx_json_set_str(made, "path", source);
	vx_json_set_str(made, "sha256", hex);
	vx_json_set(rec->json, "_mha", made);
	vx_json_set_str(rec->json, "path_nii", w->target.data);
	/* The bytes of the old name; the new one is path_nii. */
	if (file && vx_json_has(file, "path_raw"))
		vx_json_del(file, "path_raw");
	vx_emit(rec, rec->json);
}

static int handle(struct vx_record *rec, struct worker *w, struct opts *o, struct vx_mha_data *data,
	const struct vx_mha *h, struct vx_error *err)
{
	char hex[65];
	uint8_t mark[MARK];
	bool there, same;
	int st = vx_mha_sha256(data, hex, err);
	if (st != VX_OK)
		return st;
	put_mark(mark, hex);
	pthread_mutex_t *lock = &o->locks[vx_hash64(w->target.data, w->target.len) % LOCKS];
	pthread_mutex_lock(lock);
	st = look(w->target.data, mark, &there, &same, err);
	if (st == VX_OK && there && !same && !o->force)
		st = vx_error_set(err, VX_EREJECT, "path_nii",
			"%s is there already, and was not made from this image: --force replaces it", w->target.data);
	else if (st == VX_OK && !same)
		st = convert(w, data, h, mark, err);
	pthread_mutex_unlock(lock);
	if (st != VX_OK)
		return st;
	atomic_fetch_add(same ? &o->kept : &o->converted, 1);
	if (!h->oriented && h->orientation[0] && strncmp(h->orientation, "RAI", 3) != 0)
		vx_warn(rec, "no TransformMatrix: AnatomicalOrientation alone turns no axis, as in ITK");
	emit(rec, w, hex);
	return VX_OK;
}

static int process(struct vx_record *rec, void *worker, void *arg, struct vx_error *err)
{
	struct worker *w = worker;
	struct opts *o = arg;
	struct vx_mha h;
	if (!find_source(rec->json, &w->source)) {
		atomic_fetch_add(&o->passed, 1);
		vx_emit_line(rec);
		return VX_OK;
	}
	if (strstr(w->source.data, "://"))
		return vx_error_set(err, VX_EREJECT, "path_nii", "a path on this machine is wanted, not a URL");
	int st = find_target(rec->json, w->source.data, o, &w->target, err);
	if (st != VX_OK)
		return st;
	struct vx_mha_data *data = vx_mha_open(w->source.data, &h, err);
	if (!data)
		return err->status;
	st = handle(rec, w, o, data, &h, err);
	vx_mha_close(data);
	return st;
}

static void *worker_new(void *arg)
{
	struct worker *w = vx_alloc(sizeof(*w));
	w->deflate = libdeflate_alloc_compressor(((struct opts *)arg)->level);
	if (!w->deflate)
		vx_die(VX_EMEM, "out of memory");
	return w;
}

static void worker_free(void *worker)
{
	struct worker *w = worker;
	libdeflate_free_compressor(w->deflate);
	vx_buf_free(&w->source);
	vx_buf_free(&w->target);
	free(w->content);
	free(w->packed);
	free(w);
}

static void summary_extra(struct vx_buf *b, void *arg)
{
	struct opts *o = arg;
	vx_buf_printf(b, ", %ld converted, %ld there already", atomic_load(&o->converted), atomic_load(&o->kept));
	if (atomic_load(&o->passed) > 0)
		vx_buf_printf(b, ", %ld passed on as they were", atomic_load(&o->passed));
}

static void parse_args(int argc, char **argv, struct opts *o, const char **to)
{
	static const struct option longs[] = { { "to", required_argument, NULL, OPT_TO },
		{ "force", no_argument, NULL, 'f' }, { "level", required_argument, NULL, OPT_LEVEL }, VX_OPT_COMMON,
		{ 0 } };
	int c;
	while ((c = getopt_long(argc, argv, "f" VX_OPT_SHORT, longs, NULL)) != -1) {
		switch (c) {
		case OPT_TO:
			*to = optarg;
			break;
		case 'f':
			o->force = true;
			break;
		case OPT_LEVEL:
			o->level = (int)vx_opt_number("--level", optarg, 1, 12);
			break;
		default:
			vx_opt_common(c, usage, &o->common);
		}
	}
	if (!*to || !**to)
		vx_die(VX_EUSAGE, "where do the images go? --to DIR");
}

/* The folder, made where it is not there, as an absolute path: records are read elsewhere too. */
static char *make_folder(const char *to)
{
	struct vx_error err = VX_ERROR_INIT;
	char *inside = vx_asprintf("%s/.", to);
	if (vx_mkdirs(inside, &err) != VX_OK) {
		vx_message(&err);
		exit(vx_exit_status(err.status));
	}
	free(inside);
	char *path = realpath(to, NULL);
	if (!path)
		vx_die(VX_EIO, "%s: %s", to, strerror(errno));
	return path;
}

int main(int argc, char **argv)
{
	struct opts o = { .level = LEVEL };
	const char *to = NULL;
	vx_progname_set("vx-mha2nii");
	parse_args(argc, argv, &o, &to);
	o.to = make_folder(to);
	for (int i = 0; i < LOCKS; i++)
		pthread_mutex_init(&o.locks[i], NULL);
	const struct vx_filter f = {
		.record = process,
		.worker_new = worker_new,
		.worker_free = worker_free,
		.arg = &o,
		.common = &o.common,
		.parallel = true,
		.batch_max = 4, /* images of a second each are not kept waiting for others */
		.summary_extra = summary_extra,
	};
	int status = vx_filter_main(&f, argv + optind);
	free(o.to);
	return status;
}
