/* vx_transfer_loop: epoll below curl's multi interface, so that a turn costs what happened and not what is open; for
 * vx_transfer only.
 *
 *	struct vx_transfer_loop *l = vx_transfer_loop_new(multi);
 *	for (;;)
 *		vx_transfer_loop_turn(l, 0.5);   // waits at most half a second, lets curl do what there is to do
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_TRANSFER_LOOP_H
#define VX_TRANSFER_LOOP_H

#include <curl/curl.h>

struct vx_transfer_loop;
struct vx_transfer_loop *vx_transfer_loop_new(CURLM *multi);
void vx_transfer_loop_free(struct vx_transfer_loop *l); /* after curl_multi_cleanup */

/* vx_transfer_loop_wake: ends the turn that waits, or the next; from any thread. */
void vx_transfer_loop_wake(struct vx_transfer_loop *l);

void vx_transfer_loop_turn(struct vx_transfer_loop *l, double seconds);

#endif
