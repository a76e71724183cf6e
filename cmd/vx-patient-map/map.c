/* map: a batch of records -> one question about the patients not seen lately -> the records with their patients.
 * SPDX-License-Identifier: MIT
 */
#include "map.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "vx_cell.h"
#include "vx_hash.h"

#define KNOWN_ENTRIES 16384
#define KNOWN_BYTES (1 << 20)
#define FOLDED_ENTRIES 4096
#define FOLDED_BYTES (256 << 10)
#define STUDIES 16384 /* a power of two: studies lately announced */

/* What one record asks for. */
struct want {
	char *uid; /* len bytes and a NUL; NULL: rejected already */
	size_t len;
	const char *identifier; /* known */
	size_t ask;             /* else the number of its question */
};

/* The source's name of the patient, exactly as the source spells it. */
static int take_key(const struct map *m, const struct vx_record *rec, struct want *w, struct vx_error *err)
{
	const struct vx_json *j = vx_json_path(rec->json, m->o->key);
	struct vx_buf b = VX_BUF_INIT;
	const char *text;
	size_t len;

	if (!j)
		return vx_error_set(err, VX_EREJECT, m->o->key, "missing: the record names no patient");
	if (vx_json_type(j) == VX_INT || vx_json_type(j) == VX_DOUBLE) {
		vx_json_print(j, &b);
		/* An integer of any length, by its spelling; not 1.0 nor 1e3, which no source means as a name. */
		if (b.data[strspn(b.data, "-0123456789")] == '\0') {
			w->uid = b.data;
			w->len = b.len;
			return VX_OK;
		}
		vx_buf_free(&b);
	}
	if (vx_json_type(j) != VX_STRING)
		return vx_error_set(err, VX_EREJECT, m->o->key, "is neither a string nor an integer");
	text = vx_json_text(j, &len);
	if (vx_cell_trim(text, len).len == 0)
		return vx_error_set(err, VX_EREJECT, m->o->key, "empty: the record names no patient");
	if (strlen(text) != len)
		return vx_error_set(err, VX_EREJECT, m->o->key, "holds a NUL character");
	w->uid = vx_strndup(text, len);
	w->len = len;
	return VX_OK;
}

/* Two names that differ only in case or blanks are two patients, but seldom meant to be. */
static void warn_of_twins(struct map *m, struct vx_record *rec, const struct want *w)
{
	struct vx_buf b = VX_BUF_INIT;
	const char *twin;

	for (size_t at = 0; at < w->len;) {
		size_t n = vx_utf8_blank(w->uid + at, w->len - at);
		if (!n)
			vx_buf_putc(&b, (char)tolower((unsigned char)w->uid[at]));
		at += n ? n : 1;
	}
	twin = vx_cache_get(m->folded, b.data, b.len);
	if (twin && strcmp(twin, w->uid) != 0)
		vx_warn(rec, "patients '%.100s' and '%.100s' differ only in case or blanks: two patients", twin,
			w->uid);
	if (!twin)
		vx_cache_put(m->folded, b.data, b.len, w->uid);
	vx_buf_free(&b);
}

/* Open addressing over the questions of a batch, so that a name is asked once. */
struct asked {
	struct vx_patient_ask *asks;
	size_t *table, slots, n;
};

static size_t ask_for(struct asked *a, const struct want *w)
{
	size_t slot = vx_hash64(w->uid, w->len) & (a->slots - 1);

	for (; a->table[slot]; slot = (slot + 1) & (a->slots - 1)) {
		const struct vx_patient_ask *q = &a->asks[a->table[slot] - 1];
		if (q->len == w->len && memcmp(q->uid, w->uid, w->len) == 0)
			return a->table[slot] - 1;
	}
	a->asks[a->n].uid = w->uid;
	a->asks[a->n].len = w->len;
	a->table[slot] = ++a->n;
	return a->n - 1;
}

static int connect_once(struct map *m, struct vx_error *err)
{
	int status;

	if (m->link)
		return VX_OK;
	status = vx_api_check(m->api, 0, NULL, err);
	if (status == VX_OK)
		m->link = vx_api_connect(m->api);
	return status;
}

/* The value of a template for this record; fits, or says why not. */
static int expand(const struct vx_template *t, const struct vx_json *json, const char *patient, const char *field,
	struct vx_buf *out, struct vx_error *err)
{
	const char *const own[][2] = { { "patient", patient }, { NULL, NULL } };
	struct vx_template_record r = { .record = json, .own = own };
	const char *reason;
	int status;

	vx_buf_clear(out);
	status = vx_template_expand(t, vx_template_lookup, &r, true, out, err);
	vx_buf_free(&r.scratch);
	if (status != VX_OK)
		return status;
	vx_identifier_fit(out);
	reason = vx_identifier_check(out->data ? out->data : "", out->len);
	return reason ? vx_error_set(err, VX_EREJECT, field, "%s: '%.200s'", reason, out->data ? out->data : "")
		      : VX_OK;
}

/* A study that is named as a parent is announced once, in front of its first child: that it exists, and whose it is. */
static void imply_study(struct map *m, struct vx_record *rec, const char *study, const char *patient)
{
	uint64_t hash = vx_hash64(study, strlen(study)), *seen = &m->studies[hash & (STUDIES - 1)];
	static const char *const kept[] = { "_match", "_source" };
	struct vx_json *j;

	if (*seen == hash)
		return;
	*seen = hash;
	j = vx_json_object();
	vx_json_set_str(j, "identifier", study);
	vx_json_set_str(j, "parent_identifier", patient);
	vx_json_set_bool(j, "_implied", true);
	vx_json_set_str(j, "_patient", patient);
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (vx_json_get(rec->json, kept[i]))
			vx_json_set(j, kept[i], vx_json_ref(vx_json_get(rec->json, kept[i])));
	vx_emit(rec, j);
	vx_json_free(j);
	m->implied++;
}

static int emit_record(struct map *m, struct vx_record *rec, const char *patient, struct vx_error *err)
{
	struct vx_buf id = VX_BUF_INIT, parent = VX_BUF_INIT;
	const char *name = patient + strlen("patient/");
	int status = VX_OK;

	if (m->o->id)
		status = expand(m->o->id, rec->json, name, "identifier", &id, err);
	if (status == VX_OK && m->o->parent)
		status = expand(m->o->parent, rec->json, name, "parent_identifier", &parent, err);
	if (status == VX_OK) {
		if (m->o->id)
			vx_json_set_str(rec->json, "identifier", id.data);
		if (m->o->parent)
			vx_json_set_str(rec->json, "parent_identifier", parent.data);
		vx_json_set_str(rec->json, "_patient", patient);
		if (m->o->parent && !m->o->no_imply && strncmp(parent.data, "study/", 6) == 0)
			imply_study(m, rec, parent.data, patient);
		vx_emit(rec, rec->json);
	}
	vx_buf_free(&id);
	vx_buf_free(&parent);
	return status;
}

static int keep_for_save(struct map *m, const struct want *w, const char *identifier, struct vx_error *err)
{
	uint64_t hash = vx_hash64(w->uid, w->len);
	int status = VX_OK;

	if (!m->in_save || vx_idset_has(m->in_save, hash))
		return VX_OK;
	vx_patients_put(&m->lines, w->uid, w->len, identifier, m->datasource);
	if (m->lines.len >= 65536) {
		status = vx_write_all(m->save.fd, m->lines.data, m->lines.len, err);
		vx_buf_clear(&m->lines);
	}
	return status == VX_OK ? vx_idset_add(m->in_save, hash, err) : status;
}

/* One record whose patient has been looked up. */
static int settle(
	struct map *m, struct vx_record *rec, const struct want *w, const struct asked *a, struct vx_error *err)
{
	const char *patient = w->identifier ? w->identifier : a->asks[w->ask].identifier;

	if (!*patient && m->o->offline)
		return vx_error_set(err, VX_EREJECT, m->o->key, "patient '%.100s' is not in %s", w->uid, m->o->offline);
	if (!*patient)
		return vx_error_set(
			err, VX_EREJECT, m->o->key, "patient '%.100s' is not registered in %s", w->uid, m->datasource);
	if (keep_for_save(m, w, patient, err) != VX_OK)
		return VX_EIO;
	return emit_record(m, rec, patient, err);
}

/* A record whose names do not fill the templates is rejected before its patient is registered. */
static int check_templates(const struct map *m, const struct vx_json *json, struct vx_error *err)
{
	static const char any[] = "XX00000";
	struct vx_buf b = VX_BUF_INIT;
	int status = m->o->id ? expand(m->o->id, json, any, "identifier", &b, err) : VX_OK;

	if (status == VX_OK && m->o->parent)
		status = expand(m->o->parent, json, any, "parent_identifier", &b, err);
	vx_buf_free(&b);
	return status;
}

/* First pass: whose each record is, from memory or as a question. */
static void look_up(struct map *m, struct vx_record *recs, size_t n, struct want *wants, struct asked *a)
{
	for (size_t i = 0; i < n; i++) {
		struct vx_error err = VX_ERROR_INIT;
		struct want *w = &wants[i];

		if (take_key(m, &recs[i], w, &err) != VX_OK) {
			vx_reject(&recs[i], &err);
			continue;
		}
		w->identifier = m->saved_map ? vx_patients_find(m->saved_map, w->uid, w->len)
					     : vx_cache_get(m->known, w->uid, w->len);
		if (w->identifier)
			continue;
		if (check_templates(m, recs[i].json, &err) != VX_OK) {
			vx_reject(&recs[i], &err);
			free(w->uid);
			w->uid = NULL;
			continue;
		}
		w->ask = ask_for(a, w);
		warn_of_twins(m, &recs[i], w);
	}
}

int map_batch(struct vx_record *recs, size_t n, struct vx_job *job, void *arg, struct vx_error *err)
{
	struct map *m = arg;
	struct want *wants = vx_alloc(n * sizeof(*wants));
	struct asked a = { .asks = vx_alloc(n * sizeof(*a.asks)), .slots = 16 };
	int status = VX_OK;

	(void)job;
	while (a.slots < n * 2)
		a.slots *= 2;
	a.table = vx_alloc(a.slots * sizeof(*a.table));
	look_up(m, recs, n, wants, &a);
	if (a.n > 0 && !m->saved_map) {
		status = connect_once(m, err);
		if (status == VX_OK)
			status = vx_patients_ask(
				m->link, vx_api_url(m->api), m->datasource, !m->o->no_register, a.asks, a.n, err);
	}
	for (size_t i = 0; i < n && status == VX_OK; i++) {
		struct vx_error why = VX_ERROR_INIT;
		if (!wants[i].uid)
			continue;
		status = settle(m, &recs[i], &wants[i], &a, &why);
		if (status == VX_EREJECT) {
			vx_reject(&recs[i], &why);
			status = VX_OK;
		} else if (status != VX_OK) {
			*err = why;
		}
	}
	/* Only now: what look_up found in the cache was borrowed. */
	for (size_t i = 0; i < a.n && status == VX_OK && !m->saved_map; i++) {
		if (a.asks[i].identifier[0])
			vx_cache_put(m->known, a.asks[i].uid, a.asks[i].len, a.asks[i].identifier);
		m->created += a.asks[i].created;
	}
	for (size_t i = 0; i < n; i++)
		free(wants[i].uid);
	free(wants);
	free(a.asks);
	free(a.table);
	return status;
}

int map_finish(struct vx_job *job, void *arg, struct vx_error *err)
{
	struct map *m = arg;
	int status;

	(void)job;
	if (!m->in_save)
		return VX_OK;
	status = vx_write_all(m->save.fd, m->lines.data, m->lines.len, err);
	return status == VX_OK ? vx_atomic_commit(&m->save, err) : status;
}

void map_summary(struct vx_buf *b, void *arg)
{
	const struct map *m = arg;

	if (m->created)
		vx_buf_printf(b, ", %ld patient%s registered", m->created, m->created == 1 ? "" : "s");
	if (m->implied)
		vx_buf_printf(b, ", %ld of them stud%s announced", m->implied, m->implied == 1 ? "y" : "ies");
}

int map_open(struct map *m, const struct opts *o, struct vx_error *err)
{
	*m = (struct map){ .o = o, .save = { .fd = -1 } };
	m->datasource = o->datasource;
	if (o->offline) {
		m->saved_map = vx_patients_load(o->offline, o->datasource, err);
		if (!m->saved_map)
			return err->status;
		m->datasource = vx_patients_datasource(m->saved_map);
	} else if (!(m->api = vx_api_new(&o->api, err))) {
		return err->status;
	}
	if (o->save) {
		if (vx_atomic_open(&m->save, o->save, err) != VX_OK)
			return err->status;
		m->in_save = vx_idset_new(err);
		if (!m->in_save)
			return err->status;
	}
	m->known = vx_cache_new(KNOWN_ENTRIES, KNOWN_BYTES);
	m->folded = vx_cache_new(FOLDED_ENTRIES, FOLDED_BYTES);
	m->studies = vx_alloc(STUDIES * sizeof(m->studies[0]));
	return VX_OK;
}

void map_close(struct map *m)
{
	vx_atomic_abort(&m->save); /* nothing to do once it is committed */
	vx_idset_free(m->in_save);
	vx_buf_free(&m->lines);
	vx_cache_free(m->known);
	vx_cache_free(m->folded);
	free(m->studies);
	vx_patients_free(m->saved_map);
	vx_api_disconnect(m->link);
	vx_api_free(m->api);
}
