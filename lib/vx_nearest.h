/* vx_nearest: which known name a misspelt one most likely stands for.
 *
 *	struct vx_nearest n = vx_nearest_to("gleasn");
 *	for (...)
 *		vx_nearest_try(&n, names[i]);
 *	if (n.name) ...      // "gleason"; NULL: none is near enough to be worth a word
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_NEAREST_H
#define VX_NEAREST_H

#include <stdbool.h>
#include <stddef.h>

struct vx_nearest {
	const char *name; /* borrowed from the call that tried it */
	const char *word;
	size_t distance; /* letters put in, left out, changed or swapped; case does not count */
};
struct vx_nearest vx_nearest_to(const char *word);
void vx_nearest_try(struct vx_nearest *n, const char *name);

#endif
