/* batch: what one POST holds: its items, checked one by one, and the names they speak of.
 * in: a body, an array or NDJSON; out: items ready for create, or already refused with their errors.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef BATCH_H
#define BATCH_H

#include "vx_resource.h"

enum item_status {
	ITEM_PENDING,
	ITEM_CREATED,
	ITEM_UNCHANGED,
	ITEM_UPDATED,
	ITEM_CONFLICT,
	ITEM_INVALID,
	ITEM_ORPHAN,
	ITEM_WAITING /* never the last word: see apply_item */
};

struct arena { /* bytes that live as long as the batch */
	struct arena_block *blocks;
	size_t used, size;
};

/* An identifier that the batch speaks of: an item's own, a parent's, a reference's. */
struct name {
	const char *text;
	uint64_t hash;
	/* As it is in the database; worth something only while known equals the batch's age. */
	unsigned known;
	bool present, core; /* core: a specimen that says "is_summary": false */
	bool lifted;        /* taken out of the way, see apply_lift */
	int64_t level;
	struct name *datasource, *patient;
	const char *shorthand; /* of a datasource */
	/* As it is in the batch. */
	size_t first;   /* its last item, the others follow by item.next; or NO_ITEM */
	unsigned depth; /* 1 + the depth of what its items refer to inside the batch; 0: nothing */
	enum { VISIT_NEW, VISIT_OPEN, VISIT_DONE } visit;
	bool in_cycle; /* the batch's own references lead back to it */
	unsigned mark; /* equals the batch's mark when a walk has been here */
};
#define NO_ITEM ((size_t)-1)

#define VERSION_SIZE 40

struct item {
	const struct vx_type *type;
	struct name *name; /* NULL: the record has no usable identifier, shown is what it said */
	const char *shown;
	struct name *parent, **refs;
	const char **ref_texts, **ref_fields; /* their texts, and the field that each stands in */
	size_t ref_count, next;               /* next: another item of the same name, earlier in the batch */
	const char *body, *sent;              /* canonical; sent: without what the database kept of the stored one */
	size_t body_len, sent_len;
	const char *old; /* of one that is lifted: the stored body */
	size_t old_len;
	const char *shorthand, *external_uid; /* of a datasource, of a patient */
	bool event_root, core;
	const char *expected;       /* the version that it is to take the place of; NULL: whichever is there */
	char version[VERSION_SIZE]; /* of a conflict: the version that is there */
	enum item_status status;
	struct vx_buf errors, warnings, diff; /* JSON, without the outer brackets */
};

struct batch {
	const struct vx_model *model;
	const struct vx_type *only; /* the collection posted to, NULL: any */
	struct item *items;
	size_t count, cap;
	struct arena arena;
	struct name **slots; /* open addressing, a power of two */
	size_t slot_count, names;
	unsigned age, mark; /* what names know of the database is worth something for one age; a walk has one mark */
	struct vx_buf scratch;
};

void batch_init(struct batch *b, const struct vx_model *model, const struct vx_type *only);
void batch_free(struct batch *b);

/* batch_read: the items of a body. lines: NDJSON, where a bad line costs only itself; else an array, an object, or
 * several objects. VX_EREJECT when the body as a whole is no JSON. */
int batch_read(struct batch *b, const char *body, size_t len, bool lines, struct vx_error *err) VX_MUST_USE;

struct name *batch_name(struct batch *b, const char *text);

/* item_error: one more error; the item is invalid (or the status given) from now on. field and value may be "". */
void item_error(struct item *it, enum item_status status, const char *field, const char *value, const char *fmt, ...)
	VX_PRINTF(5, 6);

const char *item_word(enum item_status status); /* as results tell it: "created" */

const char *batch_keep(struct batch *b, const char *s); /* a copy that lives as long as the batch; NULL stays NULL */

/* batch_order: the pending items' indices, parents and references first, each layer by identifier, equal identifiers as
 * they came. Returns how many; *order is to be freed. */
size_t batch_order(struct batch *b, size_t **order);

/* batch_results: {"results":[...]} in input order. */
void batch_results(const struct batch *b, struct vx_buf *out);

#endif
