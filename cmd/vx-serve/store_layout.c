/* store_layout: the SQL that lays a database out, version by version. share/sql/<backend>/NNN-name.sql -> struct layouts
 *
 * SPDX-License-Identifier: MIT
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"
#include "store_layout.h"
#include "vx_hash.h"
#include "vx_opt.h"

#define LAYOUT_MAX (1u << 20) /* bytes of one file */

/* is_layout: NNN-name.sql; what editors leave beside it is none of ours. */
static int is_layout(const struct dirent *e)
{
	size_t n = strlen(e->d_name);
	return strspn(e->d_name, "0123456789") == 3 && e->d_name[3] == '-' && n > 8 &&
	       !strcmp(e->d_name + n - 4, ".sql");
}

static int layout_read(struct layout *l, const char *folder, const char *file, struct vx_error *err)
{
	char *path = vx_asprintf("%s/%s", folder, file);
	int status = vx_read_file(path, LAYOUT_MAX, &l->sql, err);
	free(path);
	if (status != VX_OK)
		return VX_EIO;
	l->name = vx_strndup(file + 4, strlen(file) - 8);
	vx_sha256_bytes(l->sql.data ? l->sql.data : "", l->sql.len, l->checksum);
	return VX_OK;
}

static int folder_read(struct layouts *l, const char *folder, struct vx_error *err)
{
	struct dirent **list;
	int n = scandir(folder, &list, is_layout, alphasort), status = VX_OK;
	if (n < 0)
		return vx_error_errno(err, VX_EIO, NULL, "cannot read %s", folder);
	l->list = vx_alloc((size_t)n * sizeof *l->list + 1);
	for (int i = 0; i < n; i++) {
		struct layout *at = &l->list[i];
		at->version = i + 1;
		if (status == VX_OK && atoi(list[i]->d_name) != i + 1)
			status = vx_error_set(
				err, VX_EDATA, NULL, "%s/%s: is not version %d", folder, list[i]->d_name, i + 1);
		if (status == VX_OK)
			status = layout_read(at, folder, list[i]->d_name, err);
		l->count = (size_t)i + 1;
		free(list[i]);
	}
	free(list);
	if (status == VX_OK && l->count != STORE_SCHEMA)
		status = vx_error_set(err, VX_EDATA, NULL, "%s: holds layouts up to %zu, this vx-serve speaks %d",
			folder, l->count, STORE_SCHEMA);
	return status;
}

int layouts_load(struct layouts *l, const char *backend, struct vx_error *err)
{
	char *name = vx_asprintf("sql/%s", backend), *folder = NULL;
	*l = (struct layouts){ .list = NULL };
	int status = vx_share_path(name, &folder, err);
	if (status == VX_OK)
		status = folder_read(l, folder, err);
	free(folder);
	free(name);
	return status;
}

void layouts_free(struct layouts *l)
{
	for (size_t i = 0; i < l->count; i++) {
		free(l->list[i].name);
		vx_buf_free(&l->list[i].sql);
	}
	free(l->list);
}

int layouts_newer(long long version, struct vx_error *err)
{
	return vx_error_set(err, VX_EDATA, NULL,
		"has schema version %lld, this vx-serve speaks %d: a newer one made it", version, STORE_SCHEMA);
}

int layouts_same(const struct layouts *l, long long version, const char *checksum, struct vx_error *err)
{
	if (version < 1 || version > (long long)l->count)
		return layouts_newer(version, err);
	const struct layout *at = &l->list[version - 1];
	if (!checksum || !strcmp(checksum, at->checksum))
		return VX_OK;
	return vx_error_set(err, VX_EDATA, NULL, "was laid out by another %03lld-%s.sql than the one in share/sql",
		version, at->name);
}
