/* vx_share: a data file, found, parsed, handed over.
 * SPDX-License-Identifier: MIT
 */
#include "vx_share.h"

#include <stdlib.h>

#include "vx_opt.h"

int vx_share_load(const char *path, const char *name,
	int (*take)(void *arg, const struct vx_json *file, struct vx_error *err), void *arg, struct vx_error *err)
{
	struct vx_json *file = NULL;
	char *own = NULL;
	int status = path ? VX_OK : vx_share_path(name, &own, err);

	if (status != VX_OK)
		return status;
	status = vx_json_parse_file(path ? path : own, &file, err);
	if (status == VX_EREJECT) { /* a list that is no JSON is no record: nothing can go on without it */
		status = VX_EDATA;
		if (err)
			err->status = VX_EDATA;
	}
	if (status == VX_OK)
		status = take(arg, file, err);
	if (status != VX_OK)
		vx_error_at(err, path ? path : own, 0);
	vx_json_free(file);
	free(own);
	return status;
}
