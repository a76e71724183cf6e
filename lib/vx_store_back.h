/* vx_store_back: what the two kinds of store do for vx_store; for lib/vx_store*.c only.
 *
 *	enum vx_found found;
 *	status = vx_store_file_look(f, key, &src, sha256, &found, &err);
 *	if (status == VX_OK && found == VX_FOUND_NOTHING)
 *		status = vx_store_file_write(f, key, &src, sha256, want, false, &made, &err);
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_STORE_BACK_H
#define VX_STORE_BACK_H

#include "vx_err.h"
#include "vx_s3.h"
#include "vx_s3_multipart.h"
#include "vx_s3_window.h"
#include "vx_source.h"
#include "vx_store.h"
#include "vx_store.h"

#define VX_STORE_TEMP ".vx-upload" /* below a file:// store's root: files under way */

enum vx_found { VX_FOUND_NOTHING, VX_FOUND_SAME, VX_FOUND_OTHER };

/* A folder as a store; shared by all threads. */
struct vx_store_file;
struct vx_store_file *vx_store_file_open(const char *root, bool dry_run, struct vx_error *err) VX_MUST_USE;
void vx_store_file_close(struct vx_store_file *f);

/* look: whether the store has this file's content under key. sha256 is the file's where it is known, else "": then it is
 * filled in when found is VX_FOUND_SAME.
 * write: the file becomes the object; sha256 is filled in. replace: whatever was there is replaced; else made says
 * whether nothing was there. want (may be NULL) as in vx_store_put. */
int vx_store_file_look(struct vx_store_file *f, const char *key, const struct vx_source *src, char sha256[65],
	enum vx_found *found, struct vx_error *err) VX_MUST_USE;
int vx_store_file_write(struct vx_store_file *f, const char *key, const struct vx_source *src, char sha256[65],
	const char *want, bool replace, bool *made, struct vx_error *err) VX_MUST_USE;
/* delete: the object's file goes; one that is not there is gone. */
int vx_store_file_delete(struct vx_store_file *f, const char *key, struct vx_error *err) VX_MUST_USE;

/* vx_store_file_hash: the object's SHA-256; found is VX_FOUND_SAME, or VX_FOUND_NOTHING. */
int vx_store_file_hash(struct vx_store_file *f, const char *key, char sha256[65], enum vx_found *found,
	struct vx_error *err) VX_MUST_USE;

/* A bucket as a store; shared by all threads. */
struct vx_store_s3 {
	struct vx_s3 *s3;
	struct vx_s3_window *window;
	uint64_t part_size; /* as vx_store_options has it */
	bool dry_run;
};

/* size_check: VX_EREJECT when no store takes a file of this size.
 * hash: the file's SHA-256, and in the same reading those of its parts where it is large and not there yet.
 * look, write: as above; sha256 must be known. listed: what a list has said of the key; NULL: not known. sure: only HEAD
 * will do, for what was listed a while ago was wrong.
 * write: made is false also when somebody else had a hand in it: look again. */
int vx_store_s3_size_check(uint64_t size, struct vx_error *err) VX_MUST_USE;
int vx_store_s3_hash(const struct vx_store_s3 *s, const char *key, struct vx_source *src, char sha256[65],
	struct vx_error *err) VX_MUST_USE;
int vx_store_s3_look(const struct vx_store_s3 *s, const char *key, const struct vx_source *src, const char *sha256,
	const struct vx_store_listed *listed, bool sure, enum vx_found *found, struct vx_error *err) VX_MUST_USE;
int vx_store_s3_write(const struct vx_store_s3 *s, const char *key, struct vx_source *src, const char *sha256,
	bool replace, bool *made, struct vx_s3_sent *sent, struct vx_error *err) VX_MUST_USE;

/* vx_store_s3_abort_stale: as vx_store_abort_stale, below prefix. */
int vx_store_s3_abort_stale(const struct vx_store_s3 *s, const char *prefix, double age, bool dry_run,
	vx_store_stale_fn *take, void *arg, struct vx_error *err) VX_MUST_USE;

/* vx_store_place: where a store keeps its objects: in a bucket below a prefix ("" or "picai/"), or below a folder. */
struct vx_store_place {
	struct vx_s3 *s3;   /* NULL: a folder */
	const char *prefix; /* s3 */
	const char *root;   /* folder, without a slash at its end */
	struct vx_store_file *file;
	struct vx_journal *journal; /* NULL: none */
	bool dry_run;
};
struct vx_store_place vx_store_place(const struct vx_store *s);

/* vx_store_object: where a key of a connection is; one of s3 and file is set, key (with the prefix) is to be freed.
 * VX_EREJECT: a key that cannot be one; then key is NULL. */
struct vx_store_object {
	const struct vx_store_s3 *s3;
	struct vx_store_file *file;
	char *key;
};
int vx_store_object(
	const struct vx_store_conn *c, const char *key, struct vx_store_object *p, struct vx_error *err) VX_MUST_USE;

/* vx_store_wanted: VX_EREJECT when sha256 is not what was wanted (NULL: anything is). */
int vx_store_wanted(const char *sha256, const char *want, struct vx_error *err) VX_MUST_USE;

#endif
