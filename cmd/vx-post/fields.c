/* fields: a resource that is there with other content -> whether --update or --fill settle that, by the fields that differ.
 * SPDX-License-Identifier: MIT
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "post.h"

void fields_add(struct vx_buf *list, const char *option, const char *names)
{
	const char *p = names;

	if (list->len == 0)
		vx_buf_putc(list, ',');
	for (;; p++) {
		const char *name = p;

		while (isalnum((unsigned char)*p) || *p == '_')
			p++;
		if (p == name || (*p && *p != ','))
			vx_die(VX_EUSAGE, "%s: '%s' is no list of fields, separated by commas", option, names);
		if (strncmp(name, "identifier", (size_t)(p - name)) == 0 && p - name == 10)
			vx_die(VX_EUSAGE, "%s: an identifier never changes", option);
		vx_buf_add(list, name, (size_t)(p - name));
		vx_buf_putc(list, ',');
		if (!*p)
			return;
	}
}

static bool known(const struct vx_model *m, const char *name)
{
	for (size_t i = 0; i < vx_model_types(m); i++) {
		const struct vx_json *schema = vx_schema_json(vx_model_type(m, i)->schema);
		if (vx_json_has(vx_json_get(schema, "properties"), name))
			return true;
	}
	return false;
}

void fields_check(const struct vx_model *m, const struct vx_buf *list, const char *option)
{
	for (const char *name = list->data; name && name[1];) {
		size_t n = strcspn(++name, ",");
		char *one = vx_strndup(name, n);
		if (!known(m, one))
			vx_die(VX_EUSAGE, "%s: no resource has a field '%s'", option, one);
		free(one);
		name += n;
	}
}

static bool named(const struct vx_buf *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = list->data; p && (p = strstr(p, name)); p++)
		if (p[-1] == ',' && p[n] == ',')
			return true;
	return false;
}

enum status fields_judge(const struct opts *o, const struct vx_json *diff, struct vx_json *keep)
{
	struct vx_json_iter it = vx_json_begin(diff);
	enum status status = UNCHANGED;

	if (o->update)
		return UPDATED;
	if ((o->update_fields.len == 0 && o->fill_fields.len == 0) || vx_json_size(diff) == 0)
		return CONFLICT;
	while (vx_json_next(&it)) {
		bool both = vx_json_type(it.value) == VX_OBJECT;
		struct vx_json *old = both ? vx_json_get(it.value, "old") : NULL;
		const struct vx_json *new = both ? vx_json_get(it.value, "new") : NULL;

		if (named(&o->update_fields, it.key) || (named(&o->fill_fields, it.key) && !old && new))
			status = UPDATED;
		else if (named(&o->fill_fields, it.key) && old && !new)
			vx_json_set(keep, it.key, vx_json_ref(old));
		else
			return CONFLICT;
	}
	return status;
}

int fields_kept(const char *text, size_t len, const struct vx_json *keep, struct vx_buf *b, struct vx_error *err)
{
	struct vx_json *j = NULL;
	struct vx_json_iter it = vx_json_begin(keep);
	int status = vx_json_parse(text, len, &j, err);

	if (status == VX_OK) {
		while (vx_json_next(&it))
			vx_json_set(j, it.key, vx_json_ref(it.value));
		vx_json_print(j, b);
	}
	vx_json_free(j);
	return status;
}
