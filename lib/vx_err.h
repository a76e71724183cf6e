/* vx_err: statuses, the story of an error, and messages for people.
 *
 * Library calls return VX_OK (0) or a negative enum vx_status, and tell the story in a struct vx_error that the
 * caller owns. Only this module prints or ends the process; everything else in lib reports.
 *
 *	struct vx_error err = VX_ERROR_INIT;
 *	if (vx_nifti_parse(bytes, n, &hdr, &err) != VX_OK)
 *		vx_message(&err);        // "vx-nifti-meta: a.nii.gz: truncated: 214 of 348 header bytes"
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_ERR_H
#define VX_ERR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#define VX_MUST_USE __attribute__((warn_unused_result))
#define VX_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* What became of a call, and in brackets the exit status it leads to. */
enum vx_status {
	VX_OK = 0,
	VX_EREJECT = -1,      /* this record cannot be handled, its neighbours can      [1]  */
	VX_EUSAGE = -2,       /* wrong options or arguments                             [64] */
	VX_EDATA = -3,        /* the stream as a whole is not what it should be         [65] */
	VX_EREFUSED = -4,     /* the other side refuses for good: 401, 403, production  [69] */
	VX_EMEM = -5,         /* out of memory                                          [71] */
	VX_EIO = -6,          /* local input or output failed, stdout included          [74] */
	VX_EUNREACHABLE = -7, /* the other side stayed unreachable: try again           [75] */
};

/* The story of one error. file and row say where it came from, field which part of it; empty or 0 where unknown. */
struct vx_error {
	enum vx_status status;
	long row;          /* 1-based row or line of file */
	char field[192];   /* name of the field or column; a path such as "labels.2" where it is nested */
	char reason[1024]; /* one clause, lower case, no full stop */
	char file[4096];
};
#define VX_ERROR_INIT                                                                                                  \
	{                                                                                                              \
		.status = VX_OK, .row = 0, .field = "", .reason = "", .file = ""                                       \
	}

/* vx_error_clear: what VX_ERROR_INIT makes, without the zeroes of 5 KiB: for calls that run a million times. */
static inline void vx_error_clear(struct vx_error *err)
{
	err->status = VX_OK;
	err->row = 0;
	err->field[0] = err->reason[0] = err->file[0] = '\0';
}

/* vx_error_set: fills in status, field ("" or NULL: none) and reason; file and row are left as they are.
 * Returns status, so that a caller can write: return vx_error_set(err, VX_EREJECT, "dim", "...");
 * err may be NULL: then only the status is returned. */
int vx_error_set(struct vx_error *err, enum vx_status status, const char *field, const char *fmt, ...) VX_PRINTF(4, 5);

/* vx_error_errno: the same with ": <strerror(errno)>" behind the reason. */
int vx_error_errno(struct vx_error *err, enum vx_status status, const char *field, const char *fmt, ...)
	VX_PRINTF(4, 5);

/* vx_error_at: says where; file may be NULL (then only row is set). */
void vx_error_at(struct vx_error *err, const char *file, long row);

/* vx_error_format: "file:row: field: reason" with the parts that are known, into out (always terminated). */
void vx_error_format(const struct vx_error *err, char *out, size_t size);

/* vx_exit_status: the exit status that a status leads to. */
int vx_exit_status(enum vx_status status);

/* vx_status_worse: the worse of two statuses (of the order 0, 1, 75, 69, 65, 74, 71, 64). */
enum vx_status vx_status_worse(enum vx_status a, enum vx_status b);

/* vx_progname_set / vx_progname: the tool's name that messages begin with. Set it first thing in main: it also makes sure
 * that descriptors 0 to 2 are taken, so that no file or socket is mistaken for stdout. */
void vx_progname_set(const char *name);
const char *vx_progname(void);

/* vx_say: one line "tool: ..." on stderr, written whole. Thread-safe. Control characters in it are shown as \xNN. */
void vx_say(const char *fmt, ...) VX_PRINTF(1, 2);

/* vx_message: vx_say of a formatted error. */
void vx_message(const struct vx_error *err);

/* vx_die: says why and ends the process with the status's exit status. For main and option parsing only. */
void vx_die(enum vx_status status, const char *fmt, ...) VX_PRINTF(2, 3) __attribute__((noreturn));

/* Allocation that does not return NULL: out of memory ends the process with 71. free() frees. */
void *vx_alloc(size_t size) __attribute__((malloc, returns_nonnull)); /* zeroed */
void *vx_realloc(void *old, size_t size) __attribute__((returns_nonnull));
char *vx_strdup(const char *s) __attribute__((malloc, returns_nonnull));
char *vx_strndup(const char *s, size_t n) __attribute__((malloc, returns_nonnull));
char *vx_asprintf(const char *fmt, ...) VX_PRINTF(1, 2) __attribute__((malloc, returns_nonnull));

#endif
