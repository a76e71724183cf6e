/* vx_api_parts: what the files of vx_api share: where the API is, and one connection to it; for vx_api.c, which makes them and
 * asks for health, and vx_api_ask.c, which sends requests and judges answers.
 *
 *	struct vx_api_link *link = ...;   // its response is the last answer's
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_API_PARTS_H
#define VX_API_PARTS_H

#include <libdeflate.h>
#include <stdint.h>

#include "vx_api.h"
#include "vx_json.h"

#define VX_API_BEARER "Authorization: Bearer "
#define VX_API_TRIES 3
#define VX_API_PAUSE_NS 100000000L /* behind the first try; behind the second, twice that */

struct vx_api {
	struct vx_api_options options;
	char *base;  /* as given, without a slash at its end */
	char *shown; /* the same without user name and password */
	char *authorization;
	struct vx_json *routes;
	bool gzip;
};

struct vx_api_link {
	const struct vx_api *api;
	struct vx_http *http;
	double retry_for, pause_most; /* as struct vx_http_options */
	struct libdeflate_compressor *gzip;
	struct vx_http_response response;
	struct vx_buf url, packed;
	uint64_t base; /* requests are named by it and by their number */
	unsigned long requests;
	char id[64]; /* the header line */
};

#endif
