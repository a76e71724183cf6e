/* vx_location: where a piece of tissue comes from, out of the words of a table.
 *
 *	struct vx_place place = VX_PLACE_INIT;
 *	bool whole = vx_location_parse(lex, "LEFT LATERAL BASE", 17, VX_PLACE_MASK, &place, NULL, NULL);
 *	// place.value: side left, level base, laterality lateral; whole: no word was left over
 *
 * Nothing is guessed: an unknown word, one that is ambiguous, or two that contradict each other (left, right) leave
 * their field empty, and the call returns false: then the source's text belongs into other_data.region. A text that
 * is not sure (or, not, ?) fills no field at all.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_LOCATION_H
#define VX_LOCATION_H

#include "vx_lexicon.h"

struct vx_place {
	const char *value[VX_PLACE_FIELDS];     /* interned enum values, NULL: not said */
	signed char is_systematic, is_targeted; /* 1, 0, or -1: not said */
};
#define VX_PLACE_INIT                                                                                                  \
	{                                                                                                              \
		.value = { NULL }, .is_systematic = -1, .is_targeted = -1                                              \
	}

/* vx_location_parse: adds what text[0..len) says to *place. fields: the fields that this column may fill
 * (VX_PLACE_MASK and above); a word that is ambiguous in the lexicon but has one meaning within fields has that
 * meaning. Levels side by side combine (apex + mid: apex-mid); left with right is bilateral only where a word joins
 * them ("left and right"). unknown (may be NULL) is told each word that the lexicon lacks, or that is ambiguous (then
 * ambiguous is true).
 * Returns true when every word found its field. An empty text is whole. */
bool vx_location_parse(const struct vx_lexicon *lex, const char *text, size_t len, unsigned fields,
	struct vx_place *place, void (*unknown)(void *arg, const char *word, size_t len, bool ambiguous), void *arg);

/* vx_place_merge: adds what more says; a field that both fill with different values is emptied and its bit set in the
 * result. 0: no contradiction. */
unsigned vx_place_merge(struct vx_place *place, const struct vx_place *more);

#endif
