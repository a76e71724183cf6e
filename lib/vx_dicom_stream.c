/* vx_dicom_stream: the bytes of a DICOM file in order, inflated where its transfer syntax says so; input -> a window.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "vx_dicom_parts.h"

void dicom_stream_start(struct dicom_stream *s, const struct vx_dicom_input *in)
{
	s->in = in;
	s->at = s->end = 0;
	s->offset = s->walked = 0;
	s->ended = s->inflating = false;
}

void dicom_stream_stop(struct dicom_stream *s)
{
	if (s->inflating)
		inflateEnd(&s->z);
	s->inflating = false;
}

static int inflate_some(struct dicom_stream *s, uint8_t *out, size_t room, size_t *got, struct vx_error *err)
{
	s->z.next_out = out;
	s->z.avail_out = (uInt)room;
	while (s->z.avail_out == room && !s->ended) {
		size_t more = 1;
		if (s->z.avail_in == 0) {
			int st = s->in->read(s->in->arg, s->packed, sizeof(s->packed), &more, err);
			if (st != VX_OK)
				return st;
			s->z.next_in = s->packed;
			s->z.avail_in = (uInt)more;
		}
		int z = inflate(&s->z, Z_SYNC_FLUSH);
		if (z == Z_STREAM_END)
			s->ended = true;
		else if (z != Z_OK && z != Z_BUF_ERROR)
			return vx_error_set(err, VX_EREJECT, NULL, "the deflated data set is damaged");
		else if (more == 0)
			return vx_error_set(err, VX_EREJECT, NULL, "truncated: the deflated data set has no end");
	}
	*got = room - s->z.avail_out;
	return VX_OK;
}

/* A first block is what the input has at hand; more of them are read at once. */
static int fill(struct dicom_stream *s, struct vx_error *err)
{
	size_t room = sizeof(s->window) - s->end, got = 0;
	int st = VX_OK;
	if (s->walked >= VX_DICOM_MAX)
		return vx_error_set(err, VX_EREJECT, NULL, "no end of the header within its first %llu bytes",
			(unsigned long long)VX_DICOM_MAX);
	if (s->inflating) {
		st = inflate_some(s, s->window + s->end, room, &got, err);
	} else {
		if (s->walked == 0 && room > DICOM_BLOCK)
			room = DICOM_BLOCK;
		st = s->in->read(s->in->arg, s->window + s->end, room, &got, err);
		s->ended = got < room;
	}
	s->end += got;
	s->walked += got;
	return st;
}

int dicom_stream_need(struct dicom_stream *s, size_t n, const uint8_t **bytes, size_t *got, struct vx_error *err)
{
	if (s->end - s->at < n && !s->ended && s->at > 0) {
		memmove(s->window, s->window + s->at, s->end - s->at);
		s->end -= s->at;
		s->at = 0;
	}
	while (s->end - s->at < n && !s->ended) {
		int st = fill(s, err);
		if (st != VX_OK)
			return st;
	}
	*bytes = s->window + s->at;
	*got = s->end - s->at;
	return VX_OK;
}

void dicom_stream_take(struct dicom_stream *s, size_t n)
{
	s->at += n;
	s->offset += n;
}

int dicom_stream_skip(struct dicom_stream *s, uint64_t n, uint64_t *got, struct vx_error *err)
{
	size_t here = s->end - s->at < n ? s->end - s->at : (size_t)n;
	uint64_t rest = n - here, past = 0;
	int st = VX_OK;
	dicom_stream_take(s, here);
	*got = here;
	if (rest == 0 || s->ended)
		return VX_OK;
	s->at = s->end = 0;
	if (!s->inflating) {
		st = s->in->skip(s->in->arg, rest, &past, err);
		s->ended = past < rest;
		s->offset += past;
		*got += past;
		return st;
	}
	while (rest > 0 && st == VX_OK && !s->ended) {
		s->at = s->end = 0;
		st = fill(s, err);
		here = s->end < rest ? s->end : (size_t)rest;
		dicom_stream_take(s, here);
		*got += here;
		rest -= here;
	}
	return st;
}

int dicom_stream_inflate(struct dicom_stream *s, struct vx_error *err)
{
	size_t n = s->end - s->at;
	memset(&s->z, 0, sizeof(s->z));
	if (inflateInit2(&s->z, -MAX_WBITS) != Z_OK)
		return vx_error_set(err, VX_EMEM, NULL, "out of memory");
	memcpy(s->packed, s->window + s->at, n);
	s->z.next_in = s->packed;
	s->z.avail_in = (uInt)n;
	s->at = s->end = 0;
	s->inflating = true;
	s->ended = false;
	return VX_OK;
}
