/* read: a line of NDJSON -> an item in the window: its public members as text, local paths as file:// URLs, and the names
 * that it refers to. The text is checked, but no value is built.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "post.h"
#include "vx_hash.h"

struct member {
	struct vx_slice key, value;
};

struct intake {
	struct post *post;
	struct vx_json_scan *scan;
	struct vx_buf text, rewritten, name, path;
	struct member *members; /* of the record at hand */
	size_t n_members, cap_members;
	uint64_t *refs;
	size_t n_refs, cap_refs;
	char *folder; /* the current one, for relative paths */
	long local_urls;
};

/* What the members of a record say, as slices of it. */
struct reading {
	struct vx_slice identifier, source, path_raw;
	bool has_identifier, implied;
	bool escaped; /* a key is written with escapes: slices cannot tell which it is */
};

struct intake *intake_new(struct post *p)
{
	struct intake *in = vx_alloc(sizeof(*in));

	in->post = p;
	in->scan = vx_json_scan_new();
	in->folder = getcwd(NULL, 0);
	return in;
}

void intake_free(struct intake *in)
{
	vx_json_scan_free(in->scan);
	vx_buf_free(&in->text);
	vx_buf_free(&in->rewritten);
	vx_buf_free(&in->name);
	vx_buf_free(&in->path);
	free(in->members);
	free(in->refs);
	free(in->folder);
	free(in);
}

/* The text of a string value into b, escapes resolved; false when value is no string. */
static bool string_into(struct vx_slice value, struct vx_buf *b)
{
	struct vx_slice inside;
	struct vx_json *j = NULL;
	const char *text;
	size_t len;

	vx_buf_clear(b);
	if (value.len == 0 || value.text[0] != '"')
		return false;
	if (vx_slice_string(value, &inside)) {
		vx_buf_add(b, inside.text, inside.len);
		return true;
	}
	if (vx_json_parse(value.text, value.len, &j, NULL) != VX_OK)
		return false;
	text = vx_json_text(j, &len);
	vx_buf_add(b, text, len);
	vx_json_free(j);
	return true;
}

static void walk(struct intake *in, struct vx_slice line)
{
	struct vx_json_walk w = vx_json_walk_begin(line.text, line.len);
	struct member m;

	in->n_members = 0;
	while (vx_json_walk_member(&w, &m.key, &m.value)) {
		if (in->n_members == in->cap_members) {
			in->cap_members = in->cap_members ? in->cap_members * 2 : 64;
			in->members = vx_realloc(in->members, in->cap_members * sizeof(in->members[0]));
		}
		in->members[in->n_members++] = m;
	}
}

/* First look: who it is. */
static void look(struct intake *in, struct vx_slice line, struct reading *r)
{
	struct vx_json_walk file;

	walk(in, line);
	*r = (struct reading){ .escaped = false };
	for (size_t i = 0; i < in->n_members; i++) {
		struct vx_slice key = in->members[i].key, value = in->members[i].value;

		if (memchr(key.text, '\\', key.len)) {
			r->escaped = true;
		} else if (vx_slice_is(key, "identifier")) {
			r->identifier = value;
			r->has_identifier = true;
		} else if (vx_slice_is(key, "_source")) {
			r->source = value;
		} else if (vx_slice_is(key, "_implied")) {
			r->implied = vx_slice_is(value, "true");
		} else if (vx_slice_is(key, "_file")) {
			file = vx_json_walk_begin(value.text, value.len);
			while (value.text[0] == '{' && vx_json_walk_member(&file, &key, &value))
				if (vx_slice_is(key, "path_raw"))
					r->path_raw = value;
		}
	}
}

static void add_ref(struct intake *in, struct vx_slice value)
{
	if (!string_into(value, &in->name))
		return; /* null, or something the server has a word on */
	if (in->n_refs == in->cap_refs) {
		in->cap_refs = in->cap_refs ? in->cap_refs * 2 : 16;
		in->refs = vx_realloc(in->refs, in->cap_refs * sizeof(in->refs[0]));
	}
	in->refs[in->n_refs++] = vx_hash64(in->name.data ? in->name.data : "", in->name.len);
}

static void look_for_refs(struct intake *in, const struct vx_type *type, struct vx_slice key, struct vx_slice value)
{
	struct vx_json_walk w;
	struct vx_slice item;

	if (vx_slice_is(key, "parent_identifier"))
		add_ref(in, value);
	else if (vx_slice_is(key, "derived_from")) {
		w = vx_json_walk_begin(value.text, value.len);
		while (value.text[0] == '[' && vx_json_walk_item(&w, &item))
			add_ref(in, item);
	}
	for (const char *const *ref = type->refs; ref && *ref; ref++)
		if (vx_slice_is(key, *ref))
			add_ref(in, value);
}

/* Whether s begins with "scheme://". */
static bool has_scheme(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");

	return n > 0 && strncmp(s + n, "://", 3) == 0;
}

/* A local path becomes a file:// URL. Where the scan had to carry a name that is no UTF-8 percent-encoded (path_raw),
 * that is the one that still opens the file. */
static void add_path(struct intake *in, const struct reading *r, struct vx_slice key, struct vx_slice value)
{
	const char *path;
	struct vx_slice raw;

	if (!string_into(value, &in->name) || in->name.len == 0 || has_scheme(in->name.data)) {
		if (value.text[0] == '"' && in->name.len > 7 &&
			(strncmp(in->name.data, "file:///", 8) == 0 ||
				strncmp(in->name.data, "file://localhost/", 17) == 0))
			in->local_urls++;
		vx_buf_add(&in->text, value.text, value.len);
		return;
	}
	in->local_urls++;
	vx_buf_clear(&in->path);
	vx_buf_puts(&in->path, "file://");
	path = in->name.data;
	if (vx_slice_is(key, "path_nii") && r->path_raw.len && vx_slice_string(r->path_raw, &raw) &&
		raw.text[0] == '/') {
		vx_buf_add(&in->path, raw.text, raw.len);
	} else {
		if (path[0] != '/') {
			while (strncmp(path, "./", 2) == 0)
				path += 2;
			vx_url_escape(
				&in->path, in->folder ? in->folder : "", in->folder ? strlen(in->folder) : 0, true);
			vx_buf_putc(&in->path, '/');
		}
		vx_url_escape(&in->path, path, strlen(path), true);
	}
	vx_json_put_string(&in->text, in->path.data, in->path.len);
}

/* Second look: in->text becomes what is sent, in->refs what it refers to. */
static void take_public(struct intake *in, const struct vx_type *type, const struct reading *r)
{
	vx_buf_clear(&in->text);
	in->n_refs = 0;
	for (size_t i = 0; i < in->n_members; i++) {
		struct vx_slice key = in->members[i].key, value = in->members[i].value;

		if (key.len > 0 && key.text[0] == '_')
			continue;
		vx_buf_putc(&in->text, in->text.len ? ',' : '{');
		vx_buf_add(&in->text, key.text - 1, key.len + 2);
		vx_buf_putc(&in->text, ':');
		if (key.len > 5 && memcmp(key.text, "path_", 5) == 0)
			add_path(in, r, key, value);
		else
			vx_buf_add(&in->text, value.text, value.len);
		look_for_refs(in, type, key, value);
	}
	vx_buf_putc(&in->text, '}');
}

static const struct vx_type *identify(struct intake *in, const struct reading *r, struct vx_error *err)
{
	const struct vx_type *type;
	const char *reason;

	if (!r->has_identifier || vx_slice_is(r->identifier, "null")) {
		vx_error_set(err, VX_EREJECT, "identifier", "missing: this is not a resource yet");
		return NULL;
	}
	if (!string_into(r->identifier, &in->name)) {
		vx_error_set(err, VX_EREJECT, "identifier", "is not a string");
		return NULL;
	}
	reason = vx_identifier_check(in->name.data ? in->name.data : "", in->name.len);
	if (reason) {
		vx_error_set(err, VX_EREJECT, "identifier", "%s: '%.300s'", reason, in->name.data ? in->name.data : "");
		return NULL;
	}
	type = vx_model_type_of(in->post->model, in->name.data);
	if (!type)
		vx_error_set(err, VX_EREJECT, "identifier", "there is no type '%.*s'", (int)strcspn(in->name.data, "/"),
			in->name.data);
	return type;
}

/* Whether a record must not change what is there: one that is implied, and with update, any but the first of its name in
 * this run. Two that differ would otherwise overwrite each other in every run, and no run would end in "unchanged". */
static int is_passive(struct post *p, const struct item *it, bool *passive, struct vx_error *err)
{
	uint64_t hash = vx_hash64(it->identifier, it->identifier_len);

	if (p->named && !p->later.again && vx_idset_add(p->named, hash, err) != VX_OK)
		return VX_EIO;
	*passive = it->implied || (p->said && !p->later.again && vx_idset_has(p->said, hash));
	if (*passive && p->o->clone && !it->implied)
		return vx_error_set(err, VX_EREJECT, "identifier", "stands twice in the back-up: %s", it->identifier);
	return p->said && !*passive ? vx_idset_add(p->said, hash, err) : VX_OK;
}

static int intake_object(struct intake *in, struct vx_slice line, const char *input, long row, struct vx_error *err)
{
	struct post *p = in->post;
	const struct vx_slice as_read = line;
	const struct vx_type *type;
	struct reading r;
	struct entry *e;
	struct item *it;
	bool passive, known;
	int status;

	look(in, line, &r);
	if (r.escaped) {
		struct vx_json *j;

		if (vx_json_parse(line.text, line.len, &j, err) != VX_OK)
			return VX_EREJECT;
		vx_buf_clear(&in->rewritten);
		vx_json_print(j, &in->rewritten);
		vx_json_free(j);
		line = (struct vx_slice){ in->rewritten.data, in->rewritten.len };
		look(in, line, &r); /* a key that still needs an escape is none of ours */
	}
	type = identify(in, &r, err);
	if (!type)
		return VX_EREJECT;
	in->local_urls = 0;
	take_public(in, type, &r);
	string_into(r.identifier, &in->name);
	it = item_new(in->name.data, in->name.len);
	it->type = type;
	it->input = input;
	it->row = row;
	/* The three texts, one behind the other. */
	it->len = in->text.len;
	it->implied = r.implied;
	it->source_len = r.source.len;
	it->line_len = p->o->common.rejects ? line.len : 0;
	vx_buf_add(&in->text, r.source.text, it->source_len);
	vx_buf_add(&in->text, line.text, it->line_len);
	known = journal_text(p, it, in->text.data, as_read.text, as_read.len, in->local_urls);

	pthread_mutex_lock(&p->lock);
	status = item_keep(p, it, in->text.data, err);
	if (status == VX_OK)
		status = is_passive(p, it, &passive, err);
	if (status == VX_OK) {
		known = known && (it->implied || !passive);
		if (!known)
			journal_exists(p, in->refs, in->n_refs);
		e = window_add(
			p->window, it->identifier, it->identifier_len, type->rank, in->refs, in->n_refs, passive);
		e->item = it;
		e->apart = passive && !it->implied;
		e->size = it->len + 1;
		item_weigh(p, e);
		p->local_urls += in->local_urls;
		if (known)
			journal_settle(p, e, in->text.data);
	} else {
		item_free(p, it);
	}
	pthread_mutex_unlock(&p->lock);
	return status;
}

static int not_object(struct vx_slice text, struct vx_error *err)
{
	struct vx_json *j = NULL;

	if (vx_json_parse(text.text, text.len, &j, err) == VX_OK)
		vx_error_set(err, VX_EREJECT, NULL, "not a JSON object but %s", vx_json_type_name(vx_json_type(j)));
	vx_json_free(j);
	return VX_EREJECT;
}

int intake_line(
	struct intake *in, const char *line, size_t len, const char *input, long row, bool *json, struct vx_error *err)
{
	struct vx_slice text = { line, len };

	*json = false;
	if (vx_json_scan(in->scan, line, len, err) != VX_OK)
		return VX_EREJECT;
	while (text.len > 0 && strchr(" \t\r", text.text[0])) {
		text.text++;
		text.len--;
	}
	while (text.len > 0 && strchr(" \t\r", text.text[text.len - 1]))
		text.len--;
	if (text.text[0] != '{')
		return not_object(text, err);
	*json = true;
	return intake_object(in, text, input, row, err);
}
