/* vx-scan: the record of one file, composed straight into text. found file -> a line of JSON.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "vx_json.h"
#include "vx_resource.h"

#include "scan.h"

#define PUT(b, text) vx_buf_add(b, text, sizeof text - 1)

/* Letters that JSON strings hold as they are, and ASCII only: most names. */
static bool is_plain(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] < 0x20 || (unsigned char)s[i] >= 0x80 || s[i] == '"' || s[i] == '\\')
			return false;
	return true;
}

/* s as the inside of a JSON string; false when bytes had to be replaced. */
static bool put_inside(struct worker *w, struct vx_buf *b, const char *s, size_t n)
{
	size_t at = b->len;
	bool whole;

	if (is_plain(s, n)) {
		vx_buf_add(b, s, n);
		return true;
	}
	vx_buf_clear(&w->text);
	whole = vx_utf8_lossy(&w->text, s, n);
	vx_json_put_string(b, w->text.data, w->text.len);
	memmove(b->data + at, b->data + at + 1, b->len - at - 2);
	b->len -= 2;
	b->data[b->len] = '\0';
	return whole;
}

/* The parts that all records of a folder share. */
static void use_folder(struct worker *w, const struct vx_folder *f)
{
	struct vx_buf *parts[] = { &w->root_json, &w->dir_json, &w->rel_json, &w->id_dir };

	if (w->serial == f->serial)
		return;
	w->serial = f->serial;
	for (size_t i = 0; i < 4; i++)
		vx_buf_clear(parts[i]);
	w->dir_utf8 = put_inside(w, &w->root_json, *f->root ? f->root : "/", strlen(*f->root ? f->root : "/"));
	put_inside(w, &w->dir_json, f->root, strlen(f->root));
	vx_buf_putc(&w->dir_json, '/');
	w->dir_utf8 &= put_inside(w, &w->rel_json, f->rel, f->rel_len);
	vx_buf_add(&w->dir_json, w->rel_json.data, w->rel_json.len);
	vx_identifier_encode(&w->id_dir, f->rel, f->rel_len, true);
}

/* The absolute path of the file itself, of which the name is at hand as JSON text. */
static void put_own_path(struct worker *w, struct vx_buf *b)
{
	vx_buf_putc(b, '"');
	vx_buf_add(b, w->dir_json.data, w->dir_json.len);
	vx_buf_add(b, w->name_json.data, w->name_json.len);
	vx_buf_putc(b, '"');
}

static void put_path(struct worker *w, struct vx_buf *b, const struct found *x, const struct vx_entry *e)
{
	vx_buf_putc(b, '"');
	vx_buf_add(b, w->dir_json.data, w->dir_json.len);
	put_inside(w, b, vx_entry_name(x->folder, e), e->len);
	vx_buf_putc(b, '"');
}

/* 2026-01-02T03:04:05 of a second since the epoch, proleptic Gregorian, UTC. gmtime_r takes a lock that all threads
 * share, hence by hand (days counted from 0000-03-01, so that the leap day is a year's last). */
static void put_second(struct worker *w, int64_t second)
{
	int64_t days = second / 86400, of_day = second % 86400;

	if (of_day < 0) {
		days--;
		of_day += 86400;
	}
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097, day = days - era * 146097;
	int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	int64_t of_year = day - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;
	int64_t parts[] = { of_year - (153 * month + 2) / 5 + 1, of_day / 3600, of_day / 60 % 60, of_day % 60 };

	month += month < 10 ? 3 : -9;
	year += era * 400 + (month <= 2);
	if (year < 0 || year > 9999)
		year = 9999; /* RFC 3339 has four digits */
	char *t = w->time;
	for (int64_t i = 3, v = year; i >= 0; i--, v /= 10)
		t[i] = (char)('0' + v % 10);
	t[4] = '-';
	t[5] = (char)('0' + month / 10);
	t[6] = (char)('0' + month % 10);
	for (int i = 0; i < 4; i++) {
		t[7 + 3 * i] = "-T::"[i];
		t[8 + 3 * i] = (char)('0' + parts[i] / 10);
		t[9 + 3 * i] = (char)('0' + parts[i] % 10);
	}
	w->second = second;
}

static void put_time(struct worker *w, struct vx_buf *b, struct timespec t)
{
	char ns[11] = ".000000000";

	if (t.tv_sec != w->second || !w->time[0])
		put_second(w, t.tv_sec);
	vx_buf_putc(b, '"');
	vx_buf_add(b, w->time, 19);
	for (long i = 9, v = t.tv_nsec; i > 0; i--, v /= 10)
		ns[i] = (char)('0' + v % 10);
	if (t.tv_nsec)
		vx_buf_add(b, ns, 10);
	PUT(b, "Z\"");
}

/* Percent-encoded like the path of a URL. */
static void put_raw_path(struct worker *w, struct vx_buf *b, const struct found *x)
{
	struct vx_buf *path = &w->path;

	vx_buf_clear(path);
	vx_buf_printf(path, "%s/%s", x->folder->root, x->folder->rel);
	vx_buf_add(path, x->name, x->len);
	PUT(b, ",\"path_raw\":\"");
	for (size_t i = 0; i < path->len; i++) {
		unsigned char c = (unsigned char)path->data[i];
		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("/-._~", c))
			vx_buf_putc(b, (char)c);
		else
			vx_buf_printf(b, "%%%02X", c);
	}
	vx_buf_putc(b, '"');
}

static void put_sidecars(struct worker *w, struct vx_buf *b, const struct found *x)
{
	const struct {
		const char *key;
		long at;
	} list[] = { { "\"json\":", x->group.json }, { "\"bval\":", x->group.bval }, { "\"bvec\":", x->group.bvec },
		{ "\"img\":", x->group.img } };
	bool first = true;

	for (size_t i = 0; i < 4; i++) {
		if (list[i].at < 0)
			continue;
		vx_buf_puts(b, first ? ",\"sidecars\":{" : ",");
		first = false;
		vx_buf_puts(b, list[i].key);
		put_path(w, b, x, &x->folder->entries[list[i].at]);
	}
	if (!first)
		vx_buf_putc(b, '}');
}

static void put_file(struct worker *w, struct vx_buf *b, const struct found *x)
{
	PUT(b, "\"_file\":{\"rel\":\"");
	vx_buf_add(b, w->rel_json.data, w->rel_json.len);
	vx_buf_add(b, w->name_json.data, w->name_json.len);
	PUT(b, "\",\"root\":\"");
	vx_buf_add(b, w->root_json.data, w->root_json.len);
	PUT(b, "\",\"path\":");
	put_own_path(w, b);
	PUT(b, ",\"size\":");
	vx_json_put_int(b, x->st.st_size);
	PUT(b, ",\"mtime\":");
	put_time(w, b, x->st.st_mtim);
	PUT(b, ",\"kind\":\"");
	vx_buf_puts(b, vx_kind_name(x->kind));
	vx_buf_putc(b, '"');
	put_sidecars(w, b, x);
	if (!w->name_utf8 || !w->dir_utf8)
		put_raw_path(w, b, x);
	if (x->sha256[0])
		vx_buf_printf(b, ",\"sha256\":\"%s\"", x->sha256);
	vx_buf_putc(b, '}');
}

static void put_match(struct worker *w, struct vx_buf *b, const struct found *x)
{
	const struct vx_pattern *p = x->match->pattern;

	PUT(b, ",\"_match\":{");
	for (size_t i = 0; i < vx_pattern_names(p); i++) {
		if (i)
			vx_buf_putc(b, ',');
		vx_json_put_string(b, vx_pattern_name(p, i), strlen(vx_pattern_name(p, i)));
		PUT(b, ":\"");
		put_inside(w, b, w->rel.data + w->start[i], w->end[i] - w->start[i]);
		vx_buf_putc(b, '"');
	}
	vx_buf_putc(b, '}');
}

struct lookup {
	struct worker *w;
	const struct found *x;
};

/* The value of {name} in a template: captures first, then what the file itself is called. */
static const char *lookup(void *arg, const char *name)
{
	const struct lookup *l = arg;
	const struct found *x = l->x;
	const char *rel = l->w->rel.data;
	size_t from = 0, to = x->folder->rel_len + x->stem;

	if (strcmp(name, "root") == 0 && !x->match)
		return l->w->o->root_name;
	for (size_t i = 0; x->match && i < vx_pattern_names(x->match->pattern); i++) {
		if (strcmp(vx_pattern_name(x->match->pattern, i), name) != 0)
			continue;
		from = l->w->start[i];
		to = l->w->end[i];
		name = "";
	}
	if (strcmp(name, "root") == 0)
		return l->w->o->root_name;
	if (strcmp(name, "dir") == 0)
		to = x->folder->rel_len ? x->folder->rel_len - 1 : 0;
	else if (strcmp(name, "name") == 0)
		from = x->folder->rel_len;
	else if (*name && strcmp(name, "rel") != 0)
		return NULL;
	vx_buf_clear(&l->w->values);
	vx_buf_add(&l->w->values, rel + from, to - from);
	return l->w->values.data;
}

int scan_expand(struct worker *w, const struct found *x, const struct vx_template *t, bool encode, struct vx_buf *out,
	struct vx_error *err)
{
	struct lookup l = { w, x };

	return vx_template_expand(t, lookup, &l, encode, out, err);
}

/* The identifier by --id, else volume/<relative path without suffixes>. */
static int put_identifier(struct worker *w, struct vx_buf *b, const struct found *x, struct vx_error *err)
{
	struct vx_buf *id = &w->id;
	const char *wrong;
	int status;

	vx_buf_clear(id);
	if (!w->o->id) {
		PUT(id, "volume/");
		vx_buf_add(id, w->id_dir.data, w->id_dir.len);
		vx_identifier_encode(id, x->name, x->stem, false);
	} else {
		status = scan_expand(w, x, w->o->id, true, id, err);
		if (status != VX_OK)
			return status;
	}
	if (id->len > VX_IDENTIFIER_MAX)
		vx_identifier_fit(id);
	wrong = w->o->id ? vx_identifier_check(id->data, id->len) : NULL;
	if (wrong)
		return vx_error_set(err, VX_EREJECT, "identifier", "'%s' %s", id->data, wrong);
	PUT(b, "\"identifier\":\"");
	vx_buf_add(b, id->data, id->len);
	PUT(b, "\",");
	return VX_OK;
}

static int put_settings(struct worker *w, struct vx_buf *b, const struct found *x, struct vx_error *err)
{
	for (size_t i = 0; i < w->o->n_settings; i++) {
		const struct setting *s = &w->o->settings[i];
		vx_json_put_string(b, s->key, strlen(s->key));
		vx_buf_putc(b, ':');
		if (!s->value) {
			vx_buf_puts(b, s->json);
		} else {
			vx_buf_clear(&w->id);
			int status = scan_expand(w, x, s->value, s->is_identifier, &w->id, err);
			if (status != VX_OK)
				return status;
			vx_buf_putc(b, '"');
			if (w->id.len)
				put_inside(w, b, w->id.data, w->id.len);
			vx_buf_putc(b, '"');
		}
		vx_buf_putc(b, ',');
	}
	return VX_OK;
}

int scan_record(struct worker *w, const struct found *x, struct vx_buf *out, struct vx_error *err)
{
	size_t at = out->len;
	bool image = scan_is_image(x->kind);
	int status = VX_OK;

	use_folder(w, x->folder);
	vx_buf_clear(&w->name_json);
	w->name_utf8 = put_inside(w, &w->name_json, x->name, x->len);
	vx_buf_putc(out, '{');
	if (image || w->o->id)
		status = put_identifier(w, out, x, err);
	if (status == VX_OK && image) {
		PUT(out, "\"path_nii\":");
		put_own_path(w, out);
		if (x->group.json >= 0) {
			PUT(out, ",\"path_json\":");
			put_path(w, out, x, &x->folder->entries[x->group.json]);
		}
		vx_buf_putc(out, ',');
	}
	if (status == VX_OK)
		status = put_settings(w, out, x, err);
	if (status != VX_OK) {
		out->len = at;
		return status;
	}
	put_file(w, out, x);
	if (x->match)
		put_match(w, out, x);
	PUT(out, "}\n");
	return VX_OK;
}
