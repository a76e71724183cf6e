/* nifti_libnifti: the same headers by libnifti (nifti2_io): shape, spacing, form codes, sform or qform as JSON lines.
 * paths on stdin -> JSON lines.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <nifti2_io.h>

int main(void)
{
	char path[4096];
	while (fgets(path, sizeof(path), stdin)) {
		path[strcspn(path, "\n")] = '\0';
		nifti_image *im = nifti_image_read(path, 0);
		if (!im)
			continue;
		printf("{\"shape\":[%ld,%ld,%ld],\"spacing\":[%.9g,%.9g,%.9g],\"datatype\":\"%s\",\"qform\":%d,"
		       "\"sform\":%d,\"affine\":[",
			(long)im->nx, (long)im->ny, (long)im->nz, im->dx, im->dy, im->dz,
			nifti_datatype_string(im->datatype), im->qform_code, im->sform_code);
		for (int r = 0; r < 4; r++)
			for (int c = 0; c < 4; c++)
				printf("%s%.9g", r + c ? "," : "",
					im->sform_code > 0 ? im->sto_xyz.m[r][c] : im->qto_xyz.m[r][c]);
		printf("]}\n");
		nifti_image_free(im);
	}
	return 0;
}
