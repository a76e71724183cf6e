/* meta: what the parts of vx-nifti-meta share: options, a thread's own things, an image that was read, new members.
 * SPDX-License-Identifier: MIT */
#ifndef META_H
#define META_H

#include <stdatomic.h>

#include "vx_filter.h"
#include "vx_gz.h"
#include "vx_labels.h"
#include "vx_nifti.h"
#include "vx_sidecar.h"
#include "vx_volumes.h"

struct opts {
	struct vx_common common;
	bool labels, check, header_only, text, skip_bad_sidecars;
	const char *allow;
	struct vx_sidecar_map *map;
	const char *against, *prefer; /* volumes that masks may lie on; types of volume, best first */
	double tolerance;             /* mm */
	struct vx_volumes *volumes;   /* NULL: not asked for */
	atomic_long passed;           /* records that are none of this tool's business */
};

#define CHUNK 65536

struct worker {
	struct vx_gz *gz;
	struct vx_labels *labels;
	struct vx_buf path, other, members, line, extensions, grid;
	uint8_t chunk[CHUNK];
};

/* image.c: reads the image at w->path as far as the options ask. */
struct image {
	struct vx_nifti header;
	bool gzip;
	const struct vx_label *labels; /* valid when counted, until the next image */
	size_t n_labels;
	bool counted;
	struct vx_error not_counted; /* why there are no labels although they were asked for */
};
int image_read(struct worker *w, const struct opts *o, struct vx_record *rec, struct image *image,
	struct vx_error *err) VX_MUST_USE;

/* path.c: local files of a record. */
enum place { PLACE_NONE, PLACE_LOCAL, PLACE_REMOTE };
enum place path_of_image(const struct vx_json *record, struct vx_buf *path);
/* The file of one kind beside the image: "json" or "bval". Empty: none. */
enum place path_of_sidecar(
	const struct vx_json *record, const char *kind, const struct vx_buf *image, struct vx_buf *path);
/* Whether path ends in suffix, in either case. */
bool path_ends(const char *path, const char *suffix);

/* members.c: new members go as text behind the record's own, which stays as it was read. */
struct members {
	struct vx_record *rec;
	struct vx_buf *text; /* ,"key":value,"key":value ... */
	size_t start;        /* where the member under way begins */
	const char *key;
	bool changed; /* the record's own members are no longer those of its line */
};
struct members members_of(struct vx_record *rec, struct worker *w);
/* Between the two, the value's text is added to m->text. A value that the record holds already stays. */
void members_begin(struct members *m, const char *key);
void members_end(struct members *m);
/* A private member of this tool: replaces what an earlier run left. */
void members_begin_own(struct members *m, const char *key);
void members_emit(struct members *m, struct worker *w);

/* sidecars.c: what the files beside a volume's image say, as members. VX_EREJECT: one cannot be read, and the options
 * do not say to go on without it. */
int put_sidecars(struct members *m, struct worker *w, const struct opts *o, const struct vx_nifti *h,
	struct vx_error *err) VX_MUST_USE;

/* against.c: sets reference_mri of a voxel map where one volume of o->volumes has its grid; w->grid takes what is to be
 * said about it, as JSON text. */
int against_check(struct members *m, struct worker *w, const struct opts *o, const struct vx_nifti *h,
	struct vx_error *err) VX_MUST_USE;

#endif
