/* store_pg_facts: columns out of a body. canonical JSON -> texts
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "store_pg_facts.h"
#include "vx_hash.h"
#include "vx_json_walk.h"

#define KEY_MAX 1000 /* bytes: two of them and a name fit an entry of an index (2,704) */
#define KEY_CUT 930

const struct pg_fact pg_facts[PG_FACTS] = {
	{ "datasource", "shorthand", PG_FACT_TEXT },
	{ "patient", "external_uid", PG_FACT_TEXT },
	{ "volume", "series_description", PG_FACT_TEXT },
	{ "volume", "manufacturer", PG_FACT_TEXT },
	{ "volume", "b_value", PG_FACT_DOUBLE },
	{ "voxelmap", "task", PG_FACT_TEXT },
	{ "assessment", "isup", PG_FACT_SMALL },
};

char *pg_key(const char *text, size_t len)
{
	struct vx_buf b = VX_BUF_INIT;
	size_t n = len > KEY_MAX ? KEY_CUT : len;
	while (n < len && n && ((unsigned char)text[n] & 0xc0) == 0x80) /* not within a character */
		n--;
	vx_buf_reserve(&b, n + 80);
	for (size_t i = 0; i < n; i++) {
		if (text[i])
			vx_buf_putc(&b, text[i]);
		else
			vx_buf_puts(&b, "\xef\xbf\xbd");
	}
	if (n < len) {
		char hex[65];
		vx_sha256_bytes(text, len, hex);
		vx_buf_printf(&b, "...%s", hex);
	}
	vx_buf_puts(&b, "");
	return b.data;
}

const struct pg_fact *pg_fact_find(const char *type, const char *field)
{
	for (size_t i = 0; i < PG_FACTS; i++)
		if (!strcmp(pg_facts[i].type, type) && !strcmp(pg_facts[i].field, field))
			return &pg_facts[i];
	return NULL;
}

static char *text_value(const char *json, size_t len)
{
	struct vx_slice inside;
	struct vx_json *value = NULL;
	if (vx_slice_string((struct vx_slice){ json, len }, &inside))
		return pg_key(inside.text, inside.len);
	char *key = NULL; /* it holds an escape, or is none */
	if (vx_json_parse(json, len, &value, NULL) == VX_OK) {
		size_t n;
		const char *text = vx_json_text(value, &n);
		key = text ? pg_key(text, n) : NULL;
	}
	vx_json_free(value);
	return key;
}

char *pg_fact_value(const struct pg_fact *f, const char *json, size_t len)
{
	if (f->kind == PG_FACT_TEXT)
		return text_value(json, len);
	char *text = vx_strndup(json, len), *end;
	double v = strtod(text, &end);
	if (end != text && !*end && isfinite(v) && (f->kind == PG_FACT_DOUBLE || fabs(v) < 32768))
		return text;
	free(text);
	return NULL;
}

void pg_values_of(const struct store_row *row, struct pg_values *v)
{
	size_t from = 0, to;
	*v = (struct pg_values){ .text = { NULL } };
	while (from < PG_FACTS && strcmp(pg_facts[from].type, row->type) != 0)
		from++;
	for (to = from; to < PG_FACTS && !strcmp(pg_facts[to].type, row->type);)
		to++;
	if (from == to)
		return;
	struct vx_json_walk w = vx_json_walk_begin(row->body, row->body_len);
	struct vx_slice key, value;
	while (vx_json_walk_member(&w, &key, &value))
		for (size_t i = from; i < to; i++)
			if (!v->text[i] && vx_slice_is(key, pg_facts[i].field))
				v->text[i] = pg_fact_value(&pg_facts[i], value.text, value.len);
}

void pg_values_free(struct pg_values *v)
{
	for (size_t i = 0; i < PG_FACTS; i++)
		free(v->text[i]);
}
