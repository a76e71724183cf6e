/* vx_phi_image: an image file -> findings: gzip's names, the header's free text, extensions, the bytes between.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "vx_hash.h"
#include "vx_phi_memo.h"
#include "vx_phi_rules.h"

enum { LOOK_MAX = 1 << 20, GAP_PIECE = 65536, EXTENSIONS_MAX = 1000 };

/* Where the versions of the header keep free text: offset and length in bytes. */
struct place {
	const char *where;
	int version; /* 0: Analyze 7.5 */
	size_t at, len;
	const char *kind; /* NULL: by what it says */
};
static const struct place places[] = {
	{ "data_type", 1, 4, 10, NULL },
	{ "db_name", 1, 14, 18, NULL },
	{ "descrip", 1, 148, 80, NULL },
	{ "aux_file", 1, 228, 24, NULL },
	{ "intent_name", 1, 328, 16, NULL },
	{ "data_type", 0, 4, 10, NULL },
	{ "db_name", 0, 14, 18, NULL },
	{ "descrip", 0, 148, 80, NULL },
	{ "aux_file", 0, 228, 24, NULL },
	{ "originator", 0, 253, 10, NULL }, /* SPM keeps three int16 here */
	{ "generated", 0, 263, 10, NULL },
	{ "scannum", 0, 273, 10, "id" },
	{ "patient_id", 0, 283, 10, "id" },
	{ "exp_date", 0, 293, 10, "date" },
	{ "exp_time", 0, 303, 10, "date" },
	{ "descrip", 2, 240, 80, NULL },
	{ "aux_file", 2, 320, 24, NULL },
	{ "intent_name", 2, 508, 16, NULL },
	{ "unused_str", 2, 525, 15, NULL },
};

/* Whether bytes can be text at all: two letters in a row (of UTF-8: their first bytes, whatever follows these), or four
 * letters and digits between which nothing but signs stands. */
static bool texty(const uint8_t *p, size_t n)
{
	size_t letters = 0, both = 0;
	for (size_t i = 0; i < n; i++) {
		bool letter = (p[i] >= 'a' && p[i] <= 'z') || (p[i] >= 'A' && p[i] <= 'Z') || p[i] >= 0xC0;
		bool digit = p[i] >= '0' && p[i] <= '9', follows = p[i] >= 0x80 && p[i] < 0xC0;
		if (letter)
			letters++;
		else if (!follows)
			letters = 0;
		both = p[i] < ' ' || p[i] == 0x7F ? 0 : both + (letter || digit);
		if (letters == 2 || both == 4)
			return true;
	}
	return false;
}

static const char *judge(const struct vx_phi *phi, struct vx_phi_memo *memo, const uint8_t *p, size_t n)
{
	struct vx_phi_judged own = { .known = false }, *j;
	if (!texty(p, n))
		return NULL;
	if (!(j = vx_phi_recall(memo, PHI_ASK_FREE, (const char *)p, n)))
		j = &own;
	if (!j->known)
		*j = (struct vx_phi_judged){ .kind = vx_phi_free_text(phi, (const char *)p, n), .known = true };
	return j->kind;
}

static void search_place(
	const struct vx_phi *phi, const uint8_t *bytes, const struct place *p, struct vx_phi_list *list)
{
	char where[40];
	size_t len = strnlen((const char *)bytes, p->len), rest = len;
	const char *kind = len ? judge(phi, list->memo, bytes, len) : NULL;
	if (kind)
		vx_phi_add(list, p->where, p->kind ? p->kind : kind);
	while (rest < p->len && bytes[rest] == 0)
		rest++;
	kind = rest < p->len ? judge(phi, list->memo, bytes + rest, p->len - rest) : NULL;
	if (!kind)
		return;
	snprintf(where, sizeof(where), "%s.rest", p->where);
	vx_phi_add(list, where, strcmp(kind, "text") == 0 ? "leftover" : kind);
}

void vx_phi_header(
	const struct vx_phi *phi, const uint8_t *bytes, size_t n, const struct vx_nifti *h, struct vx_phi_list *list)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const struct place *p = &places[i];
		if (p->version == h->version && p->at + p->len <= n)
			search_place(phi, bytes + p->at, p, list);
	}
}

/* Extra fields that are known: BC, the block sizes of bgzip; vx, the hash of what vx-mha2nii made the image from. */
static bool known_extra(const uint8_t *extra, size_t n, size_t size)
{
	enum { MARK = 69 };
	if (n < size)
		return false;
	if (size == 6 && memcmp(extra, "BC", 2) == 0)
		return true;
	size_t i = 4;
	while (size == MARK && i < size && vx_hex_digit((char)extra[i]) >= 0)
		i++;
	return i == MARK && memcmp(extra, "vx\x41\0", 4) == 0;
}

/* RFC 1952: ten bytes, then what the flags say: extra field, name, comment. */
void vx_phi_gzip(const struct vx_phi *phi, const uint8_t *block, size_t n, struct vx_phi_list *list)
{
	enum { EXTRA = 4, NAME = 8, COMMENT = 16 };
	static const struct {
		int flag;
		const char *where;
	} texts[] = { { NAME, "gzip.name" }, { COMMENT, "gzip.comment" } };
	if (n < 10 || block[0] != 0x1f || block[1] != 0x8b || !(block[3] & (EXTRA | NAME | COMMENT)))
		return;
	size_t at = 10;
	if (block[3] & EXTRA) {
		size_t size = n >= 12 ? (size_t)(block[10] | block[11] << 8) : 0;
		if (n < 12 || !known_extra(block + 12, n - 12, size))
			vx_phi_add(list, "gzip.extra", "unknown");
		at += 2 + size;
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (!(block[3] & texts[i].flag))
			continue;
		if (at >= n) {
			vx_phi_add(list, texts[i].where, "unknown");
			return;
		}
		size_t len = strnlen((const char *)block + at, n - at);
		const char *kind = judge(phi, list->memo, block + at, len);
		if (kind)
			vx_phi_add(list, texts[i].where, kind);
		at += len + 1;
	}
}

static uint32_t number_at(const uint8_t *p, bool big)
{
	return big ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]
		   : (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

/* Up to size bytes of the content into b, which holds the first max of them; the rest is left out. */
static int read_part(struct vx_gz *gz, uint64_t size, size_t max, struct vx_buf *b, struct vx_error *err)
{
	size_t want = size < max ? (size_t)size : max, got = 0;
	uint64_t skipped;
	vx_buf_clear(b);
	char *room = vx_buf_reserve(b, want);
	int st = vx_gz_read(gz, room, want, &got, err);
	if (st != VX_OK)
		return st;
	b->len = got;
	return got == want && size > want ? vx_gz_skip(gz, size - want, &skipped, err) : VX_OK;
}

/* Extensions from byte *at of the content on, up to end. */
static int search_extensions(const struct vx_phi *phi, struct vx_gz *gz, bool big, uint64_t *at, uint64_t end,
	struct vx_buf *b, struct vx_phi_list *list, struct vx_error *err)
{
	size_t left = LOOK_MAX;
	int st = VX_OK;
	for (int i = 0; st == VX_OK && i < EXTENSIONS_MAX && end - *at >= 8; i++) {
		st = read_part(gz, 8, 8, b, err);
		uint32_t size = st == VX_OK && b->len == 8 ? number_at((const uint8_t *)b->data, big) : 0;
		int32_t code = size ? (int32_t)number_at((const uint8_t *)b->data + 4, big) : 0;
		*at += b->len;
		if (size < 16 || size - 8 > end - *at)
			break;
		st = read_part(gz, size - 8, left, b, err);
		*at += size - 8;
		if (st == VX_OK)
			vx_phi_extension(phi, code, (const uint8_t *)b->data, b->len, list);
		left -= b->len;
		if (st == VX_OK && (left == 0 || i + 1 == EXTENSIONS_MAX))
			vx_phi_add(list, "extension.*", "unknown"); /* not looked at to the end */
	}
	return st;
}

/* The bytes between the extensions and the voxels, as far as anybody would look. */
static int search_gap(const struct vx_phi *phi, struct vx_gz *gz, uint64_t size, struct vx_buf *b,
	struct vx_phi_list *list, struct vx_error *err)
{
	uint64_t seen = 0;
	const char *kind = NULL;
	while (seen < size && seen < LOOK_MAX && !kind) {
		const uint64_t left = size - seen;
		int st = read_part(gz, left < GAP_PIECE ? left : GAP_PIECE, GAP_PIECE, b, err);
		if (st != VX_OK)
			return st;
		if (b->len == 0)
			return VX_OK;
		kind = judge(phi, list->memo, (const uint8_t *)b->data, b->len);
		seen += b->len;
	}
	if (kind || seen < size)
		vx_phi_add(list, "gap", !kind ? "unknown" : strcmp(kind, "text") == 0 ? "leftover" : kind);
	return VX_OK;
}

int vx_phi_behind(const struct vx_phi *phi, struct vx_gz *gz, const struct vx_nifti *h, bool extended,
	struct vx_phi_list *list, struct vx_error *err)
{
	uint64_t at = (h->version == 2 ? VX_NIFTI2_HEADER : VX_NIFTI1_HEADER) + VX_NIFTI_FLAG, skipped;
	const uint64_t end = h->pair ? UINT64_MAX : h->offset;
	struct vx_buf b = VX_BUF_INIT;
	if (end <= at)
		return VX_OK;
	int st = vx_gz_rewind(gz, err);
	if (st == VX_OK)
		st = vx_gz_skip(gz, at, &skipped, err);
	if (st == VX_OK && extended)
		st = search_extensions(phi, gz, h->big_endian, &at, end, &b, list, err);
	if (st == VX_OK && end > at)
		st = search_gap(phi, gz, end - at, &b, list, err);
	vx_buf_free(&b);
	return st;
}

/* Where the further members of a gzip file begin, and what lies behind the last. */
struct members {
	const struct vx_phi *phi;
	struct vx_phi_list *list;
};

static void add_leftover(struct vx_phi_list *list, const char *where, const char *kind)
{
	if (kind)
		vx_phi_add(list, where, strcmp(kind, "text") == 0 ? "leftover" : kind);
}

static void next_member(void *arg, bool member, const uint8_t *bytes, size_t n)
{
	const struct members *m = arg;
	if (member)
		vx_phi_gzip(m->phi, bytes, n, m->list);
	else
		add_leftover(m->list, "tail", judge(m->phi, m->list->memo, bytes, n));
}

int vx_phi_tail(
	const struct vx_phi *phi, struct vx_gz *gz, uint64_t from, struct vx_phi_list *list, struct vx_error *err)
{
	struct members m = { phi, list };
	struct vx_buf b = VX_BUF_INIT;
	uint64_t got = 0;
	vx_gz_members(gz, next_member, &m);
	int st = vx_gz_rewind(gz, err);
	if (st == VX_OK)
		st = vx_gz_skip(gz, from, &got, err);
	if (st == VX_OK && got == from)
		st = read_part(gz, GAP_PIECE, GAP_PIECE, &b, err);
	if (st == VX_OK && b.len > 0)
		add_leftover(list, "tail", judge(phi, list->memo, (const uint8_t *)b.data, b.len));
	/* On to the end, which may be cut off or have more members. */
	if (st == VX_OK)
		st = vx_gz_skip(gz, LOOK_MAX, &got, err);
	vx_gz_members(gz, NULL, NULL);
	vx_buf_free(&b);
	return st;
}

/* Whether the file is longer than its header promises, told without reading it; then what is behind the voxels. */
static int search_tail(const struct vx_phi *phi, struct vx_gz *gz, const struct vx_nifti *h, struct vx_phi_list *list)
{
	uint64_t bytes, size;
	uint32_t last;
	if (h->pair || vx_nifti_bytes(h, &bytes, NULL) != VX_OK || bytes > UINT64_MAX / 2 - h->offset)
		return VX_OK;
	const uint64_t promised = h->offset + bytes;
	int st = vx_gz_size(gz, &size, NULL);
	if (st == VX_OK && vx_gz_is_gzip(gz))
		st = vx_gz_last_size(gz, &last, NULL);
	if (st != VX_OK || (vx_gz_is_gzip(gz) ? last == (uint32_t)promised : size <= promised))
		return st;
	struct vx_error damaged = VX_ERROR_INIT;
	/* A damaged file is told when it is read in earnest. */
	return vx_phi_tail(phi, gz, promised, list, &damaged) == VX_EMEM ? VX_EMEM : VX_OK;
}

/* Whether the header's flag says that extensions follow; in bytes[0..n) only where it is no pair's. */
static int read_flag(struct vx_gz *gz, const struct vx_nifti *h, const uint8_t *bytes, size_t n, bool *extended,
	struct vx_error *err)
{
	uint8_t flag[VX_NIFTI_FLAG] = { 0 };
	size_t at = h->version == 2 ? VX_NIFTI2_HEADER : VX_NIFTI1_HEADER, got = 0;
	int st = VX_OK;
	if (n > at)
		flag[0] = bytes[at];
	else
		st = vx_gz_read(gz, flag, sizeof(flag), &got, err);
	*extended = flag[0] != 0 && h->version > 0;
	return st;
}

static int search_content(const struct vx_phi *phi, struct vx_gz *gz, struct vx_phi_list *list, struct vx_error *err)
{
	uint8_t bytes[VX_NIFTI_HEADER_MAX];
	size_t have, more = 0, need = VX_NIFTI1_HEADER;
	struct vx_nifti h;
	bool extended;
	int st = vx_gz_read(gz, bytes, need, &have, err);
	if (st == VX_OK && have == need && (need = vx_nifti_need(bytes, have)) > have)
		st = vx_gz_read(gz, bytes + have, need - have, &more, err);
	have += more;
	if (st != VX_OK)
		return st;
	if (have >= 132 && memcmp(bytes + 128, "DICM", 4) == 0)
		vx_phi_add(list, "file", "dicom");
	if (vx_nifti_parse(bytes, have, &h, NULL) != VX_OK)
		return VX_OK;
	vx_phi_header(phi, bytes, have, &h, list);
	st = read_flag(gz, &h, bytes, have, &extended, err);
	if (st == VX_OK)
		st = vx_phi_behind(phi, gz, &h, extended, list, err);
	return st == VX_OK ? search_tail(phi, gz, &h, list) : st;
}

int vx_phi_image(const struct vx_phi *phi, struct vx_gz *gz, struct vx_phi_list *list, struct vx_error *err)
{
	size_t n;
	const uint8_t *block = vx_gz_block(gz, &n);
	vx_phi_gzip(phi, block, n, list);
	int st = search_content(phi, gz, list, err);
	return st == VX_OK ? vx_gz_rewind(gz, err) : st;
}

int vx_phi_file(const struct vx_phi *phi, const char *path, struct vx_phi_list *list, struct vx_error *err)
{
	if (vx_phi_named_metaimage(path))
		return vx_phi_metaimage(phi, path, list, err);
	struct vx_gz *gz = vx_gz_new();
	int st = vx_gz_open(gz, path, err);
	if (st == VX_OK)
		st = vx_phi_image(phi, gz, list, err);
	vx_gz_free(gz);
	return st;
}
