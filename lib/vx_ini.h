/* vx_ini: the INI dialect of ~/.aws/config and ~/.aws/credentials.
 *
 *	[profile lab]
 *	region = eu-central-1
 *	s3 =
 *	    addressing_style = path
 *
 * gives ("profile lab", "region", "eu-central-1") and ("profile lab", "s3.addressing_style", "path").
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_INI_H
#define VX_INI_H

#include "vx_err.h"

/* vx_ini_parse: calls each for every "key = value" (or "key: value") of text, in order; one
 * without a value is not told.
 * Blanks around section, key and value are gone, keys are lower-case; an indented line below a key without a value is
 * its member. Lines that begin with "#" or ";" are comments; a "#" behind a value belongs to it.
 * Errors: VX_EDATA with the line in err->row: no "]", no "=", a key before the first section, a NUL byte. The line
 * itself is not quoted: it may hold a secret. */
int vx_ini_parse(const char *text, size_t len,
	void (*each)(void *arg, const char *section, const char *key, const char *value), void *arg,
	struct vx_error *err) VX_MUST_USE;

#endif
