/* Fuzz target: a table of any bytes; whatever comes out is UTF-8 without NUL, in rows whose numbers rise.
 * SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vx_csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool take(void *arg, const struct vx_csv_row *row)
{
	long *last = arg;

	if (row->row <= *last)
		abort();
	*last = row->row;
	for (size_t i = 0; i < row->count; i++)
		if (strlen(row->cells[i]) != row->lens[i] || !vx_utf8_valid(row->cells[i], row->lens[i]))
			abort();
	return true;
}

static bool bad(void *arg, const struct vx_error *err, const struct vx_csv_row *row)
{
	long *last = arg;

	if (row->row <= *last || !err->reason[0])
		abort();
	*last = row->row;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const encodings[] = { NULL, "UTF-8", "UTF-16LE", "iso-8859-1" };
	struct vx_csv_options o = { .encoding = size ? encodings[data[0] % 4] : NULL };
	struct vx_error err = VX_ERROR_INIT;
	long last = 0;
	struct vx_csv_handler h = { .row = take, .bad = bad, .arg = &last };
	char path[64];
	int fd = memfd_create("table", 0);

	if (fd < 0 || (size && write(fd, data, size) != (ssize_t)size))
		abort();
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	/* Only what is no text at all is refused as a whole: a spreadsheet, or a compressed file. */
	if (vx_csv_read(path, &o, &h, &err) != VX_OK && err.status != VX_EDATA)
		abort();
	close(fd);
	return 0;
}
