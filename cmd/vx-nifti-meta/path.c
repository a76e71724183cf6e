/* path: which local files a record of vx-nifti-meta names; record -> paths as the file system knows them.
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "meta.h"
#include "vx_hash.h"

bool path_ends(const char *path, const char *suffix)
{
	size_t n = strlen(path), m = strlen(suffix);
	return n >= m && strcasecmp(path + n - m, suffix) == 0;
}

static void percent_decode(const char *s, struct vx_buf *out)
{
	for (; *s; s++) {
		int high = *s == '%' ? vx_hex_digit(s[1]) : -1, low = high < 0 ? -1 : vx_hex_digit(s[2]);
		if (low >= 0 && high + low > 0) { /* %00 stays: no file has a NUL in its name */
			vx_buf_putc(out, (char)(high << 4 | low));
			s += 2;
		} else {
			vx_buf_putc(out, *s);
		}
	}
}

/* A path or a URL of this machine's. */
static enum place local_path(const char *s, struct vx_buf *path)
{
	vx_buf_clear(path);
	if (!s || !*s)
		return PLACE_NONE;
	if (strncasecmp(s, "file://", 7) == 0) {
		s += 7;
		if (strncasecmp(s, "localhost/", 10) == 0)
			s += 9;
		if (*s != '/')
			return PLACE_REMOTE;
		percent_decode(s, path);
		return PLACE_LOCAL;
	}
	/* A scheme, but not a folder named "a:" */
	size_t scheme = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");
	if (scheme > 1 && strncmp(s + scheme, "://", 3) == 0)
		return PLACE_REMOTE;
	vx_buf_puts(path, s);
	return PLACE_LOCAL;
}

/* A name that is not UTF-8 cannot be in path_nii, which has U+FFFD for what is none: vx-scan keeps its bytes apart.
 * NULL: path_nii is the name. */
static const char *raw_path(const struct vx_json *record)
{
	const struct vx_json *file = vx_json_get(record, "_file");
	const char *path = vx_json_str(record, "path_nii");
	return file && path && strstr(path, "\xef\xbf\xbd") ? vx_json_str(file, "path_raw") : NULL;
}

enum place path_of_image(const struct vx_json *record, struct vx_buf *path)
{
	size_t len;
	const struct vx_json *file = vx_json_get(record, "_file"), *named = vx_json_get(record, "path_nii");
	const char *kind = vx_json_str(file, "kind");
	/* vx-scan calls no MetaImage path_nii. */
	if (!named && kind && strcmp(kind, "mha") == 0)
		named = vx_json_get(file, "path");
	const char *text = vx_json_text(named, &len);
	if (!text || strlen(text) != len) /* no file has a NUL in its name */
		return PLACE_NONE;
	enum place place = local_path(text, path);
	const char *raw = raw_path(record);
	if (place == PLACE_LOCAL && raw) {
		vx_buf_clear(path);
		percent_decode(raw, path);
	}
	return place;
}

static void put_beside(const struct vx_buf *image, const char *kind, struct vx_buf *path)
{
	static const char *const suffixes[] = { ".nii.gz", ".nii", ".hdr.gz", ".hdr", ".img.gz", ".img", ".mha",
		".mhd" };
	vx_buf_clear(path);
	vx_buf_add(path, image->data, image->len);
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (path_ends(image->data, suffixes[i])) {
			path->len -= strlen(suffixes[i]);
			break;
		}
	vx_buf_putc(path, '.');
	vx_buf_puts(path, kind);
}

enum place path_of_sidecar(const struct vx_json *record, const char *kind, const struct vx_buf *image,
	struct neighbours *neighbours, struct vx_buf *path)
{
	struct vx_json *file = vx_json_get(record, "_file"), *seen = file ? vx_json_get(file, "sidecars") : NULL;
	const char *listed = seen && vx_json_type(seen) == VX_OBJECT ? vx_json_str(seen, kind) : NULL;
	const char *given = strcmp(kind, "json") == 0 ? vx_json_str(record, "path_json") : NULL;
	enum place place = local_path(given, path);
	const bool raw = listed && raw_path(record);
	if (place == PLACE_LOCAL && !raw)
		return place;
	if (raw) {
		put_beside(image, kind, path);
		return PLACE_LOCAL;
	}
	if (listed)
		return local_path(listed, path);
	if (place != PLACE_NONE || file)
		return place;
	/* A record that vx-scan did not make: nobody has looked yet. */
	put_beside(image, kind, path);
	return neighbours_may_have(neighbours, path->data) && access(path->data, F_OK) == 0 ? PLACE_LOCAL : PLACE_NONE;
}
