/* vx_gleason_judge: from what was read in a cell to the grade that it means, by the ISUP 2014 table. Part of vx_gleason; nothing
 * else includes it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_GLEASON_JUDGE_H
#define VX_GLEASON_JUDGE_H

#include "vx_gleason.h"

/* What a cell says, statement by statement. Sets are bits: bit n, n is possible; 0, nothing was said. */
struct vx_gleason_facts {
	bool has_primary, has_secondary, has_tertiary;
	int primary, secondary;
	int tertiary;    /* 0: said to be none */
	int lettered;    /* 7a, 7b: the grade group, 2 or 3 */
	unsigned sums;   /* of 0 to 10 */
	unsigned groups; /* of 0 to 5 */
	int share[6];    /* percentage of a pattern, plus 1 */
};

/* vx_gleason_judge: the grade that fits all of it. Errors: VX_EREJECT, impossible or contradictory; *g is not touched then. */
int vx_gleason_judge(const struct vx_gleason_facts *f, struct vx_grade *g, struct vx_error *err) VX_MUST_USE;

#endif
