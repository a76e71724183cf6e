/* vx_refs: who refers to whom in a set of resources: dangling references, cycles, second event roots.
 *
 *	struct vx_refs *refs = vx_refs_new(model);
 *	vx_refs_add(refs, type, resource, VX_REFS_VALID);      // every resource, in any order
 *	vx_refs_settle(refs);
 *	e = vx_refs_check(refs, type, resource);               // every resource again: NULL, or what is wrong
 *
 * Memory: some 50 bytes a resource, plus 8 a reference, whatever the length of identifiers.
 * Identifiers are told apart by 96 bits of hashes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_REFS_H
#define VX_REFS_H

#include "vx_resource.h"

enum vx_refs_state {
	VX_REFS_VALID,    /* will be there, if what it refers to is */
	VX_REFS_REJECTED, /* was refused for a reason of its own: whoever refers to it is refused too */
	VX_REFS_KNOWN,    /* exists elsewhere already */
};

struct vx_refs;
struct vx_refs *vx_refs_new(const struct vx_model *m);
void vx_refs_free(struct vx_refs *r);

/* vx_refs_add: one resource of type t (its schema holds, unless it is VX_REFS_REJECTED). Of two event roots of a patient
 * the first stays. The same resource may come twice. */
void vx_refs_add(struct vx_refs *r, const struct vx_type *t, const struct vx_json *resource, enum vx_refs_state state);

/* vx_refs_add_name: an identifier that exists elsewhere, of which nothing more is said. */
void vx_refs_add_name(struct vx_refs *r, const char *identifier);

/* vx_refs_settle: to be called once, when all have been added. */
void vx_refs_settle(struct vx_refs *r);

/* vx_refs_check: what is wrong with a resource's references, to be freed with vx_schema_error_free; NULL: nothing.
 * Read-only: many threads may ask at once. */
struct vx_schema_error *vx_refs_check(const struct vx_refs *r, const struct vx_type *t, const struct vx_json *resource);

#endif
