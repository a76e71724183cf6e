/* Tests of vx_schema: keyword by keyword, the values that it takes and those that it refuses; schemas that do not load.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vx_schema.h"
#include "tap.h"

static struct vx_json *parse(const char *text)
{
	struct vx_json *j = NULL;
	struct vx_error err = VX_ERROR_INIT;

	if (vx_json_parse(text, strlen(text), &j, &err) != VX_OK)
		printf("# not JSON: %s: %s\n", text, err.reason);
	return j;
}

static struct vx_schema *schema(const char *text, struct vx_error *err)
{
	struct vx_json *j = parse(text);
	struct vx_schema *s = vx_schema_new(j, err);

	vx_json_free(j);
	return s;
}

/* Errors of value as "field=value reason; ..."; to be freed. */
static char *errors(const struct vx_schema *s, const char *value, bool skip)
{
	struct vx_json *j = parse(value);
	struct vx_schema_error *first = vx_schema_check(s, j, skip);
	struct vx_buf b = VX_BUF_INIT;

	vx_buf_puts(&b, "");
	for (struct vx_schema_error *e = first; e; e = e->next)
		vx_buf_printf(&b, "%s%s=%s %s", b.len ? "; " : "", e->field, e->value, e->reason);
	vx_schema_error_free(first);
	vx_json_free(j);
	return b.data ? b.data : vx_strdup("");
}

static const struct {
	const char *schema, *value, *errors;
} said[] = {
	{ "{\"type\":\"integer\"}", "3.0", "" },
	{ "{\"type\":\"integer\"}", "3.5", "=3.5 is number, not integer" },
	{ "{\"type\":\"integer\"}", "123456789012345678901234567890", "" },
	{ "{\"type\":[\"string\",\"null\"]}", "true", "=true is boolean, not string" },
	{ "{\"type\":[\"string\",\"number\"]}", "null", "=null is null, not number or string" },
	{ "{\"type\":\"null\"}", "1", "=1 is integer, not null" },
	{ "{\"enum\":[\"a\",\"b\",null]}", "\"c\"", "=\"c\" is not one of a, b" },
	{ "{\"enum\":[1,\"x\"]}", "1.0", "" },
	{ "{\"enum\":[1,[2,{\"a\":3}]]}", "[2.0,{\"a\":3e0}]", "" },
	{ "{\"enum\":[0]}", "false", "=false is not one of 0" },
	{ "{\"const\":null}", "null", "" },
	{ "{\"const\":null}", "0", "=0 is not null" },
	{ "{\"const\":{\"a\":[1]}}", "{\"a\":[1.0]}", "" },
	{ "{\"minimum\":2}", "1.9", "=1.9 is not at least 2" },
	{ "{\"minimum\":9007199254740993}", "9007199254740992", "=9007199254740992 is not at least 9007199254740993" },
	{ "{\"maximum\":2}", "2.5", "=2.5 is not at most 2" },
	{ "{\"maximum\":2}", "\"many\"", "" },
	{ "{\"exclusiveMinimum\":2}", "2", "=2 is not above 2" },
	{ "{\"exclusiveMaximum\":2}", "2.0", "=2.0 is not below 2" },
	{ "{\"multipleOf\":3}", "10", "=10 is not a multiple of 3" },
	{ "{\"multipleOf\":0.5}", "4.5", "" },
	{ "{\"multipleOf\":1}", "-9223372036854775808", "" },
	{ "{\"minLength\":2}", "\"\\u00e9\"", "=\"\xc3\xa9\" is shorter than 2 characters" },
	{ "{\"minLength\":1}", "\"\"", "=\"\" is empty" },
	{ "{\"maxLength\":1}", "\"\\ud83e\\udde0\"", "" },
	{ "{\"maxLength\":1}", "\"\\ud83e\\udde0x\"", "=\"\xf0\x9f\xa7\xa0x\" is longer than 1 characters" },
	{ "{\"pattern\":\"^a\"}", "\"ba\"", "=\"ba\" does not match ^a" },
	{ "{\"pattern\":\"^a\",\"x-vx\":{\"reason\":\"has no a\"}}", "\"ba\"", "=\"ba\" has no a" },
	{ "{\"minItems\":2}", "[1]", "=[1] has 1 items, at least 2 are needed" },
	{ "{\"maxItems\":1}", "[1,2]", "=[1,2] has 2 items, at most 1 are allowed" },
	{ "{\"uniqueItems\":true}", "[1,\"1\",true,[1],{\"a\":1}]", "" },
	{ "{\"uniqueItems\":true}", "[{\"a\":1,\"b\":2},0,{\"b\":2.0,\"a\":1}]",
		"=[{\"a\":1,\"b\":2},0,{\"b\":2.0,\"a\":1}] holds the same item twice" },
	{ "{\"uniqueItems\":false}", "[1,1]", "" },
	{ "{\"items\":{\"type\":\"string\"}}", "[\"a\",1,\"b\",2]",
		"1=1 is integer, not string; 3=2 is integer, not string" },
	{ "{\"prefixItems\":[{\"type\":\"string\"},true],\"items\":false}", "[1,2,3]",
		"0=1 is integer, not string; 2=3 is not allowed" },
	{ "{\"prefixItems\":[{\"type\":\"string\"}]}", "[]", "" },
	{ "{\"properties\":{\"a\":{\"type\":\"string\"},\"b\":false}}", "{\"b\":1,\"a\":2,\"c\":3}",
		"a=2 is integer, not string; b=1 is not allowed" },
	{ "{\"properties\":{\"a\":{}},\"additionalProperties\":false}", "{\"x\":1,\"a\":2}",
		"x=1 is not a known field" },
	{ "{\"properties\":{\"a\":{}},\"additionalProperties\":{\"type\":\"null\"}}", "{\"x\":1,\"a\":2}",
		"x=1 is integer, not null" },
	{ "{\"patternProperties\":{\"^n\":{\"type\":\"number\"}},\"additionalProperties\":false}",
		"{\"n1\":1,\"n2\":\"\",\"m\":0}", "n2=\"\" is string, not number; m=0 is not a known field" },
	{ "{\"properties\":{\"na\":{\"minimum\":5}},\"patternProperties\":{\"^n\":{\"maximum\":3}}}", "{\"na\":4}",
		"na=4 is not at least 5; na=4 is not at most 3" },
	{ "{\"propertyNames\":{\"maxLength\":2}}", "{\"ab\":1,\"abc\":2}", "abc=\"abc\" is longer than 2 characters" },
	{ "{\"required\":[\"a\",\"b\"]}", "{\"b\":null}", "a= is missing" },
	{ "{\"dependentRequired\":{\"a\":[\"b\"]}}", "{\"a\":1}", "b= is missing, but a is there" },
	{ "{\"dependentRequired\":{\"a\":[\"b\"]}}", "{\"c\":1}", "" },
	{ "{\"minProperties\":1}", "{}", "={} has 0 members, fewer than 1" },
	{ "{\"maxProperties\":1}", "{\"a\":1,\"b\":2}", "={\"a\":1,\"b\":2} has 2 members, more than 1" },
	{ "{\"anyOf\":[{\"type\":\"string\"},{\"minimum\":3}]}", "2", "=2 fits none of the forms that are allowed" },
	{ "{\"anyOf\":[{\"type\":\"string\"},{\"minimum\":3}]}", "4", "" },
	{ "{\"allOf\":[{\"minimum\":3},{\"maximum\":1}]}", "2", "=2 is not at least 3; =2 is not at most 1" },
	{ "{\"oneOf\":[{\"minimum\":3},{\"maximum\":5}]}", "4",
		"=4 fits several of the forms that exclude each other" },
	{ "{\"oneOf\":[{\"minimum\":3},{\"maximum\":5}]}", "9", "" },
	{ "{\"not\":{\"type\":\"string\"}}", "\"x\"", "=\"x\" is what it must not be" },
	{ "{\"if\":{\"minimum\":3},\"then\":{\"multipleOf\":2},\"else\":{\"multipleOf\":5}}", "7",
		"=7 is not a multiple of 2" },
	{ "{\"if\":{\"minimum\":3},\"then\":{\"multipleOf\":2},\"else\":{\"multipleOf\":5}}", "1",
		"=1 is not a multiple of 5" },
	{ "{\"then\":false,\"else\":false}", "1", "" },
	{ "{\"$defs\":{\"a~b/c\":{\"type\":\"string\"}},\"items\":{\"$ref\":\"#/$defs/a~0b~1c\"}}", "[1]",
		"0=1 is integer, not string" },
	{ "{\"items\":{\"$ref\":\"#\"},\"type\":\"array\"}", "[[],[[1]]]", "1.0.0=1 is integer, not array" },
	{ "{\"$ref\":\"#/$defs/n\",\"maximum\":1,\"$defs\":{\"n\":{\"type\":\"integer\"}}}", "2.5",
		"=2.5 is not at most 1; =2.5 is number, not integer" },
	{ "true", "1", "" },
	{ "false", "1", "=1 is not allowed" },
	{ "{\"format\":\"date\",\"title\":\"t\",\"description\":\"d\",\"default\":1,\"examples\":[2],\"$comment\":"
	  "\"c\","
	  "\"deprecated\":true}",
		"\"no date\"", "" },
};

static const struct {
	const char *schema, *field, *reason;
} broken[] = {
	{ "{\"properties\":{\"a\":{\"minLenght\":1}}}", "properties.a.minLenght", "unknown keyword" },
	{ "{\"unevaluatedProperties\":false}", "unevaluatedProperties", "unknown keyword" },
	{ "{\"contains\":{}}", "contains", "unknown keyword" },
	{ "{\"$anchor\":\"a\"}", "$anchor", "unknown keyword" },
	{ "{\"properties\":{\"a\":1}}", "properties.a", "is no schema" },
	{ "{\"properties\":[]}", "properties", "is no object, or one of more than 10000 properties" },
	{ "{\"items\":[{}]}", "items", "is no schema" },
	{ "{\"type\":\"text\"}", "type", "names no type" },
	{ "{\"type\":[]}", "type", "lists no type" },
	{ "{\"type\":[\"string\",3]}", "type", "names no type" },
	{ "{\"enum\":[]}", "enum", "is no list of values" },
	{ "{\"minimum\":\"3\"}", "minimum", "is no number" },
	{ "{\"multipleOf\":0}", "multipleOf", "is not above 0" },
	{ "{\"minLength\":-1}", "minLength", "is no whole number from 0 on" },
	{ "{\"maxItems\":1.5}", "maxItems", "is no whole number from 0 on" },
	{ "{\"pattern\":\"(\"}", "pattern", NULL },
	{ "{\"pattern\":3}", "pattern", "is no string" },
	{ "{\"patternProperties\":{\"\\\\d\":{}}}", "patternProperties", NULL },
	{ "{\"uniqueItems\":1}", "uniqueItems", "is neither true nor false" },
	{ "{\"required\":\"a\"}", "required", "is no list of names" },
	{ "{\"required\":[1]}", "required", "is no list of names" },
	{ "{\"dependentRequired\":{\"a\":\"b\"}}", "dependentRequired", "is no list of names" },
	{ "{\"anyOf\":[]}", "anyOf", "is no list of schemas" },
	{ "{\"allOf\":[{\"x\":1}]}", "allOf.0.x", "unknown keyword" },
	{ "{\"$ref\":\"#/$defs/gone\"}", "$ref", "$ref leads to nothing" },
	{ "{\"$ref\":\"other.json\"}", "$ref", "$ref leads to another place than a file beside this one" },
	{ "{\"$ref\":\"#\"}", "", "a $ref leads back to itself, or through too many others" },
	{ "{\"$defs\":{\"a\":{\"$ref\":\"#/$defs/b\"},\"b\":{\"anyOf\":[{\"$ref\":\"#/$defs/a\"}]}}}", "",
		"a $ref leads back to itself, or through too many others" },
	{ "{\"$schema\":\"http://json-schema.org/draft-07/schema#\"}", "$schema",
		"is not https://json-schema.org/draft/2020-12/schema" },
	{ "{\"items\":{\"$id\":\"x\"}}", "items.$id", "$id is understood at the top only" },
	{ "{\"x-vx\":1}", "x-vx", "is no object" },
	{ "[]", "", "is no schema" },
	{ "null", "", "is no schema" },
};

static void test_hidden(void)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_schema *s =
		schema("{\"x-vx\":{\"server\":[\"made\"]},\"additionalProperties\":false,\"maxProperties\":1,"
		       "\"properties\":{\"a\":{\"additionalProperties\":false}}}",
			&err);
	char *got = errors(s, "{\"_x\":1,\"made\":2,\"a\":{\"_y\":1}}", true);

	ok_str(got, "a._y=1 is not a known field",
		"private and the server's fields are passed over at the top, not below");
	free(got);
	got = errors(s, "{\"_x\":1,\"made\":2}", false);
	ok_str(got,
		"={\"_x\":1,\"made\":2} has 2 members, more than 1; _x=1 is not a known field; made=2 is not a known "
		"field",
		"and looked at when that is wanted");
	free(got);
	got = errors(s,
		"{\"b\":"
		"\"\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
		"\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
		"\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
		"\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\"}",
		true);
	ok(strstr(got, "\xe2\x82\xac...") && vx_utf8_valid(got, strlen(got)), "a long value is cut between characters");
	free(got);
	vx_schema_free(s);
}

static void put(const char *dir, const char *name, const char *text)
{
	char *path = vx_asprintf("%s/%s", dir, name);
	FILE *f = fopen(path, "w");

	if (f) {
		fputs(text, f);
		fclose(f);
	}
	free(path);
}

static void test_files(void)
{
	char dir[] = "/tmp/vx-schema.XXXXXX";
	struct vx_error err = VX_ERROR_INIT;
	char *got, *path;

	if (!mkdtemp(dir))
		return;
	put(dir, "a.json", "{\"properties\":{\"x\":{\"$ref\":\"b.json#/$defs/n\"},\"y\":{\"$ref\":\"b.json\"}}}");
	put(dir, "b.json",
		"{\"type\":\"string\",\"$defs\":{\"n\":{\"$ref\":\"#/$defs/m\"},\"m\":{\"type\":\"null\"}}}");
	put(dir, "c.json", "{\"items\":{\"$ref\":\"d.json\"}}");
	put(dir, "d.json", "{\"properties\":{\"k\":{\"typo\":1}}}");
	put(dir, "e.json", "{\"items\":");
	struct vx_schema *s = vx_schema_load(dir, "a.json", &err);
	got = errors(s, "{\"x\":1,\"y\":2}", false);
	ok_str(got, "x=1 is integer, not null; y=2 is integer, not string",
		"a $ref into a file beside, and on from there");
	free(got);
	vx_schema_free(s);
	ok(!vx_schema_load(dir, "c.json", &err), "an unknown keyword in a file beside");
	path = vx_asprintf("%s/d.json", dir);
	ok_str(err.file, path, "is said with that file");
	ok_str(err.field, "properties.k.typo", "and the path in it");
	ok(err.status == VX_EDATA, "as an error of data");
	free(path);
	ok(!vx_schema_load(dir, "e.json", &err) && err.status == VX_EDATA, "a file that is no JSON: %s", err.reason);
	ok(!vx_schema_load(dir, "gone.json", &err) && err.status == VX_EIO, "a file that is not there: %s", err.reason);
	for (const char *c = "abcde"; *c; c++) {
		path = vx_asprintf("%s/%c.json", dir, *c);
		unlink(path);
		free(path);
	}
	rmdir(dir);
}

static void test_field(void)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_schema *s =
		schema("{\"$defs\":{\"n\":{\"type\":[\"number\",\"null\"],\"minimum\":0}},\"required\":[\"t\"],"
		       "\"properties\":{\"n\":{\"$ref\":\"#/$defs/n\",\"maximum\":9},\"t\":{\"type\":\"string\"},"
		       "\"any\":{}}}",
			&err);
	struct vx_json *v = vx_json_int(10);
	unsigned number = 1u << VX_INT | 1u << VX_DOUBLE | 1u << VX_NULL;

	ok(vx_schema_field_types(s, "n") == number, "a field's types are found behind its $ref");
	ok(vx_schema_field_types(s, "t") == 1u << VX_STRING, "a field of one type");
	ok(vx_schema_field_types(s, "any") == (1u << (VX_OBJECT + 1)) - 1, "a field without a type may be any");
	ok(vx_schema_field_types(s, "x") == 0, "no such field");
	struct vx_schema_error *e = vx_schema_field_check(s, "n", v);
	ok(e && !e->next && !strcmp(e->field, "n") && !strcmp(e->reason, "is not at most 9"),
		"one field is checked without the others");
	vx_schema_error_free(e);
	ok(!vx_schema_field_check(s, "n", NULL), "and may be null where the schema says so");
	e = vx_schema_field_check(s, "x", v);
	ok(e && !strcmp(e->reason, "is not a known field"), "a field that is not there has no value");
	vx_schema_error_free(e);
	vx_json_free(v);
	vx_schema_free(s);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(said) / sizeof(*said); i++) {
		struct vx_error err = VX_ERROR_INIT;
		struct vx_schema *s = schema(said[i].schema, &err);
		char *got = s ? errors(s, said[i].value, false) : vx_strdup(err.reason);
		ok_str(got, said[i].errors, "%s on %s", said[i].schema, said[i].value);
		free(got);
		vx_schema_free(s);
	}
	for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
		struct vx_error err = VX_ERROR_INIT;
		struct vx_schema *s = schema(broken[i].schema, &err);
		ok(!s && err.status == VX_EDATA && !strcmp(err.field, broken[i].field) &&
				(!broken[i].reason || !strcmp(err.reason, broken[i].reason)),
			"%s does not load: %s: %s", broken[i].schema, err.field, err.reason);
		vx_schema_free(s);
	}
	test_hidden();
	test_files();
	test_field();
	return tap_end();
}
