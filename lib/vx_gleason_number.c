/* vx_gleason_number: the numbers of a cell: patterns, scores, grade groups, percentages -> facts.
 * SPDX-License-Identifier: MIT */
#include "vx_gleason_cell.h"

/* The values that a comparison allows, of the set from lowest to highest. */
static unsigned allowed(enum vx_gleason_kind compare, int value, int lowest, int highest)
{
	unsigned set = 0;

	for (int n = lowest; n <= highest; n++)
		if ((compare == VX_GT_LESS && n < value) || (compare == VX_GT_AT_MOST && n <= value) ||
			(compare == VX_GT_MORE && n > value) || (compare == VX_GT_AT_LEAST && n >= value) ||
			(compare == VX_GT_END && n == value))
			set |= 1u << n;
	return set;
}

static int set_patterns(struct vx_gleason_cell *p, int first, int second)
{
	if (p->f.has_primary || p->f.has_secondary)
		return vx_gleason_reject(p, "several grades in one cell");
	p->f.has_primary = p->f.has_secondary = true;
	p->f.primary = first;
	p->f.secondary = second;
	return VX_OK;
}

int vx_gleason_tertiary(struct vx_gleason_cell *p, int pattern)
{
	if (p->f.has_tertiary)
		return vx_gleason_reject(p, "several tertiary patterns in one cell");
	p->f.has_tertiary = true;
	p->f.tertiary = pattern;
	return VX_OK;
}

/* "(60%)" behind a pattern: its share. */
static bool take_bracketed_share(struct vx_gleason_cell *p, int *percent)
{
	const struct vx_gleason_token *t = p->t;

	if (t[0].kind != VX_GT_OPEN || t[1].kind != VX_GT_NUMBER || t[1].fraction || t[1].value > 100 ||
		t[2].kind != VX_GT_PERCENT || t[3].kind != VX_GT_CLOSE)
		return false;
	*percent = t[1].value;
	p->t += 4;
	return true;
}

/* Whether patterns with a plus between them stand here: 3+4, 3 (60%) + 4 (40%). */
static bool at_patterns(const struct vx_gleason_token *t)
{
	if (t[0].kind != VX_GT_NUMBER)
		return false;
	if (t[1].kind == VX_GT_OPEN && t[2].kind == VX_GT_NUMBER && t[3].kind == VX_GT_PERCENT &&
		t[4].kind == VX_GT_CLOSE)
		t += 4;
	return t[1].kind == VX_GT_PLUS && t[2].kind == VX_GT_NUMBER;
}

/* 3+4, 3+4+5: primary, secondary, tertiary. */
static int take_patterns(struct vx_gleason_cell *p)
{
	int pattern[3] = { 0 }, share[3] = { -1, -1, -1 }, n = 0;

	if (p->compare != VX_GT_END || p->said & VX_GW_PLACES)
		return vx_gleason_reject_at(p, p->t, "what stands before the patterns does not go with them");
	for (;; p->t++) {
		if (n == 3 || p->t->kind != VX_GT_NUMBER)
			return vx_gleason_reject(p, "no sum of two patterns");
		if (p->t->fraction)
			return vx_gleason_reject_at(p, p->t, "a pattern has no fraction");
		pattern[n] = p->t++->value;
		take_bracketed_share(p, &share[n++]);
		if (p->t->kind != VX_GT_PLUS || (n == 2 && p->t[1].kind == VX_GT_WORD))
			break;
	}
	if (set_patterns(p, pattern[0], pattern[1]) != VX_OK)
		return VX_EREJECT;
	if (n == 3 && pattern[2] == 0)
		return vx_gleason_reject(p, "a third pattern of 0");
	if (n == 3 && vx_gleason_tertiary(p, pattern[2]) != VX_OK)
		return VX_EREJECT;
	for (int i = 0; i < n; i++)
		if (share[i] >= 0 && pattern[i] >= 1 && pattern[i] <= 5)
			p->f.share[pattern[i]] = share[i] + 1;
	return vx_gleason_done(p);
}

/* The highest value behind a score or group: 7/10, 2 of 5. */
static void skip_highest(struct vx_gleason_cell *p, int highest)
{
	const struct vx_gleason_token *t = p->t;

	if ((t[0].kind == VX_GT_SLASH || (t[0].kind == VX_GT_WORD && t[0].word == VX_GW_OF)) &&
		t[1].kind == VX_GT_NUMBER && !t[1].fraction && t[1].value == highest)
		p->t += 2;
}

int vx_gleason_group(struct vx_gleason_cell *p, int value)
{
	unsigned groups;

	if (value > 5)
		return vx_error_set(p->err, VX_EREJECT, NULL, "there is no grade group %d", value);
	if (p->compare == VX_GT_LESS || p->compare == VX_GT_AT_MOST)
		return vx_gleason_reject(p, "at most a grade group: whether benign is meant too is not said");
	groups = allowed(p->compare, value, p->compare == VX_GT_END ? 0 : 1, 5);
	if (p->f.groups && p->f.groups != groups)
		return vx_gleason_reject(p, "several grade groups in one cell");
	if (!groups)
		return vx_gleason_reject(p, "there is no grade group above 5");
	p->f.groups = groups;
	p->bare = p->bare || !(p->said & VX_GW_GROUPS);
	skip_highest(p, 5);
	return vx_gleason_done(p);
}

/* A sum of patterns; 7a is 3+4, 7b is 4+3. */
static int take_score(struct vx_gleason_cell *p, int value)
{
	unsigned sums = allowed(p->compare, value, p->compare == VX_GT_END ? 0 : 2, 10);

	if (value > 10 || value == 1 || !sums)
		return vx_error_set(p->err, VX_EREJECT, NULL, "%d is no Gleason score: those are 2 to 10", value);
	if (p->f.sums && p->f.sums != sums)
		return vx_gleason_reject(p, "several scores in one cell");
	p->f.sums = sums;
	if (vx_gleason_is_letter(p->t, 'a') || vx_gleason_is_letter(p->t, 'b')) {
		if (value != 7 || p->compare != VX_GT_END)
			return vx_gleason_reject_at(p, p->t, "only a 7 has letters");
		if (p->f.lettered && p->f.lettered != (p->t->value == 'a' ? 2 : 3))
			return vx_gleason_reject(p, "several scores in one cell");
		p->f.lettered = p->t->value == 'a' ? 2 : 3;
		p->t++;
	}
	skip_highest(p, 10);
	return vx_gleason_done(p);
}

/* 0%, 0 mm: beside a cancer it turns its meaning. */
static bool is_nothing(const struct vx_gleason_token *number)
{
	return number->value == 0 && !number->fraction;
}

/* "10% pattern 4", "<5 % of Gleason 4", or of the tissue: then it says nothing of the grade. The number is taken. */
static int take_percentage(struct vx_gleason_cell *p, const struct vx_gleason_token *number)
{
	const struct vx_gleason_token *t = p->t + 1;
	bool tertiary = p->said & VX_GW_BIT(VX_GW_TERTIARY); /* "tertiary <5% pattern 5": the pattern comes by itself */

	if (number->value > 100)
		return vx_gleason_reject_at(p, number, "a percentage above 100");
	p->compare = p->sign = VX_GT_END;
	p->beside = true;
	p->t++;
	while (t->kind == VX_GT_WORD && (t->word == VX_GW_OF || t->word == VX_GW_GLEASON))
		t++;
	if (tertiary || t->kind != VX_GT_WORD || t->word != VX_GW_PATTERN || t[1].kind != VX_GT_NUMBER ||
		at_patterns(t + 1)) {
		p->nothing = p->nothing || is_nothing(number);
		return VX_OK;
	}
	if (t[1].fraction || t[1].value < 1 || t[1].value > 5)
		return vx_gleason_reject_at(p, &t[1], "a Gleason pattern is 1 to 5");
	p->f.share[t[1].value] = number->value + 1;
	p->t = t + 2;
	return VX_OK;
}

/* "pattern 4: 30%"; a pattern alone is no grade. The number is taken. */
static int take_single_pattern(struct vx_gleason_cell *p, const struct vx_gleason_token *number)
{
	const struct vx_gleason_token *t = p->t;

	if (t->kind == VX_GT_SEPARATOR || t->kind == VX_GT_EQUALS || t->kind == VX_GT_OPEN || t->kind == VX_GT_MINUS)
		t++;
	if (vx_gleason_is_comparison(t->kind))
		t++;
	if (t->kind != VX_GT_NUMBER || t[1].kind != VX_GT_PERCENT)
		return vx_gleason_reject_at(p, number, "one pattern alone is no grade");
	if (number->value < 1 || number->value > 5 || t->value > 100)
		return vx_gleason_reject_at(p, number, "no percentage of a pattern");
	p->f.share[number->value] = t->value + 1;
	p->depth += p->t->kind == VX_GT_OPEN;
	p->t = t + 2;
	return vx_gleason_done(p);
}

static int take_placed_pattern(struct vx_gleason_cell *p, const struct vx_gleason_token *number)
{
	unsigned place = p->said & VX_GW_PLACES;
	bool primary = place == VX_GW_BIT(VX_GW_PRIMARY);

	if (p->compare != VX_GT_END || (place & (place - 1)))
		return vx_gleason_reject_at(p, number, "what pattern this is, is not clear");
	if (number->value > 5)
		return vx_gleason_reject_at(p, number, "a Gleason pattern is 1 to 5");
	if (place == VX_GW_BIT(VX_GW_TERTIARY)) {
		if (vx_gleason_tertiary(p, number->value) != VX_OK)
			return VX_EREJECT;
		return vx_gleason_done(p);
	}
	if (primary ? p->f.has_primary : p->f.has_secondary)
		return vx_gleason_reject(p, "several grades in one cell");
	*(primary ? &p->f.primary : &p->f.secondary) = number->value;
	*(primary ? &p->f.has_primary : &p->f.has_secondary) = true;
	vx_gleason_done(p);
	/* major 4 + minor 3 */
	if (p->t->kind == VX_GT_PLUS && p->t[1].kind == VX_GT_WORD && p->t[1].word == VX_GW_SECONDARY)
		p->t++;
	return VX_OK;
}

/* Two numbers without a plus: 3/4, 3-4, 6 7. Not meant: a number that begins a sum or has a unit, or a highest value. */
static bool is_pair(const struct vx_gleason_cell *p)
{
	const struct vx_gleason_token *t = p->t;
	bool explicit = p->said & (VX_GW_SCORES | VX_GW_GROUPS) || p->column == VX_GRADE_GLEASON || p->f.has_primary;

	if (t->kind == VX_GT_SLASH && t[1].kind == VX_GT_NUMBER && explicit &&
		(t[1].value == 10 || (t[1].value == 5 && p->said & VX_GW_GROUPS)))
		return false;
	if (t->kind == VX_GT_SEPARATOR || t->kind == VX_GT_MINUS || t->kind == VX_GT_SLASH)
		t++;
	return t->kind == VX_GT_NUMBER && t[1].kind != VX_GT_PERCENT && !at_patterns(t) &&
	       !(t[1].kind == VX_GT_WORD && t[1].word == VX_GW_UNIT);
}

/* Whether a number is a grade group by what was said before it, or by its column. */
bool vx_gleason_means_group(const struct vx_gleason_cell *p, int value)
{
	bool group = p->said & VX_GW_BIT(VX_GW_GROUP), score = p->said & VX_GW_SCORES;

	if (p->said & VX_GW_BIT(VX_GW_ISUP))
		return group || !score || value <= 5;
	if (group) /* a group alone may be one of risk */
		return p->column == VX_GRADE_GROUP || p->f.has_primary || p->f.sums || p->f.lettered ||
		       p->said & (VX_GW_BIT(VX_GW_GRADE) | VX_GW_BIT(VX_GW_WHO) | VX_GW_SCORES);
	return p->column == VX_GRADE_GROUP && !score && value <= 5;
}

/* Whether patterns follow whose sum this is. */
static bool at_same_sum(const struct vx_gleason_cell *p, int value)
{
	const struct vx_gleason_token *t = p->t;

	if (t->kind == VX_GT_OPEN || t->kind == VX_GT_EQUALS || t->kind == VX_GT_SEPARATOR)
		t++;
	return t[0].kind == VX_GT_NUMBER && t[1].kind == VX_GT_PLUS && t[2].kind == VX_GT_NUMBER &&
	       t[0].value + t[2].value == value;
}

/* A number that is none of a pattern. */
static int take_plain(struct vx_gleason_cell *p, const struct vx_gleason_token *number)
{
	int value = number->value;
	bool restated = p->f.has_primary && (p->sign == VX_GT_EQUALS || value == p->f.primary + p->f.secondary);

	if (restated && !(p->said & VX_GW_GROUPS)) /* 3+4=7, 3+4 (7) */
		return take_score(p, value);
	if (vx_gleason_means_group(p, value))
		return vx_gleason_group(p, value);
	if (p->said & VX_GW_BIT(VX_GW_GROUP))
		return vx_gleason_reject_at(p, number, "a group, but of what is not said");
	if (p->said & VX_GW_BIT(VX_GW_WHO))
		return vx_gleason_reject_at(p, number, "a grade of the WHO may be one of differentiation");
	if (value >= 6 || (p->said & VX_GW_BIT(VX_GW_SUM) && value >= 2)) {
		if (!(p->said & VX_GW_SCORES)) {
			p->bare = true;
			p->bare_score = value;
		}
		return take_score(p, value);
	}
	if (!p->f.has_primary && at_same_sum(p, value)) /* 0 (0+0) */
		return take_score(p, value);
	if (p->f.has_primary || p->f.sums || p->f.groups)
		return vx_gleason_reject_at(p, number, "a number beside the grade whose meaning is not said");
	if (value == 0)
		return vx_gleason_reject_at(p, number, "ambiguous: benign, or not assessed; the mapping can say which");
	return vx_gleason_reject_at(p, number, "ambiguous: a pattern, a grade group or a score");
}

static bool is_edition(const struct vx_gleason_cell *p, int value)
{
	return (value == 2005 || value == 2014 || value == 2016 || value == 2019 || value == 2022) &&
	       p->said & (VX_GW_BIT(VX_GW_ISUP) | VX_GW_BIT(VX_GW_WHO) | VX_GW_BIT(VX_GW_GROUP));
}

int vx_gleason_number(struct vx_gleason_cell *p)
{
	const struct vx_gleason_token *number = p->t;

	if (at_patterns(number))
		return take_patterns(p);
	p->t++;
	if (p->t->kind == VX_GT_PERCENT)
		return take_percentage(p, number);
	if (p->t->kind == VX_GT_WORD && p->t->word == VX_GW_UNIT) {
		p->t++;
		p->beside = true;
		p->nothing = p->nothing || is_nothing(number);
		p->compare = p->sign = VX_GT_END;
		return VX_OK;
	}
	if (number->fraction)
		return vx_gleason_reject_at(p, number, "a grade has no fraction");
	if (is_edition(p, number->value)) {
		p->edition = true;
		return VX_OK;
	}
	if (p->t->kind == VX_GT_PLUS && !(p->said & VX_GW_PLACES))
		return vx_gleason_reject_at(p, number, "no pattern behind the plus");
	if (is_pair(p))
		return vx_gleason_reject_at(
			p, number, "several numbers without a plus between them: patterns, a range or a list");
	if (p->said & VX_GW_PLACES)
		return take_placed_pattern(p, number);
	if (p->said & VX_GW_BIT(VX_GW_PATTERN))
		return take_single_pattern(p, number);
	return take_plain(p, number);
}
