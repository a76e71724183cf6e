/* vx_sidecar: values through the allow-list, cleaned copies, dates, UIDs, b-values.
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
		"2019-03-14T10:00:00+1", "2019-03-14T10:00:", "2019-03-14T10:00:x", "2019-03-14T10:00:00ZZ",
		"20190314100000", "1900-02-29T00:00:00", "2019-03-14T10:00" };
	char text[200], wanted[200];
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		snprintf(text, sizeof(text), "{\"AcquisitionDateTime\":\"%s\"}", good[i]);
		snprintf(wanted, sizeof(wanted), "{\"acquisition_datetime\":\"%s\"}", good[i]);
		fields_are(map, text, wanted, 0);
	}
	/* As dcm2niix has written it. */
	fields_are(map, "{\"AcquisitionDateTime\":\"2011-07-07T12:04:4.077500\"}",
		"{\"acquisition_datetime\":\"2011-07-07T12:04:04.077500\"}", 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "{\"AcquisitionDateTime\":\"%s\"}", bad[i]);
		fields_are(map, text, "{}", 1);
	}
}

static void bvec_is(const char *text, const char *wanted)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_bvec v;
	char got[200];
	if (vx_bvec_parse(text, strlen(text), &v, &err) == VX_OK)
		snprintf(got, sizeof(got), "%zu %zu %zu", v.n, v.directions, v.odd);
	else
		snprintf(got, sizeof(got), "%.180s", err.reason);
	ok_str(got, wanted, "directions of %s", text);
}

static void test_bvec(void)
{
	bvec_is("0 1\n0 0\n0 0\n", "2 1 0");
	bvec_is("\r\n0 0.577 1\r\n\r\n0 0.577 0\r\n0\t0.577 0", "3 2 0");
	bvec_is("0 0 0\n1 0 0\n0 1 0\n0 0 -1\n", "4 3 0");
	bvec_is("1 0 0\n1 0 0\n0 1 0", "3 2 1");
	bvec_is("1\n0\n0", "1 1 0");
	bvec_is("1 0 0", "1 1 0");
	bvec_is("0 2\n0 0\n0 0", "2 1 2");
	bvec_is("0 1\n0 0\n0 0 0\n", "its lines hold 2 numbers and 3");
	bvec_is("0 1\n0\n0 0\n", "its lines hold 2 numbers and 1");
	bvec_is("0 1 1 1\n0 0 1 1\n", "2 lines of 4 numbers: not three a direction");
	bvec_is("1 2 3 4", "1 lines of 4 numbers: not three a direction");
	bvec_is("0 nan\n0 0\n0 0\n", "number 2 is none");
	bvec_is("0 1\n0 1,5\n0 0\n", "number 4 is none");
	bvec_is("1e999", "number 1 is none");
	bvec_is("", "no number in it");
	bvec_is(" \n", "no number in it");
	struct vx_error err = VX_ERROR_INIT;
	struct vx_bvec v;
	struct vx_buf many = VX_BUF_INIT;
	for (int i = 0; i < VX_BVEC_MAX; i++)
		vx_buf_puts(&many, "0 0 1\n");
	ok(vx_bvec_parse(many.data, many.len, &v, &err) == VX_OK && v.n == VX_BVEC_MAX, "as many as there may be");
	vx_buf_puts(&many, "0 0 1\n");
	ok(vx_bvec_parse(many.data, many.len, &v, &err) == VX_EREJECT, "one more");
	vx_buf_free(&many);
}

static void test_fields(const struct vx_sidecar_map *map)
{
	fields_are(map, "{}", "{}", 0);
	fields_are(map, "{\"PatientName\":\"Mustermann\",\"Comments\":1}", "{}", 0);
	fields_are(map, "{\"EchoTime\":0.101,\"EchoNumber\":1}", "{\"echo_time\":0.101}", 0);
	fields_are(map, "{\"EchoTime\":101}", "{\"echo_time\":0.101}", 1);
	fields_are(map, "{\"EchoTime\":101,\"ConversionSoftware\":\"dcm2niix\"}", "{}", 1);
	fields_are(map, "{\"EchoTime\":-1}", "{}", 1);
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

/* The cleaned copy of a sidecar, and the keys that it lacks, as text. */
static void clean_is(const struct vx_sidecar_map *map, const char *text, const char *wanted, const char *left_out)
{
	struct vx_json *side, *names = vx_json_array();
	struct vx_error err = VX_ERROR_INIT;
	struct vx_buf copy = VX_BUF_INIT, left = VX_BUF_INIT;
	bool latin1;
	vx_buf_puts(&copy, "");
	if (vx_sidecar_parse(text, strlen(text), &side, &latin1, &err) == VX_OK) {
		vx_sidecar_clean(map, side, &copy, names);
		vx_json_free(side);
	}
	vx_json_print(names, &left);
	ok_str(copy.data, wanted, "%s", text);
	ok_str(left.data, left_out, "left out");
	vx_json_free(names);
	vx_buf_free(&copy);
	vx_buf_free(&left);
}

static void test_clean(const struct vx_sidecar_map *map)
{
	clean_is(map, "{}", "{}\n", "[]");
	clean_is(map, "{\"PatientName\":\"M\"}", "{}\n", "[\"PatientName\"]");
	/* In its order, as spelled, one a line. */
	clean_is(map, "{\"RepetitionTime\":5.660,\"PatientID\":1,\"EchoTime\":1.01e-1,\"Manufacturer\":\"a\\u00e4\"}",
		"{\n\t\"RepetitionTime\": 5.660,\n\t\"EchoTime\": 1.01e-1,\n\t\"Manufacturer\": \"aä\"\n}\n",
		"[\"PatientID\"]");
	clean_is(map, "\xEF\xBB\xBF{\"Manufacturer\":\"G\xC4\"}", "{\n\t\"Manufacturer\": \"GÄ\"\n}\n", "[]");
	clean_is(map, "{\"SliceTiming\":[0,[0.5,true]],\"EchoTime\":null}",
		"{\n\t\"SliceTiming\": [0,[0.5,true]],\n\t\"EchoTime\": null\n}\n", "[]");
	/* A key that is listed lets no other kind of value through. */
	clean_is(map, "{\"EchoTime\":\"Max\"}", "{}\n", "[\"EchoTime\"]");
	clean_is(map, "{\"SliceTiming\":[0,[\"Max\"]]}", "{}\n", "[\"SliceTiming\"]");
	clean_is(map, "{\"Manufacturer\":{\"EchoTime\":1}}", "{}\n", "[\"Manufacturer\"]");
	clean_is(map, "{\"ImageType\":[\"M\",{\"EchoTime\":1}]}", "{}\n", "[\"ImageType\"]");
	clean_is(map, "{\"StudyInstanceUID\":\"1.2.3\"}", "{\n\t\"StudyInstanceUID\": \"1.2.3\"\n}\n", "[]");
	clean_is(map, "{\"StudyInstanceUID\":\"Max\",\"AcquisitionTime\":\"Max\"}", "{}\n",
		"[\"StudyInstanceUID\",\"AcquisitionTime\"]");
	clean_is(map, "{\"AcquisitionTime\":\"10:05:30.25\"}", "{\n\t\"AcquisitionTime\": \"10:05:30.25\"\n}\n", "[]");
	/* Case and blanks count. */
	clean_is(map, "{\"echotime\":1,\"EchoTime \":1,\"EchoTim\":1,\"\":1}", "{}\n",
		"[\"echotime\",\"EchoTime \",\"EchoTim\",\"\"]");
}

static void test_clean_objects(const struct vx_sidecar_map *map)
{
	clean_is(map, "{\"global\":{\"const\":{\"EchoTime\":1,\"PatientName\":\"M\"}}}", "{}\n", "[\"global\"]");
	clean_is(map, "{\"GeneratedBy\":[{\"Name\":\"x\",\"By\":\"Max\"},{\"By\":1},\"Max\"]}",
		"{\n\t\"GeneratedBy\": [{\"Name\":\"x\"}]\n}\n",
		"[\"GeneratedBy.By\",\"GeneratedBy.By\",\"GeneratedBy\"]");
	clean_is(map, "{\"GeneratedBy\":{\"Name\":\"x\"}}", "{\n\t\"GeneratedBy\": {\"Name\":\"x\"}\n}\n", "[]");
	clean_is(
		map, "{\"GeneratedBy\":{\"Name\":{\"Name\":\"x\"}}}", "{}\n", "[\"GeneratedBy.Name\",\"GeneratedBy\"]");
	clean_is(map, "{\"GeneratedBy\":\"Max\"}", "{}\n", "[\"GeneratedBy\"]");
	clean_is(map, "{\"GeneratedBy.Name\":\"Max\"}", "{}\n", "[\"GeneratedBy.Name\"]");
	clean_is(map, "{\"\":{\"EchoTime\":1}}", "{}\n", "[\"\"]");
}

/* No list of the house lets these out, whatever is added to it. */
static void test_never(const struct vx_sidecar_map *map)
{
	static const char *const never[] = { "PatientName", "PatientID", "PatientBirthDate", "PatientBirthTime",
		"OtherPatientIDs", "OtherPatientNames", "PatientAddress", "PatientTelephoneNumbers", "PatientAge",
		"PatientSex", "PatientSize", "PatientWeight", "PatientComments", "EthnicGroup", "InstitutionName",
		"InstitutionAddress", "InstitutionalDepartmentName", "StationName", "OperatorsName",
		"ReferringPhysicianName", "PerformingPhysicianName", "PhysiciansOfRecord",
		"NameOfPhysiciansReadingStudy", "RequestingPhysician", "AccessionNumber", "StudyID", "StudyDescription",
		"ProcedureStepDescription", "RequestedProcedureDescription", "ImageComments", "Comments",
		"DeviceSerialNumber", "IntendedFor", "Sources", "RawSources", "AdditionalPatientHistory",
		"global.const", "filename", "SourceFile" };
	char text[200], name[200];
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		snprintf(text, sizeof(text), "{\"%s\":1}", never[i]);
		snprintf(name, sizeof(name), "[\"%s\"]", never[i]);
		clean_is(map, text, "{}\n", name);
	}
}

static void lists_are(const char *keep, const char *wanted)
{
	char path[] = "/tmp/vx-sidecar-XXXXXX";
	struct vx_error err = VX_ERROR_INIT;
	int fd = mkstemp(path);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	if (!file)
		abort();
	fprintf(file, "{\"fields\":[{\"key\":\"EchoTime\",\"field\":\"echo_time\",\"type\":\"number\"}]%s}", keep);
	fclose(file);
	struct vx_sidecar_map *map = vx_sidecar_load(path, &err);
	unlink(path);
	ok_str(map ? "loaded" : err.reason, wanted, "a list with %s", keep);
	ok(map || err.status == VX_EDATA, "or VX_EDATA");
	if (map)
		clean_is(map, "{\"EchoTime\":1,\"FlipAngle\":2}", "{\n\t\"EchoTime\": 1\n}\n", "[\"FlipAngle\"]");
	vx_sidecar_map_free(map);
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
	test_bvec();
	test_clean(map);
	test_clean_objects(map);
	test_never(map);
	lists_are("", "loaded");
	lists_are(",\"keep\":{}", "loaded");
	lists_are(",\"units\":[]", "loaded");
	lists_are(",\"units\":{}", "no list");
	lists_are(",\"units\":[1]", "an entry lacks unit, divide or fields");
	lists_are(",\"units\":[{\"unit\":\"ms\",\"divide\":0,\"fields\":[{\"field\":\"a\"}]}]",
		"an entry lacks unit, divide or fields");
	lists_are(",\"units\":[{\"unit\":\"ms\",\"divide\":10,\"fields\":[{}]}]", "ms: a field without a name");
	lists_are(",\"units\":[{\"unit\":\"ms\",\"divide\":10,\"fields\":[{\"field\":\"a\"}],\"unless\":1}]",
		"unless or shown_by is no list");
	lists_are(",\"units\":[{\"unit\":\"ms\",\"divide\":10,\"fields\":[{\"field\":\"a\"}],\"shown_by\":[1]}]",
		"item 1 of unless or shown_by is no key");
	lists_are(",\"keep\":[]", "no object");
	lists_are(",\"keep\":{\"words\":[]}", "unknown kind \"words\"");
	lists_are(",\"keep\":{\"text\":\"a\"}", "text: no list");
	lists_are(",\"keep\":{\"text\":[\"a\",1]}", "text: item 2 is no key");
	lists_are(",\"keep\":{\"text\":[\"a\"],\"number\":[\"a\"]}", "\"a\" is listed twice");
	lists_are(",\"keep\":{\"number\":[\"EchoTime\"]}", "\"EchoTime\" is listed twice");
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
