/* vx_opt: the options that all tools share, numbers with ranges, secrets, the share folder.
 * SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vx_io.h"
#include "vx_opt.h"

static void print_and_exit(const char *text)
{
	struct vx_error err = VX_ERROR_INIT;

	fputs(text, stdout);
	if (vx_close_stdout(&err) != VX_OK) {
		vx_message(&err);
		exit(vx_exit_status(VX_EIO));
	}
	exit(0);
}

void vx_opt_common(int c, const char *usage, struct vx_common *common)
{
	char version[128];

	switch (c) {
	case 'h':
		print_and_exit(usage);
		break;
	case 'q':
		common->quiet = true;
		break;
	case 'v':
		common->verbose++;
		break;
	case 'j':
		common->jobs = (int)vx_opt_number("--jobs", optarg, 1, 1024);
		break;
	case VX_OPT_VERSION:
		snprintf(version, sizeof version, "%s %s\n", vx_progname(), VX_VERSION);
		print_and_exit(version);
		break;
	case VX_OPT_REJECTS:
		common->rejects = optarg;
		break;
	case VX_OPT_PROGRESS:
		common->progress = 1;
		break;
	case VX_OPT_NO_PROGRESS:
		common->progress = -1;
		break;
	default: /* getopt has said what is wrong */
		vx_die(VX_EUSAGE, "try '%s --help'", vx_progname());
	}
}

long long vx_opt_number(const char *name, const char *arg, long long min, long long max)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(arg, &end, 10);
	if (end == arg || *end || isspace((unsigned char)arg[0]))
		vx_die(VX_EUSAGE, "%s: '%s' is no whole number", name, arg);
	if (errno == ERANGE || v < min || v > max)
		vx_die(VX_EUSAGE, "%s: %s is not within %lld to %lld", name, arg, min, max);
	return v;
}

double vx_opt_seconds(const char *name, const char *arg)
{
	static const struct {
		const char *unit;
		double seconds;
	} units[] = { { "", 1 }, { "s", 1 }, { "ms", 0.001 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 } };
	char *end;
	double v = strtod(arg, &end);
	size_t i;

	for (i = 0; end != arg && v >= 0 && i < sizeof units / sizeof units[0]; i++) {
		if (strcmp(end, units[i].unit) != 0)
			continue;
		if (v * units[i].seconds > 1e9)
			vx_die(VX_EUSAGE, "%s: %s is longer than 31 years", name, arg);
		return v * units[i].seconds;
	}
	vx_die(VX_EUSAGE, "%s: '%s' is no time: give seconds, or 500ms, 2m, 1h, 1d", name, arg);
}

long long vx_opt_bytes(const char *name, const char *arg)
{
	static const char units[] = "KMGT";
	char *end;
	double v = strtod(arg, &end);
	const char *u = *end ? strchr(units, toupper((unsigned char)*end)) : NULL;

	if (u) {
		v *= ldexp(1.0, 10 * (int)(u - units + 1));
		end++;
	}
	if (end == arg || *end || !(v >= 0) || v > 9e18)
		vx_die(VX_EUSAGE, "%s: '%s' is no size: give bytes, or 64K, 16M, 5G", name, arg);
	return (long long)v;
}

int vx_secret_env(const char *name, char **out, struct vx_error *err)
{
	char file_name[128];
	const char *value = getenv(name), *path;
	struct vx_buf b = VX_BUF_INIT;
	int status;

	*out = NULL;
	snprintf(file_name, sizeof file_name, "%s_FILE", name);
	path = getenv(file_name);
	if (value && *value) {
		*out = vx_strdup(value);
		return VX_OK;
	}
	if (!path || !*path)
		return VX_OK;
	status = vx_read_file(path, 65536, &b, err);
	if (status == VX_OK && (!b.data || !strcspn(b.data, "\r\n"))) {
		vx_error_at(err, path, 0);
		status = vx_error_set(err, VX_EIO, file_name, "nothing in the first line of the file");
	}
	if (status == VX_OK)
		*out = vx_strndup(b.data, strcspn(b.data, "\r\n"));
	vx_buf_free(&b);
	return status == VX_OK ? VX_OK : VX_EIO;
}

void vx_secret_free(char **s)
{
	if (*s)
		explicit_bzero(*s, strlen(*s));
	free(*s);
	*s = NULL;
}

static char *share_try(const char *folder, const char *name)
{
	char *path = vx_asprintf("%s/%s", folder, name);

	if (access(path, R_OK) == 0)
		return path;
	free(path);
	return NULL;
}

int vx_share_path(const char *name, char **out, struct vx_error *err)
{
	const char *env = getenv("VX_SHARE");
	char exe[PATH_MAX], folder[PATH_MAX + 16];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
	char *slash;

	*out = env && *env ? share_try(env, name) : NULL;
	/* PREFIX/bin/vx-scan -> PREFIX/share/vx; build/vx-scan and build/unit/json -> the source tree's share. */
	for (exe[n > 0 && !(env && *env) ? n : 0] = '\0'; !*out && (slash = strrchr(exe, '/')) && slash != exe;) {
		*slash = '\0';
		snprintf(folder, sizeof folder, "%s/share/vx", exe);
		*out = share_try(folder, name);
		snprintf(folder, sizeof folder, "%s/share/schema", exe);
		if (!*out && access(folder, R_OK) == 0) {
			snprintf(folder, sizeof folder, "%s/share", exe);
			*out = share_try(folder, name);
		}
	}
	if (*out)
		return VX_OK;
	vx_error_at(err, name, 0);
	if (env && *env)
		return vx_error_set(err, VX_EIO, NULL, "not found in VX_SHARE, which is %s", env);
	return vx_error_set(
		err, VX_EIO, NULL, "not found in the share folder: set VX_SHARE to where vx's share files are");
}
