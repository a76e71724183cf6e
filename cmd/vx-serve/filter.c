/* filter: a field and text -> the value that the schema has for it, as canonical JSON.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "filter.h"

#define TEXT (1u << VX_STRING)
#define SINGLE (TEXT | 1u << VX_INT | 1u << VX_DOUBLE | 1u << VX_BOOL)

static bool among(const char *name, const char *const *names)
{
	for (; names && *names; names++)
		if (!strcmp(name, *names))
			return true;
	return false;
}

const char **filter_names(const struct vx_type *t, const char *const *others)
{
	const struct vx_json *fields = vx_json_get(vx_schema_json(t->schema), "properties");
	size_t n = 0;
	const char **names = NULL;
	while (others[n])
		n++;
	names = vx_alloc((n + vx_json_size(fields) + 1) * sizeof *names);
	memcpy(names, others, n * sizeof *names);
	struct vx_json_iter it = vx_json_begin(fields);
	while (vx_json_next(&it))
		if ((vx_schema_field_types(t->schema, it.key) & SINGLE) && !among(it.key, others))
			names[n++] = it.key;
	return names;
}

static bool names_a_resource(const struct vx_type *t, const char *field)
{
	return !strcmp(field, "identifier") || !strcmp(field, "parent_identifier") || among(field, t->refs);
}

/* text_value: a "+" of an identifier reaches us as a blank when the client did not escape it; none holds a blank. */
static struct vx_json *text_value(const char *text, bool identifier)
{
	char *copy = vx_strdup(text);
	for (char *p = copy; identifier && *p; p++)
		if (*p == ' ')
			*p = '+';
	struct vx_json *value = vx_json_string(copy);
	free(copy);
	return value;
}

int filter_value(
	const struct vx_type *t, const char *field, const char *text, struct vx_buf *json, struct vx_error *err)
{
	struct vx_json *value = NULL;
	if (!*text) {
		vx_buf_puts(json, "null");
		return VX_OK;
	}
	if (!vx_utf8_valid(text, strlen(text)))
		return vx_error_set(err, VX_EREJECT, field, "is no UTF-8");
	if (vx_schema_field_types(t->schema, field) & TEXT)
		value = text_value(text, names_a_resource(t, field));
	else if (vx_json_parse(text, strlen(text), &value, NULL) != VX_OK) /* the schema says what it wants instead */
		value = vx_json_string(text);
	struct vx_schema_error *wrong = vx_schema_field_check(t->schema, field, value);
	int status = VX_OK;
	if (wrong)
		status = vx_error_set(err, VX_EREJECT, field, "%s %s", wrong->value, wrong->reason);
	else
		vx_json_canonical(value, json);
	vx_schema_error_free(wrong);
	vx_json_free(value);
	return status;
}
