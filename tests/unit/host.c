/* Tests of vx_host: which hosts are this machine.
 * SPDX-License-Identifier: MIT */
#include "vx_host.h"
#include "tap.h"

int main(void)
{
	static const char *const near[] = { "localhost", "LOCALHOST", "127.0.0.1", "127.1.2.3", "127.255.255.255",
		"::1", "[::1]" };
	static const char *const far[] = { "", "0.0.0.0", "::", "[::]", "10.0.0.1", "128.0.0.1",
		"127.0.0.1.example.org", "127.example.org", "127", "localhost.example.org", "[::1", "::2",
		"127.0.0.1:80" };
	for (size_t i = 0; i < sizeof near / sizeof *near; i++)
		ok(vx_host_is_loopback(near[i]), "%s is near", near[i]);
	for (size_t i = 0; i < sizeof far / sizeof *far; i++)
		ok(!vx_host_is_loopback(far[i]), "'%s' is far", far[i]);
	return tap_end();
}
