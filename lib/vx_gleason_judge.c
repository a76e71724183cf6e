/* vx_gleason_judge: patterns, sums and groups that stand together -> one grade; grades compared with each other.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "vx_gleason_judge.h"

#define BIT(n) (1u << (n))
#define ALL_GROUPS 0x3Fu

static bool single(unsigned set)
{
	return set && !(set & (set - 1));
}

static int lowest(unsigned set)
{
	return __builtin_ctz(set);
}

/* The groups that a sum can be; a 7 is two, since 3+4 and 4+3 differ. */
static unsigned groups_of_sum(int sum)
{
	return sum == 0 ? BIT(0) : sum <= 6 ? BIT(1) : sum == 7 ? BIT(2) | BIT(3) : sum == 8 ? BIT(4) : BIT(5);
}

static unsigned groups_of_sums(unsigned sums)
{
	unsigned groups = 0;

	for (int sum = 0; sum <= 10; sum++)
		if (sums & BIT(sum))
			groups |= groups_of_sum(sum);
	return groups;
}

static bool is_pattern(int n)
{
	return n >= 1 && n <= 5;
}

/* Whether patterns can be reported at all; the reason if not. */
static int check_patterns(int p, int s, int t, struct vx_error *err)
{
	if (p == 0 && s == 0)
		return t == 0 ? VX_OK : vx_error_set(err, VX_EREJECT, NULL, "0+0 with a tertiary pattern %d", t);
	if (p == 0 || s == 0)
		return vx_error_set(err, VX_EREJECT, NULL, "%d+%d: one side is 0", p, s);
	if (!is_pattern(p) || !is_pattern(s))
		return vx_error_set(err, VX_EREJECT, NULL, "%d+%d: a Gleason pattern is 1 to 5", p, s);
	if (p + s == 7 && (p == 2 || s == 2))
		return vx_error_set(
			err, VX_EREJECT, NULL, "%d+%d: 7 is 3+4 or 4+3, no group is defined for this", p, s);
	if (t != 0 && !is_pattern(t))
		return vx_error_set(err, VX_EREJECT, NULL, "tertiary %d: a Gleason pattern is 1 to 5", t);
	if (t != 0 && (t == p || t == s))
		return vx_error_set(err, VX_EREJECT, NULL, "the tertiary pattern repeats one of %d+%d", p, s);
	return VX_OK;
}

static int group_of_patterns(int p, int s)
{
	return p + s == 7 && p == 4 ? 3 : lowest(groups_of_sum(p + s));
}

static const char *warning_of(int p, int s, int t)
{
	if ((p == 1 && s == 5) || (p == 5 && s == 1))
		return "a pattern 5 in a sum of 6 is unusual: grade group 1 by the sum";
	/* The consensus for biopsies: the score is the most and the worst. What was reported stays. */
	if (s && t > s)
		return "a tertiary pattern above the secondary: on a biopsy it would replace it; kept as reported";
	return NULL;
}

/* A percentage of a pattern must fit the order of the patterns: the primary is the larger part. */
static int check_shares(const struct vx_gleason_facts *f, int p, int s, struct vx_error *err)
{
	for (int n = 1; n <= 5; n++) {
		int percent = f->share[n] - 1;

		if (percent < 0)
			continue;
		if (p == 0)
			return vx_error_set(
				err, VX_EREJECT, NULL, "a percentage of pattern %d without the patterns", n);
		if (percent > 0 && n != p && n != s && !(f->has_tertiary && n == f->tertiary))
			return vx_error_set(err, VX_EREJECT, NULL, "%d+%d, yet %d %% of pattern %d", p, s, percent, n);
		if (p != s && ((n == p && percent < 50) || (n == s && percent > 50)))
			return vx_error_set(err, VX_EREJECT, NULL,
				"%d+%d, yet %d %% of pattern %d: the primary is the larger part", p, s, percent, n);
	}
	return VX_OK;
}

static void settle(struct vx_grade *g, unsigned groups)
{
	g->isup = -1;
	g->candidates = 0;
	g->cancer_type = "tumor";
	if (!single(groups)) {
		g->state = VX_AMBIGUOUS;
		g->candidates = groups;
		return;
	}
	g->isup = lowest(groups);
	g->state = g->isup == 0 ? VX_BENIGN : VX_GRADED;
	if (g->isup == 0)
		g->cancer_type = "none";
	if (g->primary == 0 && (g->isup == 2 || g->isup == 3)) {
		g->primary = g->isup == 2 ? 3 : 4;
		g->secondary = 7 - g->primary;
		g->derived = true;
	}
}

/* What the patterns and a lettered 7 leave of the groups. */
static int judge_patterns(const struct vx_gleason_facts *f, struct vx_grade *g, unsigned *groups, struct vx_error *err)
{
	int group = f->lettered;

	g->primary = f->primary;
	g->secondary = f->secondary;
	if (f->has_primary != f->has_secondary)
		return vx_error_set(err, VX_EREJECT, NULL, "only one of the two patterns");
	if (f->has_primary) {
		if (check_patterns(f->primary, f->secondary, f->tertiary, err) != VX_OK)
			return VX_EREJECT;
		group = group_of_patterns(f->primary, f->secondary);
		if (f->sums && !(f->sums & BIT(f->primary + f->secondary)))
			return vx_error_set(err, VX_EREJECT, NULL,
				"contradictory: %d+%d is %d, not the score beside it", f->primary, f->secondary,
				f->primary + f->secondary);
		if (f->lettered && f->lettered != group)
			return vx_error_set(err, VX_EREJECT, NULL, "contradictory: %d+%d is not 7%c", f->primary,
				f->secondary, f->lettered == 2 ? 'a' : 'b');
	} else if (f->lettered) {
		g->primary = f->lettered == 2 ? 3 : 4;
		g->secondary = 7 - g->primary;
	} else if (f->sums == BIT(10)) { /* of two patterns up to 5 */
		g->primary = g->secondary = 5;
		g->derived = true;
	}
	if (group && !f->has_primary && f->sums && !(f->sums & BIT(7)))
		return vx_error_set(err, VX_EREJECT, NULL, "contradictory: a lettered 7 beside another score");
	if (f->has_primary || f->lettered) {
		*groups &= BIT(group);
		if (!*groups)
			return vx_error_set(err, VX_EREJECT, NULL,
				"contradictory: %d+%d is grade group %d, not the one beside it", g->primary,
				g->secondary, group);
	}
	return VX_OK;
}

int vx_gleason_judge(const struct vx_gleason_facts *f, struct vx_grade *g, struct vx_error *err)
{
	struct vx_grade out = { .tertiary = f->tertiary };
	unsigned groups = f->groups ? f->groups : ALL_GROUPS;

	if (judge_patterns(f, &out, &groups, err) != VX_OK)
		return VX_EREJECT;
	if (f->sums)
		groups &= groups_of_sums(f->sums);
	if (!groups)
		return vx_error_set(err, VX_EREJECT, NULL, "contradictory: no grade group fits all that the cell says");
	settle(&out, groups);
	/* A 7 has a 3 and a 4, a 9 a 4 and a 5, in whichever order. */
	if ((f->sums == BIT(7) && (out.tertiary == 3 || out.tertiary == 4)) ||
		(f->sums == BIT(9) && (out.tertiary == 4 || out.tertiary == 5)))
		return vx_error_set(
			err, VX_EREJECT, NULL, "the tertiary pattern repeats one of a score of %d", lowest(f->sums));
	if (out.tertiary && out.isup == 0)
		return vx_error_set(err, VX_EREJECT, NULL, "a tertiary pattern %d without a cancer", out.tertiary);
	if (out.primary && check_patterns(out.primary, out.secondary, out.tertiary, err) != VX_OK)
		return VX_EREJECT;
	if (out.tertiary > 5)
		return vx_error_set(err, VX_EREJECT, NULL, "tertiary %d: a Gleason pattern is 1 to 5", out.tertiary);
	if (check_shares(f, out.primary, out.secondary, err) != VX_OK)
		return VX_EREJECT;
	out.warning = warning_of(out.primary, out.secondary, out.tertiary);
	*g = out;
	return VX_OK;
}

int vx_grade_patterns(int primary, int secondary, int tertiary, struct vx_grade *g, struct vx_error *err)
{
	struct vx_gleason_facts f = { .has_primary = true,
		.has_secondary = true,
		.has_tertiary = tertiary != 0,
		.primary = primary,
		.secondary = secondary,
		.tertiary = tertiary };

	*g = (struct vx_grade){ .state = VX_NOT_ASSESSED, .isup = -1 };
	return vx_gleason_judge(&f, g, err);
}

static unsigned candidates(const struct vx_grade *g)
{
	return g->isup >= 0 ? BIT(g->isup) : g->candidates;
}

/* Patterns that a source wrote itself, on both sides. */
static bool patterns_differ(const struct vx_grade *a, const struct vx_grade *b)
{
	if (a->primary && b->primary && (a->primary != b->primary || a->secondary != b->secondary))
		return true;
	return a->tertiary && b->tertiary && a->tertiary != b->tertiary;
}

bool vx_grade_agree(const struct vx_grade *a, const struct vx_grade *b)
{
	unsigned left = candidates(a), right = candidates(b);

	if (a->state == VX_NOT_ASSESSED || b->state == VX_NOT_ASSESSED)
		return true;
	if (left && right)
		return (left & right) && !patterns_differ(a, b);
	/* One or both without a group: cancer that nobody could grade and a graded one are both cancer. */
	return a->cancer_type && b->cancer_type && strcmp(a->cancer_type, b->cancer_type) == 0;
}

/* Whether a tertiary pattern is one of those that the group alone implies. */
static bool repeats(unsigned groups, int tertiary)
{
	return (groups == BIT(2) || groups == BIT(3)) && (tertiary == 3 || tertiary == 4);
}

bool vx_grade_narrow(struct vx_grade *a, const struct vx_grade *b)
{
	unsigned left = a->state == VX_AMBIGUOUS ? a->candidates & candidates(b) : 0;

	if (!single(left) || patterns_differ(a, b) || repeats(left, a->tertiary))
		return false;
	if (b->primary) {
		a->primary = b->primary;
		a->secondary = b->secondary;
		a->derived = true;
	}
	if (!a->tertiary)
		a->tertiary = b->tertiary;
	settle(a, left);
	if (!a->warning)
		a->warning = warning_of(a->primary, a->secondary, a->tertiary);
	return true;
}

static int group_or_none(const struct vx_grade *g)
{
	return g->state == VX_BENIGN || g->state == VX_GRADED ? g->isup : -1;
}

bool vx_grade_worse(const struct vx_grade *a, const struct vx_grade *b)
{
	int left = group_or_none(a), right = group_or_none(b);

	if (left != right || left < 0)
		return left > right;
	if (a->primary + a->secondary != b->primary + b->secondary)
		return a->primary + a->secondary > b->primary + b->secondary;
	return a->primary > b->primary;
}
