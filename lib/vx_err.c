/* vx_err: statuses, the story of an error, messages on stderr. The one module of the library that prints or exits.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vx_err.h"
#include "vx_io.h"

static const char *progname = "vx";

void vx_progname_set(const char *name)
{
	int fd, mode[] = { O_WRONLY, O_RDONLY, O_RDWR };

	progname = name;
	/* A standard descriptor that is closed would go to the next file or socket opened, and what is meant for stdout
	 * with it. It is held by one on which reading (0) or writing (1) fails, as on a closed one. */
	for (fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", mode[fd]) != fd)
			_exit(vx_exit_status(VX_EIO));
}

const char *vx_progname(void)
{
	return progname;
}

/* strncpy without its traps: always terminated, and cut before a UTF-8 sequence rather than in one. */
static void copy_cut(char *out, size_t size, const char *s)
{
	size_t n = vx_utf8_cut(s, strlen(s), size - 1);

	memcpy(out, s, n);
	out[n] = '\0';
}

static void error_fill(struct vx_error *err, enum vx_status status, const char *field, const char *fmt, va_list args)
{
	char reason[sizeof err->reason + 1]; /* one byte more than fits shows whether the cut is inside a character */

	vsnprintf(reason, sizeof reason, fmt, args);
	err->status = status;
	copy_cut(err->field, sizeof err->field, field ? field : "");
	copy_cut(err->reason, sizeof err->reason, reason);
}

int vx_error_set(struct vx_error *err, enum vx_status status, const char *field, const char *fmt, ...)
{
	va_list args;

	if (!err)
		return status;
	va_start(args, fmt);
	error_fill(err, status, field, fmt, args);
	va_end(args);
	return status;
}

int vx_error_errno(struct vx_error *err, enum vx_status status, const char *field, const char *fmt, ...)
{
	int code = errno;
	char why[128];
	size_t used;
	va_list args;

	if (!err)
		return status;
	va_start(args, fmt);
	error_fill(err, status, field, fmt, args);
	va_end(args);
	used = strlen(err->reason);
	snprintf(err->reason + used, sizeof err->reason - used, ": %s", strerror_r(code, why, sizeof why));
	return status;
}

void vx_error_at(struct vx_error *err, const char *file, long row)
{
	if (!err)
		return;
	if (file)
		copy_cut(err->file, sizeof err->file, file);
	err->row = row;
}

void vx_error_format(const struct vx_error *err, char *out, size_t size)
{
	char row[32] = "";

	if (err->row > 0)
		snprintf(row, sizeof row, "%s%ld", err->file[0] ? ":" : "line ", err->row);
	snprintf(out, size, "%s%s%s%s%s%s", err->file, row, err->file[0] || row[0] ? ": " : "", err->field,
		err->field[0] ? ": " : "", err->reason);
}

int vx_exit_status(enum vx_status status)
{
	switch (status) {
	case VX_OK:
		return 0;
	case VX_EREJECT:
		return 1;
	case VX_EUSAGE:
		return 64;
	case VX_EDATA:
		return 65;
	case VX_EREFUSED:
		return 69;
	case VX_EMEM:
		return 71;
	case VX_EIO:
		return 74;
	case VX_EUNREACHABLE:
		return 75;
	}
	return 70;
}

static int badness(enum vx_status status)
{
	static const enum vx_status order[] = { VX_OK, VX_EREJECT, VX_EUNREACHABLE, VX_EREFUSED, VX_EDATA, VX_EIO,
		VX_EMEM, VX_EUSAGE };
	int i;

	for (i = 0; i < (int)(sizeof order / sizeof order[0]); i++)
		if (order[i] == status)
			return i;
	return i;
}

enum vx_status vx_status_worse(enum vx_status a, enum vx_status b)
{
	return badness(a) >= badness(b) ? a : b;
}

/* One write for the whole line, so that lines of several tools and threads do not mix; control characters are made
 * visible, so that a file name cannot drive the terminal. */
static void say(const char *fmt, va_list args)
{
	char text[8192], line[4 * sizeof text + 300];
	size_t n, i;

	vsnprintf(text, sizeof text, fmt, args);
	n = (size_t)snprintf(line, 256, "%s: ", progname);
	for (i = 0; text[i]; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c < 0x20 && c != '\t') || c == 0x7F)
			n += (size_t)sprintf(line + n, "\\x%02X", c);
		else
			line[n++] = (char)c;
	}
	line[n++] = '\n';
	/* Where stderr itself is gone there is nobody left to tell. */
	if (write(STDERR_FILENO, line, n) < 0)
		return;
}

void vx_say(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(fmt, args);
	va_end(args);
}

void vx_message(const struct vx_error *err)
{
	char text[6000];

	vx_error_format(err, text, sizeof text);
	vx_say("%s", text);
}

void vx_die(enum vx_status status, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(fmt, args);
	va_end(args);
	exit(vx_exit_status(status));
}

static void out_of_memory(void)
{
	static const char text[] = ": out of memory\n";

	if (write(STDERR_FILENO, progname, strlen(progname)) < 0 || write(STDERR_FILENO, text, sizeof text - 1) < 0)
		_exit(vx_exit_status(VX_EMEM));
	_exit(vx_exit_status(VX_EMEM));
}

void *vx_alloc(size_t size)
{
	void *p = calloc(1, size ? size : 1);

	if (!p)
		out_of_memory();
	return p;
}

void *vx_realloc(void *old, size_t size)
{
	void *p = realloc(old, size ? size : 1);

	if (!p)
		out_of_memory();
	return p;
}

char *vx_strdup(const char *s)
{
	return vx_strndup(s, strlen(s));
}

char *vx_strndup(const char *s, size_t n)
{
	char *copy = vx_alloc(n + 1);

	memcpy(copy, s, n);
	return copy;
}

char *vx_asprintf(const char *fmt, ...)
{
	va_list args;
	char *out;

	va_start(args, fmt);
	if (vasprintf(&out, fmt, args) < 0)
		out_of_memory();
	va_end(args);
	return out;
}
