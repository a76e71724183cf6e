/* vx_json_walk on texts, on every cut of them, and against the values that vx_json builds.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "tap.h"
#include "vx_json.h"
#include "vx_json_walk.h"

static struct vx_slice slice(const char *s)
{
	return (struct vx_slice){ s, strlen(s) };
}

/* All members as "key=value;" and all items as "value;". */
static const char *show(const char *text, size_t len)
{
	static char out[4096];
	struct vx_json_walk w = vx_json_walk_begin(text, len);
	struct vx_slice key, value;
	size_t n = 0, start = strspn(text, " ");

	out[0] = '\0';
	if (start < len && text[start] == '{')
		while (vx_json_walk_member(&w, &key, &value))
			n += (size_t)snprintf(out + n, sizeof(out) - n, "%.*s=%.*s;", (int)key.len, key.text,
				(int)value.len, value.text);
	else
		while (vx_json_walk_item(&w, &value))
			n += (size_t)snprintf(out + n, sizeof(out) - n, "%.*s;", (int)value.len, value.text);
	return out;
}

static void walks(void)
{
	static const char *const cases[][2] = {
		{ "{}", "" },
		{ "[]", "" },
		{ " { } ", "" },
		{ "null", "" },
		{ "17", "" },
		{ "\"{}\"", "" },
		{ "{\"a\":1}", "a=1;" },
		{ "{ \"a\" : -1.5e3 , \"b\":\"x\" }", "a=-1.5e3;b=\"x\";" },
		{ "{\"a\":{\"b\":[1,{\"c\":\"}\"}]},\"d\":null}", "a={\"b\":[1,{\"c\":\"}\"}]};d=null;" },
		{ "{\"a\\\"\":\"\\\\\",\"b\":\"\\\"]\"}", "a\\\"=\"\\\\\";b=\"\\\"]\";" },
		{ "{\"\":true}", "=true;" },
		{ "[1,[2,3],\"4\",{\"5\":6},false]", "1;[2,3];\"4\";{\"5\":6};false;" },
		{ "[ 1 ,\t2\r\n]", "1;2;" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ok_str(show(cases[i][0], strlen(cases[i][0])), cases[i][1], "text %zu", i);
}

/* On text that was cut short, or is no JSON, a walk ends and never looks behind the end (valgrind and ASan watch). */
static void broken(void)
{
	static const char text[] =
		"{ \"a\" : [1, {\"b\\\"\": \"c\"}], \"d\": \"\\u00e4\", \"e\": {\"f\": [[],{}]}, \"g\": -1.0e5 }";
	static const char *const odd[] = { "{\"a\"", "{\"a\":", "{\"a\":}", "{:1}", "{,}", "[,]", "[1,,2]", "{1:2}",
		"{\"a\":1 2}", "[\"", "[\"\\", "[[", "]", "}", "{\"a\":1]", "[}" };
	int ended = 0;

	for (size_t n = 0; n <= sizeof(text) - 1; n++) {
		char *copy = malloc(n + 1);
		memcpy(copy, text, n);
		copy[n] = '\0';
		show(copy, n);
		free(copy);
		ended++;
	}
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		show(odd[i], strlen(odd[i]));
		ended++;
	}
	ok(ended == (int)(sizeof(text) + sizeof(odd) / sizeof(odd[0])), "every cut and odd text ends");
}

static void same_as_values(void)
{
	static const char text[] = "{\"identifier\":\"volume/a\",\"n\":[1,2.50,{\"x\":[]}],\"o\":{\"a "
				   "b\":null},\"t\":true,\"s\":\"\\u00e4\\n\"}";
	struct vx_json_walk w = vx_json_walk_begin(text, strlen(text));
	struct vx_slice key, value;
	struct vx_json *j;
	int good = 0;

	if (vx_json_parse(text, strlen(text), &j, NULL) != VX_OK)
		return;
	while (vx_json_walk_member(&w, &key, &value)) {
		struct vx_json *part;
		char name[32];
		snprintf(name, sizeof(name), "%.*s", (int)key.len, key.text);
		if (vx_json_parse(value.text, value.len, &part, NULL) != VX_OK)
			break;
		good += vx_json_equal(part, vx_json_get(j, name));
		vx_json_free(part);
	}
	ok(good == 5 && vx_json_size(j) == 5, "slices are the values that a parser finds");
	vx_json_free(j);
}

static void strings(void)
{
	struct vx_slice s;

	ok(vx_slice_string(slice("\"abc\""), &s) && vx_slice_is(s, "abc"), "a string's inside");
	ok(vx_slice_string(slice("\"\""), &s) && s.len == 0, "an empty string");
	ok(!vx_slice_string(slice("\"a\\n\""), &s), "a string with an escape is left to the parser");
	ok(!vx_slice_string(slice("12"), &s) && !vx_slice_string(slice("\""), &s), "what is no string");
}

int main(void)
{
	walks();
	broken();
	same_as_values();
	strings();
	return tap_end();
}
