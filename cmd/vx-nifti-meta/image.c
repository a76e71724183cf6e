/* image: reads one image file as far as asked: header, extensions, size, labels; path -> struct image.
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "meta.h"

#define EXTENSIONS_MAX 1000
typedef unsigned long long ull; /* for printf */

/* a.hdr <-> a.img, with or without .gz. */
static void swap_suffix(struct vx_buf *path, const char *from, const char *to)
{
	size_t gz = path_ends(path->data, ".gz") ? 3 : 0, at = path->len - gz - 4;
	if (path->len < gz + 4 || strncasecmp(path->data + at, from, 4) != 0)
		return;
	for (size_t i = 1; i < 4; i++) {
		const bool upper = path->data[at + i] >= 'A' && path->data[at + i] <= 'Z';
		path->data[at + i] = (char)(upper ? to[i] - 'a' + 'A' : to[i]);
	}
}

/* *extended: extensions follow, by the flag behind the header; a header file may end before it. */
static int read_header(struct worker *w, const struct opts *o, struct image *im, bool *extended, struct vx_error *err)
{
	uint8_t bytes[VX_NIFTI_HEADER_MAX];
	size_t have, more, need = VX_NIFTI1_HEADER;
	int st = vx_gz_read(w->gz, bytes, need, &have, err);
	if (st == VX_OK && have == need && (need = vx_nifti_need(bytes, have)) > have) {
		st = vx_gz_read(w->gz, bytes + have, need - have, &more, err);
		have += st == VX_OK ? more : 0;
	}
	if (st == VX_OK)
		st = vx_nifti_parse(bytes, have, &im->header, err);
	if (st != VX_OK)
		return st;
	vx_phi_header(o->rules, bytes, have, &im->header, &w->phi);
	/* With the right sizeof_hdr a pair's header was read up to the flag, else the flag is there already. */
	const size_t at = im->header.version == 2 ? VX_NIFTI2_HEADER : VX_NIFTI1_HEADER;
	uint8_t flag[VX_NIFTI_FLAG] = { 0 };
	if (have > at)
		flag[0] = bytes[at];
	else if ((st = vx_gz_read(w->gz, flag, sizeof(flag), &more, err)) == VX_OK && more < sizeof(flag))
		flag[0] = 0;
	*extended = flag[0] != 0 && im->header.version > 0;
	return st;
}

static uint32_t number_at(const uint8_t *p, bool big)
{
	return big ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]
		   : (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

/* The list behind the header: size and code of each; what is in them may be about a person and stays. */
static int read_extensions(struct worker *w, struct vx_record *rec, const struct image *im, struct vx_error *err)
{
	const struct vx_nifti *h = &im->header;
	uint64_t at = (h->version == 2 ? VX_NIFTI2_HEADER : VX_NIFTI1_HEADER) + VX_NIFTI_FLAG, skipped;
	const uint64_t end = h->pair ? UINT64_MAX : h->offset;
	uint8_t head[8];
	size_t got;
	for (int i = 0; i < EXTENSIONS_MAX && end - at >= sizeof(head); i++) {
		int st = vx_gz_read(w->gz, head, sizeof(head), &got, err);
		if (st != VX_OK)
			return st;
		uint32_t size = number_at(head, h->big_endian);
		if (got < sizeof(head) || (size == 0 && i > 0))
			break;
		if (size < 16 || size > end - at) {
			vx_warn(rec, "a header extension has an impossible size: it and what follows is left out");
			break;
		}
		vx_buf_puts(&w->extensions, i ? ",{\"code\":" : "{\"code\":");
		const int32_t code = (int32_t)number_at(head + 4, h->big_endian);
		vx_json_put_int(&w->extensions, code);
		if (vx_nifti_extension(code))
			vx_buf_printf(&w->extensions, ",\"name\":\"%s\"", vx_nifti_extension(code));
		vx_buf_puts(&w->extensions, ",\"size\":");
		vx_json_put_int(&w->extensions, size);
		vx_buf_putc(&w->extensions, '}');
		at += size;
		if (end - at < sizeof(head))
			break;
		st = vx_gz_skip(w->gz, size - sizeof(head), &skipped, err);
		if (st != VX_OK)
			return st;
		if (skipped < size - sizeof(head))
			vx_warn(rec, "the last header extension is longer than its file");
		if (i + 1 == EXTENSIONS_MAX)
			vx_warn(rec, "more than %d header extensions: the rest is left out", EXTENSIONS_MAX);
	}
	return VX_OK;
}

static int cut_error(const struct image *im, uint64_t have, uint64_t promised, struct vx_error *err)
{
	return vx_error_set(err, VX_EREJECT, NULL, "truncated: %llu of %llu bytes%s", (ull)have, (ull)promised,
		im->gzip ? " once inflated" : "");
}

static int no_end_error(struct vx_error *err)
{
	return vx_error_set(err, VX_EREJECT, NULL, "truncated: the gzip stream ends before its end mark");
}

/* Whether the file can hold all that its header promises, told without reading it: a plain file by its size, a gzip
 * file by the size that it ends with. Where that differs (several members, padding, a cut file) it is inflated to see. */
static int check_size(struct worker *w, const struct opts *o, const struct image *im, uint64_t promised, bool look,
	struct vx_error *err)
{
	uint64_t size, have;
	uint32_t said;
	int st = vx_gz_size(w->gz, &size, err);
	if (st != VX_OK)
		return st;
	if (!im->gzip && size < promised)
		return cut_error(im, size, promised, err);
	if (!im->gzip)
		return size > promised ? vx_phi_tail(o->rules, w->gz, promised, &w->phi, err) : VX_OK;
	if (promised / VX_GZ_RATIO > size)
		return vx_error_set(err, VX_EREJECT, NULL,
			"truncated: %llu gzip bytes cannot hold the %llu bytes promised", (ull)size, (ull)promised);
	if (o->header_only && !look)
		return VX_OK;
	st = vx_gz_last_size(w->gz, &said, err);
	if (st != VX_OK || said == (uint32_t)promised)
		return st;
	if (!look)
		return vx_phi_tail(o->rules, w->gz, promised, &w->phi, NULL) == VX_EMEM ? VX_EMEM : VX_OK;
	if ((st = vx_gz_rewind(w->gz, err)) == VX_OK)
		st = vx_gz_skip(w->gz, promised, &have, err);
	if (st == VX_OK && have < promised)
		return cut_error(im, have, promised, err);
	/* All voxels are there; what is behind them is read a little further, for what it says and whether it is cut off. */
	if (st == VX_OK)
		st = vx_phi_tail(o->rules, w->gz, promised, &w->phi, err);
	if (st == VX_OK && vx_gz_cut(w->gz))
		st = no_end_error(err);
	return st;
}

/* Reads all voxels for the facts, and to the end of a gzip file, whose CRC is checked there. */
static int read_stream(struct worker *w, const struct image *im, uint64_t bytes, struct vx_error *err)
{
	const uint64_t offset = im->header.offset;
	uint64_t have = 0;
	size_t got = 1;
	int st = vx_gz_rewind(w->gz, err);
	if (st == VX_OK)
		st = vx_gz_skip(w->gz, offset, &have, err);
	while (st == VX_OK && got > 0 && have >= offset && (have < offset + bytes || im->gzip)) {
		uint64_t left = have < offset + bytes ? offset + bytes - have : CHUNK;
		st = vx_gz_read(w->gz, w->chunk, left < CHUNK ? (size_t)left : CHUNK, &got, err);
		if (st == VX_OK && have < offset + bytes)
			facts_add(w, w->chunk, got);
		have += got;
	}
	if (st == VX_OK && have < offset + bytes)
		st = cut_error(im, have, offset + bytes, err);
	if (st == VX_OK && vx_gz_cut(w->gz))
		st = no_end_error(err);
	return st;
}

struct content {
	struct worker *w;
	uint64_t offset, bytes;
};

static void take_content(void *arg, const uint8_t *content)
{
	const struct content *c = arg;
	facts_add(c->w, content + c->offset, c->bytes);
}

static int read_voxels(struct worker *w, const struct image *im, uint64_t bytes, struct vx_error *err)
{
	struct content c = { w, im->header.offset, bytes };
	int used = vx_gz_whole(w->gz, c.offset + c.bytes, take_content, &c, err);
	if (used == 0)
		return read_stream(w, im, bytes, err);
	return used < 0 ? used : VX_OK;
}

static void toggle_gz(struct vx_buf *path)
{
	if (path_ends(path->data, ".gz"))
		path->data[path->len -= 3] = '\0';
	else
		vx_buf_puts(path, ".gz");
}

/* The halves of a pair may be compressed apart from each other: where path is not there, it may be with or without
 * its .gz. Where neither is, it keeps its name. */
static void other_spelling(struct vx_buf *path)
{
	if (access(path->data, F_OK) == 0)
		return;
	toggle_gz(path);
	if (access(path->data, F_OK) != 0)
		toggle_gz(path);
}

/* The other half of a pair becomes the open file. False: there is none. */
static bool open_voxels(struct worker *w, const struct opts *o, struct image *im, struct vx_error *err)
{
	vx_buf_clear(&w->other);
	vx_buf_add(&w->other, w->path.data, w->path.len);
	swap_suffix(&w->other, ".hdr", ".img");
	other_spelling(&w->other);
	if (vx_gz_open(w->gz, w->other.data, err) != VX_OK)
		return false;
	if (strcmp(w->other.data, w->named.data) == 0)
		facts_file(w, o);
	im->gzip = vx_gz_is_gzip(w->gz);
	return true;
}

/* What of a pair's header file was not read yet: its end mark and CRC. */
static int check_header_file(struct worker *w, const struct opts *o, const struct image *im, struct vx_error *err)
{
	uint64_t rest;
	if (!im->gzip || !(o->check || o->labels))
		return VX_OK;
	int st = vx_gz_skip(w->gz, UINT64_MAX, &rest, err);
	return st == VX_OK && vx_gz_cut(w->gz) ? no_end_error(err) : st;
}

/* SPM keeps the affine of an Analyze image in a.mat, for MATLAB. */
static void look_for_mat(struct worker *w, struct vx_record *rec)
{
	vx_buf_clear(&w->other);
	vx_buf_add(&w->other, w->path.data, w->path.len);
	swap_suffix(&w->other, ".hdr", ".mat");
	other_spelling(&w->other);
	if (access(w->other.data, F_OK) == 0)
		vx_warn(rec, "SPM's .mat file beside it, which has an affine of its own, is not read");
}

static int examine(
	struct worker *w, const struct opts *o, struct vx_record *rec, struct image *im, struct vx_error *err)
{
	uint64_t bytes;
	struct vx_error missing = VX_ERROR_INIT;
	int st = vx_nifti_bytes(&im->header, &bytes, err);
	if (st == VX_OK && bytes > UINT64_MAX / 2 - im->header.offset)
		st = vx_error_set(err, VX_EREJECT, "vox_offset", "beyond what a file can hold");
	if (st == VX_OK && im->header.pair)
		st = check_header_file(w, o, im, err);
	if (st == VX_OK && im->header.pair)
		st = facts_file_end(w, err);
	if (st != VX_OK)
		return st;
	if (im->header.pair && !open_voxels(w, o, im, &missing)) {
		char reason[sizeof(missing.reason)];
		snprintf(reason, sizeof(reason), "the voxels' file (.img) %.900s", missing.reason);
		facts_none(w, o, reason);
		vx_warn(rec, "%s: only the header was read", reason);
		return VX_OK;
	}
	if (im->header.pair)
		phi_gzip(w, o);
	const bool read = facts_begin(w, o, &im->header) || o->check;
	st = check_size(w, o, im, im->header.offset + bytes, !read && !o->header_only, err);
	if (st == VX_OK && read)
		st = read_voxels(w, im, bytes, err);
	if (st == VX_OK)
		facts_end(w);
	return st == VX_OK ? facts_file_end(w, err) : st;
}

static void say_repairs(struct vx_record *rec, const struct vx_nifti *h)
{
	for (int i = 0; h->repairs && i < VX_NIFTI_REPAIRS; i++)
		if (h->repairs >> i & 1)
			vx_warn(rec, "%s", vx_nifti_repair(i));
	if (vx_nifti_forms_differ(h))
		vx_warn(rec, "qform and sform are more than half a voxel apart: the sform counts");
}

/* The record names the voxels' file: what cannot be read is the other one. */
static int no_header_file(const struct worker *w, struct vx_error *err)
{
	const struct vx_error inner = *err;
	const char *name = strrchr(w->path.data, '/');
	return vx_error_set(err, inner.status, NULL, "its header file %.255s: %.700s", name ? name + 1 : w->path.data,
		inner.reason);
}

int image_read(struct worker *w, const struct opts *o, struct vx_record *rec, struct image *im, struct vx_error *err)
{
	*im = (struct image){ .gzip = false };
	facts_forget(w);
	vx_buf_clear(&w->extensions);
	if (is_metaimage(w->path.data))
		return metaimage_read(w, o, rec, im, err);
	vx_buf_clear(&w->named);
	vx_buf_add(&w->named, w->path.data, w->path.len);
	const bool half = path_ends(w->path.data, ".img") || path_ends(w->path.data, ".img.gz");
	if (half) {
		swap_suffix(&w->path, ".img", ".hdr");
		other_spelling(&w->path);
	}
	int st = vx_gz_open(w->gz, w->path.data, err);
	if (st != VX_OK)
		return half ? no_header_file(w, err) : st;
	if (!half)
		facts_file(w, o);
	im->gzip = vx_gz_is_gzip(w->gz);
	phi_gzip(w, o);
	const bool named_gz = path_ends(w->path.data, ".gz"),
		   header_file = path_ends(w->path.data, ".hdr") || path_ends(w->path.data, ".hdr.gz");
	bool extended;
	st = read_header(w, o, im, &extended, err);
	if (st != VX_OK)
		return st;
	if (im->header.version == 0 && !header_file)
		return vx_error_set(
			err, VX_EREJECT, "magic", "neither \"n+1\" nor \"ni1\": an Analyze header would be named .hdr");
	if (im->header.pair && !header_file)
		vx_nifti_as_single(&im->header);
	if (named_gz && !im->gzip)
		vx_warn(rec, "not gzip although its name ends in .gz: read as it is");
	if (!named_gz && im->gzip)
		vx_warn(rec, "gzip although its name does not end in .gz: inflated");
	say_repairs(rec, &im->header);
	if (im->header.version == 0)
		look_for_mat(w, rec);
	st = extended ? read_extensions(w, rec, im, err) : VX_OK;
	if (st == VX_OK)
		st = vx_phi_behind(o->rules, w->gz, &im->header, extended, &w->phi, err);
	return st == VX_OK ? examine(w, o, rec, im, err) : st;
}
