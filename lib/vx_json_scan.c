/* vx_json_scan: a strict reader of JSON text, which only checks it or builds json-c's values in the same pass.
 * SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <json.h>

#include "vx_json.h"
#include "vx_json_scan.h"
#include "vx_hash.h"

/* A key that was seen, to find it again: all objects of one text share one open-addressing table. */
struct seen_key {
	const char *key; /* into the text, or a copy where the key was escaped */
	size_t len;
	uint64_t hash;
	uint32_t object; /* number of the object that it belongs to */
	uint32_t text;   /* number of the text; a slot of an earlier one is free */
};

struct vx_json_scan {
	const char *text, *p, *end;
	uint32_t objects, texts;
	bool build; /* make values, not only check the text */
	struct seen_key *keys;
	size_t slots, used;
	char **copies; /* keys that had escapes, unescaped */
	size_t n_copies;
	struct vx_buf scratch; /* a key, string or number, terminated */
	struct vx_error *err;
};

struct vx_json_scan *vx_json_scan_new(void)
{
	struct vx_json_scan *s = vx_alloc(sizeof *s);

	s->slots = 128;
	s->keys = vx_alloc(s->slots * sizeof *s->keys);
	s->texts = 1;
	return s;
}

static void keys_free(struct vx_json_scan *s)
{
	while (s->n_copies > 0)
		free(s->copies[--s->n_copies]);
	free(s->copies);
	s->copies = NULL;
}

/* Makes ready for the next text. The table is not cleared: its slots go out of date. */
static void scan_reset(struct vx_json_scan *s)
{
	if (s->n_copies > 0)
		keys_free(s);
	if (s->slots > 1024 || s->texts == UINT32_MAX) { /* one huge record must not cost every later one */
		free(s->keys);
		s->slots = 128;
		s->keys = vx_alloc(s->slots * sizeof *s->keys);
		s->texts = 0;
	}
	s->texts++;
	s->used = 0;
	s->objects = 0;
	if (s->scratch.cap > 1 << 16)
		vx_buf_free(&s->scratch);
}

void vx_json_scan_free(struct vx_json_scan *s)
{
	if (!s)
		return;
	keys_free(s);
	vx_buf_free(&s->scratch);
	free(s->keys);
	free(s);
}

static int bad(struct vx_json_scan *s, const char *at, const char *why)
{
	return vx_error_set(s->err, VX_EREJECT, NULL, "not JSON: %s at byte %zu", why, (size_t)(at - s->text));
}

static int unexpected(struct vx_json_scan *s)
{
	unsigned char c = s->p < s->end ? (unsigned char)*s->p : 0;
	char why[32];

	if (s->p >= s->end)
		return bad(s, s->p, "ends too early");
	snprintf(why, sizeof why, c > 0x20 && c < 0x7F ? "unexpected '%c'" : "unexpected byte 0x%02X", c);
	return bad(s, s->p, why);
}

static void skip_space(struct vx_json_scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
		s->p++;
}

static int hex4(const char *p, const char *end)
{
	int v = 0, i;

	if (end - p < 4)
		return -1;
	for (i = 0; i < 4; i++) {
		int d = vx_hex_digit(p[i]);

		if (d < 0)
			return -1;
		v = v * 16 + d;
	}
	return v;
}

/* One escape sequence, p behind the backslash. Surrogates must come in pairs. */
static int scan_escape(struct vx_json_scan *s)
{
	const char *at = s->p - 1;
	int unit, low;

	if (s->p >= s->end)
		return bad(s, s->p, "ends too early");
	if (*s->p != 'u') {
		if (!strchr("\"\\/bfnrt", *s->p) || *s->p == '\0')
			return bad(s, at, "unknown escape");
		s->p++;
		return VX_OK;
	}
	unit = hex4(s->p + 1, s->end);
	if (unit < 0)
		return bad(s, at, "bad \\u escape");
	s->p += 5;
	if (unit < 0xD800 || unit > 0xDFFF)
		return VX_OK;
	low = unit < 0xDC00 && s->end - s->p >= 6 && s->p[0] == '\\' && s->p[1] == 'u' ? hex4(s->p + 2, s->end) : -1;
	if (low < 0xDC00 || low > 0xDFFF)
		return bad(s, at, "lone surrogate");
	s->p += 6;
	return VX_OK;
}

/* One string, p on its quote. escaped tells whether it holds any escape. */
static int scan_string(struct vx_json_scan *s, bool *escaped)
{
	const char *start = ++s->p;
	bool high = false;

	*escaped = false;
	while ((s->p = vx_json_plain(s->p, s->end)) < s->end) {
		unsigned char c = (unsigned char)*s->p;

		if (c == '"') {
			if (high && !vx_utf8_valid(start, (size_t)(s->p - start)))
				return bad(s, start, "invalid UTF-8 in the string");
			s->p++;
			return VX_OK;
		}
		if (c < 0x20)
			return bad(s, s->p, "control character in a string");
		s->p++;
		if (c == '\\') {
			int status = scan_escape(s);

			if (status != VX_OK)
				return status;
			*escaped = true;
		}
		high |= c >= 0x80;
	}
	return bad(s, s->p, "ends too early");
}

static bool is_digit(const struct vx_json_scan *s)
{
	return s->p < s->end && *s->p >= '0' && *s->p <= '9';
}

static struct json_object *some(struct json_object *o)
{
	if (!o)
		vx_die(VX_EMEM, "out of memory");
	return o;
}

static int scan_number(struct vx_json_scan *s, struct json_object **out)
{
	const char *start = s->p;
	bool whole = true;

	if (*s->p == '-')
		s->p++;
	if (!is_digit(s))
		return unexpected(s);
	if (*s->p == '0')
		s->p++;
	else
		while (is_digit(s))
			s->p++;
	if (s->p < s->end && *s->p == '.') {
		whole = false;
		s->p++;
		if (!is_digit(s))
			return unexpected(s);
		while (is_digit(s))
			s->p++;
	}
	if (s->p < s->end && (*s->p | 32) == 'e') {
		whole = false;
		s->p++;
		if (s->p < s->end && (*s->p == '+' || *s->p == '-'))
			s->p++;
		if (!is_digit(s))
			return unexpected(s);
		while (is_digit(s))
			s->p++;
	}
	if (s->build)
		*out = some(vx_json_number(start, (size_t)(s->p - start), whole, &s->scratch));
	return VX_OK;
}

/* Text without its escapes, which have been checked. */
static void unescape(const char *p, size_t n, struct vx_buf *b)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	const char *end = p + n, *f;

	vx_buf_reserve(b, n);
	while (p < end) {
		if (*p != '\\') {
			vx_buf_putc(b, *p++);
		} else if (p[1] != 'u') {
			f = strchr(from, p[1]);
			vx_buf_putc(b, f ? to[f - from] : p[1]);
			p += 2;
		} else {
			unsigned c = (unsigned)hex4(p + 2, end);

			p += 6;
			if (c >= 0xD800 && c < 0xDC00) {
				c = 0x10000 + ((c - 0xD800) << 10) + ((unsigned)hex4(p + 2, end) - 0xDC00);
				p += 6;
			}
			vx_utf8_put(b, c);
		}
	}
}

/* Keys of one text only: any hash will do, so one of eight bytes at a time. */
static uint64_t key_hash(const char *key, size_t len, uint64_t object)
{
	uint64_t hash = (object + 1) * 0x9E3779B97F4A7C15u ^ len, w;

	for (; len >= 8; key += 8, len -= 8) {
		memcpy(&w, key, 8);
		hash = (hash ^ w) * 0x9E3779B97F4A7C15u;
		hash ^= hash >> 32;
	}
	w = 0;
	memcpy(&w, key, len);
	hash = (hash ^ w) * 0x9E3779B97F4A7C15u;
	return hash ^ hash >> 32;
}

static struct seen_key *key_slot(struct seen_key *keys, size_t slots, const struct seen_key *k)
{
	size_t i = (size_t)(k->hash & (slots - 1));

	while (keys[i].text == k->text && !(keys[i].hash == k->hash && keys[i].object == k->object &&
						  keys[i].len == k->len && memcmp(keys[i].key, k->key, k->len) == 0))
		i = (i + 1) & (slots - 1);
	return &keys[i];
}

static void keys_grow(struct vx_json_scan *s)
{
	size_t slots = s->slots * 2, i;
	struct seen_key *keys = vx_alloc(slots * sizeof *keys);

	for (i = 0; i < s->slots; i++)
		if (s->keys[i].text == s->texts)
			*key_slot(keys, slots, &s->keys[i]) = s->keys[i];
	free(s->keys);
	s->keys = keys;
	s->slots = slots;
}

/* A key of the object number `object`, p on its quote: no second one alike (two spellings of one key meet), and no NUL,
 * which json-c's keys cannot hold. k->key is not terminated. */
static int scan_key(struct vx_json_scan *s, uint32_t object, struct seen_key *k)
{
	const char *start = s->p + 1;
	struct seen_key *slot;
	bool escaped;
	int status = scan_string(s, &escaped);

	if (status != VX_OK)
		return status;
	*k = (struct seen_key){ .key = start, .len = (size_t)(s->p - 1 - start), .object = object, .text = s->texts };
	if (escaped) {
		struct vx_buf copy = VX_BUF_INIT;

		unescape(start, k->len, &copy);
		s->copies = vx_realloc(s->copies, (s->n_copies + 1) * sizeof *s->copies);
		s->copies[s->n_copies++] = copy.data;
		k->key = copy.data;
		k->len = copy.len;
		if (memchr(k->key, '\0', k->len))
			return bad(s, start, "a key holds a NUL");
	}
	k->hash = key_hash(k->key, k->len, object);
	slot = key_slot(s->keys, s->slots, k);
	if (slot->text == k->text)
		return vx_error_set(s->err, VX_EREJECT, NULL, "not JSON: duplicate key \"%.*s\" at byte %zu",
			(int)vx_utf8_cut(k->key, k->len, 80), k->key, (size_t)(start - 1 - s->text));
	*slot = *k;
	if (++s->used * 2 > s->slots)
		keys_grow(s);
	return VX_OK;
}

static int scan_text(struct vx_json_scan *s, struct json_object **out)
{
	const char *start = s->p + 1;
	bool escaped;
	int status = scan_string(s, &escaped);
	size_t n = (size_t)(s->p - 1 - start);

	if (status != VX_OK || !s->build)
		return status;
	if (n > INT32_MAX)
		return bad(s, start, "a string of more than 2 GiB");
	if (escaped) {
		vx_buf_clear(&s->scratch);
		unescape(start, n, &s->scratch);
		start = s->scratch.data;
		n = s->scratch.len;
	}
	*out = some(json_object_new_string_len(start, (int)n));
	return VX_OK;
}

static int scan_literal(struct vx_json_scan *s, struct json_object **out)
{
	static const char *const words[] = { "null", "false", "true" };
	size_t i, n;

	for (i = 0; i < 3; i++) {
		n = strlen(words[i]);
		if ((size_t)(s->end - s->p) >= n && memcmp(s->p, words[i], n) == 0) {
			s->p += n;
			if (s->build && i > 0)
				*out = some(json_object_new_boolean(i == 2));
			return VX_OK;
		}
	}
	return unexpected(s);
}

static int scan_value(struct vx_json_scan *s, int depth, struct json_object **out);

static void add_member(
	struct vx_json_scan *s, struct json_object *object, const struct seen_key *k, struct json_object *value)
{
	vx_buf_clear(&s->scratch);
	vx_buf_add(&s->scratch, k->key, k->len);
	if (json_object_object_add_ex(object, s->scratch.data, value, JSON_C_OBJECT_ADD_KEY_IS_NEW) != 0)
		vx_die(VX_EMEM, "out of memory");
}

static int scan_object(struct vx_json_scan *s, int depth, struct json_object **out)
{
	uint32_t object = ++s->objects;
	struct json_object *value;
	struct seen_key k;
	int status;

	if (s->build)
		*out = some(json_object_new_object());
	s->p++;
	skip_space(s);
	if (s->p < s->end && *s->p == '}') {
		s->p++;
		return VX_OK;
	}
	for (;;) {
		skip_space(s);
		if (s->p >= s->end || *s->p != '"')
			return unexpected(s);
		status = scan_key(s, object, &k);
		if (status != VX_OK)
			return status;
		skip_space(s);
		if (s->p >= s->end || *s->p != ':')
			return unexpected(s);
		s->p++;
		status = scan_value(s, depth + 1, &value);
		if (status != VX_OK)
			return status;
		if (s->build)
			add_member(s, *out, &k, value);
		if (s->p < s->end && *s->p == '}') {
			s->p++;
			return VX_OK;
		}
		if (s->p >= s->end || *s->p != ',')
			return unexpected(s);
		s->p++;
	}
}

static int scan_array(struct vx_json_scan *s, int depth, struct json_object **out)
{
	struct json_object *value;
	int status;

	if (s->build)
		*out = some(json_object_new_array_ext(4));
	s->p++;
	skip_space(s);
	if (s->p < s->end && *s->p == ']') {
		s->p++;
		return VX_OK;
	}
	for (;;) {
		status = scan_value(s, depth + 1, &value);
		if (status != VX_OK)
			return status;
		if (s->build && json_object_array_add(*out, value) != 0)
			vx_die(VX_EMEM, "out of memory");
		if (s->p < s->end && *s->p == ']') {
			s->p++;
			return VX_OK;
		}
		if (s->p >= s->end || *s->p != ',')
			return unexpected(s);
		s->p++;
	}
}

/* One value and the white space around it. Recursion is bounded by VX_JSON_DEPTH. On an error *out is NULL. */
static int scan_value(struct vx_json_scan *s, int depth, struct json_object **out)
{
	int status;

	*out = NULL;
	if (depth > VX_JSON_DEPTH)
		return vx_error_set(s->err, VX_EREJECT, NULL, "nested deeper than %d levels", VX_JSON_DEPTH);
	skip_space(s);
	if (s->p >= s->end)
		return bad(s, s->p, "ends too early");
	switch (*s->p) {
	case '{':
		status = scan_object(s, depth, out);
		break;
	case '[':
		status = scan_array(s, depth, out);
		break;
	case '"':
		status = scan_text(s, out);
		break;
	case 't':
	case 'f':
	case 'n':
		status = scan_literal(s, out);
		break;
	default:
		status = *s->p == '-' || is_digit(s) ? scan_number(s, out) : unexpected(s);
	}
	skip_space(s);
	if (status != VX_OK) {
		json_object_put(*out);
		*out = NULL;
	}
	return status;
}

static int scan(struct vx_json_scan *s, const char *text, size_t len, struct json_object **out, struct vx_error *err)
{
	int status;

	s->text = s->p = text;
	s->end = text + len;
	s->err = err;
	status = scan_value(s, 1, out);
	if (status == VX_OK && s->p < s->end) {
		status = bad(s, s->p, "more behind the value");
		json_object_put(*out);
		*out = NULL;
	}
	scan_reset(s);
	return status;
}

int vx_json_scan(struct vx_json_scan *s, const char *text, size_t len, struct vx_error *err)
{
	struct json_object *none;

	s->build = false;
	return scan(s, text, len, &none, err);
}

int vx_json_build(struct vx_json_scan *s, const char *text, size_t len, struct json_object **out, struct vx_error *err)
{
	s->build = true;
	return scan(s, text, len, out, err);
}
