/* vx_pathmap_load: a mapping on its way from JSON to struct vx_pathmap, between the vx_pathmap files only.
 *
 * A mapping is read twice: the first time to learn which columns it names (the captured ones get the last numbers), the
 * second time for good. What fits the schema is known by then, so readers only look at what the schema cannot say.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_PATHMAP_LOAD_H
#define VX_PATHMAP_LOAD_H

#include "vx_pathmap.h"
#include "vx_schema.h"

struct vx_pathmap_column {
	char *name;
	bool captured; /* out of the cells of another */
	bool twice;    /* by two patterns */
	bool list;     /* its cells hold lists */
};

/* What a column is named for. */
enum vx_pathmap_use {
	VX_USE_ROW, /* what is read once a row */
	VX_USE_WHEN,
	VX_USE_LISTS,
	VX_USE_COMPONENT,
	VX_USE_CHECK
};
struct vx_pathmap_named {
	vx_column column;
	enum vx_pathmap_use use;
	char *path; /* where in the mapping */
};

struct vx_pathmap_problem {
	struct vx_pathmap_problem *next;
	struct vx_error err;
};

struct vx_pathmap_loader {
	const char *name, *text;
	size_t len;
	const struct vx_lexicon *lexicon;
	struct vx_pathmap *m;
	struct vx_buf path; /* where the reader is */
	enum vx_pathmap_use use;
	bool learning; /* the first time */
	struct vx_pathmap_column *columns;
	size_t n_columns;
	struct vx_pathmap_named *named;
	size_t n_named;
	struct vx_pathmap_problem *problems; /* by line */
	size_t n_problems;
};

struct vx_pathmap_own {
	struct vx_json *json; /* most strings of a mapping are borrowed from it */
	char **columns;       /* the names in m->columns */
	bool begins[128];     /* ASCII letters and digits with which a word for blank begins */
	struct vx_lexicon **lexicons;
	size_t n_lexicons;
};

/* vx_pathmap_schema: the schema of mappings; vx_pathmap_parse_by: vx_pathmap_parse_each by one that was loaded before. */
struct vx_schema *vx_pathmap_schema(struct vx_error *err) VX_MUST_USE;
struct vx_pathmap *vx_pathmap_parse_by(const struct vx_schema *schema, const char *name, const char *text, size_t len,
	const struct vx_lexicon *lexicon, vx_pathmap_each *each, void *arg, struct vx_error *err) VX_MUST_USE;

/* vx_pathmap_enter: the path grows by step; vx_pathmap_leave takes it back to what enter returned. */
size_t vx_pathmap_enter(struct vx_pathmap_loader *l, const char *step);
size_t vx_pathmap_enter_item(struct vx_pathmap_loader *l, size_t i);
void vx_pathmap_leave(struct vx_pathmap_loader *l, size_t old);

/* vx_pathmap_wrong: notes an error at the reader's place, lengthened by step where that is not NULL; _at: at a path. */
void vx_pathmap_wrong(struct vx_pathmap_loader *l, const char *step, const char *fmt, ...) VX_PRINTF(3, 4);
void vx_pathmap_wrong_at(struct vx_pathmap_loader *l, const char *path, const char *fmt, ...) VX_PRINTF(3, 4);

/* vx_pathmap_column: the column that a string names; vx_pathmap_find_column: of a name, VX_NO_COLUMN where it is not named. */
vx_column vx_pathmap_column(struct vx_pathmap_loader *l, const struct vx_json *value);
vx_column vx_pathmap_find_column(const struct vx_pathmap_loader *l, const char *name);

/* Readers of a member of obj; what is absent is VX_NO_COLUMN, or nothing. Words come folded, ended by NULL. */
vx_column vx_pathmap_take_column(struct vx_pathmap_loader *l, const struct vx_json *obj, const char *key);
vx_column *vx_pathmap_take_columns(struct vx_pathmap_loader *l, const struct vx_json *obj, const char *key, size_t *n);
char **vx_pathmap_take_words(const struct vx_json *obj, const char *key, size_t *n);
void vx_pathmap_take_other(
	struct vx_pathmap_loader *l, const struct vx_json *obj, const char *key, struct vx_pathmap_other *other);
void vx_pathmap_take_part(
	struct vx_pathmap_loader *l, const struct vx_json *obj, const char *key, struct vx_pathmap_part *part);
void vx_pathmap_other_free(struct vx_pathmap_other *other);
void vx_pathmap_words_free(char **words);
void vx_pathmap_part_free(struct vx_pathmap_part *part);

/* vx_pathmap_take_table: the whole mapping; vx_pathmap_table_free: what it made. */
void vx_pathmap_take_table(struct vx_pathmap_loader *l, const struct vx_json *json);
void vx_pathmap_table_free(struct vx_pathmap *m);

/* vx_pathmap_take_checks: its checks; vx_pathmap_rules: what its parts say of each other. */
void vx_pathmap_take_checks(struct vx_pathmap_loader *l, const struct vx_json *json);
void vx_pathmap_checks_free(struct vx_pathmap *m);
void vx_pathmap_rules(struct vx_pathmap_loader *l, const struct vx_json *json);

#endif
