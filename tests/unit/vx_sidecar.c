/* vx_sidecar: values through the allow-list, dates, UIDs, b-values.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <unistd.h>

#include "tap.h"
#include "vx_sidecar.h"

static int said;

static void count_said(void *arg, const char *text)
{
	(void)arg;
	(void)text;
	said++;
}

/* The fields of a sidecar as text; "" when it is none. */
static void fields_are(const struct vx_sidecar_map *map, const char *text, const char *wanted, int warnings)
{
	struct vx_json *side, *fields;
	struct vx_error err = VX_ERROR_INIT;
	struct vx_buf out = VX_BUF_INIT;
	bool latin1;
	said = 0;
	vx_buf_puts(&out, "");
	if (vx_sidecar_parse(text, strlen(text), &side, &latin1, &err) == VX_OK) {
		fields = vx_sidecar_fields(map, side, count_said, NULL);
		vx_json_print(fields, &out);
		vx_json_free(fields);
		vx_json_free(side);
	}
	ok_str(out.data, wanted, "%s", text);
	ok(said == warnings, "with %d warnings", warnings);
	vx_buf_free(&out);
}

static void test_datetimes(const struct vx_sidecar_map *map)
{
	static const char *const good[] = { "2020-02-29T23:59:60", "2019-03-14T10:23:45.1", "2019-03-14T10:23:45Z",
		"2019-03-14T10:23:45.123456789+01:30" };
	static const char *const bad[] = { "2019-02-29T10:00:00", "2019-13-01T10:00:00", "2019-03-14 10:00:00",
		"2019-03-14", "2019-03-14T24:00:00", "2019-03-14T10:00:00.", "2019-03-14T10:00:00.1234567890",
		"2019-03-14T10:00:00+1", "2019-03-14T10:00:00ZZ", "20190314100000", "1900-02-29T00:00:00",
		"2019-03-14T10:00" };
	char text[200], wanted[200];
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		snprintf(text, sizeof(text), "{\"AcquisitionDateTime\":\"%s\"}", good[i]);
		snprintf(wanted, sizeof(wanted), "{\"acquisition_datetime\":\"%s\"}", good[i]);
		fields_are(map, text, wanted, 0);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "{\"AcquisitionDateTime\":\"%s\"}", bad[i]);
		fields_are(map, text, "{}", 1);
	}
}

static void test_fields(const struct vx_sidecar_map *map)
{
	fields_are(map, "{}", "{}", 0);
	fields_are(map, "{\"PatientName\":\"Mustermann\",\"Comments\":1}", "{}", 0);
	fields_are(map, "{\"EchoTime\":0.101,\"EchoNumber\":1}", "{\"echo_time\":0.101}", 0);
	fields_are(map, "{\"EchoTime\":101}", "{}", 1);
	fields_are(map, "{\"EchoTime\":true}", "{}", 1);
	fields_are(map, "{\"SeriesNumber\":5.0}", "{\"series_number\":5}", 0);
	fields_are(map, "{\"SeriesNumber\":\"5\"}", "{}", 1);
	fields_are(map, "{\"SeriesNumber\":-1}", "{}", 1);
	fields_are(map, "{\"StudyInstanceUID\":\"1.2.840.10008\"}", "{\"study_instance_uid\":\"1.2.840.10008\"}", 0);
	fields_are(map, "{\"StudyInstanceUID\":\"1..2\"}", "{}", 1);
	fields_are(map, "{\"StudyInstanceUID\":\"1.2.\"}", "{}", 1);
	fields_are(map, "{\"StudyInstanceUID\":\".1\"}", "{}", 1);
	fields_are(map, "{\"StudyInstanceUID\":12}", "{}", 1);
	fields_are(map, "{\"StudyInstanceUID\":\"12345678901234567890123456789012345678901234567890123456789012345\"}",
		"{}", 1);
	fields_are(map, "{\"StudyInstanceUID\":\"1.2\\u0000.3\"}", "{}", 1);
	fields_are(map, "{\"ImageType\":\"DERIVED\\\\PRIMARY\"}", "{\"image_type\":[\"DERIVED\",\"PRIMARY\"]}", 0);
	fields_are(map, "{\"ImageType\":[]}", "{\"image_type\":[]}", 0);
	fields_are(map, "{\"ImageType\":[\"A\",null]}", "{}", 1);
	fields_are(
		map, "{\"ManufacturerModelName\":\"b\",\"ManufacturersModelName\":\"a\"}", "{\"model_name\":\"a\"}", 0);
	fields_are(
		map, "{\"ManufacturersModelName\":\"\",\"ManufacturerModelName\":\"b\"}", "{\"model_name\":\"b\"}", 0);
	fields_are(map, "{\"Manufacturer\":null}", "{}", 0);
	fields_are(map, "\xEF\xBB\xBF{\"Manufacturer\":\"G\xC4\"}", "{\"manufacturer\":\"GÄ\"}", 0);
	fields_are(map, "[1]", "", 0);
	fields_are(map, "{", "", 0);
}

static void bvals_are(const char *text, const char *wanted)
{
	struct vx_json *list;
	struct vx_error err = VX_ERROR_INIT;
	struct vx_buf out = VX_BUF_INIT;
	vx_buf_puts(&out, "");
	if (vx_bval_parse(text, strlen(text), &list, &err) == VX_OK)
		vx_json_print(list, &out);
	else
		vx_buf_puts(&out, err.reason);
	if (list)
		vx_json_free(list);
	ok_str(out.data, wanted, "b-values");
	vx_buf_free(&out);
}

int main(void)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_sidecar_map *map =
		vx_sidecar_load(access("share/sidecar.json", R_OK) == 0 ? "share/sidecar.json" : NULL, &err);
	ok(map != NULL, "the list of the share folder");
	if (!map)
		return tap_end();
	test_fields(map);
	test_datetimes(map);
	bvals_are("0 50 400 800\n", "[0,50,400,800]");
	bvals_are("\r\n\t 1e3 0.5 -0", "[1000,0.5,0]");
	bvals_are("", "no b-value in it");
	bvals_are(" \n", "no b-value in it");
	bvals_are("0 nan", "number 2 is no b-value");
	bvals_are("inf", "number 1 is no b-value");
	bvals_are("-5", "number 1 is no b-value");
	bvals_are("0x10", "number 1 is no b-value");
	bvals_are("1,2", "number 1 is no b-value");
	bvals_are("1e999", "number 1 is no b-value");
	vx_sidecar_map_free(map);
	return tap_end();
}
