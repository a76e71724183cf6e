/* vx_sniff: what a file is, by its name where that settles it, else by its first bytes.
 *
 *	const struct vx_suffix *s = vx_suffix_of("t2.nii.gz", 9);   // s->kind VX_KIND_NIFTI, s->len 7, s->settles true
 *	enum vx_kind kind;
 *	if (!s || !s->settles)
 *		if (vx_sniff_at(AT_FDCWD, "IM0001", &kind, &err) != VX_OK) ...
 *	puts(vx_kind_name(kind));                                   // "dicom"
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_SNIFF_H
#define VX_SNIFF_H

#include <stdint.h>

#include "vx_err.h"

enum vx_kind {
	VX_KIND_OTHER,
	VX_KIND_NIFTI,   /* NIfTI-1 or -2: one file, or the header of a pair */
	VX_KIND_ANALYZE, /* an Analyze 7.5 header */
	VX_KIND_IMG,     /* the voxels of a pair: never by content, only beside its .hdr */
	VX_KIND_DICOM,
	VX_KIND_JSON,
	VX_KIND_CSV, /* comma, semicolon, tab or bar between the cells */
	VX_KIND_XLSX,
	VX_KIND_MHA, /* MetaImage, with or without its voxels */
	VX_KIND_BVAL,
	VX_KIND_BVEC,
	VX_KINDS
};

/* How much of a file vx_sniff wants to see; less is looked at as it is. */
#define VX_SNIFF_BYTES 4096

const char *vx_kind_name(enum vx_kind kind);

/* vx_kind_find: the kind of that name (name[0..len)); -1: there is none. */
int vx_kind_find(const char *name, size_t len);

struct vx_suffix {
	const char *text; /* ".nii.gz", lower case */
	uint8_t len;
	enum vx_kind kind; /* what it stands for; of .hdr and .img what they may be */
	bool settles;      /* the content need not be looked at */
};

/* vx_suffix_of: the suffix of name[0..len) that is known (any case), with at least one character before it;
 * NULL when there is none. Static. */
const struct vx_suffix *vx_suffix_of(const char *name, size_t len);

/* vx_suffix_index / vx_suffix_at: the same as a small number, 0 for none, to be kept in a table. */
unsigned vx_suffix_index(const struct vx_suffix *suffix);
const struct vx_suffix *vx_suffix_at(unsigned index);

/* vx_sniff: what begins with these n bytes. gzip is looked into, one level deep.
 * Source: nifti1.h and nifti2.h (sizeof_hdr and magic, both endians); Analyze 7.5 (sizeof_hdr 348 and a plausible
 * dim[]); DICOM PS3.10 7.1 ("DICM" at 128), or see vx_dicom_sniff. */
enum vx_kind vx_sniff(const unsigned char *bytes, size_t n);

/* vx_sniff_at: the same of the file name below the folder dirfd. Errors: VX_EREJECT when it cannot be opened or read. */
int vx_sniff_at(int dirfd, const char *name, enum vx_kind *kind, struct vx_error *err) VX_MUST_USE;

#endif
