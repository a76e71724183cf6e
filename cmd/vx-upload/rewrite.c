/* rewrite: paths -> the URLs that a mirror gave them (--rewrite), or that they have by agreement (--map-root); no request.
 * SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "upload.h"
#include "vx_hash.h"
#include "vx_http.h"
#include "vx_spill.h"

/* Where the map has a path: the file itself keeps path and URL, so that a line needs 16 to 43 bytes of memory. */
struct place {
	uint64_t path; /* hash; 0: free */
	uint64_t at;   /* offset of the line */
};

struct root {
	char *from;  /* normal, without a slash at its end */
	char *to;    /* URL without a slash at its end */
	bool escape; /* file:// and https:// are percent-encoded, s3:// is not */
};

struct rewrite {
	char *cwd;
	FILE *map; /* NULL: none; a copy where it was a pipe */
	char *map_name;
	struct place *places;
	size_t size, used;
	pthread_mutex_t lock; /* of map */
	struct root roots[ROOTS_MAX];
	size_t n_roots;
};

/* An absolute path without "//", "." and "..", as a text: nothing is looked up. To be freed. */
static char *normal(const char *cwd, const char *path)
{
	char *whole = path[0] == '/' ? vx_strdup(path) : vx_asprintf("%s/%s", cwd, path);
	char *out = vx_alloc(strlen(whole) + 2);
	size_t n = 0;
	for (const char *s = whole; *s;) {
		s += strspn(s, "/");
		const size_t len = strcspn(s, "/");
		if (len == 2 && memcmp(s, "..", 2) == 0) {
			while (n > 0 && out[--n] != '/')
				;
		} else if (len > 0 && !(len == 1 && *s == '.')) {
			out[n++] = '/';
			memcpy(out + n, s, len);
			n += len;
		}
		s += len;
	}
	out[n] = '\0';
	free(whole);
	return out;
}

/* The line of the map that begins at an offset. False at its end. */
static bool line_at(struct rewrite *r, uint64_t at, char **line, size_t *cap, ssize_t *len)
{
	if (fseeko(r->map, (off_t)at, SEEK_SET) != 0)
		return false;
	*len = getline(line, cap, r->map);
	return *len > 0;
}

/* Parses a line of the map. Out: path is its own or NULL. */
static int parse(const struct rewrite *r, const char *line, ssize_t len, struct vx_json **json, char **path,
	struct vx_error *err)
{
	size_t n = (size_t)len;
	*path = NULL;
	while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
		n--;
	int status = vx_json_parse(line, n, json, err);
	if (status != VX_OK)
		return status;
	const char *raw = vx_json_str(*json, "path_raw"), *text = vx_json_str(*json, "path");
	char *url = raw ? vx_asprintf("file://%s", raw) : NULL;
	char *given = url ? vx_file_url_path(url) : text ? vx_strdup(text) : NULL;
	if (given && *given && vx_json_str(*json, "url"))
		*path = normal(r->cwd, given);
	const char *became = vx_json_str(*json, "status");
	const bool deleted = !given && became && strcmp(became, "deleted") == 0;
	free(given);
	free(url);
	if (*path)
		return VX_OK;
	vx_json_free(*json);
	*json = NULL;
	if (deleted) /* a mirror tells what it deleted in the same list */
		return VX_OK;
	return vx_error_set(err, VX_EREJECT, NULL, "has no path with its url: no map");
}

/* Whether the line of a place is about path; then *json takes it. */
static bool is_about(struct rewrite *r, const struct place *p, const char *path, struct vx_json **json)
{
	char *line = NULL, *theirs = NULL;
	size_t cap = 0;
	ssize_t len;
	bool same = false;
	if (line_at(r, p->at, &line, &cap, &len) && parse(r, line, len, json, &theirs, NULL) == VX_OK && theirs) {
		same = strcmp(theirs, path) == 0;
		if (!same)
			vx_json_free(*json);
	}
	free(theirs);
	free(line);
	return same;
}

/* The place of a path, or the free one where it would be. *json: its line, NULL where there is none. */
static struct place *find(struct rewrite *r, const char *path, uint64_t hash, struct vx_json **json)
{
	size_t i = (size_t)hash & (r->size - 1);
	for (*json = NULL; r->places[i].path; i = (i + 1) & (r->size - 1))
		if (r->places[i].path == hash && is_about(r, &r->places[i], path, json))
			break;
	return &r->places[i];
}

static uint64_t hash_of(const char *path)
{
	const uint64_t hash = vx_hash64(path, strlen(path));
	return hash ? hash : 1;
}

static void grow(struct rewrite *r)
{
	const struct place *old = r->places;
	const size_t was = r->size;
	r->size = was ? was * 2 : 1024;
	r->places = vx_alloc(r->size * sizeof(*r->places));
	for (size_t i = 0; i < was; i++) {
		size_t at = (size_t)old[i].path & (r->size - 1);
		while (old[i].path && r->places[at].path)
			at = (at + 1) & (r->size - 1);
		if (old[i].path)
			r->places[at] = old[i];
	}
	free((void *)old);
}

/* The newest line about a path counts. */
static void add(struct rewrite *r, const char *path, uint64_t at)
{
	struct vx_json *json;
	if (r->used * 4 >= r->size * 3)
		grow(r);
	const uint64_t hash = hash_of(path);
	struct place *p = find(r, path, hash, &json);
	vx_json_free(json);
	r->used += p->path == 0;
	*p = (struct place){ hash, at };
}

/* What cannot be gone back in is copied to a file without a name first. */
static int open_map(struct rewrite *r, const char *name, struct vx_error *err)
{
	FILE *in = strcmp(name, "-") == 0 ? stdin : fopen(name, "re");
	char block[1 << 16];
	size_t n;
	int status = VX_OK;
	r->map = in;
	if (!in || fseeko(in, 0, SEEK_SET) == 0)
		return in ? VX_OK : vx_error_errno(err, VX_EIO, NULL, "cannot be opened");
	int fd = vx_temp_open(err);
	while (fd >= 0 && status == VX_OK && (n = fread(block, 1, sizeof(block), in)) > 0)
		status = vx_write_all(fd, block, n, err);
	if (in != stdin)
		fclose(in);
	r->map = fd < 0 ? NULL : fdopen(fd, "r");
	return fd < 0 ? VX_EIO : status;
}

static int load(struct rewrite *r, struct vx_error *err)
{
	char *line = NULL, *path;
	size_t cap = 0;
	ssize_t len;
	uint64_t at = 0;
	long row = 0;
	int status = VX_OK;
	grow(r);
	/* find() moves in the file. */
	while (status == VX_OK && line_at(r, at, &line, &cap, &len)) {
		struct vx_json *json = NULL;
		row++;
		if (strspn(line, " \t\r\n") < (size_t)len)
			status = parse(r, line, len, &json, &path, err);
		if (status == VX_OK && json)
			add(r, path, at);
		if (status == VX_OK && json)
			free(path);
		vx_json_free(json);
		at += (uint64_t)len;
	}
	free(line);
	if (status == VX_OK && ferror(r->map))
		status = vx_error_errno(err, VX_EIO, NULL, "cannot be read");
	if (status == VX_EREJECT)
		err->status = status = VX_EDATA;
	if (status != VX_OK)
		vx_error_at(err, r->map_name, row);
	return status;
}

/* "/data=s3://bucket/prefix" */
static int add_root(struct rewrite *r, const char *text, struct vx_error *err)
{
	const char *is = strstr(text, "=s3://"), *scheme = "s3";
	static const char *const others[] = { "=file:///", "=https://", "=http://" };
	for (size_t i = 0; !is && i < 3; i++) {
		is = strstr(text, others[i]);
		scheme = "";
	}
	if (!is || is == text || (scheme[0] && is[6] == '\0'))
		return vx_error_set(err, VX_EUSAGE, NULL, "--map-root: '%s' is no /folder=s3://bucket/prefix", text);
	char *from = vx_strndup(text, (size_t)(is - text));
	struct root *root = &r->roots[r->n_roots++];
	root->from = normal(r->cwd, from);
	root->to = vx_strdup(is + 1);
	root->escape = scheme[0] == '\0';
	for (size_t n = strlen(root->to); n > 0 && root->to[n - 1] == '/';)
		root->to[--n] = '\0';
	free(from);
	return VX_OK;
}

struct rewrite *rewrite_new(const char *map, const char *const *roots, size_t n, struct vx_error *err)
{
	struct rewrite *r = vx_alloc(sizeof(*r));
	int status = VX_OK;
	pthread_mutex_init(&r->lock, NULL);
	r->cwd = getcwd(NULL, 0);
	if (!r->cwd)
		r->cwd = vx_strdup("");
	for (size_t i = 0; status == VX_OK && i < n; i++)
		status = add_root(r, roots[i], err);
	if (status == VX_OK && map) {
		r->map_name = vx_strdup(map);
		status = open_map(r, map, err);
		if (status != VX_OK)
			vx_error_at(err, map, 0);
		else
			status = load(r, err);
	}
	if (status == VX_OK)
		return r;
	rewrite_free(r);
	return NULL;
}

void rewrite_free(struct rewrite *r)
{
	if (!r)
		return;
	if (r->map && r->map != stdin)
		fclose(r->map);
	for (size_t i = 0; i < r->n_roots; i++) {
		free(r->roots[i].from);
		free(r->roots[i].to);
	}
	pthread_mutex_destroy(&r->lock);
	free(r->places);
	free(r->map_name);
	free(r->cwd);
	free(r);
}

/* The URL out of the map. False: it has none. */
static bool by_map(struct rewrite *r, const char *path, struct leaf *leaf)
{
	struct vx_json *json = NULL;
	if (!r->map)
		return false;
	pthread_mutex_lock(&r->lock);
	find(r, path, hash_of(path), &json);
	pthread_mutex_unlock(&r->lock);
	if (!json)
		return false;
	const char *sha256 = vx_json_str(json, "sha256");
	vx_buf_puts(&leaf->url, vx_json_str(json, "url"));
	if (sha256 && strlen(sha256) == 64)
		snprintf(leaf->stored.sha256, sizeof(leaf->stored.sha256), "%s", sha256);
	vx_json_free(json);
	return true;
}

/* The URL below the longest root that the path is below. */
static bool by_root(const struct rewrite *r, const char *path, struct leaf *leaf)
{
	const struct root *best = NULL;
	size_t most = 0;
	for (size_t i = 0; i < r->n_roots; i++) {
		const size_t n = strlen(r->roots[i].from);
		if (strncmp(path, r->roots[i].from, n) != 0 || (path[n] != '/' && path[n] != '\0') ||
			(best && n < most))
			continue;
		best = &r->roots[i];
		most = n;
	}
	if (!best)
		return false;
	vx_buf_puts(&leaf->url, best->to);
	if (best->escape)
		vx_url_escape(&leaf->url, path + most, strlen(path + most), true);
	else
		vx_buf_puts(&leaf->url, path + most);
	return true;
}

int rewrite_leaf(struct rewrite *r, struct leaf *leaf, struct vx_error *err)
{
	char *path = normal(r->cwd, leaf->path);
	int status = VX_OK;
	if (!by_map(r, path, leaf) && !by_root(r, path, leaf))
		status = vx_error_set(err, VX_EREJECT, leaf->where, "%s: %s", path,
			r->map ? "the map has no URL for it" : "is below no --map-root");
	else if (!vx_utf8_valid(leaf->url.data, leaf->url.len))
		status = vx_error_set(err, VX_EREJECT, leaf->where, "its name is not UTF-8, and no URL");
	free(path);
	return status;
}
