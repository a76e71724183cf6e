/* suggest_checks: which columns say again what others say, found by whether they do so in the sampled rows.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "suggest_plan.h"

/* What the mapped grade columns say of a workup (rows that are workups, cores) or of a row. */
struct worst {
	int group;    /* the worst; -1: none */
	bool unknown; /* something in it has a grade, but no group that is known */
};

static void add_grade(struct worst *w, const struct vx_grade *g)
{
	if (g->state == VX_BENIGN || g->state == VX_GRADED)
		w->group = g->isup > w->group ? g->isup : w->group;
	else if (g->state != VX_NOT_ASSESSED)
		w->unknown = true;
}

static void read_cells(
	const struct suggest_plan *p, size_t row, size_t column, enum vx_grade_column kind, struct worst *w)
{
	char separator = suggest_list_of(p, column) ? p->separator : 0;
	struct vx_slice item;
	struct vx_grade g;
	size_t at = 0;

	while (suggest_item(separator, suggest_cell(p, row, column), &at, &item)) {
		if (suggest_blank(p, item.text, item.len))
			continue;
		if (vx_grade_parse(item.text, item.len, kind, p->lexicon, &g, NULL) == VX_OK)
			add_grade(w, &g);
		else
			w->unknown = true;
	}
}

static void read_patterns(const struct suggest_plan *p, size_t row, struct worst *w)
{
	struct vx_slice a = suggest_cell(p, row, p->at[ROLE_PRIMARY]), b = suggest_cell(p, row, p->at[ROLE_SECONDARY]);
	struct vx_grade g;
	int primary, secondary;

	if (suggest_blank(p, a.text, a.len) && suggest_blank(p, b.text, b.len))
		return;
	if (vx_grade_pattern_cell(a.text, a.len, &primary, NULL) == VX_OK &&
		vx_grade_pattern_cell(b.text, b.len, &secondary, NULL) == VX_OK &&
		vx_grade_patterns(primary, secondary, 0, &g, NULL) == VX_OK)
		add_grade(w, &g);
	else
		w->unknown = true;
}

static struct worst worst_of_row(const struct suggest_plan *p, size_t row)
{
	struct worst w = { .group = -1 };

	if (p->at[ROLE_GLEASON] != NO_COLUMN)
		read_cells(p, row, p->at[ROLE_GLEASON], VX_GRADE_GLEASON, &w);
	else if (p->at[ROLE_PRIMARY] != NO_COLUMN)
		read_patterns(p, row, &w);
	else if (p->at[ROLE_ISUP] != NO_COLUMN)
		read_cells(p, row, p->at[ROLE_ISUP], VX_GRADE_GROUP, &w);
	else if (p->at[ROLE_TEXT] != NO_COLUMN)
		read_cells(p, row, p->at[ROLE_TEXT], VX_GRADE_ANY, &w);
	return w;
}

/* By sampled row, of the row itself and of its workup. */
struct grades {
	struct worst *row, *unit;
};

static struct grades read_grades(const struct suggest_plan *p)
{
	size_t n = p->t->n_sample;
	struct grades g = { vx_alloc((n + 1) * sizeof *g.row), vx_alloc((p->units + 1) * sizeof *g.unit) };

	for (size_t u = 0; u < p->units; u++)
		g.unit[u].group = -1;
	for (size_t r = 0; r < n; r++) {
		struct worst *u = &g.unit[p->unit[r]];
		g.row[r] = worst_of_row(p, r);
		u->group = g.row[r].group > u->group ? g.row[r].group : u->group;
		u->unknown |= g.row[r].unknown;
	}
	return g;
}

static struct vx_json *new_check(const struct suggest_plan *p, size_t column, const char *is)
{
	struct vx_json *check = vx_json_object();

	vx_json_set_str(check, "column", suggest_name(p, column));
	vx_json_set_str(check, "is", is);
	return check;
}

static void add_check(struct suggest_plan *p, size_t column, struct vx_json *check)
{
	vx_json_push(p->checks, check);
	p->used[column] = true;
}

/* Whether a cell says no, or benign: nothing else may stand where nothing was assessed. */
static bool is_nothing(const struct suggest_plan *p, size_t column, struct vx_slice cell)
{
	struct vx_grade g;

	if (suggest_hint(p, column, HINT(CSPCA)))
		return suggest_words_answer(p->t->words, cell.text, cell.len) == 0;
	return vx_grade_parse(cell.text, cell.len, VX_GRADE_GROUP, p->lexicon, &g, NULL) == VX_OK &&
	       g.state == VX_BENIGN;
}

/* Cells that the source writes where nothing was assessed, each once, into the check. The rows come in an order of
 * their own. */
static void add_unassessed(struct suggest_plan *p, size_t column, const struct worst *by_row, struct vx_json *check)
{
	const struct suggest_column *col = &p->t->columns[column];
	struct vx_json *texts = vx_json_array();

	for (size_t i = 0; i < col->n; i++)
		for (size_t r = 0; r < p->t->n_sample; r++) {
			struct vx_slice cell = suggest_cell(p, r, column);
			if (by_row[r].group >= 0 || by_row[r].unknown || cell.len != col->values[i].len ||
				memcmp(cell.text, col->values[i].text, cell.len) != 0 ||
				suggest_blank(p, cell.text, cell.len) || !is_nothing(p, column, cell))
				continue;
			vx_json_push(texts, vx_json_string_n(cell.text, cell.len));
			break;
		}
	if (!vx_json_size(texts)) {
		vx_json_free(texts);
		return;
	}
	struct vx_buf b = VX_BUF_INIT;
	vx_json_print(texts, &b);
	suggest_unsure(p, RANK_VALUE,
		"checks: \"%s\" says %s where nothing was assessed, too; that is taken for the source's way of "
		"writing, else take \"unassessed\" out",
		suggest_name(p, column), b.data);
	vx_buf_free(&b);
	vx_json_set(check, "unassessed", texts);
}

/* ---- grades ---- */

static void check_worst(struct suggest_plan *p, size_t column, const struct worst *by_row)
{
	long rows = 0, agree = 0;

	for (size_t r = 0; r < p->t->n_sample; r++) {
		struct vx_slice cell = suggest_cell(p, r, column);
		struct vx_grade g;
		if (by_row[r].unknown || by_row[r].group < 0 || suggest_blank(p, cell.text, cell.len))
			continue;
		rows++;
		agree += vx_grade_parse(cell.text, cell.len, VX_GRADE_GROUP, p->lexicon, &g, NULL) == VX_OK &&
			 g.isup == by_row[r].group;
	}
	if (!suggest_most(agree, rows, 80))
		return;
	struct vx_json *check = new_check(p, column, "worst_isup");
	add_unassessed(p, column, by_row, check);
	add_check(p, column, check);
}

/* The words of a yes-no column, each into yes or no; false where it only ever says one of them. */
static bool add_answers(const struct suggest_plan *p, size_t column, struct vx_json *check)
{
	const struct suggest_column *col = &p->t->columns[column];
	struct vx_json *words[2] = { vx_json_array(), vx_json_array() };

	for (size_t i = 0; i < col->n; i++) {
		int answer = suggest_words_answer(p->t->words, col->values[i].text, col->values[i].len);
		if (answer >= 0)
			vx_json_push(words[answer], vx_json_string_n(col->values[i].text, col->values[i].len));
	}
	vx_json_set(check, "yes", words[1]);
	vx_json_set(check, "no", words[0]);
	return vx_json_size(words[0]) && vx_json_size(words[1]);
}

/* In how many of the rows that have an answer and a grade the two agree, by the group that significant cancer begins with. */
struct agreement {
	long rows, with[4];
	int min; /* the better of 2 and 3 */
};

static struct agreement compare_answers(const struct suggest_plan *p, size_t column, const struct worst *by_row)
{
	struct agreement a = { 0 };

	for (size_t r = 0; r < p->t->n_sample; r++) {
		struct vx_slice cell = suggest_cell(p, r, column);
		int answer = suggest_words_answer(p->t->words, cell.text, cell.len);
		if (by_row[r].unknown || by_row[r].group < 0 || answer < 0)
			continue;
		a.rows++;
		for (int m = 2; m <= 3; m++)
			a.with[m] += answer == (by_row[r].group >= m);
	}
	a.min = a.with[3] > a.with[2] ? 3 : 2;
	return a;
}

/* Yes and no to significant cancer: of the row, or of the workup in each of its rows. */
static void check_cspca(
	struct suggest_plan *p, size_t column, const struct worst *row_by_row, const struct worst *unit_by_row)
{
	struct agreement of_row = compare_answers(p, column, row_by_row), a = compare_answers(p, column, unit_by_row);
	bool whole = p->rows != SUGGEST_WORKUP && a.with[a.min] > of_row.with[of_row.min];
	struct vx_json *check;

	a = whole ? a : of_row;
	if (!suggest_most(p->profile[column].answer, p->profile[column].n, 90) || p->profile[column].distinct > 8 ||
		!suggest_most(a.with[a.min], a.rows, 80))
		return;
	check = new_check(p, column, whole ? "worst_cspca" : "cspca");
	vx_json_set_int(check, "min_isup", a.min);
	if (!add_answers(p, column, check)) {
		vx_json_free(check);
		return;
	}
	if (a.with[2] == a.with[3])
		suggest_unsure(p, RANK_VALUE,
			"checks: \"%s\" agrees with grade group 2 and above as well as with 3 and above; 2 is assumed",
			suggest_name(p, column));
	add_unassessed(p, column, whole ? unit_by_row : row_by_row, check);
	add_check(p, column, check);
}

/* Bare sums beside the patterns. */
static void check_score(struct suggest_plan *p, size_t column)
{
	const struct suggest_profile *f = &p->profile[column];
	bool beside = p->at[ROLE_PRIMARY] != NO_COLUMN || p->at[ROLE_GLEASON] != NO_COLUMN;

	if (!beside || !f->sums || !suggest_most(f->score, f->n, 80) || (p->n_lists && !suggest_list_of(p, column)))
		return;
	add_check(p, column, new_check(p, column, "score"));
}

static void check_grades(struct suggest_plan *p)
{
	struct grades g = read_grades(p);
	struct worst *by_unit = vx_alloc((p->t->n_sample + 1) * sizeof *by_unit);

	for (size_t r = 0; r < p->t->n_sample; r++)
		by_unit[r] = g.unit[p->unit[r]];
	for (size_t c = 0; c < p->t->n; c++) {
		if (!suggest_free(p, c))
			continue;
		if (suggest_hint(p, c, HINT(ISUP)) && !suggest_list_of(p, c) &&
			suggest_most(p->profile[c].group, p->profile[c].n, 80))
			check_worst(p, c, by_unit);
		else if (suggest_hint(p, c, HINT(CSPCA)) && !suggest_list_of(p, c))
			check_cspca(p, c, g.row, by_unit);
		else if (suggest_hint(p, c, HINT(GLEASON)))
			check_score(p, c);
	}
	free(by_unit);
	free(g.row);
	free(g.unit);
}

/* ---- numbers ---- */

static bool number_at(const struct suggest_plan *p, size_t row, size_t column, double *v)
{
	struct vx_slice cell = suggest_cell(p, row, column);

	return suggest_number(p, cell.text, cell.len, v);
}

static void check_density(struct suggest_plan *p)
{
	size_t density = p->at[ROLE_DENSITY], psa = p->at[ROLE_PSA], volume = p->at[ROLE_VOLUME];
	long rows = 0, agree = 0;
	double d, v, a;

	if (density == NO_COLUMN || psa == NO_COLUMN || volume == NO_COLUMN)
		return;
	for (size_t r = 0; r < p->t->n_sample; r++) {
		if (!number_at(p, r, density, &d) || !number_at(p, r, psa, &a) || !number_at(p, r, volume, &v) ||
			v <= 0)
			continue;
		rows++;
		agree += d >= a / v * 0.8 - 0.005 && d <= a / v * 1.2 + 0.005;
	}
	if (!suggest_most(agree, rows, 50))
		return;
	struct vx_json *check = new_check(p, density, "ratio"), *of = vx_json_array();
	vx_json_push(of, vx_json_string(suggest_name(p, psa)));
	vx_json_push(of, vx_json_string(suggest_name(p, volume)));
	vx_json_set(check, "of", of);
	vx_json_set_str(check, "rule", "psa_density");
	add_check(p, density, check);
}

/* Cores are counted from the rows: what the table says of them is held against that. */
static void check_counts(struct suggest_plan *p)
{
	static const struct {
		enum suggest_role role;
		const char *is;
	} counts[] = { { ROLE_TOTAL, "total_cores" }, { ROLE_AFFECTED, "affected_cores" } };

	for (size_t i = 0; i < 2 && p->rows == SUGGEST_CORE; i++)
		if (p->at[counts[i].role] != NO_COLUMN)
			add_check(p, p->at[counts[i].role], new_check(p, p->at[counts[i].role], counts[i].is));
}

/* What belongs to the patient and stands in each row. */
static void check_same(struct suggest_plan *p)
{
	static const enum suggest_role roles[] = { ROLE_PSA, ROLE_VOLUME };
	long groups, constant;

	for (size_t i = 0; i < 2 && p->rows != SUGGEST_WORKUP; i++) {
		size_t c = p->at[roles[i]];
		if (c == NO_COLUMN)
			continue;
		suggest_constant(p, c, false, &groups, &constant);
		if (!suggest_most(constant, groups, 80))
			continue;
		struct vx_json *check = new_check(p, c, "same");
		vx_json_set_str(check, "per", "patient");
		vx_json_set_str(check, "rule", roles[i] == ROLE_PSA ? "psa_same" : "volume_same");
		add_check(p, c, check);
	}
}

/* A second column of the same name's kind that holds the same numbers. */
static void check_equal(struct suggest_plan *p)
{
	static const struct {
		enum suggest_role role;
		uint64_t hint;
	} twins[] = { { ROLE_PSA, HINT(PSA) }, { ROLE_VOLUME, HINT(VOLUME) }, { ROLE_DENSITY, HINT(PSA_DENSITY) } };

	for (size_t i = 0; i < sizeof twins / sizeof *twins; i++)
		for (size_t c = 0; c < p->t->n && p->at[twins[i].role] != NO_COLUMN; c++) {
			long rows = 0, agree = 0;
			double a, b;
			if (!suggest_free(p, c) || !suggest_hint(p, c, twins[i].hint))
				continue;
			for (size_t r = 0; r < p->t->n_sample; r++)
				if (number_at(p, r, c, &a) && number_at(p, r, p->at[twins[i].role], &b)) {
					rows++;
					agree += !(a < b) && !(a > b);
				}
			if (!suggest_most(agree, rows, 90))
				continue;
			struct vx_json *check = new_check(p, c, "equal");
			vx_json_set_str(check, "with", suggest_name(p, p->at[twins[i].role]));
			add_check(p, c, check);
		}
}

void suggest_agreement(struct suggest_plan *p)
{
	check_grades(p);
	check_counts(p);
	check_density(p);
	check_equal(p);
	check_same(p);
}
