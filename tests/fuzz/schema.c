/* Fuzz target: any JSON as schema, and any JSON as value, against it and against every type of the model.
 * Input: schema NUL value. A verdict does not depend on the order of members or the spelling of numbers.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "vx_resource.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct vx_schema *s, const struct vx_json *value, const struct vx_json *same)
{
	struct vx_schema_error *a = vx_schema_check(s, value, true), *b = vx_schema_check(s, same, true);

	if (!a != !b)
		abort();
	vx_schema_error_free(a);
	vx_schema_error_free(b);
}

static void model_check(const struct vx_model *m, struct vx_json *value)
{
	struct vx_buf once = VX_BUF_INIT, twice = VX_BUF_INIT;

	for (size_t i = 0; i < vx_model_types(m); i++) {
		const struct vx_type *t = vx_model_type(m, i);
		struct vx_json *again, *diff;
		vx_schema_error_free(vx_resource_check(m, t, value));
		vx_schema_error_free(vx_resource_rules(m, t, value));
		if (vx_json_type(value) != VX_OBJECT)
			continue;
		vx_buf_clear(&once);
		vx_buf_clear(&twice);
		vx_resource_canonical(t, value, &once);
		if (vx_json_parse(once.data, once.len, &again, NULL) != VX_OK)
			abort();
		vx_resource_canonical(t, again, &twice);
		diff = vx_resource_diff(t, value, again);
		if (once.len != twice.len || memcmp(once.data, twice.data, once.len) || vx_json_size(diff))
			abort();
		vx_json_free(diff);
		vx_json_free(again);
	}
	vx_buf_free(&once);
	vx_buf_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct vx_model *m;
	struct vx_json *schema = NULL, *value = NULL, *same = NULL;
	const char *text = (const char *)data;
	size_t first = strnlen(text, size), used = first < size ? first + 1 : size;
	struct vx_buf canonical = VX_BUF_INIT;

	if (!m && !(m = vx_model_load(NULL)))
		abort();
	if (vx_json_parse(text + used, size - used, &value, NULL) == VX_OK) {
		vx_json_canonical(value, &canonical);
		if (vx_json_parse(canonical.data, canonical.len, &same, NULL) != VX_OK)
			abort();
		model_check(m, value);
	}
	if (vx_json_parse(text, first, &schema, NULL) == VX_OK) {
		struct vx_schema *s = vx_schema_new(schema, NULL);
		if (s)
			check(s, value, same);
		vx_schema_free(s);
	}
	vx_buf_free(&canonical);
	vx_json_free(schema);
	vx_json_free(value);
	vx_json_free(same);
	return 0;
}
