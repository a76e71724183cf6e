/* vx_volume_type_load: volume-types.json -> rules in memory.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vx_share.h"
#include "vx_volume_type.h"
#include "vx_volume_type_rules.h"

static void free_terms(struct type_terms *terms)
{
	for (size_t i = 0; i < terms->n; i++)
		free(terms->text[i]);
	free(terms->text);
}

void vx_volume_types_free(struct vx_volume_types *types)
{
	for (size_t i = 0; types && i < types->n; i++) {
		struct type_rule *rule = &types->rules[i];
		for (size_t k = 0; k < rule->n; k++) {
			free_terms(&rule->when[k].has);
			free_terms(&rule->when[k].lacks);
		}
		free(rule->when);
		free(rule->name);
		free(rule->type);
	}
	for (size_t i = 0; types && i < types->n_fields; i++)
		free(types->fields[i]);
	if (types)
		free(types->rules);
	free(types);
}

/* The first member that is not on the list; NULL: none. */
static const char *unknown_member(const struct vx_json *object, const char *const *known)
{
	struct vx_json_iter it = vx_json_begin(object);
	while (vx_json_next(&it)) {
		size_t k = 0;
		while (known[k] && strcmp(known[k], it.key) != 0)
			k++;
		if (!known[k])
			return it.key;
	}
	return NULL;
}

/* Whether a term is written as vx_type_words writes: else it would never occur. */
static bool as_written(const char *words)
{
	char *digits = vx_strdup(words);
	struct vx_buf seen = VX_BUF_INIT;
	for (char *p = digits; *p; p++)
		if (*p == '#')
			*p = '0';
	vx_type_words(digits, strlen(digits), &seen);
	bool same = seen.len == strlen(digits) + 2 && memcmp(seen.data + 1, digits, seen.len - 2) == 0;
	free(digits);
	vx_buf_free(&seen);
	return same;
}

/* "t2" is a word, "t2%" begins one, "%t2" ends one, "%t2%" is anywhere; '#' is a digit. */
static int add_term(struct type_terms *terms, const char *text, struct vx_error *err)
{
	size_t len = strlen(text);
	const bool from = len > 0 && text[0] == '%', to = len > 1 && text[len - 1] == '%';
	char *inner = vx_strdup(text + from);
	inner[len - from - to] = '\0';
	if (!*inner || !as_written(inner)) {
		free(inner);
		return vx_error_set(err, VX_EDATA, NULL,
			"\"%s\" is no term: small letters, digits, '#' for a digit, one blank between words, '%%' at "
			"an end",
			text);
	}
	terms->text = vx_realloc(terms->text, (terms->n + 1) * sizeof(*terms->text));
	terms->text[terms->n++] = vx_asprintf("%s%s%s", from ? "" : " ", inner, to ? "" : " ");
	free(inner);
	return VX_OK;
}

/* words: the lists that "@name" stands for; NULL inside of one. */
static int add_terms(
	struct type_terms *terms, const struct vx_json *list, const struct vx_json *words, struct vx_error *err)
{
	int st = VX_OK;
	if (vx_json_type(list) != VX_ARRAY || vx_json_size(list) == 0)
		return vx_error_set(err, VX_EDATA, NULL, "no list of terms, or an empty one");
	for (size_t i = 0; st == VX_OK && i < vx_json_size(list); i++) {
		const char *text = vx_json_text(vx_json_at(list, i), NULL);
		if (text && text[0] == '@' && words) {
			const struct vx_json *named = vx_json_get(words, text + 1);
			st = named ? add_terms(terms, named, NULL, err)
				   : vx_error_set(err, VX_EDATA, NULL, "no list of words is named \"%s\"", text + 1);
		} else {
			st = text ? add_term(terms, text, err)
				  : vx_error_set(err, VX_EDATA, NULL, "a term that is no text");
		}
	}
	return st;
}

static int field_index(struct vx_volume_types *types, const char *name, size_t *out, struct vx_error *err)
{
	size_t i = 0;
	while (i < types->n_fields && strcmp(types->fields[i], name) != 0)
		i++;
	if (i == TYPE_FIELDS_MAX)
		return vx_error_set(err, VX_EDATA, NULL, "more than %d different fields", TYPE_FIELDS_MAX);
	if (i == types->n_fields)
		types->fields[types->n_fields++] = vx_strdup(name);
	*out = i;
	return VX_OK;
}

/* A name, or a list of names. */
static int load_fields(
	struct vx_volume_types *types, const struct vx_json *j, struct type_condition *c, struct vx_error *err)
{
	const bool list = vx_json_type(j) == VX_ARRAY;
	size_t n = list ? vx_json_size(j) : 1;
	int st = VX_OK;
	if (n == 0 || n > TYPE_TOGETHER_MAX)
		return vx_error_set(err, VX_EDATA, NULL, "field: 1 to %d names", TYPE_TOGETHER_MAX);
	for (size_t i = 0; st == VX_OK && i < n; i++) {
		const char *name = vx_json_text(list ? vx_json_at(j, i) : j, NULL);
		st = name && *name ? field_index(types, name, &c->fields[i], err)
				   : vx_error_set(err, VX_EDATA, NULL, "a condition without a field");
		c->n_fields += st == VX_OK;
	}
	return st;
}

static int load_condition(struct vx_volume_types *types, const struct vx_json *j, const struct vx_json *words,
	struct type_condition *c, struct vx_error *err)
{
	static const char *const known[] = { "field", "has", "lacks", "min", "max", "missing", NULL };
	const char *unknown = unknown_member(j, known);
	if (unknown)
		return vx_error_set(err, VX_EDATA, NULL, "unknown member \"%s\"", unknown);
	*c = (struct type_condition){ .min = -INFINITY, .max = INFINITY };
	const bool min = vx_json_get_double(j, "min", &c->min), max = vx_json_get_double(j, "max", &c->max);
	c->number = min || max;
	vx_json_get_bool(j, "missing", &c->missing);
	if ((vx_json_has(j, "min") && !min) || (vx_json_has(j, "max") && !max))
		return vx_error_set(err, VX_EDATA, NULL, "min or max is no number");
	int st = load_fields(types, vx_json_get(j, "field"), c, err);
	if (st == VX_OK && vx_json_has(j, "has"))
		st = add_terms(&c->has, vx_json_get(j, "has"), words, err);
	if (st == VX_OK && vx_json_has(j, "lacks"))
		st = add_terms(&c->lacks, vx_json_get(j, "lacks"), words, err);
	if (st == VX_OK && !c->number && !c->missing && c->has.n + c->lacks.n == 0)
		st = vx_error_set(err, VX_EDATA, NULL, "a condition that asks for nothing");
	for (size_t i = 0; (c->number || c->has.n > 0) && i < c->n_fields; i++)
		c->asks |= UINT32_C(1) << c->fields[i];
	return st;
}

static int load_rule(struct vx_volume_types *types, const struct vx_json *j, const struct vx_json *words,
	struct type_rule *rule, struct vx_error *err)
{
	static const char *const known[] = { "rule", "type", "when", NULL };
	const char *unknown = unknown_member(j, known), *type = vx_json_str(j, "type");
	const struct vx_json *when = vx_json_get(j, "when");
	size_t n = vx_json_type(when) == VX_ARRAY ? vx_json_size(when) : 0;
	int st = VX_OK;
	rule->name = vx_strdup(vx_json_str(j, "rule") ? vx_json_str(j, "rule") : "");
	rule->type = vx_strdup(type ? type : "");
	rule->when = vx_alloc((n + 1) * sizeof(*rule->when));
	if (unknown)
		return vx_error_set(err, VX_EDATA, NULL, "unknown member \"%s\"", unknown);
	if (!*rule->name || !*rule->type || n == 0)
		return vx_error_set(err, VX_EDATA, NULL, "lacks rule, type or when");
	for (size_t i = 0; st == VX_OK && i < n; i++)
		/* Counted first: what a condition holds when it fails is freed with the others. */
		st = load_condition(types, vx_json_at(when, i), words, &rule->when[rule->n++], err);
	return st;
}

static int take_rules(void *arg, const struct vx_json *file, struct vx_error *err)
{
	struct vx_volume_types *types = arg;
	static const char *const known[] = { "description", "words", "rules", NULL };
	const char *unknown = unknown_member(file, known);
	const struct vx_json *rules = vx_json_get(file, "rules"), *words = vx_json_get(file, "words");
	size_t n = vx_json_type(rules) == VX_ARRAY ? vx_json_size(rules) : 0;
	int st = VX_OK;
	if (unknown)
		return vx_error_set(err, VX_EDATA, unknown, "unknown member");
	if (n == 0)
		return vx_error_set(err, VX_EDATA, "rules", "missing or empty");
	types->rules = vx_alloc(n * sizeof(*types->rules));
	for (size_t i = 0; st == VX_OK && i < n; i++) {
		struct type_rule *rule = &types->rules[types->n++];
		st = load_rule(types, vx_json_at(rules, i), words, rule, err);
		for (size_t k = 0; st == VX_OK && k < i; k++)
			if (strcmp(types->rules[k].name, rule->name) == 0)
				st = vx_error_set(err, VX_EDATA, NULL, "a rule of that name is there already");
		if (st != VX_OK && err)
			snprintf(err->field, sizeof(err->field), "rule %zu (%.100s)", i + 1, rule->name);
	}
	return st;
}

struct vx_volume_types *vx_volume_types_load(const char *path, struct vx_error *err)
{
	struct vx_volume_types *types = vx_alloc(sizeof(*types));
	if (vx_share_load(path, "volume-types.json", take_rules, types, err) != VX_OK) {
		vx_volume_types_free(types);
		return NULL;
	}
	return types;
}
