/* Tests of vx-serve's token files: which lines are tokens, what each may do.
 * SPDX-License-Identifier: MIT */
#include <unistd.h>

#include "../../cmd/vx-serve/tokens.c"
#include "tap.h"

#define HASH "9f9f5111f7b27a781f1f1ddde5ebc2dd2b796bfc7365c9c28b548e564176929f" /* of 0123456789abcdef */

/* load: a file with this text; NULL and the reason in err when it is refused. */
static struct tokens *load(const char *text, size_t len, struct vx_error *err)
{
	char path[] = "/tmp/vx-tokens-XXXXXX";
	int fd = mkstemp(path);
	struct vx_error ignored = VX_ERROR_INIT;
	*err = (struct vx_error)VX_ERROR_INIT;
	if (fd < 0 || vx_write_all(fd, text, len, &ignored) != VX_OK)
		return NULL;
	close(fd);
	struct tokens *t = tokens_load(path, err);
	unlink(path);
	return t;
}

/* right: what the token may do by this file: "none", "read", "write", with its name behind, or "!" and the line. */
static const char *right(const char *text, const char *token)
{
	static const char *const words[] = { "none", "read", "write" };
	static char out[128];
	char name[TOKEN_NAME];
	struct vx_error err;
	struct tokens *t = load(text, strlen(text), &err);
	if (!t) {
		snprintf(out, sizeof out, "!%ld", err.row);
		return out;
	}
	enum right r = tokens_right(t, token, name);
	snprintf(out, sizeof out, "%s%s%s", words[r], *name ? " " : "", name);
	tokens_free(t);
	return out;
}

static void lines(void)
{
	const char *k = "0123456789abcdef";
	ok_str(right("read sha256:" HASH "\n", k), "read", "a hash that may read");
	ok_str(right("write sha256:" HASH "\n", k), "write", "a hash that may write");
	ok_str(right("\twrite \t sha256:" HASH "  ci.job_1-x \r\n", k), "write ci.job_1-x", "blanks, a name, a CR");
	ok_str(right("write sha256:9F9F5111F7B27A781F1F1DDDE5EBC2DD2B796BFC7365C9C28B548E564176929F", k), "write",
		"capital digits, no final newline");
	ok_str(right("\n# a comment\n \n0123456789abcdef\n", k), "write", "a token as it is, behind empty lines");
	ok_str(right("read sha256:" HASH " a\nwrite sha256:" HASH " b\n", k), "write b", "twice: the greater right");
	ok_str(right("write sha256:" HASH " b\nread sha256:" HASH " a\n", k), "write b", "whatever comes first");
	ok_str(right("other\nread sha256:" HASH "\nanother\n", k), "read", "among others");
	ok_str(right("write sha256:" HASH "\n", "0123456789abcde"), "none", "a part of the token");
	ok_str(right("write sha256:" HASH "\n", HASH), "none", "the hash is no token");
	ok_str(right("write sha256:" HASH "\n", ""), "none", "an empty token");
}

static void refused(void)
{
	const char *k = "0123456789abcdef";
	ok_str(right("", k), "!0", "an empty file");
	ok_str(right("# nobody\n", k), "!0", "comments alone");
	ok_str(right("read\n", k), "!1", "a right alone");
	ok_str(right("x\nwrite 0123456789abcdef\n", k), "!2", "a right and a token as it is");
	ok_str(right("read sha256:" HASH "0\n", k), "!1", "a digit too many");
	ok_str(right("read sha256:9f9f\n", k), "!1", "too few");
	ok_str(right("read sha256:g" HASH "\n", k), "!1", "no digit");
	ok_str(right("read sha512:" HASH "\n", k), "!1", "another hash");
	ok_str(right("own sha256:" HASH "\n", k), "!1", "another right");
	ok_str(right("read sha256:" HASH " na/me\n", k), "!1", "a name with a slash");
	ok_str(right("read sha256:" HASH " name more\n", k), "!1", "something behind the name");
	ok_str(right("read sha256:" HASH " aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", k),
		"!1", "a name of 65 letters");
	struct vx_error err;
	ok(!load("to\0ken\n", 7, &err) && err.status == VX_EUSAGE, "a NUL byte");
}

static void made(void)
{
	struct vx_error err = VX_ERROR_INIT;
	char *line = NULL;
	ok(tokens_line("read", "0123456789abcdef", 16, &line, &err) == VX_OK, "a line is made");
	ok_str(line, "read sha256:" HASH, "of the right and the hash");
	ok_str(right(line, "0123456789abcdef"), "read", "and read back");
	free(line);
	ok(tokens_line("read", "0123456789abcde", 15, &line, &err) == VX_EREJECT, "a token that is too short");
	ok(tokens_line("read", "0123456789 abcdef", 17, &line, &err) == VX_EREJECT, "a blank in it");
	ok(tokens_line("read", "0123456789\xc3\xa4xxxxxx", 18, &line, &err) == VX_EREJECT, "beyond ASCII");
}

int main(void)
{
	lines();
	refused();
	made();
	return tap_end();
}
