/* vx_volume_type: which kind of image a volume is (T2, ADC, DWI, ...), by rules that are data.
 *
 *	struct vx_volume_types *types = vx_volume_types_load(NULL, &err);      // share/volume-types.json
 *	const struct vx_json *evidence[] = { record, fields, sidecar };
 *	struct vx_type_verdict v;
 *	vx_volume_type_of(types, evidence, 3, true, &v);
 *	if (v.type) ...                                                        // "T2", by the rule v.rule
 *	else puts(v.why);                                                      // "echo_time is missing"
 *
 * A rule is a list of conditions on named values; the first rule all of whose conditions hold decides. Where none does
 * the type stays unknown: nothing is guessed. Words are compared without case, accents and punctuation.
 * Loaded rules are read-only: many threads may use them at once.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_VOLUME_TYPE_H
#define VX_VOLUME_TYPE_H

#include "vx_err.h"
#include "vx_json.h"

#define VX_TYPE_TEXT_MAX ((size_t)1024) /* bytes of a text that are looked at: DICOM allows 64 */

struct vx_volume_types;

/* vx_volume_types_load: the rules in path, NULL: volume-types.json of the share folder. NULL + VX_EIO, or VX_EDATA with
 * the rule and what is wrong with it. To be freed. */
struct vx_volume_types *vx_volume_types_load(const char *path, struct vx_error *err) VX_MUST_USE;
void vx_volume_types_free(struct vx_volume_types *types);

struct vx_type_verdict {
	const char *type, *rule; /* NULL: no rule holds. Belong to the rules, like nearest */
	const char *nearest; /* the rule with the fewest conditions that fail, of those of which one holds; or NULL */
	char why[256];       /* where no rule holds: what fails of the nearest */
};

/* vx_volume_type_of: evidence is a list of objects; of a name that several have the first counts. explain: fill in
 * nearest and why too. No value of the evidence gets into the verdict. */
void vx_volume_type_of(const struct vx_volume_types *types, const struct vx_json *const *evidence, size_t n,
	bool explain, struct vx_type_verdict *verdict);

/* vx_type_words: text as the rules see it, appended to out: " ax t2 tse " of "AxT2_TSE". */
void vx_type_words(const char *text, size_t len, struct vx_buf *out);

#endif
