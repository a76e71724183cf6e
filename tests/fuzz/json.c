/* Fuzz target: whatever vx_json accepts prints to something it accepts again, equal and canonical at once.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "vx_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
	if (!good)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct vx_json *j, *again;
	struct vx_buf b = VX_BUF_INIT, c = VX_BUF_INIT, d = VX_BUF_INIT;

	memcpy(text, data, size);
	text[size] = '\0';
	if (vx_json_parse(text, size, &j, NULL) == VX_OK) {
		vx_json_print(j, &b);
		check(vx_json_parse(b.data, b.len, &again, NULL) == VX_OK);
		check(vx_json_equal(j, again));
		vx_json_print(again, &c);
		check(b.len == c.len && memcmp(b.data, c.data, b.len) == 0);
		vx_json_free(again);
		vx_buf_clear(&c);
		vx_json_canonical(j, &c);
		check(vx_json_parse(c.data, c.len, &again, NULL) == VX_OK);
		vx_json_canonical(again, &d);
		check(d.len == c.len && memcmp(d.data, c.data, c.len) == 0);
		vx_json_free(again);
		vx_json_free(j);
	}
	vx_buf_free(&b);
	vx_buf_free(&c);
	vx_buf_free(&d);
	free(text);
	return 0;
}
