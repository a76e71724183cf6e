/* vx_dicom_walk: from one DICOM element to the next, over sequences of any kind; bytes -> heads of elements.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "vx_dicom_parts.h"

int dicom_cut_off(uint32_t tag, uint64_t want, uint64_t got, struct vx_error *err)
{
	return vx_error_set(err, VX_EREJECT, NULL, "truncated: (%04x,%04x) has %llu of %llu bytes", tag >> 16,
		tag & 0xffff, (unsigned long long)got, (unsigned long long)want);
}

static bool only_zeroes(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

int dicom_peek(struct vx_dicom *d, struct dicom_encoding enc, struct dicom_element *e, struct vx_error *err)
{
	const uint8_t *p;
	size_t got;
	int st = dicom_stream_need(&d->stream, 12, &p, &got, err);
	if (st != VX_OK)
		return st;
	if (got < 8 && only_zeroes(p, got)) /* padding */
		return 0;
	if (!dicom_element_parse(p, got, enc, e, &d->mixed))
		return vx_error_set(err, VX_EREJECT, NULL,
			"truncated: it ends within the head of an element, at byte %llu",
			(unsigned long long)(d->stream.offset + got));
	return 1;
}

int dicom_skip(struct vx_dicom *d, const struct dicom_element *e, struct vx_error *err)
{
	uint64_t got;
	int st = dicom_stream_skip(&d->stream, e->length, &got, err);
	if (st == VX_OK && got < e->length)
		return dicom_cut_off(e->tag, e->length, got, err);
	return st;
}

/* What of a value of undefined length is under way: a sequence (or the like) of items, or the elements of an item. */
enum inside { ITEMS, ELEMENTS };
struct level {
	enum inside inside;
	bool implicit;
};

int dicom_no_such_place(const struct dicom_element *e, struct vx_error *err)
{
	return vx_error_set(err, VX_EREJECT, NULL, "(%04x,%04x) stands where no such element may be", e->tag >> 16,
		e->tag & 0xffff);
}

/* One element inside of values of undefined length; levels grow and shrink with it. */
static int walk_one(struct vx_dicom *d, struct level *levels, size_t *depth, struct vx_error *err)
{
	struct level *now = &levels[*depth - 1];
	const struct dicom_encoding enc = { now->implicit, d->enc.big };
	struct dicom_element e;
	int st = dicom_peek(d, enc, &e, err);
	if (st == 0)
		return vx_error_set(err, VX_EREJECT, NULL, "truncated: a sequence has no end");
	if (st < 0)
		return st;
	dicom_stream_take(&d->stream, e.header);
	/* Sequences end with (fffe,e0dd), items with (fffe,e00d). */
	if (e.tag == (now->inside == ITEMS ? 0xfffee0ddu : 0xfffee00du)) {
		--*depth;
		return VX_OK;
	}
	if ((e.tag == 0xfffee000u) != (now->inside == ITEMS) || (now->inside == ELEMENTS && e.tag >> 16 == 0xfffe))
		return dicom_no_such_place(&e, err);
	if (e.length != DICOM_UNDEFINED)
		return dicom_skip(d, &e, err);
	if (*depth == VX_DICOM_DEPTH)
		return vx_error_set(
			err, VX_EREJECT, NULL, "sequences lie more than %d deep in each other", VX_DICOM_DEPTH);
	/* PS3.5 6.2.2: what is unknown and has no length is written with implicit VR. */
	bool unknown = strcmp(e.vr, "UN") == 0;
	levels[(*depth)++] = (struct level){ now->inside == ITEMS ? ELEMENTS : ITEMS, now->implicit || unknown };
	return VX_OK;
}

int dicom_skip_undefined(struct vx_dicom *d, const struct dicom_element *e, bool implicit, struct vx_error *err)
{
	struct level levels[VX_DICOM_DEPTH] = { { ITEMS, implicit || strcmp(e->vr, "UN") == 0 } };
	size_t depth = 1;
	int st = VX_OK;
	while (depth > 0 && st == VX_OK)
		st = walk_one(d, levels, &depth, err);
	return st;
}
