/* vx_url: percent-encoding, as paths and queries of a URL need it.
 *
 *	vx_url_escape(&b, name, strlen(name), false);
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_URL_H
#define VX_URL_H

#include "vx_io.h"

/* vx_url_escape: all bytes but A-Za-z0-9-_.~ (and "/" when slash) as %XX, upper-case; appended to out. */
void vx_url_escape(struct vx_buf *out, const char *s, size_t n, bool slash);

#endif
