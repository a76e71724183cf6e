/* orphans: --orphans. Records, then the list of the store -> {"url","size"} of each object that no record names. Deletes nothing.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "upload.h"
#include "vx_hash.h"
#include "vx_store_list.h"

struct orphans {
	const struct upload *o;
	/* The keys that records name, hashed: 8 bytes each. Sorted before the first one is looked up. */
	uint64_t *named;
	size_t names, room;
	long objects, found;
	uint64_t bytes, found_bytes;
	/* The folder of the object before, and whether it is named. */
	struct vx_buf folder;
	bool folder_named;
};

static void take_name(struct orphans *s, const char *text)
{
	char *key = vx_store_url_key(s->o->store, text);
	if (!key)
		return;
	size_t n = strlen(key);
	while (n > 0 && key[n - 1] == '/')
		n--;
	if (s->names == s->room) {
		s->room = s->room ? s->room * 2 : 1024;
		s->named = vx_realloc(s->named, s->room * sizeof(*s->named));
	}
	s->named[s->names++] = vx_hash64(key, n);
	free(key);
}

/* In place, since qsort would take as much memory again. Hashes are spread evenly, so that the middle one divides well. */
static void sort(uint64_t *list, size_t n)
{
	while (n > 1) {
		const uint64_t middle = list[n / 2];
		size_t i = 0, j = n - 1;
		for (;; i++, j--) {
			while (list[i] < middle)
				i++;
			while (list[j] > middle)
				j--;
			if (i >= j)
				break;
			const uint64_t swapped = list[i];
			list[i] = list[j];
			list[j] = swapped;
		}
		/* What is in front of i is not above the middle, and never nothing. The longer side is left to the loop. */
		if (i <= n - i) {
			sort(list, i);
			list += i;
			n -= i;
		} else {
			sort(list + i, n - i);
			n = i;
		}
	}
}

static bool is_named(const struct orphans *s, const char *key, size_t len)
{
	const uint64_t hash = vx_hash64(key, len);
	size_t from = 0, to = s->names;
	while (from < to) {
		const size_t middle = from + (to - from) / 2;
		if (s->named[middle] < hash)
			from = middle + 1;
		else
			to = middle;
	}
	return from < s->names && s->named[from] == hash;
}

/* Any text at any depth may name an object, whatever its field is called: what is not told here is safe. */
static void collect(struct orphans *s, const struct vx_json *value)
{
	const enum vx_json_type type = vx_json_type(value);
	if (type == VX_STRING)
		take_name(s, vx_json_text(value, NULL));
	if (type == VX_OBJECT) {
		struct vx_json_iter it = vx_json_begin(value);
		while (vx_json_next(&it))
			collect(s, it.value);
	}
	for (size_t i = 0; type == VX_ARRAY && i < vx_json_size(value); i++)
		collect(s, vx_json_at(value, i));
}

static int record(struct vx_record *rec, void *worker, void *arg, struct vx_error *err)
{
	(void)worker;
	(void)err;
	collect(arg, rec->json);
	return VX_OK;
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
			s->folder_named = is_named(s, key, n);
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
	if (in_named_folder(s, e->key) || is_named(s, e->key, strlen(e->key)))
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
	sort(s->named, s->names);
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
	vx_buf_printf(b, "; %zu URLs below --to; objects: %ld (%.1f MB), orphans: %ld (%.1f MB)", s->names, s->objects,
		(double)s->bytes / 1e6, s->found, (double)s->found_bytes / 1e6);
}

int upload_orphans(const struct upload *o, char **files)
{
	struct orphans s = { .o = o };
	const struct vx_filter f = { .record = record,
		.finish = finish,
		.arg = &s,
		.common = &o->common,
		.lossy = true,
		.summary_extra = summary };
	const int status = vx_filter_main(&f, files);
	free(s.named);
	vx_buf_free(&s.folder);
	return status;
}
