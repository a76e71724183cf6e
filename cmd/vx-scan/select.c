/* vx-scan: which files of a folder become records, and what belongs to them. run of files -> records and notes.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vx_hash.h"
#include "vx_placeholder.h"

#include "scan.h"

/* ---- a thread's own state ---- */

static struct compiled *compile(const struct texts *texts)
{
	struct compiled *list = vx_alloc((texts->n + 1) * sizeof *list);
	struct vx_error err = VX_ERROR_INIT;

	for (size_t i = 0; i < texts->n; i++)
		list[i].pattern = vx_pattern_new(texts->list[i], &err); /* checked when the options were read */
	return list;
}

static void free_compiled(struct compiled *list)
{
	for (struct compiled *c = list; c->pattern; c++)
		vx_pattern_free(c->pattern);
	free(list);
}

void *scan_worker_new(void *arg)
{
	struct worker *w = vx_alloc(sizeof *w);
	size_t names = 1;

	w->o = *(struct opts **)arg;
	/* Each thread has patterns of its own: regexec holds a lock for as long as it looks at one. */
	w->patterns = compile(&w->o->patterns);
	w->excludes = vx_globs_new(w->o->excludes.list, w->o->excludes.n, &w->err);
	for (struct compiled *c = w->patterns; c->pattern; c++)
		names = vx_pattern_names(c->pattern) > names ? vx_pattern_names(c->pattern) : names;
	w->start = vx_alloc(names * sizeof *w->start);
	w->end = vx_alloc(names * sizeof *w->end);
	return w;
}

void scan_worker_free(void *worker)
{
	struct worker *w = worker;
	struct vx_buf *bufs[] = { &w->path, &w->rel, &w->text, &w->id, &w->values, &w->root_json, &w->dir_json,
		&w->rel_json, &w->id_dir, &w->name_json };

	for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++)
		vx_buf_free(bufs[i]);
	free_compiled(w->patterns);
	vx_globs_free(w->excludes);
	free(w->start);
	free(w->end);
	free(w);
}

/* ---- names, as a folder is read ---- */

int scan_mark(void *worker, const char *rel, size_t rel_len, const char *name, size_t len, enum vx_entry_type type)
{
	struct worker *w = worker;
	const struct vx_suffix *suffix = vx_suffix_of(name, len);

	if (vx_globs_match(w->excludes, rel, rel_len, name, len, type == VX_ENTRY_FOLDER))
		return -1;
	/* A link or a device that would not be listed if it were a file is nothing to talk about. */
	if (type != VX_ENTRY_FILE && type != VX_ENTRY_FOLDER && suffix && suffix->settles &&
		!(w->o->kinds & 1u << suffix->kind))
		return -1;
	return (int)vx_suffix_index(suffix);
}

/* ---- who belongs together ---- */

static const char *suffix_of(const struct vx_entry *e)
{
	return e->mark ? vx_suffix_at(e->mark)->text : "";
}

static bool is_image_file(const struct vx_folder *f, const struct vx_entry *e, int dirfd)
{
	const struct vx_suffix *s = vx_suffix_at(e->mark);
	enum vx_kind kind;

	if (e->type != VX_ENTRY_FILE || (s && s->kind != VX_KIND_NIFTI))
		return false;
	return (s && s->settles) ||
	       (vx_sniff_at(dirfd, vx_entry_name(f, e), &kind, NULL) == VX_OK && scan_is_image(kind));
}

/* Takes one neighbour into the group; first come, first kept. */
static void join(struct group *g, const struct vx_folder *f, size_t at, size_t i, int dirfd)
{
	const struct vx_entry *e = &f->entries[i];
	const struct vx_suffix *s = vx_suffix_at(e->mark);
	long *place = NULL;

	if (!s || e->type != VX_ENTRY_FILE)
		return;
	if (s->kind == VX_KIND_JSON)
		place = &g->json;
	else if (s->kind == VX_KIND_BVAL)
		place = &g->bval;
	else if (s->kind == VX_KIND_BVEC)
		place = &g->bvec;
	else if (s->kind == VX_KIND_IMG && strncmp(suffix_of(&f->entries[at]), ".hdr", 4) == 0)
		place = &g->img;
	else if (is_image_file(f, e, dirfd))
		g->twin = true;
	if (place && *place < 0)
		*place = (long)i;
}

/* The entry that is called exactly name[0..len), -1: there is none. */
static long entry_called(const struct vx_folder *f, const char *name, size_t len)
{
	size_t low = 0, high = f->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const char *other = vx_entry_name(f, &f->entries[mid]);
		int order = strncmp(other, name, len);
		if (order == 0)
			order = other[len] != '\0';
		if (order == 0)
			return (long)mid;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return -1;
}

struct group scan_group(const struct vx_folder *f, size_t at, size_t stem, int dirfd)
{
	struct group g = { -1, -1, -1, -1, false };
	const char *name = vx_entry_name(f, &f->entries[at]);
	long named;
	size_t i;

	/* "stem." is a prefix of a run of names that stand together, this one among them. */
	for (i = at; i > 0 && strncmp(vx_entry_name(f, &f->entries[i - 1]), name, stem + 1) == 0; i--)
		;
	for (; i < f->count && strncmp(vx_entry_name(f, &f->entries[i]), name, stem + 1) == 0; i++) {
		const struct vx_entry *e = &f->entries[i];
		if (i != at && e->len == stem + strlen(suffix_of(e)))
			join(&g, f, at, i, dirfd);
	}
	/* An image that is called like the stem alone would get the same name. */
	named = entry_called(f, name, stem);
	g.twin |= named >= 0 && is_image_file(f, &f->entries[named], dirfd);
	return g;
}

static bool has_header_beside(const struct vx_folder *f, size_t at, size_t stem)
{
	const char *name = vx_entry_name(f, &f->entries[at]);

	for (size_t i = at; i-- > 0 && strncmp(vx_entry_name(f, &f->entries[i]), name, stem + 1) == 0;)
		if (f->entries[i].len == stem + strlen(suffix_of(&f->entries[i])) &&
			strncmp(suffix_of(&f->entries[i]), ".hdr", 4) == 0)
			return true;
	return false;
}

/* ---- one file ---- */

static void note(struct worker *w, struct vx_walk_out *out, char level, const char *reason)
{
	vx_walk_note(out, level, w->rel.data, reason);
}

static void note_errno(struct worker *w, struct vx_walk_out *out, const char *what)
{
	char text[256], buf[128];

	if (errno == ENOENT)
		snprintf(text, sizeof text, "vanished during the scan");
	else
		snprintf(text, sizeof text, "%s: %s", what, strerror_r(errno, buf, sizeof buf));
	note(w, out, 'r', text);
}

/* How much of a path and a pattern agree: the depth first, then their ends. Only ever compared. */
static long nearness(const char *pattern, const char *path)
{
	size_t n = strlen(pattern), m = strlen(path), head = 0, tail = 0;
	long depth = 0;

	if (!strstr(pattern, "**")) {
		for (const char *p = pattern; *p; p++)
			depth += *p == '/';
		for (const char *p = path; *p; p++)
			depth -= *p == '/';
	}
	while (head < n && head < m && pattern[head] == path[head])
		head++;
	while (tail < n - head && tail < m - head && pattern[n - 1 - tail] == path[m - 1 - tail])
		tail++;
	return (long)(head + tail) - 1000 * labs(depth);
}

static void explain(struct worker *w, struct vx_walk_out *out)
{
	const struct compiled *nearest = w->patterns;
	struct vx_buf why = VX_BUF_INIT;

	for (const struct compiled *c = w->patterns; c->pattern; c++)
		if (nearness(vx_pattern_text(c->pattern), w->rel.data) >
			nearness(vx_pattern_text(nearest->pattern), w->rel.data))
			nearest = c;
	vx_buf_printf(&why, "matches no pattern; nearest is '%s': ", vx_pattern_text(nearest->pattern));
	vx_pattern_explain(nearest->pattern, w->rel.data, &why);
	note(w, out, 'e', why.data);
	vx_buf_free(&why);
}

/* The first pattern that matches; false: there are patterns, and none does. */
static bool match(struct worker *w, struct found *x)
{
	for (const struct compiled *c = w->patterns; c->pattern; c++) {
		if (vx_pattern_match_at(c->pattern, w->rel.data, w->start, w->end)) {
			x->match = c;
			return true;
		}
	}
	return !w->patterns->pattern;
}

static bool later(struct timespec a, struct timespec b)
{
	return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
}

/* The time of the last change of the file or what belongs to it: a new sidecar makes a new record. */
static struct timespec last_change(const struct found *x)
{
	const long parts[] = { x->group.json, x->group.bval, x->group.bvec, x->group.img };
	struct timespec last = x->st.st_mtim;
	struct stat st;

	for (size_t i = 0; i < 4; i++)
		if (parts[i] >= 0 &&
			fstatat(x->dirfd, vx_entry_name(x->folder, &x->folder->entries[parts[i]]), &st,
				x->folder->stat_flags) == 0 &&
			later(st.st_mtim, last))
			last = st.st_mtim;
	return last;
}

static bool in_time(const struct worker *w, const struct found *x, struct vx_walk_out *out)
{
	const struct opts *o = w->o;
	struct timespec last;

	if (!o->has_newer && o->quiet_for <= 0)
		return true;
	last = last_change(x);
	if (o->has_newer && !later(last, o->newer)) {
		out->counts[COUNT_OLD]++;
		return false;
	}
	if (o->quiet_for > 0 && (double)last.tv_sec + (double)last.tv_nsec / 1e9 > o->started - o->quiet_for) {
		out->counts[COUNT_YOUNG]++;
		return false;
	}
	return true;
}

static bool hash(struct worker *w, struct found *x, struct vx_walk_out *out)
{
	vx_buf_clear(&w->path);
	vx_buf_printf(&w->path, "%s/%s", x->folder->root, w->rel.data);
	if (vx_sha256_file(w->path.data, x->sha256, NULL, &w->err) == VX_OK)
		return true;
	note(w, out, 'r', w->err.reason);
	return false;
}

/* Whether the file is of this part: by its path, or by what --shard-by makes of it. A file that matches no pattern, or has
 * no value for the template, counts by its path: whatever is said of it is said by one part. */
static bool in_shard(struct worker *w, const struct found *x)
{
	const struct vx_buf *key = &w->rel;

	if (w->o->shard_by && (x->match || !w->patterns->pattern)) {
		vx_buf_clear(&w->text);
		if (scan_expand(w, x, w->o->shard_by, false, &w->text, &w->err) == VX_OK && w->text.len)
			key = &w->text;
	}
	return vx_hash64(key->data, key->len) % (uint64_t)w->o->shards == (uint64_t)w->o->shard - 1;
}

/* What the file is: by its name, by who stands beside it, by its content. False: not wanted, or not to be had. */
static bool settle(struct worker *w, struct found *x, size_t at, struct vx_walk_out *out)
{
	const struct vx_suffix *s = vx_suffix_at(x->entry->mark);
	bool settled = s && s->settles, matches;

	x->kind = s ? s->kind : VX_KIND_OTHER;
	if (s && s->kind == VX_KIND_IMG)
		settled = has_header_beside(x->folder, at, x->len - s->len);
	if (settled && !(w->o->kinds & 1u << x->kind))
		return false;
	if (w->o->shards && !w->o->shard_by && !in_shard(w, x))
		return false;
	matches = match(w, x);
	if (w->o->shards && w->o->shard_by && !in_shard(w, x))
		return false;
	if (!matches) {
		out->counts[COUNT_UNMATCHED]++;
		if (w->o->explain)
			explain(w, out);
		return false;
	}
	if (!settled && vx_sniff_at(x->dirfd, x->name, &x->kind, NULL) != VX_OK) {
		note_errno(w, out, "cannot be read");
		return false;
	}
	return w->o->kinds & 1u << x->kind;
}

static void one_file(struct worker *w, const struct vx_folder *f, int dirfd, size_t at, struct vx_walk_out *out)
{
	struct found x = { .folder = f,
		.entry = &f->entries[at],
		.name = vx_entry_name(f, &f->entries[at]),
		.len = f->entries[at].len,
		.dirfd = dirfd,
		.group = { -1, -1, -1, -1, false } };
	const struct vx_suffix *s = vx_suffix_at(x.entry->mark);
	const char *what;

	vx_buf_clear(&w->rel);
	vx_buf_add(&w->rel, f->rel, f->rel_len);
	vx_buf_add(&w->rel, x.name, x.len);
	x.stem = s ? x.len - s->len : x.len;
	if (!settle(w, &x, at, out))
		return;
	if (fstatat(dirfd, x.name, &x.st, f->stat_flags) != 0) {
		note_errno(w, out, "cannot be looked at");
		return;
	}
	if (x.st.st_size >= VX_PLACEHOLDER_MIN && x.st.st_size <= VX_PLACEHOLDER_MAX &&
		(what = vx_placeholder_at(dirfd, x.name, true))) {
		note(w, out, 'r', what);
		return;
	}
	if (scan_is_image(x.kind) && s)
		x.group = scan_group(f, at, x.stem, dirfd);
	if (x.group.twin) {
		x.stem = x.len;
		note(w, out, 'w',
			"another image has the same name but for its suffix: both keep it in their identifiers");
	}
	if (!in_time(w, &x, out) || (w->o->hash && !hash(w, &x, out)))
		return;
	if (scan_record(w, &x, &out->text, &w->err) == VX_OK) {
		out->records++;
		return;
	}
	vx_buf_clear(&w->path);
	vx_buf_printf(&w->path, "%s%s%s", w->err.field, *w->err.field ? ": " : "", w->err.reason);
	note(w, out, 'r', w->path.data);
}

void scan_files(void *worker, const struct vx_folder *f, int dirfd, size_t first, size_t last, struct vx_walk_out *out)
{
	struct worker *w = worker;

	for (size_t i = first; i < last; i++)
		if (!w->o->only || strcmp(vx_entry_name(f, &f->entries[i]), w->o->only) == 0)
			one_file(w, f, dirfd, i, out);
}
