/* Fuzz target: an answer of any bytes; whatever it is, all texts of it are there, and it is refused with a reason.
 * SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vx_s3_xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_s3_answer a;
	int status = vx_s3_xml_parse(data, size, &a, &err);
	size_t seen = strlen(a.root) + strlen(a.token) + strlen(a.key_marker) + strlen(a.upload_marker) +
		      strlen(a.part_marker) + strlen(a.upload_id) + strlen(a.etag) + strlen(a.code) + strlen(a.message);
	for (size_t i = 0; i < a.n; i++)
		seen += strlen(a.entries[i].key) + strlen(a.entries[i].upload_id) + strlen(a.entries[i].etag) +
			strlen(a.entries[i].code) + strlen(a.entries[i].message);
	if (seen > size || (status != VX_OK && (status != VX_EDATA || !err.reason[0])))
		abort();
	vx_s3_answer_clear(&a);
	return 0;
}
