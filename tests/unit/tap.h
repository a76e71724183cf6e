/* tap: the few lines that the C unit tests need to print TAP. Include it, call ok(...) and friends, end with tap_end().
 * SPDX-License-Identifier: MIT */
#ifndef TAP_H
#define TAP_H

#include <stdio.h>
#include <string.h>

static int tap_count, tap_failed;

#define ok(cond, ...)                                                                                                  \
	do {                                                                                                           \
		int tap_good = !!(cond);                                                                               \
		tap_failed += !tap_good;                                                                               \
		printf("%sok %d - ", tap_good ? "" : "not ", ++tap_count);                                             \
		printf(__VA_ARGS__);                                                                                   \
		printf("\n");                                                                                          \
		if (!tap_good)                                                                                         \
			printf("# %s:%d: %s\n", __FILE__, __LINE__, #cond);                                            \
	} while (0)

#define ok_str(got, wanted, ...)                                                                                       \
	do {                                                                                                           \
		const char *tap_got = (got), *tap_wanted = (wanted);                                                   \
		int tap_same = tap_got && strcmp(tap_got, tap_wanted) == 0;                                            \
		ok(tap_same, __VA_ARGS__);                                                                             \
		if (!tap_same)                                                                                         \
			printf("# got:      %s\n# expected: %s\n", tap_got ? tap_got : "(null)", tap_wanted);          \
	} while (0)

static inline int tap_end(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed != 0;
}

#endif
