/* vx_lexicon: the words of pathology tables and what they mean, in several languages, from share/pathology/lexicon.tsv.
 *
 *	language<TAB>token<TAB>field<TAB>value          # en	left	side	left
 *
 * A line is one meaning of a token; one that fills several fields at once lists them with commas (zone,ap_position and
 * PZ,anterior). A token that stands on two lines with different fields (a: apex, anterior) is ambiguous: it means
 * something only where the caller asks for the fields of one of them. Two values of one field are an error.
 * Tokens are matched whole and folded (vx_fold), punctuation dropped; one of several words ("seminal vesicle") wins
 * over its parts.
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
	VX_TERM_FILLER,                          /* means nothing by itself: core, biopsy, und; value "-" */
	VX_TERM_ROLE,                            /* what it does to the words beside it: and or not keep (see below) */
	VX_TERMS
};
#define VX_PLACE_MASK ((1u << VX_PLACE_FIELDS) - 1)
/* Roles. and: joins (left and right). or, not: nothing in the text is certain. keep: known, but no field holds what
 * it says: the text itself has to be kept. */

/* vx_term_name: "side", "level" ... as the schema's fields are named; vx_term_find: the term of such a name, or -1.
 * vx_term_value: the interned spelling of a value that the field's enum allows, or NULL. */
const char *vx_term_name(enum vx_term t);
int vx_term_find(const char *name, size_t len);
const char *vx_term_value(enum vx_term t, const char *value, size_t len);

struct vx_lexicon;
struct vx_lexicon *vx_lexicon_new(void);
struct vx_lexicon *vx_lexicon_load(const char *path, struct vx_error *err) VX_MUST_USE; /* NULL + VX_EIO, VX_EDATA */
/* vx_lexicon_add_file: more tokens; those of a later file replace what an earlier one says of the same token. Errors
 * name file, line and field: VX_EIO, VX_EDATA (no such field, a value outside its enum, "?" not filled in); what
 * stood above the line is in the lexicon then.
 * vx_lexicon_add_text: the same from memory; name stands for the file in messages. */
int vx_lexicon_add_file(struct vx_lexicon *lex, const char *path, struct vx_error *err) VX_MUST_USE;
int vx_lexicon_add_text(
	struct vx_lexicon *lex, const char *name, const char *text, size_t len, struct vx_error *err) VX_MUST_USE;
/* vx_lexicon_add: one field of one token; replaces what earlier layers say of the token (a layer: vx_lexicon_layer
 * begins one). Several calls for a token within a layer fill several fields at once. */
int vx_lexicon_add(struct vx_lexicon *lex, const char *token, size_t len, enum vx_term t, const char *value,
	struct vx_error *err) VX_MUST_USE;
/* vx_lexicon_add_meaning: one meaning: fields as bits, values by field. A second one with other fields makes the token
 * ambiguous. */
int vx_lexicon_add_meaning(struct vx_lexicon *lex, const char *token, size_t len, unsigned fields,
	const char *const values[VX_TERMS], struct vx_error *err) VX_MUST_USE;
void vx_lexicon_layer(struct vx_lexicon *lex);
struct vx_lexicon *vx_lexicon_copy(const struct vx_lexicon *lex); /* to add a table's own tokens to */
void vx_lexicon_free(struct vx_lexicon *lex);

/* One token or phrase found in a text. */
#define VX_TERM_MEANINGS 4
struct vx_term_match {
	const char *text; /* slice of the text that was given */
	size_t len;
	unsigned fields;                     /* bit t set: it means something in field t; 0: unknown */
	const char *values[VX_TERMS];        /* interned; by field */
	unsigned n;                          /* meanings; 2 or more: ambiguous */
	unsigned meanings[VX_TERM_MEANINGS]; /* the fields of each */
};

/* vx_lexicon_match: the next token or phrase of text[*at..len), longest first; false at the end. Moves *at behind
 * it. */
bool vx_lexicon_match(const struct vx_lexicon *lex, const char *text, size_t len, size_t *at, struct vx_term_match *m);

/* vx_term_certain: which of a match's fields are certain for a caller who asks for these fields: those of its only
 * meaning, or of the only one that lies within fields; else what all meanings share, and *ambiguous is true. */
unsigned vx_term_certain(const struct vx_term_match *m, unsigned fields, bool *ambiguous);

/* vx_lexicon_fold: text folded, punctuation and runs of blanks as one space, none at the ends; appended to b. The signs
 * + < > = ? stay, since they tell texts apart (& becomes +); so does a text of nothing but punctuation. */
struct vx_buf;
void vx_lexicon_fold(struct vx_buf *b, const char *text, size_t len);

#endif
