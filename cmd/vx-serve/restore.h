/* restore: a back-up into the database, before anybody is served. an export -> resources
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef RESTORE_H
#define RESTORE_H

#include "store.h"

struct restore_options {
	const char *file;   /* "-": stdin; gzip or not */
	const char *subset; /* a datasource; NULL: all of it */
	bool production;    /* only what is new goes in, and only where nothing else is */
	bool quiet;
};

/* restore_run: loads the back-up in transactions of many resources each. What is there already and equal stays; in
 * a dev database what differs is replaced. Killed at any moment and run again it ends in the same state.
 * VX_OK when all of it is in; else what is wrong has been told, with its line, and the status is
 * VX_EREJECT   some resources were refused
 * VX_EDATA     the file is cut off or damaged
 * VX_EREFUSED  the database is production's, and has what the back-up has not
 * VX_EIO, VX_EUNREACHABLE */
int restore_run(struct store *s, const struct vx_model *model, const struct restore_options *o) VX_MUST_USE;

#endif
