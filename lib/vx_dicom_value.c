/* vx_dicom_value: values of DICOM elements -> JSON, each as its entry in the list says.
 * SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vx_dicom_parts.h"

#define MAX_NUMBERS 64

struct reading {
	struct vx_dicom *d;
	const struct dicom_entry *entry;
	const char *bytes; /* without padding */
	size_t len;
	const char *wrong; /* why there is no value */
	const char *note;  /* what is odd about the one that there is */
};

static struct reading reading_of(struct vx_dicom *d, size_t i)
{
	const struct dicom_value *v = &d->values[i];
	struct reading r = { .d = d, .entry = &d->list->entries[i], .bytes = d->bytes.data + v->at, .len = v->len };
	while (r.len > 0 && (r.bytes[r.len - 1] == ' ' || r.bytes[r.len - 1] == 0))
		r.len--;
	while (r.len > 0 && *r.bytes == ' ') {
		r.bytes++;
		r.len--;
	}
	return r;
}

/* Values are padded to even length, and each of several may have blanks around it. */
static void trim(const char **s, size_t *n)
{
	while (*n > 0 && ((*s)[*n - 1] == ' ' || (*s)[*n - 1] == 0))
		--*n;
	for (; *n > 0 && **s == ' '; ++*s)
		--*n;
}

/* ---- text ---- */

/* As UTF-8 in d->text. What stands behind a NUL was left by something else: it may be anything, a name too. */
static void decode(struct reading *r)
{
	size_t n = strnlen(r->bytes, r->len);
	bool guessed = false;
	vx_buf_clear(&r->d->text);
	vx_buf_puts(&r->d->text, "");
	dicom_text_decode(&r->d->charset, r->bytes, n, &r->d->text, &guessed);
	if (n < r->len)
		r->note = "has bytes behind a NUL: these are left out";
	else if (guessed)
		r->note = "is not wholly in the character set that the file says: read as far as it goes";
}

static struct vx_json *text_json(struct reading *r)
{
	decode(r);
	const char *s = r->d->text.data;
	size_t n = r->d->text.len;
	trim(&s, &n);
	return n > 0 ? vx_json_string_n(s, n) : NULL;
}

static struct vx_json *list_json(struct reading *r)
{
	struct vx_json *list = vx_json_array();
	decode(r);
	const char *s = r->d->text.data, *end = s + r->d->text.len;
	for (;;) {
		const char *next = memchr(s, '\\', (size_t)(end - s)), *item = s;
		size_t n = (size_t)((next ? next : end) - s);
		trim(&item, &n);
		vx_json_push(list, vx_json_string_n(item, n));
		if (!next)
			return list;
		s = next + 1;
	}
}

static struct vx_json *uid_json(struct reading *r)
{
	bool digit_wanted = true;
	for (size_t i = 0; i < r->len; i++) {
		if (r->bytes[i] == '.' ? digit_wanted : !isdigit((unsigned char)r->bytes[i]))
			digit_wanted = true, i = r->len;
		else
			digit_wanted = r->bytes[i] == '.';
	}
	if (digit_wanted || r->len > 64) {
		r->wrong = "is no UID";
		return NULL;
	}
	return vx_json_string_n(r->bytes, r->len);
}

/* ---- numbers ---- */

static int size_of_vr(const char *vr)
{
	return strstr("US SS", vr) ? 2 : strstr("UL SL FL", vr) ? 4 : strcmp(vr, "FD") == 0 ? 8 : 0;
}

static double binary_number(const uint8_t *p, const char *vr, bool big)
{
	uint32_t low = dicom_get(p, size_of_vr(vr) == 2 ? 2 : 4, big);
	if (strcmp(vr, "SS") == 0)
		return (int16_t)low;
	if (strcmp(vr, "SL") == 0)
		return (int32_t)low;
	if (strcmp(vr, "FL") == 0) {
		float f;
		memcpy(&f, &low, sizeof(f));
		return (double)f;
	}
	if (strcmp(vr, "FD") == 0) {
		uint32_t other = dicom_get(p + 4, 4, big);
		uint64_t bits = big ? (uint64_t)low << 32 | other : (uint64_t)other << 32 | low;
		double v;
		memcpy(&v, &bits, sizeof(v));
		return v;
	}
	return low;
}

static bool text_number(const char *s, size_t n, double *v)
{
	char word[40], *rest;
	trim(&s, &n);
	if (n == 0 || n >= sizeof(word))
		return false;
	memcpy(word, s, n);
	word[n] = '\0';
	*v = strtod(word, &rest);
	return !*rest && strspn(word, "0123456789.eE+-") == n;
}

/* Numbers of either kind, MAX_NUMBERS at most; 0 and r->wrong: these are none. *narrow: stored as float32. */
static size_t numbers(struct reading *r, const struct dicom_value *v, double out[MAX_NUMBERS], bool *narrow)
{
	const bool opaque = !v->vr[0] || strcmp(v->vr, "UN") == 0 || strcmp(v->vr, "OB") == 0;
	const char *vr = opaque ? r->entry->vr : v->vr;
	const size_t size = (size_t)size_of_vr(vr);
	const char *s = r->d->bytes.data + v->at, *end = s + v->len;
	size_t n = 0;
	*narrow = strcmp(vr, "FL") == 0;
	if (size > 0 && v->len % size == 0 && v->len / size <= MAX_NUMBERS) {
		for (; n < v->len / size; n++)
			out[n] = binary_number((const uint8_t *)s + n * size, vr, v->big);
		return n;
	}
	while (size == 0 && n < MAX_NUMBERS) {
		const char *next = memchr(s, '\\', (size_t)(end - s));
		if (!text_number(s, (size_t)((next ? next : end) - s), &out[n++]))
			break;
		if (!next)
			return n;
		s = next + 1;
	}
	r->wrong = "is no number";
	return 0;
}

/* v / per, where per is a power of ten by moving the point: 1.53 ms are 0.00153 s, which 1.53 / 1000 is not. */
static double in_unit(double v, double per)
{
	char text[40];
	int digits_of = 15, power = (int)lround(log10(per));
	if (per == 1 || pow(10, power) != per)
		return v / per;
	do
		snprintf(text, sizeof(text), "%.*e", digits_of - 1, v);
	while (strtod(text, NULL) != v && ++digits_of <= 17);
	char *e = strchr(text, 'e');
	if (!e)
		return v / per;
	int exponent = atoi(e + 1) - power;
	snprintf(e, sizeof(text) - (size_t)(e - text), "e%d", exponent);
	return strtod(text, NULL);
}

static struct vx_json *one_number(struct reading *r, double v, bool narrow)
{
	const struct dicom_entry *e = r->entry;
	if (e->modulo > 0)
		v = fmod(v, e->modulo);
	v = in_unit(v, e->per) + 0.0;
	if (!isfinite(v) || v < e->min || v > e->max) {
		r->wrong = "is out of range";
		return NULL;
	}
	if (e->type == D_INTEGER && (v != floor(v) || fabs(v) > 9e15)) {
		r->wrong = "is no integer";
		return NULL;
	}
	if (e->type == D_INTEGER)
		return vx_json_int((int64_t)v);
	return narrow && e->per == 1 ? vx_json_float((float)v) : vx_json_double(v);
}

static struct vx_json *number_json(struct reading *r, const struct dicom_value *v)
{
	double list[MAX_NUMBERS];
	bool narrow;
	size_t n = numbers(r, v, list, &narrow);
	if (n == 0)
		return NULL;
	/* A list that goes on tells more than its first number only where the maker packs it so. */
	if (n > 1 && !r->entry->creator) {
		r->wrong = "has more than one value";
		return NULL;
	}
	return one_number(r, list[0], narrow);
}

static struct vx_json *numbers_json(struct reading *r, const struct dicom_value *v)
{
	double list[MAX_NUMBERS];
	bool narrow;
	size_t n = numbers(r, v, list, &narrow);
	if (n > 0 && r->entry->count > 0 && n != r->entry->count)
		r->wrong = "has another number of values than it should";
	struct vx_json *array = vx_json_array();
	for (size_t i = 0; i < n && !r->wrong; i++)
		vx_json_push(array, one_number(r, list[i], narrow));
	if (!r->wrong)
		return array;
	vx_json_free(array);
	return NULL;
}

/* ---- days and times ---- */

static struct vx_json *date_json(struct reading *r)
{
	char date[11];
	if (dicom_put_date(r->bytes, r->len, date) == r->len && r->len > 0)
		return vx_json_string(date);
	r->wrong = "is no date";
	return NULL;
}

/* YYYYMMDDHHMMSS.ffffff&ZZXX in one, or a date and its time in two. */
static struct vx_json *datetime_json(struct reading *r)
{
	char date[11], time[20], text[48];
	const char *s = r->bytes;
	size_t n = r->len, used = dicom_put_date(s, n, date), zone = 0;
	if (used > 0 && r->entry->time >= 0) {
		size_t other = (size_t)r->entry->time;
		struct reading half = reading_of(r->d, other);
		if (used != n || !r->d->values[other].have || half.len == 0)
			used = 0;
		s = half.bytes;
		n = half.len;
	} else {
		s += used;
		n -= used;
	}
	size_t took = used > 0 ? dicom_put_time(s, n, time) : 0;
	if (took > 0 && n - took == 5 && (s[took] == '+' || s[took] == '-') && dicom_digits(s + took + 1, 4))
		zone = dicom_two_digits(s + took + 1) <= 14 && dicom_two_digits(s + took + 3) <= 59 ? 5 : 0;
	if (took == 0 || took + zone != n) {
		r->wrong = "is no whole date and time";
		return NULL;
	}
	snprintf(text, sizeof(text), "%sT%s", date, time);
	if (zone)
		snprintf(text + strlen(text), 8, "%.3s:%.2s", s + took, s + took + 3);
	return vx_json_string(text);
}

/* 063Y, 018M, 002W, 010D -> years. */
static struct vx_json *age_json(struct reading *r)
{
	static const char units[] = "YMWD";
	static const double in_year[] = { 1, 12, 52.1775, 365.2425 };
	const char *unit = r->len == 4 && dicom_digits(r->bytes, 3) ? strchr(units, r->bytes[3]) : NULL;
	if (!unit || !*unit) {
		r->wrong = "is no age";
		return NULL;
	}
	double years = ((r->bytes[0] - '0') * 100 + dicom_two_digits(r->bytes + 1)) / in_year[unit - units];
	return one_number(r, *unit == 'Y' ? years : round(years * 100) / 100, false);
}

struct vx_json *dicom_value_json(struct vx_dicom *d, size_t i, const char **wrong, const char **note)
{
	const struct dicom_value *v = &d->values[i];
	struct vx_json *j = NULL;
	*wrong = *note = NULL;
	if (!v->have || (v->len == 0 && !v->too_long))
		return NULL;
	struct reading r = reading_of(d, i);
	if (v->too_long)
		r.wrong = "is longer than any such value";
	else if (r.len > 0 || size_of_vr(v->vr) || size_of_vr(r.entry->vr)) /* zeroes are no padding there */
		switch (r.entry->type) {
		case D_TEXT:
			j = text_json(&r);
			break;
		case D_LIST:
			j = list_json(&r);
			break;
		case D_UID:
			j = uid_json(&r);
			break;
		case D_INTEGER:
		case D_NUMBER:
			j = number_json(&r, v);
			break;
		case D_NUMBERS:
			j = numbers_json(&r, v);
			break;
		case D_DATE:
			j = date_json(&r);
			break;
		case D_DATETIME:
			j = datetime_json(&r);
			break;
		case D_AGE:
			j = age_json(&r);
			break;
		}
	*wrong = r.wrong;
	*note = r.note;
	return j;
}
