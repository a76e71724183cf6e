/* vx_signal: the one thing that a signal handler can reach, and who sets it. SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "vx_signal.h"

static volatile sig_atomic_t came;

static void on_signal(int number)
{
	came = number;
}

const volatile sig_atomic_t *vx_signal_catch(void)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
	return &came;
}

void vx_signal_pass_on(void)
{
	if (came)
		raise((int)came); /* SA_RESETHAND has put the default back */
}
