/* vx_nifti_names: what the codes of a NIfTI header stand for; code -> name, size.
 * SPDX-License-Identifier: MIT */
#include "vx_nifti.h"

struct datatype {
	int code, bits, unit; /* unit: bytes of one number of it */
	const char *name;
};

static const struct datatype datatypes[] = {
	{ 2, 8, 1, "uint8" },
	{ 4, 16, 2, "int16" },
	{ 8, 32, 4, "int32" },
	{ 16, 32, 4, "float32" },
	{ 32, 64, 4, "complex64" },
	{ 64, 64, 8, "float64" },
	{ 128, 24, 1, "rgb24" },
	{ 256, 8, 1, "int8" },
	{ 512, 16, 2, "uint16" },
	{ 768, 32, 4, "uint32" },
	{ 1024, 64, 8, "int64" },
	{ 1280, 64, 8, "uint64" },
	{ 1536, 128, 16, "float128" },
	{ 1792, 128, 8, "complex128" },
	{ 2048, 256, 16, "complex256" },
	{ 2304, 32, 1, "rgba32" },
	{ 1, 1, 1, "binary" },
};

static const char *const repairs[VX_NIFTI_REPAIRS] = {
	"a spacing in pixdim is 0 or no number: read as 1",
	"a spacing in pixdim is negative: read without its sign",
	"qfac (pixdim[0]) is neither 1 nor -1: read as 1",
	"bitpix disagrees with the datatype: the datatype counts",
	"the datatype code is none of NIfTI's: datatype is left out",
	"vox_offset is no number or points into the header: read as the first byte behind it",
	"sizeof_hdr is wrong: the magic counts",
	"scl_inter is no number: no scaling is applied",
	"qform_code or sform_code is none of NIfTI's: read as 0, unset",
	"no scale factor: scaled as SPM2 does, glmin and glmax being cal_min and cal_max",
	"the magic is that of a header file, the name is not: read as a single file",
	"the NIfTI-2 magic lacks the bytes that tell a transfer as text: none was made, it seems",
};

const char *vx_nifti_repair(int i)
{
	return i >= 0 && i < VX_NIFTI_REPAIRS ? repairs[i] : NULL;
}

const char *vx_nifti_datatype(int code, int *bits)
{
	for (size_t i = 0; i < sizeof(datatypes) / sizeof(datatypes[0]); i++)
		if (datatypes[i].code == code) {
			if (bits)
				*bits = datatypes[i].bits;
			return datatypes[i].name;
		}
	return NULL;
}

size_t vx_nifti_unit(int code)
{
	for (size_t i = 0; i < sizeof(datatypes) / sizeof(datatypes[0]); i++)
		if (datatypes[i].code == code)
			return (size_t)datatypes[i].unit;
	return 1;
}

const char *vx_nifti_extension(int code)
{
	/* The registered ones: every second number from 0, 36 left out. */
	static const char *const names[] = { "ignore", "dicom", "afni", "comment", "xcede", "jimdiminfo",
		"workflow_fwds", "freesurfer", "pypickle", "mind_ident", "b_value", "spherical_direction",
		"dt_component", "shc_degreeorder", "voxbo", "caret", "cifti", "variable_frame_timing", NULL, "eval",
		"matlab", "quantiphyse", "mrs" };
	const size_t i = (unsigned)code / 2;
	return code >= 0 && code % 2 == 0 && i < sizeof(names) / sizeof(names[0]) ? names[i] : NULL;
}
