/* vx_dicom: walks through the elements of a DICOM file up to the last listed tag; bytes -> values of the listed tags.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "vx_dicom_parts.h"

#define NUMBER_OF_FRAMES 0x00280008u

struct vx_dicom *vx_dicom_new(const struct vx_dicom_list *list)
{
	struct vx_dicom *d = vx_alloc(sizeof(*d));
	d->list = list;
	d->values = vx_alloc((list->n + 1) * sizeof(*d->values));
	d->distinct = vx_alloc((list->n + 1) * sizeof(*d->distinct));
	d->charset.list = list;
	return d;
}

void vx_dicom_free(struct vx_dicom *d)
{
	if (!d)
		return;
	dicom_text_free(&d->charset);
	vx_buf_free(&d->bytes);
	vx_buf_free(&d->text);
	for (size_t i = 0; i < d->list->n; i++) {
		free(d->distinct[i].hashes);
		free(d->distinct[i].numbers);
	}
	free(d->distinct);
	free(d->values);
	free(d);
}

static const char *creator_of(const struct vx_dicom *d, uint32_t tag)
{
	for (size_t i = 0; i < d->n_creators; i++)
		if (d->creators[i].block == (tag & 0xffffff00u))
			return d->creators[i].creator;
	return NULL;
}

size_t dicom_find(const struct vx_dicom_list *list, uint32_t tag)
{
	size_t low = 0, high = list->n;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (list->entries[list->order[middle]].tag < tag)
			low = middle + 1;
		else
			high = middle;
	}
	return low < list->n && list->entries[list->order[low]].tag == tag ? low : list->n;
}

/* The index of the entry that wants this element; -1: none does. */
static long wanted(const struct vx_dicom *d, uint32_t tag)
{
	const struct vx_dicom_list *list = d->list;
	const bool private = tag >> 16 & 1;
	uint32_t key = private ? tag & 0xffff00ffu : tag;
	size_t at = dicom_find(list, key);
	if (at == list->n || (private && (tag & 0xffff) < 0x1000))
		return -1;
	const char *creator = private ? creator_of(d, (tag & 0xffff0000u) | (tag & 0xff00u)) : NULL;
	for (; at < list->n && list->entries[list->order[at]].tag == key; at++) {
		const struct dicom_entry *e = &list->entries[list->order[at]];
		if (e->sequence)
			continue;
		if (!e->creator || (creator && strcmp(creator, e->creator) == 0))
			return (long)list->order[at];
	}
	return -1;
}

/* (gggg,00bb) names who owns the elements (gggg,bb00) to (gggg,bbff). */
static void note_creator(struct vx_dicom *d, uint32_t tag, const uint8_t *p, size_t len)
{
	while (len > 0 && (p[len - 1] == ' ' || p[len - 1] == 0))
		len--;
	for (size_t i = 0; i < d->list->n && d->n_creators < DICOM_CREATORS; i++) {
		const char *creator = d->list->entries[i].creator;
		if (!creator || strlen(creator) != len || memcmp(creator, p, len) != 0)
			continue;
		d->creators[d->n_creators].block = (tag & 0xffff0000u) | (tag & 0xff) << 8;
		d->creators[d->n_creators++].creator = creator;
		return;
	}
}

/* Some makers keep what others have in public tags far behind in private ones. */
static void note_manufacturer(struct vx_dicom *d, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < d->list->n; i++) {
		const struct dicom_entry *e = &d->list->entries[i];
		size_t n = e->manufacturer ? strlen(e->manufacturer) : 0;
		uint32_t tag = e->tag | 0xff00; /* whatever its block */
		if (n > 0 && n <= len && strncasecmp(e->manufacturer, (const char *)p, n) == 0 && tag > d->last)
			d->last = tag;
	}
}

static int keep_value(struct vx_dicom *d, long i, const struct dicom_element *e, struct vx_error *err)
{
	struct dicom_value scrap, *v = i >= 0 ? &d->values[i] : &scrap;
	const uint8_t *p;
	size_t got;
	*v = (struct dicom_value){ .have = true, .big = d->enc.big, .at = d->bytes.len };
	memcpy(v->vr, e->vr, sizeof(v->vr));
	if (e->length > VX_DICOM_VALUE_MAX) {
		v->too_long = true;
		return dicom_skip(d, e, err);
	}
	int st = dicom_stream_need(&d->stream, e->length, &p, &got, err);
	if (st != VX_OK)
		return st;
	if (got < e->length)
		return dicom_cut_off(e->tag, e->length, got, err);
	v->len = e->length;
	if (i >= 0)
		vx_buf_add(&d->bytes, p, e->length);
	if (e->tag == 0x00080005)
		dicom_text_begin(&d->charset, (const char *)p, e->length);
	else if (e->tag == 0x00080070)
		note_manufacturer(d, p, e->length);
	else if (e->tag == NUMBER_OF_FRAMES && d->last < DICOM_FRAMES)
		d->last = DICOM_FRAMES;
	else if ((e->tag >> 16 & 1) && (e->tag & 0xffff) < 0x100)
		note_creator(d, e->tag, p, e->length);
	dicom_stream_take(&d->stream, e->length);
	return VX_OK;
}

static int data_set(struct vx_dicom *d, struct vx_error *err)
{
	struct dicom_element e;
	size_t n = 0;
	int st;
	while ((st = dicom_peek(d, d->enc, &e, err)) == 1) {
		if (e.tag >> 16 == 0xfffe)
			return dicom_no_such_place(&e, err);
		if (e.tag > d->last || e.tag >> 16 == 0x7fe0)
			return VX_OK;
		dicom_stream_take(&d->stream, e.header);
		bool creator = (e.tag >> 16 & 1) && (e.tag & 0xffff) >= 0x10 && (e.tag & 0xffff) < 0x100;
		long i = creator ? -1 : wanted(d, e.tag);
		if (dicom_is_frames(d, &e))
			st = dicom_frames(d, &e, err);
		else if (e.length == DICOM_UNDEFINED)
			st = dicom_skip_undefined(d, &e, d->enc.implicit, err);
		else if (i >= 0 || creator || e.tag == 0x00080005 || e.tag == 0x00080070 || e.tag == NUMBER_OF_FRAMES)
			st = keep_value(d, i, &e, err);
		else
			st = dicom_skip(d, &e, err);
		if (st != VX_OK || d->frames_cut)
			return st;
		n++;
	}
	if (st == 0 && n == 0)
		return vx_error_set(err, VX_EREJECT, NULL, "no data set behind the file's meta information");
	return st;
}

/* Group 0002 is explicit little endian whatever follows (PS3.10 7.1). Its length decides where it ends only where
 * deflated bytes follow, which might look like anything: it is wrong in too many files. */
static int meta_information(struct vx_dicom *d, struct vx_error *err)
{
	const struct dicom_encoding enc = { false, false };
	struct dicom_element e;
	uint64_t end = 0;
	const uint8_t *p;
	size_t got;
	int st;
	d->enc = enc;
	while ((st = dicom_peek(d, enc, &e, err)) == 1 && e.tag >> 16 == 2) {
		if (d->deflated && end > 0 && d->stream.offset >= end)
			break;
		dicom_stream_take(&d->stream, e.header);
		if (e.tag == 0x00020000 || e.tag == 0x00020010) {
			st = dicom_stream_need(&d->stream, e.length < 64 ? e.length : 64, &p, &got, err);
			if (st != VX_OK)
				return st;
			if (e.tag == 0x00020010)
				snprintf(d->syntax, sizeof(d->syntax), "%.*s",
					(int)(got < e.length    ? got
						: e.length < 64 ? e.length
								: 64),
					(const char *)p);
			else if (e.length == 4 && got >= 4)
				end = d->stream.offset + 4 + dicom_get(p, 4, false);
			size_t n = strlen(d->syntax);
			while (n > 0 && d->syntax[n - 1] == ' ')
				d->syntax[--n] = '\0';
			d->deflated = strcmp(d->syntax, "1.2.840.10008.1.2.1.99") == 0 ||
				      strcmp(d->syntax, "1.2.840.10008.1.2.4.95") == 0;
		}
		st = e.length == DICOM_UNDEFINED ? dicom_no_such_place(&e, err) : dicom_skip(d, &e, err);
		if (st != VX_OK)
			return st;
	}
	d->mixed = false;
	return st < 0 && !d->deflated ? st : VX_OK;
}

/* How the data set is written: as the transfer syntax says, unless its first element shows that it is not. */
static int choose_encoding(struct vx_dicom *d, struct vx_error *err)
{
	const uint8_t *p;
	size_t got;
	int st = d->deflated ? dicom_stream_inflate(&d->stream, err) : VX_OK;
	if (st == VX_OK)
		st = dicom_stream_need(&d->stream, 12, &p, &got, err);
	if (st != VX_OK)
		return st;
	const bool has_vr = dicom_has_vr(p, got);
	d->enc.big = strcmp(d->syntax, "1.2.840.10008.1.2.2") == 0;
	/* The private one is GE's: implicit, with pixels of the other byte order. */
	d->enc.implicit = strcmp(d->syntax, "1.2.840.10008.1.2") == 0 || strcmp(d->syntax, "1.2.840.113619.5.2") == 0;
	if (!d->syntax[0]) {
		d->enc.implicit = !has_vr;
		d->enc.big = got >= 2 && p[0] == 0 && p[1] > 0 && p[1] <= 0x10;
	} else if (got >= 8 && has_vr == d->enc.implicit) {
		d->wrong_vr = true;
		d->enc.implicit = !has_vr;
	}
	return VX_OK;
}

static int begin(struct vx_dicom *d, struct vx_error *err)
{
	const uint8_t *p;
	size_t got;
	int st = dicom_stream_need(&d->stream, DICOM_BLOCK, &p, &got, err);
	if (st != VX_OK)
		return st;
	if (!vx_dicom_sniff(p, got)) {
		struct vx_buf shown = VX_BUF_INIT;
		for (size_t i = 0; i < got && i < 8; i++)
			vx_buf_printf(&shown, " %02x", p[i]);
		st = vx_error_set(
			err, VX_EREJECT, NULL, "no DICOM: it begins with%s", shown.len ? shown.data : " nothing");
		vx_buf_free(&shown);
		return st;
	}
	d->preamble = got >= 132 && memcmp(p + 128, "DICM", 4) == 0;
	if (d->preamble)
		dicom_stream_take(&d->stream, 132);
	else if (memcmp(p, "DICM", 4) == 0)
		dicom_stream_take(&d->stream, 4);
	return VX_OK;
}

int vx_dicom_read(struct vx_dicom *d, const struct vx_dicom_input *in, struct vx_error *err)
{
	vx_buf_clear(&d->bytes);
	memset(d->values, 0, d->list->n * sizeof(*d->values));
	for (size_t i = 0; i < d->list->n; i++)
		d->distinct[i].n = d->distinct[i].n_numbers = 0;
	d->n_creators = 0;
	d->frames_read = 0;
	d->frames_cut = false;
	d->last = d->list->last;
	d->syntax[0] = '\0';
	d->preamble = d->deflated = d->mixed = d->wrong_vr = false;
	dicom_text_begin(&d->charset, "", 0);
	dicom_stream_start(&d->stream, in);
	int st = begin(d, err);
	if (st == VX_OK)
		st = meta_information(d, err);
	if (st == VX_OK)
		st = choose_encoding(d, err);
	if (st == VX_OK)
		st = data_set(d, err);
	dicom_frames_end(d);
	dicom_stream_stop(&d->stream);
	return st;
}
