/* vx_sigv4: canonical request, string to sign, signature.
 * In: one HTTP request. Out: its Authorization header. SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "vx_hash.h"
#include "vx_sigv4.h"

enum { MAC = 32, DATE_LEN = 8 };

struct pair {
	char *name, *value;
	size_t order; /* as given: equal header names keep it */
};

struct pairs {
	struct pair *p;
	size_t n;
};

static void pairs_add(struct pairs *a, char *name, char *value)
{
	a->p = vx_realloc(a->p, (a->n + 1) * sizeof(*a->p));
	a->p[a->n] = (struct pair){ .name = name, .value = value, .order = a->n };
	a->n++;
}

static void pairs_free(struct pairs *a)
{
	for (size_t i = 0; i < a->n; i++) {
		free(a->p[i].name);
		free(a->p[i].value);
	}
	free(a->p);
}

static int by_name(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	int c = strcmp(x->name, y->name);
	return c ? c : (x->order > y->order) - (x->order < y->order);
}

static int by_name_and_value(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	int c = strcmp(x->name, y->name);
	return c ? c : strcmp(x->value, y->value);
}

/* A header value as it is signed: blanks at the ends gone, runs of blanks inside are one. */
static char *trimmed(const char *s)
{
	struct vx_buf b = VX_BUF_INIT;
	vx_buf_puts(&b, "");
	for (s += strspn(s, " \t"); *s; s++) {
		if ((*s == ' ' || *s == '\t') && (s[1] == ' ' || s[1] == '\t' || s[1] == '\0'))
			continue;
		vx_buf_putc(&b, *s == '\t' ? ' ' : *s);
	}
	return b.data ? b.data : vx_strdup("");
}

static struct pairs headers_split(const char *const *headers)
{
	struct pairs all = { 0 };
	for (; headers && *headers; headers++) {
		const char *colon = strchr(*headers, ':');
		size_t n = colon ? (size_t)(colon - *headers) : strlen(*headers);
		char *name = vx_strndup(*headers, n);
		for (char *c = name; *c; c++)
			*c = (char)tolower((unsigned char)*c);
		pairs_add(&all, name, trimmed(colon ? colon + 1 : ""));
	}
	if (all.n)
		qsort(all.p, all.n, sizeof(*all.p), by_name);
	return all;
}

static struct pairs query_split(const char *query)
{
	struct pairs all = { 0 };
	while (query && *query) {
		size_t n = strcspn(query, "&");
		const char *equals = memchr(query, '=', n);
		size_t name = equals ? (size_t)(equals - query) : n;
		if (n)
			pairs_add(&all, vx_strndup(query, name),
				equals ? vx_strndup(equals + 1, n - name - 1) : vx_strdup(""));
		query += n + (query[n] == '&');
	}
	if (all.n)
		qsort(all.p, all.n, sizeof(*all.p), by_name_and_value);
	return all;
}

/* "name:value\n" a name; the values of a name that occurs more than once are joined by ",". */
static void put_headers(const struct pairs *h, struct vx_buf *canonical, struct vx_buf *names)
{
	for (size_t i = 0; i < h->n; i++) {
		bool again = i > 0 && strcmp(h->p[i].name, h->p[i - 1].name) == 0;
		if (again) {
			canonical->data[canonical->len - 1] = ',';
			vx_buf_printf(canonical, "%s\n", h->p[i].value);
			continue;
		}
		vx_buf_printf(canonical, "%s:%s\n", h->p[i].name, h->p[i].value);
		vx_buf_printf(names, "%s%s", i ? ";" : "", h->p[i].name);
	}
}

void vx_sigv4_canonical(const struct vx_sigv4_request *q, struct vx_buf *canonical, struct vx_buf *signed_names)
{
	struct pairs headers = headers_split(q->headers), query = query_split(q->query);
	vx_buf_printf(canonical, "%s\n%s\n", q->method, q->path && *q->path ? q->path : "/");
	for (size_t i = 0; i < query.n; i++)
		vx_buf_printf(canonical, "%s%s=%s", i ? "&" : "", query.p[i].name, query.p[i].value);
	vx_buf_putc(canonical, '\n');
	size_t names_start = signed_names->len;
	put_headers(&headers, canonical, signed_names);
	vx_buf_printf(
		canonical, "\n%s\n%s", signed_names->data ? signed_names->data + names_start : "", q->payload_sha256);
	pairs_free(&headers);
	pairs_free(&query);
}

static void mac(const unsigned char key[], size_t key_len, const char *text, size_t n, unsigned char out[MAC])
{
	unsigned len = MAC;
	if (!HMAC(EVP_sha256(), key, (int)key_len, (const unsigned char *)text, n, out, &len))
		vx_die(VX_EMEM, "HMAC-SHA256 failed");
}

/* The key of one day, region and service: HMAC over each in turn, beginning with "AWS4" + secret. */
static void signing_key(const struct vx_sigv4_key *k, const char *date, unsigned char out[MAC])
{
	char *first = vx_asprintf("AWS4%s", k->secret_key);
	mac((const unsigned char *)first, strlen(first), date, DATE_LEN, out);
	OPENSSL_cleanse(first, strlen(first));
	free(first);
	mac(out, MAC, k->region, strlen(k->region), out);
	mac(out, MAC, k->service, strlen(k->service), out);
	mac(out, MAC, "aws4_request", strlen("aws4_request"), out);
}

void vx_sigv4_authorization(const struct vx_sigv4_key *k, const struct vx_sigv4_request *q, struct vx_buf *out)
{
	struct vx_buf canonical = VX_BUF_INIT, names = VX_BUF_INIT, text = VX_BUF_INIT;
	vx_sigv4_canonical(q, &canonical, &names);
	char hash[65];
	vx_sha256_bytes(canonical.data, canonical.len, hash);
	char *scope = vx_asprintf("%.*s/%s/%s/aws4_request", DATE_LEN, q->date, k->region, k->service);
	vx_buf_printf(&text, "AWS4-HMAC-SHA256\n%s\n%s\n%s", q->date, scope, hash);

	unsigned char key[MAC], signature[MAC];
	signing_key(k, q->date, key);
	mac(key, MAC, text.data, text.len, signature);
	OPENSSL_cleanse(key, sizeof(key));
	vx_buf_printf(out, "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=", k->access_key, scope,
		names.data ? names.data : "");
	for (size_t i = 0; i < MAC; i++)
		vx_buf_printf(out, "%02x", signature[i]);
	free(scope);
	vx_buf_free(&canonical);
	vx_buf_free(&names);
	vx_buf_free(&text);
}

void vx_sigv4_date(int64_t seconds, char out[17])
{
	time_t t = (time_t)seconds;
	struct tm tm;
	if (!gmtime_r(&t, &tm) || strftime(out, 17, "%Y%m%dT%H%M%SZ", &tm) != 16)
		memcpy(out, "19700101T000000Z", 17);
}
