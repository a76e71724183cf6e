/* vx_pathmap_part: what a mapping says of workups or of their components: vocabularies, places, grades, numbers.
 * the members "workup" and "component" -> struct vx_pathmap_part
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "vx_pathmap_load.h"

static const char *type_of(const struct vx_json *obj)
{
	static const char *const types[] = { "BIOPSY", "RPE", "RESECTION", "EXCISION", "OTHER_OR_UNKNOWN" };
	const char *type = vx_json_str(obj, "type");

	for (size_t i = 0; type && i < sizeof types / sizeof types[0]; i++)
		if (strcmp(type, types[i]) == 0)
			return types[i];
	return NULL;
}

static signed char flag_of(const struct vx_json *obj, const char *key)
{
	bool v;

	return vx_json_get_bool(obj, key, &v) ? v : -1;
}

static struct vx_pathmap_set take_set(const struct vx_json *obj)
{
	struct vx_pathmap_set set = { .type = type_of(obj), .place = VX_PLACE_INIT };

	for (enum vx_term t = 0; t < VX_PLACE_FIELDS; t++) {
		const char *value = vx_json_str(obj, vx_term_name(t));
		set.place.value[t] = value ? vx_term_value(t, value, strlen(value)) : NULL;
	}
	set.place.is_systematic = flag_of(obj, "is_systematic");
	set.place.is_targeted = flag_of(obj, "is_targeted");
	return set;
}

static bool same_set(const struct vx_pathmap_set *a, const struct vx_pathmap_set *b)
{
	return a->type == b->type && memcmp(a->place.value, b->place.value, sizeof a->place.value) == 0 &&
	       a->place.is_systematic == b->place.is_systematic && a->place.is_targeted == b->place.is_targeted;
}

/* A word of a vocabulary as the mapping spells it. */
struct spelled {
	const char *text;
	char *folded;
	struct vx_pathmap_set set;
};

static int by_word(const void *a, const void *b)
{
	const struct spelled *x = a, *y = b;
	int order = strcmp(x->folded, y->folded);

	return order ? order : strcmp(x->text, y->text);
}

/* Sorted, for the search. Of words that fold to the same, one stays; they must mean the same. */
static void join_words(struct vx_pathmap_loader *l, struct spelled *all, size_t n, struct vx_pathmap_vocabulary *v)
{
	const struct spelled *last = NULL;

	v->words = vx_alloc((n + 1) * sizeof *v->words);
	qsort(all, n, sizeof *all, by_word);
	for (size_t i = 0; i < n; i++) {
		if (!last || strcmp(last->folded, all[i].folded) != 0) {
			last = &all[i];
			v->words[v->n++] = (struct vx_pathmap_word){ last->folded, last->set };
			continue;
		}
		if (!same_set(&last->set, &all[i].set))
			vx_pathmap_wrong(
				l, all[i].text, "is the same word as '%.100s', which means something else", last->text);
		free(all[i].folded);
	}
}

static void take_vocabulary(
	struct vx_pathmap_loader *l, const struct vx_json *obj, const char *key, struct vx_pathmap_vocabulary *v)
{
	const struct vx_json *values = vx_json_get(obj, key);
	struct spelled *all = vx_alloc((vx_json_size(values) + 1) * sizeof *all);
	struct vx_json_iter it = vx_json_begin(values);
	size_t old = vx_pathmap_enter(l, key), n = 0;

	while (vx_json_next(&it)) {
		struct vx_buf b = VX_BUF_INIT;

		if (strcmp(it.key, "$comment") == 0)
			continue;
		vx_buf_puts(&b, "");
		vx_pathmap_fold(&b, it.key, strlen(it.key));
		if (!b.len)
			vx_pathmap_wrong(l, it.key, "holds no word");
		all[n++] = (struct spelled){ .text = it.key, .folded = b.data, .set = take_set(it.value) };
	}
	join_words(l, all, n, v);
	free(all);
	vx_pathmap_leave(l, old);
}

static void take_procedure(struct vx_pathmap_loader *l, const struct vx_json *part, struct vx_pathmap_vocabulary *v)
{
	const struct vx_json *obj = vx_json_get(part, "procedure");
	const char *otherwise = vx_json_str(obj, "otherwise");
	size_t old = vx_pathmap_enter(l, "procedure");

	v->column = vx_pathmap_take_column(l, obj, "column");
	v->otherwise = otherwise && strcmp(otherwise, "keep") == 0 ? VX_OTHERWISE_KEEP : VX_OTHERWISE_REJECT;
	take_vocabulary(l, obj, "values", v);
	vx_pathmap_leave(l, old);
}

static void add_term(
	struct vx_pathmap_loader *l, struct vx_lexicon *lex, const char *token, enum vx_term t, const char *value)
{
	struct vx_error err = VX_ERROR_INIT;

	if (vx_lexicon_add(lex, token, strlen(token), t, value, &err) != VX_OK)
		vx_pathmap_wrong(l, token, "%s", err.reason);
}

/* What a word of the table means goes to its lexicon; {}: nothing. */
static void add_token(
	struct vx_pathmap_loader *l, struct vx_lexicon *lex, const char *token, const struct vx_json *says)
{
	struct vx_json_iter it = vx_json_begin(says);
	size_t fields = 0;

	while (vx_json_next(&it)) {
		bool flag = vx_json_type(it.value) == VX_BOOL;

		if (strcmp(it.key, "$comment") == 0)
			continue;
		fields++;
		add_term(l, lex, token, (enum vx_term)vx_term_find(it.key, strlen(it.key)),
			!flag                       ? vx_json_text(it.value, NULL)
			: vx_json_as_bool(it.value) ? "true"
						    : "false");
	}
	if (!fields)
		add_term(l, lex, token, VX_TERM_FILLER, "-");
}

static const struct vx_lexicon *take_tokens(struct vx_pathmap_loader *l, const struct vx_json *obj)
{
	const struct vx_json *tokens = vx_json_get(obj, "tokens");
	struct vx_pathmap_own *own = l->m->own;
	struct vx_lexicon *lex;
	struct vx_json_iter it;
	size_t old;

	if (!tokens)
		return l->lexicon;
	old = vx_pathmap_enter(l, "tokens");
	lex = l->lexicon ? vx_lexicon_copy(l->lexicon) : vx_lexicon_new();
	vx_lexicon_layer(lex);
	for (it = vx_json_begin(tokens); vx_json_next(&it);)
		if (strcmp(it.key, "$comment") != 0)
			add_token(l, lex, it.key, it.value);
	own->lexicons = vx_realloc(own->lexicons, (own->n_lexicons + 1) * sizeof(struct vx_lexicon *));
	own->lexicons[own->n_lexicons++] = lex;
	vx_pathmap_leave(l, old);
	return lex;
}

static unsigned take_fields(const struct vx_json *obj)
{
	const struct vx_json *list = vx_json_get(obj, "fields");
	unsigned fields = 0;

	if (!list)
		return VX_PLACE_MASK | 1u << VX_TERM_IS_SYSTEMATIC | 1u << VX_TERM_IS_TARGETED;
	for (size_t i = 0; i < vx_json_size(list); i++) {
		const char *name = vx_json_text(vx_json_at(list, i), NULL);
		fields |= 1u << vx_term_find(name, strlen(name));
	}
	return fields;
}

static void take_location(
	struct vx_pathmap_loader *l, const struct vx_json *value, struct vx_pathmap_location *location)
{
	const struct vx_json *obj = vx_json_type(value) == VX_OBJECT ? value : NULL;
	const struct vx_json *scheme = vx_json_get(obj, "scheme");

	*location = (struct vx_pathmap_location){ .words.column = VX_NO_COLUMN, .fields = take_fields(obj) };
	location->column = obj ? vx_pathmap_take_column(l, obj, "column") : vx_pathmap_column(l, value);
	location->lexicon = take_tokens(l, obj);
	if (vx_json_get(obj, "values"))
		take_vocabulary(l, obj, "values", &location->words);
	location->unstated = take_set(vx_json_get(scheme, "unstated")).place;
	vx_json_get_bool(obj, "keep", &location->keep);
}

static void take_locations(struct vx_pathmap_loader *l, const struct vx_json *obj, struct vx_pathmap_part *part)
{
	const struct vx_json *value = vx_json_get(obj, "location");
	bool several = vx_json_type(value) == VX_ARRAY;
	size_t old;

	if (!value)
		return;
	old = vx_pathmap_enter(l, "location");
	part->n_locations = several ? vx_json_size(value) : 1;
	part->locations = vx_alloc(part->n_locations * sizeof *part->locations);
	if (!several)
		take_location(l, value, &part->locations[0]);
	for (size_t i = 0; several && i < part->n_locations; i++) {
		size_t item = vx_pathmap_enter_item(l, i);
		take_location(l, vx_json_at(value, i), &part->locations[i]);
		vx_pathmap_leave(l, item);
	}
	vx_pathmap_leave(l, old);
}

/* A word that stands there already must have the same result. */
static void check_result(struct vx_pathmap_loader *l, const struct vx_pathmap_grade *g, const char *text,
	const char *folded, const char *result)
{
	size_t i = 0;

	while (i < g->n_words && strcmp(g->words[i].folded, folded) != 0)
		i++;
	if (i < g->n_words && g->words[i].result != result)
		vx_pathmap_wrong(l, text, "is the same word as another, which means %s", g->words[i].result);
}

static void take_results(struct vx_pathmap_loader *l, const struct vx_json *words, struct vx_pathmap_grade *g)
{
	struct vx_json_iter it = vx_json_begin(words);
	size_t old = vx_pathmap_enter(l, "words");

	g->words = vx_alloc((vx_json_size(words) + 1) * sizeof *g->words);
	while (vx_json_next(&it)) {
		const char *result = vx_json_text(it.value, NULL);
		struct vx_buf b = VX_BUF_INIT;

		if (strcmp(it.key, "$comment") == 0)
			continue;
		result = vx_term_value(VX_TERM_RESULT, result, strlen(result));
		vx_buf_puts(&b, "");
		vx_pathmap_fold(&b, it.key, strlen(it.key));
		if (!b.len)
			vx_pathmap_wrong(l, it.key, "holds no word");
		check_result(l, g, it.key, b.data, result);
		g->words[g->n_words++] = (struct vx_pathmap_result){ b.data, result };
	}
	vx_pathmap_leave(l, old);
}

static void check_grade(struct vx_pathmap_loader *l, const struct vx_pathmap_grade *g)
{
	bool gleason = g->gleason >= 0, primary = g->primary >= 0, secondary = g->secondary >= 0;

	if (gleason && (primary || secondary))
		vx_pathmap_wrong(l, "gleason", "a score stands in one column (gleason) or in two (primary, secondary)");
	if (primary && !secondary)
		vx_pathmap_wrong(l, "primary", "needs secondary beside it");
	if (secondary && !primary)
		vx_pathmap_wrong(l, "secondary", "needs primary beside it");
	if (g->tertiary >= 0 && !gleason && !primary && g->text < 0)
		vx_pathmap_wrong(l, "tertiary", "needs a score beside it: gleason, or primary and secondary");
	else if (!gleason && !primary && !secondary && g->isup < 0 && g->text < 0 && g->tertiary < 0)
		vx_pathmap_wrong(
			l, NULL, "names no column: one of gleason, primary and secondary, isup, text is needed");
}

static void take_grade(struct vx_pathmap_loader *l, const struct vx_json *part, struct vx_pathmap_grade *g)
{
	const struct vx_json *obj = vx_json_get(part, "grade");
	const char *blank = vx_json_str(obj, "blank");
	size_t old = vx_pathmap_enter(l, "grade");

	g->given = obj != NULL;
	g->gleason = vx_pathmap_take_column(l, obj, "gleason");
	g->primary = vx_pathmap_take_column(l, obj, "primary");
	g->secondary = vx_pathmap_take_column(l, obj, "secondary");
	g->tertiary = vx_pathmap_take_column(l, obj, "tertiary");
	g->isup = vx_pathmap_take_column(l, obj, "isup");
	g->text = vx_pathmap_take_column(l, obj, "text");
	g->blank_is_benign = blank && strcmp(blank, "benign") == 0;
	if (vx_json_get(obj, "words"))
		take_results(l, vx_json_get(obj, "words"), g);
	if (g->given)
		check_grade(l, g);
	vx_pathmap_leave(l, old);
}

static void take_number(
	struct vx_pathmap_loader *l, const struct vx_json *part, const char *key, struct vx_pathmap_number *n)
{
	const struct vx_json *value = vx_json_get(part, key);
	size_t old;

	n->times = 1;
	if (vx_json_type(value) != VX_OBJECT) {
		n->columns = vx_pathmap_take_columns(l, part, key, &n->n);
		return;
	}
	old = vx_pathmap_enter(l, key);
	n->columns = vx_pathmap_take_columns(l, value, "columns", &n->n);
	vx_json_get_double(value, "times", &n->times);
	vx_pathmap_leave(l, old);
}

void vx_pathmap_take_part(
	struct vx_pathmap_loader *l, const struct vx_json *obj, const char *key, struct vx_pathmap_part *part)
{
	const struct vx_json *json = vx_json_get(obj, key), *assessment = vx_json_get(json, "assessment");
	size_t old = vx_pathmap_enter(l, key), inner;

	part->set = take_set(vx_json_get(json, "set"));
	take_procedure(l, json, &part->procedure);
	take_locations(l, json, part);
	take_grade(l, json, &part->grade);
	part->date = vx_pathmap_take_column(l, json, "date");
	part->assessor = vx_pathmap_take_column(l, json, "assessor");
	part->assessed = vx_pathmap_take_column(l, json, "assessed");
	take_number(l, json, "core_length", &part->core_length);
	take_number(l, json, "cancer_length", &part->cancer_length);
	take_number(l, json, "percent_cancer", &part->percent_cancer);
	take_number(l, json, "total_cores", &part->total_cores);
	take_number(l, json, "affected_cores", &part->affected_cores);
	vx_pathmap_take_other(l, json, "other_data", &part->specimen_other);
	inner = vx_pathmap_enter(l, "assessment");
	vx_pathmap_take_other(l, assessment, "other_data", &part->assessment_other);
	vx_pathmap_leave(l, inner);
	vx_pathmap_leave(l, old);
}

static void vocabulary_free(struct vx_pathmap_vocabulary *v)
{
	for (size_t i = 0; i < v->n; i++)
		free(v->words[i].folded);
	free(v->words);
}

void vx_pathmap_part_free(struct vx_pathmap_part *part)
{
	vocabulary_free(&part->procedure);
	for (size_t i = 0; i < part->n_locations; i++)
		vocabulary_free(&part->locations[i].words);
	free(part->locations);
	for (size_t i = 0; i < part->grade.n_words; i++)
		free(part->grade.words[i].folded);
	free(part->grade.words);
	free(part->core_length.columns);
	free(part->cancer_length.columns);
	free(part->percent_cancer.columns);
	free(part->total_cores.columns);
	free(part->affected_cores.columns);
	vx_pathmap_other_free(&part->specimen_other);
	vx_pathmap_other_free(&part->assessment_other);
}
