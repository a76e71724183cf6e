/* vx_model: the types of resources, read from the schemas.
 * share/schema/<type>.json -> struct vx_type, in order of rank
 * SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vx_opt.h"
#include "vx_resource.h"

struct vx_model {
	struct vx_type *types;
	size_t n;
};

static int broken(struct vx_error *err, const char *dir, const char *file, const char *field, const char *reason)
{
	char *path = vx_asprintf("%s/%s", dir, file);

	vx_error_at(err, path, 0);
	free(path);
	return vx_error_set(err, VX_EDATA, field, "%s", reason);
}

/* An array of strings as a NULL-terminated list; the strings stay the array's. */
static const char *const *names(const struct vx_json *array)
{
	size_t n = vx_json_size(array), k = 0;
	const char **list = vx_alloc((n + 1) * sizeof(*list));

	for (size_t i = 0; i < n; i++) {
		const char *name = vx_json_text(vx_json_at(array, i), NULL);
		if (name)
			list[k++] = name;
	}
	return list;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct vx_type_field *)a)->name, ((const struct vx_type_field *)b)->name);
}

static void find_defaults(struct vx_type *t, const struct vx_json *properties)
{
	struct vx_type_field *list = vx_alloc((vx_json_size(properties) + 1) * sizeof(*list));
	struct vx_json_iter it = vx_json_begin(properties);

	while (vx_json_next(&it)) {
		const struct vx_json *value = vx_json_get(it.value, "default");
		if (value)
			list[t->ndefaults++] = (struct vx_type_field){ it.key, value };
	}
	qsort(list, t->ndefaults, sizeof(*list), by_name);
	t->defaults = list;
}

static void type_free(struct vx_type *t)
{
	vx_schema_free((struct vx_schema *)(uintptr_t)t->schema);
	free((void *)(uintptr_t)t->name);
	free((void *)(uintptr_t)t->parents);
	free((void *)(uintptr_t)t->refs);
	free((void *)(uintptr_t)t->server);
	free((void *)(uintptr_t)t->defaults);
}

static int type_load(struct vx_model *m, const char *dir, const char *file, struct vx_error *err)
{
	struct vx_schema *schema = vx_schema_load(dir, file, err);

	if (!schema)
		return err->status;
	const struct vx_json *json = vx_schema_json(schema), *x = vx_json_get(json, "x-vx");
	if (!vx_json_str(x, "collection")) { /* common.json: what types share is none */
		vx_schema_free(schema);
		return VX_OK;
	}
	struct vx_type t = { .name = vx_strndup(file, strlen(file) - strlen(".json")), .schema = schema };
	int64_t rank = -1;
	t.collection = vx_json_str(x, "collection");
	t.model = vx_json_str(x, "model");
	t.parents = names(vx_json_get(x, "parents"));
	t.refs = names(vx_json_get(x, "refs"));
	t.server = names(vx_json_get(x, "server"));
	find_defaults(&t, vx_json_get(json, "properties"));
	if (!t.model || !vx_json_get_int(x, "rank", &rank) || rank < 0 || rank > 1000 ||
		!vx_json_get_bool(x, "parent_required", &t.parent_required)) {
		type_free(&t);
		return broken(err, dir, file, "x-vx", "needs model, rank and parent_required");
	}
	t.rank = (int)rank;
	m->types = vx_realloc(m->types, (m->n + 1) * sizeof(*m->types));
	m->types[m->n++] = t;
	return VX_OK;
}

static int by_rank(const void *a, const void *b)
{
	const struct vx_type *x = a, *y = b;

	return x->rank != y->rank ? (x->rank > y->rank) - (x->rank < y->rank) : strcmp(x->name, y->name);
}

static int parents_exist(const struct vx_model *m, const char *dir, struct vx_error *err)
{
	for (size_t i = 0; i < m->n; i++)
		for (const char *const *p = m->types[i].parents; *p; p++) {
			const struct vx_type *parent = vx_model_find(m, *p, strlen(*p));
			if (!parent || parent->rank > m->types[i].rank)
				return broken(err, dir, m->types[i].name, "x-vx.parents",
					"names a type that is none, or one of a higher rank");
		}
	return VX_OK;
}

static int load_all(struct vx_model *m, const char *dir, struct vx_error *err)
{
	DIR *d = opendir(dir);
	int status = VX_OK;

	if (!d) {
		vx_error_at(err, dir, 0);
		return vx_error_errno(err, VX_EIO, NULL, "cannot open the folder of schemas");
	}
	for (struct dirent *e; status == VX_OK && (e = readdir(d));) {
		size_t n = strlen(e->d_name);
		if (e->d_name[0] != '.' && n > 5 && !strcmp(e->d_name + n - 5, ".json"))
			status = type_load(m, dir, e->d_name, err);
	}
	closedir(d);
	if (status != VX_OK)
		return status;
	if (m->n == 0)
		return broken(err, dir, "", NULL, "no schema of a resource type is in this folder");
	qsort(m->types, m->n, sizeof(*m->types), by_rank);
	return parents_exist(m, dir, err);
}

struct vx_model *vx_model_load(struct vx_error *err)
{
	struct vx_error own = VX_ERROR_INIT;
	struct vx_model *m = vx_alloc(sizeof(*m));
	char *common = NULL;

	err = err ? err : &own;
	int status = vx_share_path("schema/common.json", &common, err);
	if (status == VX_OK) {
		*strrchr(common, '/') = '\0';
		status = load_all(m, common, err);
	}
	free(common);
	if (status == VX_OK)
		return m;
	vx_model_free(m);
	return NULL;
}

void vx_model_free(struct vx_model *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->n; i++)
		type_free(&m->types[i]);
	free(m->types);
	free(m);
}

size_t vx_model_types(const struct vx_model *m)
{
	return m->n;
}

const struct vx_type *vx_model_type(const struct vx_model *m, size_t i)
{
	return i < m->n ? &m->types[i] : NULL;
}

const struct vx_type *vx_model_find(const struct vx_model *m, const char *type, size_t len)
{
	for (size_t i = 0; i < m->n; i++)
		if (!strncmp(m->types[i].name, type, len) && m->types[i].name[len] == '\0')
			return &m->types[i];
	return NULL;
}

const struct vx_type *vx_model_collection(const struct vx_model *m, const char *collection)
{
	for (size_t i = 0; i < m->n; i++)
		if (!strcmp(m->types[i].collection, collection))
			return &m->types[i];
	return NULL;
}

const struct vx_type *vx_model_type_of(const struct vx_model *m, const char *identifier)
{
	const char *slash = identifier ? strchr(identifier, '/') : NULL;

	return slash ? vx_model_find(m, identifier, (size_t)(slash - identifier)) : NULL;
}
