/* path: what a field of a record says -> the local file that it means, or nothing to upload.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "upload.h"
#include "vx_store_key.h"

static bool begins(const char *s, const char *with)
{
	return strncasecmp(s, with, strlen(with)) == 0;
}

/* The true path of a name that is no UTF-8: _file.path_raw is that of path_nii, percent-encoded, and a sidecar's differs
 * from it by the suffix only. NULL: not known. To be freed. */
static char *raw_path(const struct vx_json *record, const char *value)
{
	const char *raw = vx_json_str(vx_json_get(record, "_file"), "path_raw"),
		   *image = vx_json_str(record, "path_nii");
	if (!raw || !image)
		return NULL;
	const char *suffix = vx_path_suffix(value);
	size_t stem = (size_t)(suffix - value), image_stem = (size_t)(vx_path_suffix(image) - image);
	char *url = vx_asprintf("file://%s", raw), *path = vx_file_url_path(url), *whole = NULL;
	if (path && stem == image_stem && strncmp(value, image, stem) == 0)
		whole = vx_asprintf("%.*s%s", (int)(vx_path_suffix(path) - path), path, suffix);
	free(url);
	free(path);
	return whole;
}

int local_path(const struct vx_json *record, const char *field, const char *value, const struct vx_store *store,
	char **path, struct vx_error *err)
{
	*path = NULL;
	if (value[0] == '\0')
		return vx_error_set(err, VX_EREJECT, field, "is empty");
	if (begins(value, "s3://") || begins(value, "https://") || begins(value, "http://"))
		return VX_OK;
	if (begins(value, "file:")) {
		if (store && vx_store_has_url(store, value))
			return VX_OK;
		*path = vx_file_url_path(value);
		if (!*path)
			return vx_error_set(err, VX_EREJECT, field, "%s: is no file of this machine", value);
		return VX_OK;
	}
	*path = strstr(value, "\xef\xbf\xbd") ? raw_path(record, value) : NULL;
	if (!*path)
		*path = vx_strdup(value);
	return VX_OK;
}
