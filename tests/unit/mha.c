/* vx_mha: headers as text in memory; vx_nifti_write: what it writes, vx_nifti_parse reads.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "tap.h"
#include "vx_mha.h"
#include "vx_nifti_write.h"

#define HEAD "ObjectType = Image\nNDims = 3\nBinaryData = True\nDimSize = 4 5 6\nElementType = MET_SHORT\n"
#define LOCAL "ElementDataFile = LOCAL\n"

static struct vx_mha h;
static struct vx_error err;

static bool parse(const char *text)
{
	vx_error_clear(&err);
	return vx_mha_parse(text, strlen(text), &h, &err) == VX_OK;
}

static void test_fields(void)
{
	ok(parse(HEAD LOCAL "\1\2"), "a plain header");
	ok(h.rank == 3 && h.dim[0] == 4 && h.dim[1] == 5 && h.dim[2] == 6 && h.dim[3] == 1, "its shape");
	ok(h.datatype == 4 && h.bytes == 2 && h.component == 2 && h.voxel_bytes == 240, "its type and size");
	ok(h.text == strlen(HEAD LOCAL) && h.where == VX_MHA_LOCAL && h.files == 1, "the voxels begin behind the line");
	ok(h.spacing[0] == 1 && h.offset[0] == 0 && h.axis[1][1] == 1 && !h.oriented, "what is not said has a default");
	ok(h.slope == 1 && h.inter == 0 && !h.big_endian && !h.compressed && h.binary, "so have the others");
	ok(parse(HEAD "BinaryDataByteOrderMSB = True\nCompressedData = True\nCompressedDataSize = 77\n" LOCAL),
		"big-endian, compressed");
	ok(h.big_endian && h.compressed && h.compressed_size == 77, "is so");
	ok(parse("NDims=2\r\nDimSize : 4 5\r\n\r\nElementType\t=\tMET_UCHAR \r\nElementDataFile=LOCAL\r\n"),
		"no blanks, colons, tabs and carriage returns");
	ok(h.rank == 2 && h.voxel_bytes == 20 && !h.binary, "are read");
	ok(parse(HEAD "PatientName = Doe\nComment = a = b\n" LOCAL), "keys that are not known are left out");
}

static void test_places(void)
{
	ok(parse(HEAD "ElementDataFile = a b.raw\n") && h.where == VX_MHA_FILE, "a file");
	ok_str(h.name, "a b.raw", "whose name has a blank in it");
	ok(parse(HEAD "ElementDataFile = s%03d.raw 1 11 2") && h.where == VX_MHA_PATTERN, "a pattern");
	ok(h.files == 6 && h.first == 1 && h.last == 11 && h.step == 2, "of six files");
	ok(!parse(HEAD "ElementDataFile = s%03d%d.raw 1 6 1"), "a pattern with two numbers is refused");
	ok(!parse(HEAD "ElementDataFile = s%d.raw 1 6"), "so is one without a step");
	ok(parse(HEAD "ElementDataFile = LIST\na\n\nb\nc\nd\ne\nf") && h.files == 6, "a list of slices");
	ok(parse(HEAD "ElementDataFile = LIST 3D\na\n") && h.files == 1, "a list of volumes");
	ok(!parse(HEAD "ElementDataFile = LIST\na\nb\n"), "a list that is short is refused");
	ok(!parse(HEAD "CompressedData = True\nElementDataFile = LIST\na\nb\nc\nd\ne\nf\n"), "so is a compressed one");
	ok(!parse(HEAD "ElementDataFile = ..\n") && !parse(HEAD "ElementDataFile = a/../b\n"), "no way out");
	ok(parse(HEAD "ElementDataFile = ..a/b..\n"), "dots within a name are none");
	ok(vx_mha_complete(HEAD LOCAL, strlen(HEAD LOCAL)), "a whole header");
	ok(!vx_mha_complete(HEAD LOCAL, strlen(HEAD LOCAL) - 1), "one that lacks its last byte");
}

/* Axes: first one along P, second along I, third along R: rows of TransformMatrix, in LPS. */
static void test_geometry(void)
{
	struct vx_nifti n, back;
	struct vx_affine a, q;
	char axes[4];
	uint8_t bytes[VX_NIFTI1_FILE];
	ok(parse(HEAD "TransformMatrix = 0 1 0 0 0 -1 -1 0 0\nOffset = 10 20 30\nElementSpacing = 0.5 0.7 3\n" LOCAL),
		"an image that is turned");
	ok(vx_mha_as_nifti(&h, &n, &err) == VX_OK && vx_nifti_affine(&n, &a) == VX_AFFINE_SFORM, "as NIfTI");
	ok(vx_nifti_axes(&a, axes), "it has axes");
	ok_str(axes, "PIR", "each where its row says");
	ok(a.m[1][0] == -0.5 && fabs(a.m[2][1] + 0.7) < 1e-7 && a.m[0][2] == 3, "as long as the spacing");
	ok(a.m[0][3] == -10 && a.m[1][3] == -20 && a.m[2][3] == 30, "the offset in RAS");
	ok(n.qform_code == 1 && vx_nifti_qform(&n, &q), "a qform as well");
	double apart = 0;
	for (int r = 0; r < 3; r++)
		for (int c = 0; c < 4; c++)
			apart = fmax(apart, fabs(q.m[r][c] - a.m[r][c]));
	ok(apart < 1e-6, "of the same place");
	vx_nifti_write_header(&n, bytes);
	ok(vx_nifti_parse(bytes, sizeof(bytes), &back, &err) == VX_OK && back.repairs == 0, "written and read");
	ok(memcmp(&n, &back, sizeof(n)) == 0, "gives back the same header");
	ok(parse(HEAD "TransformMatrix = 1 0 0 0 1 0 0 0 -1\n" LOCAL) && vx_mha_as_nifti(&h, &n, &err) == VX_OK,
		"a mirrored image");
	ok(n.pixdim[0] == -1 && n.srow[2][2] == -1, "has qfac -1");
	ok(parse(HEAD "TransformMatrix = 1 0.3 0 0 1 0 0 0 1\n" LOCAL) && vx_mha_as_nifti(&h, &n, &err) == VX_OK,
		"a sheared image");
	ok(n.qform_code == 0 && n.sform_code == 1, "has no qform");
}

int main(void)
{
	test_fields();
	test_places();
	test_geometry();
	return tap_end();
}
