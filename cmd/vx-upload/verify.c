/* verify: --verify. What records name -> a line an object: "= key", "+ key" (not in the store), "* key" (other content),
 * "! key" (cannot be told). Nothing is stored. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "upload.h"
#include "vx_store_list.h"

static const char verify_signs[] = "=+-*!";

/* What is verified of one record. */
struct verifying {
	struct upload *o;
	struct vx_record *rec;
	struct vx_store_conn *conn;
	const char *where;    /* the field */
	const char *key;      /* of a folder */
	struct vx_error *err; /* of the first object that is not as it should be, or of what ends the run */
	long bad;
};

/* A line is an object, whatever another program may have called it. */
static void put_key(struct vx_buf *b, const char *key)
{
	for (const char *c = key; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			vx_buf_printf(b, "%%%02X", (unsigned char)*c);
		else
			vx_buf_putc(b, *c);
}

void verify_line(struct upload *o, struct vx_record *rec, enum verify_sign sign, const char *key)
{
	struct vx_buf line = VX_BUF_INIT;
	vx_buf_printf(&line, "%c ", verify_signs[sign]);
	put_key(&line, key);
	vx_emit_bytes(rec->job, line.data, line.len);
	vx_buf_free(&line);
	atomic_fetch_add(&o->signs[sign], 1);
}

static void tell(struct verifying *v, enum verify_sign sign, const char *key, const char *reason)
{
	verify_line(v->o, v->rec, sign, key);
	if (sign != VERIFY_SAME && v->bad++ == 0)
		vx_error_set(v->err, VX_EREJECT, v->where, "%.500s: %s", key, reason);
	else if (sign == VERIFY_UNTOLD)
		vx_warn(v->rec, "%s: %.500s: %s", v->where, key, reason);
}

/* Tells what a check said; VX_OK, or what ends the run. */
static int conclude(struct verifying *v, const char *key, int status, enum vx_checked got, const struct vx_error *why)
{
	if (status == VX_EREJECT)
		tell(v, VERIFY_UNTOLD, key, why->reason);
	else if (status != VX_OK)
		*v->err = *why;
	else if (got == VX_CHECKED_MISSING)
		tell(v, VERIFY_HERE, key, "is not in the store");
	else
		tell(v, got == VX_CHECKED_SAME ? VERIFY_SAME : VERIFY_OTHER, key, "the store has other content");
	return status == VX_EREJECT ? VX_OK : status;
}

static int verify_object(struct verifying *v, const char *key, const struct vx_store_content *content)
{
	struct vx_error why;
	enum vx_checked got = VX_CHECKED_SAME;
	vx_error_clear(&why);
	const int status = vx_store_check(v->conn, key, content, v->o->verify_full, &got, &why);
	return conclude(v, key, status, got, &why);
}

/* A file, or what of a sidecar would have been stored. */
static int verify_file(struct verifying *v, const char *key, const char *path, const char *want)
{
	struct vx_store_content content = { .path = path, .sha256 = want };
	if (!v->o->sidecars || !is_sidecar(v->where, path))
		return verify_object(v, key, &content);
	struct vx_buf text = VX_BUF_INIT;
	struct vx_json *left_out = vx_json_array();
	struct vx_error why;
	bool latin1;
	vx_error_clear(&why);
	int status = sidecars_clean(v->o->sidecars, path, &text, left_out, &latin1, &why);
	content = (struct vx_store_content){ .bytes = text.data, .n = text.len, .sha256 = want };
	status = status == VX_OK ? verify_object(v, key, &content) : conclude(v, key, status, VX_CHECKED_OTHER, &why);
	vx_json_free(left_out);
	vx_buf_free(&text);
	return status;
}

static int verify_in_folder(void *arg, const char *rel, const char *path, struct vx_error *err)
{
	struct verifying *v = arg;
	char *key = vx_asprintf("%s/%s", v->key, rel);
	(void)err;
	const int status = verify_file(v, key, path, NULL);
	free(key);
	return status;
}

static int verify_local(struct verifying *v, const struct leaf *leaf, const char *want)
{
	struct vx_buf key = VX_BUF_INIT;
	struct vx_error why;
	vx_error_clear(&why);
	int status = leaf_key(v->o, v->rec, leaf, &key, &why);
	v->key = key.data ? key.data : "";
	if (status != VX_OK)
		status = conclude(v, leaf->path, status, VX_CHECKED_OTHER, &why);
	else if (!folder_is(leaf->path))
		status = verify_file(v, v->key, leaf->path, want);
	else {
		status = folder_each(leaf->path, leaf->where, verify_in_folder, v, &why);
		/* Other errors are told already. */
		if (status == VX_EREJECT)
			status = conclude(v, v->key, status, VX_CHECKED_OTHER, &why);
	}
	vx_buf_free(&key);
	return status;
}

/* The objects of a folder that was stored. *any: whether something was told. */
static int verify_below(struct verifying *v, const char *key, bool *any)
{
	const struct vx_store_content unknown = { .sha256 = NULL };
	struct vx_store_list *list = vx_store_list_new(v->o->store, key, NULL);
	struct vx_store_entry e;
	struct vx_error why;
	int told = VX_OK, status = 1;
	vx_error_clear(&why);
	*any = false;
	while (told == VX_OK && (status = vx_store_list_next(list, &e, &why)) > 0) {
		*any = true;
		told = verify_object(v, e.key, &unknown);
	}
	vx_store_list_free(list);
	if (status >= 0)
		return told;
	*any = true;
	return conclude(v, key, status, VX_CHECKED_OTHER, &why);
}

static int verify_url(struct verifying *v, const struct leaf *leaf, const char *want)
{
	const struct vx_store_content content = { .sha256 = want };
	char *key = vx_store_url_key(v->o->store, leaf->text);
	struct vx_error why;
	enum vx_checked got = VX_CHECKED_SAME;
	bool any = false;
	if (!key) {
		tell(v, VERIFY_UNTOLD, leaf->text, "is not below --to");
		return VX_OK;
	}
	for (size_t n = strlen(key); n > 0 && key[n - 1] == '/';)
		key[--n] = '\0';
	vx_error_clear(&why);
	int status = vx_store_check(v->conn, key, &content, v->o->verify_full, &got, &why), below = VX_OK;
	if (!want && (status == VX_EREJECT || (status == VX_OK && got == VX_CHECKED_MISSING)))
		below = verify_below(v, key, &any);
	status = any || below != VX_OK ? below : conclude(v, key, status, got, &why);
	free(key);
	return status;
}

int verify_record(struct vx_record *rec, void *worker, void *arg, struct vx_error *err)
{
	struct upload *o = arg;
	struct verifying v = { .o = o, .rec = rec, .conn = worker, .err = err };
	struct leaves l = { 0 };
	int status = upload_leaves(o, rec, &l, err);
	for (size_t i = 0; status == VX_OK && i < l.n; i++) {
		const struct leaf *leaf = &l.items[i];
		const char *want = leaf_wants_sha256(rec, leaf) ? vx_json_str(rec->json, "sha256") : NULL;
		v.where = leaf->where;
		status = leaf->path ? verify_local(&v, leaf, want) : verify_url(&v, leaf, want);
	}
	if (status != VX_OK && status != VX_EREJECT)
		vx_provenance(rec->json, err); /* the run ends: say where */
	leaves_free(&l);
	const size_t n = strlen(err->reason);
	if (v.bad > 1 && status == VX_OK)
		snprintf(err->reason + n, sizeof(err->reason) - n, " (and %ld more)", v.bad - 1);
	return status == VX_OK && v.bad > 0 ? VX_EREJECT : status;
}

int verify_path(struct upload *o, struct vx_record *rec, struct vx_store_conn *conn, const char *key, const char *path,
	const char *problem, struct vx_error *err)
{
	struct verifying v = { .o = o, .rec = rec, .conn = conn, .where = "path", .err = err };
	int status = VX_OK;
	if (problem)
		tell(&v, VERIFY_UNTOLD, key, problem);
	else
		status = verify_file(&v, key, path, NULL);
	if (status != VX_OK)
		vx_provenance(rec->json, err);
	return status == VX_OK && v.bad > 0 ? VX_EREJECT : status;
}

void verify_summary(const struct upload *o, struct vx_buf *b)
{
	vx_buf_puts(b, "; objects:");
	for (int i = 0; verify_signs[i]; i++)
		vx_buf_printf(b, "%s %c %ld", i ? "," : "", verify_signs[i], atomic_load(&o->signs[i]));
}
