/* vx_nifti: what the header of a NIfTI-1, NIfTI-2 or Analyze 7.5 image says.
 *
 *	struct vx_nifti h;
 *	if (vx_nifti_parse(bytes, n, &h, &err) != VX_OK)
 *		return err.status;                  // "truncated: 214 of 352 header bytes"
 *	struct vx_affine a;
 *	char axes[4];
 *	if (vx_nifti_affine(&h, &a) != VX_AFFINE_UNUSABLE && vx_nifti_axes(&a, axes))
 *		puts(axes);                         // "LPS"
 *
 * Where a header breaks the standard in a way that has one sound reading, it is read so and h.repairs says which;
 * where it has none, it is refused. The readings are those of nibabel.
 *
 * SPDX-License-Identifier: MIT
 * Source: nifti1.h and nifti2.h of the NIfTI data format working group; Analyze 7.5: dbh.h of the Mayo Clinic.
 */
#ifndef VX_NIFTI_H
#define VX_NIFTI_H

#include <stdint.h>

#include "vx_err.h"
#include "vx_io.h"

#define VX_NIFTI1_HEADER 348 /* bytes; sizeof_hdr */
#define VX_NIFTI2_HEADER 540
#define VX_NIFTI_FLAG 4 /* bytes between header and extensions */
#define VX_NIFTI_NOWHERE ((uint64_t)INT64_MAX)
#define VX_NIFTI_HEADER_MAX (VX_NIFTI2_HEADER + VX_NIFTI_FLAG)

/* What was not as the standard wants it; vx_nifti_repair has a sentence for each. */
enum vx_nifti_repair {
	VX_NIFTI_ZERO_SPACING = 1 << 0,
	VX_NIFTI_NEGATIVE_SPACING = 1 << 1,
	VX_NIFTI_QFAC = 1 << 2,
	VX_NIFTI_BITPIX = 1 << 3,
	VX_NIFTI_DATATYPE = 1 << 4,
	VX_NIFTI_OFFSET = 1 << 5,
	VX_NIFTI_SIZEOF = 1 << 6,
	VX_NIFTI_SLOPE = 1 << 7,
	VX_NIFTI_FORM_CODE = 1 << 8,
	VX_NIFTI_CAL_SCALE = 1 << 9,
	VX_NIFTI_PAIR_MAGIC = 1 << 10,
	VX_NIFTI_EOL_CHECK = 1 << 11,
	VX_NIFTI_REPAIRS = 12, /* how many there are */
};

struct vx_nifti {
	int version;    /* 1, 2; 0: Analyze 7.5 */
	bool pair;      /* the voxels are in a file of their own, .img */
	bool metaimage; /* no NIfTI file at all: read from a MetaImage (vx_mha) */
	bool big_endian;
	int rank;            /* 1..7 */
	int64_t dim[7];      /* voxels an axis, each at least 1, rank of them; the rest is 1 */
	double pixdim[8];    /* [0] qfac, -1 or 1; then spacing in the header's own units, above 0 in [1] to [3] */
	int units_space;     /* 0 unknown, 1 metre, 2 mm, 3 micron */
	int units_time;      /* 0 unknown, 8 s, 16 ms, 24 us, 32 Hz, 40 ppm, 48 rad/s */
	int datatype;        /* NIfTI's code */
	int bits;            /* bits a voxel, after the datatype where it is known */
	uint64_t offset;     /* where the voxels begin in their file; VX_NIFTI_NOWHERE: where no file reaches */
	double slope, inter; /* as stored; may be 0 or NaN */
	int qform_code, sform_code; /* 0 to 5; 0: unset */
	double quatern[3], qoffset[3], srow[3][4];
	int intent_code;
	double intent_p[3];
	int16_t origin[3];       /* Analyze: SPM's origin, a voxel counted from 1; 0: none */
	double cal_min, cal_max; /* Analyze: a value that is shown black, white ... */
	int32_t gl_min, gl_max;  /* ... and the least and greatest that is stored */
	char intent_name[17], descrip[81], aux_file[25], db_name[19]; /* free text: may hold names of people */
	unsigned repairs;                                             /* enum vx_nifti_repair */
};

/* vx_nifti_need: bytes of header that vx_nifti_parse wants, told from the first 4 at least: 348, 352, 540 or 544 (with
 * the extension flag where bytes[344..] say that it is there, else without); 352 where it is no header at all. */
size_t vx_nifti_need(const uint8_t *bytes, size_t n);

/* vx_nifti_parse: bytes[0..n) is the beginning of a header file or of a single file.
 * Errors: VX_EREJECT: too short ("truncated: ..."), no such header, a rank or an axis that makes no image. */
int vx_nifti_parse(const uint8_t *bytes, size_t n, struct vx_nifti *h, struct vx_error *err) VX_MUST_USE;

/* vx_nifti_repair: what repair i (0..VX_NIFTI_REPAIRS-1, bit 1 << i) was and how it is read. */
const char *vx_nifti_repair(int i);

/* vx_nifti_bytes: bytes of all voxels. VX_EREJECT when they are more than 63 bits count. */
int vx_nifti_bytes(const struct vx_nifti *h, uint64_t *bytes, struct vx_error *err) VX_MUST_USE;

/* vx_nifti_datatype: "uint8", "rgb24" ...; NULL: no such code. bits (NULL: not wanted) takes its bits a voxel. */
const char *vx_nifti_datatype(int code, int *bits);

/* vx_nifti_unit: bytes of one number of that type, which its byte order is about: 4 of complex64, 1 of rgb24. */
size_t vx_nifti_unit(int code);

/* vx_nifti_extension: "dicom", "afni", "comment" ...; NULL: no such code is registered. */
const char *vx_nifti_extension(int code);

/* vx_nifti_scale: the scaling that holds: slope 1 and inter 0 where the stored ones say none (slope 0 or not finite).
 * Of Analyze as SPM2 reads it: without a slope by the two ranges of vx_nifti_cal_scale; an inter that is none is 0. */
void vx_nifti_scale(const struct vx_nifti *h, double *slope, double *inter);

/* vx_nifti_cal_scale: false: the header is not Analyze's, has a slope, or a range of its that is empty. */
bool vx_nifti_cal_scale(const struct vx_nifti *h, double *slope, double *inter);

/* vx_nifti_as_single: a header with the magic of a pair is that of a single file after all: voxels begin behind it. */
void vx_nifti_as_single(struct vx_nifti *h);

/* vx_nifti_spacing: of axis i (0-based) in mm, the 4th in s where the header's unit is one of time. */
double vx_nifti_spacing(const struct vx_nifti *h, int i);

/* Voxel index (0-based) to mm, RAS+: x = m[0][0] i + m[0][1] j + m[0][2] k + m[0][3]. */
struct vx_affine {
	double m[3][4];
	bool wide; /* the values were stored as float64 (NIfTI-2), else float32 */
};
enum vx_affine_from { VX_AFFINE_UNUSABLE, VX_AFFINE_SFORM, VX_AFFINE_QFORM, VX_AFFINE_SPACING };

/* vx_nifti_affine: the sform when its code is above 0, else the qform when its code is, else spacing alone: centred,
 * first axis mirrored (Analyze's rule). Says which. UNUSABLE: the form that counts holds no finite numbers, or a
 * quaternion that is longer than 1. */
enum vx_affine_from vx_nifti_affine(const struct vx_nifti *h, struct vx_affine *a);
bool vx_nifti_qform(const struct vx_nifti *h, struct vx_affine *a); /* whatever its code; false: unusable */
bool vx_nifti_sform(const struct vx_nifti *h, struct vx_affine *a);

/* vx_nifti_forms_apart: how far from each other, in mm, qform and sform place the corner of the image (the middle of its
 * voxel) where they differ most; NaN unless both are coded and usable. */
double vx_nifti_forms_apart(const struct vx_nifti *h);

/* vx_nifti_forms_differ: whether that is more than half of the smallest spacing. */
bool vx_nifti_forms_differ(const struct vx_nifti *h);

/* vx_nifti_axes: which way each voxel axis points, as three of R L A P S I; false when a is singular.
 * The nearest rotation decides, as in nibabel's io_orientation. */
bool vx_nifti_axes(const struct vx_affine *a, char axes[4]);

/* As JSON text, appended to b. */
void vx_nifti_put_shape(const struct vx_nifti *h, struct vx_buf *b);
void vx_nifti_put_spacing(const struct vx_nifti *h, struct vx_buf *b);
void vx_nifti_put_affine(const struct vx_affine *a, struct vx_buf *b);

/* vx_nifti_put_details: the members of _nifti without braces, from version to affine_from; text: also the free text. */
void vx_nifti_put_details(const struct vx_nifti *h, bool gzip, bool text, struct vx_buf *b);

#endif
