/* tokens: who may read, who may write. a token file -> rights
 *
 *	read sha256:<64 hexadecimal digits> [NAME]
 *	write sha256:<64 hexadecimal digits> [NAME]
 *	a token as it is, which may write
 *
 * One a line; empty lines and lines that begin with "#" are passed over. NAME (letters, digits, ".", "_", "-") stands in
 * the access log.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TOKENS_H
#define TOKENS_H

#include "vx_err.h"

enum right { RIGHT_NONE, RIGHT_READ, RIGHT_WRITE };

#define TOKEN_NAME 65     /* bytes of a name with its NUL */
#define TOKEN_SHORTEST 16 /* characters of a token that tokens_line takes: a hash of fewer can be tried out */

struct tokens;

/* tokens_load: VX_EIO, or VX_EUSAGE when a line is none of the above or there is none. No message holds a token. */
struct tokens *tokens_load(const char *path, struct vx_error *err) VX_MUST_USE;
void tokens_free(struct tokens *t); /* NULL is allowed */

/* tokens_open_secret: whether the file holds tokens as they are and others than its owner may read it. */
bool tokens_open_secret(const struct tokens *t);

/* tokens_right: what a token may do; its name ("" without one) into name. The time that it takes tells nothing. */
enum right tokens_right(const struct tokens *t, const char *token, char name[TOKEN_NAME]);

/* tokens_line: the line of a token file for a token: "write sha256:..."; line to be freed. VX_EREJECT: too short. */
int tokens_line(const char *right, const char *token, size_t len, char **line, struct vx_error *err) VX_MUST_USE;

#endif
