/* options: what vx-serve was told. argv -> struct opts
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "http.h"
#include "vx_opt.h"

struct opts {
	const char *db, *listen, *token_file, *environment, *access_log, *tls_cert, *tls_key;
	const char *restore, *subset; /* a back-up to load first, and the datasource of it */
	bool restore_only;            /* then end */
	struct http_limits limits;
	struct vx_common common;
};

/* options_parse: wrong usage ends with 64; --hash-token does its work and ends. */
void options_parse(int argc, char **argv, struct opts *o);

#endif
