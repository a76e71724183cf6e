/* vx_volume_type: what is known of a volume -> its type by the first rule that holds, or why none does.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "vx_fold.h"
#include "vx_volume_type.h"
#include "vx_volume_type_rules.h"

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static void put_space(struct vx_buf *out, size_t start)
{
	if (out->len == start || out->data[out->len - 1] != ' ')
		vx_buf_putc(out, ' ');
}

/* "AxT2" is two words: Philips and GE write so. The asterisk of T2* has a meaning, that in front of Siemens' sequence
 * names has none. */
void vx_type_words(const char *text, size_t len, struct vx_buf *out)
{
	const size_t start = out->len;
	struct vx_folded f;
	put_space(out, start);
	for (size_t i = 0; i < len;) {
		if (i > 0 && is_lower(text[i - 1]) && is_upper(text[i]))
			put_space(out, start);
		if (text[i] == '*' && out->data[out->len - 1] != ' ') {
			vx_buf_putc(out, '*');
			i++;
			continue;
		}
		i += vx_fold_next(text + i, len - i, &f);
		if (f.kind == VX_FOLD_WORD)
			vx_buf_add(out, f.text, f.len);
		else if (f.kind != VX_FOLD_NONE)
			put_space(out, start);
	}
	put_space(out, start);
}

/* A value that a rule asks for, looked up once for all rules. */
struct value {
	bool worded;
	const struct vx_json *json;
	size_t at;              /* of its words in trial.words */
	uint64_t begins, holds; /* bytes that a word of it begins with, and that are in it: see bit_of */
};

struct trial {
	const struct vx_volume_types *types;
	struct value values[TYPE_FIELDS_MAX];
	uint32_t present; /* a bit a field that has a value */
	struct vx_buf words;
};

/* The first of the evidence that says something counts; null and "" say nothing. */
static void take_value(struct trial *t, size_t field, const struct vx_json *json)
{
	size_t len = 1;
	if (!json || t->values[field].json || (vx_json_text(json, &len) && len == 0))
		return;
	t->values[field].json = json;
	t->present |= UINT32_C(1) << field;
}

/* By its members where they are few, by the fields where those are. */
static void look_into(struct trial *t, const struct vx_json *evidence)
{
	const size_t n = t->types->n_fields;
	if (vx_json_size(evidence) >= n) {
		for (size_t i = 0; i < n; i++)
			if (!t->values[i].json)
				take_value(t, i, vx_json_get(evidence, t->types->fields[i]));
		return;
	}
	struct vx_json_iter it = vx_json_begin(evidence);
	while (vx_json_next(&it))
		for (size_t i = 0; i < n; i++)
			if (it.key[0] == t->types->fields[i][0] && strcmp(it.key, t->types->fields[i]) == 0)
				take_value(t, i, it.value);
}

static const struct vx_json *value_of(const struct trial *t, size_t field)
{
	return t->values[field].json;
}

/* A place of its own for each letter and digit; what else shares one may be taken for another, not for none. */
static uint64_t bit_of(char c)
{
	return UINT64_C(1) << ((unsigned char)c & 63);
}

static void note_bytes(struct value *v, const char *words)
{
	for (size_t i = 0; words[i]; i++) {
		v->holds |= bit_of(words[i]);
		if (words[i] == ' ')
			v->begins |= bit_of(words[i + 1]);
	}
}

/* Text, or the texts of a list, as words; whatever else has none. */
static const char *words_of(struct trial *t, size_t field)
{
	struct value *v = &t->values[field];
	if (v->worded)
		return t->words.data + v->at;
	const struct vx_json *json = value_of(t, field);
	struct vx_buf joined = VX_BUF_INIT;
	size_t len, n = vx_json_type(json) == VX_ARRAY ? vx_json_size(json) : 1;
	for (size_t i = 0; json && i < n && joined.len < VX_TYPE_TEXT_MAX; i++) {
		const char *text = vx_json_text(vx_json_type(json) == VX_ARRAY ? vx_json_at(json, i) : json, &len);
		if (!text)
			continue;
		vx_buf_add(&joined, text, len < VX_TYPE_TEXT_MAX ? len : VX_TYPE_TEXT_MAX);
		vx_buf_putc(&joined, '\\');
	}
	v->worded = true;
	v->at = t->words.len;
	if (joined.len > 0)
		vx_type_words(joined.data, joined.len, &t->words);
	vx_buf_add(&t->words, "", 1);
	note_bytes(v, t->words.data + v->at);
	vx_buf_free(&joined);
	return t->words.data + v->at;
}

static bool begins_with(const char *words, const char *term)
{
	for (; *term; words++, term++)
		if (*term == '#' ? *words < '0' || *words > '9' : *words != *term)
			return false;
	return true;
}

/* Most terms begin with the blank in front of a word, so that few places are looked at. */
static bool occurs(const char *words, const char *term)
{
	if (term[0] == '#') {
		while (*words && !begins_with(words, term))
			words++;
		return *words;
	}
	while ((words = strchr(words, term[0])) && !begins_with(words, term))
		words++;
	return words;
}

/* Whether the term's first letter stands where it would have to: few do, and only those are searched for. */
static bool may_occur(const struct value *v, const char *term)
{
	const char first = term[0] == ' ' ? term[1] : term[0];
	return first == '#' || (bit_of(first) & (term[0] == ' ' ? v->begins : v->holds)) != 0;
}

/* The first of the terms that occurs in a field; NULL: none. */
static const char *term_in(struct trial *t, const struct type_terms *terms, size_t field)
{
	const char *words = words_of(t, field);
	/* Most fields of most records are empty: nothing to look for. */
	if (!words[0] || (words[0] == ' ' && !words[1]))
		return NULL;
	for (size_t i = 0; i < terms->n; i++)
		if (may_occur(&t->values[field], terms->text[i]) && occurs(words, terms->text[i]))
			return terms->text[i];
	return NULL;
}

/* A number, or the largest of a list of numbers. */
static bool largest(const struct vx_json *v, double *out)
{
	double one;
	bool any = false;
	if (vx_json_type(v) == VX_INT || vx_json_type(v) == VX_DOUBLE)
		return vx_json_as_double(v, out);
	for (size_t i = 0; vx_json_type(v) == VX_ARRAY && i < vx_json_size(v); i++) {
		if (!vx_json_as_double(vx_json_at(v, i), &one))
			return false;
		*out = any && *out > one ? *out : one;
		any = true;
	}
	return any;
}

/* why: NULL, or 256 bytes for what fails, behind the name of the value. */
static void say(char *why, const struct trial *t, size_t field, const char *text, const char *term)
{
	if (why)
		snprintf(why, 256, term ? "%s %s \"%s\"" : "%s %s", t->types->fields[field], text, term);
}

static bool number_holds(struct trial *t, const struct type_condition *c, char *why)
{
	double number;
	size_t i = 0;
	while (i + 1 < c->n_fields && !value_of(t, c->fields[i]))
		i++;
	const struct vx_json *v = value_of(t, c->fields[i]);
	const char *text = !v ? "is missing" : !largest(v, &number) ? "is no number" : NULL;
	if (!text && number >= c->min && number <= c->max)
		return true;
	if (!text && why)
		snprintf(why, 256, "%s is %s %g", t->types->fields[c->fields[i]],
			number < c->min ? "less than" : "more than", number < c->min ? c->min : c->max);
	else
		say(why, t, c->fields[i], text, NULL);
	return false;
}

static bool words_hold(struct trial *t, const struct type_condition *c, char *why)
{
	const char *term = NULL;
	bool present = false;
	for (size_t i = 0; i < c->n_fields; i++) {
		if (c->lacks.n && (term = term_in(t, &c->lacks, c->fields[i]))) {
			say(why, t, c->fields[i], "has", term);
			return false;
		}
	}
	for (size_t i = 0; i < c->n_fields && c->has.n > 0; i++) {
		present = present || value_of(t, c->fields[i]);
		if (term_in(t, &c->has, c->fields[i]))
			return true;
	}
	if (c->has.n > 0)
		say(why, t, c->fields[0], present ? "has none of the words" : "is missing", NULL);
	return c->has.n == 0;
}

static bool condition_holds(struct trial *t, const struct type_condition *c, char *why)
{
	for (size_t i = 0; c->missing && i < c->n_fields; i++)
		if (value_of(t, c->fields[i])) {
			say(why, t, c->fields[i], "is there", NULL);
			return false;
		}
	return (!c->number || number_holds(t, c, why)) && words_hold(t, c, why);
}

static bool rule_holds(struct trial *t, const struct type_rule *rule)
{
	for (size_t i = 0; i < rule->n; i++)
		if ((rule->when[i].asks && !(rule->when[i].asks & t->present)) ||
			!condition_holds(t, &rule->when[i], NULL))
			return false;
	return true;
}

/* How many conditions of the rule fail, and what the first of them says; *met: those that hold and ask for something to
 * be there, which is what makes a rule near. */
static size_t failures(struct trial *t, const struct type_rule *rule, size_t *met, char *why)
{
	size_t failed = 0;
	*met = 0;
	for (size_t i = 0; i < rule->n; i++) {
		const struct type_condition *c = &rule->when[i];
		if (!condition_holds(t, c, failed ? NULL : why))
			failed++;
		else if (c->number || c->has.n > 0)
			++*met;
	}
	return failed;
}

static void find_nearest(struct trial *t, struct vx_type_verdict *v)
{
	size_t fewest = SIZE_MAX, most = 0, met;
	char why[sizeof(v->why)];
	snprintf(v->why, sizeof(v->why), "nothing that a rule asks for is there");
	for (size_t i = 0; i < t->types->n; i++) {
		const struct type_rule *rule = &t->types->rules[i];
		size_t failed = failures(t, rule, &met, why);
		if (met == 0 || failed > fewest || (failed == fewest && met <= most))
			continue;
		fewest = failed;
		most = met;
		v->nearest = rule->name;
		memcpy(v->why, why, sizeof(why));
	}
}

void vx_volume_type_of(const struct vx_volume_types *types, const struct vx_json *const *evidence, size_t n,
	bool explain, struct vx_type_verdict *verdict)
{
	struct trial t = { .types = types, .words = VX_BUF_INIT };
	*verdict = (struct vx_type_verdict){ .type = NULL };
	for (size_t i = 0; i < n; i++)
		if (vx_json_type(evidence[i]) == VX_OBJECT)
			look_into(&t, evidence[i]);
	for (size_t i = 0; i < types->n && !verdict->type; i++)
		if (rule_holds(&t, &types->rules[i])) {
			verdict->type = types->rules[i].type;
			verdict->rule = types->rules[i].name;
		}
	if (explain && !verdict->type)
		find_nearest(&t, verdict);
	vx_buf_free(&t.words);
}
