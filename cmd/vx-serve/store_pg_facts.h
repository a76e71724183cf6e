/* store_pg_facts: the fields that have a column of their own beside the body, to be looked up by. body -> columns
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef STORE_PG_FACTS_H
#define STORE_PG_FACTS_H

#include "store.h"

enum pg_fact_kind { PG_FACT_TEXT, PG_FACT_DOUBLE, PG_FACT_SMALL };

#define PG_FACTS 7
#define PG_FACT_COLUMNS "shorthand, external_uid, series_description, manufacturer, b_value, task, isup"
struct pg_fact {
	const char *type, *field; /* the column is called like the field */
	enum pg_fact_kind kind;
};
extern const struct pg_fact pg_facts[PG_FACTS]; /* in the order of PG_FACT_COLUMNS */

struct pg_values {
	char *text[PG_FACTS]; /* NULL: the column is null */
};

void pg_values_of(const struct store_row *row, struct pg_values *v);
void pg_values_free(struct pg_values *v);

/* pg_fact_find: NULL: this field of this type has no column. */
const struct pg_fact *pg_fact_find(const char *type, const char *field);

/* pg_fact_value: a JSON value as the column holds it, to be freed; NULL: as null. */
char *pg_fact_value(const struct pg_fact *f, const char *json, size_t len);

/* pg_key: text as such a column holds it: an index entry is bounded, and text may hold no NUL. Long texts are cut, with
 * a hash behind; to be freed. */
char *pg_key(const char *text, size_t len);

#endif
