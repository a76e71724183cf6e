/* store_fields: the properties of a schema as columns.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "store_fields.h"

/* type_of: the first type that is not null, of the property itself or of the definition that it refers to. */
static const char *type_of(const struct vx_json *property, const struct vx_json *common)
{
	const struct vx_json *type = vx_json_get(property, "type");
	const char *ref = vx_json_str(property, "$ref"), *name = ref ? strrchr(ref, '/') : NULL;
	if (!type && name)
		type = vx_json_get(vx_json_get(vx_json_get(common, "$defs"), name + 1), "type");
	for (size_t i = 0; i < vx_json_size(type); i++) {
		const char *one = vx_json_text(vx_json_at(type, i), NULL);
		if (one && strcmp(one, "null") != 0)
			return one;
	}
	const char *one = vx_json_text(type, NULL);
	return one ? one : "";
}

static enum field_kind kind_of(const char *type)
{
	if (!strcmp(type, "string"))
		return FIELD_TEXT;
	if (!strcmp(type, "number") || !strcmp(type, "integer"))
		return FIELD_NUMBER;
	return !strcmp(type, "boolean") ? FIELD_BOOLEAN : FIELD_JSON;
}

void field_each(const struct vx_type *t, const struct vx_json *common,
	void (*each)(void *arg, const char *field, enum field_kind kind), void *arg)
{
	struct vx_json_iter it = vx_json_begin(vx_json_get(vx_schema_json(t->schema), "properties"));
	while (vx_json_next(&it))
		if (strcmp(it.key, "identifier") != 0 && strcmp(it.key, "parent_identifier") != 0)
			each(arg, it.key, kind_of(type_of(it.value, common)));
}

void field_quote(struct vx_buf *b, const char *name, char quote)
{
	vx_buf_putc(b, quote);
	for (; *name; name++) {
		if (*name == quote)
			vx_buf_putc(b, quote);
		vx_buf_putc(b, *name);
	}
	vx_buf_putc(b, quote);
}
