/* vx_schema_node: a schema made ready for checking, between the files vx_schema*.c only.
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_SCHEMA_NODE_H
#define VX_SCHEMA_NODE_H

#include "vx_regex.h"
#include "vx_schema.h"

/* Nodes are shared where several $ref lead to one schema, so the schema owns them, never a node. Values of keywords
 * are borrowed from the schema's documents. */
struct vx_schema_list {
	struct vx_schema_node **items;
	size_t n;
};

struct vx_schema_property {
	const char *name;
	struct vx_schema_node *node;
	struct vx_regex *pattern; /* of patternProperties; owned */
};

struct vx_schema_node {
	bool never;        /* the schema false */
	unsigned types;    /* bit 1 << enum vx_json_type; 0: any */
	bool alias;        /* nothing but a $ref */
	bool combined;     /* has a $ref, allOf, anyOf, oneOf, not or if */
	unsigned keywords; /* how many say anything about values */
	unsigned walk;     /* the mark of vx_schema_load's search for loops */
	struct vx_schema_node *ref;
	const struct vx_json *enumeration, *constant; /* constant: the schema that has "const" */
	const struct vx_json *minimum, *maximum, *above, *below, *multiple;
	size_t min_length, max_length, min_items, max_items, min_properties, max_properties;
	struct vx_regex *pattern; /* owned */
	const char *reason;       /* what is said where the pattern does not match; NULL: the pattern itself */
	bool unique;
	struct vx_schema_property *properties, *patterns;
	size_t nproperties, npatterns;
	unsigned short *slots; /* hash table over properties: index + 1; 0: free */
	size_t nslots;         /* a power of two, 0: no properties */
	const struct vx_json *required, *dependent;
	struct vx_schema_node *additional, *names, *items, *negated, *if_, *then, *else_;
	struct vx_schema_list prefix, any_of, all_of, one_of;
};

/* One document, as it was read; file is the name by which $ref calls it. */
struct vx_schema_document {
	char *file;
	struct vx_json *json;
};

/* A schema seen: which JSON value became which node. */
struct vx_schema_seen {
	const struct vx_json *json;
	struct vx_schema_node *node;
};

struct vx_schema {
	struct vx_schema_document *documents;
	struct vx_schema_seen *seen;
	size_t ndocuments, nseen;
	struct vx_schema_node *root;
	const struct vx_json *server; /* top-level names that only the server sets; NULL: none */
};

/* vx_schema_property_find: the property called name; NULL: none is. */
const struct vx_schema_property *vx_schema_property_find(const struct vx_schema_node *n, const char *name);

#endif
