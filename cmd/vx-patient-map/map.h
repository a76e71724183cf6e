/* map: what the parts of vx-patient-map share. main.c reads the options, map.c does the work.
 * SPDX-License-Identifier: MIT
 */
#ifndef MAP_H
#define MAP_H

#include "vx_cache.h"
#include "vx_filter.h"
#include "vx_idset.h"
#include "vx_patients.h"
#include "vx_resource.h"
#include "vx_template.h"

struct opts {
	struct vx_common common;
	struct vx_api_options api;
	const char *key, *datasource, *offline, *save;
	struct vx_template *id, *parent;
	bool no_register, no_imply;
	bool waits; /* somebody was told that the API is away */
};

struct map {
	const struct opts *o;
	struct vx_api *api;
	struct vx_api_link *link; /* NULL until the first question */
	struct vx_patients *saved_map;
	struct vx_cache *known;  /* uid -> identifier */
	struct vx_cache *folded; /* uid without case and blanks -> uid */
	uint64_t *studies;
	struct vx_atomic save;
	struct vx_idset *in_save;
	struct vx_buf lines; /* for the save file */
	const char *datasource;
	long created, implied;
};

/* map_open: gets ready what the options ask for; sends nothing yet. Errors: VX_EIO, VX_EDATA, VX_EUSAGE. */
int map_open(struct map *m, const struct opts *o, struct vx_error *err) VX_MUST_USE;
void map_close(struct map *m);

/* The callbacks of vx_filter; arg is a struct map. */
int map_batch(struct vx_record *recs, size_t n, struct vx_job *job, void *arg, struct vx_error *err);
int map_finish(struct vx_job *job, void *arg, struct vx_error *err);
void map_summary(struct vx_buf *b, void *arg);

#endif
