/* vx_phi_memo: what has been judged stays known: images of one study repeat each other's texts; for lib/vx_phi*.c only.
 *
 *	struct vx_phi_judged *j = vx_phi_recall(list->memo, PHI_ASK_FREE, text, len), own = { .known = false };
 *	if (!j) j = &own;                              // no memo, or text that is too long for it
 *	if (!j->known) *j = (struct vx_phi_judged){ .kind = judge(text, len), .known = true };
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_PHI_MEMO_H
#define VX_PHI_MEMO_H

#include <stdbool.h>
#include <stddef.h>

/* What is asked of a text: the same one may be a key, a name or a description. */
enum vx_phi_ask {
	PHI_ASK_KEY,     /* kind, shown, dates; own: the kind of the key as a text */
	PHI_ASK_VALUE,   /* of a key whose value is personal: kind NULL: it says nothing */
	PHI_ASK_TEXT,    /* of a technical key */
	PHI_ASK_UNDATED, /* of one that dates belong to */
	PHI_ASK_TYPED,   /* of one into which people type */
	PHI_ASK_FREE     /* of a header */
};

/* All texts belong to the rules, or are literals. */
struct vx_phi_judged {
	const char *kind, *shown, *own;
	bool dates, typed, known;
};

/* A memo of bounded size, for one thread and one set of rules. */
struct vx_phi_memo;
struct vx_phi_memo *vx_phi_memo_new(void);
void vx_phi_memo_free(struct vx_phi_memo *memo);

/* vx_phi_recall: what is known of text[0..len), or (known: false) where it is to be put before the next call. NULL: the
 * memo, which may be NULL, does not keep it. */
struct vx_phi_judged *vx_phi_recall(struct vx_phi_memo *memo, enum vx_phi_ask ask, const char *text, size_t len);

#endif
