/* vx_json: JSON values over json-c, made strict (vx_json_scan) and exact (numbers keep their spelling).
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <json.h>

#include "vx_json.h"
#include "vx_json_scan.h"

/* struct vx_json is json-c's json_object under the name that the rest of vx knows. */
static inline struct json_object *raw(const struct vx_json *j)
{
	return (struct json_object *)(uintptr_t)j;
}

static inline struct vx_json *own(struct json_object *o)
{
	return (struct vx_json *)o;
}

/* What a thread needs to parse, made once. */
static pthread_key_t scan_key;
static pthread_once_t scan_once = PTHREAD_ONCE_INIT;

static void scan_free(void *scan)
{
	vx_json_scan_free(scan);
}

static void scan_free_main(void)
{
	scan_free(pthread_getspecific(scan_key));
	pthread_setspecific(scan_key, NULL);
}

static void scan_init(void)
{
	if (pthread_key_create(&scan_key, scan_free) != 0)
		vx_die(VX_EMEM, "out of memory");
	atexit(scan_free_main); /* a key's destructor does not run for the thread that calls exit */
}

int vx_json_parse(const char *text, size_t len, struct vx_json **out, struct vx_error *err)
{
	struct json_object *o;
	struct vx_json_scan *scan;
	int status;

	pthread_once(&scan_once, scan_init);
	scan = pthread_getspecific(scan_key);
	if (!scan) {
		scan = vx_json_scan_new();
		if (pthread_setspecific(scan_key, scan) != 0)
			vx_die(VX_EMEM, "out of memory");
	}
	status = vx_json_build(scan, text, len, &o, err);
	*out = own(o);
	return status;
}

int vx_json_parse_file(const char *path, struct vx_json **out, struct vx_error *err)
{
	struct vx_buf b = VX_BUF_INIT;
	int status = vx_read_file(path, 64 << 20, &b, err);
	size_t bom = b.len >= 3 && memcmp(b.data, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;

	*out = NULL;
	if (status == VX_OK) {
		status = vx_json_parse(b.data ? b.data + bom : "", b.len - bom, out, err);
		if (status != VX_OK)
			vx_error_at(err, path, 0);
	}
	vx_buf_free(&b);
	return status;
}

void vx_json_free(struct vx_json *j)
{
	json_object_put(raw(j));
}

struct vx_json *vx_json_ref(struct vx_json *j)
{
	return own(json_object_get(raw(j)));
}

struct vx_json *vx_json_copy(const struct vx_json *j)
{
	struct json_object *copy = NULL;

	if (j && json_object_deep_copy(raw(j), &copy, NULL) != 0)
		vx_die(VX_EMEM, "out of memory");
	return own(copy);
}

enum vx_json_type vx_json_type(const struct vx_json *j)
{
	switch (json_object_get_type(raw(j))) {
	case json_type_boolean:
		return VX_BOOL;
	case json_type_int:
		return VX_INT;
	case json_type_double:
		return VX_DOUBLE;
	case json_type_string:
		return VX_STRING;
	case json_type_array:
		return VX_ARRAY;
	case json_type_object:
		return VX_OBJECT;
	case json_type_null:
		break;
	}
	return VX_NULL;
}

const char *vx_json_type_name(enum vx_json_type t)
{
	static const char *const names[] = { "null", "boolean", "integer", "number", "string", "array", "object" };

	return names[t];
}

static struct json_object *some(struct json_object *o)
{
	if (!o)
		vx_die(VX_EMEM, "out of memory");
	return o;
}

struct vx_json *vx_json_object(void)
{
	return own(some(json_object_new_object()));
}

size_t vx_json_size(const struct vx_json *j)
{
	switch (vx_json_type(j)) {
	case VX_OBJECT:
		return (size_t)json_object_object_length(raw(j));
	case VX_ARRAY:
		return json_object_array_length(raw(j));
	default:
		return 0;
	}
}

static bool lookup(const struct vx_json *obj, const char *key, struct json_object **value)
{
	*value = NULL;
	return json_object_get_type(raw(obj)) == json_type_object && json_object_object_get_ex(raw(obj), key, value);
}

bool vx_json_has(const struct vx_json *obj, const char *key)
{
	struct json_object *v;

	return lookup(obj, key, &v);
}

struct vx_json *vx_json_get(const struct vx_json *obj, const char *key)
{
	struct json_object *v;

	lookup(obj, key, &v);
	return own(v);
}

const char *vx_json_str(const struct vx_json *obj, const char *key)
{
	return vx_json_text(vx_json_get(obj, key), NULL);
}

bool vx_json_get_int(const struct vx_json *obj, const char *key, int64_t *v)
{
	return vx_json_as_int(vx_json_get(obj, key), v);
}

bool vx_json_get_double(const struct vx_json *obj, const char *key, double *v)
{
	return vx_json_as_double(vx_json_get(obj, key), v);
}

bool vx_json_get_bool(const struct vx_json *obj, const char *key, bool *v)
{
	const struct vx_json *j = vx_json_get(obj, key);

	if (vx_json_type(j) != VX_BOOL)
		return false;
	*v = vx_json_as_bool(j);
	return true;
}

void vx_json_set(struct vx_json *obj, const char *key, struct vx_json *value)
{
	if (json_object_object_add(raw(obj), key, raw(value)) != 0)
		vx_die(VX_EMEM, "out of memory");
}

void vx_json_set_str(struct vx_json *obj, const char *key, const char *value)
{
	vx_json_set(obj, key, vx_json_string(value));
}

void vx_json_set_int(struct vx_json *obj, const char *key, int64_t value)
{
	vx_json_set(obj, key, vx_json_int(value));
}

void vx_json_set_double(struct vx_json *obj, const char *key, double value)
{
	vx_json_set(obj, key, vx_json_double(value));
}

void vx_json_set_bool(struct vx_json *obj, const char *key, bool value)
{
	vx_json_set(obj, key, vx_json_bool(value));
}

void vx_json_del(struct vx_json *obj, const char *key)
{
	json_object_object_del(raw(obj), key);
}

struct vx_json *vx_json_path(const struct vx_json *j, const char *path)
{
	char key[256];

	while (*path) {
		size_t n = strcspn(path, ".");
		char *end;

		if (n >= sizeof key)
			return NULL;
		memcpy(key, path, n);
		key[n] = '\0';
		path += n + (path[n] == '.');
		if (vx_json_type(j) == VX_ARRAY) {
			unsigned long i = strtoul(key, &end, 10);

			j = *key && !*end ? vx_json_at(j, i) : NULL;
		} else {
			j = vx_json_get(j, key);
		}
	}
	return own(raw(j));
}

struct vx_json_iter vx_json_begin(const struct vx_json *obj)
{
	struct vx_json_iter it = { NULL, NULL, NULL };

	if (vx_json_type(obj) == VX_OBJECT)
		it.entry = lh_table_head(json_object_get_object(raw(obj)));
	return it;
}

bool vx_json_next(struct vx_json_iter *it)
{
	struct lh_entry *e = it->entry;

	if (!e)
		return false;
	it->key = lh_entry_k(e);
	it->value = lh_entry_v(e);
	it->entry = lh_entry_next(e);
	return true;
}

struct vx_json *vx_json_array(void)
{
	return own(some(json_object_new_array()));
}

void vx_json_push(struct vx_json *array, struct vx_json *value)
{
	if (json_object_array_add(raw(array), raw(value)) != 0)
		vx_die(VX_EMEM, "out of memory");
}

struct vx_json *vx_json_at(const struct vx_json *array, size_t i)
{
	return i < vx_json_size(array) ? own(json_object_array_get_idx(raw(array), i)) : NULL;
}

struct vx_json *vx_json_string(const char *s)
{
	return s ? vx_json_string_n(s, strlen(s)) : NULL;
}

struct vx_json *vx_json_string_n(const char *s, size_t n)
{
	return own(some(json_object_new_string_len(s, (int)n)));
}

struct vx_json *vx_json_int(int64_t v)
{
	return own(some(json_object_new_int64(v)));
}

/* A number with the text that it prints as. */
static struct vx_json *number_with_text(double v, struct vx_buf *text)
{
	struct vx_json *j = own(some(json_object_new_double_s(v, text->data)));

	vx_buf_free(text);
	return j;
}

struct vx_json *vx_json_double(double v)
{
	struct vx_buf text = VX_BUF_INIT;

	if (!isfinite(v))
		return NULL;
	vx_json_put_double(&text, v);
	return number_with_text(v, &text);
}

struct vx_json *vx_json_float(float v)
{
	struct vx_buf text = VX_BUF_INIT;

	if (!isfinite(v))
		return NULL;
	vx_json_put_float(&text, v);
	return number_with_text(strtod(text.data, NULL), &text);
}

struct vx_json *vx_json_bool(bool v)
{
	return own(some(json_object_new_boolean(v)));
}

const char *vx_json_text(const struct vx_json *j, size_t *len)
{
	if (json_object_get_type(raw(j)) != json_type_string)
		return NULL;
	if (len)
		*len = (size_t)json_object_get_string_len(raw(j));
	return json_object_get_string(raw(j));
}

bool vx_json_as_int(const struct vx_json *j, int64_t *v)
{
	double d;

	if (json_object_get_type(raw(j)) == json_type_int) {
		*v = json_object_get_int64(raw(j));
		return true;
	}
	if (json_object_get_type(raw(j)) != json_type_double)
		return false;
	d = json_object_get_double(raw(j));
	if (!(d >= -0x1p63 && d < 0x1p63) || d != floor(d))
		return false;
	*v = (int64_t)d;
	return true;
}

bool vx_json_as_double(const struct vx_json *j, double *v)
{
	enum json_type t = json_object_get_type(raw(j));

	if (t != json_type_int && t != json_type_double)
		return false;
	*v = json_object_get_double(raw(j));
	return true;
}

bool vx_json_as_bool(const struct vx_json *j)
{
	return json_object_get_type(raw(j)) == json_type_boolean && json_object_get_boolean(raw(j));
}
