/* vx_gleason_cell: a cell on its way from tokens to facts. Part of vx_gleason; nothing else includes it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_GLEASON_CELL_H
#define VX_GLEASON_CELL_H

#include "vx_gleason_judge.h"
#include "vx_gleason_scan.h"

/* Sets of words. */
#define VX_GW_BIT(word) (1u << (word))
#define VX_GW_GROUPS (VX_GW_BIT(VX_GW_ISUP) | VX_GW_BIT(VX_GW_GROUP))
#define VX_GW_SCORES (VX_GW_BIT(VX_GW_GLEASON) | VX_GW_BIT(VX_GW_SCORE) | VX_GW_BIT(VX_GW_SUM))
#define VX_GW_PLACES (VX_GW_BIT(VX_GW_PRIMARY) | VX_GW_BIT(VX_GW_SECONDARY) | VX_GW_BIT(VX_GW_TERTIARY))

struct vx_gleason_cell {
	const char *text;
	size_t len;
	enum vx_grade_column column;
	const struct vx_lexicon *lex;
	struct vx_error *err;
	const struct vx_gleason_token *t; /* the next one */
	unsigned said;                    /* words since the last value: VX_GW_BIT(VX_GW_...) */
	enum vx_gleason_kind compare;     /* VX_GT_LESS ... before the next value; VX_GT_END: none */
	enum vx_gleason_kind sign;        /* = - / or a comma that something must follow; VX_GT_END: none */
	bool edition;                     /* ISUP 2014: names the rules, not a grade */
	bool alternative;                 /* "of", which is "or" in Dutch, stood between words */
	bool bare;                        /* a number whose meaning only its column or its size tells */
	int bare_score;                   /* such a one of 6 to 10 */
	bool beside;        /* something else than grades stands in the cell: a word, a percentage, a stage */
	bool nothing;       /* 0 % or 0 mm stands in the cell */
	int depth;          /* of brackets */
	size_t first;       /* where the first token starts */
	const char *result; /* a word's: benign ... */
	struct vx_gleason_facts f;
};

static inline bool vx_gleason_is_comparison(enum vx_gleason_kind kind)
{
	return kind == VX_GT_LESS || kind == VX_GT_AT_MOST || kind == VX_GT_MORE || kind == VX_GT_AT_LEAST;
}

/* The reason why the cell is rejected; _at quotes the token. Return VX_EREJECT. */
int vx_gleason_reject(struct vx_gleason_cell *p, const char *reason);
int vx_gleason_reject_at(struct vx_gleason_cell *p, const struct vx_gleason_token *t, const char *reason);

/* A value has been taken: what was said before it is used up. Returns VX_OK. */
int vx_gleason_done(struct vx_gleason_cell *p);

/* vx_gleason_is_letter: whether a token is this one letter. */
bool vx_gleason_is_letter(const struct vx_gleason_token *t, char letter);

/* vx_gleason_number: takes the statement that begins with the number at p->t. */
int vx_gleason_number(struct vx_gleason_cell *p) VX_MUST_USE;

/* vx_gleason_means_group: whether a number here is a grade group by what was said before it, or by its column;
 * vx_gleason_group: takes it as one, vx_gleason_tertiary a tertiary pattern. p->t stands behind it. */
bool vx_gleason_means_group(const struct vx_gleason_cell *p, int value);
int vx_gleason_group(struct vx_gleason_cell *p, int value) VX_MUST_USE;
int vx_gleason_tertiary(struct vx_gleason_cell *p, int pattern) VX_MUST_USE;

#endif
