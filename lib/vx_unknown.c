/* vx_unknown: words that were not understood -> lines for a lexicon, the most frequent first.
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "vx_hash.h"
#include "vx_unknown.h"

#define DEFAULT_MAX 10000
#define WORD_BYTES 127 /* folded; a longer one cannot stand in a lexicon */
#define CELL_BYTES 80  /* of the first cell are shown */
#define FIRST_SLOTS 64

struct word {
	char *text;  /* folded; NULL: the slot is free */
	char *where; /* "table.csv:17: LEFT APX" */
	uint64_t hash;
	uint64_t cells;
	uint64_t last; /* the cell that it was counted in last */
	bool ambiguous;
};

struct vx_unknown {
	struct word *slots; /* open addressing */
	size_t mask, used, max;
	uint64_t cells, homeless;
	uint64_t at; /* number of the current cell */
	const char *file, *cell;
	size_t cell_len;
	long row;
	struct vx_buf folded;
};

struct vx_unknown *vx_unknown_new(size_t max)
{
	struct vx_unknown *u = vx_alloc(sizeof *u);

	u->slots = vx_alloc(FIRST_SLOTS * sizeof *u->slots);
	u->mask = FIRST_SLOTS - 1;
	u->max = max ? max : DEFAULT_MAX;
	return u;
}

void vx_unknown_free(struct vx_unknown *u)
{
	if (!u)
		return;
	for (size_t i = 0; i <= u->mask; i++) {
		free(u->slots[i].text);
		free(u->slots[i].where);
	}
	free(u->slots);
	vx_buf_free(&u->folded);
	free(u);
}

void vx_unknown_at(struct vx_unknown *u, const char *file, long row, const char *cell, size_t len)
{
	u->file = file;
	u->row = row;
	u->cell = cell;
	u->cell_len = len;
	u->at++;
}

static struct word *slot_of(const struct vx_unknown *u, const char *text, uint64_t hash)
{
	size_t i = (size_t)hash & u->mask;

	while (u->slots[i].text && (u->slots[i].hash != hash || strcmp(u->slots[i].text, text) != 0))
		i = (i + 1) & u->mask;
	return &u->slots[i];
}

static void grow(struct vx_unknown *u)
{
	struct word *old = u->slots;
	size_t n = u->mask + 1;

	u->mask = 2 * n - 1;
	u->slots = vx_alloc(2 * n * sizeof *u->slots);
	for (size_t i = 0; i < n; i++)
		if (old[i].text)
			*slot_of(u, old[i].text, old[i].hash) = old[i];
	free(old);
}

/* Text of one line, without control characters, cut where it is long. */
static void add_shown(struct vx_buf *b, const char *text, size_t len, size_t max)
{
	size_t n = vx_utf8_cut(text, len, max);

	for (size_t i = 0; i < n; i++)
		vx_buf_putc(b, (unsigned char)text[i] < 0x20 || text[i] == 0x7F ? ' ' : text[i]);
	if (n < len)
		vx_buf_puts(b, "...");
}

/* "table.csv:17: LEFT APX" of the current cell. */
static char *place_of(const struct vx_unknown *u)
{
	struct vx_buf b = VX_BUF_INIT;

	if (u->file) {
		add_shown(&b, u->file, strlen(u->file), 4 * CELL_BYTES);
		if (u->row > 0)
			vx_buf_printf(&b, ":%ld", u->row);
		vx_buf_puts(&b, ": ");
	}
	if (u->cell)
		add_shown(&b, u->cell, u->cell_len, CELL_BYTES);
	return b.data ? b.data : vx_strdup("");
}

static struct word *word_of(struct vx_unknown *u, const char *text, size_t len)
{
	uint64_t hash = vx_hash64(text, len);
	struct word *w = slot_of(u, text, hash);

	if (w->text)
		return w;
	if (u->used >= u->max)
		return NULL;
	if (2 * u->used > u->mask) {
		grow(u);
		w = slot_of(u, text, hash);
	}
	*w = (struct word){ .text = vx_strndup(text, len), .where = place_of(u), .hash = hash };
	u->used++;
	return w;
}

void vx_unknown_add(void *arg, const char *word, size_t len, bool ambiguous)
{
	struct vx_unknown *u = arg;
	struct word *w = NULL;

	vx_buf_clear(&u->folded);
	vx_lexicon_fold(&u->folded, word, len);
	if (u->folded.len == 0)
		return;
	u->cells++;
	if (u->folded.len <= WORD_BYTES)
		w = word_of(u, u->folded.data, u->folded.len);
	if (!w) {
		u->homeless++;
		return;
	}
	if (w->last != u->at || w->cells == 0)
		w->cells++;
	w->last = u->at;
	w->ambiguous = w->ambiguous || ambiguous;
}

size_t vx_unknown_words(const struct vx_unknown *u)
{
	return u->used;
}

uint64_t vx_unknown_cells(const struct vx_unknown *u)
{
	return u->cells;
}

static int by_cells(const void *a, const void *b)
{
	const struct word *x = *(const struct word *const *)a, *y = *(const struct word *const *)b;

	if (x->cells != y->cells)
		return x->cells < y->cells ? 1 : -1;
	return strcmp(x->text, y->text);
}

/* ", ambiguous: level apex or ap_position anterior". */
static void add_meanings(struct vx_buf *out, const struct vx_lexicon *lex, const char *text)
{
	struct vx_term_match m;
	size_t at = 0;

	vx_buf_puts(out, ", ambiguous");
	if (!lex || !vx_lexicon_match(lex, text, strlen(text), &at, &m))
		return;
	for (unsigned i = 0; i < m.n; i++) {
		const char *before = i ? " or " : ": ";

		for (unsigned t = 0; t < VX_TERMS; t++) {
			if (!(m.meanings[i] >> t & 1))
				continue;
			vx_buf_printf(out, "%s%s %s", before, vx_term_name((enum vx_term)t), m.values[t]);
			before = " + ";
		}
	}
}

void vx_unknown_print(const struct vx_unknown *u, const struct vx_lexicon *lex, struct vx_buf *out)
{
	const struct word **words = vx_alloc((u->used + 1) * sizeof *words);
	size_t n = 0;

	for (size_t i = 0; i <= u->mask; i++)
		if (u->slots[i].text)
			words[n++] = &u->slots[i];
	qsort(words, n, sizeof(struct word *), by_cells);
	for (size_t i = 0; i < n; i++) {
		vx_buf_printf(out, "?\t%s\t?\t?\t# %" PRIu64 " cell%s", words[i]->text, words[i]->cells,
			words[i]->cells == 1 ? "" : "s");
		if (words[i]->ambiguous)
			add_meanings(out, lex, words[i]->text);
		vx_buf_printf(out, ", first: %s\n", words[i]->where);
	}
	if (u->homeless)
		vx_buf_printf(
			out, "# and others, %" PRIu64 " times: the list ends at %zu words\n", u->homeless, u->max);
	free(words);
}
