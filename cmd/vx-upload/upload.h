/* upload: the parts of vx-upload: the local file that a field means; what leaves of a JSON sidecar, and which keys stay
 * behind. A sidecar names patient, date of birth and hospital where the converter was told to keep them; a store is read
 * by more people than the folder it came from.
 *
 *	struct sidecars *s = sidecars_new(NULL, &err);
 *	if (sidecars_clean(s, "t2.json", &text, left_out, &latin1, &err) == VX_OK)
 *		sidecars_count(s, left_out);
 *	sidecars_summary(s, &line);
 *
 * All but sidecars_new, _name and _free may be called from several threads at once.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef UPLOAD_H
#define UPLOAD_H

#include <stdatomic.h>

#include "vx_err.h"
#include "vx_filter.h"
#include "vx_io.h"
#include "vx_json.h"
#include "vx_opt.h"
#include "vx_phi.h"
#include "vx_store.h"
#include "vx_store_key.h"

enum { FIELDS_MAX = 32, ROOTS_MAX = 32, GLOBS_MAX = 64 };
struct sidecars;
struct rewrite;
struct mirror;
struct extras;

/* Patterns of --exclude or --include. */
struct texts {
	const char *list[GLOBS_MAX];
	size_t n;
};

/* What was asked for, and what is set up for it before the first record. */
struct upload {
	struct vx_common common;
	const char *to, *group, *key, *api, *endpoint, *allow, *journal, *ca_file, *map;
	const char *roots[ROOTS_MAX];
	size_t n_roots;
	const char *fields[FIELDS_MAX];
	size_t n_fields;
	bool update, dry_run, production, insecure_http, as_is, phi_reject, trust_times;
	double retry_for;
	const char *tree; /* --mirror; NULL: records are read */
	struct texts excludes, includes;
	bool follow, delete_extra;
	long long max_delete; /* -1: not said */
	int connections;
	uint64_t limit_rate, part_size;
	bool abort_stale;
	double stale_age; /* seconds */
	bool verify, verify_full, orphans;
	/* Set up before the loop. */
	const volatile sig_atomic_t *stop; /* NULL: a signal ends it all */
	struct rewrite *rewrite;           /* NULL: files are put into the store */
	struct mirror *mirror;             /* NULL: records name the files */
	struct vx_store *store;
	struct vx_store_key *names;
	struct sidecars *sidecars; /* NULL: they go as they are */
	struct vx_phi *rules;
	atomic_long personal; /* files that leave with what may be personal */
	/* What became of the files, for the summary; VX_STORED_* is the index. */
	atomic_long files[3], bytes[3];
	atomic_ulong parts_sent, parts_kept;
	atomic_long signs[5]; /* of --verify, by enum verify_sign */
};

/* upload_options: fills in o; ends the process on wrong usage, --help and --version. Operands are at argv[optind].
 * upload_add_field: one more field that names files. */
void upload_options(int argc, char **argv, struct upload *o);
void upload_add_field(struct upload *o, const char *field);

/* upload_record: a vx_filter's record callback; worker is a struct vx_store_conn, arg the struct upload. */
int upload_record(struct vx_record *rec, void *worker, void *arg, struct vx_error *err);
extern const char *const upload_status_names[]; /* VX_STORED_* is the index */

/* verify_record: a vx_filter's record callback: --verify instead; the record is rejected when an object is not the same.
 * verify_path: the same of one file; with a problem it cannot be told.
 * verify_line: one more object is told. verify_summary: how many of each sign. */
enum verify_sign { VERIFY_SAME, VERIFY_HERE, VERIFY_THERE, VERIFY_OTHER, VERIFY_UNTOLD };
int verify_record(struct vx_record *rec, void *worker, void *arg, struct vx_error *err);
int verify_path(struct upload *o, struct vx_record *rec, struct vx_store_conn *conn, const char *key, const char *path,
	const char *problem, struct vx_error *err) VX_MUST_USE;
void verify_line(struct upload *o, struct vx_record *rec, enum verify_sign sign, const char *key);
void verify_summary(const struct upload *o, struct vx_buf *b);

/* upload_abort_stale: --abort-stale instead of records; files must be none. Returns the exit status. */
int upload_abort_stale(const struct upload *o, char **files);

/* upload_orphans: --orphans instead: a whole run over the records in files. Returns the exit status. */
int upload_orphans(const struct upload *o, char **files);

/* Leaves: the strings in the fields of a record, each of which may name a file or a folder; objects and lists of any
 * depth count by what is in them. */
struct leaf {
	const char *field;       /* as --field names it; "." is the record as a whole */
	char *where;             /* the same with the way to the string behind it: "files.t2.nii" */
	bool nested;             /* where is more than field */
	const char *text;        /* the string; the record's */
	char *path;              /* the local file; NULL: a URL, which stays */
	struct vx_buf url;       /* what takes the string's place; empty: nothing does */
	struct vx_stored stored; /* of a folder: size of all, no hash */
};
struct leaves {
	struct leaf *items;
	size_t n, cap;
};

/* upload_leaves: all of a record, in the fields that name files, with the files that they name. VX_EREJECT.
 * leaves_find: appends those of one field. VX_EREJECT: what is there is no string.
 * leaves_set: the record with each url in the place of its string. */
int upload_leaves(
	const struct upload *o, const struct vx_record *rec, struct leaves *l, struct vx_error *err) VX_MUST_USE;
int leaves_find(struct leaves *l, struct vx_json *record, const char *field, struct vx_error *err) VX_MUST_USE;
void leaves_set(const struct leaves *l, struct vx_json *record);
void leaves_free(struct leaves *l);

/* leaf_wants_sha256: whether the model has the hash of this leaf's file beside it. */
bool leaf_wants_sha256(const struct vx_record *rec, const struct leaf *leaf);

/* leaf_key: the key of a leaf's file or folder, appended. VX_EREJECT: the record does not have what names it. */
int leaf_key(const struct upload *o, const struct vx_record *rec, const struct leaf *leaf, struct vx_buf *key,
	struct vx_error *err) VX_MUST_USE;

/* folder_is: whether a path is a folder.
 * folder_each: hands each file below a folder to file, with its path below it, until that returns other than VX_OK.
 * VX_EREJECT: a folder that holds no file, or what is neither file nor folder, or what cannot be read. */
bool folder_is(const char *path);
typedef int folder_file(void *arg, const char *rel, const char *path, struct vx_error *err);
int folder_each(const char *path, const char *where, folder_file *file, void *arg, struct vx_error *err) VX_MUST_USE;

/* put_leaf: the file, or all files of the folder, of a leaf -> the store; fills in url and stored.
 * put_check: looks whether what may be personal leaves with it, before any file of the record is stored: a warning each,
 * or with --phi=reject VX_EREJECT. */
int put_leaf(struct upload *o, struct vx_record *rec, struct vx_store_conn *conn, struct leaf *leaf,
	struct vx_error *err) VX_MUST_USE;
int put_check(struct upload *o, struct vx_record *rec, const struct leaf *leaf, struct vx_error *err) VX_MUST_USE;

/* put_file: one file, or the cleaned copy of a sidecar; where is the field that err and warnings name.
 * put_phi: put_check for it. */
int put_file(struct upload *o, struct vx_record *rec, struct vx_store_conn *conn, const char *where, const char *path,
	const char *key, const char *want, struct vx_stored *stored, struct vx_error *err) VX_MUST_USE;
int put_phi(
	struct upload *o, struct vx_record *rec, const char *where, const char *path, struct vx_error *err) VX_MUST_USE;

/* plan_line: what would become of one file, on stdout. */
void plan_line(
	struct vx_record *rec, const char *where, const char *path, const char *url, const struct vx_stored *stored);

/* Rewriting: URLs in the place of paths, nothing is sent.
 * rewrite_new: map: a file of lines as a mirror prints them, or NULL; roots: "/data=s3://bucket/prefix" each. VX_EUSAGE, VX_EDATA, VX_EIO. */
struct rewrite *rewrite_new(const char *map, const char *const *roots, size_t n, struct vx_error *err) VX_MUST_USE;
void rewrite_free(struct rewrite *r);
/* rewrite_leaf: fills in url, and stored.sha256 ("" where it is not known). VX_EREJECT: no URL for this path is known. */
int rewrite_leaf(struct rewrite *r, struct leaf *leaf, struct vx_error *err) VX_MUST_USE;

/* Mirroring: the files of a tree take the place of records. Each goes through the filter as {"path"}, or {"path_raw"}
 * (percent-encoded) beside it where the name is no UTF-8, with what the store's list says of it.
 * mirror_new: starts the walk and the list. VX_EIO, VX_EUSAGE.
 * mirror_source, mirror_record, mirror_finish: the filter's callbacks; arg is the struct upload. With --verify the other two.
 * mirror_summary: ", 3 objects deleted". m may be NULL. */
struct mirror *mirror_new(struct upload *o, struct vx_error *err) VX_MUST_USE;
void mirror_free(struct mirror *m);
int mirror_verify_source(struct vx_buf *line, void *arg, struct vx_error *err);
int mirror_verify_record(struct vx_record *rec, void *worker, void *arg, struct vx_error *err);
int mirror_source(struct vx_buf *line, void *arg, struct vx_error *err);
int mirror_record(struct vx_record *rec, void *worker, void *arg, struct vx_error *err);
int mirror_finish(struct vx_job *job, void *arg, struct vx_error *err);
void mirror_summary(const struct mirror *m, struct vx_buf *b);

/* Extras: keys that only the store has, kept in a file until the last one is known.
 * extras_add: one more. VX_EIO. extras_delete: deletes all, or none where there are more than --max-delete; a line each.
 * e may be NULL in all but extras_add. */
struct extras *extras_new(struct upload *o, struct vx_error *err) VX_MUST_USE; /* NULL + VX_EIO */
void extras_free(struct extras *e);
int extras_add(struct extras *e, const char *key, struct vx_error *err) VX_MUST_USE;
int extras_delete(struct extras *e, struct vx_job *job, struct vx_error *err) VX_MUST_USE;
void extras_summary(const struct extras *e, struct vx_buf *b);

/* local_path: the local file that a field's value names, to be freed; *path = NULL for a URL that stays as it is. store may
 * be NULL. */
int local_path(const struct vx_json *record, const char *field, const char *value, const struct vx_store *store,
	char **path, struct vx_error *err) VX_MUST_USE;

/* allow as in vx_sidecar_load; rules stay the caller's. */
struct sidecars *sidecars_new(const char *allow, const struct vx_phi *rules, struct vx_error *err) VX_MUST_USE;
void sidecars_free(struct sidecars *s);

/* is_sidecar: whether the file of a field is one. */
bool is_sidecar(const char *field, const char *path);

/* sidecars_clean: the copy of the file that may leave, appended to text; left_out takes the names of the keys that may
 * not: those that the list lacks, and those whose text is personal. VX_EREJECT: what cannot be parsed cannot be cleaned. */
int sidecars_clean(const struct sidecars *s, const char *path, struct vx_buf *text, struct vx_json *left_out,
	bool *latin1, struct vx_error *err) VX_MUST_USE;

/* sidecars_count: one more was cleaned. */
void sidecars_count(struct sidecars *s, const struct vx_json *left_out);

/* sidecars_summary: "; sidecars: 2 cleaned, 3 kinds of keys left out", nothing where there was none. s may be NULL.
 * sidecars_name: says on stderr what the known keys were; values are never shown. */
void sidecars_summary(struct sidecars *s, struct vx_buf *b);
void sidecars_name(struct sidecars *s);

/* phi_check: looks at one file that is to leave, and warns of what may be personal in it; with reject VX_EREJECT instead.
 * *files counts those with warnings. */
struct phi_check {
	const struct vx_phi *rules;
	bool cleaned; /* sidecars are, and need no look */
	bool reject;
};
int phi_check(const struct phi_check *check, struct vx_record *rec, const char *field, const char *path,
	atomic_long *files, struct vx_error *err) VX_MUST_USE;

#endif
