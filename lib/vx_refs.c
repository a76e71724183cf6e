/* vx_refs: a compact graph of resources and their references.
 * resources -> the references that lead nowhere, in circles, or to a second root
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "vx_hash.h"
#include "vx_refs.h"

enum { SEEN = 1, REJECTED = 2, KNOWN = 4, SECOND_ROOT = 8, CIRCLE = 16, ASSESSES = 32 };
enum { FRESH, WITHIN, GOOD, BAD };

/* An identifier that was seen or referred to. Indices into nodes and edges count from 1; 0: none. */
struct node {
	uint64_t hash;
	uint32_t check;  /* a second hash */
	uint32_t parent; /* node */
	uint32_t edges;  /* the last of its references */
	uint32_t root;   /* of a patient: index into roots */
	uint32_t cores;  /* of a specimen: total_cores + 1, of an assessment: affected_cores + 1; 0: not said */
	unsigned char flags, walk;
};

struct edge {
	uint32_t target, next;
};

struct root {
	uint32_t node;
	char *identifier;
};

struct vx_refs {
	const struct vx_model *m;
	struct node *nodes;
	struct edge *edges;
	struct root *roots;
	uint32_t *slots; /* hash table: node indices */
	size_t nnodes, nedges, nroots, nslots;
};

struct vx_refs *vx_refs_new(const struct vx_model *m)
{
	struct vx_refs *r = vx_alloc(sizeof(*r));

	r->m = m;
	r->nslots = 1024;
	r->slots = vx_alloc(r->nslots * sizeof(*r->slots));
	return r;
}

void vx_refs_free(struct vx_refs *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->nroots; i++)
		free(r->roots[i].identifier);
	free(r->roots);
	free(r->nodes);
	free(r->edges);
	free(r->slots);
	free(r);
}

static uint32_t second_hash(const char *s, size_t n)
{
	uint32_t h = 5381;

	for (size_t i = 0; i < n; i++)
		h = h * 33 + (unsigned char)s[i];
	return h;
}

/* The slot of an identifier: the one that has it, or the free one where it belongs. */
static size_t slot_of(const struct vx_refs *r, uint64_t hash, uint32_t check)
{
	size_t at = hash & (r->nslots - 1);

	while (r->slots[at] && (r->nodes[r->slots[at] - 1].hash != hash || r->nodes[r->slots[at] - 1].check != check))
		at = (at + 1) & (r->nslots - 1);
	return at;
}

static void grow(struct vx_refs *r)
{
	free(r->slots);
	r->nslots *= 2;
	r->slots = vx_alloc(r->nslots * sizeof(*r->slots));
	for (size_t i = 0; i < r->nnodes; i++)
		r->slots[slot_of(r, r->nodes[i].hash, r->nodes[i].check)] = (uint32_t)i + 1;
}

static const struct node *find(const struct vx_refs *r, const char *identifier)
{
	size_t n = strlen(identifier);
	uint32_t i = r->slots[slot_of(r, vx_hash64(identifier, n), second_hash(identifier, n))];

	return i ? &r->nodes[i - 1] : NULL;
}

/* The index of an identifier's node, which is made where there is none. */
static uint32_t intern(struct vx_refs *r, const char *identifier)
{
	size_t n = strlen(identifier);
	uint64_t hash = vx_hash64(identifier, n);
	uint32_t check = second_hash(identifier, n);
	size_t at = slot_of(r, hash, check);

	if (r->slots[at])
		return r->slots[at];
	if (r->nnodes + r->nnodes / 4 >= r->nslots) {
		grow(r);
		at = slot_of(r, hash, check);
	}
	if ((r->nnodes & (r->nnodes - 1)) == 0)
		r->nodes = vx_realloc(r->nodes, (r->nnodes ? 2 * r->nnodes : 64) * sizeof(*r->nodes));
	r->nodes[r->nnodes++] = (struct node){ .hash = hash, .check = check };
	if (r->nnodes == UINT32_MAX)
		vx_die(VX_EMEM, "more than %u identifiers", UINT32_MAX);
	return r->slots[at] = (uint32_t)r->nnodes;
}

static void add_edge(struct vx_refs *r, uint32_t from, uint32_t to)
{
	if (from == to)
		return;
	if ((r->nedges & (r->nedges - 1)) == 0)
		r->edges = vx_realloc(r->edges, (r->nedges ? 2 * r->nedges : 64) * sizeof(*r->edges));
	r->edges[r->nedges++] = (struct edge){ to, r->nodes[from - 1].edges };
	if (r->nedges == UINT32_MAX)
		vx_die(VX_EMEM, "more than %u references", UINT32_MAX);
	r->nodes[from - 1].edges = (uint32_t)r->nedges;
}

/* A specimen's patient, where the specimen says that it is the event root; else NULL. */
static const char *rooted_patient(const struct vx_refs *r, const struct vx_json *resource)
{
	const char *parent = vx_json_str(resource, "parent_identifier");
	const struct vx_type *p = vx_model_type_of(r->m, parent);
	bool root = false;

	return vx_json_get_bool(resource, "is_event_root", &root) && root && p && !strcmp(p->name, "patient") ? parent
													      : NULL;
}

static void add_root(struct vx_refs *r, uint32_t self, const char *identifier, const char *patient)
{
	uint32_t p = intern(r, patient);

	if (r->nodes[p - 1].root == 0) {
		if ((r->nroots & (r->nroots - 1)) == 0)
			r->roots = vx_realloc(r->roots, (r->nroots ? 2 * r->nroots : 16) * sizeof(*r->roots));
		r->roots[r->nroots++] = (struct root){ self, vx_strdup(identifier) };
		r->nodes[p - 1].root = (uint32_t)r->nroots;
	} else if (r->roots[r->nodes[p - 1].root - 1].node != self) {
		r->nodes[self - 1].flags |= SECOND_ROOT;
	}
}

static uint32_t cores_of(const struct vx_json *resource)
{
	int64_t n = -1;

	if (!vx_json_get_int(resource, "total_cores", &n))
		vx_json_get_int(resource, "affected_cores", &n);
	return n < 0 || n >= UINT32_MAX ? 0 : (uint32_t)n + 1;
}

void vx_refs_add(struct vx_refs *r, const struct vx_type *t, const struct vx_json *resource, enum vx_refs_state state)
{
	static const unsigned char flag[] = {
		[VX_REFS_VALID] = SEEN, [VX_REFS_REJECTED] = REJECTED, [VX_REFS_KNOWN] = KNOWN
	};
	const char *identifier = vx_json_str(resource, "identifier");
	const char *parent = vx_json_str(resource, "parent_identifier");
	const struct vx_json *from = vx_json_get(resource, "derived_from");

	if (!identifier)
		return;
	uint32_t self = intern(r, identifier);
	r->nodes[self - 1].flags |= flag[state];
	if (state == VX_REFS_REJECTED)
		return;
	r->nodes[self - 1].cores = cores_of(resource);
	if (vx_json_get(resource, "affected_cores"))
		r->nodes[self - 1].flags |= ASSESSES;
	const char *patient = rooted_patient(r, resource);
	if (patient)
		add_root(r, self, identifier, patient);
	if (state == VX_REFS_KNOWN)
		return;
	if (parent) {
		uint32_t p = intern(r, parent);
		r->nodes[self - 1].parent = p;
		add_edge(r, self, p);
	}
	for (const char *const *ref = t->refs; *ref; ref++)
		if (vx_json_str(resource, *ref))
			add_edge(r, self, intern(r, vx_json_str(resource, *ref)));
	for (size_t i = 0; i < vx_json_size(from); i++)
		if (vx_json_text(vx_json_at(from, i), NULL))
			add_edge(r, self, intern(r, vx_json_text(vx_json_at(from, i), NULL)));
}

void vx_refs_add_name(struct vx_refs *r, const char *identifier)
{
	uint32_t self = intern(r, identifier);

	r->nodes[self - 1].flags |= KNOWN;
}

static bool there(const struct node *n)
{
	return n && (n->flags & (SEEN | KNOWN));
}

/* Nodes under way in settle's walk: a stack of its own, because chains may be long. */
struct walk {
	uint32_t *stack, *at; /* node, and the edge that comes next */
	size_t n, room;
};

static void enter(struct vx_refs *r, struct walk *w, uint32_t node)
{
	struct node *n = &r->nodes[node - 1];

	n->walk = !there(n) || (n->flags & SECOND_ROOT) ? BAD : (n->flags & SEEN) && n->edges ? WITHIN : GOOD;
	if (n->walk != WITHIN)
		return;
	if (w->n == w->room) {
		w->room = w->room ? 2 * w->room : 64;
		w->stack = vx_realloc(w->stack, w->room * sizeof(*w->stack));
		w->at = vx_realloc(w->at, w->room * sizeof(*w->at));
	}
	w->stack[w->n] = node;
	w->at[w->n++] = n->edges;
}

/* One step for the node on top: its next reference, or its end. A reference to a node that is under way is a circle. */
static void step(struct vx_refs *r, struct walk *w)
{
	struct node *n = &r->nodes[w->stack[w->n - 1] - 1];
	uint32_t edge = w->at[w->n - 1];

	if (!edge) {
		n->walk = n->walk == WITHIN ? GOOD : BAD;
		w->n--;
		return;
	}
	struct node *target = &r->nodes[r->edges[edge - 1].target - 1];
	if (target->walk == FRESH) {
		enter(r, w, r->edges[edge - 1].target);
		return; /* the edge is looked at again when the target is done */
	}
	w->at[w->n - 1] = r->edges[edge - 1].next;
	if (target->walk == WITHIN)
		n->flags |= CIRCLE;
}

/* Whether an assessment counts more cores than its specimen has. */
static bool too_many_cores(const struct vx_refs *r, const struct node *n)
{
	const struct node *up = n->parent ? &r->nodes[n->parent - 1] : NULL;

	return (n->flags & ASSESSES) && up && n->cores && up->cores && n->cores > up->cores;
}

static bool any_bad(const struct vx_refs *r, const struct node *n)
{
	for (uint32_t e = n->edges; e; e = r->edges[e - 1].next)
		if (r->nodes[r->edges[e - 1].target - 1].walk == BAD)
			return true;
	return (n->flags & CIRCLE) || too_many_cores(r, n);
}

void vx_refs_settle(struct vx_refs *r)
{
	struct walk w = { 0 };

	for (uint32_t i = 1; i <= r->nnodes; i++) {
		if (r->nodes[i - 1].walk == FRESH)
			enter(r, &w, i);
		while (w.n) {
			size_t depth = w.n;
			uint32_t top = w.stack[depth - 1];
			step(r, &w);
			if (w.n < depth && any_bad(r, &r->nodes[top - 1]))
				r->nodes[top - 1].walk = BAD;
		}
	}
	free(w.stack);
	free(w.at);
}

/* Whether the way up from n comes back to it. */
static bool below_itself(const struct vx_refs *r, const struct node *n)
{
	const struct node *up = n;

	for (size_t step_count = 0; up->parent && step_count <= r->nnodes; step_count++) {
		up = &r->nodes[up->parent - 1];
		if (up == n)
			return true;
	}
	return false;
}

static const char *trouble(const struct vx_refs *r, const struct node *self, const char *identifier, bool is_parent)
{
	const struct node *target = find(r, identifier);

	if (!target || !(target->flags & (SEEN | KNOWN | REJECTED)))
		return "does not exist";
	if (target->walk != BAD || target == self)
		return NULL;
	if (is_parent && below_itself(r, self))
		return "lies below this resource itself (rule 5)";
	if (self->flags & CIRCLE)
		return "refers back to this resource (rule 5)";
	return "is rejected itself";
}

struct vx_schema_error *vx_refs_check(const struct vx_refs *r, const struct vx_type *t, const struct vx_json *resource)
{
	const struct vx_json *parent = vx_json_get(resource, "parent_identifier"), *from;
	const char *identifier = vx_json_str(resource, "identifier"), *why;
	const struct node *self = identifier ? find(r, identifier) : NULL;
	struct vx_schema_error *first = NULL, **tail = &first;
	char field[40];

	if (!self || self->walk == GOOD)
		return NULL;
	if (vx_json_text(parent, NULL) && (why = trouble(r, self, vx_json_text(parent, NULL), true)))
		tail = vx_schema_error_add(tail, "parent_identifier", true, parent, "%s", why);
	from = vx_json_get(resource, "derived_from");
	for (size_t i = 0; i < vx_json_size(from); i++) {
		const char *name = vx_json_text(vx_json_at(from, i), NULL);
		snprintf(field, sizeof(field), "derived_from.%zu", i);
		if (name && (why = trouble(r, self, name, false)))
			tail = vx_schema_error_add(tail, field, true, vx_json_at(from, i), "%s", why);
	}
	for (const char *const *ref = t->refs; *ref; ref++)
		if (vx_json_str(resource, *ref) && (why = trouble(r, self, vx_json_str(resource, *ref), false)))
			tail = vx_schema_error_add(tail, *ref, true, vx_json_get(resource, *ref), "%s", why);
	if (too_many_cores(r, self))
		tail = vx_schema_error_add(tail, "affected_cores", true, vx_json_get(resource, "affected_cores"),
			"is more than the %u cores of %s", r->nodes[self->parent - 1].cores - 1,
			vx_json_str(resource, "parent_identifier"));
	if (self->flags & SECOND_ROOT) {
		const char *patient = rooted_patient(r, resource);
		const struct node *p = patient ? find(r, patient) : NULL;
		if (p && p->root)
			vx_schema_error_add(tail, "is_event_root", true, vx_json_get(resource, "is_event_root"),
				VX_RULE_SECOND_ROOT, r->roots[p->root - 1].identifier, patient);
	}
	return first;
}
