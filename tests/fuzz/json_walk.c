/* Any bytes through vx_json_walk; of text that is JSON, the slices must be the members that the parser finds.
 * SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vx_json.h"
#include "vx_json_walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void compare(const struct vx_json *whole, const char *text, size_t len)
{
	struct vx_json_walk w = vx_json_walk_begin(text, len);
	struct vx_slice key, value;
	size_t n = 0;
	bool object = vx_json_type(whole) == VX_OBJECT;
	struct vx_json_iter it = object ? vx_json_begin(whole) : (struct vx_json_iter){ .key = NULL };

	while (object ? vx_json_walk_member(&w, &key, &value) : vx_json_walk_item(&w, &value)) {
		struct vx_json *part = NULL;
		const struct vx_json *wanted;
		if (object && !vx_json_next(&it))
			abort();
		wanted = object ? it.value : vx_json_at(whole, n);
		if (vx_json_parse(value.text, value.len, &part, NULL) != VX_OK || !vx_json_equal(part, wanted))
			abort();
		vx_json_free(part);
		n++;
	}
	if (n != vx_json_size(whole))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct vx_json *j = NULL;
	struct vx_json_walk w;
	struct vx_slice key, value;

	memcpy(text, data, size);
	text[size] = '\0';
	for (w = vx_json_walk_begin(text, size); vx_json_walk_member(&w, &key, &value);)
		continue;
	for (w = vx_json_walk_begin(text, size); vx_json_walk_item(&w, &value);)
		continue;
	if (vx_json_parse(text, size, &j, NULL) == VX_OK)
		compare(j, text, size);
	vx_json_free(j);
	free(text);
	return 0;
}
