/* vx_fold: how words are compared: without case, accents and width, a character at a time.
 *
 *	struct vx_folded f;
 *	for (size_t i = 0; i < len; i += vx_fold_next(text + i, len - i, &f))
 *		if (f.kind == VX_FOLD_WORD) ...             // "Ä", "ä", "A" + combining diaeresis, "ae": all "ae"
 *
 * All of Latin-1 and Latin Extended-A becomes a to z (ä ö ü: ae oe ue, ß: ss), full-width forms become ASCII; letters
 * of other scripts stay as they are. A byte that is no UTF-8 is a letter that equals no other.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_FOLD_H
#define VX_FOLD_H

#include <stddef.h>

enum vx_fold_kind {
	VX_FOLD_WORD,  /* letters and digits */
	VX_FOLD_BREAK, /* blanks and punctuation: between words */
	VX_FOLD_SIGN,  /* + < > = ?: between words too, but not without a meaning; & is + */
	VX_FOLD_NONE   /* not to be seen: soft hyphens, zero-width characters, combining accents */
};
struct vx_folded {
	enum vx_fold_kind kind;
	unsigned char len; /* of text; 0 for all but words and signs */
	char text[4];
};

/* vx_fold_next: the first character of s[0..n), n > 0; returns how many bytes it takes, at least 1. */
size_t vx_fold_next(const char *s, size_t n, struct vx_folded *f);

#endif
