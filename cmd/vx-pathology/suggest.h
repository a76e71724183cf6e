/* suggest: a first mapping for a table that nobody has described yet, from its columns' names and cells.
 * SPDX-License-Identifier: MIT */
#ifndef SUGGEST_H
#define SUGGEST_H

#include "vx_lexicon.h"
#include "vx_opt.h"

/* suggest_run: reads rows (NDJSON) from files (a NULL-terminated list; empty: stdin), writes a mapping to stdout.
 * What the cells do not settle stands in its "unsure". Rows in another order give the same mapping. Returns the exit
 * status. */
int suggest_run(char **files, const struct vx_common *common, const struct vx_lexicon *lexicon);

#endif
