/* vx_http without a network: URLs, headers, what is no URL.
 * SPDX-License-Identifier: MIT */
#include "tap.h"
#include "vx_api.h"
#include "vx_http.h"

static const char *escape(const char *s, size_t n, bool slash)
{
	static struct vx_buf b;

	vx_buf_clear(&b);
	vx_url_escape(&b, s, n, slash);
	return b.data ? b.data : "";
}

static void urls(void)
{
	ok_str(escape("", 0, true), "", "nothing");
	ok_str(escape("/a b/c~d-e_f.g", 14, true), "/a%20b/c~d-e_f.g", "slashes kept");
	ok_str(escape("a/b+c%", 6, false), "a%2Fb%2Bc%25", "slashes escaped");
	ok_str(escape("\xc3\xa4\xff\0?", 5, true), "%C3%A4%FF%00%3F", "every byte, upper-case");
}

static void headers(void)
{
	struct vx_http_response a = { .status = 200 };
	char value[16];

	ok(!vx_http_header(&a, "ETag", value, sizeof(value)), "no headers");
	vx_buf_puts(&a.headers, "Content-Type: text/plain\netag:\t\"x\"\nEmpty:\nLong: 0123456789abcdefghij\n");
	ok(vx_http_header(&a, "ETag", value, sizeof(value)), "case is ignored");
	ok_str(value, "\"x\"", "blanks in front of a value are no part of it");
	ok(vx_http_header(&a, "empty", value, sizeof(value)) && value[0] == '\0', "an empty value");
	ok(vx_http_header(&a, "Long", value, sizeof(value)), "a long value");
	ok_str(value, "0123456789abcde", "is cut");
	ok(!vx_http_header(&a, "Content", value, sizeof(value)), "a name is matched whole");
	vx_http_response_clear(&a);
}

static int get(const char *url, struct vx_error *err)
{
	struct vx_http *h = vx_http_new(&(struct vx_http_options){ .retry_for = 0 });
	struct vx_http_request q = { .method = "GET", .url = url };
	struct vx_http_response a = { 0 };
	int status = vx_http_do(h, &q, &a, err);

	vx_http_response_clear(&a);
	vx_http_free(h);
	return status;
}

static void failures(void)
{
	struct vx_error err = VX_ERROR_INIT;

	ok(get("file:///etc/passwd", &err) == VX_EUSAGE, "a file is no http URL");
	ok(get("nonsense", &err) != VX_OK, "nonsense is none");
	ok(get("http://user:sesame@127.0.0.1:1/path?token=sesame", &err) == VX_EUNREACHABLE, "nobody listens");
	ok(strstr(err.reason, "http://127.0.0.1:1: ") && !strstr(err.reason, "sesame"), "says where, and no secret: %s",
		err.reason);
}

static void api(void)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_api *a = vx_api_new(&(struct vx_api_options){ .url = "http://user:sesame@host:1/base//" }, &err);

	ok(a != NULL, "an API below a path");
	ok_str(a ? vx_api_url(a) : "", "http://host:1/base", "its URL is shown without user and password");
	vx_api_free(a);
	ok(!vx_api_new(&(struct vx_api_options){ .url = "host:1" }, &err) && err.status == VX_EUSAGE,
		"a URL needs its scheme");
	ok(!vx_api_new(&(struct vx_api_options){ .url = "http://h/?a" }, &err) && err.status == VX_EUSAGE,
		"and no query");
}

int main(void)
{
	urls();
	headers();
	failures();
	api();
	return tap_end();
}
