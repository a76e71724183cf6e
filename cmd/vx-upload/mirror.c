/* mirror: a folder tree and the store's list side by side -> a record a file, which is put; the map of paths to URLs.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mirror.h"
#include "vx_http.h"
#include "vx_utf8.h"

/* Objects in a row that are not ours: then the list costs more than it tells. */
enum { STRANGERS_MAX = 4000 };

static bool filter_new(struct mirror_filter *f, const struct upload *o, struct vx_error *err)
{
	f->excludes = vx_globs_new(o->excludes.list, o->excludes.n, err);
	f->includes = f->excludes ? vx_globs_new(o->includes.list, o->includes.n, err) : NULL;
	return f->includes != NULL;
}

static void filter_free(struct mirror_filter *f)
{
	vx_globs_free(f->excludes);
	vx_globs_free(f->includes);
}

static bool included(struct mirror_filter *f, const char *path)
{
	return !vx_globs_any(f->includes) || vx_globs_match_path(f->includes, path);
}

/* A folder that --include does not name may still hold files that it names. */
static bool wanted(void *arg, const char *rel, size_t rel_len, const char *name, size_t len, enum vx_entry_type type)
{
	struct mirror_filter *f = arg;
	if (vx_globs_match(f->excludes, rel, rel_len, name, len, type == VX_ENTRY_FOLDER))
		return false;
	if (type == VX_ENTRY_FOLDER || !vx_globs_any(f->includes))
		return true;
	char *path = vx_asprintf("%.*s%.*s", (int)rel_len, rel, (int)len, name);
	const bool is = included(f, path);
	free(path);
	return is;
}

/* A store inside the tree would be mirrored into itself. */
static int check_apart(const struct mirror *m, struct vx_error *err)
{
	char *to = vx_file_url_path(m->o->to), *real = to ? realpath(to, NULL) : NULL;
	const char *path = real ? real : to;
	const size_t n = strlen(m->root);
	const bool inside = path && strncmp(path, m->root, n) == 0 && (path[n] == '/' || path[n] == '\0');
	free(real);
	free(to);
	return inside ? vx_error_set(err, VX_EUSAGE, NULL, "--to %s is inside of --mirror %s", m->o->to, m->o->tree)
		      : VX_OK;
}

static int open_root(struct mirror *m, struct vx_error *err)
{
	m->root = realpath(m->o->tree, NULL);
	if (!m->root) {
		const int status = vx_error_errno(err, VX_EIO, NULL, "cannot be opened");
		vx_error_at(err, m->o->tree, 0);
		return status;
	}
	if (strcmp(m->root, "/") == 0)
		m->root[0] = '\0';
	return check_apart(m, err);
}

/* What only the store has is known from the list alone. */
static bool needs_list(const struct mirror *m)
{
	return m->extras || m->o->verify;
}

struct mirror *mirror_new(struct upload *o, struct vx_error *err)
{
	struct mirror *m = vx_alloc(sizeof(*m));
	m->o = o;
	int status = open_root(m, err);
	if (status == VX_OK && (!filter_new(&m->walk, o, err) || !filter_new(&m->keys, o, err)))
		status = VX_EUSAGE;
	if (status == VX_OK && o->delete_extra && !(m->extras = extras_new(o, err)))
		status = VX_EIO;
	if (status != VX_OK) {
		mirror_free(m);
		return NULL;
	}
	m->tree = vx_tree_new(
		&(struct vx_tree_options){ .path = o->tree, .wanted = wanted, .arg = &m->walk, .follow = o->follow });
	/* A folder is looked into in no more time than it is listed. */
	if (needs_list(m) || strncasecmp(o->to, "s3:", 3) == 0)
		m->list = vx_store_list_new(o->store, o->group, NULL);
	return m;
}

void mirror_free(struct mirror *m)
{
	if (!m)
		return;
	vx_tree_free(m->tree);
	while (m->n_gaps > 0)
		free(m->gap_keys[--m->n_gaps]);
	free(m->gap_keys);
	vx_store_list_free(m->list);
	extras_free(m->extras);
	filter_free(&m->walk);
	filter_free(&m->keys);
	free(m->root);
	free(m);
}

/* Keys that end in a slash are what consoles make of folders. */
bool mirror_has_room_for(struct mirror *m, const char *key)
{
	const char *rel = key + (m->o->group ? strlen(m->o->group) + 1 : 0);
	return rel[0] != '\0' && rel[strlen(rel) - 1] != '/' && !vx_globs_match_path(m->keys.excludes, rel) &&
	       included(&m->keys, rel);
}

/* Of the list's present entry, which the tree does not have. */
static int stranger(struct mirror *m, struct vx_error *err)
{
	m->strangers++;
	return m->extras && mirror_has_room_for(m, m->at.key) ? extras_add(m->extras, m->at.key, err) : VX_OK;
}

/* The list is given up where nothing hangs on it: then the store is asked file by file. */
int mirror_advance(struct mirror *m, struct vx_error *err)
{
	const int status =
		m->strangers > STRANGERS_MAX && !needs_list(m) ? VX_EREJECT : vx_store_list_next(m->list, &m->at, err);
	m->has_at = status == 1;
	if (status >= 0 || needs_list(m))
		return status < 0 ? status : VX_OK;
	vx_store_list_free(m->list);
	m->list = NULL;
	return VX_OK;
}

/* Moves the list up to key (NULL: to its end). *there: its present entry is key's. */
static int seek_key(struct mirror *m, const char *key, bool *there, struct vx_error *err)
{
	int order = -1, status = VX_OK;
	*there = false;
	while (status == VX_OK && m->has_at && (!key || (order = strcmp(m->at.key, key)) < 0)) {
		status = stranger(m, err);
		if (status == VX_OK)
			status = mirror_advance(m, err);
	}
	*there = status == VX_OK && m->has_at && order == 0;
	return status;
}

/* What the list says of a key: {"size","etag"}, false where there is no such object; nothing where it is not known. */
static int add_listed(struct mirror *m, const char *key, struct vx_json *record, struct vx_error *err)
{
	bool there;
	int status = seek_key(m, key, &there, err);
	if (status != VX_OK || !m->list)
		return status;
	if (!there) {
		vx_json_set_bool(record, "_listed", false);
		return VX_OK;
	}
	struct vx_json *listed = vx_json_object();
	vx_json_set_int(listed, "size", (int64_t)m->at.size);
	vx_json_set_str(listed, "etag", m->at.etag);
	vx_json_set(record, "_listed", listed);
	m->strangers = 0;
	return mirror_advance(m, err);
}

void mirror_add_path(const struct mirror *m, const char *rel, struct vx_json *record)
{
	char *path = vx_asprintf("%s/%s", m->root, rel);
	struct vx_buf text = VX_BUF_INIT, raw = VX_BUF_INIT;
	if (!vx_utf8_lossy(&text, path, strlen(path))) {
		vx_url_escape(&raw, path, strlen(path), true);
		vx_json_set_str(record, "path_raw", raw.data);
	}
	vx_json_set_str(record, "path", text.data);
	vx_buf_free(&raw);
	vx_buf_free(&text);
	free(path);
}

char *mirror_key(const struct mirror *m, const char *rel)
{
	const char *group = m->o->group;
	return vx_asprintf("%s%s%s", group ? group : "", group ? "/" : "", rel);
}

static int read_list(struct mirror *m, struct vx_error *err)
{
	const bool first = m->list && !m->has_at && m->files == 0 && !m->gaps;
	return first ? mirror_advance(m, err) : VX_OK;
}

/* The tree is at its end: so must the list be, before anything is deleted. */
static int read_rest(struct mirror *m, struct vx_error *err)
{
	bool there;
	const int status = m->extras ? seek_key(m, NULL, &there, err) : VX_OK;
	m->whole = status == VX_OK;
	return status;
}

int mirror_source(struct vx_buf *line, void *arg, struct vx_error *err)
{
	struct mirror *m = ((struct upload *)arg)->mirror;
	struct vx_tree_entry e;
	int status = read_list(m, err);
	if (status == VX_OK)
		status = vx_tree_next(m->tree, &e, err);
	if (status == 0)
		return read_rest(m, err);
	if (status < 0)
		return status;
	struct vx_json *record = vx_json_object();
	mirror_add_path(m, e.rel, record);
	status = VX_OK;
	if (e.problem) {
		m->gaps = true;
		vx_json_set_str(record, "_problem", e.problem);
	} else {
		char *key = mirror_key(m, e.rel);
		m->files++;
		status = add_listed(m, key, record, err);
		free(key);
	}
	vx_json_print(record, line);
	vx_json_free(record);
	return status == VX_OK ? 1 : status;
}

char *mirror_path(const struct vx_json *record)
{
	const char *raw = vx_json_str(record, "path_raw");
	char *url = raw ? vx_asprintf("file://%s", raw) : NULL;
	char *path = url ? vx_file_url_path(url) : vx_strdup(vx_json_str(record, "path"));
	free(url);
	return path;
}

static void tell_listed(struct vx_store_conn *conn, const struct vx_json *record)
{
	const struct vx_json *said = vx_json_get(record, "_listed");
	struct vx_store_listed listed = { .etag = "" };
	int64_t size = 0;
	if (vx_json_type(said) == VX_OBJECT) {
		vx_json_get_int(said, "size", &size);
		listed = (struct vx_store_listed){ true, (uint64_t)size, vx_json_str(said, "etag") };
	}
	vx_store_listed(conn, said ? &listed : NULL);
}

static void emit_map(struct vx_record *rec, const char *url, const struct vx_stored *stored)
{
	struct vx_json *line = vx_json_object();
	vx_json_set_str(line, "path", vx_json_str(rec->json, "path"));
	if (vx_json_has(rec->json, "path_raw"))
		vx_json_set_str(line, "path_raw", vx_json_str(rec->json, "path_raw"));
	vx_json_set_str(line, "url", url);
	vx_json_set_int(line, "size", (int64_t)stored->size);
	vx_json_set_str(line, "sha256", stored->sha256);
	vx_json_set_str(line, "status", upload_status_names[stored->how]);
	vx_emit(rec, line);
	vx_json_free(line);
}

int mirror_record(struct vx_record *rec, void *worker, void *arg, struct vx_error *err)
{
	struct upload *o = arg;
	const struct mirror *m = o->mirror;
	const char *problem = vx_json_str(rec->json, "_problem");
	if (problem)
		return vx_error_set(err, VX_EREJECT, NULL, "%s", problem);
	if (vx_json_has(rec->json, "path_raw") && strncasecmp(o->to, "s3:", 3) == 0)
		return vx_error_set(err, VX_EREJECT, NULL, "its name is not UTF-8, as S3 keys are");
	char *path = mirror_path(rec->json);
	char *key = mirror_key(m, path + strlen(m->root) + 1);
	struct vx_stored stored;
	struct vx_buf url = VX_BUF_INIT;
	int status = put_phi(o, rec, "path", path, err);
	if (status == VX_OK) {
		tell_listed(worker, rec->json);
		status = put_file(o, rec, worker, "path", path, key, NULL, &stored, err);
	}
	if (status == VX_OK) {
		vx_store_object_url(o->store, key, &url);
		emit_map(rec, url.data, &stored);
	}
	if (status != VX_OK && status != VX_EREJECT)
		vx_provenance(rec->json, err);
	vx_buf_free(&url);
	free(key);
	free(path);
	return status;
}

int mirror_finish(struct vx_job *job, void *arg, struct vx_error *err)
{
	const struct upload *o = arg;
	const struct mirror *m = o->mirror;
	if (!m->extras || !m->whole) /* the reason has been told */
		return VX_OK;
	if (!m->gaps && m->files > 0)
		return extras_delete(m->extras, job, err);
	vx_warn_job(job, NULL,
		m->gaps ? "not all of the folder could be read: nothing is deleted"
			: "the folder holds no file: nothing is deleted");
	return VX_OK;
}

void mirror_summary(const struct mirror *m, struct vx_buf *b)
{
	if (m)
		extras_summary(m->extras, b);
}
