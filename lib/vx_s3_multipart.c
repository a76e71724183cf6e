/* vx_s3_multipart: Create, UploadPart, Complete, and the taking up of uploads that were cut off.
 * In: open file with the hashes of its parts. Out: the object, whole and checked. SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "vx_hash.h"
#include "vx_s3_call.h"
#include "vx_s3_etag.h"
#include "vx_s3_multipart.h"
#include "vx_s3_uploads.h"
#include "vx_s3_xml.h"

enum { IN_FLIGHT = 4, COMPLETE_TRIES = 4, ID_MAX = 2048 };
static const uint64_t MIB = 1 << 20;

struct upload {
	struct vx_s3 *s3;
	const char *key, *sha256;
	const struct vx_source *src;
	enum vx_s3_when when;
	struct vx_s3_sent *sent;
	char *id;
	char **etags;               /* of the parts that the store has; NULL: not sent yet */
	size_t had;                 /* of these, those that were there already */
	bool gone;                  /* somebody else ended the upload */
	bool changed;               /* the file is not what was hashed */
	struct vx_s3_object object; /* what is there, at the end */
};

/* A part under way. */
struct flight {
	struct vx_s3_flight *flight;
	struct vx_s3_call call;
	size_t part; /* from 0 */
	char *query;
};

uint64_t vx_s3_part_size(uint64_t size, uint64_t least)
{
	uint64_t part = least ? least : 16 * MIB, need = (size + VX_S3_PARTS_MAX - 1) / VX_S3_PARTS_MAX;
	return need <= part ? part : (need + MIB - 1) / MIB * MIB;
}

static uint64_t part_at(const struct upload *u, size_t part)
{
	return u->src->parts.size * part;
}

static uint64_t part_bytes(const struct upload *u, size_t part)
{
	uint64_t left = u->src->size - part_at(u, part);
	return left < u->src->parts.size ? left : u->src->parts.size;
}

static void forget(struct upload *u)
{
	free(u->id);
	u->id = NULL;
	u->had = 0;
	for (size_t i = 0; i < u->src->parts.n; i++) {
		free(u->etags[i]);
		u->etags[i] = NULL;
	}
}

static char *query_of(const struct upload *u, size_t part)
{
	struct vx_buf q = VX_BUF_INIT;
	if (part)
		vx_buf_printf(&q, "partNumber=%zu&", part);
	vx_buf_puts(&q, "uploadId=");
	vx_url_escape(&q, u->id, strlen(u->id), false);
	return q.data;
}

static int create(struct upload *u, struct vx_error *err)
{
	struct vx_http_response r = { 0 };
	struct vx_s3_answer a = { 0 };
	char *meta = vx_asprintf("X-Amz-Meta-Sha256: %s", u->sha256);
	struct vx_s3_call c = {
		.method = "POST", .key = u->key, .query = "uploads=", .extra = { meta, vx_s3_content_type(u->key) }
	};
	int status = vx_s3_call(u->s3, &c, &r, err);
	if (status == VX_OK && r.status != 200)
		status = vx_s3_refusal(u->s3, &r, err);
	else if (status == VX_OK)
		status = vx_s3_xml_parse(r.body.data, r.body.len, &a, err);
	if (status == VX_OK && (!a.upload_id[0] || strlen(a.upload_id) > ID_MAX))
		status = vx_error_set(err, VX_EDATA, NULL, "the store gives the upload no name");
	if (status == VX_OK)
		u->id = vx_strdup(a.upload_id);
	/* An attempt whose answer was lost, which curl may make again by itself, has begun an upload that nobody knows of. */
	if (status == VX_OK)
		status = vx_s3_abort_others(u->s3, u->key, u->id, err);
	vx_s3_answer_clear(&a);
	vx_http_response_clear(&r);
	free(meta);
	return status;
}

/* A part that an upload has. VX_EDATA: it is none of this file's, so the upload is of no use. */
static int compare_part(void *arg, const struct vx_s3_entry *e, struct vx_error *err)
{
	struct upload *u = arg;
	size_t part = (size_t)e->part - 1;
	unsigned char raw[16];
	char hex[33];
	bool known;
	if (e->part < 1 || e->part > u->src->parts.n || e->size != part_bytes(u, part))
		return vx_error_set(err, VX_EDATA, NULL, "a part of another size");
	if (!vx_s3_etag_md5(e->etag))
		return VX_OK; /* encrypted: sent again */
	int status = vx_source_md5(u->src, part_at(u, part), e->size, raw, &known, err);
	if (status != VX_OK || !known)
		return status;
	vx_hex(raw, sizeof(raw), hex);
	if (strcmp(hex, e->etag) != 0)
		return vx_error_set(err, VX_EDATA, NULL, "a part of another content");
	u->etags[part] = vx_strdup(e->etag);
	u->had++;
	return VX_OK;
}

/* Takes an upload up, or ends it. */
static int consider(struct upload *u, const struct vx_s3_entry *e, struct vx_error *err)
{
	struct vx_error why = VX_ERROR_INIT;
	bool gone = false;
	int status = VX_OK;
	bool ours = !u->id && strlen(e->upload_id) <= ID_MAX &&
		    (u->src->size <= VX_S3_PUT_MAX || e->modified > (int64_t)u->src->st.st_ctim.tv_sec);
	if (ours) {
		u->id = vx_strdup(e->upload_id);
		status = vx_s3_parts(u->s3, u->key, u->id, compare_part, u, &gone, &why);
		if (status == VX_OK && !gone && u->had > 0)
			return VX_OK;
		forget(u);
	}
	if (status != VX_OK && status != VX_EDATA) {
		*err = why;
		return status;
	}
	return gone ? VX_OK : vx_s3_abort(u->s3, u->key, e->upload_id, &gone, err);
}

/* Looks for uploads of this very key. */
static int resume(struct upload *u, struct vx_error *err)
{
	struct vx_s3_uploads *l = vx_s3_uploads_new(u->s3, u->key);
	const struct vx_s3_entry *e;
	int status;
	while ((status = vx_s3_uploads_next(l, &e, err)) > 0) {
		int order = strcmp(e->key, u->key);
		status = order == 0 ? consider(u, e, err) : VX_OK;
		if (order > 0 || status != VX_OK)
			break;
	}
	status = vx_s3_uploads_denied(l) ? VX_OK : status;
	vx_s3_uploads_free(l);
	return status;
}

static void start_part(struct upload *u, struct flight *f, size_t part)
{
	f->part = part;
	f->query = query_of(u, part + 1);
	f->call = (struct vx_s3_call){ .method = "PUT",
		.key = u->key,
		.query = f->query,
		.payload_sha256 = u->src->parts.sha256[part],
		.fd = u->src->fd,
		.offset = part_at(u, part),
		.size = part_bytes(u, part) };
	f->flight = vx_s3_start(u->s3, &f->call);
}

static int part_answer(struct upload *u, size_t part, const struct vx_http_response *r, struct vx_error *err)
{
	char code[64], etag[160] = "";
	vx_s3_code(r, code);
	if (r->status == 200 && vx_http_header(r, "ETag", etag, sizeof(etag)) && etag[0]) {
		u->etags[part] = vx_strdup(etag);
		u->sent->parts++;
		return VX_OK;
	}
	if (r->status == 200)
		return vx_error_set(err, VX_EDATA, NULL, "the store gives part %zu no ETag", part + 1);
	if (strcmp(code, "NoSuchUpload") == 0) {
		u->gone = true;
		return VX_EREJECT;
	}
	if (strcmp(code, "XAmzContentSHA256Mismatch") == 0 || strcmp(code, "BadDigest") == 0) {
		u->changed = true;
		return vx_error_set(err, VX_EREJECT, NULL, "changed while it was sent (%s)", code);
	}
	return vx_s3_refusal(u->s3, r, err);
}

static int end_part(struct upload *u, struct flight *f, struct vx_error *err)
{
	struct vx_http_response r = { 0 };
	int status = vx_s3_wait(f->flight, &r, err);
	if (status == VX_OK)
		status = part_answer(u, f->part, &r, err);
	else if (status == VX_EIO) {
		u->changed = true;
		status = vx_error_set(err, VX_EREJECT, NULL, "changed while it was sent: shorter than before");
	}
	f->flight = NULL;
	free(f->query);
	vx_http_response_clear(&r);
	return status;
}

static bool stopped(const struct upload *u)
{
	return u->s3->stop && *u->s3->stop;
}

/* Sends what is missing; once a part fails, or the run is to stop, no further one is begun. */
static int send_parts(struct upload *u, struct vx_error *err)
{
	struct flight ring[IN_FLIGHT] = { 0 };
	size_t next = 0, turn = 0, n = u->src->parts.n;
	int status = VX_OK;
	for (;; turn = (turn + 1) % IN_FLIGHT) {
		struct flight *f = &ring[turn];
		if (f->flight) {
			struct vx_error later = VX_ERROR_INIT;
			int ended = end_part(u, f, status == VX_OK ? err : &later);
			status = status == VX_OK ? ended : status;
		}
		while (next < n && u->etags[next])
			next++;
		if (next < n && status == VX_OK && stopped(u))
			status = vx_error_set(err, VX_EUNREACHABLE, NULL,
				"interrupted behind part %zu of %zu: the next run goes on from there", next, n);
		if (next < n && status == VX_OK)
			start_part(u, f, next++);
		bool any = false;
		for (int i = 0; i < IN_FLIGHT; i++)
			any = any || ring[i].flight;
		if (!any)
			return status;
	}
}

static void list_parts(const struct upload *u, struct vx_buf *b)
{
	vx_buf_puts(b, "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
	for (size_t i = 0; i < u->src->parts.n; i++) {
		vx_buf_printf(b, "<Part><PartNumber>%zu</PartNumber><ETag>", i + 1);
		vx_s3_xml_escape(b, u->etags[i]);
		vx_buf_puts(b, "</ETag></Part>");
	}
	vx_buf_puts(b, "</CompleteMultipartUpload>");
}

/* An answer with HTTP 200 may be an error all the same: S3 begins to answer before it has put the object together.
 * Out: code "" when the object is made. */
static int complete_answer(struct upload *u, struct vx_http_response *r, char code[64], struct vx_error *err)
{
	struct vx_s3_answer a = { 0 };
	int status = VX_OK;
	vx_s3_code(r, code);
	if (r->status == 200) {
		status = vx_s3_xml_parse(r->body.data, r->body.len, &a, err);
		bool whole = status == VX_OK && strcmp(a.root, "CompleteMultipartUploadResult") == 0;
		if (whole)
			code[0] = '\0';
		else if (status == VX_OK && !code[0])
			status = vx_error_set(err, VX_EDATA, NULL, "the store ends the upload with <%s>", a.root);
	}
	if (status == VX_OK && (r->status != 200 || code[0]))
		status = vx_s3_refusal(u->s3, r, err);
	vx_s3_answer_clear(&a);
	return status;
}

static bool worth_another_try(const char *code)
{
	return strcmp(code, "InternalError") == 0 || strcmp(code, "SlowDown") == 0 ||
	       strcmp(code, "ServiceUnavailable") == 0 || strcmp(code, "RequestTimeout") == 0;
}

/* Whether the object is there as it should be; *right: its hash too. */
static int check(struct upload *u, bool *there, bool *right, struct vx_error *err)
{
	int status = vx_s3_head(u->s3, u->key, &u->object, err);
	*there = status == VX_OK && u->object.exists && u->object.size == u->src->size;
	*right = *there && strcmp(u->object.sha256, u->sha256) == 0;
	return status;
}

static int complete(struct upload *u, bool *made, struct vx_error *err)
{
	struct vx_buf body = VX_BUF_INIT;
	char code[64] = "";
	char *query = query_of(u, 0);
	int status = VX_OK;
	list_parts(u, &body);
	struct vx_s3_call c = {
		.method = "POST", .key = u->key, .query = query, .body = body.data, .body_len = body.len
	};
	*made = false;
	for (int tries = 0; tries < COMPLETE_TRIES && !*made; tries++) {
		struct vx_http_response r = { 0 };
		bool condition = u->when == VX_S3_ONLY_NEW && !u->s3->no_precondition;
		c.extra[0] = "Content-Type: application/xml";
		c.extra[1] = condition ? "If-None-Match: *" : NULL;
		status = vx_s3_call(u->s3, &c, &r, err);
		if (status == VX_OK && r.status == 501 && condition) {
			u->s3->no_precondition = true;
			vx_http_response_clear(&r);
			continue;
		}
		bool refused = r.status == 412;
		if (status == VX_OK && !refused)
			status = complete_answer(u, &r, code, err);
		*made = status == VX_OK && !refused;
		u->gone = strcmp(code, "NoSuchUpload") == 0;
		const long answered = r.status;
		vx_http_response_clear(&r);
		/* Any other status has been tried again for long enough. */
		if (*made || refused || answered != 200 || !worth_another_try(code))
			break;
		struct timespec pause = { tries, 200000000 };
		nanosleep(&pause, NULL);
	}
	free(query);
	vx_buf_free(&body);
	return status;
}

/* The parts are there: makes the object of them, and looks at it. */
static int finish(struct upload *u, bool *made, struct vx_error *err)
{
	struct vx_error why = VX_ERROR_INIT;
	bool there = false, right = false, ours = false, gone;
	int status = VX_OK;
	if (u->when == VX_S3_ONLY_NEW) {
		/* Not every store minds If-None-Match at the end of an upload. */
		status = check(u, &there, &right, err);
		if (status != VX_OK)
			return status;
		if (u->object.exists)
			return vx_s3_abort(u->s3, u->key, u->id, &gone, err);
	}
	int ended = complete(u, made, &why);
	if (ended == VX_OK && !*made)
		return vx_s3_abort(u->s3, u->key, u->id, &gone, err);
	/* An answer that was lost is told by what is there. */
	status = check(u, &there, &right, err);
	if (status != VX_OK)
		return status;
	if (ended != VX_OK && !right) {
		*err = why;
		return u->gone ? VX_OK : ended;
	}
	*made = true;
	/* The hash was given when the upload began, maybe by a run that had other content then; or this is another's object. */
	if (there && !right)
		status = vx_s3_etag_same(u->src, u->object.etag, u->src->parts.size, &ours, err);
	if (status == VX_OK && ours)
		status = vx_s3_set_sha256(u->s3, u->key, &u->object, u->sha256, err);
	if (status == VX_OK && ours)
		status = check(u, &there, &right, err);
	if (status == VX_OK && !right)
		status = vx_error_set(err, VX_EREJECT, NULL,
			"the object is not what was sent, maybe another program's by now: %s",
			there ? "another sha256 beside it" : "another size");
	return status;
}

int vx_s3_put_parts(struct vx_s3 *s3, const char *key, const struct vx_source *src, const char *sha256,
	enum vx_s3_when when, bool *made, struct vx_s3_sent *sent, struct vx_error *err)
{
	struct upload u = { .s3 = s3, .key = key, .sha256 = sha256, .src = src, .when = when, .sent = sent };
	struct vx_error ignored = VX_ERROR_INIT;
	bool gone;
	u.etags = vx_alloc(src->parts.n * sizeof(*u.etags));
	*made = false;
	int status = resume(&u, err);
	sent->kept += u.had;
	if (status == VX_OK && !u.id)
		status = create(&u, err);
	if (status == VX_OK)
		status = send_parts(&u, err);
	if (status == VX_OK)
		status = finish(&u, made, err);
	if (u.gone && !*made)
		status = VX_OK;
	if (u.changed && u.id && vx_s3_abort(s3, key, u.id, &gone, &ignored) != VX_OK)
		vx_error_set(
			err, VX_EREJECT, NULL, "changed while it was sent; its upload stays: %.300s", ignored.reason);
	forget(&u);
	free(u.etags);
	return status;
}
