/* vx_location: the words of a cell -> the place that a piece of tissue comes from.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "vx_fold.h"
#include "vx_location.h"

/* Levels lie on a line; as bits, neighbours that stand side by side add up. */
enum { APEX = 1, MID = 2, BASE = 4, LEVEL_SETS = 8 };

struct reading {
	unsigned asked; /* the fields that the caller wants, and what steers the reading */
	const char *value[VX_TERM_RESULT];
	unsigned clash;        /* fields with two values */
	unsigned levels;       /* APEX, MID, BASE */
	bool level_open;       /* nothing but fillers since the last level */
	bool joined;           /* "and" or + since the last side */
	bool two_sides;        /* left and right */
	unsigned before_other; /* fields filled between the first side and the other one */
	unsigned behind;       /* fields filled since the last side */
	bool uncertain;        /* or, not, ? */
	bool whole;
};

static const char *level_name(unsigned levels)
{
	static const char *const names[LEVEL_SETS] = {
		[APEX] = "apex", [APEX | MID] = "apex-mid", [MID] = "mid", [MID | BASE] = "mid-base", [BASE] = "base"
	};

	return names[levels] ? vx_term_value(VX_TERM_LEVEL, names[levels], strlen(names[levels])) : NULL;
}

static unsigned level_bits(const char *level)
{
	unsigned bits = 0;

	if (strstr(level, "apex"))
		bits |= APEX;
	if (strstr(level, "mid"))
		bits |= MID;
	if (strstr(level, "base"))
		bits |= BASE;
	return bits;
}

static void add_level(struct reading *r, const char *level)
{
	unsigned bits = level_bits(level);

	if (r->levels && r->levels != bits && !r->level_open)
		r->clash |= 1u << VX_TERM_LEVEL;
	r->levels |= bits;
	r->value[VX_TERM_LEVEL] = level;
}

static bool is(const char *value, const char *name)
{
	return strcmp(value, name) == 0;
}

/* left and right, in either order. */
static bool opposite(const char *a, const char *b)
{
	return (is(a, "left") && is(b, "right")) || (is(a, "right") && is(b, "left"));
}

static void add_side(struct reading *r, const char *side)
{
	const char *had = r->value[VX_TERM_SIDE];

	if (had && (had != side || r->two_sides)) {
		if (!r->joined || r->two_sides || !opposite(had, side))
			r->clash |= 1u << VX_TERM_SIDE;
		if (!r->two_sides)
			r->before_other = r->behind;
		r->two_sides = true;
	}
	r->value[VX_TERM_SIDE] = side;
	r->joined = false;
	r->behind = 0;
}

static void add_word(struct reading *r, const struct vx_term_match *m, unsigned fields)
{
	unsigned filled = fields & (VX_PLACE_MASK | 1u << VX_TERM_IS_SYSTEMATIC | 1u << VX_TERM_IS_TARGETED);

	for (unsigned t = 0; t < VX_TERM_RESULT; t++) {
		if (!(filled >> t & 1))
			continue;
		if (t == VX_TERM_SIDE) {
			add_side(r, m->values[t]);
		} else if (t == VX_TERM_LEVEL) {
			add_level(r, m->values[t]);
		} else {
			if (r->value[t] && r->value[t] != m->values[t])
				r->clash |= 1u << t;
			r->value[t] = m->values[t];
		}
	}
	r->behind |= filled & ~(1u << VX_TERM_SIDE);
	if (filled)
		r->level_open = filled >> VX_TERM_LEVEL & 1;
}

static void play_role(struct reading *r, const char *role)
{
	if (is(role, "and"))
		r->joined = true;
	else if (is(role, "keep"))
		r->whole = false;
	else
		r->uncertain = true;
}

/* What stands between two words: + joins, ? doubts. */
static void read_gap(struct reading *r, const char *text, size_t len)
{
	struct vx_folded f;

	for (size_t i = 0; i < len; i += vx_fold_next(text + i, len - i, &f)) {
		vx_fold_next(text + i, len - i, &f);
		if (f.kind == VX_FOLD_SIGN && f.text[0] == '+')
			r->joined = true;
		else if (f.kind == VX_FOLD_SIGN && f.text[0] == '?')
			r->uncertain = true;
	}
}

/* Whether these fields are all that a word means; less is where the caller did not ask for the rest. */
static bool is_meaning(const struct vx_term_match *m, unsigned fields)
{
	for (unsigned i = 0; i < m->n; i++)
		if (m->meanings[i] == fields)
			return true;
	return false;
}

/* A running number is no word: nothing to look up, but the text has to be kept. */
static bool is_number(const struct vx_term_match *m)
{
	for (size_t i = 0; i < m->len; i++)
		if (m->text[i] < '0' || m->text[i] > '9')
			return false;
	return true;
}

/* What the whole text leaves of two sides and of levels. */
static void settle(struct reading *r)
{
	unsigned side = 1u << VX_TERM_SIDE;

	if (r->two_sides) {
		/* "left apex and right": what is said of one side alone is said of neither. */
		if (r->before_other & ~r->behind)
			r->clash |= side | (r->before_other & ~r->behind);
		r->value[VX_TERM_SIDE] = vx_term_value(VX_TERM_SIDE, "bilateral", 9);
	}
	if (r->levels) {
		r->value[VX_TERM_LEVEL] = level_name(r->levels);
		if (!r->value[VX_TERM_LEVEL])
			r->clash |= 1u << VX_TERM_LEVEL;
	}
	for (unsigned t = 0; t < VX_TERM_RESULT; t++)
		if (r->clash >> t & 1)
			r->value[t] = NULL;
	if (r->clash)
		r->whole = false;
}

static signed char flag(const char *value)
{
	return value ? is(value, "true") : -1;
}

bool vx_location_parse(const struct vx_lexicon *lex, const char *text, size_t len, unsigned fields,
	struct vx_place *place, void (*unknown)(void *arg, const char *word, size_t len, bool ambiguous), void *arg)
{
	struct reading r = { .asked = fields | 1u << VX_TERM_FILLER | 1u << VX_TERM_ROLE, .whole = true };
	struct vx_place found = VX_PLACE_INIT;
	struct vx_term_match m;
	size_t at = 0, end = 0;

	for (; vx_lexicon_match(lex, text, len, &at, &m); end = at) {
		bool ambiguous;
		unsigned certain = vx_term_certain(&m, r.asked, &ambiguous);

		read_gap(&r, text + end, (size_t)(m.text - text) - end);
		if (ambiguous || !is_meaning(&m, certain))
			r.whole = false;
		if (ambiguous || m.n == 0)
			r.level_open = r.joined = false;
		if (unknown && (ambiguous || (m.n == 0 && !is_number(&m))))
			unknown(arg, m.text, m.len, ambiguous);
		add_word(&r, &m, certain);
		if (certain >> VX_TERM_ROLE & 1)
			play_role(&r, m.values[VX_TERM_ROLE]);
	}
	read_gap(&r, text + end, len - end);
	if (r.uncertain)
		return false;
	settle(&r);
	memcpy(found.value, r.value, sizeof found.value);
	found.is_systematic = flag(r.value[VX_TERM_IS_SYSTEMATIC]);
	found.is_targeted = flag(r.value[VX_TERM_IS_TARGETED]);
	return vx_place_merge(place, &found) == 0 && r.whole;
}

static unsigned merge_flag(signed char *flag, signed char more, enum vx_term t)
{
	if (more < 0 || *flag == more)
		return 0;
	if (*flag < 0) {
		*flag = more;
		return 0;
	}
	*flag = -1;
	return 1u << t;
}

unsigned vx_place_merge(struct vx_place *place, const struct vx_place *more)
{
	unsigned clash = 0;

	for (unsigned t = 0; t < VX_PLACE_FIELDS; t++) {
		if (!more->value[t] || (place->value[t] && is(place->value[t], more->value[t])))
			continue;
		if (place->value[t])
			clash |= 1u << t;
		place->value[t] = place->value[t] ? NULL : more->value[t];
	}
	clash |= merge_flag(&place->is_systematic, more->is_systematic, VX_TERM_IS_SYSTEMATIC);
	return clash | merge_flag(&place->is_targeted, more->is_targeted, VX_TERM_IS_TARGETED);
}
