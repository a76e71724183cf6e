/* vx_csv_input: inside vx_csv: the bytes of a table, decoded. Not for others.
 * SPDX-License-Identifier: MIT */
#ifndef VX_CSV_INPUT_H
#define VX_CSV_INPUT_H

#include <iconv.h>

#include "vx_csv.h"

struct vx_csv_input {
	int fd;
	iconv_t cd;         /* (iconv_t)-1: bytes pass as they are */
	size_t unit;        /* bytes that an illegal sequence takes at least: 2 in UTF-16 */
	struct vx_buf raw;  /* read, not decoded yet */
	struct vx_buf text; /* decoded, not parsed yet; an illegal sequence is a byte 0xff, which no UTF-8 holds */
	bool end, latin1;   /* latin1: found by looking, cells are converted one by one */
	bool given;         /* the encoding was told, not found */
};

int vx_csv_input_open(struct vx_csv_input *in, const char *path, const char *encoding, struct vx_error *err);
void vx_csv_input_close(struct vx_csv_input *in);

/* vx_csv_input_more: decodes more bytes into text. 1, 0 at the end, VX_EIO. */
int vx_csv_input_more(struct vx_csv_input *in, const struct vx_csv_handler *h, struct vx_error *err);

#endif
