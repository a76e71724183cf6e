/* series: gathers the files of each DICOM series; what all of them say stays. files -> a record a series.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dicom.h"

#define ORIENTATIONS_MOST 1024 /* a stack that turns has one a slice; further ones count as the last */
#define B_VALUES_MOST 256
#define SAME_COSINE 1e-4

struct series {
	char *uid;
	struct vx_json *record, *fields, *details, *varies;
	struct slice *slices;
	size_t n, cap;
	struct orientation *orientations;
	size_t n_orientations;
	double *b_values;
	size_t n_b_values;
};

struct series_table {
	struct series *list;
	size_t n, cap;
	uint32_t *slots; /* index + 1 into list; 0: free */
	size_t n_slots;  /* a power of two, at most half of them taken */
};

struct series_table *series_new(void)
{
	struct series_table *t = vx_alloc(sizeof(*t));
	t->n_slots = 256;
	t->slots = vx_alloc(t->n_slots * sizeof(*t->slots));
	return t;
}

static void free_one(struct series *s)
{
	free(s->uid);
	vx_json_free(s->record);
	vx_json_free(s->fields);
	vx_json_free(s->details);
	vx_json_free(s->varies);
	free(s->slices);
	free(s->orientations);
	free(s->b_values);
	memset(s, 0, sizeof(*s));
}

void series_free(struct series_table *t)
{
	for (size_t i = 0; t && i < t->n; i++)
		free_one(&t->list[i]);
	if (t) {
		free(t->list);
		free(t->slots);
	}
	free(t);
}

/* FNV-1a. */
static uint64_t hash_of(uint64_t hash, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		hash = (hash ^ (unsigned char)s[i]) * 0x100000001b3u;
	return hash;
}
#define HASH_START 0xcbf29ce484222325u

static uint32_t *slot_of(struct series_table *t, const char *uid)
{
	size_t at = hash_of(HASH_START, uid, strlen(uid)) & (t->n_slots - 1);
	while (t->slots[at] && strcmp(t->list[t->slots[at] - 1].uid, uid) != 0)
		at = (at + 1) & (t->n_slots - 1);
	return &t->slots[at];
}

static void grow(struct series_table *t)
{
	t->n_slots *= 2;
	free(t->slots);
	t->slots = vx_alloc(t->n_slots * sizeof(*t->slots));
	for (size_t i = 0; i < t->n; i++)
		*slot_of(t, t->list[i].uid) = (uint32_t)i + 1;
}

static struct series *find(struct series_table *t, const char *uid, bool *fresh)
{
	uint32_t *slot = slot_of(t, uid);
	*fresh = *slot == 0;
	if (*slot)
		return &t->list[*slot - 1];
	if (t->n == t->cap) {
		t->cap = t->cap ? 2 * t->cap : 64;
		t->list = vx_realloc(t->list, t->cap * sizeof(*t->list));
	}
	struct series *s = &t->list[t->n++];
	memset(s, 0, sizeof(*s));
	s->uid = vx_strdup(uid);
	*slot = (uint32_t)t->n;
	if (2 * t->n > t->n_slots)
		grow(t);
	return s;
}

/* What belongs to a slice, not to a series. */
static bool is_of_slice(const char *key)
{
	static const char *const keys[] = { "sop_instance_uid", "instance_number", "image_position",
		"image_orientation", "slice_location", "b_value", "b_values", "positions", "varies",
		"acquisition_datetime", NULL };
	for (size_t i = 0; keys[i]; i++)
		if (strcmp(keys[i], key) == 0)
			return true;
	return false;
}

static void note_varying(struct vx_json *varies, const char *key)
{
	for (size_t i = 0; i < vx_json_size(varies); i++)
		if (strcmp(vx_json_text(vx_json_at(varies, i), NULL), key) == 0)
			return;
	vx_json_push(varies, vx_json_string(key));
}

static bool is_noted(const struct vx_json *varies, const char *key)
{
	for (size_t i = 0; i < vx_json_size(varies); i++)
		if (strcmp(vx_json_text(vx_json_at(varies, i), NULL), key) == 0)
			return true;
	return false;
}

/* Leaves in common what other says too; varies (NULL: not wanted) gets the names of the rest. */
static void keep_common(struct vx_json *common, const struct vx_json *other, struct vx_json *varies)
{
	const char **gone = vx_alloc((vx_json_size(common) + 1) * sizeof(*gone));
	size_t n = 0;
	struct vx_json_iter it = vx_json_begin(common);
	while (vx_json_next(&it))
		if (!vx_json_equal(it.value, vx_json_get(other, it.key)) && strcmp(it.key, "_file") != 0 &&
			strcmp(it.key, "path_dcm") != 0)
			gone[n++] = it.key;
	for (size_t i = 0; i < n; i++) {
		if (varies && !is_of_slice(gone[i]))
			note_varying(varies, gone[i]);
		vx_json_del(common, gone[i]);
	}
	free(gone);
	it = vx_json_begin(other);
	while (varies && vx_json_next(&it))
		if (!vx_json_has(common, it.key) && !is_noted(varies, it.key) && !is_of_slice(it.key))
			note_varying(varies, it.key);
}

static bool get_numbers(const struct vx_json *details, const char *key, double *out, size_t n)
{
	const struct vx_json *list = vx_json_get(details, key);
	if (vx_json_type(list) != VX_ARRAY || vx_json_size(list) != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!vx_json_as_double(vx_json_at(list, i), &out[i]))
			return false;
	return true;
}

static int16_t orientation_of(struct series *s, const double cosines[6])
{
	for (size_t i = 0; i < s->n_orientations; i++) {
		size_t k = 0;
		while (k < 6 && fabs(s->orientations[i].cosines[k] - cosines[k]) < SAME_COSINE)
			k++;
		if (k == 6)
			return (int16_t)i;
	}
	if (s->n_orientations == ORIENTATIONS_MOST)
		return ORIENTATIONS_MOST - 1;
	s->orientations = vx_realloc(s->orientations, (s->n_orientations + 1) * sizeof(*s->orientations));
	memcpy(s->orientations[s->n_orientations].cosines, cosines, 6 * sizeof(*cosines));
	return (int16_t)s->n_orientations++;
}

/* Where the slice lies on the normal of the first slice that is oriented as it is. */
static void place(struct series *s, const struct vx_json *details, struct slice *slice)
{
	double c[6], at[3];
	int64_t frames = 1;
	slice->orientation = -1;
	/* A file of several frames is no slice. */
	if (vx_json_get_int(details, "frames", &frames) && frames > 1)
		return;
	if (!get_numbers(details, "image_orientation", c, 6) || !get_numbers(details, "image_position", at, 3))
		return;
	slice->orientation = orientation_of(s, c);
	memcpy(c, s->orientations[slice->orientation].cosines, sizeof(c));
	slice->position = (c[1] * c[5] - c[2] * c[4]) * at[0] + (c[2] * c[3] - c[0] * c[5]) * at[1] +
			  (c[0] * c[4] - c[1] * c[3]) * at[2];
}

/* Slices of one volume at one place are duplicates; those of several echoes, b-values or moments are not. */
static uint64_t volume_of(const struct vx_json *fields, const struct vx_json *details)
{
	static const char *const keys[] = { "b_value", "echo_time", "image_type", "sequence_name",
		"acquisition_datetime", "acquisition_number", "temporal_position", "echo_numbers" };
	struct vx_buf text = VX_BUF_INIT;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct vx_json *j = vx_json_get(fields, keys[i]);
		vx_json_print(j ? j : vx_json_get(details, keys[i]), &text);
		vx_buf_putc(&text, ' ');
	}
	uint64_t hash = hash_of(HASH_START, text.data, text.len);
	vx_buf_free(&text);
	return hash;
}

static void add_slice(struct series *s, const struct vx_json *fields, const struct vx_json *details)
{
	const char *uid = vx_json_str(details, "sop_instance_uid");
	int64_t instance;
	if (s->n == s->cap) {
		s->cap = s->cap ? s->cap + s->cap / 2 : 16;
		s->slices = vx_realloc(s->slices, s->cap * sizeof(*s->slices));
	}
	struct slice *slice = &s->slices[s->n++];
	*slice = (struct slice){ .instance = INT32_MIN, .volume = volume_of(fields, details) };
	slice->uid = uid ? hash_of(HASH_START, uid, strlen(uid)) : 0;
	if (vx_json_get_int(details, "instance_number", &instance) && instance > INT32_MIN && instance <= INT32_MAX)
		slice->instance = (int32_t)instance;
	place(s, details, slice);
}

static void add_b_value(struct series *s, const struct vx_json *value)
{
	double b;
	size_t at = 0;
	if (!value || !vx_json_as_double(value, &b))
		return;
	while (at < s->n_b_values && s->b_values[at] < b)
		at++;
	if ((at < s->n_b_values && s->b_values[at] == b) || s->n_b_values == B_VALUES_MOST)
		return;
	s->b_values = vx_realloc(s->b_values, (s->n_b_values + 1) * sizeof(*s->b_values));
	memmove(s->b_values + at + 1, s->b_values + at, (s->n_b_values - at) * sizeof(*s->b_values));
	s->b_values[at] = b;
	s->n_b_values++;
}

/* What the frames of one file differ in, the series does too. */
static void add_frames(struct series *s, const struct vx_json *details)
{
	const struct vx_json *b_values = vx_json_get(details, "b_values"), *varies = vx_json_get(details, "varies");
	for (size_t i = 0; i < vx_json_size(b_values); i++)
		add_b_value(s, vx_json_at(b_values, i));
	for (size_t i = 0; i < vx_json_size(varies); i++)
		if (!is_of_slice(vx_json_text(vx_json_at(varies, i), NULL)))
			note_varying(s->varies, vx_json_text(vx_json_at(varies, i), NULL));
}

/* A series was acquired when its first file was. */
static void keep_earliest(struct vx_json *fields, const struct vx_json *other)
{
	const char *held = vx_json_str(fields, "acquisition_datetime");
	const char *now = vx_json_str(other, "acquisition_datetime");
	if (now && (!held || strcmp(now, held) < 0))
		vx_json_set_str(fields, "acquisition_datetime", now);
}

int series_add(struct series_table *t, const struct vx_record *rec, const struct vx_json *fields,
	const struct vx_json *details, struct vx_error *err)
{
	const char *uid = vx_json_str(fields, "series_instance_uid");
	bool fresh;
	if (!uid)
		return vx_error_set(
			err, VX_EREJECT, "series_instance_uid", "the file says of no series that it is its own");
	struct series *s = find(t, uid, &fresh);
	if (fresh) {
		s->record = vx_json_copy(rec->json);
		s->fields = vx_json_copy(fields);
		s->details = vx_json_copy(details);
		s->varies = vx_json_array();
	} else {
		struct vx_json *earliest = vx_json_object();
		keep_earliest(earliest, s->fields);
		keep_earliest(earliest, fields);
		keep_common(s->record, rec->json, NULL);
		keep_common(s->fields, fields, s->varies);
		keep_common(s->details, details, s->varies);
		keep_earliest(s->fields, earliest);
		vx_json_free(earliest);
	}
	add_slice(s, fields, details);
	add_b_value(s, vx_json_get(fields, "b_value"));
	add_frames(s, details);
	return VX_OK;
}

static void finish_one(struct series *s)
{
	static const char *const of_slice[] = { "sop_instance_uid", "instance_number", "image_position",
		"slice_location", "positions" };
	for (size_t i = 0; i < sizeof(of_slice) / sizeof(of_slice[0]); i++)
		vx_json_del(s->details, of_slice[i]);
	stacks_put(s->slices, s->n, s->orientations, s->n_orientations, s->details);
	struct vx_json *b_values = vx_json_array();
	for (size_t i = 0; i < s->n_b_values; i++)
		vx_json_push(b_values, vx_json_double(s->b_values[i]));
	vx_json_set(s->details, "b_values", b_values);
	vx_json_set(s->details, "varies", vx_json_ref(s->varies));
	struct vx_json_iter it = vx_json_begin(s->fields);
	while (vx_json_next(&it))
		if (!vx_json_get(s->record, it.key))
			vx_json_set(s->record, it.key, vx_json_copy(it.value));
	vx_json_set(s->record, "_dicom", vx_json_ref(s->details));
}

static void warn_of(const struct series *s, struct vx_job *job)
{
	int64_t missing = 0, duplicate = 0;
	vx_json_get_int(s->details, "missing_slices", &missing);
	vx_json_get_int(s->details, "duplicate_slices", &duplicate);
	if (missing > 0)
		vx_warn_job(job, s->record, "the series lacks slices: see _dicom.stacks");
	if (duplicate > 0)
		vx_warn_job(job, s->record, "the series has slices twice: see _dicom.stacks");
	if (s->n_orientations > 1)
		vx_warn_job(job, s->record, "the series has slices of several orientations: see _dicom.stacks");
}

int series_emit(struct series_table *t, struct vx_job *job, struct vx_error *err)
{
	for (size_t i = 0; i < t->n; i++) {
		struct series *s = &t->list[i];
		finish_one(s);
		warn_of(s, job);
		vx_emit_job(job, s->record);
		int st = vx_emit_flush(job, err);
		if (st != VX_OK)
			return st;
		free_one(s);
	}
	return VX_OK;
}
