/* memory: bytes as the file that vx_dicom reads; for the unit test and the fuzz target.
 * SPDX-License-Identifier: MIT */
#ifndef MEMORY_H
#define MEMORY_H

#include <string.h>

#include "vx_dicom.h"

struct memory {
	const uint8_t *bytes;
	size_t size, at;
};

static int read_memory(void *arg, void *out, size_t want, size_t *got, struct vx_error *err)
{
	struct memory *m = arg;
	(void)err;
	*got = m->size - m->at < want ? m->size - m->at : want;
	memcpy(out, m->bytes + m->at, *got);
	m->at += *got;
	return VX_OK;
}

static int skip_memory(void *arg, uint64_t n, uint64_t *got, struct vx_error *err)
{
	struct memory *m = arg;
	(void)err;
	*got = m->size - m->at < n ? m->size - m->at : n;
	m->at += (size_t)*got;
	return VX_OK;
}

#endif
