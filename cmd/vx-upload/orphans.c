/* orphans: --orphans. Records, then the list of the store -> {"url","size"} of each object that no record names. Deletes nothing.
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "upload.h"
#include "vx_hash.h"
#include "vx_idset.h"
#include "vx_store_list.h"

struct orphans {
	const struct upload *o;
	struct vx_idset *named; /* keys that records name, hashed */
	long names, objects, found;
	uint64_t bytes, found_bytes;
	/* The folder of the object before, and whether it is named. */
	struct vx_buf folder;
	bool folder_named;
};

static int take_name(struct orphans *s, const char *text, struct vx_error *err)
{
	char *key = vx_store_url_key(s->o->store, text);
	if (!key)
		return VX_OK;
	size_t n = strlen(key);
	while (n > 0 && key[n - 1] == '/')
		n--;
	const int status = vx_idset_add(s->named, vx_hash64(key, n), err);
	s->names++;
	free(key);
	return status;
}

/* Any text at any depth may name an object, whatever its field is called: what is not told here is safe. */
static int collect(struct orphans *s, const struct vx_json *value, struct vx_error *err)
{
	const enum vx_json_type type = vx_json_type(value);
	int status = VX_OK;
	if (type == VX_STRING)
		return take_name(s, vx_json_text(value, NULL), err);
	if (type == VX_OBJECT) {
		struct vx_json_iter it = vx_json_begin(value);
		while (status == VX_OK && vx_json_next(&it))
			status = collect(s, it.value, err);
	}
	for (size_t i = 0; type == VX_ARRAY && status == VX_OK && i < vx_json_size(value); i++)
		status = collect(s, vx_json_at(value, i), err);
	return status;
}

static int record(struct vx_record *rec, void *worker, void *arg, struct vx_error *err)
{
	(void)worker;
	return collect(arg, rec->json, err);
}

/* Whether a record names a folder that the key is in. Keys come in order, so that most are in the folder of the one before. */
static bool in_named_folder(struct orphans *s, const char *key)
{
	const char *end = strrchr(key, '/');
	const size_t len = end ? (size_t)(end - key) : 0;
	if (s->folder.len == len && (len == 0 || memcmp(s->folder.data, key, len) == 0))
		return s->folder_named;
	vx_buf_clear(&s->folder);
	vx_buf_add(&s->folder, key, len);
	s->folder_named = false;
	for (size_t n = 1; n <= len && !s->folder_named; n++)
		if (key[n] == '/')
			s->folder_named = vx_idset_has(s->named, vx_hash64(key, n));
	return s->folder_named;
}

static void tell(struct orphans *s, struct vx_job *job, const struct vx_store_entry *e)
{
	struct vx_buf url = VX_BUF_INIT;
	struct vx_json *line = vx_json_object();
	vx_store_object_url(s->o->store, e->key, &url);
	vx_json_set_str(line, "url", url.data);
	vx_json_set_int(line, "size", (int64_t)e->size);
	vx_emit_job(job, line);
	vx_json_free(line);
	vx_buf_free(&url);
	s->found++;
	s->found_bytes += e->size;
}

static int look(struct orphans *s, struct vx_job *job, const struct vx_store_entry *e, struct vx_error *err)
{
	s->objects++;
	s->bytes += e->size;
	if (s->names == 0)
		return vx_error_set(err, VX_EDATA, NULL,
			"no record names anything below %s: then all of it would be orphans; is this the right input?",
			s->o->to);
	if (in_named_folder(s, e->key) || vx_idset_has(s->named, vx_hash64(e->key, strlen(e->key))))
		return VX_OK;
	tell(s, job, e);
	return vx_emit_flush(job, err);
}

static int finish(struct vx_job *job, void *arg, struct vx_error *err)
{
	struct orphans *s = arg;
	struct vx_store_entry e;
	int status;
	if (!vx_filter_clean(job)) {
		vx_say("no orphans are told: what could not be read may name them");
		return VX_OK;
	}
	struct vx_store_list *list = vx_store_list_new(s->o->store, s->o->group, NULL);
	while ((status = vx_store_list_next(list, &e, err)) > 0) {
		status = look(s, job, &e, err);
		if (status != VX_OK)
			break;
	}
	vx_store_list_free(list);
	return status;
}

static void summary(struct vx_buf *b, void *arg)
{
	const struct orphans *s = arg;
	vx_buf_printf(b, "; %ld URLs below --to; objects: %ld (%.1f MB), orphans: %ld (%.1f MB)", s->names, s->objects,
		(double)s->bytes / 1e6, s->found, (double)s->found_bytes / 1e6);
}

int upload_orphans(const struct upload *o, char **files)
{
	struct vx_error err = VX_ERROR_INIT;
	struct orphans s = { .o = o, .named = vx_idset_new(&err) };
	const struct vx_filter f = { .record = record,
		.finish = finish,
		.arg = &s,
		.common = &o->common,
		.lossy = true,
		.summary_extra = summary };
	if (!s.named)
		vx_die(err.status, "%s", err.reason);
	const int status = vx_filter_main(&f, files);
	vx_idset_free(s.named);
	vx_buf_free(&s.folder);
	return status;
}
