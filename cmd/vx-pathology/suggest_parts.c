/* suggest_parts: what a specimen is, where it comes from, its grade and its days, in the mapping's words.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "suggest_map.h"

#define ALL_FIELDS (VX_PLACE_MASK | 1u << VX_TERM_IS_SYSTEMATIC | 1u << VX_TERM_IS_TARGETED)
#define MANY 60       /* distinct cells of a column that are still a vocabulary */
#define PROCEDURES 20 /* and of procedures */

/* Adds a folded text to those seen; false when it is there. */
static bool is_new(struct vx_json *seen, const char *text, size_t len)
{
	struct vx_buf b = VX_BUF_INIT;
	bool is;

	vx_lexicon_fold(&b, text, len);
	is = b.len && !vx_json_has(seen, b.data);
	if (is)
		vx_json_set_bool(seen, b.data, true);
	vx_buf_free(&b);
	return is;
}

/* ---- procedure ---- */

static struct vx_json *set_of(const struct suggest_procedure *p)
{
	struct vx_json *set = vx_json_object();

	vx_json_set_str(set, "type", p->type ? p->type : p->systematic || p->targeted ? "BIOPSY" : "OTHER_OR_UNKNOWN");
	if (p->systematic || p->targeted) {
		vx_json_set_bool(set, "is_systematic", p->systematic);
		vx_json_set_bool(set, "is_targeted", p->targeted);
	}
	return set;
}

static struct vx_json *procedure_of(struct suggest_draft *d, size_t column)
{
	const struct suggest_column *col = &d->p->t->columns[column];
	struct vx_json *procedure = vx_json_object(), *values = vx_json_object(), *seen = vx_json_object();
	struct vx_buf unknown = VX_BUF_INIT, known = VX_BUF_INIT;

	vx_json_set_str(procedure, "column", col->name);
	for (size_t i = 0; i < col->n; i++) {
		const struct suggest_value *v = &col->values[i];
		struct suggest_procedure found;
		if (suggest_blank(d->p, v->text, v->len) || !is_new(seen, v->text, v->len))
			continue;
		bool is = suggest_words_procedure(d->p->t->words, v->text, v->len, &found);
		struct vx_buf *b = is ? &known : &unknown;
		vx_buf_printf(b, "%s\"%s\"", b->len ? ", " : "", v->text);
		vx_json_set(values, v->text, set_of(&found));
	}
	vx_json_set(procedure, "values", values);
	if (unknown.len)
		suggest_unsure(d->p, RANK_PROCEDURE,
			"procedure: %s: not understood; OTHER_OR_UNKNOWN stands there until you know better",
			unknown.data);
	if (known.len)
		suggest_unsure(d->p, RANK_PROCEDURE, "procedure: look whether what is said of %s is right", known.data);
	vx_buf_free(&unknown);
	vx_buf_free(&known);
	vx_json_free(seen);
	return procedure;
}

static void assume_biopsy(struct suggest_draft *d, const char *why)
{
	struct vx_json *set = vx_json_object();

	vx_json_set_str(set, "type", "BIOPSY");
	vx_json_set(d->workup, "set", set);
	suggest_unsure(d->p, RANK_PROCEDURE, "workup.set.type: %s; BIOPSY is assumed", why);
}

/* Whether a column holds a few kinds of things that were done, and nothing of a person. */
static bool is_vocabulary(const struct suggest_plan *p, size_t column)
{
	const struct suggest_column *col = &p->t->columns[column];
	struct vx_json *seen = vx_json_object();
	bool is = !col->partial;

	for (size_t i = 0; i < col->n && is; i++) {
		const struct suggest_value *v = &col->values[i];
		if (suggest_blank(p, v->text, v->len))
			continue;
		is_new(seen, v->text, v->len);
		is = suggest_words_shown(p->t->words, v->text, v->len);
	}
	is = is && vx_json_size(seen) <= PROCEDURES;
	vx_json_free(seen);
	return is;
}

static void put_procedure(struct suggest_draft *d)
{
	struct suggest_plan *p = d->p;
	size_t c = p->at[ROLE_PROCEDURE];
	long groups, constant;

	if (c == NO_COLUMN) {
		assume_biopsy(d, "no column tells what was done");
		return;
	}
	if (!is_vocabulary(p, c)) {
		suggest_unsure(p, RANK_PROCEDURE,
			"procedure: \"%s\" is left out: its texts are many or long, or may name a person; name the "
			"kinds of them in \"values\" yourself",
			suggest_name(p, c));
		assume_biopsy(d, "what was done is not mapped");
		return;
	}
	suggest_constant(p, c, true, &groups, &constant);
	if (p->rows == SUGGEST_WORKUP ? !suggest_list_of(p, c) : constant == groups) {
		vx_json_set(d->workup, "procedure", procedure_of(d, c));
	} else {
		assume_biopsy(d, "what was done differs within a workup");
		vx_json_set(d->component, "procedure", procedure_of(d, c));
	}
}

/* ---- location ---- */

/* What the cells of a location column say, taken together. */
struct places {
	size_t cells;                 /* distinct */
	size_t sited, lateral, plain; /* side and level said; with "lateral"; without laterality */
	size_t medial, targeted;      /* say so; targeted and no side */
	struct vx_buf unknown;        /* not understood to the last word */
	size_t n_unknown;
};

static void note_unknown(void *arg, const char *word, size_t len, bool ambiguous)
{
	(void)word, (void)len, (void)ambiguous;
	*(bool *)arg = true;
}

/* False where words are left that the lexicon lacks, or where nothing at all was found. */
static bool read_place(
	const struct suggest_plan *p, const struct suggest_value *v, unsigned fields, struct vx_place *place)
{
	bool unknown = false, found;

	*place = (struct vx_place)VX_PLACE_INIT;
	vx_location_parse(p->lexicon, v->text, v->len, fields, place, note_unknown, &unknown);
	found = place->is_systematic >= 0 || place->is_targeted >= 0;
	for (int i = 0; i < VX_PLACE_FIELDS; i++)
		found |= place->value[i] != NULL;
	return found && !unknown;
}

static void look_at_places(const struct suggest_plan *p, size_t column, unsigned fields, struct places *s)
{
	const struct suggest_column *col = &p->t->columns[column];
	struct vx_place place;

	for (size_t i = 0; i < col->n; i++) {
		const struct suggest_value *v = &col->values[i];
		if (suggest_blank(p, v->text, v->len))
			continue;
		s->cells++;
		if (!read_place(p, v, fields, &place) && s->n_unknown++ < 12 &&
			suggest_words_shown(p->t->words, v->text, v->len))
			vx_buf_printf(&s->unknown, "%s\"%s\"", s->unknown.len ? ", " : "", v->text);
		bool sited = place.value[VX_TERM_SIDE] && place.value[VX_TERM_LEVEL];
		const char *laterality = place.value[VX_TERM_LATERALITY];
		s->sited += sited;
		s->plain += sited && !laterality;
		s->lateral += sited && laterality && strcmp(laterality, "lateral") == 0;
		s->medial += laterality && strcmp(laterality, "medial") == 0;
		s->targeted += place.is_targeted == 1 && !sited;
	}
}

/* Cells that say how a core was chosen, where others are of a scheme. */
static struct vx_json *choices_of(const struct suggest_plan *p, size_t column)
{
	const struct suggest_column *col = &p->t->columns[column];
	struct vx_json *values = vx_json_object(), *seen = vx_json_object();
	struct vx_place place;

	for (size_t i = 0; i < col->n; i++) {
		const struct suggest_value *v = &col->values[i];
		read_place(p, v, ALL_FIELDS, &place);
		if ((place.is_targeted < 1 && place.is_systematic != 0) ||
			!suggest_words_shown(p->t->words, v->text, v->len) || !is_new(seen, v->text, v->len))
			continue;
		struct vx_json *set = vx_json_object();
		if (place.is_targeted == 1)
			vx_json_set_bool(set, "is_targeted", true);
		vx_json_set_bool(set, "is_systematic", place.is_systematic == 1);
		vx_json_set(values, v->text, set);
	}
	vx_json_free(seen);
	return values;
}

static void put_scheme(struct suggest_draft *d, size_t column, const struct places *s, struct vx_json *location)
{
	const struct suggest_column *col = &d->p->t->columns[column];
	bool few = !col->partial && s->cells <= MANY;

	if (few && s->targeted && s->sited) {
		struct vx_json *set = vx_json_object();
		vx_json_set_bool(set, "is_systematic", true);
		vx_json_set_bool(set, "is_targeted", false);
		vx_json_set(d->component, "set", set);
		vx_json_set(location, "values", choices_of(d->p, column));
		suggest_unsure(d->p, RANK_PLACE,
			"component.set: cores whose \"%s\" does not say that they were targeted are taken as "
			"systematic",
			col->name);
	}
	if (s->lateral && s->plain && !s->medial)
		suggest_unsure(d->p, RANK_PLACE,
			"component.location: in \"%s\" some places are lateral and none is medial; if this is a "
			"12-core scheme, add \"scheme\": {\"name\": \"12-core\", \"unstated\": {\"laterality\": "
			"\"medial\"}} to {\"column\": \"%s\"}",
			col->name, col->name);
	if (vx_json_size(location) > 1)
		vx_json_set_bool(location, "keep", true);
}

static void tell_of_places(const struct suggest_plan *p, size_t column, const struct places *s)
{
	const struct suggest_column *col = &p->t->columns[column];
	bool few = !col->partial && s->cells <= MANY;

	if (!s->n_unknown)
		return;
	suggest_unsure((struct suggest_plan *)p, RANK_PLACE,
		"location: %zu of %zu texts in \"%s\" are not understood whole%s%s; their text is kept, see "
		"\"values\" and \"tokens\"",
		s->n_unknown, s->cells, col->name, few && s->unknown.len ? ": " : "",
		few && s->unknown.len ? s->unknown.data : "");
}

/* Which single field a column fills; VX_PLACE_FIELDS: any of them. */
static enum vx_term field_of(const struct suggest_plan *p, size_t column)
{
	static const struct {
		uint64_t hint;
		enum vx_term field;
	} hinted[] = { { HINT(SIDE), VX_TERM_SIDE }, { HINT(LEVEL), VX_TERM_LEVEL }, { HINT(ZONE), VX_TERM_ZONE },
		{ HINT(AP_POSITION), VX_TERM_AP_POSITION }, { HINT(LATERALITY), VX_TERM_LATERALITY } };
	const struct suggest_profile *f = &p->profile[column];

	for (size_t i = 0; i < sizeof hinted / sizeof *hinted; i++)
		if (suggest_hint(p, column, hinted[i].hint) && suggest_most(f->field[hinted[i].field], f->n, 80))
			return hinted[i].field;
	if (suggest_hint(p, column, HINT(LOCATION)) || suggest_most(f->whole, f->n, 50))
		return VX_PLACE_FIELDS;
	/* "Laterality" often holds left and right. */
	for (int i = 0; i < VX_PLACE_FIELDS; i++)
		if (suggest_most(f->field[i], f->n, 80))
			return (enum vx_term)i;
	return VX_PLACE_FIELDS;
}

static bool is_place(const struct suggest_plan *p, size_t c)
{
	const struct suggest_profile *f = &p->profile[c];
	uint64_t named = HINT(LOCATION) | HINT(SIDE) | HINT(LEVEL) | HINT(ZONE) | HINT(AP_POSITION) | HINT(LATERALITY);
	bool name = c == p->at[ROLE_NAME] && suggest_most(f->place, f->n, 30);

	if (!name && !suggest_free(p, c))
		return false;
	if (f->number * 2 > f->n)
		return false;
	if (suggest_hint(p, c, named | HINT(COMPONENT)))
		return suggest_most(f->place, f->n, 30) ||
		       suggest_most(f->field[field_of(p, c) % VX_PLACE_FIELDS], f->n, 80);
	return !p->t->columns[c].hints && f->distinct > 1 && suggest_most(f->whole, f->n, 80);
}

static void put_locations(struct suggest_draft *d)
{
	struct suggest_plan *p = d->p;
	struct vx_json *found[2] = { vx_json_array(), vx_json_array() }, *parts[2] = { d->workup, d->component };

	for (size_t c = 0; c < p->t->n; c++) {
		struct places s = { 0 };
		enum vx_term field;
		if (!is_place(p, c))
			continue;
		if (!p->t->columns[c].hints)
			suggest_unsure(p, RANK_PLACE, "location: \"%s\" is not named like one, but its cells say where",
				suggest_name(p, c));
		field = field_of(p, c);
		struct vx_json *location = vx_json_object();
		vx_json_set_str(location, "column", suggest_name(p, c));
		if (field < VX_PLACE_FIELDS) {
			struct vx_json *fields = vx_json_array();
			vx_json_push(fields, vx_json_string(vx_term_name(field)));
			vx_json_set(location, "fields", fields);
		}
		look_at_places(p, c, field < VX_PLACE_FIELDS ? 1u << field : ALL_FIELDS, &s);
		tell_of_places(p, c, &s);
		if (field == VX_PLACE_FIELDS && suggest_part(d, c) == d->component && !suggest_list_of(p, c))
			put_scheme(d, c, &s, location);
		p->used[c] = true;
		vx_json_push(found[suggest_part(d, c) == d->component], location);
		vx_buf_free(&s.unknown);
	}
	for (int i = 0; i < 2; i++) {
		size_t n = vx_json_size(found[i]);
		struct vx_json *one = n == 1 ? vx_json_at(found[i], 0) : found[i];
		if (n == 1 && vx_json_size(one) == 1)
			one = vx_json_get(one, "column");
		if (n)
			vx_json_set(parts[i], "location", vx_json_ref(one));
		vx_json_free(found[i]);
	}
}

/* ---- grade, days ---- */

static void put_grade(struct suggest_draft *d)
{
	static const struct {
		const char *key;
		enum suggest_role role;
	} columns[] = { { "gleason", ROLE_GLEASON }, { "primary", ROLE_PRIMARY }, { "secondary", ROLE_SECONDARY },
		{ "tertiary", ROLE_TERTIARY }, { "isup", ROLE_ISUP }, { "text", ROLE_TEXT } };
	struct suggest_plan *p = d->p;
	struct vx_json *grade = vx_json_object(), *part = NULL;

	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
		size_t c = p->at[columns[i].role];
		/* The third pattern belongs to the other two. */
		if (c == NO_COLUMN || (columns[i].role == ROLE_TERTIARY && !part))
			continue;
		part = suggest_part(d, c);
		suggest_set_column(d, grade, columns[i].key, p->at[columns[i].role]);
	}
	if (part)
		vx_json_set(part, "grade", grade);
	else
		vx_json_free(grade);
}

void suggest_parts(struct suggest_draft *d)
{
	struct suggest_plan *p = d->p;
	size_t c = p->at[ROLE_ASSESSOR];
	long groups, constant;

	put_procedure(d);
	put_locations(d);
	put_grade(d);
	suggest_set_column(d, d->workup, "date", p->at[ROLE_DATE]);
	if (c == NO_COLUMN)
		c = p->at[ROLE_ASSESSED];
	if (c == NO_COLUMN)
		return;
	suggest_constant(p, c, true, &groups, &constant);
	struct vx_json *part = constant == groups ? d->workup : suggest_part(d, c);
	suggest_set_column(d, part, "assessor", p->at[ROLE_ASSESSOR]);
	suggest_set_column(d, part, "assessed", p->at[ROLE_ASSESSED]);
}
