/* vx_store_s3: what is under a key of a bucket, by content; and the file put there.
 * In: an open file and its hash. Out: the object. SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>

#include "vx_s3_etag.h"
#include "vx_s3_uploads.h"
#include "vx_store_back.h"

/* From this size on a file goes in parts. Up to the other, its MD5 costs less than a request. */
static const uint64_t large_from = 64 << 20, small_to = 8 << 20;

int vx_store_s3_size_check(uint64_t size, struct vx_error *err)
{
	if (size <= VX_S3_SIZE_MAX)
		return VX_OK;
	return vx_error_set(
		err, VX_EREJECT, NULL, "%" PRIu64 " bytes: more than the 5 TiB that an object may have", size);
}

static bool is_large(const struct vx_store_s3 *s, const struct vx_source *src)
{
	return s->part_size ? src->size > s->part_size : src->size >= large_from;
}

static uint64_t part_of(const struct vx_store_s3 *s, const struct vx_source *src)
{
	return vx_s3_part_size(src->size, s->part_size);
}

int vx_store_s3_hash(
	const struct vx_store_s3 *s, const char *key, struct vx_source *src, char sha256[65], struct vx_error *err)
{
	struct vx_s3_object o;
	if (!is_large(s, src))
		return vx_source_sha256(src, sha256, err);
	int status = vx_s3_head(s->s3, key, &o, err);
	if (status != VX_OK)
		return status;
	return o.exists && o.size == src->size ? vx_source_sha256(src, sha256, err)
					       : vx_source_parts(src, part_of(s, src), sha256, err);
}

static enum vx_s3_seen_how ask_lists(
	const struct vx_store_s3 *s, const char *key, const struct vx_store_listed *listed, struct vx_s3_seen *seen)
{
	if (!listed)
		return vx_s3_window_ask(s->window, key, seen);
	seen->size = listed->size;
	snprintf(seen->etag, sizeof(seen->etag), "%s", listed->etag);
	return listed->exists ? VX_S3_PRESENT : VX_S3_ABSENT;
}

/* What the lists say. *told = false: nothing that is of use. */
static int look_in_lists(const struct vx_store_s3 *s, const char *key, const struct vx_source *src,
	const struct vx_store_listed *listed, enum vx_found *found, bool *told, struct vx_error *err)
{
	struct vx_s3_seen seen;
	int status = VX_OK;
	*told = false;
	switch (ask_lists(s, key, listed, &seen)) {
	case VX_S3_ABSENT:
		/* Only where the store will not overwrite what came meanwhile. */
		*told = vx_s3_conditional(s->s3);
		*found = VX_FOUND_NOTHING;
		break;
	case VX_S3_PRESENT:
		if (seen.size == src->size && src->size <= small_to && vx_s3_etag_md5(seen.etag))
			status = vx_s3_etag_same(src, seen.etag, 0, told, err);
		*found = VX_FOUND_SAME;
		break;
	case VX_S3_UNTOLD:
		break;
	}
	return status;
}

/* Whether an object of the file's size has its content. In this order: the hash that we gave it; what the store computed; the
 * bytes themselves. */
static int compare(const struct vx_store_s3 *s, const char *key, const struct vx_source *src, const char *sha256,
	const struct vx_s3_object *o, bool *same, struct vx_error *err)
{
	char theirs[65];
	*same = strcmp(o->sha256, sha256) == 0;
	if (*same)
		return VX_OK;
	int status = vx_s3_etag_same(src, o->etag, part_of(s, src), same, err);
	/* A run that was killed between the end of an upload and what puts its hash right left another one beside it. */
	if (status == VX_OK && *same && o->sha256[0] && !s->dry_run && o->size <= VX_S3_PUT_MAX)
		return vx_s3_set_sha256(s->s3, key, o, sha256, err);
	if (status != VX_OK || *same || o->sha256[0])
		return status;
	status = vx_s3_sha256(s->s3, key, o, theirs, err);
	*same = status == VX_OK && strcmp(theirs, sha256) == 0;
	return status;
}

int vx_store_s3_look(const struct vx_store_s3 *s, const char *key, const struct vx_source *src, const char *sha256,
	const struct vx_store_listed *listed, bool sure, enum vx_found *found, struct vx_error *err)
{
	struct vx_s3_object o;
	bool told = false, same = false;
	int status = sure || is_large(s, src) ? VX_OK : look_in_lists(s, key, src, listed, found, &told, err);
	if (status != VX_OK || told)
		return status;
	status = vx_s3_head(s->s3, key, &o, err);
	if (status == VX_OK && o.exists && o.size == src->size)
		status = compare(s, key, src, sha256, &o, &same, err);
	*found = !o.exists ? VX_FOUND_NOTHING : same ? VX_FOUND_SAME : VX_FOUND_OTHER;
	return status;
}

int vx_store_s3_write(const struct vx_store_s3 *s, const char *key, struct vx_source *src, const char *sha256,
	bool replace, bool *made, struct vx_s3_sent *sent, struct vx_error *err)
{
	enum vx_s3_when when = replace ? VX_S3_ALWAYS : VX_S3_ONLY_NEW;
	char again[65];
	/* The store checks the bytes against the hash; a file that changes after that is the next run's business. */
	if (!is_large(s, src))
		return vx_s3_put(s->s3, key, src->fd, src->size, sha256, when, made, err);
	const bool anew = src->parts.size == 0;
	int status = anew ? vx_source_parts(src, part_of(s, src), again, err) : VX_OK;
	if (status == VX_OK && anew && strcmp(again, sha256) != 0)
		status = vx_error_set(err, VX_EREJECT, NULL, "changed while it was read");
	return status == VX_OK ? vx_s3_put_parts(s->s3, key, src, sha256, when, made, sent, err) : status;
}

int vx_store_s3_abort_stale(const struct vx_store_s3 *s, const char *prefix, double age, bool dry_run,
	vx_store_stale_fn *take, void *arg, struct vx_error *err)
{
	struct vx_s3_uploads *l = vx_s3_uploads_new(s->s3, prefix);
	const struct vx_s3_entry *u;
	int status;
	while ((status = vx_s3_uploads_next(l, &u, err)) > 0) {
		struct vx_error why = VX_ERROR_INIT;
		bool gone = false;
		/* Without a beginning it cannot be known to be old. */
		if (u->modified == 0 || (double)(vx_s3_uploads_now(l) - u->modified) < age ||
			strncmp(u->key, prefix, strlen(prefix)) != 0)
			continue;
		int ended = dry_run ? VX_OK : vx_s3_abort(s->s3, u->key, u->upload_id, &gone, &why);
		enum vx_stale how = ended != VX_OK ? VX_STALE_FAILED
				    : dry_run      ? VX_STALE_FOUND
				    : gone         ? VX_STALE_GONE
						   : VX_STALE_ABORTED;
		take(arg, u->key + strlen(prefix), u->modified, how, ended != VX_OK ? &why : NULL);
	}
	vx_s3_uploads_free(l);
	return status;
}
