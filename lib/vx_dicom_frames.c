/* vx_dicom_frames: what a file of several frames says of all of them and of each; functional groups -> values.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "vx_dicom_parts.h"
#include "vx_hash.h"

#define DISTINCT_MOST 65536
#define NUMBERS_MOST 256

/* PS3.3 C.7.6.16: (5200,9229) has one item for all frames, (5200,9230) one a frame. An item holds sequences (the
 * groups), each of one item with the values. */

/* An item or a sequence that is under way: where it ends, UINT64_MAX where a delimiter says so. */
struct inside {
	uint64_t end;
	bool implicit;
};

bool dicom_is_frames(const struct vx_dicom *d, const struct dicom_element *e)
{
	return d->list->has_frames && (e->tag == DICOM_SHARED || e->tag == DICOM_FRAMES) &&
	       (!e->vr[0] || strcmp(e->vr, "SQ") == 0 || strcmp(e->vr, "UN") == 0);
}

/* The entry of the list for this element of this group; -1: none. */
static long wanted(const struct vx_dicom_list *list, uint32_t group, uint32_t tag)
{
	for (size_t at = dicom_find(list, tag); at < list->n; at++) {
		const struct dicom_entry *e = &list->entries[list->order[at]];
		if (e->tag != tag)
			break;
		if (e->sequence == group)
			return (long)list->order[at];
	}
	return -1;
}

static bool is_wanted_group(const struct vx_dicom_list *list, uint32_t tag)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->entries[i].sequence == tag)
			return true;
	return false;
}

/* True: this value was not seen before. */
static bool note_hash(struct dicom_distinct *seen, uint64_t hash)
{
	size_t low = 0, high = seen->n;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (seen->hashes[middle] < hash)
			low = middle + 1;
		else
			high = middle;
	}
	if ((low < seen->n && seen->hashes[low] == hash) || seen->n == DISTINCT_MOST)
		return false;
	if ((seen->n & (seen->n - 1)) == 0) /* it grows at powers of two */
		seen->hashes = vx_realloc(seen->hashes, (seen->n ? 2 * seen->n : 1) * sizeof(*seen->hashes));
	memmove(seen->hashes + low + 1, seen->hashes + low, (seen->n - low) * sizeof(*seen->hashes));
	seen->hashes[low] = hash;
	seen->n++;
	return true;
}

static void note_number(struct dicom_distinct *seen, double number)
{
	size_t at = 0;
	if (!seen->numbers)
		seen->numbers = vx_alloc(NUMBERS_MOST * sizeof(*seen->numbers));
	while (at < seen->n_numbers && seen->numbers[at] < number)
		at++;
	if (seen->n_numbers == NUMBERS_MOST || (at < seen->n_numbers && seen->numbers[at] == number))
		return;
	memmove(seen->numbers + at + 1, seen->numbers + at, (seen->n_numbers - at) * sizeof(*seen->numbers));
	seen->numbers[at] = number;
	seen->n_numbers++;
}

/* now stands at the end of d->bytes. */
static void note_distinct(struct vx_dicom *d, size_t i, const struct dicom_value *now)
{
	const struct dicom_entry *entry = &d->list->entries[i];
	if (!entry->each && !entry->distinct)
		return;
	if (!note_hash(&d->distinct[i], vx_hash64(d->bytes.data + now->at, now->len)) || !entry->each)
		return;
	const struct dicom_value first = d->values[i];
	const char *wrong, *note;
	double number;
	d->values[i] = *now;
	struct vx_json *j = dicom_value_json(d, i, &wrong, &note);
	d->values[i] = first;
	if (j && vx_json_as_double(j, &number))
		note_number(&d->distinct[i], number);
	vx_json_free(j);
}

/* The first frame's value is kept, those of the others are compared with it. */
static int take_value(struct vx_dicom *d, size_t i, const struct dicom_element *e, struct vx_error *err)
{
	struct dicom_value now = { .have = true, .big = d->enc.big, .at = d->bytes.len }, *first = &d->values[i];
	const uint8_t *p;
	size_t got;
	memcpy(now.vr, e->vr, sizeof(now.vr));
	if (e->length > VX_DICOM_VALUE_MAX) {
		now.too_long = true;
		if (!first->have)
			*first = now;
		return dicom_skip(d, e, err);
	}
	int st = dicom_stream_need(&d->stream, e->length, &p, &got, err);
	if (st != VX_OK)
		return st;
	if (got < e->length)
		return dicom_cut_off(e->tag, e->length, got, err);
	now.len = e->length;
	vx_buf_add(&d->bytes, p, e->length);
	dicom_stream_take(&d->stream, e->length);
	note_distinct(d, i, &now);
	if (!first->have) {
		*first = now;
	} else {
		first->varies |= first->len != now.len ||
				 memcmp(d->bytes.data + first->at, d->bytes.data + now.at, now.len) != 0;
		d->bytes.len = now.at;
	}
	first->frames++;
	return VX_OK;
}

static bool begin(const struct vx_dicom *d, const struct dicom_element *e, const struct inside *around,
	struct inside *now, struct vx_error *err)
{
	/* PS3.5 6.2.2: what is unknown is written with implicit VR. */
	*now = (struct inside){ UINT64_MAX, around->implicit || strcmp(e->vr, "UN") == 0 };
	if (e->length == DICOM_UNDEFINED)
		return true;
	now->end = d->stream.offset + e->length;
	if (now->end <= around->end)
		return true;
	vx_error_set(
		err, VX_EREJECT, NULL, "(%04x,%04x) is longer than what it lies in", e->tag >> 16, e->tag & 0xffff);
	return false;
}

static int next(struct vx_dicom *d, const struct inside *now, struct dicom_element *e, struct vx_error *err)
{
	int st = dicom_peek(d, (struct dicom_encoding){ now->implicit, d->enc.big }, e, err);
	if (st == 0)
		return vx_error_set(err, VX_EREJECT, NULL, "truncated: a sequence has no end");
	if (st == 1)
		dicom_stream_take(&d->stream, e->header);
	return st == 1 ? VX_OK : st;
}

/* The two call each other twice at most: frames, groups, values. */
static int walk_items(struct vx_dicom *d, const struct dicom_element *sequence, const struct inside *around,
	uint32_t group, struct vx_error *err);

/* The elements of an item: groups (group 0), or the values of one. */
static int walk_elements(struct vx_dicom *d, const struct inside *item, uint32_t group, struct vx_error *err)
{
	struct dicom_element e;
	struct inside now;
	int st = VX_OK;
	while (st == VX_OK && d->stream.offset < item->end) {
		st = next(d, item, &e, err);
		if (st != VX_OK || e.tag == 0xfffee00du)
			return st;
		if (e.tag >> 16 == 0xfffe)
			return dicom_no_such_place(&e, err);
		if (!begin(d, &e, item, &now, err))
			return VX_EREJECT;
		long i = group ? wanted(d->list, group, e.tag) : -1;
		if (!group && is_wanted_group(d->list, e.tag))
			st = walk_items(d, &e, item, e.tag, err);
		else if (e.length == DICOM_UNDEFINED)
			st = dicom_skip_undefined(d, &e, item->implicit, err);
		else
			st = i >= 0 ? take_value(d, (size_t)i, &e, err) : dicom_skip(d, &e, err);
	}
	return st;
}

/* The items of a sequence: of the frames (group 0), or of one of their groups. */
static int walk_items(struct vx_dicom *d, const struct dicom_element *sequence, const struct inside *around,
	uint32_t group, struct vx_error *err)
{
	struct inside now, item;
	struct dicom_element e;
	int st = begin(d, sequence, around, &now, err) ? VX_OK : VX_EREJECT;
	while (st == VX_OK && d->stream.offset < now.end) {
		if (!group && d->stream.walked > VX_DICOM_FRAMES_MAX) {
			d->frames_cut = true;
			return VX_OK;
		}
		st = next(d, &now, &e, err);
		if (st != VX_OK || e.tag == 0xfffee0ddu)
			return st;
		if (e.tag != 0xfffee000u)
			return dicom_no_such_place(&e, err);
		if (!begin(d, &e, &now, &item, err))
			return VX_EREJECT;
		st = walk_elements(d, &item, group, err);
		d->frames_read += sequence->tag == DICOM_FRAMES;
	}
	return st;
}

int dicom_frames(struct vx_dicom *d, const struct dicom_element *e, struct vx_error *err)
{
	const struct inside all = { UINT64_MAX, d->enc.implicit };
	int st = walk_items(d, e, &all, 0, err);
	for (size_t i = 0; e->tag == DICOM_SHARED && i < d->list->n; i++)
		d->values[i].shared = d->values[i].have && d->list->entries[i].sequence;
	return st;
}

void dicom_frames_end(struct vx_dicom *d)
{
	for (size_t i = 0; i < d->list->n; i++)
		if (d->list->entries[i].sequence && d->values[i].have && !d->values[i].shared)
			d->values[i].varies |= d->values[i].frames != d->frames_read;
}

void dicom_frames_details(struct vx_dicom *d, struct vx_json *details)
{
	struct vx_json *varies = vx_json_array();
	for (size_t i = 0; i < d->list->n; i++) {
		const struct dicom_entry *e = &d->list->entries[i];
		const struct dicom_distinct *seen = &d->distinct[i];
		const bool told = seen->n_numbers > 0 && !dicom_says_nothing(d, e);
		struct vx_json *numbers = told ? vx_json_array() : NULL;
		for (size_t k = 0; told && k < seen->n_numbers; k++)
			vx_json_push(numbers, vx_json_double(seen->numbers[k]));
		if (told)
			vx_json_set(details, e->each, numbers);
		if (e->distinct && seen->n > 0)
			vx_json_set_int(details, e->distinct, (int64_t)seen->n);
		if (d->values[i].varies && !e->distinct && !dicom_says_nothing(d, e))
			vx_json_push(varies, vx_json_string(e->name));
	}
	if (vx_json_size(varies) > 0)
		vx_json_set(details, "varies", varies);
	else
		vx_json_free(varies);
}
