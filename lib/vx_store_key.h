/* vx_store_key: what the object of a record's file is called.
 *
 *	struct vx_store_key *k = vx_store_key_new(NULL, "volumes", &err);
 *	vx_store_key_make(k, record, "path_nii", "/data/t2.nii.gz", &key, &err);   // "volumes/P1/t2.nii.gz"
 *
 * A read-only struct: threads may share it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_STORE_KEY_H
#define VX_STORE_KEY_H

#include "vx_err.h"
#include "vx_io.h"
#include "vx_json.h"

struct vx_store_key;

/* vx_store_key_new: template is what vx_template expands; its own names are {identifier}, {type}, {name} (of the
 * identifier), {field} and {suffix}. NULL: "{name}{suffix}" below a group, "{identifier}{suffix}" without one, so that
 * two types never meet. group: NULL, or what all keys begin with. NULL + VX_EUSAGE. */
struct vx_store_key *vx_store_key_new(const char *template, const char *group, struct vx_error *err) VX_MUST_USE;
void vx_store_key_free(struct vx_store_key *k);

/* vx_store_key_make: the key of the file at path, named by field of record; appended to key. It is not checked: see
 * vx_store_key_check. A file inside an object or a list has a dotted field ("files.t2.nii"); nested then says that its
 * name, without a template, is that of the record (where it has one) and the field: "P1/files/t2.nii.gz".
 * Errors: VX_EREJECT when the template names what the record does not have. */
int vx_store_key_make(const struct vx_store_key *k, const struct vx_json *record, const char *field, bool nested,
	const char *path, struct vx_buf *key, struct vx_error *err) VX_MUST_USE;

/* vx_path_suffix: where the suffix of a path's last segment begins, with the one before it when it is a compression's
 * (".nii.gz"); the path's end when there is none. A suffix has at most 8 letters and digits, one of them a letter: not ".840" of a UID. */
const char *vx_path_suffix(const char *path);

#endif
