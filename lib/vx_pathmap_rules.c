/* vx_pathmap_rules: the checks of a mapping, and what its parts must not say of each other.
 * the member "checks", and the columns as they are named -> struct vx_pathmap_check; errors
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "vx_pathmap_load.h"

#define CSPCA (1u << VX_IS_CSPCA | 1u << VX_IS_WORST_CSPCA)

static const char *const kinds[] = {
	[VX_IS_ISUP] = "isup",
	[VX_IS_WORST_ISUP] = "worst_isup",
	[VX_IS_CSPCA] = "cspca",
	[VX_IS_WORST_CSPCA] = "worst_cspca",
	[VX_IS_SCORE] = "score",
	[VX_IS_TOTAL_CORES] = "total_cores",
	[VX_IS_AFFECTED_CORES] = "affected_cores",
	[VX_IS_EQUAL] = "equal",
	[VX_IS_RATIO] = "ratio",
	[VX_IS_SAME] = "same",
};

/* Members of a check that go with some kinds only. */
static void check_members(struct vx_pathmap_loader *l, const struct vx_json *obj, enum vx_pathmap_is is)
{
	static const struct {
		const char *key, *goes_with;
		unsigned kinds;
	} members[] = { { "with", "equal", 1u << VX_IS_EQUAL }, { "of", "ratio", 1u << VX_IS_RATIO },
		{ "tolerance", "ratio", 1u << VX_IS_RATIO }, { "min_isup", "cspca and worst_cspca", CSPCA },
		{ "yes", "cspca and worst_cspca", CSPCA }, { "no", "cspca and worst_cspca", CSPCA },
		{ "per", "same", 1u << VX_IS_SAME },
		{ "unassessed", "isup, worst_isup, score, cspca and worst_cspca",
			1u << VX_IS_ISUP | 1u << VX_IS_WORST_ISUP | 1u << VX_IS_SCORE | CSPCA } };

	for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
		if (vx_json_has(obj, members[i].key) && !(members[i].kinds & 1u << is))
			vx_pathmap_wrong(
				l, members[i].key, "goes with %s, not with %s", members[i].goes_with, kinds[is]);
}

/* What is looked at for each item of a list must be a list, what is looked at once a row must be none. */
static void check_level(struct vx_pathmap_loader *l, const struct vx_pathmap_check *c)
{
	bool each = c->is == VX_IS_ISUP || c->is == VX_IS_SCORE, once = !each && c->is != VX_IS_CSPCA;

	if (!l->m->n_lists)
		return;
	if (each && c->column >= 0 && !l->columns[c->column].list)
		vx_pathmap_wrong(l, "column", "is not among component.lists.columns: %s is checked for each lesion%s",
			kinds[c->is], c->is == VX_IS_ISUP ? "; worst_isup is of the workup" : "");
	if (once && c->column >= 0 && l->columns[c->column].list)
		vx_pathmap_wrong(l, "column", "holds lists: %s is checked once a row", kinds[c->is]);
	for (size_t i = 0; i < 2; i++)
		if (c->others[i] >= 0 && l->columns[c->others[i]].list)
			vx_pathmap_wrong(l, c->is == VX_IS_EQUAL ? "with" : "of",
				"names lists: %s is checked once a row", kinds[c->is]);
}

static void check_overlap(struct vx_pathmap_loader *l, const struct vx_pathmap_check *c)
{
	for (size_t i = 0; c->yes && c->yes[i]; i++)
		for (size_t k = 0; c->no && c->no[k]; k++)
			if (strcmp(c->yes[i], c->no[k]) == 0)
				vx_pathmap_wrong(l, "no", "'%.100s' is among yes too", c->no[k]);
}

static enum vx_pathmap_is kind_of(const struct vx_json *obj)
{
	const char *is = vx_json_str(obj, "is");
	size_t i = 0;

	while (i + 1 < sizeof kinds / sizeof kinds[0] && strcmp(is, kinds[i]) != 0)
		i++;
	return (enum vx_pathmap_is)i;
}

static void take_check(struct vx_pathmap_loader *l, const struct vx_json *obj, struct vx_pathmap_check *c)
{
	const char *severity = vx_json_str(obj, "severity"), *per = vx_json_str(obj, "per");
	vx_column *of;
	int64_t min;
	size_t n;

	*c = (struct vx_pathmap_check){
		.is = kind_of(obj), .tolerance = 0.2, .others = { VX_NO_COLUMN, VX_NO_COLUMN }
	};
	c->rule = vx_json_str(obj, "rule") ? vx_json_str(obj, "rule") : kinds[c->is];
	c->severity = severity && *severity == 'w'                  ? "warning"
		      : severity                                    ? "error"
		      : c->is == VX_IS_RATIO || c->is == VX_IS_SAME ? "warning"
								    : "error";
	c->column = vx_pathmap_take_column(l, obj, "column");
	c->others[0] = vx_pathmap_take_column(l, obj, "with");
	of = vx_pathmap_take_columns(l, obj, "of", &n);
	for (size_t i = 0; i < n && i < 2; i++)
		c->others[i] = of[i];
	free(of);
	vx_json_get_double(obj, "tolerance", &c->tolerance);
	c->min_isup = vx_json_get_int(obj, "min_isup", &min) ? (int)min : 0;
	c->yes = vx_pathmap_take_words(obj, "yes", &n);
	c->no = vx_pathmap_take_words(obj, "no", &n);
	c->unassessed = vx_pathmap_take_words(obj, "unassessed", &n);
	c->per_patient = !per || strcmp(per, "patient") == 0;
	check_members(l, obj, c->is);
	check_level(l, c);
	check_overlap(l, c);
}

void vx_pathmap_take_checks(struct vx_pathmap_loader *l, const struct vx_json *json)
{
	const struct vx_json *list = vx_json_get(json, "checks");
	size_t old = vx_pathmap_enter(l, "checks");
	struct vx_pathmap *m = l->m;

	l->use = VX_USE_CHECK;
	m->n_checks = vx_json_size(list);
	m->checks = vx_alloc((m->n_checks + 1) * sizeof *m->checks);
	for (size_t i = 0; i < m->n_checks; i++) {
		size_t item = vx_pathmap_enter_item(l, i);
		take_check(l, vx_json_at(list, i), &m->checks[i]);
		vx_pathmap_leave(l, item);
	}
	l->use = VX_USE_ROW;
	vx_pathmap_leave(l, old);
}

void vx_pathmap_checks_free(struct vx_pathmap *m)
{
	for (size_t i = 0; i < m->n_checks; i++) {
		vx_pathmap_words_free(m->checks[i].yes);
		vx_pathmap_words_free(m->checks[i].no);
		vx_pathmap_words_free(m->checks[i].unassessed);
	}
	free(m->checks);
}

/* Where a column is named first. */
static const char *named_at(const struct vx_pathmap_loader *l, vx_column c)
{
	for (size_t i = 0; i < l->n_named; i++)
		if (l->named[i].column == c)
			return l->named[i].path;
	return "";
}

static void rule_ignored(struct vx_pathmap_loader *l)
{
	char path[40];

	for (size_t i = 0; i < l->m->n_ignored; i++) {
		vx_column c = vx_pathmap_find_column(l, l->m->ignored[i]);
		snprintf(path, sizeof path, "ignore.%zu", i);
		if (c >= 0 && l->columns[c].captured)
			vx_pathmap_wrong_at(
				l, path, "'%.100s' is captured: leave it out of its pattern instead", l->m->ignored[i]);
		else if (c >= 0)
			vx_pathmap_wrong_at(l, path, "'%.100s' is used by %.200s: it cannot be ignored",
				l->m->ignored[i], named_at(l, c));
	}
}

static void rule_captures(struct vx_pathmap_loader *l)
{
	struct vx_pathmap *m = l->m;

	for (size_t i = 0; i < m->n_captures; i++) {
		const struct vx_pathmap_capture *c = &m->captures[i];
		struct vx_buf path = VX_BUF_INIT;

		if (c->column < 0)
			continue;
		vx_buf_printf(&path, "capture.%s", l->columns[c->column].name);
		if (l->columns[c->column].captured)
			vx_pathmap_wrong_at(
				l, path.data, "is itself a captured column, or one of its captures is called so");
		if (l->columns[c->column].list)
			vx_pathmap_wrong_at(
				l, path.data, "holds lists (component.lists): its items cannot be cut further");
		for (size_t k = 0; k < c->n; k++)
			if (c->columns[k] >= 0 && l->columns[c->columns[k]].twice)
				vx_pathmap_wrong_at(l, path.data, "captures {%.100s}, as another pattern does",
					l->columns[c->columns[k]].name);
		vx_buf_free(&path);
	}
}

/* Lists may be named where items are read one by one, and where a row is looked at as a whole. */
static void rule_lists(struct vx_pathmap_loader *l)
{
	for (size_t i = 0; i < l->n_named; i++) {
		const struct vx_pathmap_named *n = &l->named[i];
		if (n->use == VX_USE_ROW && l->columns[n->column].list && strncmp(n->path, "capture.", 8) != 0)
			vx_pathmap_wrong_at(l, n->path,
				"'%.100s' holds lists (component.lists): only component, checks and "
				"when may name it",
				l->columns[n->column].name);
		if (n->use == VX_USE_LISTS && l->columns[n->column].captured)
			vx_pathmap_wrong_at(
				l, n->path, "'%.100s' is captured: it cannot hold lists", l->columns[n->column].name);
	}
	if (l->m->separator == '+' && l->m->component.grade.gleason >= 0 &&
		l->columns[l->m->component.grade.gleason].list)
		vx_pathmap_wrong_at(l, "component.lists.separator", "would cut a score such as 3+4 in two");
}

static void rule_rows(struct vx_pathmap_loader *l, const struct vx_json *json)
{
	const struct vx_json *component = vx_json_get(json, "component");
	bool workups = l->m->rows == VX_ROWS_WORKUP;

	if (!workups && !component)
		vx_pathmap_wrong_at(l, "rows", "are %s: component has to say what stands in them",
			l->m->rows == VX_ROWS_CORE ? "cores" : "lesions");
	if (!workups && l->m->n_lists)
		vx_pathmap_wrong_at(l, "component.lists", "goes with rows \"workup\" only");
	if (workups && component && !l->m->n_lists)
		vx_pathmap_wrong_at(l, "component", "needs lists where the rows are workups");
	if (l->m->n_lists && l->m->n_component_name)
		vx_pathmap_wrong_at(l, "component.name", "is not needed with lists: an item's number is its name");
	if (l->m->component_unique && !l->m->n_component_name)
		vx_pathmap_wrong_at(l, "component.unique", "needs name: which columns say which one it is");
	if (component && l->m->workup.grade.given)
		vx_pathmap_wrong_at(l, "workup.grade",
			"is made of the components' grades; checks (worst_isup) hold a column against it");
}

void vx_pathmap_rules(struct vx_pathmap_loader *l, const struct vx_json *json)
{
	rule_rows(l, json);
	rule_lists(l);
	rule_captures(l);
	rule_ignored(l);
}
