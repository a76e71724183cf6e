/* vx_turns: threads that work on the same name take turns; those on other names do not wait for each other.
 *
 *	vx_turns_take(turns, key);
 *	...
 *	vx_turns_end(turns, key);
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_TURNS_H
#define VX_TURNS_H

struct vx_turns;
struct vx_turns *vx_turns_new(void);
void vx_turns_free(struct vx_turns *t);

/* take: waits until no other thread is at name, which must live until end. */
void vx_turns_take(struct vx_turns *t, const char *name);
void vx_turns_end(struct vx_turns *t, const char *name);

#endif
