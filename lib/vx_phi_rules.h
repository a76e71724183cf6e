/* vx_phi_rules: the rules of vx_phi in memory; for lib/vx_phi*.c only.
 *
 *	const struct vx_phi_key *key = vx_phi_find_key(phi, "patient_name");   // kind "name", shown "PatientName"
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_PHI_RULES_H
#define VX_PHI_RULES_H

#include "vx_phi.h"
#include "vx_regex.h"

/* kind NULL: a technical key; dates: one to which dates belong; typed: one into which people type. */
struct vx_phi_key {
	char *folded, *shown, *kind;
	bool dates, typed;
};

/* An expression of "kinds" or "key_patterns". */
struct vx_phi_pattern {
	struct vx_regex *re;
	char *kind, *as; /* as: of key patterns */
	bool free_only;
};

enum vx_phi_judge { JUDGE_KIND, JUDGE_TEXT, JUDGE_SCAN, JUDGE_JSON, JUDGE_NOTHING };

struct vx_phi_code {
	int64_t code;
	char *name, *kind;
	enum vx_phi_judge judge;
	bool dates; /* of processing: they belong there */
};

struct vx_phi {
	struct vx_regex **harmless;
	char **words; /* sorted */
	char **names; /* folded and sorted */
	struct vx_phi_pattern *kinds, *key_patterns;
	struct vx_phi_key *keys; /* sorted by folded */
	struct vx_phi_code *codes;
	size_t n_harmless, n_words, n_names, n_kinds, n_key_patterns, n_keys, n_codes;
};

/* vx_phi_fold_key: a key's letters and digits in lower case, in b. */
void vx_phi_fold_key(const char *key, struct vx_buf *b);

const struct vx_phi_key *vx_phi_find_key(const struct vx_phi *phi, const char *folded);
bool vx_phi_is_word(const struct vx_phi *phi, const char *word, size_t len);

/* vx_phi_names_in: whether a word of a text is on the list of names. vx_phi_load_names: that list; NULL: none. */
bool vx_phi_names_in(const struct vx_phi *phi, const char *text, size_t len);
int vx_phi_load_names(struct vx_phi *phi, const struct vx_json *list, struct vx_error *err) VX_MUST_USE;

/* vx_phi_prepare: text as the expressions want it: UTF-8, lower case, no control characters, no blanks at its ends. */
void vx_phi_prepare(const char *text, size_t len, struct vx_buf *b);

/* vx_phi_seen: the first kind whose expression occurs in prepared text; free: also those of free text, dates: also those
 * of the kind "date". */
const char *vx_phi_seen(const struct vx_phi *phi, const struct vx_buf *text, bool free, bool dates);

/* vx_phi_words_known: whether the words of prepared text are all of "words", or numbers and letters. */
bool vx_phi_words_known(const struct vx_phi *phi, const struct vx_buf *text);

/* vx_phi_harmless: whether an expression of "harmless" describes the whole of prepared text. */
bool vx_phi_harmless(const struct vx_phi *phi, const struct vx_buf *text);

#endif
