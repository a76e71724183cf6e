/* vx_volumes: NDJSON of volumes -> a sorted table of hashes over a temporary file.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "vx_hash.h"
#include "vx_spill.h"
#include "vx_volumes.h"

struct entry {
	uint64_t hash;
	int64_t place;
};

struct table {
	struct entry *entries;
	size_t n, cap;
};

struct vx_volumes {
	struct vx_spill *spill;
	struct table by_name, by_parent;
};

/* How a volume lies in the spill: this, then the two names with their NULs. */
struct stored {
	struct vx_grid grid;
	uint32_t identifier_size, parent_size;
	char type[16];
	bool gridded;
};

static void table_add(struct table *t, const char *name, int64_t place)
{
	if (t->n == t->cap)
		t->entries = vx_realloc(t->entries, (t->cap = t->cap ? t->cap * 2 : 256) * sizeof(*t->entries));
	t->entries[t->n++] = (struct entry){ vx_hash64(name, strlen(name)), place };
}

static int by_hash_and_place(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return (x->place > y->place) - (x->place < y->place);
}

static void table_sort(struct table *t)
{
	if (t->n > 1)
		qsort(t->entries, t->n, sizeof(*t->entries), by_hash_and_place);
}

static int keep(struct vx_volumes *v, const struct vx_json *record, struct vx_buf *b, struct vx_error *err)
{
	const char *identifier = vx_json_str(record, "identifier"), *parent = vx_json_str(record, "parent_identifier"),
		   *type = vx_json_str(record, "volume_type");
	struct stored s;
	int64_t place;
	if (!identifier || strncmp(identifier, "volume/", 7) != 0)
		return VX_OK;
	memset(&s, 0, sizeof(s)); /* padding goes to the file too */
	parent = parent ? parent : "";
	s.gridded = vx_grid_of_record(record, &s.grid);
	s.identifier_size = (uint32_t)strlen(identifier) + 1;
	s.parent_size = (uint32_t)strlen(parent) + 1;
	if (type && strlen(type) < sizeof(s.type))
		memcpy(s.type, type, strlen(type));
	vx_buf_clear(b);
	vx_buf_add(b, &s, sizeof(s));
	vx_buf_add(b, identifier, s.identifier_size);
	vx_buf_add(b, parent, s.parent_size);
	int st = vx_spill_put(v->spill, b->data, b->len, &place, err);
	if (st != VX_OK)
		return st;
	table_add(&v->by_name, identifier, place);
	table_add(&v->by_parent, parent, place);
	return VX_OK;
}

static int read_all(struct vx_volumes *v, struct vx_reader *in, const char *path, struct vx_error *err)
{
	struct vx_buf b = VX_BUF_INIT;
	char *line;
	size_t len;
	int more;
	long row = 0;
	while ((more = vx_reader_line(in, &line, &len, err)) == 1) {
		struct vx_json *record = NULL;
		row++;
		if (strspn(line, " \t\r") == len)
			continue;
		int st = vx_json_parse(line, len, &record, err);
		if (st == VX_OK && vx_json_type(record) != VX_OBJECT)
			st = vx_error_set(err, VX_EREJECT, NULL, "not a JSON object");
		if (st == VX_OK)
			st = keep(v, record, &b, err);
		vx_json_free(record);
		if (st != VX_OK) {
			err->status = st == VX_EREJECT ? VX_EDATA : err->status;
			more = err->status;
			vx_error_at(err, path, row);
			break;
		}
	}
	vx_buf_free(&b);
	return more;
}

struct vx_volumes *vx_volumes_load(const char *path, struct vx_error *err)
{
	struct vx_reader *in = vx_reader_open(path, err);
	if (!in)
		return NULL;
	struct vx_volumes *v = vx_alloc(sizeof(*v));
	v->spill = vx_spill_new(err);
	int st = v->spill ? read_all(v, in, path, err) : VX_EIO;
	vx_reader_close(in);
	if (st < 0) {
		vx_volumes_free(v);
		return NULL;
	}
	table_sort(&v->by_name);
	table_sort(&v->by_parent);
	return v;
}

void vx_volumes_free(struct vx_volumes *v)
{
	if (!v)
		return;
	vx_spill_free(v->spill);
	free(v->by_name.entries);
	free(v->by_parent.entries);
	free(v);
}

/* The first entry that is not below hash. */
static size_t lower_bound(const struct table *t, uint64_t hash)
{
	size_t low = 0, high = t->n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (t->entries[mid].hash < hash)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* names takes the two names and must outlive volume. */
static int fetch(
	const struct vx_volumes *v, int64_t place, struct vx_volume *volume, struct vx_buf *names, struct vx_error *err)
{
	struct stored s;
	int st = vx_spill_get(v->spill, place, sizeof(s), &s, err);
	if (st != VX_OK)
		return st;
	vx_buf_clear(names);
	const size_t size = (size_t)s.identifier_size + s.parent_size;
	st = vx_spill_get(v->spill, place + (int64_t)sizeof(s), size, vx_buf_reserve(names, size), err);
	if (st != VX_OK)
		return st;
	volume->identifier = names->data;
	volume->parent = names->data + s.identifier_size;
	memcpy(volume->type, s.type, sizeof(volume->type));
	volume->gridded = s.gridded;
	volume->grid = s.grid;
	return VX_OK;
}

/* Whether the file says more about this volume further down. */
static bool said_again(const struct vx_volumes *v, const char *identifier, int64_t place)
{
	const struct table *t = &v->by_name;
	const uint64_t hash = vx_hash64(identifier, strlen(identifier));
	size_t i = lower_bound(t, hash);
	while (i < t->n && t->entries[i].hash == hash && t->entries[i].place <= place)
		i++;
	return i < t->n && t->entries[i].hash == hash;
}

static int look_up(const struct vx_volumes *v, const struct table *t, const char *name, vx_volumes_see *see, void *arg,
	struct vx_error *err)
{
	const uint64_t hash = vx_hash64(name, strlen(name));
	struct vx_volume volume;
	struct vx_buf names = VX_BUF_INIT;
	int n = 0, st = VX_OK;
	for (size_t i = lower_bound(t, hash); st == VX_OK && i < t->n && t->entries[i].hash == hash; i++) {
		st = fetch(v, t->entries[i].place, &volume, &names, err);
		if (st != VX_OK || strcmp(t == &v->by_name ? volume.identifier : volume.parent, name) != 0 ||
			said_again(v, volume.identifier, t->entries[i].place))
			continue;
		see(arg, &volume);
		n++;
	}
	vx_buf_free(&names);
	return st != VX_OK ? st : n;
}

int vx_volumes_named(
	const struct vx_volumes *v, const char *identifier, vx_volumes_see *see, void *arg, struct vx_error *err)
{
	return look_up(v, &v->by_name, identifier, see, arg, err);
}

int vx_volumes_of(const struct vx_volumes *v, const char *parent, vx_volumes_see *see, void *arg, struct vx_error *err)
{
	return look_up(v, &v->by_parent, parent, see, arg, err);
}
