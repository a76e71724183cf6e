/* vx_gleason: a cell that tells of a grade -> the grade, or the reason why it tells of none.
 *
 * The whole cell must be understood: a number or a word that has no known part in the notation rejects it, since it may
 * change what the rest means. What was read is put together, and checked, by vx_gleason_judge.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "vx_gleason_cell.h"
#include "vx_utf8.h"

#define MAX_TOKENS 64
#define SHOWN 40 /* bytes of a cell that a reason quotes */

int vx_gleason_reject(struct vx_gleason_cell *p, const char *reason)
{
	return vx_error_set(p->err, VX_EREJECT, NULL, "%s", reason);
}

int vx_gleason_reject_at(struct vx_gleason_cell *p, const struct vx_gleason_token *t, const char *reason)
{
	size_t n = t->end > t->start ? t->end - t->start : 0;

	n = vx_utf8_cut(p->text + t->start, n, SHOWN);
	return vx_error_set(p->err, VX_EREJECT, NULL, "%s: \"%.*s\"", reason, (int)n, p->text + t->start);
}

bool vx_gleason_is_letter(const struct vx_gleason_token *t, char letter)
{
	return t->kind == VX_GT_WORD && t->value == letter && t->end - t->start <= 3;
}

/* A value has been taken: what was said before it is used up. */
int vx_gleason_done(struct vx_gleason_cell *p)
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

static bool begins_with(const char *text, size_t len, const char *word)
{
	return len >= strlen(word) && strncasecmp(text, word, strlen(word)) == 0;
}

/* Two words of results in one cell, b behind a: the one that stands for both, or NULL where they contradict. */
static const char *both(const char *a, const char *b)
{
	static const struct {
		const char *a, *b, *both;
	} pairs[] = {
		{ "benign", "hgpin", "hgpin" }, /* benign glands with HGPIN, no cancer but HGPIN */
		{ "benign", "asap", "asap" }, { "hgpin", "asap", "asap" }, { "tumor", "hgpin", "tumor" },
		{ "tumor", "not_gradable", "tumor" }, /* adenocarcinoma, not gradable; "cancer: unknown" says nothing */
	};

	if (!a || is(a, b))
		return b;
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		if ((is(pairs[i].a, a) && is(pairs[i].b, b)) || (is(pairs[i].a, b) && is(pairs[i].b, a)))
			return pairs[i].both;
	return NULL;
}

static int take_result(struct vx_gleason_cell *p, const char *result, bool denies)
{
	bool nothing = is(result, "not_assessed") || is(result, "not_gradable");

	if (nothing && p->said & VX_GW_BIT(VX_GW_TERTIARY)) { /* tertiary: n/a */
		p->f.has_tertiary = true;
		return vx_gleason_done(p);
	}
	/* "HGPIN, Gleason n/a": there is no score because there is no cancer. */
	if (nothing && p->result && p->said & (VX_GW_SCORES | VX_GW_GROUPS | VX_GW_BIT(VX_GW_GRADE)))
		return vx_gleason_done(p);
	if (p->alternative && p->result && !is(p->result, result))
		return vx_gleason_reject(p, "alternatives, not one result");
	/* "HGPIN: negative" denies it, as "HGPIN, no carcinoma" does not. */
	if (p->result && denies && !is(p->result, result))
		return vx_gleason_reject(p, "negative behind another result: does it deny that?");
	if (!both(p->result, result))
		return vx_error_set(
			p->err, VX_EREJECT, NULL, "contradictory: %s and %s in one cell", p->result, result);
	p->result = both(p->result, result);
	return vx_gleason_done(p);
}

/* A word or phrase of the lexicon: a result, or one that means nothing by itself. */
static int take_word_of_lexicon(struct vx_gleason_cell *p, bool *known)
{
	struct vx_term_match m;
	size_t at = p->t->start, from = at;

	*known = p->lex && vx_lexicon_match(p->lex, p->text, p->len, &at, &m) && at > from;
	/* "core no" is "core number" in a place; here it is a core, and then a negation. */
	if (*known && m.fields == 1u << VX_TERM_FILLER && m.len > 3 && m.text[m.len - 3] == ' ' &&
		begins_with(m.text + m.len - 2, 2, "no")) {
		size_t end = (size_t)(m.text - p->text) + m.len - 2;

		at = from;
		*known = vx_lexicon_match(p->lex, p->text, end, &at, &m);
	}
	*known = *known && m.fields & (1u << VX_TERM_RESULT | 1u << VX_TERM_FILLER);
	if (!*known)
		return VX_OK;
	p->alternative = p->alternative || p->t->word == VX_GW_OF;
	p->beside = true;
	p->sign = VX_GT_END;
	while (p->t->kind != VX_GT_END && p->t->start < at)
		p->t++;
	if (m.fields & 1u << VX_TERM_RESULT)
		return take_result(p, m.values[VX_TERM_RESULT], begins_with(m.text, m.len, "neg"));
	return VX_OK;
}
/* --- words and signs --------------------------------------------------------------------------------------------------- */

/* pT2c, pN0: the stage says nothing of the grade. */
static bool take_stage(struct vx_gleason_cell *p)
{
	if (p->t[1].kind != VX_GT_NUMBER || !p->t[1].glued || p->t[1].fraction || p->t[1].value > 4)
		return false;
	p->sign = VX_GT_END;
	p->beside = true;
	p->t += 2;
	if (p->t->glued &&
		(vx_gleason_is_letter(p->t, 'a') || vx_gleason_is_letter(p->t, 'b') || vx_gleason_is_letter(p->t, 'c')))
		p->t++;
	return true;
}

/* "no tertiary pattern"; any other "no" turns the meaning of what follows. */
static int take_no(struct vx_gleason_cell *p)
{
	const struct vx_gleason_token *t = p->t + 1;

	while (t->kind == VX_GT_WORD && (t->word == VX_GW_PATTERN || t->word == VX_GW_GLEASON))
		t++;
	if (t->kind != VX_GT_WORD || t->word != VX_GW_TERTIARY)
		return vx_gleason_reject_at(p, p->t, "a negation that is not understood");
	if (vx_gleason_tertiary(p, 0) != VX_OK)
		return VX_EREJECT;
	for (t++; t->kind == VX_GT_WORD && (t->word == VX_GW_PATTERN || t->word == VX_GW_GRADE); t++)
		;
	p->t = t;
	return vx_gleason_done(p);
}

static int take_roman(struct vx_gleason_cell *p)
{
	int value = p->t->value;

	if (!(p->said & VX_GW_GROUPS) && p->column != VX_GRADE_GROUP)
		return vx_gleason_reject_at(p, p->t, "a Roman number is a grade group only where the cell says so");
	if (!vx_gleason_means_group(p, value))
		return vx_gleason_reject_at(p, p->t, "a Roman number that is not said to be a grade group");
	p->t++;
	return vx_gleason_group(p, value);
}

static int take_word(struct vx_gleason_cell *p)
{
	const struct vx_gleason_token *t = p->t;
	bool known;
	int status;

	if (t->glued && t[-1].kind == VX_GT_NUMBER && (t->word == VX_GW_NONE || t->word >= VX_GW_ROMAN))
		return vx_gleason_reject_at(p, t, "letters behind a number that are not understood");
	if (t->word != VX_GW_NONE && t->word < VX_GW_ROMAN) {
		p->said |= VX_GW_BIT(t->word);
		p->sign = p->sign == VX_GT_EQUALS ? p->sign : VX_GT_END;
		p->t++;
		return VX_OK;
	}
	if (t->word == VX_GW_ROMAN && (p->said & VX_GW_GROUPS || p->column == VX_GRADE_GROUP))
		return take_roman(p);
	if (t->word == VX_GW_OR)
		return vx_gleason_reject_at(p, t, "alternatives or a range, not one grade");
	if (t->word == VX_GW_ABOUT &&
		(t[1].kind == VX_GT_NUMBER || (t[1].kind == VX_GT_SEPARATOR && t[2].kind == VX_GT_NUMBER)))
		return vx_gleason_reject_at(p, t, "marked as uncertain");
	if (t->word == VX_GW_STAGE && take_stage(p))
		return VX_OK;
	status = take_word_of_lexicon(p, &known);
	if (known)
		return status;
	if (t->word == VX_GW_WITH || t->word == VX_GW_OF) {
		p->alternative = p->alternative || t->word == VX_GW_OF;
		p->beside = true;
		p->t++;
		return VX_OK;
	}
	if (t->word == VX_GW_ROMAN)
		return take_roman(p);
	if (t->word == VX_GW_NO)
		return take_no(p);
	if (t->word == VX_GW_DIFF && t[1].kind == VX_GT_NUMBER)
		return vx_gleason_reject_at(p, t, "a grade of differentiation (G1 to G3) is no grade group");
	return vx_gleason_reject_at(p, t, "text beside the grade that is not understood");
}

static int take_sign(struct vx_gleason_cell *p)
{
	const struct vx_gleason_token *t = p->t;
	bool first = p->depth == 0 && t->start == p->first,
	     listing = t->kind == VX_GT_SEPARATOR && strchr(",;|&", t->value);

	p->t++;
	if (t->kind == VX_GT_SEPARATOR && t->value == '.' && p->t->kind == t->kind && p->t->value == t->value)
		return vx_gleason_reject(p, "ends in dots: the cell is cut");
	if (vx_gleason_is_comparison(t->kind)) {
		if (p->compare != VX_GT_END)
			return vx_gleason_reject_at(p, t, "a second comparison");
		p->compare = t->kind;
	} else if (t->kind == VX_GT_OPEN || t->kind == VX_GT_CLOSE) {
		p->depth += t->kind == VX_GT_OPEN ? 1 : -1;
		if (p->depth < 0)
			return vx_gleason_reject(p, "a bracket that was not opened: the cell may be cut");
	} else if (t->kind == VX_GT_UNSURE) {
		return vx_gleason_reject_at(p, t, "marked as uncertain");
	} else if (t->kind == VX_GT_PLUS && p->f.has_primary && p->t->kind == VX_GT_WORD &&
		   p->t->word == VX_GW_TERTIARY) {
		return VX_OK;
	} else if (t->kind == VX_GT_EQUALS || t->kind == VX_GT_MINUS || t->kind == VX_GT_SLASH || listing) {
		if (p->sign != VX_GT_END || (first && t->kind != VX_GT_EQUALS))
			return vx_gleason_reject_at(p, t, "a sign with nothing before it");
		p->sign = t->kind;
	} else if (t->kind != VX_GT_SEPARATOR) {
		return vx_gleason_reject_at(p, t, "a sign that is not understood");
	}
	return VX_OK;
}

/* #N/A is a word of the lexicon behind its #; any other is #REF!, #WERT! ... */
static int take_hash(struct vx_gleason_cell *p)
{
	bool known = false;
	int status;

	p->t++;
	status = p->t->kind == VX_GT_WORD ? take_word_of_lexicon(p, &known) : VX_OK;
	if (p->t->kind == VX_GT_NUMBER)
		return vx_gleason_reject_at(p, p->t - 1, "a sign that is not understood");
	return known && p->result ? status
				  : vx_gleason_reject(p, "an error of a spreadsheet stands where the grade was");
}

/* --- the whole cell ---------------------------------------------------------------------------------------------------- */

static int statements(struct vx_gleason_cell *p)
{
	int status = VX_OK;

	while (status == VX_OK && p->t->kind != VX_GT_END)
		status = p->t->kind == VX_GT_NUMBER ? vx_gleason_number(p)
			 : p->t->kind == VX_GT_WORD ? take_word(p)
			 : p->t->kind == VX_GT_HASH ? take_hash(p)
						    : take_sign(p);
	return status;
}

/* What was begun and not ended. */
static int check_end(struct vx_gleason_cell *p)
{
	unsigned place = p->said & VX_GW_PLACES;

	if (p->depth != 0)
		return vx_gleason_reject(p, "a bracket that is not closed: the cell may be cut");
	if (p->compare != VX_GT_END || p->sign != VX_GT_END)
		return vx_gleason_reject(p, "ends in a sign: the cell may be cut, or a list with an empty entry");
	if (place && !(place == VX_GW_BIT(VX_GW_TERTIARY) && p->f.has_tertiary))
		return vx_gleason_reject(p, "names a pattern without its value");
	if (p->said & (VX_GW_GROUPS | VX_GW_BIT(VX_GW_WHO)) && !p->f.groups && !p->edition)
		return vx_gleason_reject(p, "names a grade group without its value");
	if (p->f.has_primary || p->f.lettered || !p->bare)
		return VX_OK;
	/* 6 cores, tumor 2, 10/10 cores: the number need not be the grade. */
	if (p->beside)
		return vx_gleason_reject(p, "a number beside other text: whether it is the grade is not said");
	if (p->column == VX_GRADE_GROUP && p->bare_score)
		return vx_error_set(p->err, VX_EREJECT, NULL, "there is no grade group %d", p->bare_score);
	return VX_OK;
}

void vx_grade_result(const char *result, struct vx_grade *g)
{
	*g = (struct vx_grade){ .state = VX_UNGRADED, .isup = -1, .cancer_type = result };
	if (is(result, "not_assessed") || is(result, "not_gradable")) {
		g->state = VX_NOT_ASSESSED;
		g->cancer_type = NULL;
	} else if (is(result, "benign")) {
		g->state = VX_BENIGN;
		g->isup = 0;
		g->cancer_type = "none";
	}
}

/* A result in words, with or without a grade beside it. */
static int add_result(struct vx_gleason_cell *p, bool graded, struct vx_grade *g)
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
		return vx_gleason_reject(p, "a tertiary pattern without a grade");
	vx_grade_result(result, g);
	return VX_OK;
}

static int conclude(struct vx_gleason_cell *p, struct vx_grade *g)
{
	bool graded = p->f.has_primary || p->f.has_secondary || p->f.sums || p->f.groups;
	struct vx_grade out;

	if (check_end(p) != VX_OK)
		return VX_EREJECT;
	if (!graded && !p->result)
		return vx_gleason_reject(p, "no grade in it");
	if (graded && vx_gleason_judge(&p->f, &out, p->err) != VX_OK)
		return VX_EREJECT;
	if (p->result && add_result(p, graded, &out) != VX_OK)
		return VX_EREJECT;
	if (p->nothing && out.cancer_type && !is(out.cancer_type, "none"))
		return vx_gleason_reject(p, "contradictory: 0 % or 0 mm beside a finding");
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
	struct vx_gleason_cell p = {
		.text = text, .len = len, .column = column, .lex = lex, .err = err, .t = tokens, .compare = VX_GT_END
	};
	size_t n = vx_gleason_scan(text, len, tokens, MAX_TOKENS);

	*g = (struct vx_grade){ .state = VX_NOT_ASSESSED, .isup = -1 };
	if (n == MAX_TOKENS)
		return vx_gleason_reject(&p, "too long for a grade");
	while (p.t->kind == VX_GT_SEPARATOR && (p.t->value == '\n' || p.t->value == '\r'))
		p.t++;
	if (p.t->kind == VX_GT_END)
		return VX_OK;
	p.first = p.t->start;
	if (statements(&p) == VX_OK && conclude(&p, g) == VX_OK)
		return VX_OK;
	if (is_date_in_digits(text, len) || has_month(tokens))
		return vx_gleason_reject(
			&p, "a date: spreadsheets make one of a grade such as 3-4; the source must be asked");
	return VX_EREJECT;
}

int vx_grade_pattern_cell(const char *text, size_t len, int *pattern, struct vx_error *err)
{
	struct vx_gleason_token tokens[16], *t = tokens;
	struct vx_gleason_cell p = { .text = text, .len = len, .err = err };
	size_t n = vx_gleason_scan(text, len, tokens, sizeof tokens / sizeof *tokens);

	*pattern = 0;
	if (n == sizeof tokens / sizeof *tokens)
		return vx_gleason_reject(&p, "too long for a pattern");
	while (t->kind == VX_GT_WORD &&
		(t->word == VX_GW_GLEASON || t->word == VX_GW_PATTERN || t->word == VX_GW_GRADE))
		t++;
	if (t->kind != VX_GT_NUMBER || t[1].kind != VX_GT_END || t->fraction)
		return is_date_in_digits(text, len) || has_month(tokens)
			       ? vx_gleason_reject(&p, "a date, no Gleason pattern")
			       : vx_gleason_reject(&p, "no Gleason pattern: one number from 1 to 5, or 0 for none");
	if (t->value > 5)
		return vx_error_set(err, VX_EREJECT, NULL, "%d: a Gleason pattern is 1 to 5", t->value);
	*pattern = t->value;
	return VX_OK;
}
