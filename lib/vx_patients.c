/* vx_patients: the source's names of patients -> vxData identifiers, from a file or from the API.
 * SPDX-License-Identifier: MIT
 */
#include "vx_patients.h"

#include <stdlib.h>
#include <string.h>

#include "vx_json.h"

struct pair {
	size_t uid, len, identifier; /* where in text */
	long row;
};

struct vx_patients {
	char *datasource;
	struct vx_buf text;
	struct pair *pairs; /* sorted by uid */
	size_t n, cap;
};

static int compare(const char *a, size_t n, const char *b, size_t m)
{
	int c = memcmp(a, b, n < m ? n : m);

	return c ? c : (n > m) - (n < m);
}

static int by_uid(const void *a, const void *b, void *text)
{
	const struct pair *x = a, *y = b;
	const char *t = text;

	return compare(t + x->uid, x->len, t + y->uid, y->len);
}

void vx_patients_free(struct vx_patients *p)
{
	if (!p)
		return;
	free(p->datasource);
	free(p->pairs);
	vx_buf_free(&p->text);
	free(p);
}

static int add_pair(struct vx_patients *p, const struct vx_json *line, long row, bool any, struct vx_error *err)
{
	size_t len = 0;
	const char *uid = vx_json_text(vx_json_get(line, "external_uid"), &len);
	const char *identifier = vx_json_str(line, "identifier"), *datasource = vx_json_str(line, "datasource");

	if (!uid || len == 0)
		return vx_error_set(err, VX_EDATA, "external_uid", "missing, or no string");
	if (!identifier || strncmp(identifier, "patient/", 8) != 0)
		return vx_error_set(err, VX_EDATA, "identifier", "missing, or no patient");
	if (!datasource)
		return vx_error_set(err, VX_EDATA, "datasource", "missing, or no string");
	if (!p->datasource)
		p->datasource = vx_strdup(datasource);
	if (strcmp(p->datasource, datasource) != 0)
		return !any ? VX_OK
			    : vx_error_set(
				      err, VX_EDATA, "datasource", "the file holds several: say which by --datasource");
	if (p->n == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 256;
		p->pairs = vx_realloc(p->pairs, p->cap * sizeof(p->pairs[0]));
	}
	p->pairs[p->n].uid = p->text.len;
	p->pairs[p->n].len = len;
	vx_buf_add(&p->text, uid, len);
	p->pairs[p->n].identifier = p->text.len;
	vx_buf_add(&p->text, identifier, strlen(identifier) + 1);
	p->pairs[p->n++].row = row;
	return VX_OK;
}

static int read_pairs(struct vx_patients *p, struct vx_reader *r, bool any, struct vx_error *err)
{
	char *line;
	size_t len;
	long row = 0;
	int got;

	while ((got = vx_reader_line(r, &line, &len, err)) == 1) {
		struct vx_json *j = NULL;
		int status;

		err->row = ++row;
		if (strspn(line, " \t\r") >= len)
			continue;
		status = vx_json_parse(line, len, &j, err);
		if (status == VX_OK && vx_json_type(j) != VX_OBJECT)
			status = vx_error_set(err, VX_EDATA, NULL, "not a JSON object");
		if (status == VX_OK)
			status = add_pair(p, j, row, any, err);
		vx_json_free(j);
		if (status != VX_OK) {
			err->status = VX_EDATA;
			return VX_EDATA;
		}
	}
	return got;
}

static int check_twins(const struct vx_patients *p, struct vx_error *err)
{
	for (size_t i = 1; i < p->n; i++) {
		const struct pair *a = &p->pairs[i - 1], *b = &p->pairs[i];
		const char *t = p->text.data;

		if (compare(t + a->uid, a->len, t + b->uid, b->len) != 0 ||
			strcmp(t + a->identifier, t + b->identifier) == 0)
			continue;
		err->row = a->row > b->row ? a->row : b->row;
		return vx_error_set(err, VX_EDATA, "external_uid", "'%.*s' has two patients: %s and %s", (int)a->len,
			t + a->uid, t + a->identifier, t + b->identifier);
	}
	return VX_OK;
}

struct vx_patients *vx_patients_load(const char *path, const char *datasource, struct vx_error *err)
{
	struct vx_patients *p = vx_alloc(sizeof(*p));
	struct vx_reader *r = vx_reader_open(path, err);
	int status = r ? VX_OK : VX_EIO;

	p->datasource = datasource ? vx_strdup(datasource) : NULL;
	if (r)
		status = read_pairs(p, r, !datasource, err);
	vx_reader_close(r);
	if (status == VX_OK && p->n > 1) {
		qsort_r(p->pairs, p->n, sizeof(p->pairs[0]), by_uid, p->text.data);
		status = check_twins(p, err);
	}
	if (status == VX_OK)
		return p;
	vx_error_at(err, path, err->row);
	vx_patients_free(p);
	return NULL;
}

const char *vx_patients_find(const struct vx_patients *p, const char *uid, size_t len)
{
	size_t low = 0, high = p->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct pair *m = &p->pairs[middle];
		int c = compare(uid, len, p->text.data + m->uid, m->len);

		if (c == 0)
			return p->text.data + m->identifier;
		if (c < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const char *vx_patients_datasource(const struct vx_patients *p)
{
	return p->datasource ? p->datasource : "";
}

void vx_patients_put(struct vx_buf *b, const char *uid, size_t len, const char *identifier, const char *datasource)
{
	vx_buf_puts(b, "{\"external_uid\":");
	vx_json_put_string(b, uid, len);
	vx_buf_puts(b, ",\"identifier\":");
	vx_json_put_string(b, identifier, strlen(identifier));
	vx_buf_puts(b, ",\"datasource\":");
	vx_json_put_string(b, datasource, strlen(datasource));
	vx_buf_puts(b, "}\n");
}

/* A deployment that repeats the question in its answer is held to it. */
static bool about(const struct vx_json *item, const struct vx_patient_ask *ask, const char *datasource)
{
	size_t len;
	const char *uid = vx_json_text(vx_json_get(item, "external_uid"), &len);
	const char *of = vx_json_str(item, "datasource_id");

	return (!uid || (len == ask->len && memcmp(uid, ask->uid, len) == 0)) && (!of || strcmp(of, datasource) == 0);
}

static int take_answer(const struct vx_api_answer *a, const char *url, const char *datasource,
	struct vx_patient_ask *asks, size_t n, struct vx_error *err)
{
	struct vx_json *j = NULL;
	const struct vx_json *results;
	int status = VX_OK;

	if (vx_json_parse(a->body, a->len, &j, NULL) != VX_OK)
		j = NULL;
	results = vx_json_type(j) == VX_OBJECT ? vx_json_get(j, "results") : j;
	if (vx_json_type(results) != VX_ARRAY || vx_json_size(results) != n)
		status = vx_error_set(err, VX_EREFUSED, NULL, "%s: the answer does not hold %zu patients", url, n);
	for (size_t i = 0; i < n && status == VX_OK; i++) {
		const struct vx_json *item = vx_json_at(results, i);
		bool object = vx_json_type(item) == VX_OBJECT;
		const char *identifier = object ? vx_json_str(item, "identifier") : NULL;
		const char *what = object ? vx_json_str(item, "status") : NULL;

		if (object && !about(item, &asks[i], datasource))
			status = vx_error_set(err, VX_EREFUSED, NULL,
				"%s: the answer is about other patients than the question", url);
		else if (identifier &&
			 (strncmp(identifier, "patient/", 8) != 0 || strlen(identifier) >= sizeof(asks[i].identifier)))
			status = vx_error_set(err, VX_EREFUSED, NULL, "%s: '%.100s' is no patient", url, identifier);
		else
			snprintf(asks[i].identifier, sizeof(asks[i].identifier), "%s", identifier ? identifier : "");
		asks[i].created = what && strcmp(what, "created") == 0;
	}
	vx_json_free(j);
	return status;
}

int vx_patients_ask(struct vx_api_link *link, const char *url, const char *datasource, bool reg,
	struct vx_patient_ask *asks, size_t n, struct vx_error *err)
{
	struct vx_buf body = VX_BUF_INIT;
	struct vx_api_answer answer;
	int status, taken, times = 0;

	for (size_t i = 0; i < n; i++) {
		vx_buf_puts(&body, i ? ",{\"external_uid\":" : "[{\"external_uid\":");
		vx_json_put_string(&body, asks[i].uid, asks[i].len);
		vx_buf_puts(&body, ",\"datasource_id\":");
		vx_json_put_string(&body, datasource, strlen(datasource));
		vx_buf_putc(&body, '}');
	}
	vx_buf_putc(&body, ']');
	do {
		status = vx_api_post(link, "map", NULL, reg ? NULL : "register=0", body.data, body.len, &answer, err);
		taken = status == VX_OK ? take_answer(&answer, url, datasource, asks, n, err) : VX_OK;
		/* 400: the question may have been cut on its way. */
	} while ((taken != VX_OK || (status == VX_EREJECT && answer.http == 400)) && vx_api_distrust(link, &times));
	vx_buf_free(&body);
	if (status == VX_EREJECT && answer.http == 404)
		return vx_error_set(
			err, VX_EREFUSED, NULL, "%s does not exist at %s: create it first", datasource, url);
	if (status == VX_EREJECT) {
		struct vx_error why = *err;
		return vx_error_set(
			err, answer.http >= 500 ? VX_EUNREACHABLE : VX_EREFUSED, NULL, "%s: %.900s", url, why.reason);
	}
	return status == VX_OK ? taken : status;
}
