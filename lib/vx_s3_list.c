/* vx_s3_list: ListObjectsV2, one page ahead. In: prefix. Out: objects in the order of their keys.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "vx_s3_call.h"
#include "vx_s3_list.h"

struct vx_s3_list {
	struct vx_s3 *s3;
	char *prefix, *after;
	struct vx_s3_answer page;
	size_t at;
	char *last; /* the key before, to see that keys rise */
	/* The page that is under way. */
	struct vx_s3_call call;
	char *query;
	struct vx_s3_flight *flight;
};

static char *query_of(const char *prefix, const char *after, const char *token)
{
	struct vx_buf b = VX_BUF_INIT;
	vx_buf_puts(&b, "encoding-type=url&list-type=2&max-keys=1000&prefix=");
	vx_url_escape(&b, prefix, strlen(prefix), false);
	if (token) {
		vx_buf_puts(&b, "&continuation-token=");
		vx_url_escape(&b, token, strlen(token), false);
	} else if (after && *after) {
		vx_buf_puts(&b, "&start-after=");
		vx_url_escape(&b, after, strlen(after), false);
	}
	return b.data;
}

static void ask(struct vx_s3_list *l, const char *token)
{
	free(l->query);
	l->query = query_of(l->prefix, l->after, token);
	l->call = (struct vx_s3_call){ .method = "GET", .query = l->query };
	l->flight = vx_s3_start(l->s3, &l->call);
}

static int read_page(struct vx_s3 *s3, const struct vx_http_response *r, struct vx_s3_answer *a, struct vx_error *err)
{
	if (r->status != 200)
		return vx_s3_refusal(s3, r, err);
	int status = vx_s3_xml_parse(r->body.data, r->body.len, a, err);
	if (status == VX_OK && strcmp(a->root, "ListBucketResult") != 0)
		status = vx_error_set(err, VX_EDATA, NULL, "the store answers a list with <%s>", a->root);
	if (status == VX_OK && a->truncated && (a->n == 0 || !a->token[0]))
		status = vx_error_set(
			err, VX_EDATA, NULL, "the store's list is cut off without saying where it goes on");
	return status;
}

struct vx_s3_list *vx_s3_list_new(struct vx_s3 *s3, const char *prefix, const char *after)
{
	struct vx_s3_list *l = vx_alloc(sizeof(*l));
	l->s3 = s3;
	l->prefix = vx_strdup(prefix);
	l->after = after ? vx_strdup(after) : NULL;
	l->last = vx_strdup(after ? after : "");
	ask(l, NULL);
	return l;
}

void vx_s3_list_free(struct vx_s3_list *l)
{
	if (!l)
		return;
	if (l->flight) {
		struct vx_http_response r = { 0 };
		struct vx_error ignored = VX_ERROR_INIT;
		int status = vx_s3_wait(l->flight, &r, &ignored);
		(void)status; /* nobody wants this page any more */
		vx_http_response_clear(&r);
	}
	vx_s3_answer_clear(&l->page);
	free(l->query);
	free(l->prefix);
	free(l->after);
	free(l->last);
	free(l);
}

/* The page that is under way becomes the present one, and the one behind it is asked for. */
static int turn(struct vx_s3_list *l, struct vx_error *err)
{
	struct vx_http_response r = { 0 };
	vx_s3_answer_clear(&l->page);
	l->at = 0;
	int status = vx_s3_wait(l->flight, &r, err);
	l->flight = NULL;
	if (status == VX_OK)
		status = read_page(l->s3, &r, &l->page, err);
	vx_http_response_clear(&r);
	if (status == VX_OK && l->page.truncated)
		ask(l, l->page.token);
	return status;
}

int vx_s3_list_next(struct vx_s3_list *l, const struct vx_s3_entry **e, struct vx_error *err)
{
	while (l->at == l->page.n) {
		if (!l->flight)
			return 0;
		int status = turn(l, err);
		if (status != VX_OK)
			return status;
	}
	*e = &l->page.entries[l->at++];
	if (strcmp((*e)->key, l->last) <= 0)
		return vx_error_set(err, VX_EDATA, NULL, "the store's list is not in the order of the keys");
	free(l->last);
	l->last = vx_strdup((*e)->key);
	return 1;
}

int vx_s3_list_page(
	struct vx_s3 *s3, const char *prefix, const char *after, struct vx_s3_answer *a, struct vx_error *err)
{
	struct vx_http_response r = { 0 };
	char *query = query_of(prefix, after, NULL);
	struct vx_s3_call c = { .method = "GET", .query = query };
	memset(a, 0, sizeof(*a));
	int status = vx_s3_call(s3, &c, &r, err);
	if (status == VX_OK)
		status = read_page(s3, &r, a, err);
	for (size_t i = 0; status == VX_OK && i < a->n; i++)
		if (strcmp(a->entries[i].key, i ? a->entries[i - 1].key : after ? after : "") <= 0)
			status = vx_error_set(err, VX_EDATA, NULL, "the store's list is not in the order of the keys");
	vx_http_response_clear(&r);
	free(query);
	return status;
}
