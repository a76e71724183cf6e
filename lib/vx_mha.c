/* vx_mha: the text header of a MetaImage; bytes -> struct vx_mha.
 * SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vx_mha_text.h"

enum key {
	OBJECT_TYPE,
	DIMS,
	DIM_SIZE,
	SPACING,
	SIZE,
	MATRIX,
	OFFSET,
	TYPE,
	CHANNELS,
	MSB,
	BINARY,
	COMPRESSED,
	COMPRESSED_SIZE,
	HEADER_SIZE,
	ORIENTATION,
	SLOPE,
	INTER,
	DATA_FILE,
	KEYS,
};

/* What MetaIO reads; the second names are its older ones. Other keys may say anything, names of people too: they stay. */
static const struct {
	const char *name;
	enum key key;
} names[] = {
	{ "ObjectType", OBJECT_TYPE },
	{ "NDims", DIMS },
	{ "DimSize", DIM_SIZE },
	{ "ElementSpacing", SPACING },
	{ "ElementSize", SIZE },
	{ "TransformMatrix", MATRIX },
	{ "Rotation", MATRIX },
	{ "Orientation", MATRIX },
	{ "Offset", OFFSET },
	{ "Position", OFFSET },
	{ "Origin", OFFSET },
	{ "ElementType", TYPE },
	{ "ElementNumberOfChannels", CHANNELS },
	{ "BinaryDataByteOrderMSB", MSB },
	{ "ElementByteOrderMSB", MSB },
	{ "BinaryData", BINARY },
	{ "CompressedData", COMPRESSED },
	{ "CompressedDataSize", COMPRESSED_SIZE },
	{ "HeaderSize", HEADER_SIZE },
	{ "AnatomicalOrientation", ORIENTATION },
	{ "ElementToIntensityFunctionSlope", SLOPE },
	{ "ElementToIntensityFunctionOffset", INTER },
	{ "ElementDataFile", DATA_FILE },
};

/* MET_LONG has 4 bytes on every machine (MET_ValueTypeSize). */
static const struct {
	const char *name;
	int datatype, bytes;
} types[] = {
	{ "MET_CHAR", 256, 1 },
	{ "MET_UCHAR", 2, 1 },
	{ "MET_SHORT", 4, 2 },
	{ "MET_USHORT", 512, 2 },
	{ "MET_INT", 8, 4 },
	{ "MET_UINT", 768, 4 },
	{ "MET_LONG", 8, 4 },
	{ "MET_ULONG", 768, 4 },
	{ "MET_LONG_LONG", 1024, 8 },
	{ "MET_ULONG_LONG", 1280, 8 },
	{ "MET_FLOAT", 16, 4 },
	{ "MET_DOUBLE", 64, 8 },
};
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct vx_mha_value vx_mha_trimmed(const char *text, size_t len)
{
	while (len > 0 && vx_mha_blank(*text))
		text++, len--;
	while (len > 0 && vx_mha_blank(text[len - 1]))
		len--;
	return (struct vx_mha_value){ .text = text, .len = len };
}

/* One line, without its end: key and value. False: it has no "=", nor MetaIO's other sign. */
static bool split_line(const char *line, size_t len, struct vx_mha_value *key, struct vx_mha_value *value)
{
	size_t at = 0;
	while (at < len && line[at] != '=' && line[at] != ':')
		at++;
	if (at == len)
		return false;
	*key = vx_mha_trimmed(line, at);
	*value = vx_mha_trimmed(line + at + 1, len - at - 1);
	return true;
}

static bool is_data_file(const struct vx_mha_value *key)
{
	return key->len == 15 && memcmp(key->text, "ElementDataFile", 15) == 0;
}

struct vx_mha_value vx_mha_line(const char *bytes, size_t n, size_t *at, bool *whole)
{
	const char *start = bytes + *at, *end = memchr(start, '\n', n - *at);
	size_t len = end ? (size_t)(end - start) : n - *at;
	*at += len + (end != NULL);
	*whole = end != NULL;
	return (struct vx_mha_value){ .text = start, .len = len };
}

/* The value of ElementDataFile; false: it is not there, or not whole. */
static bool find_data_file(const char *bytes, size_t n, struct vx_mha_value *value)
{
	struct vx_mha_value key;
	bool whole = true;
	for (size_t at = 0; at < n;) {
		struct vx_mha_value line = vx_mha_line(bytes, n, &at, &whole);
		if (whole && split_line(line.text, line.len, &key, value) && is_data_file(&key))
			return true;
	}
	return false;
}

bool vx_mha_complete(const char *bytes, size_t n)
{
	struct vx_mha_value value;
	return find_data_file(bytes, n, &value);
}

bool vx_mha_is_list(const char *bytes, size_t n)
{
	struct vx_mha_value value;
	return find_data_file(bytes, n, &value) && vx_mha_says_list(&value);
}

static int keep(struct vx_mha_value *values, const struct vx_mha_value *key, const struct vx_mha_value *value,
	struct vx_error *err)
{
	for (size_t i = 0; i < COUNT(names); i++) {
		if (strlen(names[i].name) != key->len || memcmp(names[i].name, key->text, key->len) != 0)
			continue;
		struct vx_mha_value *v = &values[names[i].key];
		if (v->name && (v->len != value->len || memcmp(v->text, value->text, v->len) != 0))
			return vx_error_set(err, VX_EREJECT, names[i].name, "said twice, with different values");
		*v = (struct vx_mha_value){ names[i].name, value->text, value->len };
	}
	return VX_OK;
}

static int no_header(const char *bytes, size_t n, int line, struct vx_error *err)
{
	if (n == 0)
		return vx_error_set(err, VX_EREJECT, NULL, "empty: 0 bytes");
	if (memchr(bytes, '\0', n < 64 ? n : 64))
		return vx_error_set(err, VX_EREJECT, NULL, "no MetaImage header: it is no text");
	return vx_error_set(err, VX_EREJECT, NULL, "no MetaImage header: line %d is no \"key = value\"", line);
}

/* All lines up to ElementDataFile, behind which *text is. */
static int read_lines(const char *bytes, size_t n, struct vx_mha_value *values, size_t *text, struct vx_error *err)
{
	struct vx_mha_value key, value;
	bool whole;
	int number = 0;
	for (*text = 0; *text < n;) {
		struct vx_mha_value line = vx_mha_line(bytes, n, text, &whole),
				    rest = vx_mha_trimmed(line.text, line.len);
		number++;
		if (rest.len == 0)
			continue;
		if (memchr(line.text, '\0', line.len) || !split_line(line.text, line.len, &key, &value))
			return no_header(bytes, n, number, err);
		int st = keep(values, &key, &value, err);
		if (st != VX_OK || is_data_file(&key))
			return st;
	}
	return n == 0 ? no_header(bytes, n, 0, err)
		      : vx_error_set(err, VX_EREJECT, "ElementDataFile", "missing: the header is cut off, or is none");
}

static bool is_known(const struct vx_mha_value *key)
{
	for (size_t i = 0; i < COUNT(names); i++)
		if (strlen(names[i].name) == key->len && memcmp(names[i].name, key->text, key->len) == 0)
			return true;
	return false;
}

void vx_mha_others(const char *bytes, size_t n,
	void (*use)(void *arg, const char *key, size_t key_len, const char *value, size_t len), void *arg)
{
	struct vx_mha_value key, value;
	bool whole;
	for (size_t at = 0; at < n;) {
		struct vx_mha_value line = vx_mha_line(bytes, n, &at, &whole);
		if (!split_line(line.text, line.len, &key, &value))
			continue;
		if (is_data_file(&key))
			return;
		if (!is_known(&key))
			use(arg, key.text, key.len, value.text, value.len);
	}
}

static bool is_true(const struct vx_mha_value *v)
{
	return v->len > 0 && strchr("Tt1", v->text[0]);
}

int vx_mha_numbers(const struct vx_mha_value *v, double *out, int want, struct vx_error *err)
{
	char copy[1024], *at = copy, *end;
	if (v->len >= sizeof(copy))
		return vx_error_set(err, VX_EREJECT, v->name, "longer than %zu bytes", sizeof(copy) - 1);
	memcpy(copy, v->text, v->len);
	copy[v->len] = '\0';
	for (int i = 0; i < want; i++, at = end) {
		out[i] = strtod(at, &end);
		if (end == at || !isfinite(out[i]))
			return vx_error_set(err, VX_EREJECT, v->name, "\"%.100s\": %d numbers wanted", copy, want);
	}
	while (vx_mha_blank(*at))
		at++;
	if (*at)
		return vx_error_set(
			err, VX_EREJECT, v->name, "\"%.100s\": not more than %d numbers wanted", copy, want);
	return VX_OK;
}

/* A whole number of min..max; fallback where the key is not there. */
static int whole_number(
	const struct vx_mha_value *v, double min, double max, int64_t fallback, int64_t *out, struct vx_error *err)
{
	double d = (double)fallback;
	int st = v->name ? vx_mha_numbers(v, &d, 1, err) : VX_OK;
	if (st != VX_OK)
		return st;
	if (d != floor(d) || d < min || d > max)
		return vx_error_set(err, VX_EREJECT, v->name, "%g: a whole number from %g to %g wanted", d, min, max);
	*out = (int64_t)d;
	return VX_OK;
}

static int missing(const char *key, struct vx_error *err)
{
	return vx_error_set(err, VX_EREJECT, key, "missing");
}

static int read_shape(const struct vx_mha_value *v, struct vx_mha *h, struct vx_error *err)
{
	double list[VX_MHA_RANK];
	int64_t rank;
	if (!v[DIMS].name)
		return missing("NDims", err);
	if (!v[DIM_SIZE].name)
		return missing("DimSize", err);
	int st = whole_number(&v[DIMS], 2, VX_MHA_RANK, 0, &rank, err);
	if (st == VX_OK)
		st = vx_mha_numbers(&v[DIM_SIZE], list, (int)rank, err);
	if (st != VX_OK)
		return st;
	h->rank = (int)rank;
	for (int i = 0; i < VX_MHA_RANK; i++) {
		h->dim[i] = 1;
		if (i >= h->rank)
			continue;
		if (list[i] != floor(list[i]) || list[i] < 1 || list[i] > 0x1p31)
			return vx_error_set(err, VX_EREJECT, "DimSize", "axis %d of %g voxels", i + 1, list[i]);
		h->dim[i] = (int64_t)list[i];
	}
	return VX_OK;
}

static int read_type(const struct vx_mha_value *v, struct vx_mha *h, struct vx_error *err)
{
	int64_t channels;
	size_t i = 0;
	if (!v[TYPE].name)
		return missing("ElementType", err);
	while (i < COUNT(types) &&
		(strlen(types[i].name) != v[TYPE].len || memcmp(types[i].name, v[TYPE].text, v[TYPE].len) != 0))
		i++;
	if (i == COUNT(types))
		return vx_error_set(err, VX_EREJECT, "ElementType", "no such type of voxel that NIfTI has one for");
	int st = whole_number(&v[CHANNELS], 1, 65535, 1, &channels, err);
	if (st != VX_OK)
		return st;
	h->datatype = types[i].datatype;
	h->component = h->bytes = types[i].bytes;
	if (channels == 1)
		return VX_OK;
	if (h->datatype != 2 || (channels != 3 && channels != 4))
		return vx_error_set(err, VX_EREJECT, "ElementNumberOfChannels",
			"%d values a voxel: one is read, or 3 or 4 of MET_UCHAR as a colour", (int)channels);
	h->datatype = channels == 3 ? 128 : 2304; /* RGB24, RGBA32 */
	h->bytes = (int)channels;
	return VX_OK;
}

static int read_axes(const struct vx_mha_value *v, struct vx_mha *h, struct vx_error *err)
{
	double m[VX_MHA_RANK * VX_MHA_RANK];
	for (int r = 0; r < 3; r++)
		for (int c = 0; c < 3; c++)
			h->axis[r][c] = r == c;
	h->oriented = v->name != NULL;
	if (!h->oriented)
		return VX_OK;
	int st = vx_mha_numbers(v, m, h->rank * h->rank, err);
	if (st != VX_OK)
		return st;
	for (int r = 0; r < h->rank; r++)
		for (int c = 0; c < h->rank; c++) {
			if (r < 3 && c < 3)
				h->axis[r][c] = m[r * h->rank + c];
			else if (r != c && m[r * h->rank + c] != 0)
				return vx_error_set(err, VX_EREJECT, v->name, "it turns the fourth axis into space");
		}
	const double(*a)[3] = (const double(*)[3])h->axis;
	double det = a[0][0] * (a[1][1] * a[2][2] - a[1][2] * a[2][1]) -
		     a[0][1] * (a[1][0] * a[2][2] - a[1][2] * a[2][0]) +
		     a[0][2] * (a[1][0] * a[2][1] - a[1][1] * a[2][0]);
	if (!(fabs(det) > 1e-6))
		return vx_error_set(err, VX_EREJECT, v->name, "singular: it places the voxels in no space");
	return VX_OK;
}

static int read_geometry(const struct vx_mha_value *v, struct vx_mha *h, struct vx_error *err)
{
	const struct vx_mha_value *spacing = v[SPACING].name ? &v[SPACING] : &v[SIZE];
	int st = VX_OK;
	for (int i = 0; i < VX_MHA_RANK; i++)
		h->spacing[i] = 1;
	if (spacing->name)
		st = vx_mha_numbers(spacing, h->spacing, h->rank, err);
	for (int i = 0; st == VX_OK && i < h->rank; i++)
		if (!(h->spacing[i] > 0))
			st = vx_error_set(err, VX_EREJECT, spacing->name, "%g: above 0 wanted", h->spacing[i]);
	if (st == VX_OK && v[OFFSET].name)
		st = vx_mha_numbers(&v[OFFSET], h->offset, h->rank, err);
	if (st == VX_OK)
		st = read_axes(&v[MATRIX], h, err);
	size_t letters = v[ORIENTATION].len;
	if (v[ORIENTATION].name && letters <= VX_MHA_RANK)
		memcpy(h->orientation, v[ORIENTATION].text, letters);
	h->slope = 1;
	if (st == VX_OK && v[SLOPE].name)
		st = vx_mha_numbers(&v[SLOPE], &h->slope, 1, err);
	if (st == VX_OK && v[INTER].name)
		st = vx_mha_numbers(&v[INTER], &h->inter, 1, err);
	return st;
}

/* The object's type, and how the voxels are written. */
static int read_writing(const struct vx_mha_value *v, struct vx_mha *h, struct vx_error *err)
{
	int64_t size;
	if (v[OBJECT_TYPE].name && (v[OBJECT_TYPE].len != 5 || memcmp(v[OBJECT_TYPE].text, "Image", 5) != 0))
		return vx_error_set(err, VX_EREJECT, "ObjectType", "no Image");
	h->binary = v[BINARY].name != NULL;
	if (h->binary && !is_true(&v[BINARY]))
		return vx_error_set(err, VX_EREJECT, "BinaryData", "voxels written as text are not read");
	h->big_endian = is_true(&v[MSB]);
	h->compressed = is_true(&v[COMPRESSED]);
	int st = whole_number(&v[COMPRESSED_SIZE], 0, 0x1p52, 0, &size, err);
	h->compressed_size = st == VX_OK ? (uint64_t)size : 0;
	return st == VX_OK ? whole_number(&v[HEADER_SIZE], -1, 0x1p52, 0, &h->header_size, err) : st;
}

int vx_mha_parse(const char *bytes, size_t n, struct vx_mha *h, struct vx_error *err)
{
	struct vx_mha_value v[KEYS] = { { .name = NULL } };
	memset(h, 0, sizeof(*h));
	int st = read_lines(bytes, n, v, &h->text, err);
	if (st == VX_OK)
		st = read_writing(v, h, err);
	if (st == VX_OK)
		st = read_shape(v, h, err);
	if (st == VX_OK)
		st = read_type(v, h, err);
	if (st == VX_OK)
		st = read_geometry(v, h, err);
	if (st != VX_OK)
		return st;
	uint64_t total = (uint64_t)h->bytes;
	for (int i = 0; i < h->rank; i++)
		if (__builtin_mul_overflow(total, (uint64_t)h->dim[i], &total) || total > (uint64_t)1 << 62)
			return vx_error_set(err, VX_EREJECT, "DimSize", "more voxels than a file can hold");
	h->voxel_bytes = total;
	return vx_mha_place(bytes, n, &v[DATA_FILE], h, err);
}
