/* vx_dicom: heads of elements, sniffing, values of each type, what a list may not hold.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <unistd.h>

#include "memory.h"
#include "tap.h"
#include "vx_dicom.h"

static uint8_t file[65536];
static size_t len;
static int said;

static void count_said(void *arg, const char *text)
{
	(void)arg;
	(void)text;
	said++;
}

static void put(uint32_t tag, const char *vr, const void *value, size_t n)
{
	const uint8_t head[] = { (uint8_t)(tag >> 16), (uint8_t)(tag >> 24), (uint8_t)tag, (uint8_t)(tag >> 8),
		(uint8_t)vr[0], (uint8_t)vr[1], (uint8_t)n, (uint8_t)(n >> 8) };
	memcpy(file + len, head, sizeof(head));
	memcpy(file + len + 8, value, n);
	len += 8 + n;
}

static void begin(void)
{
	len = 132;
	memset(file, 0, len);
	memcpy(file + 128, "DICM", 4);
	put(0x00020010, "UI", "1.2.840.10008.1.2.1\0", 20);
}

/* What one element of that VR gives, fields and details as one text. */
static void gives(
	struct vx_dicom *d, uint32_t tag, const char *vr, const char *value, size_t n, const char *wanted, int warnings)
{
	struct vx_buf out = VX_BUF_INIT;
	struct vx_error err = VX_ERROR_INIT;
	begin();
	put(tag, vr, value, n);
	struct memory m = { file, len, 0 };
	const struct vx_dicom_input in = { read_memory, skip_memory, &m };
	said = 0;
	if (vx_dicom_read(d, &in, &err) == VX_OK) {
		struct vx_json *fields = vx_dicom_fields(d, count_said, NULL);
		struct vx_json *details = vx_dicom_details(d, count_said, NULL);
		vx_json_del(details, "preamble");
		vx_json_del(details, "transfer_syntax");
		vx_json_del(details, "encoding");
		vx_json_print(fields, &out);
		vx_json_print(details, &out);
		vx_json_free(fields);
		vx_json_free(details);
	}
	ok_str(out.data, wanted, "%s of %s", vr, wanted);
	ok(said == warnings, "with %d warnings", warnings);
	vx_buf_free(&out);
}

static void test_numbers(struct vx_dicom *d)
{
	gives(d, 0x00180081, "DS", " 1.53 ", 6, "{\"echo_time\":0.00153}{}", 0);
	gives(d, 0x00180081, "DS", "104", 3, "{\"echo_time\":0.104}{}", 0);
	gives(d, 0x00180081, "DS", "1.04E+2 ", 8, "{\"echo_time\":0.104}{}", 0);
	gives(d, 0x00180081, "DS", "2001", 4, "{}{}", 1);
	gives(d, 0x00180081, "DS", "nan ", 4, "{}{}", 1);
	gives(d, 0x00180081, "DS", "0x10", 4, "{}{}", 1);
	gives(d, 0x00180081, "DS", "1\\2 ", 4, "{}{}", 1);
	gives(d, 0x00180081, "DS", "  ", 2, "{}{}", 0);
	gives(d, 0x00180081, "FD", "\0\0\0\0\0\0\x59\x40", 8, "{\"echo_time\":0.1}{}", 0);
	gives(d, 0x00180081, "FL", "\0\0\xc8\x42", 4, "{\"echo_time\":0.1}{}", 0);
	gives(d, 0x00180087, "FL", "\x9a\x99\x99\x3f", 4, "{\"magnetic_field_strength\":1.2}{}", 0);
	gives(d, 0x00200011, "IS", "4 ", 2, "{\"series_number\":4}{}", 0);
	gives(d, 0x00200011, "IS", "4.5 ", 4, "{}{}", 1);
	gives(d, 0x00200011, "SS", "\xff\xff", 2, "{}{}", 1);
	gives(d, 0x00280010, "US", "\x80\x01", 2, "{}{\"rows\":384}", 0);
	gives(d, 0x00280010, "US", "\x80\x01\x02", 3, "{}{}", 1);
	gives(d, 0x00280030, "DS", "0.5\\0.6 ", 8, "{}{\"pixel_spacing\":[0.5,0.6]}", 0);
	gives(d, 0x00280008, "IS", "1 ", 2, "{}{\"frames\":1}", 0);
	gives(d, 0x00280008, "IS", "12", 2, "{}{\"frames\":12}", 1); /* each frame's own place is not read */
	gives(d, 0x00280030, "DS", "0.5 ", 4, "{}{}", 1);
	gives(d, 0x00280030, "DS", "0.5\\\\1", 6, "{}{}", 1);
}

static void test_days(struct vx_dicom *d)
{
	gives(d, 0x00080020, "DA", "20190314", 8, "{}{\"study_date\":\"2019-03-14\"}", 0);
	gives(d, 0x00080020, "DA", "2019.03.14", 10, "{}{\"study_date\":\"2019-03-14\"}", 0);
	gives(d, 0x00080020, "DA", "20190229", 8, "{}{}", 1);
	gives(d, 0x00080020, "DA", "20200229", 8, "{}{\"study_date\":\"2020-02-29\"}", 0);
	gives(d, 0x00080020, "DA", "2019031", 7, "{}{}", 1);
	gives(d, 0x0008002a, "DT", "20190314102345.5", 16, "{\"acquisition_datetime\":\"2019-03-14T10:23:45.5\"}{}", 0);
	gives(d, 0x0008002a, "DT", "20190314102345+0100 ", 20,
		"{\"acquisition_datetime\":\"2019-03-14T10:23:45+01:00\"}{}", 0);
	gives(d, 0x0008002a, "DT", "201903141023", 12, "{}{}", 1);
	gives(d, 0x0008002a, "DT", "20190314", 8, "{}{}", 1);
	gives(d, 0x00080022, "DA", "20190314", 8, "{}{}", 1); /* its time is missing */
	gives(d, 0x00101010, "AS", "063Y", 4, "{}{\"patient_age\":63}", 0);
	gives(d, 0x00101010, "AS", "018M", 4, "{}{\"patient_age\":1.5}", 0);
	gives(d, 0x00101010, "AS", "090Y", 4, "{}{}", 1);
	gives(d, 0x00101010, "AS", "63", 2, "{}{}", 1);
}

static void test_texts(struct vx_dicom *d)
{
	gives(d, 0x0020000d, "UI", "1.2.3\0", 6, "{\"study_instance_uid\":\"1.2.3\"}{}", 0);
	gives(d, 0x0020000d, "UI", "1.2.\0\0", 6, "{}{}", 1);
	gives(d, 0x0020000d, "UI", "1.2a", 4, "{}{}", 1);
	gives(d, 0x00080008, "CS", "ORIGINAL\\PRIMARY ", 17, "{\"image_type\":[\"ORIGINAL\",\"PRIMARY\"]}{}", 0);
	gives(d, 0x00181020, "LO", "24\\LX ", 6, "{\"software_versions\":\"24\\\\LX\"}{}", 0);
	gives(d, 0x0008103e, "LO", "t2\0tail", 7, "{\"series_description\":\"t2\"}{}", 1);
	gives(d, 0x0008103e, "LO", "Pr\xfc", 3, "{\"series_description\":\"Pr\xc3\xbc\"}{}", 1);
	gives(d, 0x00100010, "PN", "Plant^Anna", 10, "{}{}", 0);
	gives(d, 0x00100030, "DA", "19501231", 8, "{}{}", 0);
}

/* Whatever is cut off: a status, and never a value that is not whole. */
static void test_cut(struct vx_dicom *d)
{
	struct vx_error err;
	int odd = 0;
	begin();
	put(0x0008103e, "LO", "t2_tse_tra", 10);
	put(0x00180081, "DS", "104 ", 4);
	size_t whole = len;
	for (size_t n = 0; n <= whole; n++) {
		struct memory m = { file, n, 0 };
		const struct vx_dicom_input in = { read_memory, skip_memory, &m };
		vx_error_clear(&err);
		int st = vx_dicom_read(d, &in, &err);
		/* Between two elements a file may end. */
		bool may = n == whole || n == whole - 12;
		odd += (st == VX_OK) != may || (st != VX_OK && !err.reason[0]);
	}
	ok(odd == 0, "a file that is cut off is refused, at every byte");
}

static void test_sniff(void)
{
	begin();
	put(0x00080008, "CS", "ORIGINAL", 8);
	put(0x00080016, "UI", "1.2\0", 4);
	ok(vx_dicom_sniff(file, len), "with a preamble");
	ok(vx_dicom_sniff(file + 128, len - 128), "DICM at once");
	ok(vx_dicom_sniff(file + 132, len - 132), "meta information at once");
	ok(vx_dicom_sniff(file + 160, len - 160), "a data set at once");
	ok(!vx_dicom_sniff(file + 161, len - 161), "not from its middle");
	ok(!vx_dicom_sniff(file + 160, 16), "one element is too little");
	ok(!vx_dicom_sniff((const uint8_t *)"", 0), "nothing");
	ok(!vx_dicom_sniff((const uint8_t *)"\x08\0\x08\0 some binary file", 23), "two bytes alike are no DICOM");
}

/* A list with this entry is refused, for this reason. */
static void refused(const char *entry, const char *reason)
{
	char path[] = "/tmp/vx-unit-dicom-XXXXXX";
	struct vx_error err = VX_ERROR_INIT;
	int fd = mkstemp(path);
	FILE *f = fdopen(fd, "w");
	fprintf(f, "{\"tags\":[%s],\"charsets\":{},\"escapes\":[]}", entry);
	fclose(f);
	struct vx_dicom_list *list = vx_dicom_list_load(path, &err);
	ok(!list && err.status == VX_EDATA, "refused: %s", entry);
	ok_str(err.reason, reason, "says why");
	vx_dicom_list_free(list);
	unlink(path);
}

static void test_lists(void)
{
	refused("{\"tag\":\"0010,0010\",\"keyword\":\"X\",\"vr\":\"PN\",\"type\":\"text\",\"field\":\"x\"}",
		"says who the patient is: not allowed");
	refused("{\"tag\":\"0010,0030\",\"keyword\":\"X\",\"vr\":\"DA\",\"type\":\"date\",\"detail\":\"x\"}",
		"says who the patient is: not allowed");
	refused("{\"tag\":\"0008,0090\",\"keyword\":\"X\",\"vr\":\"PN\",\"type\":\"text\",\"detail\":\"x\"}",
		"says who the patient is: not allowed");
	refused("{\"tag\":\"0010,0020\",\"keyword\":\"X\",\"vr\":\"LO\",\"type\":\"text\",\"field\":\"x\"}",
		"the patient's ID may be a detail, but no field");
	refused("{\"tag\":\"0019,100c\",\"keyword\":\"X\",\"vr\":\"IS\",\"type\":\"number\",\"field\":\"x\"}",
		"an entry's tag is none (such as 0018,0081 or 0019,xx0C)");
	refused("{\"tag\":\"0019,xx0c\",\"keyword\":\"X\",\"vr\":\"IS\",\"type\":\"number\",\"field\":\"x\"}",
		"a private tag has a creator, and no other one");
	refused("{\"tag\":\"0018,0081\",\"keyword\":\"X\",\"vr\":\"DS\",\"type\":\"float\",\"field\":\"x\"}",
		"unknown type \"float\"");
	refused("{\"tag\":\"0018,0081\",\"keyword\":\"X\",\"vr\":\"DS\",\"type\":\"number\",\"fields\":\"x\"}",
		"unknown member \"fields\"");
}

int main(void)
{
	struct vx_error err = VX_ERROR_INIT;
	setenv("VX_SHARE", "share", 0);
	struct vx_dicom_list *list = vx_dicom_list_load(NULL, &err);
	if (!list) {
		printf("Bail out! %s: %s: %s\n", err.file, err.field, err.reason);
		return 1;
	}
	struct vx_dicom *d = vx_dicom_new(list);
	test_numbers(d);
	test_days(d);
	test_texts(d);
	test_cut(d);
	test_sniff();
	test_lists();
	vx_dicom_free(d);
	vx_dicom_list_free(list);
	return tap_end();
}
