/* vx_csv: tables as text, over libcsv: rows of cells in UTF-8, whatever the delimiter and the encoding.
 *
 *	struct vx_csv_handler h = { .row = take, .bad = reject, .warn = warn, .arg = &o };
 *	struct vx_csv_options any = { 0 };                    // delimiter and encoding by looking at the text
 *	if (vx_csv_read("clinical.csv", &any, &h, &err) != VX_OK) ...
 *
 * Cells come as they are: spaces stay, quotes are undone ("" is one quote), a quoted newline is part of its cell. A quote
 * inside a cell that does not begin with one is a letter like others (5" needle). Blank lines are no rows, but are
 * counted, so that a row's number is the one that a spreadsheet shows: the first row is 1.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_CSV_H
#define VX_CSV_H

#include "vx_err.h"
#include "vx_io.h"

/* A row that is longer than this is rejected: most often a quote that is never closed. */
#define VX_CSV_ROW_MAX (8 << 20)

struct vx_csv_options {
	char delimiter; /* 0: the one of , ; TAB | that the first rows agree on */
	const char *
		encoding; /* any name that iconv knows; NULL: BOM, else UTF-16 by its zero bytes, else UTF-8, else Latin-1
	                         with the additions of Windows-1252 */
};

struct vx_csv_row {
	long row; /* 1-based, as a spreadsheet counts */
	size_t count;
	const char *const *cells; /* UTF-8, NUL-terminated, without NUL inside; valid until the callback returns */
	const size_t *lens;
};

/* row and bad return false to end the reading. */
struct vx_csv_handler {
	bool (*row)(void *arg, const struct vx_csv_row *row);
	/* bad: a row that cannot be read; err has row, field ("column 3") and reason; row its cells as far as there are any. */
	bool (*bad)(void *arg, const struct vx_error *err, const struct vx_csv_row *row);
	void (*warn)(void *arg, const struct vx_error *err);
	void (*idle)(void *arg); /* before the input is waited for; may be NULL */
	void *arg;
};

/* vx_csv_read: all rows of path ("-": stdin). Returns VX_OK also when rows were bad.
 * Errors: VX_EIO (cannot be opened or read), VX_EUSAGE (no such encoding). */
int vx_csv_read(const char *path, const struct vx_csv_options *options, const struct vx_csv_handler *handler,
	struct vx_error *err) VX_MUST_USE;

/* vx_csv_encoding: the encoding of text that begins with these bytes; "" for ASCII or UTF-8, "latin1" for what is neither. */
const char *vx_csv_encoding(const char *bytes, size_t n);

/* vx_csv_delimiter: the delimiter that the first rows of text agree on; ',' when there is none. other (may be NULL) takes
 * a second one that fits them as well, 0 when there is none: then only a person can tell. */
char vx_csv_delimiter(const char *text, size_t n, char *other);

/* vx_csv_cp1252: s from Windows-1252, which is Latin-1 but for 0x80 to 0x9f, to UTF-8, appended. */
void vx_csv_cp1252(struct vx_buf *out, const char *s, size_t n);

#endif
