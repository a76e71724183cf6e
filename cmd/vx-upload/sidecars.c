/* sidecars: a JSON sidecar -> the bytes of its cleaned copy; the names of the keys that stayed behind, for the summary.
 * SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "upload.h"
#include "vx_sidecar.h"
#include "vx_source.h"
#include "vx_store_key.h"

enum { NAMES_MAX = 1000 }; /* a converter knows some hundred keys; more are somebody's data in the place of keys */

struct sidecars {
	struct vx_sidecar_map *map;
	const struct vx_phi *rules;
	pthread_mutex_t lock;
	struct vx_json *names; /* of keys left out: the members of an object */
	bool more;             /* than NAMES_MAX */
	long cleaned;
};

struct sidecars *sidecars_new(const char *allow, const struct vx_phi *rules, struct vx_error *err)
{
	struct vx_sidecar_map *map = vx_sidecar_load(allow, err);
	if (!map)
		return NULL;
	struct sidecars *s = vx_alloc(sizeof(*s));
	s->map = map;
	s->rules = rules;
	s->names = vx_json_object();
	pthread_mutex_init(&s->lock, NULL);
	return s;
}

void sidecars_free(struct sidecars *s)
{
	if (!s)
		return;
	vx_sidecar_map_free(s->map);
	vx_json_free(s->names);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

bool is_sidecar(const char *field, const char *path)
{
	return strcmp(field, "path_json") == 0 || strcasecmp(vx_path_suffix(path), ".json") == 0;
}

/* A key that may stay may still have a text that may not: a name in SeriesDescription. */
static void strip_texts(const struct sidecars *s, struct vx_json *sidecar, struct vx_json *left_out)
{
	struct vx_phi_list list = VX_PHI_LIST_INIT;
	struct vx_json *texts = vx_json_array();
	vx_phi_sidecar(s->rules, sidecar, &list, texts);
	for (size_t i = 0; i < vx_json_size(texts); i++) {
		const char *key = vx_json_text(vx_json_at(texts, i), NULL);
		if (!vx_sidecar_knows(s->map, key))
			continue; /* left out in any case */
		vx_json_push(left_out, vx_json_string(key));
		vx_json_del(sidecar, key);
	}
	vx_json_free(texts);
	vx_phi_list_free(&list);
}

int sidecars_clean(const struct sidecars *s, const char *path, struct vx_buf *text, struct vx_json *left_out,
	bool *latin1, struct vx_error *err)
{
	struct vx_source src;
	struct vx_buf raw = VX_BUF_INIT;
	struct vx_json *sidecar = NULL;
	int status = vx_source_open(&src, path, err);
	if (status != VX_OK)
		return status;
	status = vx_source_read(&src, VX_SIDECAR_MAX, &raw, err);
	vx_source_close(&src);
	if (status == VX_OK && raw.len == 0)
		status = vx_error_set(err, VX_EREJECT, NULL, "empty: 0 bytes");
	if (status == VX_OK)
		status = vx_sidecar_parse(raw.data, raw.len, &sidecar, latin1, err);
	vx_buf_free(&raw);
	if (status != VX_OK)
		return status;
	strip_texts(s, sidecar, left_out);
	vx_sidecar_clean(s->map, sidecar, text, left_out);
	vx_json_free(sidecar);
	return VX_OK;
}

void sidecars_count(struct sidecars *s, const struct vx_json *left_out)
{
	pthread_mutex_lock(&s->lock);
	s->cleaned++;
	for (size_t i = 0; i < vx_json_size(left_out); i++) {
		const char *name = vx_json_text(vx_json_at(left_out, i), NULL);
		if (vx_json_has(s->names, name))
			continue;
		if (vx_json_size(s->names) < NAMES_MAX)
			vx_json_set_bool(s->names, name, true);
		else
			s->more = true;
	}
	pthread_mutex_unlock(&s->lock);
}

void sidecars_summary(struct sidecars *s, struct vx_buf *b)
{
	if (!s || s->cleaned == 0)
		return;
	size_t n = vx_json_size(s->names);
	vx_buf_printf(b, "; sidecars: %ld cleaned, %s%zu %s of keys left out", s->cleaned, s->more ? "more than " : "",
		n, n == 1 ? "kind" : "kinds");
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* How a key may be called, NULL: nobody knows it. */
static const char *name_of(const struct sidecars *s, const char *key)
{
	return vx_sidecar_knows(s->map, key) ? key : vx_phi_key_name(s->rules, key);
}

void sidecars_name(struct sidecars *s)
{
	size_t all = s ? vx_json_size(s->names) : 0, n = 0;
	if (all == 0)
		return;
	const char **names = vx_alloc(all * sizeof(*names));
	struct vx_buf line = VX_BUF_INIT;
	struct vx_json_iter it = vx_json_begin(s->names);
	while (vx_json_next(&it))
		if ((names[n] = name_of(s, it.key)))
			n++;
	qsort(names, n, sizeof(*names), by_name);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || strcmp(names[i - 1], names[i]) != 0)
			vx_buf_printf(&line, "%s%s", line.len ? ", " : "", names[i]);
	/* A key that nobody knows may be a name itself. */
	if (all > n)
		vx_buf_printf(&line, "%s%zu that %s on no list", n ? ", " : "", all - n, all - n == 1 ? "is" : "are");
	vx_say("left out of sidecars: %s%s", line.data, s->more ? ", and more" : "");
	vx_buf_free(&line);
	free(names);
}
