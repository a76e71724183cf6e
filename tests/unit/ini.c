/* The INI dialect of ~/.aws: what is read, what is refused. In: none. Out: TAP. SPDX-License-Identifier: MIT */
#include "tap.h"
#include "vx_ini.h"
#include "vx_io.h"

static void collect(void *arg, const char *section, const char *key, const char *value)
{
	vx_buf_printf(arg, "[%s]%s=%s\n", section, key, value);
}

static void reads(const char *text, const char *wanted, const char *what)
{
	struct vx_buf got = VX_BUF_INIT;
	struct vx_error err = VX_ERROR_INIT;
	vx_buf_puts(&got, "");
	int status = vx_ini_parse(text, strlen(text), collect, &got, &err);
	ok(status == VX_OK, "%s: accepted", what);
	ok_str(got.data ? got.data : "", wanted, "%s", what);
	vx_buf_free(&got);
}

static void refuses(const char *text, size_t len, long row, const char *reason)
{
	struct vx_buf got = VX_BUF_INIT;
	struct vx_error err = VX_ERROR_INIT;
	ok(vx_ini_parse(text, len, collect, &got, &err) == VX_EDATA && err.row == row, "refused in line %ld", row);
	ok_str(err.reason, reason, "reason: %s", reason);
	vx_buf_free(&got);
}

int main(void)
{
	reads("", "", "nothing");
	reads("[a]\nk=v\n", "[a]k=v\n", "a value");
	reads("[a]\nk=v", "[a]k=v\n", "no newline at the end");
	reads("\xef\xbb\xbf[a]\r\nk = v w \r\n\r\n", "[a]k=v w\n", "BOM, CRLF, blanks");
	reads("# c\n; c\n[ a b ] # c\n  \nK:v:w=x\n", "[a b]k=v:w=x\n", "comments, colon, upper case");
	reads("[a]\nk=v#w ; x\n", "[a]k=v#w ; x\n", "a # behind a value belongs to it");
	reads("[profile x]\ns3 =\n  addressing_style = path\n\tb=c\nregion=eu\n",
		"[profile x]s3.addressing_style=path\n[profile x]s3.b=c\n[profile x]region=eu\n", "members of a key");
	reads("[a]\ns3=\n[b]\n  k=v\n", "[b]k=v\n", "a section ends the members");
	reads("[a]\nk=v\n  l=w\n", "[a]k=v\n[a]l=w\n", "an indented line below a value is a value");
	reads("[a]\nk=1\nk=2\n", "[a]k=1\n[a]k=2\n", "twice: both are told, in order");
	reads("[a]\nk=\n", "", "no value, no members");
	reads("[a]\ns3=\n k=\n l=v\n", "[a]s3.l=v\n", "a member without a value");
	refuses("k=v\n", 4, 1, "a key before the first [section]");
	refuses("[a]\n\n[b\n", 8, 3, "a section without its ]");
	refuses("[a]\nsecret\n", 11, 2, "neither a section nor key = value");
	refuses("[a]\nk=v\0w\n", 10, 2, "a NUL byte");
	return tap_end();
}
