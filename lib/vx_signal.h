/* vx_signal: SIGINT and SIGTERM as a request to finish what is under way, for tools that change another side.
 *
 *	const volatile sig_atomic_t *stop = vx_signal_catch();
 *	while (!*stop && more())
 *		send_one();
 *	summary();
 *	vx_signal_pass_on();    // whoever waits for this process sees what ended it
 *
 * The second signal ends the process at once. SIGPIPE is ignored: a reader that is gone is seen when writing to it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_SIGNAL_H
#define VX_SIGNAL_H

#include <signal.h>

/* vx_signal_catch: from now on; the number of the signal that came, 0 until then. */
const volatile sig_atomic_t *vx_signal_catch(void);

/* vx_signal_pass_on: ends the process by the signal that came; returns when none did. */
void vx_signal_pass_on(void);

#endif
