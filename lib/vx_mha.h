/* vx_mha: MetaImage (.mha, .mhd): the text header, and the voxels behind it or in files of their own.
 *
 *	struct vx_mha h;
 *	struct vx_mha_data *d = vx_mha_open("t2.mha", &h, &err);   // NULL: err says why
 *	vx_mha_as_nifti(&h, &nifti);                               // shape, spacing, affine as of a NIfTI-1 image
 *	while (vx_mha_read(d, bytes, sizeof bytes, &got, &err) == VX_OK && got > 0) ...
 *	vx_mha_close(d);
 *
 * Geometry is read as ITK reads it: Offset and TransformMatrix are in LPS, a row of TransformMatrix is the direction of
 * one voxel axis. CenterOfRotation and AnatomicalOrientation place nothing. All sizes are checked against the files
 * before anything is allocated or read.
 *
 * SPDX-License-Identifier: MIT
 * Source: MetaIO (metaObject.cxx, metaImage.cxx) and itkMetaImageIO.cxx of the Insight Toolkit.
 */
#ifndef VX_MHA_H
#define VX_MHA_H

#include <stdint.h>

#include "vx_err.h"
#include "vx_nifti.h"

#define VX_MHA_RANK 4
#define VX_MHA_HEADER_MAX (1 << 20) /* a header with the names of its slices; without them a few hundred bytes */

enum vx_mha_where { VX_MHA_LOCAL, VX_MHA_FILE, VX_MHA_LIST, VX_MHA_PATTERN };

struct vx_mha {
	int rank; /* 2..4 */
	int64_t dim[VX_MHA_RANK];
	double spacing[VX_MHA_RANK];       /* mm; above 0 */
	double offset[VX_MHA_RANK];        /* of the first voxel's centre, LPS, mm */
	double axis[3][3];                 /* axis[i]: where voxel axis i points to, LPS */
	bool oriented;                     /* false: there is no TransformMatrix, axis is the identity */
	char orientation[VX_MHA_RANK + 1]; /* AnatomicalOrientation; "": not said */
	int datatype;                      /* NIfTI's code; 3 or 4 channels of MET_UCHAR are a colour */
	int component, bytes;              /* bytes of a component (for the byte order), and of a voxel */
	double slope, inter;               /* ElementToIntensityFunction; 1 and 0 where not said */
	bool big_endian, compressed;
	bool binary;              /* BinaryData was said; else nothing but the size tells that the voxels are no text */
	uint64_t voxel_bytes;     /* of all voxels, inflated */
	uint64_t compressed_size; /* 0: not said */
	int64_t header_size;      /* bytes in front of the voxels in their file; -1: as many as are too many */
	size_t text;              /* bytes of the text header; the voxels of VX_MHA_LOCAL begin here */
	enum vx_mha_where where;
	char name[1024];           /* of the voxels' file, or the pattern of their names */
	int64_t first, last, step; /* of the pattern */
	size_t list, list_end;     /* where in the header the names of VX_MHA_LIST stand, a line each */
	uint64_t files;            /* how many files hold the voxels, an equal share each */
};

/* vx_mha_complete: whether bytes[0..n) hold all of the header up to the line ElementDataFile, which is its last. */
bool vx_mha_complete(const char *bytes, size_t n);

/* vx_mha_parse: bytes[0..n) is the beginning of the file, of a list all of it.
 * Errors: VX_EREJECT: no MetaImage, a field that is missing, said twice or means no image; a voxel type that NIfTI has
 * none for; voxels as text; names that lead out of the header's folder. */
int vx_mha_parse(const char *bytes, size_t n, struct vx_mha *h, struct vx_error *err) VX_MUST_USE;

/* vx_mha_header: the beginning of a file with all of the header in it, where it has one; appended to header.
 * VX_EREJECT: it cannot be read. */
int vx_mha_header(const char *path, struct vx_buf *header, struct vx_error *err) VX_MUST_USE;

/* vx_mha_others: calls use for each line of the header whose key says nothing about the image: comments, tags of DICOM. */
void vx_mha_others(const char *bytes, size_t n,
	void (*use)(void *arg, const char *key, size_t key_len, const char *value, size_t len), void *arg);

/* vx_mha_as_nifti: the same image as a header of a NIfTI-1 single file, values as float32 holds them. The sform is exact,
 * the qform coded only where the axes are perpendicular.
 * Errors: VX_EREJECT: an axis longer than 32,767. */
int vx_mha_as_nifti(const struct vx_mha *h, struct vx_nifti *n, struct vx_error *err) VX_MUST_USE;

/* The voxels, as a stream. */
struct vx_mha_data;

/* vx_mha_open: reads the header of path and sees whether the files that hold the voxels are there and large enough.
 * Errors: NULL, with VX_EREJECT in err: as vx_mha_parse; a file that cannot be read, or is too short. */
struct vx_mha_data *vx_mha_open(const char *path, struct vx_mha *h, struct vx_error *err) VX_MUST_USE;
void vx_mha_close(struct vx_mha_data *d); /* NULL is allowed */

/* vx_mha_read: the next want bytes of the voxels as stored, inflated, in the file's byte order; got < want at their end.
 * At the end of a compressed image its checksum is checked. VX_EREJECT: damaged, truncated, or more than promised. */
int vx_mha_read(struct vx_mha_data *d, void *out, size_t want, size_t *got, struct vx_error *err) VX_MUST_USE;

/* vx_mha_sha256: of the header and of all files that hold voxels: equal for equal content. VX_EREJECT. */
int vx_mha_sha256(struct vx_mha_data *d, char hex[65], struct vx_error *err) VX_MUST_USE;

#endif
