/* store_fields: of what SQL type a field of the model is. share/schema -> enum field_kind
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef STORE_FIELDS_H
#define STORE_FIELDS_H

#include "vx_resource.h"

enum field_kind { FIELD_TEXT, FIELD_NUMBER, FIELD_BOOLEAN, FIELD_JSON };

/* field_each: the fields of a type, in the order of its schema, identifier and parent_identifier aside. common is
 * share/schema/common.json. */
void field_each(const struct vx_type *t, const struct vx_json *common,
	void (*each)(void *arg, const char *field, enum field_kind kind), void *arg);

/* field_quote: a name inside quotes of this kind; our schemas hold none, a user's might. */
void field_quote(struct vx_buf *b, const char *name, char quote);

#endif
