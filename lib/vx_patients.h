/* vx_patients: a saved map of patients, NDJSON {"external_uid","identifier","datasource"} a line, and the request that
 * asks an API for them.
 *
 *	struct vx_patients *p = vx_patients_load("map.ndjson", "datasource/x", &err);
 *	const char *identifier = vx_patients_find(p, uid, n);
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_PATIENTS_H
#define VX_PATIENTS_H

#include "vx_api.h"
#include "vx_err.h"
#include "vx_io.h"

/* vx_patients_load: the lines of one datasource (NULL: of the only one in the file).
 * Errors: VX_EIO; VX_EDATA with file and row: no such line, one name with two patients, several datasources. */
struct vx_patients;
struct vx_patients *vx_patients_load(const char *path, const char *datasource, struct vx_error *err) VX_MUST_USE;
void vx_patients_free(struct vx_patients *p);
const char *vx_patients_find(const struct vx_patients *p, const char *uid, size_t len); /* borrowed; NULL: not in it */
const char *vx_patients_datasource(const struct vx_patients *p);                        /* "" when the file is empty */

/* vx_patients_put: one such line, with its newline. */
void vx_patients_put(struct vx_buf *b, const char *uid, size_t len, const char *identifier, const char *datasource);

/* One name to be mapped, and what the API says: identifier is "" when it knows none. */
struct vx_patient_ask {
	const char *uid;
	size_t len;
	char identifier[256];
	bool created;
};

/* vx_patients_ask: POST /v1/patients/map for n names at once; new ones are registered when reg, in this order.
 * Errors: as vx_api_post, and VX_EREFUSED when the datasource does not exist or the answer is not understood. */
int vx_patients_ask(struct vx_api_link *link, const char *url, const char *datasource, bool reg,
	struct vx_patient_ask *asks, size_t n, struct vx_error *err) VX_MUST_USE;

#endif
