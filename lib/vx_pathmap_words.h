/* vx_pathmap_words: how a mapping's words are compared with cells, and how all errors of a mapping are told.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_PATHMAP_WORDS_H
#define VX_PATHMAP_WORDS_H

#include "vx_pathmap.h"

/* vx_pathmap_fold: a word as the mapping's words are compared, appended to b: vx_lexicon_fold, but a text without a letter
 * ("-1", "<5", "+") stands for itself, trimmed. */
void vx_pathmap_fold(struct vx_buf *b, const char *text, size_t len);

/* vx_pathmap_among: whether a cell's text is one of n folded words (n SIZE_MAX: the list ends with NULL; NULL: there are none). */
bool vx_pathmap_among(char *const *words, size_t n, const char *text, size_t len);

/* vx_pathmap_load_each: vx_pathmap_load, but each is told every error, in the order of their lines; then err only counts
 * them. vx_pathmap_parse_each: the same from text. each may be NULL. */
typedef void vx_pathmap_each(void *arg, const struct vx_error *problem);
struct vx_pathmap *vx_pathmap_load_each(const char *path, const struct vx_lexicon *lexicon, vx_pathmap_each *each,
	void *arg, struct vx_error *err) VX_MUST_USE;
struct vx_pathmap *vx_pathmap_parse_each(const char *name, const char *text, size_t len,
	const struct vx_lexicon *lexicon, vx_pathmap_each *each, void *arg, struct vx_error *err) VX_MUST_USE;

#endif
