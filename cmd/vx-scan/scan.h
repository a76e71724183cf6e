/* vx-scan, inside: what its files share.
 * SPDX-License-Identifier: MIT */
#ifndef SCAN_H
#define SCAN_H

#include <sys/stat.h>

#include "vx_globs.h"
#include "vx_opt.h"
#include "vx_sniff.h"
#include "vx_template.h"
#include "vx_walk.h"

/* One --set: KEY=VALUE, where VALUE is a template, or KEY:=JSON, where it is text that is printed as it stands. */
struct setting {
	char *key;
	struct vx_template *value; /* NULL: json */
	char *json;
	bool is_identifier; /* names in it are encoded as identifiers are */
};

struct texts {
	const char **list;
	size_t n;
};

struct opts {
	struct vx_common common;
	struct texts patterns, excludes;
	unsigned kinds;         /* bits of enum vx_kind */
	struct vx_template *id; /* NULL: volume/{rel} for images, none for the rest */
	struct setting *settings;
	size_t n_settings;
	bool follow, hash, explain, has_newer;
	struct timespec newer;        /* only files modified after it */
	double quiet_for;             /* only files not modified for so many seconds; 0: any */
	double started;               /* wall clock */
	long long shard, shards;      /* 1-based; shards 0: all */
	struct vx_template *shard_by; /* NULL: the path */
	const char *only;             /* the one file of this folder that was asked for */
	const char *root_name;        /* the root's last component, for {root} */
};

/* The counts of struct vx_walk_out. */
enum { COUNT_UNMATCHED, COUNT_OLD, COUNT_YOUNG };

struct compiled {
	struct vx_pattern *pattern;
};

/* What one thread has of its own. */
struct worker {
	const struct opts *o;
	struct compiled *patterns;
	struct vx_globs *excludes;
	size_t *start, *end; /* of the captures of the pattern that matched */
	struct vx_buf path, rel, text, id;
	struct vx_buf values; /* values handed to templates, kept until the record is done */
	uint64_t serial;      /* the folder that the following belong to */
	struct vx_buf root_json, dir_json, rel_json, id_dir; /* its paths as JSON text, its part of an identifier */
	bool dir_utf8, name_utf8;
	struct vx_buf name_json; /* the name of the file at hand, as JSON text */
	int64_t second;          /* the one that the text in `time` stands for */
	char time[24];
	struct vx_error err; /* too large to be cleared for each file */
};

/* Files of one folder that belong together; indexes into its entries, -1 where there is none. */
struct group {
	long json, bval, bvec, img;
	bool twin; /* another image has the same stem: the suffix stays in the name */
};

/* One file on its way to becoming a record. */
struct found {
	const struct vx_folder *folder;
	const struct vx_entry *entry;
	const char *name;
	size_t len, stem; /* the stem's length */
	int dirfd;
	enum vx_kind kind;
	struct stat st;
	struct group group;
	const struct compiled *match; /* the pattern that matched; NULL: there are none */
	char sha256[65];
};

/* scan_parse_args: fills o in; wrong usage ends with 64. The index of the first argument is optind. */
void scan_parse_args(int argc, char **argv, struct opts *o);
void scan_free_opts(struct opts *o);

/* scan_group: who belongs to entry `at` by its stem (stem bytes of its name). */
struct group scan_group(const struct vx_folder *f, size_t at, size_t stem, int dirfd);

/* scan_record: appends the record's line to out. Errors: VX_EREJECT (a template without a value, no identifier). */
int scan_record(struct worker *w, const struct found *found, struct vx_buf *out, struct vx_error *err) VX_MUST_USE;

/* scan_expand: appends t, filled in with what the file is called and what its path captured; encode: as parts of an
 * identifier. Errors: VX_EREJECT (a name without a value). */
int scan_expand(struct worker *w, const struct found *found, const struct vx_template *t, bool encode,
	struct vx_buf *out, struct vx_error *err) VX_MUST_USE;

void *scan_worker_new(void *arg); /* arg begins with a struct opts * */
void scan_worker_free(void *worker);
int scan_mark(void *worker, const char *rel, size_t rel_len, const char *name, size_t len, enum vx_entry_type type);
void scan_files(void *worker, const struct vx_folder *f, int dirfd, size_t first, size_t last, struct vx_walk_out *out);

/* scan_is_image: whether records of that kind are volumes. */
static inline bool scan_is_image(enum vx_kind kind)
{
	return kind == VX_KIND_NIFTI || kind == VX_KIND_ANALYZE;
}

#endif
