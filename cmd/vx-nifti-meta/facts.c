/* facts: labels, statistics and hashes of an image, all of them in one reading; bytes -> struct facts -> members.
 * SPDX-License-Identifier: MIT */
#include "meta.h"

#define SLICE 65536 /* stays in the cache while each of the facts looks at it */

void facts_forget(struct worker *w)
{
	struct facts *f = &w->facts;
	vx_sha256_free(f->file);
	vx_voxel_hash_drop(&f->voxels);
	f->file = NULL;
	f->labels = f->stats = f->voxel_hash = false;
	f->voxel_hex[0] = f->file_hex[0] = '\0';
}

static void hash_file(void *sha, const uint8_t *bytes, size_t n)
{
	vx_sha256_add(sha, bytes, n);
}

void facts_file(struct worker *w, const struct opts *o)
{
	if (!o->sha256)
		return;
	w->facts.file = vx_sha256_new();
	vx_gz_watch(w->gz, hash_file, w->facts.file);
}

int facts_file_end(struct worker *w, struct vx_error *err)
{
	if (!w->facts.file)
		return VX_OK;
	int st = vx_gz_finish(w->gz, err);
	vx_gz_watch(w->gz, NULL, NULL);
	if (st == VX_OK) {
		vx_sha256_end(w->facts.file, w->facts.file_hex);
		w->facts.file = NULL;
	}
	return st;
}

static void count_value(void *stats, double stored, uint64_t voxels)
{
	vx_stats_count(stats, stored, voxels);
}

bool facts_begin(struct worker *w, const struct opts *o, const struct vx_nifti *h)
{
	struct facts *f = &w->facts;
	f->labels = o->labels && vx_labels_begin(w->labels, h, &f->no_labels) == VX_OK;
	f->stats = o->stats && vx_stats_begin(&f->values, h, &f->no_stats) == VX_OK;
	f->voxel_hash = o->voxel_hash && vx_voxel_hash_begin(&f->voxels, h, &f->no_voxel_hash) == VX_OK;
	/* The counts of small voxels say all that there is to say: nobody looks at them twice. */
	f->by_counts = f->stats && f->values.voxel.width <= 2;
	if (f->by_counts && !f->labels)
		f->by_counts = vx_labels_begin(w->labels, h, NULL) == VX_OK;
	return f->labels || f->stats || f->voxel_hash;
}

void facts_add(struct worker *w, const uint8_t *voxels, uint64_t bytes)
{
	struct facts *f = &w->facts;
	for (uint64_t at = 0; at < bytes; at += SLICE) {
		const size_t n = bytes - at < SLICE ? (size_t)(bytes - at) : SLICE;
		if (f->labels || f->by_counts)
			vx_labels_add(w->labels, voxels + at, n);
		if (f->stats && !f->by_counts)
			vx_stats_add(&f->values, voxels + at, n);
		if (f->voxel_hash)
			vx_voxel_hash_add(&f->voxels, voxels + at, n);
	}
}

void facts_end(struct worker *w)
{
	struct facts *f = &w->facts;
	if (f->by_counts)
		vx_labels_each(w->labels, count_value, &f->values);
	if (f->stats)
		vx_stats_end(&f->values);
	if (f->voxel_hash)
		vx_voxel_hash_end(&f->voxels, f->voxel_hex);
	f->by_counts = false;
	if (f->labels)
		f->labels = vx_labels_end(w->labels, &f->label, &f->n_labels, &f->no_labels) == VX_OK;
}

void facts_none(struct worker *w, const struct opts *o, const char *reason)
{
	struct facts *f = &w->facts;
	if (o->labels)
		vx_error_set(&f->no_labels, VX_EREJECT, NULL, "%s", reason);
	if (o->stats)
		vx_error_set(&f->no_stats, VX_EREJECT, NULL, "%s", reason);
	if (o->voxel_hash)
		vx_error_set(&f->no_voxel_hash, VX_EREJECT, NULL, "%s", reason);
}

static void put_counts(const struct facts *f, struct vx_buf *b)
{
	vx_buf_putc(b, '{');
	for (size_t i = 0; i < f->n_labels; i++) {
		vx_buf_puts(b, i ? ",\"" : "\"");
		vx_json_put_int(b, f->label[i].value);
		vx_buf_puts(b, "\":");
		vx_json_put_int(b, (int64_t)f->label[i].voxels);
	}
	vx_buf_putc(b, '}');
}

/* Rule 4: every value of the file has a meaning. Names up to five that have none. */
static int check_labels(const struct vx_json *labels, const struct facts *f, struct vx_error *err)
{
	char key[24], missing[256];
	size_t n = 0, at = 0;
	for (size_t i = 0; i < f->n_labels; i++) {
		snprintf(key, sizeof(key), "%lld", (long long)f->label[i].value);
		if (vx_json_get(labels, key) || ++n > 5)
			continue;
		at += (size_t)snprintf(missing + at, sizeof(missing) - at, "%s%s (%llu voxels)", n > 1 ? ", " : "", key,
			(unsigned long long)f->label[i].voxels);
	}
	if (n > 0)
		return vx_error_set(err, VX_EREJECT, "labels", "no label for %s%s, which the file holds", missing,
			n > 5 ? " and others" : "");
	return VX_OK;
}

static int put_label_counts(struct members *m, const struct facts *f, struct vx_error *err)
{
	if (!f->labels)
		return vx_error_set(err, VX_EREJECT, f->no_labels.field, "%s", f->no_labels.reason);
	const struct vx_json *labels = vx_json_get(m->rec->json, "labels");
	if (vx_json_type(labels) == VX_OBJECT) {
		int st = check_labels(labels, f, err);
		if (st != VX_OK)
			return st;
	}
	members_begin(m, "label_counts");
	put_counts(f, m->text);
	members_end(m);
	return VX_OK;
}

static void put_hex(struct vx_buf *b, const char *hex)
{
	vx_json_put_string(b, hex, 64);
}

int facts_put(struct members *m, struct worker *w, const struct opts *o, bool volume, struct vx_error *err)
{
	const struct facts *f = &w->facts;
	if (o->sha256 && f->file_hex[0]) {
		members_begin(m, "sha256");
		put_hex(m->text, f->file_hex);
		members_end(m);
	} else if (o->sha256) {
		vx_warn(m->rec, "sha256 left out: the file that path_nii names is not there, its other spelling is");
	}
	return o->labels && !volume ? put_label_counts(m, f, err) : VX_OK;
}

void facts_put_details(struct members *m, struct worker *w, const struct opts *o, bool volume)
{
	const struct facts *f = &w->facts;
	if (volume && f->labels) {
		vx_buf_puts(m->text, ",\"label_counts\":");
		put_counts(f, m->text);
	} else if (volume && o->labels) {
		vx_warn(m->rec, "labels not counted: %s", f->no_labels.reason);
	}
	if (f->stats) {
		vx_buf_puts(m->text, ",\"stats\":");
		vx_stats_put(&f->values, m->text);
	} else if (o->stats) {
		vx_warn(m->rec, "stats left out: %s", f->no_stats.reason);
	}
	if (f->voxel_hash) {
		vx_buf_puts(m->text, ",\"voxel_hash\":");
		put_hex(m->text, f->voxel_hex);
	} else if (o->voxel_hash) {
		vx_warn(m->rec, "voxel_hash left out: %s", f->no_voxel_hash.reason);
	}
}
