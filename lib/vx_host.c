/* vx_host: whether a host is this machine itself. a name or an address -> yes or no
 *
 * SPDX-License-Identifier: MIT
 */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "vx_host.h"

bool vx_host_is_loopback(const char *host)
{
	struct in_addr v4;
	if (!strcasecmp(host, "localhost") || !strcmp(host, "::1") || !strcmp(host, "[::1]"))
		return true;
	return inet_pton(AF_INET, host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127;
}
