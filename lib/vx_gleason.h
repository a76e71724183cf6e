/* vx_gleason: Gleason scores and grade groups, in every spelling that tables use, without a guess.
 *
 *	struct vx_grade g;
 *	if (vx_grade_parse("GS 7 (3+4)", 10, VX_GRADE_GLEASON, lex, &g, &err) == VX_OK)
 *		g.state == VX_GRADED, g.isup == 2, g.primary == 3, g.secondary == 4
 *
 * Source: ISUP 2014 consensus (Epstein 2016); the table of design decisions is in vx-pathology-map(5).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_GLEASON_H
#define VX_GLEASON_H

#include "vx_lexicon.h"

enum vx_grade_state {
	VX_NOT_ASSESSED, /* nobody looked, or nobody says: never benign */
	VX_BENIGN,       /* isup 0, cancer_type "none" */
	VX_GRADED,       /* isup 1 to 5, cancer_type "tumor" */
	VX_AMBIGUOUS,    /* cancer, of one of several groups: candidates */
	VX_UNGRADED /* looked at, no grade: cancer_type says what ("tumor" not gradable, "asap", "hgpin", "other") */
};

struct vx_grade {
	enum vx_grade_state state;
	int isup;                         /* grade group 0 to 5; -1: null; set in VX_BENIGN and VX_GRADED alone */
	int primary, secondary, tertiary; /* patterns 1 to 5; 0: not said */
	bool derived; /* the patterns follow from the grade group, or from a score of 10; the source did not write them */
	unsigned candidates;     /* VX_AMBIGUOUS: bit g set: group g is possible */
	const char *cancer_type; /* as the schema's enum; NULL: not said */
	const char *warning;     /* what a reviewer should know, one clause, static; NULL: nothing */
};

/* What a column holds, since "3" alone may be a pattern, a grade group or a score. */
enum vx_grade_column {
	VX_GRADE_ANY,     /* the text must say by itself: "3+4", "GG 2", "ISUP 3"; a bare 1 to 5 is rejected */
	VX_GRADE_GLEASON, /* scores: a bare number is a sum */
	VX_GRADE_GROUP    /* grade groups: a bare 0 to 5 (or I to V) is a group, 0 is benign */
};

/* vx_grade_parse: what text[0..len) says. lex gives the words (its field "result"): benign, ASAP, not assessed ...; NULL:
 * none. A text without anything in it is VX_NOT_ASSESSED: the caller knows whether blank means benign.
 * Errors: VX_EREJECT with the reason: impossible (2+5, a pattern outside 1 to 5, one side 0), contradictory ("GS 8 (3+4)"),
 * several grades in one cell, a date that a spreadsheet made of 3-4, or not understood. *g is VX_NOT_ASSESSED then. */
int vx_grade_parse(const char *text, size_t len, enum vx_grade_column column, const struct vx_lexicon *lex,
	struct vx_grade *g, struct vx_error *err) VX_MUST_USE;

/* vx_grade_result: what a result without a grade is: a value of VX_TERM_RESULT (kept: it must live as long as *g). */
void vx_grade_result(const char *result, struct vx_grade *g);

/* vx_grade_patterns: from patterns that stand in columns of their own; tertiary 0: none; 0 and 0 is benign.
 * Errors: as above. */
int vx_grade_patterns(int primary, int secondary, int tertiary, struct vx_grade *g, struct vx_error *err) VX_MUST_USE;

/* vx_grade_pattern_cell: one such cell ("4", "4.0", full-width digits) -> 0 to 5. VX_EREJECT when it is none. */
int vx_grade_pattern_cell(const char *text, size_t len, int *pattern, struct vx_error *err) VX_MUST_USE;

/* vx_grade_agree: whether two statements on the same tissue can both be true: equal groups where both know one, a group
 * among the other's candidates, the same kind of result. What is not assessed agrees with all. */
bool vx_grade_agree(const struct vx_grade *a, const struct vx_grade *b);

/* vx_grade_narrow: an ambiguous a becomes what b makes of it, where b leaves one candidate (7 and group 3: 4+3); its patterns
 * are then marked derived. Returns true when it did. */
bool vx_grade_narrow(struct vx_grade *a, const struct vx_grade *b);

/* vx_grade_worse: whether a is worse than b, for a worst-of: by group, then by score, then by primary pattern. Only states
 * that have a group (VX_BENIGN, VX_GRADED) compare; all others are never worse. */
bool vx_grade_worse(const struct vx_grade *a, const struct vx_grade *b);

#endif
