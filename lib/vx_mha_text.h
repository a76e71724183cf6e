/* vx_mha_text: what the parts of vx_mha share: lines and values of the text header. Not for others.
 * SPDX-License-Identifier: MIT */
#ifndef VX_MHA_TEXT_H
#define VX_MHA_TEXT_H

#include "vx_mha.h"

struct vx_mha_value {
	const char *name; /* as the file spells the key; NULL: it is not there */
	const char *text;
	size_t len;
};

static inline bool vx_mha_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Without the blanks at both ends. */
struct vx_mha_value vx_mha_trimmed(const char *text, size_t len);

/* The next line of bytes[*at..n); *whole: its end was seen. */
struct vx_mha_value vx_mha_line(const char *bytes, size_t n, size_t *at, bool *whole);

/* Fills out[0..want) with the numbers of v; there must be just so many. */
int vx_mha_numbers(const struct vx_mha_value *v, double *out, int want, struct vx_error *err) VX_MUST_USE;

/* Whether v is LIST, or LIST 2D and the like. */
bool vx_mha_says_list(const struct vx_mha_value *v);

/* Whether the names of files follow the header, so that all of the file is header. */
bool vx_mha_is_list(const char *bytes, size_t n);

/* What ElementDataFile says; bytes[0..n) as in vx_mha_parse, for the names of a list. */
int vx_mha_place(const char *bytes, size_t n, const struct vx_mha_value *name, struct vx_mha *h,
	struct vx_error *err) VX_MUST_USE;

#endif
