/* phi: what may be about a person in a file that is about to leave; path -> a warning each, or a rejection.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "upload.h"
#include "vx_sidecar.h"

/* A sidecar that goes as it is. What cannot be read here cannot be stored either, or holds no keys. */
static void search_sidecar(const struct vx_phi *rules, const char *path, struct vx_phi_list *list)
{
	struct vx_json *sidecar;
	bool latin1;
	if (vx_sidecar_read(path, &sidecar, &latin1, NULL) != VX_OK)
		return;
	vx_phi_sidecar(rules, sidecar, list, NULL);
	vx_json_free(sidecar);
}

int phi_check(const struct phi_check *check, struct vx_record *rec, const char *field, const char *path,
	atomic_long *files, struct vx_error *err)
{
	struct vx_phi_list list = VX_PHI_LIST_INIT;
	int status = VX_OK;
	if (check->cleaned && is_sidecar(field, path))
		return VX_OK;
	if (is_sidecar(field, path))
		search_sidecar(check->rules, path, &list);
	else if (vx_phi_file(check->rules, path, &list, NULL) != VX_OK)
		list.n = 0; /* the upload will say what is wrong with it */
	if (list.n > 0 && check->reject)
		status = vx_error_set(err, VX_EREJECT, field, "%s of the file may be personal (%s)%s",
			list.items[0].where, list.items[0].kind, list.n > 1 ? ", and more" : "");
	else if (list.n > 0)
		atomic_fetch_add(files, 1);
	for (size_t i = 0; i < list.n && !check->reject; i++)
		vx_warn(rec, "%s: %s of the file may be personal (%s): it leaves as it is", field, list.items[i].where,
			list.items[i].kind);
	vx_phi_list_free(&list);
	return status;
}
