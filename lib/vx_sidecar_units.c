/* vx_sidecar_units: which numbers of a sidecar are in another unit than their field, by the evidence in the sidecar.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vx_sidecar_map.h"

static void free_unit(struct vx_sidecar_unit *u)
{
	for (size_t i = 0; i < u->n_members; i++) {
		free(u->members[i].field);
		free(u->members[i].not_below);
	}
	for (size_t i = 0; i < u->n_unless; i++)
		free(u->unless[i]);
	for (size_t i = 0; i < u->n_shown_by; i++)
		free(u->shown_by[i]);
	free(u->members);
	free(u->unless);
	free(u->shown_by);
	free(u->name);
}

void vx_sidecar_units_free(struct vx_sidecar_map *map)
{
	for (size_t i = 0; i < map->n_units; i++)
		free_unit(&map->units[i]);
	free(map->units);
	map->units = NULL;
	map->n_units = 0;
}

static int load_keys(const struct vx_json *list, char ***keys, size_t *n, struct vx_error *err)
{
	size_t size = vx_json_size(list);
	if (list && vx_json_type(list) != VX_ARRAY)
		return vx_error_set(err, VX_EDATA, "units", "unless or shown_by is no list");
	*keys = vx_alloc((size + 1) * sizeof(**keys));
	for (size_t i = 0; i < size; i++) {
		const char *key = vx_json_text(vx_json_at(list, i), NULL);
		if (!key || !*key)
			return vx_error_set(err, VX_EDATA, "units", "item %zu of unless or shown_by is no key", i + 1);
		(*keys)[(*n)++] = vx_strdup(key);
	}
	return VX_OK;
}

static int load_unit(const struct vx_json *j, struct vx_sidecar_unit *u, struct vx_error *err)
{
	const char *name = vx_json_str(j, "unit");
	const struct vx_json *members = vx_json_get(j, "fields");
	size_t n = vx_json_type(members) == VX_ARRAY ? vx_json_size(members) : 0;
	if (!name || n == 0 || !vx_json_get_double(j, "divide", &u->divide) || !(u->divide > 0))
		return vx_error_set(err, VX_EDATA, "units", "an entry lacks unit, divide or fields");
	u->name = vx_strdup(name);
	u->members = vx_alloc(n * sizeof(*u->members));
	for (size_t i = 0; i < n; i++) {
		const struct vx_json *m = vx_json_at(members, i);
		const char *field = vx_json_str(m, "field"), *not_below = vx_json_str(m, "not_below");
		if (!field)
			return vx_error_set(err, VX_EDATA, "units", "%s: a field without a name", name);
		struct vx_sidecar_unit_member *to = &u->members[u->n_members++];
		to->field = vx_strdup(field);
		to->not_below = not_below ? vx_strdup(not_below) : NULL;
		to->least = 0;
		vx_json_get_double(m, "least", &to->least);
	}
	int st = load_keys(vx_json_get(j, "unless"), &u->unless, &u->n_unless, err);
	return st == VX_OK ? load_keys(vx_json_get(j, "shown_by"), &u->shown_by, &u->n_shown_by, err) : st;
}

int vx_sidecar_units_load(struct vx_sidecar_map *map, const struct vx_json *units, struct vx_error *err)
{
	int st = VX_OK;
	size_t n = vx_json_size(units);
	if (units && vx_json_type(units) != VX_ARRAY)
		return vx_error_set(err, VX_EDATA, "units", "no list");
	map->units = vx_alloc((n + 1) * sizeof(*map->units));
	for (size_t i = 0; i < n && st == VX_OK; i++)
		st = load_unit(vx_json_at(units, i), &map->units[map->n_units++], err);
	return st;
}

static bool any_key(char *const *keys, size_t n, const struct vx_json *sidecar)
{
	for (size_t i = 0; i < n; i++)
		if (vx_json_get(sidecar, keys[i]))
			return true;
	return false;
}

/* The entry that gives the field its number, the first that has one; false: none has. */
static bool number_for(const struct vx_sidecar_map *map, const struct vx_json *sidecar, const char *field,
	size_t *entry, double *number)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct vx_sidecar_entry *e = &map->entries[i];
		const struct vx_json *v = strcmp(e->field, field) == 0 ? vx_json_get(sidecar, e->key) : NULL;
		if (e->type != NUMBER || (vx_json_type(v) != VX_INT && vx_json_type(v) != VX_DOUBLE))
			continue;
		*entry = i;
		return vx_json_as_double(v, number);
	}
	return false;
}

static bool within(const struct vx_sidecar_entry *e, double number)
{
	return number >= e->min && number <= e->max;
}

/* The value in the field's own unit, with what has been settled so far. */
static double settled(
	const struct vx_sidecar_map *map, const struct vx_json *sidecar, const char *field, const double *divide)
{
	size_t entry;
	double number;
	return number_for(map, sidecar, field, &entry, &number) ? number * map->entries[entry].scale / divide[entry]
								: -INFINITY;
}

/* Whether the sidecar shows that its numbers are in the other unit: by its keys, or by a number that the field's own
 * unit cannot have and this one can. */
static bool shown(const struct vx_sidecar_map *map, const struct vx_sidecar_unit *u, const struct vx_json *sidecar)
{
	size_t entry;
	double number;
	if (any_key(u->unless, u->n_unless, sidecar))
		return false;
	if (any_key(u->shown_by, u->n_shown_by, sidecar))
		return true;
	for (size_t i = 0; i < u->n_members; i++)
		if (number_for(map, sidecar, u->members[i].field, &entry, &number)) {
			number *= map->entries[entry].scale;
			if (!within(&map->entries[entry], number) && within(&map->entries[entry], number / u->divide))
				return true;
		}
	return false;
}

void vx_sidecar_units_settle(const struct vx_sidecar_map *map, const struct vx_json *sidecar, double *divide,
	void (*say)(void *arg, const char *text), void *arg)
{
	char text[256];
	size_t entry;
	double number;
	for (size_t i = 0; i < map->n; i++)
		divide[i] = 1;
	for (size_t k = 0; k < map->n_units; k++) {
		const struct vx_sidecar_unit *u = &map->units[k];
		for (size_t i = 0; shown(map, u, sidecar) && i < u->n_members; i++) {
			const struct vx_sidecar_unit_member *m = &u->members[i];
			if (!number_for(map, sidecar, m->field, &entry, &number))
				continue;
			const struct vx_sidecar_entry *e = &map->entries[entry];
			number *= e->scale;
			if (number < m->least || !within(e, number / u->divide) ||
				(m->not_below && number / u->divide < settled(map, sidecar, m->not_below, divide)))
				continue;
			divide[entry] = u->divide;
			snprintf(text, sizeof(text), "sidecar: %s is taken to be in %s", e->key, u->name);
			if (say)
				say(arg, text);
		}
	}
}
