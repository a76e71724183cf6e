/* vx_unknown: the words that a lexicon lacks: how often, where first, as lines to fill in and paste into a lexicon.
 *
 *	struct vx_unknown *words = vx_unknown_new(0);
 *	vx_unknown_at(words, "table.csv", 17, cell, len);                       // before each cell
 *	vx_location_parse(lex, cell, len, fields, &place, vx_unknown_add, words);
 *	vx_unknown_print(words, lex, &text);
 *	// ?<TAB>apx<TAB>?<TAB>?<TAB># 45 cells, first: table.csv:17: LEFT APX
 *
 * Memory is bounded: words that come when max are known are counted together.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_UNKNOWN_H
#define VX_UNKNOWN_H

#include <stdint.h>

#include "vx_io.h"
#include "vx_lexicon.h"

struct vx_unknown;
struct vx_unknown *vx_unknown_new(size_t max); /* 0: 10,000 words */
void vx_unknown_free(struct vx_unknown *u);    /* NULL is allowed */

/* vx_unknown_at: the cell that the next words are from; row 0: not known. file and cell (UTF-8) are looked at until
 * the next call. */
void vx_unknown_at(struct vx_unknown *u, const char *file, long row, const char *cell, size_t len);

/* vx_unknown_add: a word of this cell; u is a struct vx_unknown, so that vx_location_parse can call it. Words that
 * differ in case only are one; one that is twice in a cell counts once. */
void vx_unknown_add(void *u, const char *word, size_t len, bool ambiguous);

/* vx_unknown_words: how many different words were kept. vx_unknown_cells: how often words were found unknown, all in
 * all. */
size_t vx_unknown_words(const struct vx_unknown *u);
uint64_t vx_unknown_cells(const struct vx_unknown *u);

/* vx_unknown_print: a line a word, the most frequent first, appended to out. Of an ambiguous one lex (NULL: none)
 * tells the meanings. Where words found no room a last line, a comment, says in how many cells. */
void vx_unknown_print(const struct vx_unknown *u, const struct vx_lexicon *lex, struct vx_buf *out);

#endif
