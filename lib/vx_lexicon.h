/* vx_lexicon: the words of pathology tables and what they mean, in several languages, from share/pathology/lexicon.tsv.
 *
 *	language<TAB>token<TAB>field<TAB>value          # en	left	side	left
 *
 * Tokens are matched whole and case-folded, after punctuation has been dropped; one of several words ("seminal vesicle")
 * wins over its parts. A token that stands there with two meanings (a: apex, anterior) is ambiguous: it means something
 * only where the caller asks for one of its fields alone.
 *
 *	struct vx_lexicon *lex = vx_lexicon_load(path, &err);
 *	if (vx_lexicon_add_file(lex, "site.tsv", &err) != VX_OK) ...      // a site's own: wins over what is there
 *
 * A loaded lexicon is read-only: many threads may use it at once.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_LEXICON_H
#define VX_LEXICON_H

#include "vx_err.h"

/* The fields of a specimen that words can fill; the first six are its place. */
enum vx_term {
	VX_TERM_SIDE,
	VX_TERM_LEVEL,
	VX_TERM_ZONE,
	VX_TERM_AP_POSITION,
	VX_TERM_LATERALITY,
	VX_TERM_TISSUE_LOCATION,
	VX_PLACE_FIELDS,                         /* how many of them there are */
	VX_TERM_IS_SYSTEMATIC = VX_PLACE_FIELDS, /* "true" or "false" */
	VX_TERM_IS_TARGETED,                     /* "true" or "false" */
	VX_TERM_RESULT,                          /* benign tumor asap hgpin other not_assessed */
	VX_TERM_FILLER,                          /* means nothing by itself: core, biopsy, of, und; value "-" */
	VX_TERMS
};
#define VX_PLACE_MASK ((1u << VX_PLACE_FIELDS) - 1)

/* vx_term_name: "side", "level" ... as the schema's fields are named; vx_term_find: the term of such a name, or -1.
 * vx_term_value: the interned spelling of a value that the field's enum allows, or NULL. */
const char *vx_term_name(enum vx_term t);
int vx_term_find(const char *name, size_t len);
const char *vx_term_value(enum vx_term t, const char *value, size_t len);

struct vx_lexicon;
struct vx_lexicon *vx_lexicon_new(void);
struct vx_lexicon *vx_lexicon_load(const char *path, struct vx_error *err) VX_MUST_USE; /* NULL + VX_EIO, VX_EDATA */
/* vx_lexicon_add_file: more tokens; those of a later file replace what an earlier one says of the same token. Errors name
 * file, line and field: VX_EIO, VX_EDATA (no such field, a value outside its enum, "?" not filled in). */
int vx_lexicon_add_file(struct vx_lexicon *lex, const char *path, struct vx_error *err) VX_MUST_USE;
/* vx_lexicon_add: one token; replaces what earlier layers say of it (a layer: vx_lexicon_layer begins one). */
int vx_lexicon_add(struct vx_lexicon *lex, const char *token, size_t len, enum vx_term t, const char *value,
	struct vx_error *err) VX_MUST_USE;
void vx_lexicon_layer(struct vx_lexicon *lex);
struct vx_lexicon *vx_lexicon_copy(const struct vx_lexicon *lex); /* to add a table's own tokens to */
void vx_lexicon_free(struct vx_lexicon *lex);

/* One token or phrase found in a text. */
struct vx_term_match {
	const char *text; /* slice of the text that was given */
	size_t len;
	unsigned fields;              /* bit t set: it means something in field t; 0: unknown */
	const char *values[VX_TERMS]; /* interned; by field */
};

/* vx_lexicon_match: the next token or phrase of text[*at..len), longest first; false at the end. Moves *at behind it. */
bool vx_lexicon_match(const struct vx_lexicon *lex, const char *text, size_t len, size_t *at, struct vx_term_match *m);

/* vx_lexicon_fold: text case-folded, punctuation and runs of blanks as one space, none at the ends; appended to b. Letters
 * of all of Latin-1 and Latin Extended-A fold, full-width forms become ASCII. */
struct vx_buf;
void vx_lexicon_fold(struct vx_buf *b, const char *text, size_t len);

#endif
