/* aggregate: the assessments below a summary -> the worst grade, counts, and what is not known of them.
 * SPDX-License-Identifier: MIT
 */
#include "pathology.h"

static const struct vx_grade nothing = { .state = VX_NOT_ASSESSED, .isup = -1 };

static int badness(const char *cancer_type)
{
	static const char *const order[] = { "none", "other", "hgpin", "asap", "tumor" };

	for (int i = 0; cancer_type && i < 5; i++)
		if (strcmp(cancer_type, order[i]) == 0)
			return i + 1;
	return 0;
}

static void worse_type(struct aggregate *a, const char *cancer_type)
{
	if (badness(cancer_type) > badness(a->cancer_type))
		a->cancer_type = cancer_type;
}

/* The groups that the worst of two may be, each given as a set of groups; 0 is the empty set: nothing is known. */
static unsigned worst_of(unsigned a, unsigned b)
{
	unsigned out = 0;

	if (!a || !b)
		return a | b;
	for (int i = 0; i <= 5; i++)
		for (int k = 0; k <= 5; k++)
			if ((a >> i & 1) && (b >> k & 1))
				out |= 1u << (i > k ? i : k);
	return out;
}

static unsigned groups_of(const struct vx_grade *g)
{
	return g->state == VX_AMBIGUOUS ? g->candidates : g->isup >= 0 ? 1u << g->isup : 0;
}

static void add_grade(struct aggregate *a, const struct vx_grade *g, bool first)
{
	a->components++;
	a->benign += g->state == VX_BENIGN;
	a->graded += g->state == VX_GRADED || g->state == VX_AMBIGUOUS;
	a->ungraded += g->state == VX_UNGRADED;
	a->not_assessed += g->state == VX_NOT_ASSESSED;
	worse_type(a, g->state == VX_AMBIGUOUS || g->state == VX_GRADED ? "tumor" : g->cancer_type);
	a->candidates = worst_of(a->candidates, groups_of(g));
	if (g->isup >= 0 && (first || a->worst.isup < 0 || vx_grade_worse(g, &a->worst)))
		a->worst = *g;
}

/* One group left: it is the worst; its patterns are known where a component has them. */
static void decide(struct aggregate *a)
{
	if (a->candidates & (a->candidates - 1))
		return;
	if (a->candidates && a->worst.isup >= 0 && !(a->candidates >> a->worst.isup & 1))
		a->worst = nothing;
	a->candidates = 0;
}

/* How many cores the rows have, in all or with cancer; -1: not countable. */
static long count_cores(const struct vx_pathmap *m, const struct workup *w, bool affected)
{
	long n = 0;

	if (m->rows != VX_ROWS_CORE || w->n_rejected)
		return -1;
	for (size_t i = 0; i < w->n_components; i++) {
		const struct vx_grade *g = &w->components[i].grade;

		if (affected && g->state == VX_NOT_ASSESSED)
			return -1;
		n += !affected || (g->cancer_type && strcmp(g->cancer_type, "tumor") == 0) || g->state == VX_AMBIGUOUS;
	}
	return n;
}

/* What a column says goes: a table may have but the affected cores. Fewer than there are rows cannot be. */
static long settle_cores(int64_t said, long counted)
{
	if (said < 0)
		return counted;
	return said < counted ? -1 : (long)said;
}

void aggregate_workup(const struct tool *t, struct workup *w)
{
	struct aggregate *a = &w->sum;

	*a = (struct aggregate){ .worst = nothing, .rejected = (long)w->n_rejected };
	if (w->n_components == 0)
		add_grade(a, &w->part.grade, true);
	for (size_t i = 0; i < w->n_components; i++)
		add_grade(a, &w->components[i].grade, i == 0);
	decide(a);
	a->rows_total = count_cores(t->map, w, false);
	a->rows_affected = count_cores(t->map, w, true);
	a->total_cores = settle_cores(w->part.total_cores, a->rows_total);
	a->affected_cores = settle_cores(w->part.affected_cores, a->rows_affected);
}

void aggregate_patient(const struct tool *t, struct patient *p)
{
	struct aggregate *a = &p->sum;

	(void)t;
	*a = (struct aggregate){ .worst = nothing, .rejected = p->stray };
	for (size_t i = 0; i < p->n_workups; i++) {
		const struct aggregate *one = &p->workups[i].sum;

		a->components += one->components;
		a->graded += one->graded;
		a->benign += one->benign;
		a->ungraded += one->ungraded;
		a->not_assessed += one->not_assessed;
		a->rejected += one->rejected;
		worse_type(a, one->cancer_type);
		a->candidates = worst_of(a->candidates, one->candidates ? one->candidates : groups_of(&one->worst));
		if (one->worst.isup >= 0 && (a->worst.isup < 0 || vx_grade_worse(&one->worst, &a->worst)))
			a->worst = one->worst;
		a->total_cores = a->total_cores < 0 || one->total_cores < 0 ? -1 : a->total_cores + one->total_cores;
		a->affected_cores =
			a->affected_cores < 0 || one->affected_cores < 0 ? -1 : a->affected_cores + one->affected_cores;
	}
	if (p->stray)
		a->total_cores = a->affected_cores = -1;
	decide(a);
}

/* Benign is no last word beside tissue that is suspicious, or cancer that nobody graded; nor is anything but 5 where a row is
 * missing that may be worse. */
int aggregate_isup(const struct aggregate *a)
{
	if (a->candidates || (a->rejected && a->worst.isup < 5))
		return -1;
	if (a->worst.isup == 0 && a->cancer_type && strcmp(a->cancer_type, "none") != 0)
		return -1;
	return a->worst.isup;
}

int aggregate_at_least(const struct aggregate *a)
{
	return a->candidates ? __builtin_ctz(a->candidates) : a->worst.isup;
}
