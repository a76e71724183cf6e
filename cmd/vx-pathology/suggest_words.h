/* suggest_words: what names of columns hint at and what words in cells mean, from share/pathology/columns.tsv and
 * values.tsv.
 * SPDX-License-Identifier: MIT */
#ifndef SUGGEST_WORDS_H
#define SUGGEST_WORDS_H

#include <stdint.h>

#include "vx_err.h"
#include "vx_io.h"

/* What a column's name can hint at, as columns.tsv spells it in lower case. */
/* clang-format off */
#define SUGGEST_HINTS(X) \
	X(PATIENT) X(WORKUP) X(DATE) X(ASSESSED) X(OTHER_DATE) X(PROCEDURE) X(GLEASON) X(PRIMARY) X(SECONDARY) \
	X(TERTIARY) X(ISUP) X(GRADE) X(RESULT) X(CSPCA) X(COMPONENT) X(LOCATION) X(SIDE) X(LEVEL) X(ZONE) X(AP_POSITION) \
	X(LATERALITY) X(CORE_LENGTH) X(CANCER_LENGTH) X(PERCENT_CANCER) X(TOTAL_CORES) X(AFFECTED_CORES) X(PSA) \
	X(PSA_DATE) X(PSA_DENSITY) X(PSA_OTHER) X(VOLUME) X(PIRADS) X(COORDINATE) X(ASSESSOR) X(PERSONAL) X(IGNORE) \
	X(CORE) X(LESION) X(CASE) X(COMMENT) X(CENTIMETRES)
/* clang-format on */

enum suggest_hint {
#define X(name) HINT_##name,
	SUGGEST_HINTS(X)
#undef X
		HINTS
};
#define HINT(name) (UINT64_C(1) << HINT_##name)

/* What a procedure's name says. */
struct suggest_procedure {
	const char *type; /* BIOPSY ...; NULL: not said */
	bool systematic, targeted;
};

struct suggest_words;
struct suggest_words *suggest_words_load(struct vx_error *err) VX_MUST_USE; /* NULL + VX_EIO, VX_EDATA */
struct suggest_words *suggest_words_read(const char *columns, const char *values, struct vx_error *err) VX_MUST_USE;
void suggest_words_free(struct suggest_words *w);

/* suggest_words_fold: a name or cell as its words are looked up, appended to b. */
void suggest_words_fold(struct vx_buf *b, const char *text, size_t len);

/* suggest_words_hints: bit h set: the name hints at h. */
uint64_t suggest_words_hints(const struct suggest_words *w, const char *name);

bool suggest_words_blank(const struct suggest_words *w, const char *text, size_t len);
int suggest_words_answer(const struct suggest_words *w, const char *text, size_t len); /* 1 yes, 0 no, -1 neither */
/* suggest_words_shown: whether a cell may be copied into a mapping: it is short, and nobody's title stands in it. */
bool suggest_words_shown(const struct suggest_words *w, const char *text, size_t len);
/* suggest_words_procedure: false when no word of it is known. */
bool suggest_words_procedure(const struct suggest_words *w, const char *text, size_t len, struct suggest_procedure *p);

#endif
