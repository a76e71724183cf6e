/* vx_sidecar: JSON sidecar -> the fields of a volume that the allow-list names.
 * SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vx_latin1.h"
#include "vx_share.h"
#include "vx_sidecar.h"
#include "vx_sidecar_map.h"

static const char *const type_names[] = { "text", "uid", "id", "integer", "number", "list", "datetime", NULL };

void vx_sidecar_map_free(struct vx_sidecar_map *map)
{
	for (size_t i = 0; map && i < map->n; i++) {
		free(map->entries[i].key);
		free(map->entries[i].field);
	}
	if (map) {
		vx_sidecar_keep_free(map);
		vx_sidecar_units_free(map);
		free(map->entries);
	}
	free(map);
}

static int load_entry(const struct vx_json *j, struct vx_sidecar_entry *e, struct vx_error *err)
{
	const char *key = vx_json_str(j, "key"), *field = vx_json_str(j, "field"), *type = vx_json_str(j, "type");
	static const char *const known[] = { "key", "field", "type", "unit", "scale", "min", "max", NULL };
	if (!key || !field || !type)
		return vx_error_set(err, VX_EDATA, "fields", "an entry lacks key, field or type");
	struct vx_json_iter it = vx_json_begin(j);
	while (vx_json_next(&it)) {
		size_t k = 0;
		while (known[k] && strcmp(known[k], it.key) != 0)
			k++;
		if (!known[k])
			return vx_error_set(err, VX_EDATA, key, "unknown member \"%s\"", it.key);
	}
	int t = 0;
	while (type_names[t] && strcmp(type_names[t], type) != 0)
		t++;
	if (!type_names[t])
		return vx_error_set(err, VX_EDATA, key, "unknown type \"%s\"", type);
	*e = (struct vx_sidecar_entry){
		.type = (enum vx_sidecar_type)t, .scale = 1, .min = -INFINITY, .max = INFINITY
	};
	vx_json_get_double(j, "scale", &e->scale);
	vx_json_get_double(j, "min", &e->min);
	vx_json_get_double(j, "max", &e->max);
	e->key = vx_strdup(key);
	e->field = vx_strdup(field);
	return VX_OK;
}

static int take_list(void *arg, const struct vx_json *file, struct vx_error *err)
{
	struct vx_sidecar_map *map = arg;
	int st = VX_OK;
	const struct vx_json *fields = vx_json_get(file, "fields");
	size_t n = vx_json_type(fields) == VX_ARRAY ? vx_json_size(fields) : 0;
	if (n == 0)
		st = vx_error_set(err, VX_EDATA, "fields", "missing or empty");
	map->entries = vx_alloc((n + 1) * sizeof(*map->entries));
	for (size_t i = 0; i < n && st == VX_OK; i++) {
		st = load_entry(vx_json_at(fields, i), &map->entries[i], err);
		map->n += st == VX_OK;
	}
	if (st == VX_OK)
		st = vx_sidecar_units_load(map, vx_json_get(file, "units"), err);
	if (st == VX_OK)
		st = vx_sidecar_keep_load(map, vx_json_get(file, "keep"), err);
	return st;
}

struct vx_sidecar_map *vx_sidecar_load(const char *path, struct vx_error *err)
{
	struct vx_sidecar_map *map = vx_alloc(sizeof(*map));
	if (vx_share_load(path, "sidecar.json", take_list, map, err) != VX_OK) {
		vx_sidecar_map_free(map);
		return NULL;
	}
	return map;
}

int vx_sidecar_parse(const char *text, size_t len, struct vx_json **out, bool *latin1, struct vx_error *err)
{
	struct vx_buf utf8 = VX_BUF_INIT;
	*out = NULL;
	if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
		text += 3;
		len -= 3;
	}
	*latin1 = !vx_utf8_valid(text, len);
	if (*latin1) {
		vx_latin1_to_utf8(text, len, &utf8);
		text = utf8.data;
		len = utf8.len;
	}
	int st = vx_json_parse(text, len, out, err);
	vx_buf_free(&utf8);
	if (st == VX_OK && vx_json_type(*out) != VX_OBJECT) {
		st = vx_error_set(
			err, VX_EREJECT, NULL, "a JSON %s, not an object", vx_json_type_name(vx_json_type(*out)));
		vx_json_free(*out);
		*out = NULL;
	}
	return st;
}

int vx_sidecar_read(const char *path, struct vx_json **out, bool *latin1, struct vx_error *err)
{
	struct vx_buf text = VX_BUF_INIT;
	*out = NULL;
	*latin1 = false;
	int st = vx_read_data_file(path, VX_SIDECAR_MAX, &text, err);
	if (st == VX_OK && text.len == 0)
		st = vx_error_set(err, VX_EREJECT, NULL, "empty: 0 bytes");
	if (st == VX_OK)
		st = vx_sidecar_parse(text.data, text.len, out, latin1, err);
	vx_buf_free(&text);
	return st;
}

static bool is_uid(const char *s)
{
	size_t n = strlen(s);
	bool digit_wanted = true;
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '.' ? digit_wanted : !isdigit((unsigned char)s[i]))
			return false;
		digit_wanted = s[i] == '.';
	}
	return n > 0 && n <= 64 && !digit_wanted;
}

static bool matches(const char *s, const char *shape)
{
	for (; *shape; s++, shape++)
		if (*shape == '0' ? !isdigit((unsigned char)*s) : *s != *shape)
			return false;
	return true;
}

static int two_digits(const char *s)
{
	return (s[0] - '0') * 10 + s[1] - '0';
}

/* RFC 3339 with the zone optional, as dcm2niix writes it. */
static bool is_datetime(const char *s)
{
	static const int days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	if (!matches(s, "0000-00-00T00:00:00"))
		return false;
	int year = two_digits(s) * 100 + two_digits(s + 2), month = two_digits(s + 5), day = two_digits(s + 8);
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	if (month < 1 || month > 12 || day < 1 || day > days[month - 1] + (month == 2 && leap))
		return false;
	if (two_digits(s + 11) > 23 || two_digits(s + 14) > 59 || two_digits(s + 17) > 60)
		return false;
	s += 19;
	if (*s == '.') {
		size_t digits = strspn(++s, "0123456789");
		if (digits < 1 || digits > 9)
			return false;
		s += digits;
	}
	if (*s == '+' || *s == '-')
		return matches(s + 1, "00:00") && !s[6] && two_digits(s + 1) <= 23 && two_digits(s + 4) <= 59;
	return !*s || (s[0] == 'Z' && !s[1]);
}

/* dcm2niix has written 12:04:4.077500 for 12:04:04.077500. */
static struct vx_json *datetime_of(struct vx_json *v)
{
	size_t len = 0;
	const char *text = vx_json_text(v, &len);
	if (!text || strlen(text) != len)
		return NULL;
	if (is_datetime(text))
		return vx_json_ref(v);
	char *padded = len > 17 ? vx_asprintf("%.17s0%s", text, text + 17) : NULL;
	struct vx_json *mended = padded && is_datetime(padded) ? vx_json_string(padded) : NULL;
	free(padded);
	return mended;
}

/* ImageType: a list, or DICOM's own form with backslashes between the items. */
static struct vx_json *list_of(const struct vx_json *v)
{
	const char *text = vx_json_text(v, NULL);
	if (vx_json_type(v) == VX_ARRAY) {
		for (size_t i = 0; i < vx_json_size(v); i++)
			if (vx_json_type(vx_json_at(v, i)) != VX_STRING)
				return NULL;
		return vx_json_copy(v);
	}
	if (!text)
		return NULL;
	struct vx_json *list = vx_json_array();
	for (;;) {
		size_t n = strcspn(text, "\\");
		vx_json_push(list, vx_json_string_n(text, n));
		if (!text[n])
			return list;
		text += n + 1;
	}
}

/* An accession number: text, also where the sidecar has digits without quotation marks. */
static struct vx_json *id_of(struct vx_json *v)
{
	struct vx_buf spelling = VX_BUF_INIT;
	if (vx_json_type(v) == VX_STRING)
		return vx_json_ref(v);
	if (vx_json_type(v) != VX_INT && vx_json_type(v) != VX_DOUBLE)
		return NULL;
	vx_json_print(v, &spelling);
	struct vx_json *id = strspn(spelling.data, "0123456789") == spelling.len
				     ? vx_json_string_n(spelling.data, spelling.len)
				     : NULL;
	vx_buf_free(&spelling);
	return id;
}

/* divide: 1, or what brings the number to the field's unit. */
static struct vx_json *number_of(const struct vx_sidecar_entry *e, struct vx_json *v, double divide)
{
	double number;
	if (!vx_json_as_double(v, &number) || (vx_json_type(v) != VX_INT && vx_json_type(v) != VX_DOUBLE))
		return NULL;
	number *= e->scale;
	if (divide != 1) {
		/* 1.53 / 1000 in the digits that were there, not 0.0015300000000000001. */
		char digits[40];
		snprintf(digits, sizeof(digits), "%.15g", number / divide);
		number = strtod(digits, NULL);
	}
	if (!(number >= e->min && number <= e->max))
		return NULL;
	return e->scale == 1 && divide == 1 ? vx_json_ref(v) : vx_json_double(number);
}

/* The value as the field wants it, a new reference; NULL: it is not of its type, or out of its range. */
static struct vx_json *convert(const struct vx_sidecar_entry *e, struct vx_json *v, double divide)
{
	size_t len = 0;
	const char *text = vx_json_text(v, &len);
	int64_t whole;
	switch (e->type) {
	case TEXT:
		return text ? vx_json_ref(v) : NULL;
	case UID:
		return text && strlen(text) == len && is_uid(text) ? vx_json_ref(v) : NULL;
	case ID:
		return id_of(v);
	case DATETIME:
		return datetime_of(v);
	case LIST:
		return list_of(v);
	case INTEGER:
		return vx_json_as_int(v, &whole) && (double)whole >= e->min && (double)whole <= e->max
			       ? vx_json_int(whole)
			       : NULL;
	case NUMBER:
		return number_of(e, v, divide);
	}
	return NULL;
}

static void say_left_out(
	const struct vx_sidecar_entry *e, const struct vx_json *v, void (*say)(void *, const char *), void *arg)
{
	char text[256];
	const enum vx_json_type type = vx_json_type(v);
	int64_t whole;
	bool range = e->type == NUMBER ? type == VX_INT || type == VX_DOUBLE
				       : e->type == INTEGER && vx_json_as_int(v, &whole);
	if (range)
		snprintf(text, sizeof(text), "sidecar: %s is out of range for %s: left out", e->key, e->field);
	else
		snprintf(text, sizeof(text), "sidecar: %s (a JSON %s) is no %s: left out", e->key,
			vx_json_type_name(vx_json_type(v)), type_names[e->type]);
	say(arg, text);
}

struct vx_json *vx_sidecar_fields(const struct vx_sidecar_map *map, const struct vx_json *sidecar,
	void (*say)(void *arg, const char *text), void *arg)
{
	struct vx_json *fields = vx_json_object();
	double *divide = vx_alloc((map->n + 1) * sizeof(*divide));
	vx_sidecar_units_settle(map, sidecar, divide, say, arg);
	for (size_t i = 0; i < map->n; i++) {
		const struct vx_sidecar_entry *e = &map->entries[i];
		struct vx_json *v = vx_json_get(sidecar, e->key);
		size_t len = 1;
		/* null and "" say nothing. */
		if (!v || (vx_json_text(v, &len) && len == 0) || vx_json_has(fields, e->field))
			continue;
		struct vx_json *value = convert(e, v, divide[i]);
		if (value)
			vx_json_set(fields, e->field, value);
		else if (say)
			say_left_out(e, v, say, arg);
	}
	free(divide);
	return fields;
}
