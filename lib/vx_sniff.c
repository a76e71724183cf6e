/* vx_sniff: what a file is, by its name or its first bytes. name, bytes -> kind.
 * SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "vx_io.h"
#include "vx_dicom.h"
#include "vx_sniff.h"

static const char *const kind_names[VX_KINDS] = { "other", "nifti", "analyze", "img", "dicom", "json", "csv", "xlsx",
	"mha", "bval", "bvec" };

const char *vx_kind_name(enum vx_kind kind)
{
	return kind_names[kind];
}

int vx_kind_find(const char *name, size_t len)
{
	for (int k = 0; k < VX_KINDS; k++)
		if (strlen(kind_names[k]) == len && memcmp(kind_names[k], name, len) == 0)
			return k;
	return -1;
}

#define SUFFIX(t, k, s)                                                                                                \
	{                                                                                                              \
		.text = t, .len = sizeof t - 1, .kind = k, .settles = s                                                \
	}
/* Two-part suffixes come before what they end in. The last ones save opening what never is an image or a table. */
static const struct vx_suffix suffixes[] = {
	SUFFIX(".nii.gz", VX_KIND_NIFTI, true),
	SUFFIX(".nii", VX_KIND_NIFTI, true),
	SUFFIX(".json", VX_KIND_JSON, true),
	SUFFIX(".dcm", VX_KIND_DICOM, true),
	SUFFIX(".hdr.gz", VX_KIND_NIFTI, false),
	SUFFIX(".hdr", VX_KIND_NIFTI, false),
	SUFFIX(".img.gz", VX_KIND_IMG, false),
	SUFFIX(".img", VX_KIND_IMG, false),
	SUFFIX(".bval", VX_KIND_BVAL, true),
	SUFFIX(".bvec", VX_KIND_BVEC, true),
	SUFFIX(".csv", VX_KIND_CSV, true),
	SUFFIX(".tsv", VX_KIND_CSV, true),
	SUFFIX(".xlsx", VX_KIND_XLSX, true),
	SUFFIX(".mha", VX_KIND_MHA, true),
	SUFFIX(".mhd", VX_KIND_MHA, true),
	SUFFIX(".ima", VX_KIND_DICOM, true),
	SUFFIX(".dicom", VX_KIND_DICOM, true),
	SUFFIX(".bz2", VX_KIND_OTHER, true),
	SUFFIX(".docx", VX_KIND_OTHER, true),
	SUFFIX(".gif", VX_KIND_OTHER, true),
	SUFFIX(".html", VX_KIND_OTHER, true),
	SUFFIX(".jpeg", VX_KIND_OTHER, true),
	SUFFIX(".jpg", VX_KIND_OTHER, true),
	SUFFIX(".log", VX_KIND_OTHER, true),
	SUFFIX(".md", VX_KIND_OTHER, true),
	SUFFIX(".nrrd", VX_KIND_OTHER, true),
	SUFFIX(".pdf", VX_KIND_OTHER, true),
	SUFFIX(".png", VX_KIND_OTHER, true),
	SUFFIX(".py", VX_KIND_OTHER, true),
	SUFFIX(".svg", VX_KIND_OTHER, true),
	SUFFIX(".tar", VX_KIND_OTHER, true),
	SUFFIX(".xml", VX_KIND_OTHER, true),
	SUFFIX(".xz", VX_KIND_OTHER, true),
	SUFFIX(".zip", VX_KIND_OTHER, true),
	SUFFIX(".zst", VX_KIND_OTHER, true),
};
#define SUFFIXES (sizeof suffixes / sizeof suffixes[0])

const struct vx_suffix *vx_suffix_of(const char *name, size_t len)
{
	char low[8]; /* the last bytes in lower case; no suffix is longer than 7 */
	size_t n = len < sizeof low ? len : sizeof low;

	for (size_t i = 0; i < n; i++)
		low[sizeof low - n + i] = (char)tolower((unsigned char)name[len - n + i]);
	for (size_t i = 0; i < SUFFIXES; i++) {
		size_t s = suffixes[i].len;
		if (s < len && low[sizeof low - 1] == suffixes[i].text[s - 1] &&
			memcmp(low + sizeof low - s, suffixes[i].text, s) == 0)
			return &suffixes[i];
	}
	return NULL;
}

unsigned vx_suffix_index(const struct vx_suffix *suffix)
{
	return suffix ? (unsigned)(suffix - suffixes) + 1 : 0;
}

const struct vx_suffix *vx_suffix_at(unsigned index)
{
	return index ? &suffixes[index - 1] : NULL;
}

static unsigned get16(const unsigned char *p, bool big)
{
	return big ? (unsigned)(p[0] << 8 | p[1]) : (unsigned)(p[1] << 8 | p[0]);
}

static bool is_int32(const unsigned char *p, unsigned v, bool big)
{
	return get16(p + (big ? 2 : 0), big) == v && get16(p + (big ? 0 : 2), big) == 0;
}

/* Analyze has no magic: dim[0] at 40 counts the axes (1 to 7), each of which has at least one voxel. */
static bool plausible_dims(const unsigned char *p, bool big)
{
	unsigned rank = get16(p + 40, big);

	if (rank < 1 || rank > 7)
		return false;
	for (unsigned i = 1; i <= rank; i++) {
		unsigned d = get16(p + 40 + 2 * i, big);
		if (d > 32767 || (d == 0 && i <= 3))
			return false;
	}
	return true;
}

static enum vx_kind sniff_image(const unsigned char *p, size_t n)
{
	for (int big = 0; big < 2; big++) {
		if (n >= 348 && is_int32(p, 348, big)) {
			if (memcmp(p + 344, "n+1", 4) == 0 || memcmp(p + 344, "ni1", 4) == 0)
				return VX_KIND_NIFTI;
			return plausible_dims(p, big) ? VX_KIND_ANALYZE : VX_KIND_OTHER;
		}
		if (n >= 12 && is_int32(p, 540, big) &&
			(memcmp(p + 4, "n+2\0\r\n\032\n", 8) == 0 || memcmp(p + 4, "ni2\0\r\n\032\n", 8) == 0))
			return VX_KIND_NIFTI;
	}
	return VX_KIND_OTHER;
}

/* The printable view of text: BOM off, UTF-16 by its low bytes. Returns the length; 0: this is no text. */
static size_t as_text(const unsigned char *p, size_t n, char *text)
{
	size_t len = 0, step = 1, at = 0;

	if (n >= 2 && ((p[0] == 0xff && p[1] == 0xfe) || (p[0] == 0xfe && p[1] == 0xff))) {
		step = 2;
		at = p[0] == 0xff ? 2 : 3;
	} else if (n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) {
		at = 3;
	}
	for (; at < n; at += step) {
		if (p[at] < 0x20 && !(p[at] >= '\t' && p[at] <= '\r'))
			return 0;
		text[len++] = (char)p[at];
	}
	return len;
}

static bool is_meta_image(const char *text, size_t n)
{
	static const char *const first[] = { "ObjectType", "NDims", "Comment" };

	for (size_t i = 0; i < 3; i++) {
		size_t k = strlen(first[i]);
		if (n <= k || memcmp(text, first[i], k) != 0)
			continue;
		while (k < n && text[k] == ' ')
			k++;
		if (k < n && text[k] == '=')
			return i < 2 || memmem(text, n, "NDims", 5);
	}
	return false;
}

/* JSON text here is an object or an array: a number or a word alone is more often something else. */
static bool is_json(const char *text, size_t n)
{
	size_t i = 0;

	while (i < n && isspace((unsigned char)text[i]))
		i++;
	if (i == n || (text[i] != '{' && text[i] != '['))
		return false;
	bool object = text[i] == '{';
	for (i++; i < n && isspace((unsigned char)text[i]);)
		i++;
	return i < n && strchr(object ? "\"}" : "\"]{[-0123456789tfn", text[i]) && text[i];
}

/* Cells of each whole line from text on; 0 when the first two lines do not agree. Quoted newlines are part of a cell. */
static size_t cells_a_line(const char *text, size_t n, char delimiter)
{
	size_t cells = 1, first = 0;
	bool quoted = false;

	for (size_t i = 0; i < n; i++) {
		if (text[i] == '"') {
			quoted = !quoted;
		} else if (!quoted && text[i] == delimiter) {
			cells++;
		} else if (!quoted && text[i] == '\n') {
			if (first)
				return cells == first ? cells : 0;
			first = cells;
			cells = 1;
		}
	}
	return first && cells == first ? first : 0;
}

static enum vx_kind sniff_text(const unsigned char *p, size_t n)
{
	char text[VX_SNIFF_BYTES];

	n = as_text(p, n < sizeof text ? n : sizeof text, text);
	if (is_meta_image(text, n))
		return VX_KIND_MHA;
	if (is_json(text, n))
		return VX_KIND_JSON;
	for (const char *d = ",;\t|"; *d; d++)
		if (cells_a_line(text, n, *d) > 1)
			return VX_KIND_CSV;
	return VX_KIND_OTHER;
}

static enum vx_kind sniff_plain(const unsigned char *p, size_t n)
{
	enum vx_kind kind = sniff_image(p, n);

	if (kind != VX_KIND_OTHER)
		return kind;
	if (vx_dicom_sniff(p, n))
		return VX_KIND_DICOM;
	if (n >= 4 && memcmp(p, "PK\3\4", 4) == 0)
		return memmem(p, n, "[Content_Types].xml", 19) || memmem(p, n, "xl/", 3) ? VX_KIND_XLSX : VX_KIND_OTHER;
	return n ? sniff_text(p, n) : VX_KIND_OTHER;
}

/* What a gzip stream holds at its beginning: as many bytes as come out of those at hand. */
static size_t inflate_start(const unsigned char *p, size_t n, unsigned char *out, size_t size)
{
	z_stream z = { .next_in = (z_const Bytef *)p, .avail_in = (uInt)n, .next_out = out, .avail_out = (uInt)size };

	if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
		return 0;
	inflate(&z, Z_SYNC_FLUSH); /* cut short is no error here: what came out counts */
	inflateEnd(&z);
	return size - z.avail_out;
}

enum vx_kind vx_sniff(const unsigned char *bytes, size_t n)
{
	unsigned char inside[VX_SNIFF_BYTES];

	if (n < 3 || memcmp(bytes, "\x1f\x8b\x08", 3) != 0)
		return sniff_plain(bytes, n);
	return sniff_plain(inside, inflate_start(bytes, n, inside, sizeof inside));
}

int vx_sniff_at(int dirfd, const char *name, enum vx_kind *kind, struct vx_error *err)
{
	unsigned char bytes[VX_SNIFF_BYTES];
	size_t have = 0;
	/* A device or a pipe must not hold the scan up. */
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	*kind = VX_KIND_OTHER;
	if (fd < 0)
		return vx_error_errno(err, VX_EREJECT, NULL, "cannot be opened");
	while (have < sizeof bytes) {
		ssize_t got = read(fd, bytes + have, sizeof bytes - have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			int status = vx_error_errno(err, VX_EREJECT, NULL, "cannot be read");
			close(fd);
			return status;
		}
		if (got == 0)
			break;
		have += (size_t)got;
	}
	close(fd);
	*kind = vx_sniff(bytes, have);
	return VX_OK;
}
