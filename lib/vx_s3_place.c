/* vx_s3_place: where a bucket is: from endpoint, region and addressing style to origin, Host header and path.
 * In: what vx_aws found, the bucket's name. Out: struct vx_s3, ready for vx_s3_call. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "vx_host.h"
#include "vx_s3_call.h"

static bool bucket_ok(const char *b)
{
	size_t n = strlen(b);
	if (n < 1 || n > 255 || strcmp(b, ".") == 0 || strcmp(b, "..") == 0)
		return false;
	return strspn(b, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_") == n;
}

/* Fills origin, host and base from the endpoint URL. */
static int place(struct vx_s3 *s3, const struct vx_s3_options *o, struct vx_error *err)
{
	const char *endpoint = s3->aws->endpoint, *style = s3->aws->addressing_style;
	char *made = endpoint ? NULL : vx_asprintf("https://s3.%s.amazonaws.com", s3->aws->region);
	const char *url = endpoint ? endpoint : made;
	bool tls = strncasecmp(url, "https://", 8) == 0;
	if (!tls && strncasecmp(url, "http://", 7) != 0)
		return vx_error_set(err, VX_EUSAGE, NULL, "the endpoint of the store is no http or https URL");
	const char *at = url + (tls ? 8 : 7);
	size_t n = strcspn(at, "/?#"), path = strcspn(at + n, "?#");
	char *host = vx_strndup(at, n);
	size_t name = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
	char *bare = vx_strndup(host, name);
	int status = VX_OK;
	if (n == 0 || strchr(host, '@') || at[n + path])
		status = vx_error_set(err, VX_EUSAGE, NULL, "the endpoint of the store is no plain URL of a host");
	else if (!tls && !o->insecure_http && !vx_host_is_loopback(bare))
		status = vx_error_set(err, VX_EUSAGE, NULL,
			"http://%s would carry the files unencrypted: give an https endpoint, or --insecure-http",
			host);
	/* A bucket with a dot in its name has no certificate as a host name. */
	bool as_host = style && strcmp(style, "virtual") == 0;
	if (!as_host && !endpoint && !(style && strcmp(style, "path") == 0))
		as_host = !strchr(s3->bucket, '.');
	while (path && at[n + path - 1] == '/')
		path--;
	s3->host = as_host ? vx_asprintf("%s.%s", s3->bucket, host) : vx_strdup(host);
	s3->origin = vx_asprintf("%s://%s", tls ? "https" : "http", s3->host);
	s3->base = vx_asprintf("%.*s%s%s", (int)path, at + n, as_host ? "" : "/", as_host ? "" : s3->bucket);
	free(bare);
	free(host);
	free(made);
	return status;
}

struct vx_s3 *vx_s3_new(const struct vx_s3_options *o, struct vx_error *err)
{
	if (!bucket_ok(o->bucket)) {
		vx_error_set(err, VX_EUSAGE, NULL, "'%s' is no name of a bucket", o->bucket);
		return NULL;
	}
	struct vx_s3 *s3 = vx_alloc(sizeof(*s3));
	s3->aws = o->aws;
	s3->stop = o->stop;
	s3->bucket = vx_strdup(o->bucket);
	if (place(s3, o, err) != VX_OK) {
		vx_s3_free(s3);
		return NULL;
	}
	s3->transfer = vx_transfer_new(&(struct vx_transfer_options){
		.http = { .retry_for = o->retry_for, .ca_file = o->aws->ca_bundle, .stop = o->stop },
		.connections = o->connections,
		.limit_rate = o->limit_rate });
	return s3;
}

void vx_s3_free(struct vx_s3 *s3)
{
	if (!s3)
		return;
	vx_transfer_free(s3->transfer);
	vx_aws_free(&s3->now);
	free(s3->bucket);
	free(s3->origin);
	free(s3->host);
	free(s3->base);
	free(s3);
}

struct vx_transfer *vx_s3_transfer(struct vx_s3 *s3)
{
	return s3->transfer;
}
