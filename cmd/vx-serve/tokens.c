/* tokens: who may read, who may write. a token file -> rights
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tokens.h"
#include "vx_hash.h"
#include "vx_io.h"

#define SCHEME "sha256:"

struct token {
	char hash[65], name[TOKEN_NAME];
	enum right right;
};

struct tokens {
	struct token *list;
	size_t count;
	bool plain, shared;
};

static bool is_hash(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (vx_hex_digit(s[i]) < 0)
			return false;
	return n == 64;
}

static bool is_name(const char *s, size_t n)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	return n < TOKEN_NAME && strspn(s, allowed) >= n;
}

/* word: the next word of a line and its length; 0 at the end. */
static size_t word(const char **at, const char **start)
{
	*at += strspn(*at, " \t");
	*start = *at;
	*at += strcspn(*at, " \t");
	return (size_t)(*at - *start);
}

static bool is_word(const char *s, size_t n, const char *wanted)
{
	return n == strlen(wanted) && !memcmp(s, wanted, n);
}

/* hashed: "read sha256:... [NAME]" behind its first word. */
static int hashed(struct token *t, const char *rest, struct vx_error *err)
{
	const char *start, *scheme = SCHEME;
	size_t n = word(&rest, &start), skip = strlen(scheme);
	if (n < skip || memcmp(start, scheme, skip) != 0 || !is_hash(start + skip, n - skip))
		return vx_error_set(err, VX_EUSAGE, NULL,
			"read and write want " SCHEME " and 64 hexadecimal digits: vx-serve --hash-token makes them");
	for (size_t i = 0; i < 64; i++)
		t->hash[i] = "0123456789abcdef"[vx_hex_digit(start[skip + i])];
	n = word(&rest, &start);
	if (!is_name(start, n))
		return vx_error_set(err, VX_EUSAGE, NULL, "a name has letters, digits, \".\", \"_\", \"-\", at most %d",
			TOKEN_NAME - 1);
	memcpy(t->name, start, n);
	if (word(&rest, &start))
		return vx_error_set(err, VX_EUSAGE, NULL, "something stands behind the name");
	return VX_OK;
}

/* parse: 1 with a token, 0 for a line without one, or VX_EUSAGE. */
static int parse(struct token *t, const char *line, size_t len, bool *plain, struct vx_error *err)
{
	const char *at = line, *start;
	size_t n;
	if (strlen(line) != len)
		return vx_error_set(err, VX_EUSAGE, NULL, "holds a NUL byte");
	n = word(&at, &start);
	if (n == 0 || *start == '#')
		return 0;
	t->right = is_word(start, n, "read") ? RIGHT_READ : RIGHT_WRITE;
	if (t->right == RIGHT_READ || is_word(start, n, "write"))
		return hashed(t, at, err) == VX_OK ? 1 : VX_EUSAGE;
	vx_sha256_bytes(start, n, t->hash);
	*plain = true;
	if (word(&at, &start))
		return vx_error_set(
			err, VX_EUSAGE, NULL, "neither \"read " SCHEME "...\", \"write " SCHEME "...\" nor one token");
	return 1;
}

static int add(struct tokens *t, char *line, size_t len, struct vx_error *err)
{
	struct token token = { .name = "" };
	while (len && (line[len - 1] == '\r' || line[len - 1] == ' ' || line[len - 1] == '\t'))
		line[--len] = '\0';
	int found = parse(&token, line, len, &t->plain, err);
	explicit_bzero(line, len);
	if (found != 1)
		return found;
	t->list = vx_realloc(t->list, (t->count + 1) * sizeof *t->list);
	t->list[t->count++] = token;
	return VX_OK;
}

struct tokens *tokens_load(const char *path, struct vx_error *err)
{
	struct tokens *t = vx_alloc(sizeof *t);
	struct vx_reader *in = vx_reader_open(path, err);
	struct stat st;
	char *line;
	size_t len;
	long row = 0;
	int more = in ? 1 : VX_EIO;
	t->shared = stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 077);
	while (more == 1 && (more = vx_reader_line(in, &line, &len, err)) == 1) {
		int status = add(t, line, len, err);
		row++;
		if (status != VX_OK) {
			vx_error_at(err, path, row);
			more = status;
		}
	}
	vx_reader_close(in);
	if (more == 0 && t->count == 0)
		more = vx_error_set(err, VX_EUSAGE, NULL, "--token-file: %s holds no token", path);
	if (more == 0)
		return t;
	tokens_free(t);
	return NULL;
}

void tokens_free(struct tokens *t)
{
	if (!t)
		return;
	free(t->list);
	free(t);
}

bool tokens_open_secret(const struct tokens *t)
{
	return t->plain && t->shared;
}

/* All hashes are compared, each in full. */
enum right tokens_right(const struct tokens *t, const char *token, char name[TOKEN_NAME])
{
	enum right right = RIGHT_NONE;
	char hash[65];
	name[0] = '\0';
	vx_sha256_bytes(token, strlen(token), hash);
	for (size_t i = 0; i < t->count; i++) {
		volatile unsigned char differs = 0;
		for (size_t k = 0; k < 64; k++)
			differs |= (unsigned char)(hash[k] ^ t->list[i].hash[k]);
		if (differs == 0 && t->list[i].right > right) {
			right = t->list[i].right;
			memcpy(name, t->list[i].name, TOKEN_NAME);
		}
	}
	return right;
}

int tokens_line(const char *right, const char *token, size_t len, char **line, struct vx_error *err)
{
	char hash[65];
	if (len < TOKEN_SHORTEST)
		return vx_error_set(err, VX_EREJECT, NULL,
			"the token has fewer than %d characters and could be found by trying: openssl rand -hex 32 "
			"makes one",
			TOKEN_SHORTEST);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)token[i] <= ' ' || (unsigned char)token[i] >= 0x7f)
			return vx_error_set(
				err, VX_EREJECT, NULL, "the token holds a blank or a character beyond ASCII");
	vx_sha256_bytes(token, len, hash);
	*line = vx_asprintf("%s " SCHEME "%s", right, hash);
	return VX_OK;
}
