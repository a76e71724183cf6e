/* vx_labels: which values an image holds, and how many voxels each.
 *
 *	struct vx_labels *l = vx_labels_new();                // one a thread, used again for every file
 *	if (vx_labels_begin(l, &header, &err) == VX_OK) {
 *		vx_labels_add(l, bytes, n);                   // as often as wanted, cut anywhere
 *		if (vx_labels_end(l, &list, &count, &err) == VX_OK)
 *			... list[0].value, list[0].voxels      // ascending values
 *	}
 *
 * Counts the stored values; at the end they are turned into numbers and scaled as the header says. Runs of equal
 * voxels, of which a mask is made, go by at the speed of memory.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_LABELS_H
#define VX_LABELS_H

#include "vx_nifti.h"

#define VX_LABELS_MAX 65536 /* different values that are counted */

struct vx_label {
	int64_t value;
	uint64_t voxels;
};

struct vx_labels;
struct vx_labels *vx_labels_new(void);
void vx_labels_free(struct vx_labels *l);

/* vx_labels_begin: forgets what was counted. VX_EREJECT (field "datatype"): voxels of that type are no single numbers. */
int vx_labels_begin(struct vx_labels *l, const struct vx_nifti *h, struct vx_error *err) VX_MUST_USE;

/* vx_labels_add: the next n bytes of voxels. */
void vx_labels_add(struct vx_labels *l, const void *bytes, size_t n);

/* vx_labels_end: the values, ascending. list belongs to l until the next begin.
 * Errors: VX_EREJECT: a value that is no integer (or beyond 2^53 in a float type), or more than VX_LABELS_MAX values. */
int vx_labels_end(struct vx_labels *l, const struct vx_label **list, size_t *count, struct vx_error *err) VX_MUST_USE;

/* vx_labels_each: calls visit with each stored value, before scaling, and its voxels; false, and no call, where voxels
 * have more than two bytes: of these not every value is kept. From begin on, at any time. */
bool vx_labels_each(const struct vx_labels *l, void (*visit)(void *arg, double stored, uint64_t voxels), void *arg);

#endif
