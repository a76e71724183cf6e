/* vx_json: JSON behind one door. json-c holds the values; this module makes it strict and exact.
 *
 * Parsing follows RFC 8259 to the letter: no NaN, no comments, no single quotes, no duplicate keys, well-formed UTF-8,
 * no lone surrogates, nothing behind the value, at most VX_JSON_DEPTH levels. Numbers keep the spelling they came with
 * (also beyond 64 bits), keys keep their order, printing is compact.
 *
 *	struct vx_json *rec;
 *	if (vx_json_parse(line, len, &rec, &err) != VX_OK) ...
 *	const char *id = vx_json_str(rec, "identifier");   // NULL: absent, or no string
 *	vx_json_set_double(rec, "slice_thickness", 3.0);
 *	vx_json_print(rec, &out);
 *	vx_json_free(rec);
 *
 * A JSON null is the pointer NULL, everywhere. Values are reference-counted: a parent owns its members; a value that
 * was got from a parent is borrowed. Setting takes the value over.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_JSON_H
#define VX_JSON_H

#include <stdint.h>

#include "vx_err.h"
#include "vx_io.h"

#define VX_JSON_DEPTH 64

struct vx_json; /* one value; NULL is null */

enum vx_json_type { VX_NULL, VX_BOOL, VX_INT, VX_DOUBLE, VX_STRING, VX_ARRAY, VX_OBJECT };

/* vx_json_parse: text[0..len) is one JSON value. Errors: VX_EREJECT with the byte offset in the reason; *out = NULL. */
int vx_json_parse(const char *text, size_t len, struct vx_json **out, struct vx_error *err) VX_MUST_USE;

/* vx_json_parse_file: a whole file of at most 64 MiB (a leading UTF-8 BOM is skipped). VX_EIO or VX_EREJECT. */
int vx_json_parse_file(const char *path, struct vx_json **out, struct vx_error *err) VX_MUST_USE;

void vx_json_free(struct vx_json *j);                  /* gives a reference back; NULL is allowed */
struct vx_json *vx_json_ref(struct vx_json *j);        /* one more reference; returns j */
struct vx_json *vx_json_copy(const struct vx_json *j); /* a deep copy */

enum vx_json_type vx_json_type(const struct vx_json *j);
const char *vx_json_type_name(enum vx_json_type t); /* "null" "boolean" "integer" "number" "string" "array" "object" */

/* Objects. */
struct vx_json *vx_json_object(void);
size_t vx_json_size(const struct vx_json *j);                 /* members of an object, items of an array, else 0 */
bool vx_json_has(const struct vx_json *obj, const char *key); /* present, also when null */
struct vx_json *vx_json_get(const struct vx_json *obj, const char *key); /* borrowed; NULL when absent or null */
const char *vx_json_str(const struct vx_json *obj, const char *key);     /* borrowed; NULL unless a string */
bool vx_json_get_int(
	const struct vx_json *obj, const char *key, int64_t *v); /* integer-valued numbers of any spelling */
bool vx_json_get_double(const struct vx_json *obj, const char *key, double *v);
bool vx_json_get_bool(const struct vx_json *obj, const char *key, bool *v);
void vx_json_set(
	struct vx_json *obj, const char *key, struct vx_json *value); /* takes value; replaces in place, else appends */
void vx_json_set_str(struct vx_json *obj, const char *key, const char *value); /* NULL sets null */
void vx_json_set_int(struct vx_json *obj, const char *key, int64_t value);
void vx_json_set_double(struct vx_json *obj, const char *key, double value); /* not finite: null */
void vx_json_set_bool(struct vx_json *obj, const char *key, bool value);
void vx_json_del(struct vx_json *obj, const char *key);

/* vx_json_path: follows a dotted path ("_match.patient", "labels.2", "lesions.0.grade"). Borrowed; NULL when absent. */
struct vx_json *vx_json_path(const struct vx_json *j, const char *path);

/* Walking an object in order:
 *	struct vx_json_iter it = vx_json_begin(obj);
 *	while (vx_json_next(&it)) use(it.key, it.value);
 * The member just visited may be replaced; none may be added or removed. */
struct vx_json_iter {
	const char *key;
	struct vx_json *value; /* borrowed; NULL is null */
	void *entry;
};
struct vx_json_iter vx_json_begin(const struct vx_json *obj);
bool vx_json_next(struct vx_json_iter *it);

/* Arrays. */
struct vx_json *vx_json_array(void);
void vx_json_push(struct vx_json *array, struct vx_json *value);   /* takes value */
struct vx_json *vx_json_at(const struct vx_json *array, size_t i); /* borrowed */

/* Scalars. */
struct vx_json *vx_json_string(const char *s); /* s must be UTF-8; NULL makes null */
struct vx_json *vx_json_string_n(const char *s, size_t n);
struct vx_json *vx_json_int(int64_t v);
struct vx_json *vx_json_double(double v); /* shortest decimal that reads back equal; not finite: null */
struct vx_json *vx_json_float(float v);   /* the same for a value that was stored as float32 */
struct vx_json *vx_json_bool(bool v);
const char *vx_json_text(const struct vx_json *j, size_t *len); /* of a string, borrowed; else NULL. len may be NULL */
bool vx_json_as_int(
	const struct vx_json *j, int64_t *v); /* 3, 3.0 and 3e0 are integers; 3.5 and beyond 64 bits are not */
bool vx_json_as_double(const struct vx_json *j, double *v);
bool vx_json_as_bool(const struct vx_json *j); /* true only for JSON true */

/* vx_json_equal: same value; key order and number spelling aside (1 = 1.0 = 1e0). */
bool vx_json_equal(const struct vx_json *a, const struct vx_json *b);

/* Printing, appended to b: compact, UTF-8 as it is, "/" not escaped, no newline. */
void vx_json_print(const struct vx_json *j, struct vx_buf *b);

/* vx_json_canonical: the same with sorted keys (byte order) and one spelling a number, so that equal values print equal. */
void vx_json_canonical(const struct vx_json *j, struct vx_buf *b);

/* For tools that write JSON without building it first. */
void vx_json_put_string(struct vx_buf *b, const char *s, size_t n); /* quoted and escaped; s must be UTF-8 */
void vx_json_put_double(struct vx_buf *b, double v); /* shortest that reads back equal; not finite: null */
void vx_json_put_float(struct vx_buf *b, float v);
void vx_json_put_int(struct vx_buf *b, int64_t v);

#endif
