/* suggest_values: a column's distinct cells, those with the lowest hashes, by open addressing.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "suggest_table.h"
#include "vx_hash.h"

static struct suggest_value *find_slot(struct suggest_column *c, uint64_t hash)
{
	size_t i = (size_t)hash & (c->room - 1);

	while (c->values[i].text && c->values[i].hash != hash)
		i = (i + 1) & (c->room - 1);
	return &c->values[i];
}

static int by_hash(const void *a, const void *b)
{
	const struct suggest_value *x = a, *y = b;

	return (x->hash > y->hash) - (x->hash < y->hash);
}

void suggest_values_keep(struct suggest_column *c, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < c->room; i++)
		if (c->values[i].text) {
			struct suggest_value v = c->values[i];
			c->values[i].text = NULL;
			c->values[n++] = v;
		}
	if (n)
		qsort(c->values, n, sizeof *c->values, by_hash);
	for (; n > max; n--) {
		c->partial = true;
		c->threshold = c->values[n - 1].hash;
		free(c->values[n - 1].text);
		c->values[n - 1].text = NULL;
	}
	c->n = n;
}

static void rehash(struct suggest_column *c, size_t room)
{
	struct suggest_value *old = c->values;
	size_t n = c->room;

	c->room = room;
	c->values = vx_alloc(room * sizeof *c->values);
	for (size_t i = 0; i < n; i++)
		if (old[i].text)
			*find_slot(c, old[i].hash) = old[i];
	free(old);
}

void suggest_values_add(struct suggest_column *c, size_t max, const char *text, size_t len)
{
	uint64_t hash = vx_hash64(text, len);
	struct suggest_value *v;

	c->cells++;
	if (hash >= c->threshold)
		return;
	if (!c->room)
		rehash(c, 16);
	v = find_slot(c, hash);
	if (v->text) {
		v->count++;
		return;
	}
	len = vx_utf8_cut(text, len, SUGGEST_CELL_BYTES);
	*v = (struct suggest_value){ .hash = hash, .count = 1, .text = vx_strndup(text, len), .len = (uint32_t)len };
	if (++c->n >= 2 * max) {
		suggest_values_keep(c, max);
		rehash(c, c->room);
	} else if (c->n > c->room / 2) {
		rehash(c, 2 * c->room);
	}
}
