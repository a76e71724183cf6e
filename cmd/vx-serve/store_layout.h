/* store_layout: the layouts of a database, one file of SQL a version: share/sql/<backend>/NNN-name.sql, applied in turn.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef STORE_LAYOUT_H
#define STORE_LAYOUT_H

#include "vx_io.h"

struct layout {
	int version; /* 1, 2, ... without a hole */
	char *name;  /* "resources" of 001-resources.sql */
	struct vx_buf sql;
	char checksum[65]; /* SHA-256 of sql */
};

struct layouts {
	struct layout *list; /* list[i].version is i + 1 */
	size_t count;
};

/* layouts_load: those of a backend ("sqlite", "postgresql"). VX_EIO or VX_EDATA where STORE_SCHEMA is not the newest. */
int layouts_load(struct layouts *l, const char *backend, struct vx_error *err) VX_MUST_USE;
void layouts_free(struct layouts *l);

/* layouts_newer: VX_EDATA, for a database of a version that this program does not know. */
int layouts_newer(long long version, struct vx_error *err);

/* layouts_same: VX_EDATA when what was applied as version is not what share/sql holds. checksum may be NULL: not known. */
int layouts_same(const struct layouts *l, long long version, const char *checksum, struct vx_error *err) VX_MUST_USE;

#endif
