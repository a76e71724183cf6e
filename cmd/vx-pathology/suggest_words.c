/* suggest_words: words of names and cells -> what they hint at.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "suggest_words.h"
#include "vx_lexicon.h"
#include "vx_opt.h"

static const char *const hint_names[HINTS] = {
#define X(name) [HINT_##name] = #name,
	SUGGEST_HINTS(X)
#undef X
};

#define SHOWN_BYTES 60
#define SHOWN_WORDS 6

enum field {
	FIELD_HINT,
	FIELD_BLANK,
	FIELD_ANSWER,
	FIELD_PERSON,
	FIELD_TYPE,
	FIELD_IS_SYSTEMATIC,
	FIELD_IS_TARGETED,
	FIELDS
};

static const struct {
	const char *name;
	const char *values[6];
} fields[FIELDS] = {
	[FIELD_BLANK] = { "blank", { "-" } },
	[FIELD_ANSWER] = { "answer", { "no", "yes" } },
	[FIELD_PERSON] = { "person", { "-" } },
	[FIELD_TYPE] = { "type", { "BIOPSY", "RPE", "RESECTION", "EXCISION", "OTHER_OR_UNKNOWN" } },
	[FIELD_IS_SYSTEMATIC] = { "is_systematic", { "true" } },
	[FIELD_IS_TARGETED] = { "is_targeted", { "true" } },
};

struct entry {
	char *words; /* folded, a space at both ends */
	size_t len;
	bool whole; /* counts only where it is the whole name */
	enum field field;
	int value; /* the hint, or which of the field's values */
};

struct suggest_words {
	struct entry *entries;
	size_t n;
};

/* ---- folding ---- */

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

void suggest_words_fold(struct vx_buf *b, const char *text, size_t len)
{
	struct vx_buf apart = VX_BUF_INIT;
	size_t from = b->len;

	for (size_t i = 0; i < len; i++) {
		char c = text[i], before = i ? text[i - 1] : ' ';
		if ((is_upper(c) && is_lower(before)) || (is_digit(c) && (is_lower(before) || is_upper(before))))
			vx_buf_putc(&apart, ' ');
		if (c == '%')
			vx_buf_puts(&apart, " percent ");
		else if (c == '#')
			vx_buf_puts(&apart, " number ");
		else
			vx_buf_putc(&apart, c);
	}
	if (apart.len)
		vx_lexicon_fold(b, apart.data, apart.len);
	/* "?" and "*" are words of their own where nothing else is left. */
	if (b->len == from)
		vx_buf_add(b, text, len);
	vx_buf_free(&apart);
}

/* " words ", to be looked for in " other words ". */
static void fold_padded(struct vx_buf *b, const char *text, size_t len)
{
	vx_buf_putc(b, ' ');
	suggest_words_fold(b, text, len);
	vx_buf_putc(b, ' ');
}

/* ---- reading ---- */

static int find_hint(const char *name, size_t len)
{
	for (int h = 0; h < HINTS; h++)
		if (strlen(hint_names[h]) == len && strncasecmp(hint_names[h], name, len) == 0)
			return h;
	return -1;
}

static int find_value(enum field f, const char *value, size_t len)
{
	for (int v = 0; v < 6 && fields[f].values[v]; v++)
		if (strlen(fields[f].values[v]) == len && memcmp(fields[f].values[v], value, len) == 0)
			return v;
	return -1;
}

static void add_entry(struct suggest_words *w, const char *words, size_t len, enum field f, int value)
{
	struct entry e = { .field = f, .value = value, .whole = len > 1 && *words == '=' };
	struct vx_buf b = VX_BUF_INIT;

	fold_padded(&b, words + e.whole, len - e.whole);
	e.words = b.data;
	e.len = b.len;
	if ((w->n & (w->n + 1)) == 0)
		w->entries = vx_realloc(w->entries, (2 * w->n + 1) * sizeof *w->entries);
	w->entries[w->n++] = e;
}

/* Cuts line at its tabs; returns how many parts there are, at most max. */
static size_t cut(char *line, size_t len, struct vx_buf parts[], size_t max)
{
	size_t n = 0;

	for (char *end = line + len; n < max; n++) {
		char *tab = memchr(line, '\t', (size_t)(end - line));
		parts[n] = (struct vx_buf){ .data = line, .len = (size_t)((tab ? tab : end) - line) };
		if (!tab)
			return n + 1;
		line = tab + 1;
	}
	return n + 1;
}

/* language, words, hint; or language, words, field, value. */
static int take_line(struct suggest_words *w, char *line, size_t len, bool names, struct vx_error *err)
{
	struct vx_buf part[4];
	int value = -1;
	enum field f = FIELD_HINT;

	if (!len || *line == '#')
		return VX_OK;
	if (!vx_utf8_valid(line, len))
		return vx_error_set(err, VX_EDATA, NULL, "not UTF-8");
	if (cut(line, len, part, 4) != (names ? 3 : 4) || !part[0].len || !part[1].len)
		return vx_error_set(err, VX_EDATA, NULL,
			names ? "not language, words, hint with tabs between"
			      : "not language, words, field, value with tabs between");
	if (names) {
		value = find_hint(part[2].data, part[2].len);
		if (value < 0)
			return vx_error_set(
				err, VX_EDATA, "hint", "there is no '%.*s'", (int)part[2].len, part[2].data);
	} else {
		for (f = FIELD_BLANK; f < FIELDS; f++)
			if (strlen(fields[f].name) == part[2].len &&
				memcmp(fields[f].name, part[2].data, part[2].len) == 0)
				break;
		if (f < FIELDS)
			value = find_value(f, part[3].data, part[3].len);
		if (value < 0)
			return vx_error_set(err, VX_EDATA, "value", "there is no '%.*s' of '%.*s'", (int)part[3].len,
				part[3].data, (int)part[2].len, part[2].data);
	}
	add_entry(w, part[1].data, part[1].len, f, value);
	return VX_OK;
}

static int read_file(struct suggest_words *w, const char *path, bool names, struct vx_error *err)
{
	struct vx_reader *in = vx_reader_open(path, err);
	char *line;
	size_t len;
	long row = 0;
	int got;

	if (!in)
		return VX_EIO;
	while ((got = vx_reader_line(in, &line, &len, err)) == 1) {
		row++;
		if (len && line[len - 1] == '\r')
			len--;
		got = take_line(w, line, len, names, err);
		if (got != VX_OK)
			break;
	}
	if (got < 0)
		vx_error_at(err, path, got == VX_EDATA ? row : 0);
	vx_reader_close(in);
	return got;
}

struct suggest_words *suggest_words_read(const char *columns, const char *values, struct vx_error *err)
{
	struct suggest_words *w = vx_alloc(sizeof *w);

	if (read_file(w, columns, true, err) == VX_OK && read_file(w, values, false, err) == VX_OK)
		return w;
	suggest_words_free(w);
	return NULL;
}

struct suggest_words *suggest_words_load(struct vx_error *err)
{
	struct suggest_words *w = NULL;
	char *columns = NULL, *values = NULL;

	if (vx_share_path("pathology/columns.tsv", &columns, err) == VX_OK &&
		vx_share_path("pathology/values.tsv", &values, err) == VX_OK)
		w = suggest_words_read(columns, values, err);
	free(columns);
	free(values);
	return w;
}

void suggest_words_free(struct suggest_words *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < w->n; i++)
		free(w->entries[i].words);
	free(w->entries);
	free(w);
}

/* ---- asking ---- */

/* A place in a folded name where an entry stands. */
struct hit {
	const struct entry *entry;
	size_t from, to;
};

/* Where one entry stands inside another one's place, it means nothing: "gleason" in "gleason grade group". */
static bool covered(const struct hit *hits, size_t n, const struct hit *h)
{
	for (size_t i = 0; i < n; i++)
		if (hits[i].from <= h->from && hits[i].to >= h->to && hits[i].to - hits[i].from > h->to - h->from)
			return true;
	return false;
}

uint64_t suggest_words_hints(const struct suggest_words *w, const char *name)
{
	struct vx_buf b = VX_BUF_INIT;
	struct hit hits[64];
	size_t n = 0;
	uint64_t hints = 0;

	fold_padded(&b, name, strlen(name));
	for (size_t i = 0; i < w->n && n < sizeof hits / sizeof *hits; i++) {
		const struct entry *e = &w->entries[i];
		const char *at = b.data;
		if (e->field != FIELD_HINT || (e->whole && b.len != e->len))
			continue;
		while (n < sizeof hits / sizeof *hits && (at = strstr(at, e->words)) != NULL) {
			hits[n].entry = e;
			hits[n].from = (size_t)(at - b.data);
			hits[n].to = hits[n].from + e->len;
			n++;
			at++;
		}
	}
	for (size_t i = 0; i < n; i++)
		if (!covered(hits, n, &hits[i]))
			hints |= UINT64_C(1) << hits[i].entry->value;
	vx_buf_free(&b);
	return hints;
}

/* The value that a whole cell has in field, or -1. */
static int whole_value(const struct suggest_words *w, enum field f, const char *text, size_t len)
{
	struct vx_buf b = VX_BUF_INIT;
	int value = -1;

	fold_padded(&b, text, len);
	for (size_t i = 0; i < w->n && value < 0; i++) {
		const struct entry *e = &w->entries[i];
		if (e->field == f && e->len == b.len && memcmp(e->words, b.data, b.len) == 0)
			value = e->value;
	}
	vx_buf_free(&b);
	return value;
}

bool suggest_words_blank(const struct suggest_words *w, const char *text, size_t len)
{
	return len < 40 && whole_value(w, FIELD_BLANK, text, len) >= 0;
}

int suggest_words_answer(const struct suggest_words *w, const char *text, size_t len)
{
	return len < 40 ? whole_value(w, FIELD_ANSWER, text, len) : -1;
}

/* MR is a scanner, Mr a man: folded they are the same. */
static bool has_mister(const char *text, size_t len)
{
	for (size_t i = 0; i + 3 < len; i++)
		if (memcmp(text + i, "Mr", 2) == 0 && strchr(". ", text[i + 2]) &&
			(!i || strchr(" (/,;:", text[i - 1])))
			return true;
	return false;
}

bool suggest_words_shown(const struct suggest_words *w, const char *text, size_t len)
{
	struct vx_buf b = VX_BUF_INIT;
	size_t blanks = 0;
	bool person = has_mister(text, len);

	if (len > SHOWN_BYTES || person)
		return false;
	fold_padded(&b, text, len);
	for (size_t i = 0; i < b.len; i++)
		blanks += b.data[i] == ' ';
	for (size_t i = 0; i < w->n; i++)
		person |= w->entries[i].field == FIELD_PERSON && strstr(b.data, w->entries[i].words);
	vx_buf_free(&b);
	return !person && blanks <= SHOWN_WORDS + 1;
}

bool suggest_words_procedure(const struct suggest_words *w, const char *text, size_t len, struct suggest_procedure *p)
{
	struct vx_buf b = VX_BUF_INIT;
	int type = -1;

	*p = (struct suggest_procedure){ 0 };
	fold_padded(&b, text, len);
	for (size_t i = 0; i < w->n; i++) {
		const struct entry *e = &w->entries[i];
		if (e->field < FIELD_TYPE || !strstr(b.data, e->words))
			continue;
		/* An operation may be named beside the biopsy that it followed; the later type of the list is the
		 * operation. */
		if (e->field == FIELD_TYPE && e->value > type)
			type = e->value;
		p->systematic |= e->field == FIELD_IS_SYSTEMATIC;
		p->targeted |= e->field == FIELD_IS_TARGETED;
	}
	vx_buf_free(&b);
	if (type >= 0)
		p->type = fields[FIELD_TYPE].values[type];
	return type >= 0 || p->systematic || p->targeted;
}
