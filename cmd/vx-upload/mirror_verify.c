/* mirror_verify: --mirror with --verify. A folder tree and the store's list side by side -> a record a file, and one an object
 * that only the store has; and what is said of each. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mirror.h"
#include "vx_http.h"

static void add_gap(struct mirror *m)
{
	if (m->n_gaps == m->gap_room) {
		m->gap_room = m->gap_room ? m->gap_room * 2 : 16;
		m->gap_keys = vx_realloc(m->gap_keys, m->gap_room * sizeof(*m->gap_keys));
	}
	m->gap_keys[m->n_gaps++] = mirror_key(m, m->ahead.rel);
	m->gaps = true;
}

/* Whether key is a gap's (*own), or below one. Gaps that keys have gone past are forgotten. */
static bool in_gap(struct mirror *m, const char *key, bool *own)
{
	bool in = false;
	size_t kept = 0;
	*own = false;
	for (size_t i = 0; i < m->n_gaps; i++) {
		char *gap = m->gap_keys[i];
		const size_t len = strlen(gap), n = len - (len > 0 && gap[len - 1] == '/');
		const bool starts = strncmp(key, gap, n) == 0;
		in = in || (starts && (key[n] == '/' || key[n] == '\0'));
		*own = *own || (starts && key[n] == '\0');
		/* "a/b" may come behind "a-b". */
		if (starts || strcmp(key, gap) < 0)
			m->gap_keys[kept++] = gap;
		else
			free(gap);
	}
	m->n_gaps = kept;
	return in;
}

/* The record of the list's present entry, which the tree does not have; false: it is none that counts. */
static bool add_extra(struct mirror *m, struct vx_json *record)
{
	bool own;
	const bool gap = in_gap(m, m->at.key, &own);
	struct vx_buf escaped = VX_BUF_INIT;
	if (own || !mirror_has_room_for(m, m->at.key))
		return false;
	vx_url_escape(&escaped, m->at.key, strlen(m->at.key), true); /* a key of a folder may be no UTF-8 */
	vx_json_set_str(record, "_extra", escaped.data);
	vx_json_set_bool(record, "_gap", gap);
	vx_buf_free(&escaped);
	return true;
}

static int next_file(struct mirror *m, struct vx_error *err)
{
	if (m->has_ahead || m->ended)
		return VX_OK;
	const int status = vx_tree_next(m->tree, &m->ahead, err);
	m->has_ahead = status == 1;
	m->ended = status == 0;
	return status < 0 ? status : VX_OK;
}

/* Takes what comes first of the two sides. *made: the record is filled in. */
static int step(struct mirror *m, struct vx_json *record, bool *made, struct vx_error *err)
{
	char *key = m->has_ahead ? mirror_key(m, m->ahead.rel) : NULL;
	const bool problem = m->has_ahead && m->ahead.problem;
	const int order = problem || !m->has_at ? 1 : !key ? -1 : strcmp(m->at.key, key);
	*made = true;
	free(key);
	if (order < 0)
		*made = add_extra(m, record);
	else {
		mirror_add_path(m, m->ahead.rel, record);
		if (problem) {
			vx_json_set_str(record, "_problem", m->ahead.problem);
			add_gap(m);
		}
		m->has_ahead = false;
	}
	return order <= 0 ? mirror_advance(m, err) : VX_OK;
}

int mirror_verify_source(struct vx_buf *line, void *arg, struct vx_error *err)
{
	struct mirror *m = ((struct upload *)arg)->mirror;
	int status = m->files++ == 0 ? mirror_advance(m, err) : VX_OK;
	bool made = false;
	while (status == VX_OK && !made) {
		status = next_file(m, err);
		if (status != VX_OK || (m->ended && !m->has_at))
			return status;
		struct vx_json *record = vx_json_object();
		status = step(m, record, &made, err);
		if (made)
			vx_json_print(record, line);
		vx_json_free(record);
	}
	return status == VX_OK ? 1 : status;
}

static int verify_extra(struct upload *o, struct vx_record *rec, const char *escaped, struct vx_error *err)
{
	bool gap = false;
	char *url = vx_asprintf("file:///%s", escaped), *key = vx_file_url_path(url);
	struct vx_buf object = VX_BUF_INIT;
	vx_json_get_bool(rec->json, "_gap", &gap);
	verify_line(o, rec, gap ? VERIFY_UNTOLD : VERIFY_THERE, key + 1);
	vx_store_object_url(o->store, key + 1, &object);
	vx_error_at(err, object.data, 0);
	vx_buf_free(&object);
	free(key);
	free(url);
	return vx_error_set(err, VX_EREJECT, NULL,
		gap ? "is in the store, and its folder here cannot be read" : "is in the store only");
}

int mirror_verify_record(struct vx_record *rec, void *worker, void *arg, struct vx_error *err)
{
	struct upload *o = arg;
	const char *extra = vx_json_str(rec->json, "_extra"), *problem = vx_json_str(rec->json, "_problem");
	if (extra)
		return verify_extra(o, rec, extra, err);
	char *path = mirror_path(rec->json), *key = mirror_key(o->mirror, path + strlen(o->mirror->root) + 1);
	if (!problem && vx_json_has(rec->json, "path_raw") && strncasecmp(o->to, "s3:", 3) == 0)
		problem = "its name is not UTF-8, as S3 keys are";
	const int status = verify_path(o, rec, worker, key, path, problem, err);
	free(key);
	free(path);
	return status;
}
