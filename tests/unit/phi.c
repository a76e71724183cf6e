/* What is personal in text, headers, gzip's names, extensions and sidecars, and what is not.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tap.h"
#include "vx_phi.h"

static void free_is(const struct vx_phi *phi, const char *text, const char *kind)
{
	const char *got = vx_phi_free_text(phi, text, strlen(text));
	ok_str(got ? got : "-", kind, "free text: %s", text);
}

static void technical_is(const struct vx_phi *phi, const char *text, const char *kind)
{
	const char *got = vx_phi_technical(phi, text, strlen(text));
	ok_str(got ? got : "-", kind, "technical text: %s", text);
}

/* What programs write into descrip, aux_file and db_name. */
static void test_harmless(const struct vx_phi *phi)
{
	static const char *const texts[] = { "", "  ", "FSL5.0", "FSL3.3", "FSL 6.0.4:ddd0a010", "5.0.10",
		"TE=101;Time=100130.250", "TE=2.3;Time=0.000;phase=1", "TE=1e+02;Time=115341.275",
		"TR=5660ms TE=101ms FA=160deg", "dcm2niix", "dcm2niix v1.0.20220720", "SimpleITK 2.2.1", "ITK 5.3",
		"nibabel", "MRtrix version: 3.0.3", "spm - 3D normalized", "SPM compatible", "FreeSurfer Nov 13 2013",
		"none", "NONE   ", "unknown", "Anonymized", "3T 3D GR TR=9.7ms/TE=4ms/FA=8deg/SO=no",
		" v2.25 NIfTI-1 Single file format", "single file format", "t2.nii", "t2_tra_mask.nii", "ADC",
		"prostate_seg_012.nii.gz", "6.0.5:9e026117", "?TR:8700.000 TE:89", "FreeSurfer 7.3.2", "SPM - (none)",
		"itk::ImageIO", "nnU-Net", "antsRegistration", "MRtrix version: 0.3.15-419-g63dcf28f",
		"Philips Medical Systems", "AFNI_3DEDIT", "heudiconv", "Aparc+aseg", "TotalSegmentator", "Zscore",
		"ConnDenseSeries", "tmpab12cd.nii", "sub-01_desc-preproc_T1w.nii", "created by dcm2niix",
		"ICBM AVG 152 T1 TAL LIN", "dsr      ", "T1.hdr", "tmp 1", "?" };
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		free_is(phi, texts[i], "-");
}

static void test_free_text(const struct vx_phi *phi)
{
	free_is(phi, "Mustermann", "text");
	free_is(phi, "M\xfcller", "name"); /* Latin-1 */
	free_is(phi, "Qwertz", "text");
	free_is(phi, "Mustermann^Max", "name");
	free_is(phi, "M\xc3\x9cLLER^J\xc3\x96RG", "name");
	free_is(phi, "Name: Max", "name");
	free_is(phi, "Herr Mustermann", "name");
	free_is(phi, "/home/mustermann/t2.nii", "name");
	free_is(phi, "C:\\Users\\mustermann\\t2.nii", "name");
	free_is(phi, "geb. 12.03.46", "birth");
	free_is(phi, "DOB 1946", "birth");
	free_is(phi, "max@example.org", "contact");
	free_is(phi, "Musterweg 5", "address");
	free_is(phi,
		"Hauptstra\xc3\x9f"
		"e 5",
		"address");
	free_is(phi, "Universit\xc3\xa4tsklinikum Musterstadt", "institution");
	free_is(phi, "MRN 471101", "id");
	free_is(phi, "4711012", "id");
	free_is(phi, "t2_1234", "-");
	free_is(phi, "FSL5.0 Mustermann", "text");
	free_is(phi, "TE=101;Time=100130.250;Mustermann", "id");
	/* A version is no date, a date behind a version is one. */
	free_is(phi, "v1.0.20220720", "-");
	free_is(phi, "dcm2niix 2019-03-14", "date");
}

static void test_dates(const struct vx_phi *phi)
{
	static const char *const dates[] = { "19460312", "20190314101530", "1946-03-12", "1946/3/12", "12.03.1946",
		"12.3.1946", "03/12/1946", "12-03-46", "12-Mar-2010 10:45:33", "12. M\xc3\xa4rz 1946", "12 dec 46",
		"March 12, 1946", "Thu Mar 14 10:12:01 2019", "t2_19460312.nii", "x.19460312" };
	static const char *const none[] = { "1.2.840.113654.2.70.1.19460312.3", "194613", "5.0.11", "b50_400_1400",
		"1946", "101112", "2:3:2019x", "t2_tse_tra_p2", "0.5.5.3" };
	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++)
		technical_is(phi, dates[i], "date");
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		technical_is(phi, none[i], "-");
}

static void test_technical(const struct vx_phi *phi)
{
	static const char *const none[] = { "t2_tse_tra", "ep2d_diff_b50_400_800_1400_TRACEW", "AX T2 Prostate",
		"WIP mDIXON-Quant", "Siemens Healthineers", "GE MEDICAL SYSTEMS", "27\\LX\\MR Software release:DV24",
		"syngo MR E11", "*tfl3d1_16ns", "T2 sag Becken", "ADC (10^-6 mm\xc2\xb2/s)", "HEA;HEP", "tra 3mm 1^2",
		"localizer_3-Plane", "Ingenia Elition X", "Achieva dStream" };
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		technical_is(phi, none[i], "-");
	technical_is(phi, "t2 Mustermann^Max", "name");
	technical_is(phi, "t2 tra, Dr. Muster", "name");
	technical_is(phi, "t2 geboren 1946", "birth");
	technical_is(phi, "19461312", "id");
	technical_is(phi, "t2 4711012", "id");
	technical_is(phi, "PID 0815", "id");
	technical_is(phi, "t2 078Y", "demographic");
	technical_is(phi, "t2 0761 27038310", "contact");
	technical_is(phi, "+49-761-270-1", "contact");
	technical_is(phi, "t2 79106 Freiburg", "address");
	technical_is(phi, "rue de la Paix", "address");
	technical_is(phi, "Universitaetsklinikum", "institution");
	technical_is(phi, "Radboudumc t2", "institution");
	technical_is(phi, "12 f\xc3\xa9vrier 1946", "date");
	technical_is(phi, "12.3.46", "date");
}

/* Names by the list: without case and accents, composed or not, in any place of a text. */
static void test_names(const struct vx_phi *phi)
{
	static const char *const names[] = { "schmidt", "t2_tse_SCHMIDT, ANNA", "Schmidt_Anna", "sub-Schmidt",
		"Schmidt1946", "M\xc3\xbcller-X", "Mueller", "mu\xcc\x88ller", "\xc5\x9e\xc3\xbckr\xc3\xbc",
		"t2 Y\xc4\xb1ld\xc4\xb1z" };
	static const char *const none[] = { "schmidtlein", "Dixon", "Ernst", "Hahn echo", "Tim", "t2 klein lang kurz",
		"Gleason", "MARTINOS" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		technical_is(phi, names[i], "name");
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		technical_is(phi, none[i], "-");
}

/* The findings as "where kind, where kind". */
static void list_is(struct vx_phi_list *list, const char *wanted, const char *what)
{
	struct vx_buf b = VX_BUF_INIT;
	vx_buf_puts(&b, "");
	for (size_t i = 0; i < list->n; i++)
		vx_buf_printf(&b, "%s%s %s", i ? ", " : "", list->items[i].where, list->items[i].kind);
	ok_str(b.data, wanted, "%s", what);
	vx_buf_free(&b);
	vx_phi_list_free(list);
}

static void sidecar_is(const struct vx_phi *phi, const char *text, const char *wanted, const char *wanted_texts)
{
	struct vx_phi_list list = VX_PHI_LIST_INIT;
	struct vx_json *json, *texts = vx_json_array();
	struct vx_buf b = VX_BUF_INIT;
	struct vx_error err = VX_ERROR_INIT;
	if (vx_json_parse(text, strlen(text), &json, &err) != VX_OK)
		abort();
	vx_phi_sidecar(phi, json, &list, texts);
	list_is(&list, wanted, text);
	vx_json_print(texts, &b);
	ok_str(b.data, wanted_texts, "keys with such a text");
	vx_buf_free(&b);
	vx_json_free(texts);
	vx_json_free(json);
}

static void test_sidecar(const struct vx_phi *phi)
{
	sidecar_is(phi, "{}", "", "[]");
	sidecar_is(phi, "{\"PatientName\":\"M\",\"EchoTime\":0.1}", "sidecar.PatientName name", "[]");
	sidecar_is(phi, "{\"patient_birth-date\":\"1946\"}", "sidecar.PatientBirthDate birth", "[]");
	sidecar_is(phi, "{\"PatientName\":\"\",\"PatientID\":null,\"OtherPatientNames\":[],\"PatientSize\":\" \"}", "",
		"[]");
	sidecar_is(phi, "{\"PatientName\":\"Anonymous\",\"PatientID\":\"REMOVED\"}", "", "[]");
	sidecar_is(
		phi, "{\"PatientWeight\":80,\"PatientPosition\":\"HFS\"}", "sidecar.PatientWeight demographic", "[]");
	/* A key of nobody's list is never repeated. */
	sidecar_is(phi, "{\"PatientMustermannMax\":1}", "sidecar.Patient* name", "[]");
	sidecar_is(phi, "{\"Mustermann\":\"12.03.1946\"}", "sidecar.* date", "[\"Mustermann\"]");
	sidecar_is(phi, "{\"Mustermann^Max\":1}", "sidecar.* name", "[]");
	sidecar_is(phi, "{\"SeriesDescription\":\"t2 Mustermann^Max\",\"ProtocolName\":\"t2\"}",
		"sidecar.SeriesDescription name", "[\"SeriesDescription\"]");
	sidecar_is(phi, "{\"ImageType\":[\"ORIGINAL\",\"12.03.1946\"]}", "sidecar.ImageType date", "[\"ImageType\"]");
	/* Dates of the scan and of programs belong there, names do not. */
	sidecar_is(phi, "{\"AcquisitionDateTime\":\"2019-03-14T10:01:30\",\"StudyInstanceUID\":\"1.2.20190314\"}", "",
		"[]");
	sidecar_is(phi, "{\"SoftwareVersions\":\"MR 2019-03-14 Mustermann^Max\"}", "sidecar.SoftwareVersions name",
		"[\"SoftwareVersions\"]");
	sidecar_is(phi, "{\"global\":{\"const\":{\"PatientName\":\"M\",\"InstitutionName\":\"U\"}}}",
		"sidecar.PatientName name, sidecar.InstitutionName institution", "[\"global\"]");
	sidecar_is(phi, "{\"GeneratedBy\":[{\"Name\":\"Mustermann^Max\"}]}", "sidecar.Name name", "[\"GeneratedBy\"]");
}

/* One list for all of them, which remembers, says of each what a new one says. */
static void test_memo(const struct vx_phi *phi)
{
	static const char *const asked[] = { "%d", "2019-03-1%d", "anonymous", "", "MR%d",
		"a text of more than sixty-four bytes, which a memo of short texts does not keep: Mustermann^Max%d" };
	static const char *const keys[] = { "PatientName", "SeriesDescription", "SoftwareVersions", "Mustermann^Max",
		"2019-03-14", "EchoTime" };
	struct vx_phi_list all = VX_PHI_LIST_INIT;
	struct vx_buf text = VX_BUF_INIT, a = VX_BUF_INIT, b = VX_BUF_INIT;
	int different = 0;
	vx_phi_remember(&all);
	for (int i = 0; i < 20000; i++) {
		struct vx_phi_list one = VX_PHI_LIST_INIT;
		struct vx_json *side = vx_json_object();
		const int turn = i % 2 ? i : i % 36; /* some again and again, others in their places meanwhile */
		vx_buf_clear(&text);
		vx_buf_printf(&text, asked[turn % 6], turn);
		vx_json_set_str(side, keys[turn / 6 % 6], text.data);
		all.n = 0;
		vx_phi_sidecar(phi, side, &all, NULL);
		vx_phi_sidecar(phi, side, &one, NULL);
		vx_buf_clear(&a);
		vx_buf_clear(&b);
		vx_phi_put(&all, &a);
		vx_phi_put(&one, &b);
		different += strcmp(a.data, b.data) != 0;
		vx_json_free(side);
		vx_phi_list_free(&one);
	}
	ok(different == 0, "what is remembered is what would be found again (%d differ)", different);
	vx_phi_list_free(&all);
	vx_buf_free(&text);
	vx_buf_free(&a);
	vx_buf_free(&b);
}

static void extension_is(const struct vx_phi *phi, int code, const char *text, size_t n, const char *wanted)
{
	struct vx_phi_list list = VX_PHI_LIST_INIT;
	vx_phi_extension(phi, code, (const uint8_t *)text, n, &list);
	list_is(&list, wanted, text);
}

static void test_extensions(const struct vx_phi *phi)
{
	extension_is(phi, 2, "\0\0\0\0", 4, "");
	extension_is(phi, 2, "\x08\0\0\0", 4, "extension.dicom dicom");
	extension_is(phi, 6, "FSL5.0\0\0", 8, "");
	extension_is(phi, 6, "Max\0\0\0", 6, "extension.comment text");
	extension_is(phi, 6, "t2\0Mustermann^Max", 17, "extension.comment name");
	extension_is(phi, 4, "<AFNI_atr atr_name=\"DATASET_RANK\">1 0</AFNI_atr>", 48, "");
	extension_is(phi, 4, "[max@scanner: Thu Mar 14 10:12:01 2019] 3dcalc", 46, "extension.afni contact");
	extension_is(phi, 44, "{\"PatientName\":\"M\"}", 19, "extension.mrs.PatientName name");
	extension_is(phi, 44, "Mustermann", 10, "extension.mrs text");
	extension_is(phi, 20, "\x01\x02", 2, "");
	extension_is(phi, 1234, "\x01\x02", 2, "extension.1234 unknown");
	extension_is(phi, -5, "12.03.1946", 10, "extension.-5 date");
}

static void gzip_is(const struct vx_phi *phi, const char *bytes, size_t n, const char *wanted)
{
	struct vx_phi_list list = VX_PHI_LIST_INIT;
	vx_phi_gzip(phi, (const uint8_t *)bytes, n, &list);
	list_is(&list, wanted, "gzip");
}

#define GZ(flags) "\x1f\x8b\x08" flags "\0\0\0\0\0\3"
#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
static void test_gzip(const struct vx_phi *phi)
{
	gzip_is(phi, "", 0, "");
	gzip_is(phi, GZ("\0"), 10, "");
	gzip_is(phi, GZ("\x08") "t2.nii", 17, "");
	gzip_is(phi, GZ("\x08") "Mustermann.nii", 25, "gzip.name text");
	gzip_is(phi, GZ("\x18") "t2.nii\0Mustermann^Max", 32, "gzip.comment name");
	gzip_is(phi, GZ("\x04") "\6\0BC\2\0ab", 18, "");
	gzip_is(phi, GZ("\x0c") "\6\0XY\2\0abMuster", 25, "gzip.extra unknown, gzip.name text");
	gzip_is(phi, GZ("\x04") "\x45\0vx\x41\0001" HEX64, 81, "");
	gzip_is(phi, GZ("\x04") "\x45\0vx\x41\0001" HEX64, 80, "gzip.extra unknown");
	gzip_is(phi, GZ("\x04") "\x45\0vx\x41\0M" HEX64, 81, "gzip.extra unknown");
	/* Cut within: what is not seen is said. */
	gzip_is(phi, GZ("\x0c") "\xff\xff", 12, "gzip.extra unknown, gzip.name unknown");
	gzip_is(phi, GZ("\x04"), 10, "gzip.extra unknown");
	gzip_is(phi, GZ("\x08") "Mustermann", 20, "gzip.name text");
}

static void rules_are(const char *json, const char *wanted)
{
	char path[] = "/tmp/vx-phi-XXXXXX";
	struct vx_error err = VX_ERROR_INIT;
	int fd = mkstemp(path);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	if (!file)
		abort();
	fputs(json, file);
	fclose(file);
	struct vx_phi *phi = vx_phi_load(path, &err);
	unlink(path);
	ok_str(phi ? "loaded" : err.reason, wanted, "rules %s", json);
	ok(phi || err.status == VX_EDATA, "or VX_EDATA");
	vx_phi_free(phi);
}

#define RULES(harmless, kinds, keys, extensions)                                                                       \
	"{\"harmless\":[" harmless "],\"words\":[],\"kinds\":[" kinds "],\"keys\":{" keys                              \
	"},\"key_patterns\":[],\"technical\":[],\"dates\":[\"D\"],\"extensions\":[" extensions "]}"
static void test_rules(void)
{
	rules_are(RULES("", "", "", ""), "loaded");
	rules_are("{}", "missing, or no list");
	rules_are("[]", "missing, or no list");
	rules_are(RULES("\"\\\\d\"", "", "", ""),
		"item 1: '\\d' is no portable regular expression: not a portable escape at byte 0");
	rules_are(RULES("1", "", "", ""), "item 1 has no expression");
	rules_are(RULES("", "{\"pattern\":\"a\"}", "", ""), "item 1 lacks kind");
	rules_are(RULES("", "{\"kind\":\"a\"}", "", ""), "item 1 has no expression");
	rules_are(RULES("", "", "\"name\":[\"A\",\"a\"]", ""), "\"a\" is listed twice");
	rules_are(RULES("", "", "\"name\":[\"-\"]", ""), "item 1 is no key");
	rules_are(RULES("", "", "\"name\":1", ""), "missing, or no list");
	rules_are(RULES("", "", "", "{\"code\":2}"), "item 1 lacks code, name or judge");
	rules_are(RULES("", "", "", "{\"code\":2,\"name\":\"a\",\"judge\":\"b\"}"),
		"item 1: judge is none of kind, text, scan, json, nothing");
	rules_are(RULES("", "", "", "{\"code\":2,\"name\":\"a\",\"judge\":\"kind\"}"), "item 1: lacks its kind");
}

static void test_list(void)
{
	struct vx_phi_list list = VX_PHI_LIST_INIT;
	char where[16];
	struct vx_buf b = VX_BUF_INIT;
	for (int i = 0; i < 3; i++)
		vx_phi_add(&list, "descrip", i < 2 ? "date" : "name");
	vx_phi_put(&list, &b);
	ok_str(b.data, "[{\"where\":\"descrip\",\"kind\":\"date\"},{\"where\":\"descrip\",\"kind\":\"name\"}]",
		"as JSON");
	for (int i = 0; i < 200; i++) {
		snprintf(where, sizeof(where), "x%d", i);
		vx_phi_add(&list, where, "date");
	}
	ok(list.n == 100, "at most a hundred");
	vx_buf_free(&b);
	vx_phi_list_free(&list);
}

int main(void)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_phi *phi = vx_phi_load(access("share/phi.json", R_OK) == 0 ? "share/phi.json" : NULL, &err);
	ok(phi != NULL, "the rules of the share folder: %s", err.reason);
	if (!phi)
		return tap_end();
	test_harmless(phi);
	test_free_text(phi);
	test_dates(phi);
	test_technical(phi);
	test_names(phi);
	test_sidecar(phi);
	test_memo(phi);
	test_extensions(phi);
	test_gzip(phi);
	test_rules();
	test_list();
	vx_phi_free(phi);
	return tap_end();
}
