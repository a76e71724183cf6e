/* vx_resource: what a vxData resource is: identifiers, types, defaults, canonical form, difference, rules across resources.
 * The model itself is data: share/schema/<type>.json (one a type), with "x-vx" annotations for what JSON Schema cannot say.
 *
 *	struct vx_model *m = vx_model_load(&err);
 *	const struct vx_type *t = vx_model_type_of(m, "volume/PC00001/t2");   // t->name "volume", t->collection "volumes"
 *
 * A loaded model is read-only: many threads may use it at once.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_RESOURCE_H
#define VX_RESOURCE_H

#include "vx_err.h"
#include "vx_json.h"
#include "vx_schema.h"

#define VX_IDENTIFIER_MAX 255

struct vx_type {
	const char *name;       /* identifier prefix: "volume" */
	const char *collection; /* "volumes" */
	const char *model;      /* "VolumeCreate" */
	int rank; /* 0 datasource, 1 patient, ...: a type's parents have a lower rank, or the same (specimen) */
	const char *const *parents; /* type names allowed as parent, NULL-terminated */
	bool parent_required; /* false: null is allowed; with the warning no_parent unless the type has no parents at all */
	const char *const *refs;   /* further fields that hold identifiers besides parent_identifier and derived_from
	                            (reference_mri), NULL-terminated */
	const char *const *server; /* fields that only the server sets (created_at, updated_at), NULL-terminated */
	const struct vx_type_field *defaults; /* fields with a default that is not null, sorted by name, */
	size_t ndefaults;                     /* and how many */
	const struct vx_schema *schema;
};

struct vx_type_field {
	const char *name;
	const struct vx_json *value;
};

struct vx_model;
struct vx_model *vx_model_load(struct vx_error *err) VX_MUST_USE; /* from the share folder; NULL + VX_EIO or VX_EDATA */
void vx_model_free(struct vx_model *m);
size_t vx_model_types(const struct vx_model *m);
const struct vx_type *vx_model_type(const struct vx_model *m, size_t i); /* in order of rank */
const struct vx_type *vx_model_find(
	const struct vx_model *m, const char *type, size_t len); /* by name; NULL: no such type */
const struct vx_type *vx_model_collection(const struct vx_model *m, const char *collection);
const struct vx_type *vx_model_type_of(const struct vx_model *m, const char *identifier); /* by prefix; NULL: none */

/* vx_identifier_check: NULL when identifier is well-formed, else a static reason. Whether its type exists is another
 * question: vx_model_type_of. */
const char *vx_identifier_check(const char *identifier, size_t len);

/* vx_resource_check: all that is wrong with a resource by itself: its schema (private and the server's fields passed
 * over); where that holds, texts with a NUL character, then vx_resource_rules. NULL: valid. To be freed with vx_schema_error_free. */
struct vx_schema_error *vx_resource_check(
	const struct vx_model *m, const struct vx_type *t, const struct vx_json *resource);

/* vx_resource_rules: the rules of the data model that one resource can break by itself; reasons end in "(rule N)".
 *	1  an event root's parent is a patient, any other specimen's parent a specimen
 *	4  every key of label_counts is in labels
 *	5  the parent is of a type that the model allows; a reference field names one of the right type; nothing refers to
 *	   itself
 * resource has passed the schema. Says nothing about whether what it refers to exists. */
struct vx_schema_error *vx_resource_rules(
	const struct vx_model *m, const struct vx_type *t, const struct vx_json *resource);

/* vx_resource_climb: walks from identifier up its parents (the first is parent; parent_of gives the next: borrowed until
 * the next call, NULL where there is none or it is not known). Returns NULL, or the reason why that never ends:
 * a cycle (rule 5). patient (may be NULL) takes the patient on the way, empty where there is none. */
const char *vx_resource_climb(const char *identifier, const char *parent,
	const char *(*parent_of)(void *arg, const char *identifier), void *arg, struct vx_buf *patient);

/* Rule 1's other half needs all specimens of a patient: the words for who keeps them. Format: the other root, the patient. */
#define VX_RULE_SECOND_ROOT "is a second event root beside %s of %s (rule 1)"
/* Format: the identifier that is missing. */
#define VX_RULE_ORPHAN "%s does not exist"

/* vx_resource_canonical: the form in which two equal resources are byte for byte equal: private keys and the server's
 * own (created_at, updated_at) left out, defaults filled in, members that are null left out, keys sorted, numbers
 * in one spelling. default_split is kept (see vx_resource_diff). Appended to b. */
void vx_resource_canonical(const struct vx_type *t, const struct vx_json *resource, struct vx_buf *b);

/* vx_resource_diff: field by field, what differs between two resources of one type, as an object
 * {"field": {"old": ..., "new": ...}}; empty when equal. A default_split that only old has is no difference.
 * To be freed. */
struct vx_json *vx_resource_diff(const struct vx_type *t, const struct vx_json *old, const struct vx_json *new);

/* vx_resource_warnings: what is allowed but must be said: "no_parent", "no_reference_mri", "default_split_set",
 * "local_path". Calls say for each. */
void vx_resource_warnings(const struct vx_type *t, const struct vx_json *resource,
	void (*say)(void *arg, const char *code, const char *field), void *arg);

/* vx_resource_warning_text: such a warning in words, static; NULL for a code that is not known here (a server's own). */
const char *vx_resource_warning_text(const char *code);

#endif
