/* vx_sidecar_map: the list of sidecar keys in memory; for lib/vx_sidecar*.c only.
 *
 *	for (size_t i = 0; i < map->n; i++)
 *		value = vx_json_get(sidecar, map->entries[i].key);
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_SIDECAR_MAP_H
#define VX_SIDECAR_MAP_H

#include "vx_err.h"
#include "vx_json.h"

enum vx_sidecar_type { TEXT, UID, ID, INTEGER, NUMBER, LIST, DATETIME };

/* A key that becomes a field of a volume. */
struct vx_sidecar_entry {
	char *key, *field;
	enum vx_sidecar_type type;
	double scale, min, max;
};

/* What the value of a key may be in a cleaned copy. */
enum vx_sidecar_kind { KEEP_NUMBER, KEEP_TEXT, KEEP_UID, KEEP_TIME };

/* A key that a cleaned copy keeps; a dot leads into an object. */
struct vx_sidecar_keep {
	char *path;
	enum vx_sidecar_kind kind;
};

/* A unit that some programs write instead of the fields' own. */
struct vx_sidecar_unit_member {
	char *field;
	double least;    /* a smaller number is in the field's own unit */
	char *not_below; /* NULL, or the field that this one is at least as long as */
};
struct vx_sidecar_unit {
	char *name;
	double divide; /* the number by this is in the fields' unit */
	struct vx_sidecar_unit_member *members;
	size_t n_members;
	char **unless, **shown_by; /* keys that show the fields' own unit, and this one */
	size_t n_unless, n_shown_by;
};

struct vx_sidecar_map {
	struct vx_sidecar_entry *entries;
	size_t n;
	struct vx_sidecar_unit *units;
	size_t n_units;
	struct vx_sidecar_keep *keep; /* sorted by path */
	size_t n_keep;
};

/* vx_sidecar_keep_load: "keep" of the list's file (NULL: it has none) and the keys of map's entries.
 * VX_EDATA: a kind that does not exist, no list, a key that is no text or is listed twice. */
int vx_sidecar_keep_load(struct vx_sidecar_map *map, const struct vx_json *keep, struct vx_error *err) VX_MUST_USE;
void vx_sidecar_keep_free(struct vx_sidecar_map *map);

/* vx_sidecar_units_load: "units" of the list's file (NULL: it has none). VX_EDATA: an entry that is none. */
int vx_sidecar_units_load(struct vx_sidecar_map *map, const struct vx_json *units, struct vx_error *err) VX_MUST_USE;
void vx_sidecar_units_free(struct vx_sidecar_map *map);

/* vx_sidecar_units_settle: divide[i]: by what the number of entry i is divided to be in its field's unit, 1 for most.
 * say (NULL: not wanted) is told of each that is another. */
void vx_sidecar_units_settle(const struct vx_sidecar_map *map, const struct vx_json *sidecar, double *divide,
	void (*say)(void *arg, const char *text), void *arg);

#endif
