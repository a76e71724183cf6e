/* vx_gleason: a cell that tells of a grade -> the grade, or the reason why it tells of none.
 *
 * The whole cell must be understood: a number or a word that has no known part in the notation rejects it, since it may
 * change what the rest means. What was read is put together, and checked, by vx_gleason_judge.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "vx_gleason_judge.h"
#include "vx_gleason_scan.h"
#include "vx_utf8.h"

#define MAX_TOKENS 64
#define SHOWN 40 /* bytes of a cell that a reason quotes */

#define FLAG(word) (1u << (word))
#define SAID_GROUP (FLAG(VX_GW_ISUP) | FLAG(VX_GW_GROUP))
#define SAID_SCORE (FLAG(VX_GW_GLEASON) | FLAG(VX_GW_SCORE) | FLAG(VX_GW_SUM))
#define SAID_PLACE (FLAG(VX_GW_PRIMARY) | FLAG(VX_GW_SECONDARY) | FLAG(VX_GW_TERTIARY))

struct parse {
	const char *text;
	size_t len;
	enum vx_grade_column column;
	const struct vx_lexicon *lex;
	struct vx_error *err;
	struct vx_gleason_token *t;   /* the next one */
	unsigned said;                /* words since the last value: FLAG(VX_GW_...) */
	enum vx_gleason_kind compare; /* VX_GT_LESS ... before the next value; VX_GT_END: none */
	enum vx_gleason_kind sign;    /* = - / or a comma that something must follow; VX_GT_END: none */
	bool edition;                 /* ISUP 2014: names the rules, not a grade */
	bool alternative;             /* "of", which is "or" in Dutch, stood between words */
	int bare;                     /* a score that only its size tells from a grade group */
	int depth;                    /* of brackets */
	size_t first;                 /* where the first token starts */
	const char *result;           /* a word's: benign ... */
	struct vx_gleason_facts f;
};

static int reject(struct parse *p, const char *reason)
{
	return vx_error_set(p->err, VX_EREJECT, NULL, "%s", reason);
}

static int reject_at(struct parse *p, const struct vx_gleason_token *t, const char *reason)
{
	size_t n = t->end > t->start ? t->end - t->start : 0;

	n = vx_utf8_cut(p->text + t->start, n, SHOWN);
	return vx_error_set(p->err, VX_EREJECT, NULL, "%s: \"%.*s\"", reason, (int)n, p->text + t->start);
}

static bool is_comparison(enum vx_gleason_kind kind)
{
	return kind == VX_GT_LESS || kind == VX_GT_AT_MOST || kind == VX_GT_MORE || kind == VX_GT_AT_LEAST;
}

static bool is_letter(const struct vx_gleason_token *t, char letter)
{
	return t->kind == VX_GT_WORD && t->value == letter && t->end - t->start <= 3;
}

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

/* A value has been taken: what was said before it is used up. */
static int done(struct parse *p)
{
	p->said = 0;
	p->compare = p->sign = VX_GT_END;
	return VX_OK;
}

/* --- results in words -------------------------------------------------------------------------------------------------- */

static bool is(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* Two words of results in one cell: the one that stands for both, or NULL where they contradict. */
static const char *both(const char *a, const char *b)
{
	static const struct {
		const char *a, *b, *both;
	} pairs[] = {
		{ "benign", "hgpin", "hgpin" }, /* benign glands with HGPIN, no cancer but HGPIN */
		{ "benign", "asap", "asap" }, { "hgpin", "asap", "asap" }, { "tumor", "hgpin", "tumor" },
		{ "tumor", "not_assessed", "tumor" }, /* adenocarcinoma, not gradable */
	};

	if (!a || is(a, b))
		return b;
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		if ((is(pairs[i].a, a) && is(pairs[i].b, b)) || (is(pairs[i].a, b) && is(pairs[i].b, a)))
			return pairs[i].both;
	return NULL;
}

static int take_result(struct parse *p, const char *result)
{
	bool nothing = is(result, "not_assessed");

	if (nothing && p->said & FLAG(VX_GW_TERTIARY)) { /* tertiary: n/a */
		p->f.has_tertiary = true;
		return done(p);
	}
	/* "HGPIN, Gleason n/a": there is no score because there is no cancer. */
	if (nothing && p->result && p->said & (SAID_SCORE | SAID_GROUP | FLAG(VX_GW_GRADE)))
		return done(p);
	if (p->alternative && p->result && !is(p->result, result))
		return reject(p, "alternatives, not one result");
	if (!both(p->result, result))
		return vx_error_set(
			p->err, VX_EREJECT, NULL, "contradictory: %s and %s in one cell", p->result, result);
	p->result = both(p->result, result);
	return done(p);
}

/* A word or phrase of the lexicon: a result, or one that means nothing by itself. */
static int take_word_of_lexicon(struct parse *p, bool *known)
{
	struct vx_term_match m;
	size_t at = p->t->start, from = at;

	*known = p->lex && vx_lexicon_match(p->lex, p->text, p->len, &at, &m) && at > from &&
		 m.fields & (1u << VX_TERM_RESULT | 1u << VX_TERM_FILLER);
	if (!*known)
		return VX_OK;
	p->alternative = p->alternative || p->t->word == VX_GW_OF;
	p->sign = VX_GT_END;
	while (p->t->kind != VX_GT_END && p->t->start < at)
		p->t++;
	if (m.fields & 1u << VX_TERM_RESULT)
		return take_result(p, m.values[VX_TERM_RESULT]);
	return VX_OK;
}

/* --- numbers ----------------------------------------------------------------------------------------------------------- */

static int set_patterns(struct parse *p, int first, int second)
{
	if (p->f.has_primary || p->f.has_secondary)
		return reject(p, "several grades in one cell");
	p->f.has_primary = p->f.has_secondary = true;
	p->f.primary = first;
	p->f.secondary = second;
	return VX_OK;
}

static int set_tertiary(struct parse *p, int pattern)
{
	if (p->f.has_tertiary)
		return reject(p, "several tertiary patterns in one cell");
	p->f.has_tertiary = true;
	p->f.tertiary = pattern;
	return VX_OK;
}

/* "(60%)" behind a pattern: its share. */
static bool take_bracketed_share(struct parse *p, int *percent)
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
static int take_patterns(struct parse *p)
{
	int pattern[3] = { 0 }, share[3] = { -1, -1, -1 }, n = 0;

	if (p->compare != VX_GT_END || p->said & SAID_PLACE)
		return reject_at(p, p->t, "what stands before the patterns does not go with them");
	for (;; p->t++) {
		if (n == 3 || p->t->kind != VX_GT_NUMBER)
			return reject(p, "no sum of two patterns");
		if (p->t->fraction)
			return reject_at(p, p->t, "a pattern has no fraction");
		pattern[n] = p->t++->value;
		take_bracketed_share(p, &share[n++]);
		if (p->t->kind != VX_GT_PLUS || (n == 2 && p->t[1].kind == VX_GT_WORD))
			break;
	}
	if (set_patterns(p, pattern[0], pattern[1]) != VX_OK)
		return VX_EREJECT;
	if (n == 3 && pattern[2] == 0)
		return reject(p, "a third pattern of 0");
	if (n == 3 && set_tertiary(p, pattern[2]) != VX_OK)
		return VX_EREJECT;
	for (int i = 0; i < n; i++)
		if (share[i] >= 0 && pattern[i] >= 1 && pattern[i] <= 5)
			p->f.share[pattern[i]] = share[i] + 1;
	return done(p);
}

/* The highest value behind a score or group: 7/10, 2 of 5. */
static void skip_highest(struct parse *p, int highest)
{
	const struct vx_gleason_token *t = p->t;

	if ((t[0].kind == VX_GT_SLASH || (t[0].kind == VX_GT_WORD && t[0].word == VX_GW_OF)) &&
		t[1].kind == VX_GT_NUMBER && !t[1].fraction && t[1].value == highest)
		p->t += 2;
}

static int take_group(struct parse *p, int value)
{
	unsigned groups;

	if (value > 5)
		return vx_error_set(p->err, VX_EREJECT, NULL, "there is no grade group %d", value);
	if (p->compare == VX_GT_LESS || p->compare == VX_GT_AT_MOST)
		return reject(p, "at most a grade group: whether benign is meant too is not said");
	groups = allowed(p->compare, value, p->compare == VX_GT_END ? 0 : 1, 5);
	if (p->f.groups && p->f.groups != groups)
		return reject(p, "several grade groups in one cell");
	if (!groups)
		return reject(p, "there is no grade group above 5");
	p->f.groups = groups;
	skip_highest(p, 5);
	return done(p);
}

/* A sum of patterns; 7a is 3+4, 7b is 4+3. */
static int take_score(struct parse *p, int value)
{
	unsigned sums = allowed(p->compare, value, p->compare == VX_GT_END ? 0 : 2, 10);

	if (value > 10 || value == 1 || !sums)
		return vx_error_set(p->err, VX_EREJECT, NULL, "%d is no Gleason score: those are 2 to 10", value);
	if (p->f.sums && p->f.sums != sums)
		return reject(p, "several scores in one cell");
	p->f.sums = sums;
	if (is_letter(p->t, 'a') || is_letter(p->t, 'b')) {
		if (value != 7 || p->compare != VX_GT_END)
			return reject_at(p, p->t, "only a 7 has letters");
		if (p->f.lettered && p->f.lettered != (p->t->value == 'a' ? 2 : 3))
			return reject(p, "several scores in one cell");
		p->f.lettered = p->t->value == 'a' ? 2 : 3;
		p->t++;
	}
	skip_highest(p, 10);
	return done(p);
}

/* "10% pattern 4", "<5 % of Gleason 4", or of the tissue: then it says nothing of the grade. The number is taken. */
static int take_percentage(struct parse *p, const struct vx_gleason_token *number)
{
	const struct vx_gleason_token *t = p->t + 1;
	bool tertiary = p->said & FLAG(VX_GW_TERTIARY); /* "tertiary <5% pattern 5": the pattern comes by itself */

	if (number->value > 100)
		return reject_at(p, number, "a percentage above 100");
	p->compare = p->sign = VX_GT_END;
	p->t++;
	while (t->kind == VX_GT_WORD && (t->word == VX_GW_OF || t->word == VX_GW_GLEASON))
		t++;
	if (tertiary || t->kind != VX_GT_WORD || t->word != VX_GW_PATTERN || t[1].kind != VX_GT_NUMBER ||
		at_patterns(t + 1))
		return VX_OK;
	if (t[1].fraction || t[1].value < 1 || t[1].value > 5)
		return reject_at(p, &t[1], "a Gleason pattern is 1 to 5");
	p->f.share[t[1].value] = number->value + 1;
	p->t += t + 2 - p->t;
	return VX_OK;
}

/* "pattern 4: 30%"; a pattern alone is no grade. The number is taken. */
static int take_single_pattern(struct parse *p, const struct vx_gleason_token *number)
{
	const struct vx_gleason_token *t = p->t;

	if (t->kind == VX_GT_SEPARATOR || t->kind == VX_GT_EQUALS || t->kind == VX_GT_OPEN || t->kind == VX_GT_MINUS)
		t++;
	if (is_comparison(t->kind))
		t++;
	if (t->kind != VX_GT_NUMBER || t[1].kind != VX_GT_PERCENT)
		return reject_at(p, number, "one pattern alone is no grade");
	if (number->value < 1 || number->value > 5 || t->value > 100)
		return reject_at(p, number, "no percentage of a pattern");
	p->f.share[number->value] = t->value + 1;
	p->depth += p->t->kind == VX_GT_OPEN;
	p->t += t + 2 - p->t;
	return done(p);
}

static int take_placed_pattern(struct parse *p, const struct vx_gleason_token *number)
{
	unsigned place = p->said & SAID_PLACE;
	bool primary = place == FLAG(VX_GW_PRIMARY);

	if (p->compare != VX_GT_END || (place & (place - 1)))
		return reject_at(p, number, "what pattern this is, is not clear");
	if (number->value > 5)
		return reject_at(p, number, "a Gleason pattern is 1 to 5");
	if (place == FLAG(VX_GW_TERTIARY)) {
		if (set_tertiary(p, number->value) != VX_OK)
			return VX_EREJECT;
		return done(p);
	}
	if (primary ? p->f.has_primary : p->f.has_secondary)
		return reject(p, "several grades in one cell");
	*(primary ? &p->f.primary : &p->f.secondary) = number->value;
	*(primary ? &p->f.has_primary : &p->f.has_secondary) = true;
	done(p);
	/* major 4 + minor 3 */
	if (p->t->kind == VX_GT_PLUS && p->t[1].kind == VX_GT_WORD && p->t[1].word == VX_GW_SECONDARY)
		p->t++;
	return VX_OK;
}

/* Two numbers without a plus: 3/4, 3-4, 6 7. Not meant: a number that begins a sum or has a unit, or a highest value. */
static bool is_pair(const struct parse *p)
{
	const struct vx_gleason_token *t = p->t;
	bool explicit = p->said & (SAID_SCORE | SAID_GROUP) || p->column == VX_GRADE_GLEASON || p->f.has_primary;

	if (t->kind == VX_GT_SLASH && t[1].kind == VX_GT_NUMBER && explicit &&
		(t[1].value == 10 || (t[1].value == 5 && p->said & SAID_GROUP)))
		return false;
	if (t->kind == VX_GT_SEPARATOR || t->kind == VX_GT_MINUS || t->kind == VX_GT_SLASH)
		t++;
	return t->kind == VX_GT_NUMBER && t[1].kind != VX_GT_PERCENT && !at_patterns(t) &&
	       !(t[1].kind == VX_GT_WORD && t[1].word == VX_GW_UNIT);
}

/* Whether a number is a grade group by what was said before it, or by its column. */
static bool means_group(const struct parse *p, int value)
{
	bool group = p->said & FLAG(VX_GW_GROUP), score = p->said & SAID_SCORE;

	if (p->said & FLAG(VX_GW_ISUP))
		return group || !score || value <= 5;
	if (group) /* a group alone may be one of risk */
		return p->column == VX_GRADE_GROUP || p->f.has_primary || p->f.sums || p->f.lettered ||
		       p->said & (FLAG(VX_GW_GRADE) | FLAG(VX_GW_WHO) | SAID_SCORE);
	return p->column == VX_GRADE_GROUP && !score && value <= 5;
}

/* Whether patterns follow whose sum this is. */
static bool at_same_sum(const struct parse *p, int value)
{
	const struct vx_gleason_token *t = p->t;

	if (t->kind == VX_GT_OPEN || t->kind == VX_GT_EQUALS || t->kind == VX_GT_SEPARATOR)
		t++;
	return t[0].kind == VX_GT_NUMBER && t[1].kind == VX_GT_PLUS && t[2].kind == VX_GT_NUMBER &&
	       t[0].value + t[2].value == value;
}

/* A number that is none of a pattern. */
static int take_plain(struct parse *p, const struct vx_gleason_token *number)
{
	int value = number->value;
	bool restated = p->f.has_primary && (p->sign == VX_GT_EQUALS || value == p->f.primary + p->f.secondary);

	if (restated && !(p->said & SAID_GROUP)) /* 3+4=7, 3+4 (7) */
		return take_score(p, value);
	if (means_group(p, value))
		return take_group(p, value);
	if (p->said & FLAG(VX_GW_GROUP))
		return reject_at(p, number, "a group, but of what is not said");
	if (p->said & FLAG(VX_GW_WHO))
		return reject_at(p, number, "a grade of the WHO may be one of differentiation");
	if (value >= 6 || (p->said & FLAG(VX_GW_SUM) && value >= 2)) {
		p->bare = p->said & SAID_SCORE ? p->bare : value;
		return take_score(p, value);
	}
	if (!p->f.has_primary && at_same_sum(p, value)) /* 0 (0+0) */
		return take_score(p, value);
	if (p->f.has_primary || p->f.sums || p->f.groups)
		return reject_at(p, number, "a number beside the grade whose meaning is not said");
	if (value == 0)
		return reject_at(p, number, "ambiguous: benign, or not assessed; the mapping can say which");
	return reject_at(p, number, "ambiguous: a pattern, a grade group or a score");
}

static bool is_edition(const struct parse *p, int value)
{
	return (value == 2005 || value == 2014 || value == 2016 || value == 2019 || value == 2022) &&
	       p->said & (FLAG(VX_GW_ISUP) | FLAG(VX_GW_WHO) | FLAG(VX_GW_GROUP));
}

static int take_number(struct parse *p)
{
	const struct vx_gleason_token *number = p->t;

	if (at_patterns(number))
		return take_patterns(p);
	p->t++;
	if (p->t->kind == VX_GT_PERCENT)
		return take_percentage(p, number);
	if (p->t->kind == VX_GT_WORD && p->t->word == VX_GW_UNIT) {
		p->t++;
		p->compare = p->sign = VX_GT_END;
		return VX_OK;
	}
	if (number->fraction)
		return reject_at(p, number, "a grade has no fraction");
	if (is_edition(p, number->value)) {
		p->edition = true;
		return VX_OK;
	}
	if (p->t->kind == VX_GT_PLUS && !(p->said & FLAG(VX_GW_PRIMARY)))
		return reject_at(p, number, "no pattern behind the plus");
	if (is_pair(p))
		return reject_at(p, number, "several numbers without a plus between them: patterns, a range or a list");
	if (p->said & SAID_PLACE)
		return take_placed_pattern(p, number);
	if (p->said & FLAG(VX_GW_PATTERN))
		return take_single_pattern(p, number);
	return take_plain(p, number);
}

/* --- words and signs --------------------------------------------------------------------------------------------------- */

/* pT2c, pN0: the stage says nothing of the grade. */
static bool take_stage(struct parse *p)
{
	if (p->t[1].kind != VX_GT_NUMBER || !p->t[1].glued || p->t[1].fraction || p->t[1].value > 4)
		return false;
	p->sign = VX_GT_END;
	p->t += 2;
	if (p->t->glued && (is_letter(p->t, 'a') || is_letter(p->t, 'b') || is_letter(p->t, 'c')))
		p->t++;
	return true;
}

/* "no tertiary pattern"; any other "no" turns the meaning of what follows. */
static int take_no(struct parse *p)
{
	const struct vx_gleason_token *t = p->t + 1;

	while (t->kind == VX_GT_WORD && (t->word == VX_GW_PATTERN || t->word == VX_GW_GLEASON))
		t++;
	if (t->kind != VX_GT_WORD || t->word != VX_GW_TERTIARY)
		return reject_at(p, p->t, "a negation that is not understood");
	if (set_tertiary(p, 0) != VX_OK)
		return VX_EREJECT;
	for (t++; t->kind == VX_GT_WORD && (t->word == VX_GW_PATTERN || t->word == VX_GW_GRADE); t++)
		;
	p->t += t - p->t;
	return done(p);
}

static int take_roman(struct parse *p)
{
	int value = p->t->value;

	if (!(p->said & SAID_GROUP) && p->column != VX_GRADE_GROUP)
		return reject_at(p, p->t, "a Roman number is a grade group only where the cell says so");
	if (!means_group(p, value))
		return reject_at(p, p->t, "a Roman number that is not said to be a grade group");
	p->t++;
	return take_group(p, value);
}

static int take_word(struct parse *p)
{
	const struct vx_gleason_token *t = p->t;
	bool known;
	int status;

	if (t->glued && t[-1].kind == VX_GT_NUMBER && t->word == VX_GW_NONE)
		return reject_at(p, t, "letters behind a number that are not understood");
	if (t->word != VX_GW_NONE && t->word < VX_GW_ROMAN) {
		p->said |= FLAG(t->word);
		p->sign = p->sign == VX_GT_EQUALS ? p->sign : VX_GT_END;
		p->t++;
		return VX_OK;
	}
	if (t->word == VX_GW_ROMAN && (p->said & SAID_GROUP || p->column == VX_GRADE_GROUP))
		return take_roman(p);
	if (t->word == VX_GW_OR)
		return reject_at(p, t, "alternatives or a range, not one grade");
	if (t->word == VX_GW_ABOUT &&
		(t[1].kind == VX_GT_NUMBER || (t[1].kind == VX_GT_SEPARATOR && t[2].kind == VX_GT_NUMBER)))
		return reject_at(p, t, "marked as uncertain");
	if (t->word == VX_GW_STAGE && take_stage(p))
		return VX_OK;
	status = take_word_of_lexicon(p, &known);
	if (known)
		return status;
	if (t->word == VX_GW_WITH || t->word == VX_GW_OF) {
		p->alternative = p->alternative || t->word == VX_GW_OF;
		p->t++;
		return VX_OK;
	}
	if (t->word == VX_GW_ROMAN)
		return take_roman(p);
	if (t->word == VX_GW_NO)
		return take_no(p);
	if (t->word == VX_GW_DIFF && t[1].kind == VX_GT_NUMBER)
		return reject_at(p, t, "a grade of differentiation (G1 to G3) is no grade group");
	return reject_at(p, t, "text beside the grade that is not understood");
}

static int take_sign(struct parse *p)
{
	const struct vx_gleason_token *t = p->t;
	bool first = p->depth == 0 && t->start == p->first,
	     listing = t->kind == VX_GT_SEPARATOR && strchr(",;|&", t->value);

	p->t++;
	if (t->kind == VX_GT_SEPARATOR && t->value == '.' && p->t->kind == t->kind && p->t->value == t->value)
		return reject(p, "ends in dots: the cell is cut");
	if (is_comparison(t->kind)) {
		if (p->compare != VX_GT_END)
			return reject_at(p, t, "a second comparison");
		p->compare = t->kind;
	} else if (t->kind == VX_GT_OPEN || t->kind == VX_GT_CLOSE) {
		p->depth += t->kind == VX_GT_OPEN ? 1 : -1;
		if (p->depth < 0)
			return reject(p, "a bracket that was not opened: the cell may be cut");
	} else if (t->kind == VX_GT_UNSURE) {
		return reject_at(p, t, "marked as uncertain");
	} else if (t->kind == VX_GT_PLUS && p->f.has_primary && p->t->kind == VX_GT_WORD &&
		   p->t->word == VX_GW_TERTIARY) {
		return VX_OK;
	} else if (t->kind == VX_GT_EQUALS || t->kind == VX_GT_MINUS || t->kind == VX_GT_SLASH || listing) {
		if (p->sign != VX_GT_END || (first && t->kind != VX_GT_EQUALS))
			return reject_at(p, t, "a sign with nothing before it");
		p->sign = t->kind;
	} else if (t->kind != VX_GT_SEPARATOR) {
		return reject_at(p, t, "a sign that is not understood");
	}
	return VX_OK;
}

/* #N/A is a word of the lexicon behind its #; any other is #REF!, #WERT! ... */
static int take_hash(struct parse *p)
{
	bool known = false;
	int status;

	p->t++;
	status = p->t->kind == VX_GT_WORD ? take_word_of_lexicon(p, &known) : VX_OK;
	if (p->t->kind == VX_GT_NUMBER)
		return reject_at(p, p->t - 1, "a sign that is not understood");
	return known && p->result ? status : reject(p, "an error of a spreadsheet stands where the grade was");
}

/* --- the whole cell ---------------------------------------------------------------------------------------------------- */

static int statements(struct parse *p)
{
	int status = VX_OK;

	while (status == VX_OK && p->t->kind != VX_GT_END)
		status = p->t->kind == VX_GT_NUMBER ? take_number(p)
			 : p->t->kind == VX_GT_WORD ? take_word(p)
			 : p->t->kind == VX_GT_HASH ? take_hash(p)
						    : take_sign(p);
	return status;
}

/* What was begun and not ended. */
static int check_end(struct parse *p)
{
	unsigned place = p->said & SAID_PLACE;

	if (p->depth != 0)
		return reject(p, "a bracket that is not closed: the cell may be cut");
	if (p->compare != VX_GT_END || p->sign != VX_GT_END)
		return reject(p, "ends in a sign: the cell may be cut, or a list with an empty entry");
	if (place && !(place == FLAG(VX_GW_TERTIARY) && p->f.has_tertiary))
		return reject(p, "names a pattern without its value");
	if (p->said & (SAID_GROUP | FLAG(VX_GW_WHO)) && !p->f.groups && !p->edition)
		return reject(p, "names a grade group without its value");
	if (p->column == VX_GRADE_GROUP && p->bare && !p->f.has_primary && !p->f.lettered)
		return vx_error_set(p->err, VX_EREJECT, NULL, "there is no grade group %d", p->bare);
	return VX_OK;
}

/* A result in words, with or without a grade beside it. */
static int add_result(struct parse *p, bool graded, struct vx_grade *g)
{
	const char *result = p->result;

	if (graded && g->state == VX_BENIGN && !(result = both("benign", result)))
		return vx_error_set(p->err, VX_EREJECT, NULL, "contradictory: group 0 and %s in one cell", p->result);
	if (graded && g->state != VX_BENIGN) {
		if (is(result, "tumor") || is(result, "hgpin"))
			return VX_OK;
		return vx_error_set(p->err, VX_EREJECT, NULL, "contradictory: a grade and %s in one cell", result);
	}
	if (p->f.has_tertiary && p->f.tertiary)
		return reject(p, "a tertiary pattern without a grade");
	*g = (struct vx_grade){ .state = VX_UNGRADED, .isup = -1, .cancer_type = result };
	if (is(result, "not_assessed")) {
		g->state = VX_NOT_ASSESSED;
		g->cancer_type = NULL;
	} else if (is(result, "benign")) {
		g->state = VX_BENIGN;
		g->isup = 0;
		g->cancer_type = "none";
	}
	return VX_OK;
}

static int conclude(struct parse *p, struct vx_grade *g)
{
	bool graded = p->f.has_primary || p->f.has_secondary || p->f.sums || p->f.groups;
	struct vx_grade out;

	if (check_end(p) != VX_OK)
		return VX_EREJECT;
	if (!graded && !p->result)
		return reject(p, "no grade in it");
	if (graded && vx_gleason_judge(&p->f, &out, p->err) != VX_OK)
		return VX_EREJECT;
	if (p->result && add_result(p, graded, &out) != VX_OK)
		return VX_EREJECT;
	*g = out;
	return VX_OK;
}

/* Three groups of digits, one of them a year or all of two digits; or the serial number of a day. */
static bool is_date_in_digits(const char *s, size_t len)
{
	size_t digits[3] = { 0 }, n = 0, i = 0;

	while (i < len && (s[i] == ' ' || s[i] == '\''))
		i++;
	for (char sign = 0; n < 3 && i < len; i++) {
		if (s[i] >= '0' && s[i] <= '9')
			digits[n]++;
		else if (digits[n] && (s[i] == '-' || s[i] == '/' || s[i] == '.') && (!sign || s[i] == sign))
			sign = s[i], n++;
		else
			break;
	}
	if (n == 0 && i == len)
		return digits[0] == 5 || digits[0] == 8;
	return n == 2 && digits[2] && (digits[0] == 4 || digits[2] == 4 || (digits[2] == 2 && digits[1] <= 2));
}

/* "3-Apr", "Mrz 04": a month beside a number. */
static bool has_month(const struct vx_gleason_token *t)
{
	for (bool number = false; t->kind != VX_GT_END; t++) {
		if (t->kind == VX_GT_WORD && t->word == VX_GW_MONTH) {
			size_t next = t[1].kind == VX_GT_NUMBER || t[1].kind == VX_GT_END ? 1 : 2;

			if (number || t[next].kind == VX_GT_NUMBER)
				return true;
		}
		if (t->kind == VX_GT_NUMBER || t->kind == VX_GT_WORD)
			number = t->kind == VX_GT_NUMBER;
	}
	return false;
}

int vx_grade_parse(const char *text, size_t len, enum vx_grade_column column, const struct vx_lexicon *lex,
	struct vx_grade *g, struct vx_error *err)
{
	struct vx_gleason_token tokens[MAX_TOKENS + 8];
	struct parse p = {
		.text = text, .len = len, .column = column, .lex = lex, .err = err, .t = tokens, .compare = VX_GT_END
	};
	size_t n = vx_gleason_scan(text, len, tokens, MAX_TOKENS);

	*g = (struct vx_grade){ .state = VX_NOT_ASSESSED, .isup = -1 };
	if (n == MAX_TOKENS)
		return reject(&p, "too long for a grade");
	while (p.t->kind == VX_GT_SEPARATOR && (p.t->value == '\n' || p.t->value == '\r'))
		p.t++;
	if (p.t->kind == VX_GT_END)
		return VX_OK;
	p.first = p.t->start;
	if (statements(&p) == VX_OK && conclude(&p, g) == VX_OK)
		return VX_OK;
	if (is_date_in_digits(text, len) || has_month(tokens))
		return reject(&p, "a date: spreadsheets make one of a grade such as 3-4; the source must be asked");
	return VX_EREJECT;
}

int vx_grade_pattern_cell(const char *text, size_t len, int *pattern, struct vx_error *err)
{
	struct vx_gleason_token tokens[16], *t = tokens;
	struct parse p = { .text = text, .len = len, .err = err };
	size_t n = vx_gleason_scan(text, len, tokens, sizeof tokens / sizeof *tokens);

	*pattern = 0;
	if (n == sizeof tokens / sizeof *tokens)
		return reject(&p, "too long for a pattern");
	while (t->kind == VX_GT_WORD &&
		(t->word == VX_GW_GLEASON || t->word == VX_GW_PATTERN || t->word == VX_GW_GRADE))
		t++;
	if (t->kind != VX_GT_NUMBER || t[1].kind != VX_GT_END || t->fraction)
		return is_date_in_digits(text, len) || has_month(tokens)
			       ? reject(&p, "a date, no Gleason pattern")
			       : reject(&p, "no Gleason pattern: one number from 1 to 5, or 0 for none");
	if (t->value > 5)
		return vx_error_set(err, VX_EREJECT, NULL, "%d: a Gleason pattern is 1 to 5", t->value);
	*pattern = t->value;
	return VX_OK;
}
