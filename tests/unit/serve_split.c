/* Tests of vx-serve's split: the values of arrays, sequences and lines, one at a time.
 * SPDX-License-Identifier: MIT */
#include "../../cmd/vx-serve/split.c"
#include "tap.h"
#include "vx_io.h"

/* The values, each in "<>"; "!" and the reason where the body is none. */
static const char *parts(const char *text, bool lines)
{
	static struct vx_buf b;
	struct vx_error err = VX_ERROR_INIT;
	struct split s;
	const char *value;
	size_t len;
	int more;

	vx_buf_clear(&b);
	vx_buf_puts(&b, "");
	split_begin(&s, text, strlen(text), lines);
	while ((more = split_next(&s, &value, &len, &err)) == 1)
		vx_buf_printf(&b, "<%.*s>", (int)len, value);
	if (more < 0)
		vx_buf_printf(&b, "!%s", err.reason);
	return b.data ? b.data : "";
}

int main(void)
{
	ok_str(parts("", false), "", "nothing");
	ok_str(parts("[]", false), "", "an empty array");
	ok_str(parts(" [ {\"a\":[1,{\"b\":\"]\\\"}\"}]} ,\n2,\"x,y\" ] \n", false),
		"<{\"a\":[1,{\"b\":\"]\\\"}\"}]}><2><\"x,y\">", "brackets and quotes inside");
	ok_str(parts("\xEF\xBB\xBF[1]", false), "<1>", "a byte order mark");
	ok_str(parts("{\"a\":1}\n {\"b\":2}", false), "<{\"a\":1}><{\"b\":2}>", "a sequence of objects");
	ok_str(parts("[1", false), "<1>!the array does not end at byte 2 of the body", "no end");
	ok_str(parts("[1,]", false), "<1>!no value at byte 3 of the body", "a comma too many");
	ok_str(parts("[,1]", false), "!no value at byte 1 of the body", "a comma too early");
	ok_str(parts("[1 2]", false), "<1>!no comma at byte 3 of the body", "no comma");
	ok_str(parts("[1] 2", false), "<1>!something stands behind the array at byte 4 of the body",
		"something behind");
	ok_str(parts("[\"abc", false), "<\"abc>!the array does not end at byte 5 of the body", "an open string");
	ok_str(parts("[\"abc\\", false), "<\"abc\\>!the array does not end at byte 6 of the body", "an open escape");
	ok_str(parts("[{]}", false), "<{]>!no comma at byte 3 of the body", "brackets that do not match");
	ok_str(parts("a\n\n \t\r\n b \r\nc", true), "<a><b><c>", "lines, blank ones left out");
	ok_str(parts("\xEF\xBB\xBF{}\n[1]", true), "<{}><[1]>", "lines behind a byte order mark");
	return tap_end();
}
