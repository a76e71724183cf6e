/* Fuzz target: any bytes as a lexicon on top of the shared one, and as a cell: what is filled is a value of its field, a whole
 * cell has no unknown words, the list of unknown words is one line a word. SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vx_location.h"
#include "vx_unknown.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
	if (!good)
		abort();
}

/* A cell, read for some of the fields. */
static void read_cell(const struct vx_lexicon *lex, const char *text, size_t len, unsigned fields)
{
	struct vx_unknown *u = vx_unknown_new(4);
	struct vx_place place = VX_PLACE_INIT;
	struct vx_buf out = VX_BUF_INIT;
	bool whole;

	vx_unknown_at(u, "t.csv", 2, text, vx_utf8_valid(text, len) ? len : 0);
	whole = vx_location_parse(lex, text, len, fields, &place, vx_unknown_add, u);
	check(!whole || vx_unknown_cells(u) == 0);
	for (unsigned t = 0; t < VX_PLACE_FIELDS; t++) {
		const char *v = place.value[t];

		check(!v || vx_term_value((enum vx_term)t, v, strlen(v)) == v);
		check(!v || fields >> t & 1);
	}
	check(place.is_targeted >= -1 && place.is_targeted <= 1 && place.is_systematic >= -1 &&
		place.is_systematic <= 1);
	vx_unknown_print(u, lex, &out);
	check(vx_utf8_valid(out.data ? out.data : "", out.len));
	for (size_t i = 0; i < out.len; i++)
		check(out.data[i] != '\n' || i + 1 == out.len || out.data[i + 1] == '?' || out.data[i + 1] == '#');
	vx_buf_free(&out);
	vx_unknown_free(u);
}

/* Folding twice is folding once. */
static void fold_twice(const char *text, size_t len)
{
	struct vx_buf once = VX_BUF_INIT, twice = VX_BUF_INIT;

	vx_lexicon_fold(&once, text, len);
	vx_lexicon_fold(&twice, once.data ? once.data : "", once.len);
	check(once.len == twice.len && (once.len == 0 || memcmp(once.data, twice.data, once.len) == 0));
	vx_buf_free(&once);
	vx_buf_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct vx_lexicon *shared;
	struct vx_error err = VX_ERROR_INIT;
	const char *text = (const char *)data, *tab = size ? memchr(data, '\t', size) : NULL;
	struct vx_lexicon *lex;
	unsigned fields = size ? data[0] : 0;

	if (!shared)
		shared = vx_lexicon_load("share/pathology/lexicon.tsv", &err);
	if (!shared)
		abort();
	read_cell(shared, text, size, 255);
	read_cell(shared, text, size, fields);
	fold_twice(text, size);
	if (!tab)
		return 0;
	lex = fields % 8 ? vx_lexicon_new() : vx_lexicon_copy(shared); /* a copy takes its time */
	if (vx_lexicon_add_text(lex, "site.tsv", text, size, &err) != VX_OK)
		check(err.status == VX_EDATA && err.row >= 1 && err.reason[0]);
	read_cell(lex, text, size, fields);
	vx_lexicon_free(lex);
	return 0;
}
