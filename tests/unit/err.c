/* Unit tests of vx_err and of vx_utf8: a reason is never cut inside a character.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "tap.h"
#include "vx_json.h"

/* n times "é" behind skip letters. */
static char *accents(size_t skip, size_t n)
{
	struct vx_buf b = VX_BUF_INIT;

	while (skip-- > 0)
		vx_buf_putc(&b, 'a');
	while (n-- > 0)
		vx_buf_puts(&b, "\xc3\xa9");
	return b.data;
}

static void test_cut(void)
{
	ok(vx_utf8_cut("abc", 3, 80) == 3, "what fits is not cut");
	ok(vx_utf8_cut("ab\xc3\xa9", 4, 3) == 2, "a cut inside a character goes before it");
	ok(vx_utf8_cut("a\xf0\x9f\x98\x80z", 6, 4) == 1 && vx_utf8_cut("a\xf0\x9f\x98\x80z", 6, 5) == 5,
		"also one of four bytes");
	ok(vx_utf8_cut("\xa9\xa9\xa9", 3, 2) == 0, "bytes that begin no character end it at the start");
}

static void test_mend(void)
{
	char good[] = "pr\xc3\xbc"
		      "fen",
	     bad[] = "pr\xfc"
		     "fen \xc3\xa9";

	vx_utf8_mend(good);
	ok_str(good,
		"pr\xc3\xbc"
		"fen",
		"a good message stays");
	vx_utf8_mend(bad);
	ok_str(bad, "pr?fen ??", "a bad one keeps its ASCII");
}

static void test_reason(void)
{
	struct vx_error err = VX_ERROR_INIT;

	for (size_t skip = 0; skip < 2; skip++) {
		char *text = accents(skip, 2000);
		vx_error_set(&err, VX_EREJECT, text, "%s", text);
		ok(vx_utf8_valid(err.reason, strlen(err.reason)) && strlen(err.reason) == 1022 + skip,
			"a long reason is cut between characters (%zu)", skip);
		ok(vx_utf8_valid(err.field, strlen(err.field)) && strlen(err.field) == 190 + skip,
			"  and so is a field");
		free(text);
	}
}

static void test_key(void)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_json *j = NULL;
	char *key = accents(1, 60), *text = vx_asprintf("{\"%s\":1,\"%s\":2}", key, key);

	ok(vx_json_parse(text, strlen(text), &j, &err) == VX_EREJECT && vx_utf8_valid(err.reason, strlen(err.reason)) &&
			strstr(err.reason, "duplicate key \"a\xc3\xa9") != NULL,
		"a long key that comes twice is named up to a whole character");
	vx_json_free(j);
	free(key);
	free(text);
}

int main(void)
{
	test_cut();
	test_mend();
	test_reason();
	test_key();
	return tap_end();
}
