/* vx_share: the lists that are data (share/sidecar.json, dicom.json, phi.json ...), read in one way.
 *
 *	static int take(void *map, const struct vx_json *file, struct vx_error *err);
 *	if (vx_share_load(path, "sidecar.json", take, map, err) != VX_OK) ...      // err names the file
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_SHARE_H
#define VX_SHARE_H

#include "vx_json.h"

/* vx_share_load: path, or where it is NULL name of the share folder, as JSON to take, which may keep nothing of it.
 * Errors: VX_EIO (there is none), VX_EDATA (no JSON), or what take returned; with the file. */
int vx_share_load(const char *path, const char *name,
	int (*take)(void *arg, const struct vx_json *file, struct vx_error *err), void *arg,
	struct vx_error *err) VX_MUST_USE;

#endif
