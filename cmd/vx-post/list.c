/* list: names -> a file -> names, forwards or backwards
 * SPDX-License-Identifier: MIT
 */
#include "list.h"

#include <string.h>

int list_add(struct list *l, const char *name, bool doomed, struct vx_error *err)
{
	char text[VX_IDENTIFIER_MAX + 4];
	size_t n = strlen(name);
	int64_t place;
	int status = VX_OK;

	if (!l->file && !(l->file = vx_spill_new(err)))
		return VX_EIO;
	text[0] = (char)(unsigned char)n;
	text[1] = (char)doomed;
	memcpy(text + 2, name, n);
	text[n + 2] = (char)(unsigned char)n;
	status = vx_spill_put(l->file, text, n + 3, &place, err);
	l->end = place + (int64_t)n + 3;
	l->n += doomed;
	return status;
}

int list_get(const struct list *l, int64_t *place, bool back, char name[VX_IDENTIFIER_MAX + 1], bool *doomed,
	struct vx_error *err)
{
	unsigned char n;
	char text[VX_IDENTIFIER_MAX + 1];
	int status = vx_spill_get(l->file, back ? *place - 1 : *place, 1, &n, err);

	if (status == VX_OK)
		status = vx_spill_get(l->file, back ? *place - n - 2 : *place + 1, (size_t)n + 1, text, err);
	if (status != VX_OK)
		return status;
	*place += back ? -(int64_t)n - 3 : (int64_t)n + 3;
	*doomed = text[0];
	memcpy(name, text + 1, n);
	name[n] = '\0';
	return VX_OK;
}

void list_free(struct list *l)
{
	vx_spill_free(l->file);
	*l = (struct list){ .file = NULL };
}
