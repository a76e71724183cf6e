/* vx_opt: the options that every tool has, number parsing with ranges, and where the share folder is.
 *
 *	static const struct option longs[] = { {"pattern", required_argument, NULL, 'p'}, VX_OPT_COMMON, {0} };
 *	while ((c = getopt_long(argc, argv, "p:" VX_OPT_SHORT, longs, NULL)) != -1)
 *		switch (c) {
 *		case 'p': ... break;
 *		default: vx_opt_common(c, usage, &o->common);   // handles the rest; wrong usage ends with 64
 *		}
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_OPT_H
#define VX_OPT_H

#include <getopt.h>

#include "vx_err.h"

struct vx_common {
	bool quiet;          /* -q: no summary, no progress; rejects are still said */
	int verbose;         /* -v, may be given twice */
	int progress;        /* --progress: 1, --no-progress: -1, else 0: only on a terminal */
	int jobs;            /* -j N; 0: not given */
	const char *rejects; /* --rejects FILE: the dead-letter file, NULL: none */
};

enum { VX_OPT_VERSION = 0x1000, VX_OPT_REJECTS, VX_OPT_PROGRESS, VX_OPT_NO_PROGRESS, VX_OPT_OWN = 0x2000 };

#define VX_OPT_SHORT "hqvj:"
#define VX_OPT_COMMON                                                                                                  \
	{ "help", no_argument, NULL, 'h' }, { "quiet", no_argument, NULL, 'q' },                                       \
		{ "verbose", no_argument, NULL, 'v' }, { "jobs", required_argument, NULL, 'j' },                       \
		{ "version", no_argument, NULL, VX_OPT_VERSION },                                                      \
		{ "rejects", required_argument, NULL, VX_OPT_REJECTS },                                                \
		{ "progress", no_argument, NULL, VX_OPT_PROGRESS },                                                    \
	{                                                                                                              \
		"no-progress", no_argument, NULL, VX_OPT_NO_PROGRESS                                                   \
	}

/* The lines of --help for the options above; jobs is the default of --jobs. */
#define VX_OPT_HELP VX_OPT_HELP_JOBS("one a processor")
#define VX_OPT_HELP_JOBS(jobs)                                                                                         \
	"  -j, --jobs N          work on N records at once (default: " jobs ")\n"                                      \
	"      --rejects FILE    write records that cannot be handled to FILE, with the reason\n"                      \
	"      --progress        show progress even when stderr is no terminal\n"                                      \
	"      --no-progress     never show it\n"                                                                      \
	"  -q, --quiet           no progress, no summary\n"                                                            \
	"  -v, --verbose         say more\n"                                                                           \
	"      --version         print the version\n"                                                                  \
	"  -h, --help            print this help\n"

/* vx_opt_common: handles a common option; -h and --version print and exit 0 (74 when stdout fails); what getopt did
 * not know ends with exit status 64 and a pointer to --help. */
void vx_opt_common(int c, const char *usage, struct vx_common *common);

/* vx_opt_number: a whole number in min..max, or exit 64 "--batch: ...". name is the option as the user typed it. */
long long vx_opt_number(const char *name, const char *arg, long long min, long long max);

/* vx_opt_seconds: seconds, or with a unit behind: "90", "1.5m", "2h", "1d" (also "500ms"); at most 1e9 (31 years). */
double vx_opt_seconds(const char *name, const char *arg);

/* vx_opt_bytes: bytes, or with K, M, G, T behind (powers of 1024). */
long long vx_opt_bytes(const char *name, const char *arg);

/* vx_secret_env: a secret from the environment variable NAME, or from the file that NAME_FILE names (its first line).
 * Returns a string to be freed, NULL when neither is set. VX_EIO when the file cannot be read. */
int vx_secret_env(const char *name, char **out, struct vx_error *err) VX_MUST_USE;

/* vx_secret_free: overwrites and frees *s, and makes it NULL; NULL is allowed. */
void vx_secret_free(char **s);

/* vx_share_path: where a file of the share folder is: $VX_SHARE, else <prefix>/share/vx beside the installed binary,
 * else the source tree's share. name is relative ("schema/volume.json"); result to be freed. Errors: VX_EIO, none has it. */
int vx_share_path(const char *name, char **out, struct vx_error *err) VX_MUST_USE;

#endif
