/* suggest_roles: what the columns beside the grades are, and what a row is.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "suggest_plan.h"

#define PLACES (HINT(LOCATION) | HINT(SIDE) | HINT(LEVEL) | HINT(ZONE) | HINT(AP_POSITION) | HINT(LATERALITY))

static void take(struct suggest_plan *p, enum suggest_role role, size_t column)
{
	p->at[role] = column;
	p->used[column] = true;
}

static long numbers_of(const struct suggest_plan *p, const struct suggest_profile *f)
{
	return f->number - (p->decimal == ',' ? f->dot : f->comma);
}

/* ---- what is left out, and the patient ---- */

static void leave_out(struct suggest_plan *p)
{
	struct vx_buf personal = VX_BUF_INIT;

	for (size_t c = 0; c < p->t->n; c++) {
		bool person = suggest_hint(p, c, HINT(PERSONAL));
		if (p->used[c] || !(person || suggest_hint(p, c, HINT(IGNORE))))
			continue;
		p->used[c] = true;
		vx_json_push(p->ignore, vx_json_string(suggest_name(p, c)));
		if (person)
			vx_buf_printf(&personal, "%s\"%s\"", personal.len ? ", " : "", suggest_name(p, c));
	}
	if (personal.len)
		suggest_unsure(p, RANK_PERSONAL,
			"ignore: left out since the name looks personal: %s; nothing of their cells is in this file",
			personal.data);
	vx_buf_free(&personal);
}

static void find_patient(struct suggest_plan *p)
{
	for (size_t c = 0; c < p->t->n; c++)
		if (suggest_free(p, c) && suggest_hint(p, c, HINT(PATIENT))) {
			take(p, ROLE_PATIENT, c);
			return;
		}
	suggest_unsure(p, RANK_WORKUP, "patient: no column looks like the patient's own name in the source");
}

/* "ProstateX-0000_Finding1": the patient and the number of a component in one cell. Its parts, or false. */
static bool cut_name(struct vx_slice cell, struct vx_slice *word, size_t *number)
{
	size_t at = cell.len, end;

	while (at && cell.text[at - 1] >= '0' && cell.text[at - 1] <= '9')
		at--;
	*number = end = at;
	while (at && ((cell.text[at - 1] | 32) >= 'a' && (cell.text[at - 1] | 32) <= 'z'))
		at--;
	*word = (struct vx_slice){ cell.text + at, end - at };
	return end < cell.len && word->len > 1 && at > 1 && strchr("_- ", cell.text[at - 1]) &&
	       !memchr(cell.text, '/', cell.len);
}

/* The word that all cells of a column have between patient and number, and that names a component. */
static bool find_word(const struct suggest_plan *p, size_t column, struct vx_slice *word, char *before)
{
	const struct suggest_column *col = &p->t->columns[column];
	struct vx_slice one;
	size_t number;

	for (size_t i = 0; i < col->n; i++) {
		struct vx_slice cell = { col->values[i].text, col->values[i].len };
		if (!cut_name(cell, &one, &number))
			return false;
		if (i &&
			(one.len != word->len || memcmp(one.text, word->text, one.len) != 0 || one.text[-1] != *before))
			return false;
		*word = one;
		*before = one.text[-1];
	}
	return col->n > 1;
}

static void find_capture(struct suggest_plan *p)
{
	struct vx_slice word = { "", 0 };
	char before = 0, *name, *pattern;
	uint64_t hints;

	for (size_t c = 0; c < p->t->n && !p->captures && !p->n_lists; c++) {
		if (suggest_hint(p, c, HINT(PERSONAL) | HINT(IGNORE)) ||
			!suggest_hint(p, c, HINT(PATIENT) | HINT(COMPONENT) | HINT(LESION)) ||
			!find_word(p, c, &word, &before))
			continue;
		name = vx_strndup(word.text, word.len);
		hints = suggest_words_hints(p->t->words, name);
		if (hints & (HINT(CORE) | HINT(LESION) | HINT(COMPONENT))) {
			pattern = vx_asprintf("{source_patient}%c%s{source_number:[0-9]+}", before, name);
			p->captures = vx_json_object();
			vx_json_set_str(p->captures, suggest_name(p, c), pattern);
			p->captured[0] = "source_patient";
			p->captured[1] = "source_number";
			p->rows = hints & HINT(CORE) ? SUGGEST_CORE : SUGGEST_LESION;
			p->used[c] = true;
			if (p->at[ROLE_PATIENT] == c)
				p->at[ROLE_PATIENT] = NO_COLUMN;
			suggest_unsure(p, RANK_ROWS,
				"capture: \"%s\" is taken to name the patient and, behind \"%c%s\", the %s's number",
				suggest_name(p, c), before, name, p->rows == SUGGEST_CORE ? "core" : "lesion");
			free(pattern);
		}
		free(name);
	}
}

/* ---- single columns ---- */

/* How many cells of a column are what the role needs; -1: all are. */
static long fitting(const struct suggest_plan *p, enum suggest_role role, const struct suggest_profile *f)
{
	switch (role) {
	case ROLE_DATE:
	case ROLE_ASSESSED:
	case ROLE_PSA_DATE:
		return suggest_days(p, f);
	case ROLE_PROCEDURE:
		return f->distinct <= 40 && f->longest <= 80 && f->procedure * 2 >= f->n ? f->n : 0;
	case ROLE_TOTAL:
	case ROLE_AFFECTED:
		return f->min >= 0 ? f->integer : 0;
	case ROLE_CANCER_LENGTH:
	case ROLE_PERCENT:
	case ROLE_PSA:
	case ROLE_DENSITY:
	case ROLE_VOLUME:
		return f->min >= 0 ? numbers_of(p, f) : 0;
	default:
		return f->n;
	}
}

static const struct {
	enum suggest_role role;
	uint64_t hint;
	const char *path, *what;
} singles[] = {
	{ ROLE_DATE, HINT(DATE), "date", "days" },
	{ ROLE_ASSESSED, HINT(ASSESSED), "assessed", "days" },
	{ ROLE_PSA_DATE, HINT(PSA_DATE), "psa.date", "days" },
	{ ROLE_PROCEDURE, HINT(PROCEDURE), "procedure", "procedures" },
	{ ROLE_ASSESSOR, HINT(ASSESSOR), "assessor", "names" },
	{ ROLE_CANCER_LENGTH, HINT(CANCER_LENGTH), "cancer_length", "numbers" },
	{ ROLE_PERCENT, HINT(PERCENT_CANCER), "percent_cancer", "numbers" },
	{ ROLE_TOTAL, HINT(TOTAL_CORES), "total_cores", "whole numbers" },
	{ ROLE_AFFECTED, HINT(AFFECTED_CORES), "affected_cores", "whole numbers" },
	{ ROLE_DENSITY, HINT(PSA_DENSITY), "psa.density", "numbers" },
	{ ROLE_PSA, HINT(PSA), "psa.value", "numbers" },
	{ ROLE_VOLUME, HINT(VOLUME), "prostate volume", "numbers" },
	{ ROLE_PIRADS, HINT(PIRADS), "pirads", "scores" },
};

/* What may stand in a list: all else is said once a row. */
static bool listable(enum suggest_role role)
{
	return role == ROLE_PROCEDURE || role == ROLE_CANCER_LENGTH || role == ROLE_PERCENT || role == ROLE_PIRADS;
}

static void find_singles(struct suggest_plan *p)
{
	for (size_t i = 0; i < sizeof singles / sizeof *singles; i++)
		for (size_t c = 0; c < p->t->n; c++) {
			const struct suggest_profile *f = &p->profile[c];
			long good = fitting(p, singles[i].role, f);
			if (!suggest_free(p, c) || !suggest_hint(p, c, singles[i].hint) ||
				p->at[singles[i].role] != NO_COLUMN ||
				(suggest_list_of(p, c) && !listable(singles[i].role)))
				continue;
			if (!suggest_most(good, f->n, 80)) {
				if (f->n)
					suggest_unsure(p, RANK_VALUE,
						"%s: \"%s\" is named like it, but only %ld of %ld cells are %s",
						singles[i].path, suggest_name(p, c), good, f->n, singles[i].what);
				continue;
			}
			take(p, singles[i].role, c);
			if (good < f->n)
				suggest_unsure(p, RANK_VALUE,
					"%s: %ld of %ld cells of \"%s\" are no %s; these rows are rejected",
					singles[i].path, f->n - good, f->n, suggest_name(p, c), singles[i].what);
		}
}

static bool alike_but_digits(const char *a, const char *b)
{
	for (;; a++, b++) {
		a += strspn(a, "0123456789");
		b += strspn(b, "0123456789");
		if (*a != *b || !*a)
			return *a == *b;
	}
}

/* One column, or several fragments whose names differ by a number only. */
static void find_lengths(struct suggest_plan *p)
{
	p->lengths = vx_alloc((p->t->n + 1) * sizeof *p->lengths);
	for (size_t c = 0; c < p->t->n; c++) {
		const struct suggest_profile *f = &p->profile[c];
		if (!suggest_free(p, c) || !suggest_hint(p, c, HINT(CORE_LENGTH)) || f->min < 0 ||
			!suggest_most(numbers_of(p, f), f->n, 80))
			continue;
		if (p->n_lengths && (suggest_list_of(p, c) ||
					    !alike_but_digits(suggest_name(p, p->lengths[0]), suggest_name(p, c))))
			continue;
		p->lengths[p->n_lengths++] = c;
		p->used[c] = true;
	}
	if (p->n_lengths > 1)
		suggest_unsure(p, RANK_VALUE, "core_length: \"%s\" and %zu more like it are added up",
			suggest_name(p, p->lengths[0]), p->n_lengths - 1);
}

/* ---- what a row is ---- */

static bool any_column(const struct suggest_plan *p, uint64_t hints)
{
	for (size_t c = 0; c < p->t->n; c++)
		if (p->profile[c].n && suggest_hint(p, c, hints) && !suggest_hint(p, c, HINT(PERSONAL) | HINT(IGNORE)))
			return true;
	return false;
}

/* Places that are really some: a "site" may be a hospital. */
static bool any_place(const struct suggest_plan *p)
{
	for (size_t c = 0; c < p->t->n; c++)
		if (suggest_hint(p, c, PLACES) && suggest_most(p->profile[c].place, p->profile[c].n, 30))
			return true;
	return false;
}

static void find_rows(struct suggest_plan *p)
{
	bool cores, lesions, counts;

	if (p->captures)
		return;
	cores = p->n_lengths || any_column(p, HINT(CORE)) || p->at[ROLE_PERCENT] != NO_COLUMN;
	lesions = any_column(p, HINT(LESION)) || p->at[ROLE_PIRADS] != NO_COLUMN;
	counts = p->at[ROLE_TOTAL] != NO_COLUMN || p->at[ROLE_AFFECTED] != NO_COLUMN;
	if (p->n_lists || (counts && !suggest_several(p))) {
		p->rows = SUGGEST_WORKUP;
		return;
	}
	if (!any_column(p, HINT(COMPONENT)) && !any_place(p) && !p->n_lengths) {
		p->rows = suggest_several(p) && p->at[ROLE_DATE] == NO_COLUMN && !any_column(p, HINT(WORKUP))
				  ? SUGGEST_LESION
				  : SUGGEST_WORKUP;
		suggest_unsure(p, RANK_ROWS,
			"rows: no column names a core, a lesion or a place; a row is taken for a %s",
			p->rows == SUGGEST_WORKUP ? "whole biopsy or operation" : "lesion");
		return;
	}
	p->rows = lesions && !cores ? SUGGEST_LESION : SUGGEST_CORE;
	if (lesions == cores)
		suggest_unsure(
			p, RANK_ROWS, "rows: it is not clear whether a row is a core or a lesion; a core is assumed");
	else if (!suggest_several(p))
		suggest_unsure(p, RANK_ROWS, "rows: no sampled patient has two rows; a row is taken for a %s",
			p->rows == SUGGEST_CORE ? "core" : "lesion");
}

/* ---- what names a component ---- */

/* "Target" may be a name, or say yes and no. */
static bool is_name(const struct suggest_plan *p, size_t c)
{
	return p->profile[c].number || p->profile[c].answer < p->profile[c].n;
}

static void find_name(struct suggest_plan *p)
{
	if (p->rows == SUGGEST_WORKUP || p->captures)
		return;
	for (size_t c = 0; c < p->t->n && p->at[ROLE_NAME] == NO_COLUMN; c++)
		if (suggest_free(p, c) && suggest_hint(p, c, HINT(COMPONENT)) && is_name(p, c))
			take(p, ROLE_NAME, c);
	/* What was refused as a key since each row has its own. */
	for (size_t c = 0; c < p->t->n && p->at[ROLE_NAME] == NO_COLUMN; c++)
		if (suggest_free(p, c) && suggest_hint(p, c, HINT(WORKUP)) && !p->t->columns[c].nested)
			take(p, ROLE_NAME, c);
	if (p->at[ROLE_NAME] == NO_COLUMN)
		suggest_unsure(p, RANK_PLACE,
			"component.name: no column names the %s of a workup; they are numbered by their content",
			p->rows == SUGGEST_CORE ? "cores" : "lesions");
}

void suggest_roles(struct suggest_plan *p)
{
	leave_out(p);
	find_patient(p);
	find_capture(p);
	find_singles(p);
	find_lengths(p);
	find_rows(p);
	suggest_keys(p);
	find_name(p);
}
