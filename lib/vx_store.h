/* vx_store: a place for files, file:// or s3:// behind one face. A file is in the store whole and verified, or not at all.
 *
 *	struct vx_store *store = vx_store_open(&(struct vx_store_options){ .url = "s3://lab/picai" }, &err);
 *	struct vx_store_conn *conn = vx_store_connect(store);             // one a thread
 *	struct vx_stored got;
 *	if (vx_store_put(conn, "volumes/t2.nii.gz", "/data/t2.nii.gz", NULL, &got, &err) == VX_OK)
 *		vx_store_object_url(store, "volumes/t2.nii.gz", &url);   // "s3://lab/picai/volumes/t2.nii.gz"
 *
 * The content decides: the same bytes under the same key are left alone, other bytes are a conflict (VX_EREJECT) unless
 * update is set. With update or dry_run, one run gives a key one content: a second one is a conflict too (16 to 48 bytes of
 * memory a key; none without them).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_STORE_H
#define VX_STORE_H

#include <signal.h>
#include <stdint.h>

#include "vx_err.h"
#include "vx_io.h"

#define VX_STORE_PART_MAX (5ULL << 30) /* bytes of a part of a large file in s3:// */

struct vx_store_options {
	const char *url;      /* "file:///folder" (percent-encoded) or "s3://bucket[/prefix]" (as it is) */
	bool update;          /* replace other content */
	bool dry_run;         /* look, but write nothing */
	const char *endpoint; /* of S3; NULL: as the AWS tools find it */
	double retry_for;     /* seconds, as in vx_http */
	bool insecure_http;   /* as in vx_s3 */
	const char *journal;  /* path of a vx_journal of what the store has; NULL: none */
	bool trust_times; /* with a journal: a file whose inode, size and times are those of a run before is not read */
	const char *ca_file; /* NULL: as the AWS tools find it, else the system's */
	int connections;     /* as in vx_s3 */
	uint64_t part_size; /* of s3://: larger files go in parts of this size; 0: as vx_s3_part_size, from 64 MiB on */
	uint64_t limit_rate; /* of s3://, bytes a second; 0: none */
	const volatile sig_atomic_t *stop;
};

struct vx_store;
/* vx_store_open: reads the keys of an s3:// store, makes the folder of a file:// store.
 * Errors: VX_EUSAGE for a URL that is none of the two and for what vx_aws, vx_s3 and vx_journal say, VX_EIO. */
struct vx_store *vx_store_open(const struct vx_store_options *o, struct vx_error *err) VX_MUST_USE;
void vx_store_close(struct vx_store *s); /* after its connections */

/* vx_store_journal_damaged: lines of the journal that were passed over; 0 without one. */
long vx_store_journal_damaged(const struct vx_store *s);

struct vx_store_conn;
/* vx_store_connect: cheap: all connections of a store share its network connections. */
struct vx_store_conn *vx_store_connect(struct vx_store *s) VX_MUST_USE;
void vx_store_disconnect(struct vx_store_conn *c);

enum vx_stored_how { VX_STORED_CREATED, VX_STORED_UNCHANGED, VX_STORED_UPDATED };

struct vx_stored {
	enum vx_stored_how how;               /* with dry_run: what would have been */
	uint64_t size;                        /* bytes */
	char sha256[65];                      /* lower-case hex */
	unsigned long parts_sent, parts_kept; /* of a large file in s3://; kept: those that an earlier run had sent */
};

/* vx_store_sent: bytes that went to an s3:// store so far, from any thread; 0 for file://. */
uint64_t vx_store_sent(const struct vx_store *s);

/* vx_store_put: the file at path becomes the object key.
 * In: want_sha256  what the file's SHA-256 must be, any case; NULL: whatever it is.
 * Errors: VX_EREJECT: a key or file that cannot be stored, a conflict, a file that changed; the rest as vx_s3 says;
 *         VX_EIO: the store's disk is full, read-only or broken. */
int vx_store_put(struct vx_store_conn *c, const char *key, const char *path, const char *want_sha256,
	struct vx_stored *got, struct vx_error *err) VX_MUST_USE;

/* vx_store_put_bytes: the same with bytes that no file holds. */
int vx_store_put_bytes(struct vx_store_conn *c, const char *key, const void *bytes, size_t n, const char *want_sha256,
	struct vx_stored *got, struct vx_error *err) VX_MUST_USE;

/* What an object should be: a file, or bytes that no file holds, or neither. */
struct vx_store_content {
	const char *path;
	const void *bytes;
	size_t n;
	const char *sha256; /* any case; NULL: that of the file or the bytes, else of what the object says of itself */
};

enum vx_checked { VX_CHECKED_SAME, VX_CHECKED_MISSING, VX_CHECKED_OTHER };

/* vx_store_check: whether the store has the object, with this content; writes nothing, and does not ask the journal.
 * In: full  s3://: the object's bytes are read and hashed; else what the store says of it decides (size, SHA-256, ETag), and
 *           the bytes only where that tells nothing. file://: the bytes decide in any case.
 * Errors: VX_EREJECT: cannot be told: a file that cannot be read or has not the SHA-256 that it should have, a key that
 *         cannot be, an object that changes or of which nothing says what it should be; the rest as vx_s3 says. */
int vx_store_check(struct vx_store_conn *c, const char *key, const struct vx_store_content *content, bool full,
	enum vx_checked *got, struct vx_error *err) VX_MUST_USE;

/* What became of an upload in parts that began long ago and did not end. */
enum vx_stale { VX_STALE_FOUND, VX_STALE_ABORTED, VX_STALE_GONE, VX_STALE_FAILED };

/* vx_store_abort_stale: aborts the uploads in parts below the store that began age seconds ago or earlier, by the store's clock;
 * with dry_run it only finds them. take: each one's key, beginning (seconds since the epoch), what became of it, and why it
 * failed (NULL else).
 * Errors: VX_EUSAGE for file://, which has none; as vx_s3 where the store cannot be asked. */
typedef void vx_store_stale_fn(
	void *arg, const char *key, int64_t began, enum vx_stale how, const struct vx_error *why);
int vx_store_abort_stale(
	struct vx_store *s, double age, vx_store_stale_fn *take, void *arg, struct vx_error *err) VX_MUST_USE;

/* vx_store_listed: what a list has just said of the key of conn's next put, so that the store need not be asked again; it is
 * taken for true where a mistake costs nothing, and for no longer than that put. NULL: nothing is known. */
struct vx_store_listed {
	bool exists;
	uint64_t size;    /* bytes */
	const char *etag; /* "" or as vx_store_entry has it */
};
void vx_store_listed(struct vx_store_conn *c, const struct vx_store_listed *said);

/* vx_store_delete: the objects of n keys go, several at once (with dry_run: nothing does); told hears of each, in order, with
 * err where status is not VX_OK: VX_EREJECT for this one, else as vx_store_put. An object that is not there counts as gone. */
typedef void vx_store_told(void *arg, size_t i, int status, const struct vx_error *err);
void vx_store_delete(struct vx_store *s, const char *const *keys, size_t n, vx_store_told *told, void *arg);

/* vx_store_object_url: the URL of an object, appended: percent-encoded for file://, as it is for s3:// (as AWS writes it). */
void vx_store_object_url(const struct vx_store *s, const char *key, struct vx_buf *out);

/* vx_store_has_url: whether a URL names something below this store.
 * vx_store_url_key: the key that vx_store_object_url made it from, to be freed; NULL: it is not below this store. */
bool vx_store_has_url(const struct vx_store *s, const char *url);
char *vx_store_url_key(const struct vx_store *s, const char *url);

/* vx_store_key_check: NULL when key can be an object's, else a static reason (empty, "..", a control character, ...).
 * Empty segments ("a//b") are refused here; vx_store_put takes them for s3://, where they are a name like any other. */
const char *vx_store_key_check(const char *key);

/* vx_file_url_path: the local path of a file:// URL, to be freed; NULL when it names another machine or is malformed. */
char *vx_file_url_path(const char *url);

#endif
