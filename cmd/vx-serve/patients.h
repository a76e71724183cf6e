/* patients: the source's names of patients -> vxData's, allocated once. in: [{"external_uid", "datasource_id"}]
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PATIENTS_H
#define PATIENTS_H

#include "store.h"

struct patient_item {
	char *external_uid, *datasource;
	char identifier[VX_IDENTIFIER_MAX + 1]; /* "" while unknown */
	bool created;
};

struct patients {
	struct patient_item *items;
	size_t count, cap;
};

/* patients_read: VX_EREJECT with the item and the field in the reason; one alone is an object, many are an array. */
int patients_read(struct patients *p, const char *body, size_t len, bool many, struct vx_error *err) VX_MUST_USE;
void patients_free(struct patients *p);

/* patients_map: finds each patient, and with new gives the next number to one that is new, in array order, without
 * a gap, in one transaction. Errors: VX_EREJECT, no number is free; VX_EDATA, a datasource does not exist; nothing is
 * written then. */
int patients_map(
	struct store *s, const struct vx_model *model, struct patients *p, bool new, struct vx_error *err) VX_MUST_USE;

#endif
