/* Fuzz target: split takes a body apart as the JSON parser would: a body whose values all parse is JSON as a whole and
 * has as many items, and the other way round. SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vx_json.h"

#include "../../cmd/vx-serve/split.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The number of values, -1 when the body or one of them is none. */
static long count(const char *text, size_t size, bool lines)
{
	struct split s;
	const char *value;
	size_t len;
	long n = 0;
	int more;

	split_begin(&s, text, size, lines);
	while ((more = split_next(&s, &value, &len, NULL)) == 1) {
		struct vx_json *json;

		if (len == 0 || value < text || value + len > text + size)
			abort();
		if (vx_json_parse(value, len, &json, NULL) != VX_OK)
			return -1;
		vx_json_free(json);
		n++;
	}
	return more == 0 ? n : -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vx_json *whole = NULL;
	struct split s;
	char *text = malloc(size + 1);

	memcpy(text, data, size);
	text[size] = '\0';
	(void)count(text, size, true);
	split_begin(&s, text, size, false);
	if (s.array && (size < 3 || memcmp(text, "\xEF\xBB\xBF", 3) != 0)) {
		long n = count(text, size, false);
		struct vx_error err = VX_ERROR_INIT;
		int status = vx_json_parse(text, size, &whole, &err);

		/* The one difference: the parser counts the array itself as a level of depth. */
		if (status == VX_OK && n != (long)vx_json_size(whole))
			abort();
		if (status != VX_OK && n >= 0 && !strstr(err.reason, "nested deeper"))
			abort();
		vx_json_free(whole);
	}
	free(text);
	return 0;
}
