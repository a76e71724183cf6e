/* vx_gleason_scan: the text of a grade as tokens: numbers, signs, and the words that belong to the notation itself (Gleason,
 * ISUP, tertiary ...) in English, German and Dutch. Full-width forms, the many dashes and blanks of spreadsheets, Roman numerals
 * that are characters of their own, all become plain ones. Part of vx_gleason; nothing else includes it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_GLEASON_SCAN_H
#define VX_GLEASON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

enum vx_gleason_kind {
	VX_GT_END,
	VX_GT_NUMBER,
	VX_GT_WORD,
	VX_GT_PLUS, /* also the word plus */
	VX_GT_MINUS,
	VX_GT_EQUALS,
	VX_GT_SLASH,
	VX_GT_OPEN,
	VX_GT_CLOSE,
	VX_GT_SEPARATOR, /* , ; : . | _ & line break */
	VX_GT_LESS,
	VX_GT_AT_MOST,
	VX_GT_MORE,
	VX_GT_AT_LEAST,
	VX_GT_PERCENT, /* also the word */
	VX_GT_HASH,
	VX_GT_UNSURE, /* ? ~ */
	VX_GT_OTHER,  /* whatever else; bytes that are no UTF-8 */
};

/* The words of the notation; VX_GW_NONE: another word, perhaps one of the lexicon's. */
enum vx_gleason_word {
	VX_GW_NONE,
	VX_GW_GLEASON, /* Gleason, GS */
	VX_GW_SCORE,
	VX_GW_SUM,
	VX_GW_GRADE,
	VX_GW_GROUP,
	VX_GW_ISUP, /* ISUP, GG: what follows is a grade group */
	VX_GW_WHO,
	VX_GW_PATTERN,
	VX_GW_PRIMARY,
	VX_GW_SECONDARY,
	VX_GW_TERTIARY,
	VX_GW_ROMAN, /* I to V: value */
	VX_GW_OF,    /* 7 of 10 */
	VX_GW_OR,
	VX_GW_WITH, /* joins what stands side by side */
	VX_GW_NO,
	VX_GW_STAGE, /* pT, pN: stands before a number */
	VX_GW_UNIT,  /* mm */
	VX_GW_DIFF,  /* G2: differentiation */
	VX_GW_MONTH,
	VX_GW_ABOUT, /* ca. (before a number; else cancer) */
};

struct vx_gleason_token {
	enum vx_gleason_kind kind;
	enum vx_gleason_word word; /* of VX_GT_WORD */
	bool glued;                /* nothing stands between it and the token before */
	bool fraction;             /* a number with a fraction that is not 0 */
	int value; /* of a number (at most 99999999) or numeral; else the sign, or the letter of a word of one */
	size_t start, end; /* bytes of the text */
};

/* vx_gleason_scan: the tokens of text[0..len) into t, a VX_GT_END behind them.
 * Returns how many there are without the end; max where there would be that many or more: too long for a grade. */
size_t vx_gleason_scan(const char *text, size_t len, struct vx_gleason_token *t, size_t max);

/* vx_gleason_word: what a folded word means in the notation; *value is set where it is a number. */
enum vx_gleason_word vx_gleason_word(const char *word, int *value);

#endif
