/* meta: what the parts of vx-nifti-meta share: options, a thread's own things, an image that was read, new members.
 * SPDX-License-Identifier: MIT */
#ifndef META_H
#define META_H

#include <stdatomic.h>

#include "vx_filter.h"
#include "vx_gz.h"
#include "vx_labels.h"
#include "vx_nifti.h"
#include "vx_phi.h"
#include "vx_sidecar.h"
#include "vx_stats.h"
#include "vx_volume_type.h"
#include "vx_volumes.h"
#include "vx_voxel_hash.h"

/* What becomes of text that may be about a person: it is left out, said, or the record's end. */
enum phi_mode { PHI_STRIP, PHI_WARN, PHI_REJECT };

struct opts {
	struct vx_common common;
	bool labels, stats, sha256, voxel_hash, check, header_only, text, skip_bad_sidecars, explain;
	const char *allow, *type_rules;
	struct vx_sidecar_map *map;
	struct vx_volume_types *types;
	const char *against, *prefer; /* volumes that masks may lie on; types of volume, best first */
	double tolerance;             /* mm */
	struct vx_volumes *volumes;   /* NULL: not asked for */
	atomic_long passed;           /* records that are none of this tool's business */
	enum phi_mode phi;
	bool phi_lint;
	struct vx_phi *rules;
	atomic_long findings;
};

#define CHUNK 65536

/* facts.c: what the voxels and the file as a whole say, in one reading. */
struct facts {
	bool labels, stats, voxel_hash;                     /* under way; after facts_end: found */
	bool by_counts;                                     /* stats come from the counted labels */
	struct vx_error no_labels, no_stats, no_voxel_hash; /* why not, where they were asked for */
	const struct vx_label *label;                       /* ascending; until the next image */
	size_t n_labels;
	struct vx_stats values;
	struct vx_voxel_hash voxels;
	struct vx_sha256 *file; /* of path_nii's own bytes, under way */
	char voxel_hex[65], file_hex[65];
};

/* neighbours.c: the sidecars of one folder. neighbours_may_have: false when no such file is there (or was a second ago). */
struct neighbours {
	struct vx_buf folder; /* with the slash at its end */
	int asked;
	bool unlistable;
	double until;
	uint64_t *names; /* hashes, sorted */
	size_t n, room;
};
bool neighbours_may_have(struct neighbours *b, const char *path);
void neighbours_free(struct neighbours *b);

struct worker {
	struct neighbours neighbours;
	struct vx_gz *gz;
	struct vx_labels *labels;
	struct facts facts; /* of the image at hand */
	struct vx_buf path, other, named, members, line, extensions, grid;
	struct vx_buf details;  /* ,"key":value of _nifti, of the record at hand */
	struct vx_phi_list phi; /* of the record at hand */
	uint8_t chunk[CHUNK];
};

/* image.c: reads the image at w->path as far as the options ask. */
struct image {
	struct vx_nifti header;
	bool gzip;
};
int image_read(struct worker *w, const struct opts *o, struct vx_record *rec, struct image *image,
	struct vx_error *err) VX_MUST_USE;

/* metaimage.c: the same of a MetaImage, which is told by its name. */
bool is_metaimage(const char *path);
int metaimage_read(struct worker *w, const struct opts *o, struct vx_record *rec, struct image *image,
	struct vx_error *err) VX_MUST_USE;

struct members;
void facts_forget(struct worker *w); /* before each image */
/* The open file is the one that path_nii names: its bytes are hashed as they are read. facts_file_end reads the rest. */
void facts_file(struct worker *w, const struct opts *o);
int facts_file_end(struct worker *w, struct vx_error *err) VX_MUST_USE;
/* Begins what is asked for and possible; whether any voxel needs to be read for it. */
bool facts_begin(struct worker *w, const struct opts *o, const struct vx_nifti *h);
void facts_add(struct worker *w, const uint8_t *voxels, uint64_t bytes);
void facts_end(struct worker *w);
/* The voxels cannot be had. */
void facts_none(struct worker *w, const struct opts *o, const char *reason);
/* Public members: sha256, and of a voxel map label_counts, which are held against its labels. */
int facts_put(struct members *m, struct worker *w, const struct opts *o, bool volume, struct vx_error *err) VX_MUST_USE;
/* Members of _nifti, each with a comma in front. */
void facts_put_details(struct members *m, struct worker *w, const struct opts *o, bool volume);

/* path.c: local files of a record. */
enum place { PLACE_NONE, PLACE_LOCAL, PLACE_REMOTE };
enum place path_of_image(const struct vx_json *record, struct vx_buf *path);
/* The file of one kind beside the image: "json", "bval" or "bvec". Empty: none. */
enum place path_of_sidecar(const struct vx_json *record, const char *kind, const struct vx_buf *image,
	struct neighbours *neighbours, struct vx_buf *path);
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

/* kind.c: volume_type by the rules, and what the record is then: its own word, or the rules'; NULL: neither. */
struct beside {
	struct vx_json *file, *fields, *sidecar; /* of .bval; of the sidecar by the list; the sidecar. NULL: none */
	size_t n_bvals;
};
const char *put_kind(struct members *m, struct worker *w, const struct opts *o, const struct beside *beside);

/* against.c: sets reference_mri of a voxel map where one volume of o->volumes has its grid; w->grid takes what is to be
 * said about it, as JSON text. */
int against_check(struct members *m, struct worker *w, const struct opts *o, const struct vx_nifti *h,
	struct vx_error *err) VX_MUST_USE;

/* phi.c: what may be about a person; image_read and put_sidecars gather it in w->phi. */
enum phi_mode phi_mode_of(const char *word);           /* ends the process where it is none */
void phi_gzip(struct worker *w, const struct opts *o); /* of the file that was just opened */
/* Takes out of h what must not become part of _nifti.text. */
void phi_text(const struct opts *o, struct vx_record *rec, struct vx_nifti *h);
/* Finds it in a sidecar, and takes out of that what must not become a field. */
void phi_sidecar(struct worker *w, const struct opts *o, struct vx_record *rec, struct vx_json *side);
int phi_verdict(struct worker *w, const struct opts *o, struct vx_record *rec, struct vx_error *err) VX_MUST_USE;
void phi_put(const struct worker *w, struct vx_buf *text); /* ,"phi":[...] */
/* --phi-lint: a line a finding instead of the record. */
int phi_lint(struct vx_record *rec, struct worker *w, struct opts *o, struct vx_error *err) VX_MUST_USE;

#endif
