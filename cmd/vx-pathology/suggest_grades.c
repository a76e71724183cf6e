/* suggest_grades: which columns hold grades, by their cells; names only break ties.
 * SPDX-License-Identifier: MIT */
#include "suggest_plan.h"

#define PATTERNS (HINT(PRIMARY) | HINT(SECONDARY) | HINT(TERTIARY))

/* What a column's cells are as grades. */
enum kind { KIND_NONE, KIND_SCORE, KIND_SUM, KIND_GROUP, KIND_TEXT };

static enum kind kind_of(const struct suggest_plan *p, size_t column)
{
	const struct suggest_profile *f = &p->profile[column];
	bool group = suggest_hint(p, column, HINT(GLEASON) | HINT(ISUP));
	bool named = group || suggest_hint(p, column, HINT(GRADE));

	if (!f->n)
		return KIND_NONE;
	if (suggest_most(f->score, f->n, 80) && suggest_most(f->patterns, f->n, named ? 20 : 80))
		return KIND_SCORE;
	if (!named)
		return suggest_hint(p, column, HINT(RESULT)) && suggest_most(f->any, f->n, 50) ? KIND_TEXT : KIND_NONE;
	if (suggest_most(f->group, f->n, 80) && f->max <= 5)
		return group || suggest_most(f->any, f->n, 80) ? KIND_GROUP : KIND_NONE;
	if (suggest_most(f->score, f->n, 80))
		return f->sums ? KIND_SUM : KIND_SCORE;
	return suggest_most(f->any, f->n, 50) ? KIND_TEXT : KIND_NONE;
}

static void take(struct suggest_plan *p, enum suggest_role role, size_t column)
{
	p->at[role] = column;
	p->used[column] = true;
}

static void warn_of_rest(struct suggest_plan *p, size_t column, long good, const char *what)
{
	const struct suggest_profile *f = &p->profile[column];

	if (good < f->n)
		suggest_unsure(p, RANK_GRADE,
			"grade: %ld of %ld cells of \"%s\" cannot be read as %s; these rows are rejected", f->n - good,
			f->n, suggest_name(p, column), what);
}

static void find_patterns(struct suggest_plan *p)
{
	static const struct {
		uint64_t hint;
		enum suggest_role role;
	} wanted[] = { { HINT(PRIMARY), ROLE_PRIMARY }, { HINT(SECONDARY), ROLE_SECONDARY },
		{ HINT(TERTIARY), ROLE_TERTIARY } };

	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
		for (size_t c = 0; c < p->t->n && p->at[wanted[i].role] == NO_COLUMN; c++)
			if (suggest_free(p, c) && suggest_hint(p, c, wanted[i].hint) &&
				suggest_most(p->profile[c].pattern, p->profile[c].n, 80)) {
				take(p, wanted[i].role, c);
				warn_of_rest(p, c, p->profile[c].pattern, "a Gleason pattern");
			}
	if ((p->at[ROLE_PRIMARY] == NO_COLUMN) == (p->at[ROLE_SECONDARY] == NO_COLUMN))
		return;
	/* One pattern without the other is no grade. */
	for (int role = ROLE_PRIMARY; role <= ROLE_SECONDARY; role++)
		if (p->at[role] != NO_COLUMN) {
			suggest_unsure(p, RANK_GRADE,
				"grade: \"%s\" looks like one of two Gleason patterns, the other was not found",
				suggest_name(p, p->at[role]));
			p->used[p->at[role]] = false;
			p->at[role] = NO_COLUMN;
		}
}

/* Of the columns of a kind the one that speaks of single lesions or cores: a list; not named "case" or "worst"; the
 * first. */
static size_t best_of(const struct suggest_plan *p, enum kind kind)
{
	size_t best = NO_COLUMN;
	int best_points = -1;

	for (size_t c = 0; c < p->t->n; c++) {
		long groups, constant;
		int points = 0;
		if (!suggest_free(p, c) || suggest_hint(p, c, PATTERNS) || kind_of(p, c) != kind)
			continue;
		suggest_constant(p, c, false, &groups, &constant);
		points += suggest_list_of(p, c) ? 8 : 0;
		points += suggest_hint(p, c, HINT(CASE)) ? 0 : 4;
		points += constant < groups ? 2 : 0;
		points += suggest_hint(p, c, HINT(CORE) | HINT(LESION)) ? 1 : 0;
		if (points > best_points) {
			best = c;
			best_points = points;
		}
	}
	return best;
}

/* Beside lists, a grade that is none is of the whole case: checks.c looks at it. */
static bool fits(const struct suggest_plan *p, size_t column)
{
	return column != NO_COLUMN && (!p->n_lists || suggest_list_of(p, column));
}

static void find_score(struct suggest_plan *p)
{
	size_t score = best_of(p, KIND_SCORE), sum;

	if (fits(p, score) && p->at[ROLE_PRIMARY] == NO_COLUMN) {
		take(p, ROLE_GLEASON, score);
		warn_of_rest(p, score, p->profile[score].score, "a Gleason score");
		if (!suggest_hint(p, score, HINT(GLEASON)))
			suggest_unsure(p, RANK_GRADE,
				"grade.gleason: \"%s\" is not named like one, but its cells read as Gleason scores",
				suggest_name(p, score));
		return;
	}
	sum = best_of(p, KIND_SUM);
	if (!fits(p, sum) || p->at[ROLE_PRIMARY] != NO_COLUMN)
		return;
	take(p, ROLE_GLEASON, sum);
	warn_of_rest(p, sum, p->profile[sum].score, "a Gleason score");
	suggest_unsure(p, RANK_GRADE,
		"grade.gleason: \"%s\" holds sums; a bare 7 may be 3+4 or 4+3 and gets no grade group unless another "
		"column says which",
		suggest_name(p, sum));
}

static void find_group(struct suggest_plan *p)
{
	size_t c = best_of(p, KIND_GROUP);

	if (!fits(p, c))
		return;
	/* The worst of a case is no grade of its own where there are grades already. */
	if (suggest_hint(p, c, HINT(CASE)) && (p->at[ROLE_GLEASON] != NO_COLUMN || p->at[ROLE_PRIMARY] != NO_COLUMN))
		return;
	take(p, ROLE_ISUP, c);
	warn_of_rest(p, c, p->profile[c].group, "a grade group");
	if (!suggest_hint(p, c, HINT(ISUP)))
		suggest_unsure(p, RANK_GRADE,
			"grade.isup: \"%s\" is named like a Gleason score, but its cells read as grade groups",
			suggest_name(p, c));
	if (p->profile[c].zero)
		suggest_unsure(p, RANK_GRADE,
			"grade.isup: %ld of %ld cells of \"%s\" are 0, which is read as benign; if it means that "
			"nothing was assessed, add \"words\": {\"0\": \"not_assessed\"} to \"grade\"",
			p->profile[c].zero, p->profile[c].n, suggest_name(p, c));
}

static void find_text(struct suggest_plan *p)
{
	size_t c = best_of(p, KIND_TEXT);

	if (!fits(p, c))
		return;
	take(p, ROLE_TEXT, c);
	warn_of_rest(p, c, p->profile[c].any, "a result");
}

/* Whether no column of the grade has anything: "blank": "benign" is about these rows alone, never about N/A. */
static bool is_empty(const struct suggest_plan *p, size_t row)
{
	for (int role = ROLE_GLEASON; role <= ROLE_TEXT; role++)
		if (p->at[role] != NO_COLUMN && suggest_cell(p, row, p->at[role]).len)
			return false;
	return true;
}

/* Empty cells: the safe reading stands in the mapping, what speaks for the other is said. */
static void tell_of_blanks(struct suggest_plan *p)
{
	size_t c = p->at[ROLE_GLEASON];
	long blank = 0, rows = 0;

	c = c != NO_COLUMN ? c : p->at[ROLE_PRIMARY];
	c = c != NO_COLUMN ? c : p->at[ROLE_ISUP];
	c = c != NO_COLUMN ? c : p->at[ROLE_TEXT];
	if (c == NO_COLUMN) {
		suggest_unsure(p, RANK_GRADE, "grade: no column with Gleason scores or grade groups was found");
		return;
	}
	for (size_t r = 0; r < p->t->n_sample; r++) {
		rows += p->t->sample[r].count;
		blank += is_empty(p, r) ? p->t->sample[r].count : 0;
	}
	if (blank && !suggest_list_of(p, c))
		suggest_unsure(p, RANK_GRADE,
			"grade.blank: in %ld of %ld sampled rows \"%s\" is empty; these are taken as not assessed; if "
			"this table leaves the cell of a benign one empty, set \"blank\": \"benign\"",
			blank, rows, suggest_name(p, c));
}

/* A bare "grade" of 1 to 3 is as often the one of differentiation, G1 to G3: a group made of it would be wrong. */
static void tell_of_bare_grades(struct suggest_plan *p)
{
	for (size_t c = 0; c < p->t->n; c++) {
		const struct suggest_profile *f = &p->profile[c];
		if (!suggest_free(p, c) || !suggest_hint(p, c, HINT(GRADE)) || !suggest_most(f->group, f->n, 50))
			continue;
		suggest_unsure(p, RANK_FIRST,
			"grade: \"%s\" is not mapped: its cells may be ISUP grade groups, or the grade of "
			"differentiation (G1 to G3), which is no grade group; if they are grade groups, set \"isup\" "
			"of \"grade\" to it",
			suggest_name(p, c));
	}
}

void suggest_grades(struct suggest_plan *p)
{
	find_patterns(p);
	find_score(p);
	find_group(p);
	find_text(p);
	tell_of_blanks(p);
	tell_of_bare_grades(p);
}
