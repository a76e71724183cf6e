/* vx_host: whether a host is this machine itself.
 *
 *	if (!vx_host_is_loopback("127.0.0.1")) ...
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_HOST_H
#define VX_HOST_H

#include <stdbool.h>

/* vx_host_is_loopback: "localhost", an address of 127.0.0.0/8, "::1" or "[::1]"; no port behind it. */
bool vx_host_is_loopback(const char *host);

#endif
