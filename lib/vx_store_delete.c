/* vx_store_delete: objects go, and the journal is told. In: keys. Out: what came of each, in order.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "vx_journal.h"
#include "vx_store_back.h"

static const char *const gone = "gone"; /* no content is spelled like this */

struct telling {
	struct vx_journal *journal;
	const char *const *keys; /* as the journal has them */
	vx_store_told *told;
	void *arg;
};

static void tell(void *arg, size_t i, int status, const struct vx_error *err)
{
	struct telling *t = arg;
	struct vx_error own = *err;
	if (status == VX_OK && t->journal)
		status = vx_journal_put(t->journal, t->keys[i], gone, &own);
	t->told(t->arg, i, status, &own);
}

static void delete_files(struct vx_store_file *f, const char *const *keys, size_t n, struct telling *t)
{
	for (size_t i = 0; i < n; i++) {
		struct vx_error err = VX_ERROR_INIT;
		const int status = vx_store_file_delete(f, keys[i], &err);
		tell(t, i, status, &err);
	}
}

void vx_store_delete(struct vx_store *s, const char *const *keys, size_t n, vx_store_told *told, void *arg)
{
	const struct vx_store_place place = vx_store_place(s);
	const struct vx_error none = VX_ERROR_INIT;
	if (place.dry_run) {
		for (size_t i = 0; i < n; i++)
			told(arg, i, VX_OK, &none);
		return;
	}
	char **whole = vx_alloc((n + 1) * sizeof(*whole));
	for (size_t i = 0; i < n; i++)
		whole[i] = vx_asprintf("%s%s", place.s3 ? place.prefix : "", keys[i]);
	struct telling t = { place.journal, (const char *const *)whole, told, arg };
	if (place.s3)
		vx_s3_delete(place.s3, t.keys, n, tell, &t);
	else
		delete_files(place.file, t.keys, n, &t);
	for (size_t i = 0; i < n; i++)
		free(whole[i]);
	free(whole);
}
