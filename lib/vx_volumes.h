/* vx_volumes: the volumes of an NDJSON file with their grids, found by identifier or by what they belong to.
 *
 *	struct vx_volumes *v = vx_volumes_load("volumes.ndjson", &err);
 *	int n = vx_volumes_of(v, "study/PX00001/1.2.3", see, arg, &err);    // calls see(arg, volume) for each, in order
 *	vx_volumes_free(v);
 *
 * What was read waits in a temporary file: memory is 32 bytes a volume. Looking up needs no lock.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_VOLUMES_H
#define VX_VOLUMES_H

#include "vx_grid.h"

struct vx_volume {
	const char *identifier, *parent; /* parent "": none */
	char type[16];                   /* volume_type, "": unknown */
	bool gridded;                    /* grid holds: the record had a usable shape and affine */
	struct vx_grid grid;
};

struct vx_volumes;

/* vx_volumes_load: reads path ("-": stdin); records that are no volume/... are passed over. NULL with VX_EIO, or
 * VX_EDATA with the line that is no JSON object. */
struct vx_volumes *vx_volumes_load(const char *path, struct vx_error *err) VX_MUST_USE;
void vx_volumes_free(struct vx_volumes *v);

/* vx_volumes_named, vx_volumes_of: each volume with this identifier, or parent. A volume that the file has twice comes as
 * it stands there last. Returns how many, or VX_EIO. Owns: the volume is see's until it returns. */
typedef void vx_volumes_see(void *arg, const struct vx_volume *volume);
int vx_volumes_named(const struct vx_volumes *v, const char *identifier, vx_volumes_see *see, void *arg,
	struct vx_error *err) VX_MUST_USE;
int vx_volumes_of(const struct vx_volumes *v, const char *parent, vx_volumes_see *see, void *arg,
	struct vx_error *err) VX_MUST_USE;

#endif
