/* Holds vx_sigv4 against AWS's published SigV4 test suite and the worked examples of the S3 API reference.
 * In: none. Out: TAP. SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "tap.h"
#include "vx_hash.h"
#include "vx_http.h"
#include "vx_sigv4.h"

#define HOST "Host:example.amazonaws.com"
#define DATE "X-Amz-Date:20150830T123600Z"
#define UNRESERVED "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define TOKEN                                                                                                          \
	"AQoDYXdzEPT//////////"                                                                                        \
	"wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YU"                     \
	"uwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8" \
	"YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2I" \
	"CCR/oLxBA=="

/* The suite: key AKIDEXAMPLE, region us-east-1, service "service", 2015-08-30T12:36:00Z. */
struct vector {
	const char *name, *method, *path; /* path before percent-encoding */
	const char *query[3][2];          /* names and values before percent-encoding */
	const char *headers[6];
	const char *body;
	const char *names, *signature;
};

static const struct vector suite[] = {
	{ "get-header-key-duplicate", "GET", "/", { { 0 } },
		{ HOST, "My-Header1:value2", "My-Header1:value2", "My-Header1:value1", DATE }, "",
		"host;my-header1;x-amz-date", "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea" },
	{ "get-header-value-order", "GET", "/", { { 0 } },
		{ HOST, "My-Header1:value4", "My-Header1:value1", "My-Header1:value3", "My-Header1:value2", DATE }, "",
		"host;my-header1;x-amz-date", "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01" },
	{ "get-header-value-trim", "GET", "/", { { 0 } },
		{ HOST, "My-Header1: value1", "My-Header2: \"a   b   c\"", DATE }, "",
		"host;my-header1;my-header2;x-amz-date",
		"acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736" },
	{ "get-space", "GET", "/example space/", { { 0 } }, { HOST, DATE }, "", "host;x-amz-date",
		"652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741" },
	{ "get-vanilla-query-order-key", "GET", "/", { { "Param1", "value2" }, { "Param1", "Value1" } }, { HOST, DATE },
		"", "host;x-amz-date", "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1" },
	{ "get-vanilla-query-order-value", "GET", "/", { { "Param1", "value2" }, { "Param1", "value1" } },
		{ HOST, DATE }, "", "host;x-amz-date",
		"5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694" },
	{ "get-unreserved", "GET", "/" UNRESERVED, { { 0 } }, { HOST, DATE }, "", "host;x-amz-date",
		"07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f" },
	{ "get-utf8", "GET", "/\xe1\x88\xb4", { { 0 } }, { HOST, DATE }, "", "host;x-amz-date",
		"8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85" },
	{ "get-vanilla", "GET", "/", { { 0 } }, { HOST, DATE }, "", "host;x-amz-date",
		"5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
	{ "get-vanilla-empty-query-key", "GET", "/", { { "Param1", "value1" } }, { HOST, DATE }, "", "host;x-amz-date",
		"a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb" },
	{ "get-vanilla-query-order-key-case", "GET", "/", { { "Param2", "value2" }, { "Param1", "value1" } },
		{ HOST, DATE }, "", "host;x-amz-date",
		"b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500" },
	{ "get-vanilla-query-unreserved", "GET", "/", { { UNRESERVED, UNRESERVED } }, { HOST, DATE }, "",
		"host;x-amz-date", "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197" },
	{ "get-vanilla-utf8-query", "GET", "/", { { "\xe1\x88\xb4", "bar" } }, { HOST, DATE }, "", "host;x-amz-date",
		"2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04" },
	{ "post-header-key-sort", "POST", "/", { { 0 } }, { HOST, "My-Header1:value1", DATE }, "",
		"host;my-header1;x-amz-date", "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c" },
	{ "post-header-value-case", "POST", "/", { { 0 } }, { DATE, "My-Header1:VALUE1", HOST }, "",
		"host;my-header1;x-amz-date", "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d" },
	{ "post-sts-header-before", "POST", "/", { { 0 } }, { HOST, DATE, "X-Amz-Security-Token:" TOKEN }, "",
		"host;x-amz-date;x-amz-security-token",
		"85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead" },
	{ "post-vanilla", "POST", "/", { { 0 } }, { HOST, DATE }, "", "host;x-amz-date",
		"5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b" },
	{ "post-vanilla-query", "POST", "/", { { "Param1", "value1" } }, { HOST, DATE }, "", "host;x-amz-date",
		"28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11" },
	{ "post-vanilla-query-nonunreserved", "POST", "/", { { "@#$%^", "" }, { "+", "/,?><`\";:\\|][{}" } },
		{ HOST, DATE }, "", "host;x-amz-date",
		"66c82657c86e26fb25238d0e69f011edc4c6df5ae71119d7cb98ed9b87393c1e" },
	{ "post-vanilla-query-space", "POST", "/", { { "p", "" } }, { HOST, DATE }, "", "host;x-amz-date",
		"e71688addb58a26418614085fb730ba3faa623b461c17f48f2fbdb9361b94a9b" },
	{ "post-x-www-form-urlencoded", "POST", "/", { { 0 } },
		{ "Content-Type:application/x-www-form-urlencoded", HOST, DATE }, "Param1=value1",
		"content-type;host;x-amz-date", "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a" },
	{ "post-x-www-form-urlencoded-parameters", "POST", "/", { { 0 } },
		{ "Content-Type:application/x-www-form-urlencoded; charset=utf8", HOST, DATE }, "Param1=value1",
		"content-type;host;x-amz-date", "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe" },
};

static void check_suite(const struct vector *v)
{
	const struct vx_sigv4_key key = { "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "us-east-1",
		"service" };
	struct vx_buf path = VX_BUF_INIT, query = VX_BUF_INIT, got = VX_BUF_INIT, want = VX_BUF_INIT;
	char hash[65];
	vx_sha256_bytes(v->body, strlen(v->body), hash);
	vx_url_escape(&path, v->path, strlen(v->path), true);
	for (size_t i = 0; i < 3 && v->query[i][0]; i++) {
		vx_buf_puts(&query, i ? "&" : "");
		vx_url_escape(&query, v->query[i][0], strlen(v->query[i][0]), false);
		vx_buf_putc(&query, '=');
		vx_url_escape(&query, v->query[i][1], strlen(v->query[i][1]), false);
	}
	const char *headers[7] = { NULL };
	memcpy(headers, v->headers, sizeof(v->headers));
	struct vx_sigv4_request q = { v->method, path.data, query.data, headers, hash, "20150830T123600Z" };
	vx_sigv4_authorization(&key, &q, &got);
	vx_buf_printf(&want,
		"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
		"SignedHeaders=%s, Signature=%s",
		v->names, v->signature);
	ok_str(got.data, want.data, "suite: %s", v->name);
	vx_buf_free(&path);
	vx_buf_free(&query);
	vx_buf_free(&got);
	vx_buf_free(&want);
}

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define WELCOME "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072" /* "Welcome to Amazon S3." */
#define S3_HOST "Host: examplebucket.s3.amazonaws.com"
#define S3_DATE "x-amz-date: 20130524T000000Z"

static void check_s3(const char *what, const char *method, const char *path, const char *query,
	const char *const *headers, const char *payload, const char *signature)
{
	const struct vx_sigv4_key key = { "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
		"us-east-1", "s3" };
	struct vx_sigv4_request q = { method, path, query, headers, payload, "20130524T000000Z" };
	struct vx_buf got = VX_BUF_INIT;
	vx_sigv4_authorization(&key, &q, &got);
	const char *at = strstr(got.data, "Signature=");
	ok_str(at ? at + strlen("Signature=") : NULL, signature, "S3 reference: %s", what);
	vx_buf_free(&got);
}

static void check_s3_examples(void)
{
	const char *get[] = { S3_HOST, "Range: bytes=0-9", "x-amz-content-sha256: " EMPTY, S3_DATE, NULL };
	check_s3("GET object", "GET", "/test.txt", "", get, EMPTY,
		"f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
	const char *put[] = { S3_HOST, "Date: Fri, 24 May 2013 00:00:00 GMT", S3_DATE,
		"x-amz-storage-class: REDUCED_REDUNDANCY", "x-amz-content-sha256: " WELCOME, NULL };
	check_s3("PUT object", "PUT", "/test%24file.text", NULL, put, WELCOME,
		"98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
	const char *list[] = { S3_HOST, S3_DATE, "x-amz-content-sha256: " EMPTY, NULL };
	check_s3("GET bucket lifecycle", "GET", "/", "lifecycle", list, EMPTY,
		"fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
	check_s3("list objects", "GET", "/", "prefix=J&max-keys=2", list, EMPTY,
		"34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

/* A name that begins another: sorted by name, not by the whole line. */
static void check_prefix_names(void)
{
	const char *headers[] = { "x-amz-meta-a-b: 1", "x-amz-meta-a:  two  words\t here ", "host: h", NULL };
	struct vx_sigv4_request q = { "PUT", "", "a-b=1&a=2&c", headers, EMPTY, "20130524T000000Z" };
	struct vx_buf canonical = VX_BUF_INIT, names = VX_BUF_INIT;
	vx_sigv4_canonical(&q, &canonical, &names);
	ok_str(names.data, "host;x-amz-meta-a;x-amz-meta-a-b", "a name that begins another comes first");
	ok_str(canonical.data,
		"PUT\n/\na=2&a-b=1&c=\nhost:h\nx-amz-meta-a:two words here\nx-amz-meta-a-b:1\n\n"
		"host;x-amz-meta-a;x-amz-meta-a-b\n" EMPTY,
		"canonical request: blanks folded, parameters sorted by name");
	vx_buf_free(&canonical);
	vx_buf_free(&names);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(suite) / sizeof(suite[0]); i++)
		check_suite(&suite[i]);
	check_s3_examples();
	check_prefix_names();
	char date[17];
	vx_sigv4_date(1440938160, date);
	ok_str(date, "20150830T123600Z", "date");
	vx_sigv4_date(-1, date);
	ok_str(date, "19691231T235959Z", "date before the epoch");
	return tap_end();
}
