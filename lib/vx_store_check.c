/* vx_store_check: whether an object has the content that it should have. In: key, file or hash. Out: same, missing or other.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "vx_hash.h"
#include "vx_store_back.h"

/* A file's content; NULL src: what is known by its hash only, or not at all. */
struct check {
	struct vx_source *src;
	char sha256[65]; /* what the object's must be; "": not known */
	bool full;
};

static enum vx_checked as_checked(enum vx_found found)
{
	return found == VX_FOUND_SAME    ? VX_CHECKED_SAME
	       : found == VX_FOUND_OTHER ? VX_CHECKED_OTHER
					 : VX_CHECKED_MISSING;
}

/* By what the store says; a list may be minutes old, so that what is not in it is asked for once more. */
static int look_in_bucket(
	const struct vx_store_object *p, const struct check *c, enum vx_checked *got, struct vx_error *err)
{
	enum vx_found found = VX_FOUND_NOTHING;
	int status = vx_store_s3_look(p->s3, p->key, c->src, c->sha256, NULL, false, &found, err);
	if (status == VX_OK && found == VX_FOUND_NOTHING)
		status = vx_store_s3_look(p->s3, p->key, c->src, c->sha256, NULL, true, &found, err);
	*got = as_checked(found);
	return status;
}

/* By its bytes, or where there is no file by the hash that it was given. */
static int read_in_bucket(
	const struct vx_store_object *p, const struct check *c, enum vx_checked *got, struct vx_error *err)
{
	struct vx_s3_object o;
	char theirs[65];
	int status = vx_s3_head(p->s3->s3, p->key, &o, err);
	const char *want = c->sha256[0] ? c->sha256 : o.sha256;
	*got = o.exists ? VX_CHECKED_OTHER : VX_CHECKED_MISSING;
	if (status != VX_OK || !o.exists || (c->src && o.size != c->src->size))
		return status;
	if (!*want)
		return vx_error_set(err, VX_EREJECT, NULL,
			"neither the record nor x-amz-meta-sha256 says what its SHA-256 should be");
	snprintf(theirs, sizeof(theirs), "%s", o.sha256);
	if (c->full || !theirs[0])
		status = vx_s3_sha256(p->s3->s3, p->key, &o, theirs, err);
	*got = status == VX_OK && strcmp(theirs, want) == 0 ? VX_CHECKED_SAME : VX_CHECKED_OTHER;
	return status;
}

static int check_in_bucket(
	const struct vx_store_object *p, const struct check *c, enum vx_checked *got, struct vx_error *err)
{
	int status = c->src && !c->full ? look_in_bucket(p, c, got, err) : read_in_bucket(p, c, got, err);
	return status == VX_OK && *got == VX_CHECKED_MISSING ? vx_s3_bucket(p->s3->s3, p->key, err) : status;
}

static int check_in_folder(
	const struct vx_store_object *p, const struct check *c, enum vx_checked *got, struct vx_error *err)
{
	enum vx_found found = VX_FOUND_NOTHING;
	char theirs[65] = "";
	int status = c->src ? vx_store_file_look(p->file, p->key, c->src, theirs, &found, err)
			    : vx_store_file_hash(p->file, p->key, theirs, &found, err);
	if (status == VX_OK && found == VX_FOUND_SAME && c->sha256[0] && strcmp(theirs, c->sha256) != 0)
		found = VX_FOUND_OTHER;
	*got = as_checked(found);
	return status;
}

/* The content's hash, as far as it is known; that of a file is not asked for where bytes are compared with bytes. */
static int hash(struct check *c, const char *want, bool compared, struct vx_error *err)
{
	for (size_t i = 0; want && i < sizeof(c->sha256) - 1 && want[i]; i++)
		c->sha256[i] = want[i] >= 'A' && want[i] <= 'F' ? (char)(want[i] | 0x20) : want[i];
	if (!c->src || (compared && !want))
		return VX_OK;
	int status = vx_source_sha256(c->src, c->sha256, err);
	return status == VX_OK ? vx_store_wanted(c->sha256, want, err) : status;
}

int vx_store_check(struct vx_store_conn *conn, const char *key, const struct vx_store_content *content, bool full,
	enum vx_checked *got, struct vx_error *err)
{
	struct vx_store_object p;
	struct vx_source src;
	struct check c = { .src = content->path || content->bytes ? &src : NULL, .full = full };
	int status = vx_store_object(conn, key, &p, err);
	if (status == VX_OK && c.src)
		status = content->path ? vx_source_open(&src, content->path, err)
				       : vx_source_open_bytes(&src, content->bytes, content->n, err);
	if (status != VX_OK) {
		free(p.key);
		return status;
	}
	status = hash(&c, content->sha256, p.file != NULL, err);
	if (status == VX_OK)
		status = p.s3 ? check_in_bucket(&p, &c, got, err) : check_in_folder(&p, &c, got, err);
	if (c.src)
		vx_source_close(&src);
	free(p.key);
	return status;
}
