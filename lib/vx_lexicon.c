/* vx_lexicon: words -> what they mean, by a hash table of folded tokens.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "vx_fold.h"
#include "vx_hash.h"
#include "vx_io.h"
#include "vx_lexicon.h"

#define TOKEN_BYTES 128 /* of a folded token; a longer word is unknown */
#define TOKEN_WORDS 8
#define FIRST_SLOTS 256

struct token {
	char *text; /* folded, words with one space between; NULL: the slot is free */
	size_t len;
	uint64_t hash;
	unsigned layer; /* that its meanings come from */
	bool begins;    /* longer tokens begin with these words */
	unsigned n;     /* meanings; 0: these words only begin longer tokens */
	unsigned meanings[VX_TERM_MEANINGS];
	const char *values[VX_TERMS];
};

struct vx_lexicon {
	struct token *slots; /* open addressing */
	size_t mask, used;
	unsigned layer;
};

struct vx_lexicon *vx_lexicon_new(void)
{
	struct vx_lexicon *lex = vx_alloc(sizeof *lex);

	lex->slots = vx_alloc(FIRST_SLOTS * sizeof *lex->slots);
	lex->mask = FIRST_SLOTS - 1;
	return lex;
}

void vx_lexicon_free(struct vx_lexicon *lex)
{
	if (!lex)
		return;
	for (size_t i = 0; i <= lex->mask; i++)
		free(lex->slots[i].text);
	free(lex->slots);
	free(lex);
}

struct vx_lexicon *vx_lexicon_copy(const struct vx_lexicon *lex)
{
	struct vx_lexicon *copy = vx_alloc(sizeof *copy);

	*copy = *lex;
	copy->slots = vx_alloc((lex->mask + 1) * sizeof *copy->slots);
	for (size_t i = 0; i <= lex->mask; i++) {
		copy->slots[i] = lex->slots[i];
		if (lex->slots[i].text)
			copy->slots[i].text = vx_strndup(lex->slots[i].text, lex->slots[i].len);
	}
	return copy;
}

void vx_lexicon_layer(struct vx_lexicon *lex)
{
	lex->layer++;
}

/* The slot of a token, or the free one where it belongs. */
static struct token *slot_of(const struct vx_lexicon *lex, const char *text, size_t len, uint64_t hash)
{
	size_t i = (size_t)hash & lex->mask;

	while (lex->slots[i].text &&
		(lex->slots[i].hash != hash || lex->slots[i].len != len || memcmp(lex->slots[i].text, text, len) != 0))
		i = (i + 1) & lex->mask;
	return &lex->slots[i];
}

static void grow(struct vx_lexicon *lex)
{
	struct token *old = lex->slots;
	size_t n = lex->mask + 1;

	lex->mask = 2 * n - 1;
	lex->slots = vx_alloc(2 * n * sizeof *lex->slots);
	for (size_t i = 0; i < n; i++)
		if (old[i].text)
			*slot_of(lex, old[i].text, old[i].len, old[i].hash) = old[i];
	free(old);
}

static struct token *token_of(struct vx_lexicon *lex, const char *text, size_t len)
{
	uint64_t hash = vx_hash64(text, len);
	struct token *t;

	if (2 * lex->used > lex->mask)
		grow(lex);
	t = slot_of(lex, text, len, hash);
	if (!t->text) {
		t->text = vx_strndup(text, len);
		t->len = len;
		t->hash = hash;
		lex->used++;
	}
	return t;
}

/* The next word of text[*at..len): folded behind the *used bytes of out; false: there is none, or, where signs is
 * false, a sign comes first. A word without room sets *used to TOKEN_BYTES + 1. *start: where it begins. */
static bool next_word(const char *text, size_t len, size_t *at, bool signs, char *out, size_t *used, size_t *start)
{
	struct vx_folded f;
	size_t i = *at, size, had = *used;

	for (; i < len; i += size) {
		size = vx_fold_next(text + i, len - i, &f);
		if (f.kind == VX_FOLD_SIGN && !signs)
			break;
		if (f.kind == VX_FOLD_WORD) {
			if (*used == had)
				*start = i;
			if (*used + f.len > TOKEN_BYTES) {
				*used = TOKEN_BYTES + 1;
				continue;
			}
			memcpy(out + *used, f.text, f.len);
			*used += f.len;
		} else if (f.kind != VX_FOLD_NONE && *used > had) {
			break;
		}
	}
	*at = i;
	return *used > had;
}

/* A token as it is kept: its words, folded, one space between; ends takes where each ends. Returns how many they are; 0:
 * none, too many or too long, or a sign among them, which parts words. */
static unsigned fold_token(const char *text, size_t len, char out[TOKEN_BYTES], size_t ends[TOKEN_WORDS])
{
	size_t at = 0, used = 0, start;
	unsigned words = 0;

	while (next_word(text, len, &at, false, out, &used, &start)) {
		if (used >= TOKEN_BYTES || words == TOKEN_WORDS)
			return 0;
		ends[words++] = used;
		out[used++] = ' ';
	}
	return at >= len ? words : 0;
}

/* The token in this layer, emptied where earlier layers filled it. NULL with err when it is none. */
static struct token *token_to_fill(struct vx_lexicon *lex, const char *text, size_t len, struct vx_error *err)
{
	char folded[TOKEN_BYTES];
	size_t ends[TOKEN_WORDS];
	unsigned words = fold_token(text, len, folded, ends);
	struct token *t;

	if (!words) {
		vx_error_set(err, VX_EDATA, "token",
			"is no word, or more than %d, or longer than %d letters, or holds one of + & < > = ?",
			TOKEN_WORDS, TOKEN_BYTES - 1);
		return NULL;
	}
	for (unsigned i = 0; i + 1 < words; i++)
		token_of(lex, folded, ends[i])->begins = true;
	t = token_of(lex, folded, ends[words - 1]);
	if (t->layer != lex->layer || !t->n) {
		t->layer = lex->layer;
		t->n = 0;
		memset(t->values, 0, sizeof t->values);
	}
	return t;
}

static int set_value(struct token *t, enum vx_term term, const char *value, struct vx_error *err)
{
	const char *known = value ? vx_term_value(term, value, strlen(value)) : NULL;

	if (!known)
		return vx_error_set(
			err, VX_EDATA, "value", "%s is never \"%s\"", vx_term_name(term), value ? value : "");
	if (t->values[term] && t->values[term] != known)
		return vx_error_set(err, VX_EDATA, "value", "%s is both \"%s\" and \"%s\" for this token",
			vx_term_name(term), t->values[term], known);
	t->values[term] = known;
	return VX_OK;
}

int vx_lexicon_add(struct vx_lexicon *lex, const char *token, size_t len, enum vx_term term, const char *value,
	struct vx_error *err)
{
	struct token *t = token_to_fill(lex, token, len, err);

	if (!t)
		return VX_EDATA;
	if (set_value(t, term, value, err) != VX_OK)
		return VX_EDATA;
	if (!t->n)
		t->meanings[t->n++] = 0;
	t->meanings[t->n - 1] |= 1u << term;
	return VX_OK;
}

int vx_lexicon_add_meaning(struct vx_lexicon *lex, const char *token, size_t len, unsigned fields,
	const char *const values[VX_TERMS], struct vx_error *err)
{
	struct token *t = token_to_fill(lex, token, len, err);

	if (!t)
		return VX_EDATA;
	for (unsigned term = 0; term < VX_TERMS; term++)
		if (fields >> term & 1 && set_value(t, (enum vx_term)term, values[term], err) != VX_OK)
			return VX_EDATA;
	for (unsigned i = 0; i < t->n; i++)
		if (t->meanings[i] == fields)
			return VX_OK;
	if (t->n == VX_TERM_MEANINGS)
		return vx_error_set(err, VX_EDATA, "token", "has more than %d meanings", VX_TERM_MEANINGS);
	t->meanings[t->n++] = fields;
	return VX_OK;
}

static const struct token *find(const struct vx_lexicon *lex, const char *text, size_t len)
{
	const struct token *t = slot_of(lex, text, len, vx_hash64(text, len));

	return t->text ? t : NULL;
}

/* Whether what stands between two words parts sentences or alternatives: "benign: no. Carcinoma" does not say "no carcinoma".
 * Dot and slash behind a single letter only abbreviate: k. A., N/A. */
static bool parted(const char *between, size_t len, bool single_letter)
{
	for (size_t i = 0; i < len; i++)
		if (strchr(",;:|\\()[]?!\n", between[i]) || (!single_letter && strchr("./", between[i])) ||
			(between[i] == '-' && len > 1) || between[i] == '\xe2') /* dashes and bullets */
			return true;
	return false;
}

/* The longest token that begins with word, whose folded form is buf[0..used); *at moves behind it. */
static const struct token *longest(const struct vx_lexicon *lex, const struct token *word, const char *text, size_t len,
	char *buf, size_t used, size_t *at)
{
	const struct token *best = word->n ? word : NULL;
	size_t end = *at, start, first = 0;
	bool broken = false;

	while (word && word->begins && used < TOKEN_BYTES) {
		size_t from = end, letters = used - first;

		buf[used++] = ' ';
		first = used;
		if (!next_word(text, len, &end, false, buf, &used, &start) || used > TOKEN_BYTES)
			break;
		broken |= parted(text + from, start - from, letters == 1);
		word = find(lex, buf, used);
		/* Places are often written with all kinds of signs between; what a result says hangs on them. */
		if (word && word->n && !(broken && word->values[VX_TERM_RESULT])) {
			best = word;
			*at = end;
		}
	}
	return best;
}

bool vx_lexicon_match(const struct vx_lexicon *lex, const char *text, size_t len, size_t *at, struct vx_term_match *m)
{
	char buf[TOKEN_BYTES];
	size_t used = 0, start = 0;
	const struct token *t = NULL;

	if (!next_word(text, len, at, true, buf, &used, &start))
		return false;
	if (used <= TOKEN_BYTES)
		t = find(lex, buf, used);
	if (t)
		t = longest(lex, t, text, len, buf, used, at);
	*m = (struct vx_term_match){ .text = text + start, .len = *at - start };
	if (!t)
		return true;
	memcpy(m->values, t->values, sizeof m->values);
	memcpy(m->meanings, t->meanings, sizeof m->meanings);
	m->n = t->n;
	for (unsigned i = 0; i < t->n; i++)
		m->fields |= t->meanings[i];
	return true;
}

unsigned vx_term_certain(const struct vx_term_match *m, unsigned fields, bool *ambiguous)
{
	unsigned inside = 0, common[2] = { ~0u, ~0u }; /* of the meanings within fields, of all */
	bool alike = true;

	*ambiguous = false;
	for (unsigned i = 0; i < m->n; i++) {
		if (!(m->meanings[i] & ~fields)) {
			inside++;
			common[0] &= m->meanings[i];
		}
		common[1] &= m->meanings[i];
		alike = alike && (m->meanings[i] & fields) == (m->meanings[0] & fields);
	}
	if (m->n == 0)
		return 0;
	if (inside == 1)
		return common[0];
	*ambiguous = !alike;
	return common[inside ? 0 : 1] & fields;
}

/* "left" and "l-e-f-t" are different; a text of nothing but punctuation is itself. */
void vx_lexicon_fold(struct vx_buf *b, const char *text, size_t len)
{
	size_t had = b->len, size;
	bool gap = false;
	struct vx_folded f;

	for (size_t i = 0; i < len; i += size) {
		size = vx_fold_next(text + i, len - i, &f);
		if (f.kind == VX_FOLD_NONE)
			continue;
		if ((gap || f.kind == VX_FOLD_SIGN) && f.len && b->len > had)
			vx_buf_putc(b, ' ');
		if (f.len)
			vx_buf_add(b, f.text, f.len);
		gap = f.kind != VX_FOLD_WORD;
	}
	if (b->len > had)
		return;
	while (len && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	while (len && (text[0] == ' ' || text[0] == '\t')) {
		text++;
		len--;
	}
	vx_buf_add(b, text, len);
}
