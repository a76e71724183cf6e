/* vx_volume_type: what scanners and people call their series, and the type that the rules make of it; broken rules.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <unistd.h>

#include "tap.h"
#include "vx_volume_type.h"

static void words_are(const char *text, const char *wanted)
{
	struct vx_buf words = VX_BUF_INIT;
	vx_type_words(text, strlen(text), &words);
	ok_str(words.data, wanted, "words of %s", text);
	vx_buf_free(&words);
}

static void test_words(void)
{
	words_are("", " ");
	words_are(" _-", " ");
	words_are("AxT2_TSE", " ax t2 tse ");
	words_are("sT2W_TSE", " s t2w tse ");
	words_are("*ep_b50_800", " ep b50 800 ");
	words_are("T2* 3D", " t2* 3d ");
	words_are("\xC3\x9C"
		  "bersicht",
		" uebersicht ");
	words_are("SE\\IR", " se ir ");
}

/* The evidence, and the type with the rule: "T2 t2-words", or "? why". */
static void type_is(const struct vx_volume_types *types, const char *evidence, const char *wanted)
{
	struct vx_type_verdict v, brief;
	struct vx_json *j = NULL;
	struct vx_error err = VX_ERROR_INIT;
	char got[400];
	if (vx_json_parse(evidence, strlen(evidence), &j, &err) != VX_OK)
		abort();
	const struct vx_json *list[] = { NULL, j };
	vx_volume_type_of(types, list, 2, true, &v);
	vx_volume_type_of(types, list, 2, false, &brief);
	if (v.type)
		snprintf(got, sizeof(got), "%s %s", v.type, v.rule);
	else
		snprintf(got, sizeof(got), "? %s: %s", v.nearest ? v.nearest : "-", v.why);
	ok_str(got, wanted, "%s", evidence);
	ok(brief.type == v.type && brief.rule == v.rule, "the same without explanation");
	vx_json_free(j);
}

/* A series description alone, and the type it gives; NULL: none. */
static void test_descriptions(const struct vx_volume_types *types)
{
	static const char *const cases[][2] = { { "t2_tse_tra", "T2" }, { "Ax T2 FSE", "T2" }, { "AxT2FRFSE", "T2" },
		{ "sT2W_TSE_tra", "T2" }, { "T2 gewichtet TRA", "T2" }, { "T2-gewogen sag", "T2" },
		{ "t2_spc_rst_axial_obl_Prostate", "T2" }, { "T2 HASTE cor", "T2" }, { "haste_cor_p2", "T2" },
		{ "t2_tirm_tra", "T2" }, { "ep2d_diff_tra_DYNDIST", "DWI" }, { "ep2d_diff_tra_DYNDIST_ADC", "ADC" },
		{ "ep2d_diff_tra_DYNDISTCALC_BVAL", "DWI" }, { "ep2d_diff_b50_1000_ADC_TRACEW", "DWI" },
		{ "Apparent Diffusion Coefficient (mm2/s)", "ADC" }, { "dADC", "ADC" }, { "eADC", "OTHER" },
		{ "Exponential ADC", "OTHER" }, { "Diffusionskoeffizient", "ADC" }, { "DWI_b1400", "DWI" },
		{ "Diffusie b800", "DWI" }, { "Diffusionsgewichtet tra", "DWI" }, { "DWIBS", "DWI" }, { "hbv", "DWI" },
		{ "DTI_32dir", "DWI" }, { "DTI_FA", "FA" }, { "Fraktionelle Anisotropie", "FA" },
		{ "ep2d_diff_ColFA", "OTHER" }, { "t1_vibe_dyn", "DCE" }, { "T1 TWIST dynamisch", "DCE" },
		{ "Dynamische Serie KM", "DCE" }, { "DCE_Disco", "DCE" }, { "tfl_3d PD ref_tra_1.5x1.5_t3", "PD" },
		{ "PD_TSE_FS", "PD" }, { "Protonendichte sag", "PD" }, { "protondichtheid", "PD" },
		{ "t1_tse_tra", "T1" }, { "sT1W_TSE", "T1" }, { "t1_vibe_fs_tra_KM", "T1" }, { "MPRAGE", "T1" },
		{ "eTHRIVE", "T1" }, { "T1-gewogen tra", "T1" }, { "localizer", "LOCALIZER" },
		{ "Lokalisierer", "LOCALIZER" }, { "3-Plane Loc", "LOCALIZER" }, { "AAHScout", "LOCALIZER" },
		{ "Survey_SHC", "LOCALIZER" },
		{ "\xC3\x9C"
		  "bersicht",
			"LOCALIZER" },
		{ "Overzicht", "LOCALIZER" }, { "t2_localizer", "LOCALIZER" }, { "T2* GRE", "OTHER" },
		{ "t2star_tra", "OTHER" }, { "SWI_Images", "OTHER" }, { "t2_map", "OTHER" }, { "t1_vibe_SUB", "OTHER" },
		{ "Ktrans", "OTHER" }, { "wash-in", "OTHER" }, { "gre_field_mapping", "OTHER" }, { "TOF_3D", "OTHER" },
		{ "csi_3D spectroscopy", "OTHER" }, { "T2 FLAIR", "OTHER" }, { "t2_tirm_tra_dark-fluid", "OTHER" },
		{ "T2 STIR cor", "T2" }, { "MOLLI native T1 MOCO", "OTHER" }, { "T1w_MTR", "OTHER" },
		{ "bSSFP T2prep coronary", "OTHER" }, { "t2_de3d_we_sag", "OTHER" }, { "T2 ADC fusion", "OTHER" },
		{ "phasediff", "OTHER" }, { "Reg - DWI - T2", NULL }, { "perfusion dynamique T1", "DCE" },
		{ "sub-01_ses-1_T2w", "T2" }, { "sub-01_T1w", "T1" }, { "sub-01_dwi", "DWI" }, { "SUB 2-1", "OTHER" },
		{ "calc-b1400", "DWI" }, { "rep\xC3\xA9rage", "LOCALIZER" }, { "densit\xC3\xA9 de protons", "PD" },
		{ "Pr\xC3\xBC"
		  "fung",
			NULL },
		{ "Th10 bis L1", NULL }, { "VIBE different", "T1" }, { "post10min", NULL }, { "AX", NULL },
		{ "T12 Wirbel", NULL }, { "T2 flow comp", "T2" }, { "Planungs-MRT t2 tse", "T2" },
		{ "t1 und t2", NULL } };
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct vx_json *j = vx_json_object();
		struct vx_type_verdict v;
		vx_json_set_str(j, "series_description", cases[i][0]);
		const struct vx_json *list[] = { j };
		vx_volume_type_of(types, list, 1, false, &v);
		ok_str(v.type ? v.type : "none", cases[i][1] ? cases[i][1] : "none", "%s", cases[i][0]);
		vx_json_free(j);
	}
}

static void test_evidence(const struct vx_volume_types *types)
{
	type_is(types, "{}", "? -: nothing that a rule asks for is there");
	type_is(types, "{\"series_description\":\"\",\"image_type\":[]}", "? -: nothing that a rule asks for is there");
	type_is(types, "{\"series_description\":5,\"image_type\":{\"a\":1},\"b_value\":\"x\"}",
		"? -: nothing that a rule asks for is there");
	/* The scanner's own words go before those of people. */
	type_is(types, "{\"image_type\":[\"DERIVED\",\"PRIMARY\",\"DIFFUSION\",\"ADC\"],\"b_value\":800}",
		"ADC adc-image-type");
	type_is(types,
		"{\"image_type\":[\"DERIVED\",\"PRIMARY\",\"DIFFUSION\",\"TRACEW\"],\"series_description\":\"ADC\"}",
		"DWI dwi-image-type");
	type_is(types, "{\"image_type\":[\"ORIGINAL\",\"PRIMARY\",\"DIFFUSION\"],\"series_description\":\"for ADC\"}",
		"DWI dwi-diffusion-image-type");
	type_is(types, "{\"image_type\":[\"DERIVED\",\"PRIMARY\",\"DIFFUSION\",\"FA\"]}", "FA fa-image-type");
	type_is(types, "{\"image_type\":[\"ORIGINAL\",\"PRIMARY\",\"LOCALIZER\"],\"protocol_name\":\"t2\"}",
		"LOCALIZER localizer-image-type");
	type_is(types, "{\"image_type\":[\"ORIGINAL\",\"PRIMARY\",\"P\",\"ND\"]}", "OTHER other-image-type");
	type_is(types, "{\"image_type\":[\"ORIGINAL\",\"PRIMARY\",\"M\",\"ND\"]}",
		"? -: nothing that a rule asks for is there");
	type_is(types, "{\"sequence_name\":\"*ep_b50t\",\"protocol_name\":\"x\"}", "DWI dwi-sequence");
	type_is(types, "{\"b_values\":[0,50,800],\"series_description\":\"x\"}", "DWI dwi-b-value");
	/* Philips writes 0 into series without diffusion. */
	type_is(types, "{\"b_value\":0,\"series_description\":\"x\"}", "? -: nothing that a rule asks for is there");
	type_is(types, "{\"series_description\":\"t1 vibe\",\"volumes\":35}", "DCE dce-time-series");
	type_is(types, "{\"series_description\":\"t1 vibe\",\"volumes\":1}", "T1 t1-words");
	type_is(types, "{\"Modality\":\"CT\",\"series_description\":\"T2\"}", "OTHER other-modality");
	type_is(types, "{\"BidsGuess\":[\"anat\",\"_acq-tse2_T2w\"]}", "T2 t2-bids-guess");
	type_is(types, "{\"AcquisitionContrast\":\"PROTON_DENSITY\"}", "PD pd-acquisition-contrast");
	/* GE has the protocol of the whole study there: it counts last, and only where it names one kind. */
	type_is(types, "{\"series_description\":\"Ax T2\",\"protocol_name\":\"Prostate DWI DCE\"}", "T2 t2-words");
	type_is(types, "{\"series_description\":\"Ax\",\"protocol_name\":\"Prostate T2 DWI\"}",
		"? -: nothing that a rule asks for is there");
	type_is(types, "{\"series_description\":\"Ax\",\"protocol_name\":\"t2_tse\"}", "T2 t2-protocol");
	type_is(types, "{\"protocol_name\":\"ep2d_diff\"}", "DWI dwi-protocol");
	type_is(types, "{\"protocol_name\":\"localizer\"}", "LOCALIZER localizer-protocol");
	type_is(types, "{\"series_description\":\"AX\",\"protocol_name\":\"ADC\"}",
		"? adc-protocol: series_description is there");
	type_is(types, "{\"protocol_name\":\"ADC\"}", "ADC adc-protocol");
	/* Two echoes under one name: the time tells. */
	type_is(types, "{\"series_description\":\"PD+T2\",\"echo_time\":0.1}", "T2 t2-late-echo-of-two");
	type_is(types, "{\"series_description\":\"PD+T2\",\"echo_time\":0.02}", "PD pd-early-echo-of-two");
	type_is(types, "{\"series_description\":\"PD+T2\"}", "? t2-late-echo-of-two: echo_time is missing");
	/* Spin echo by its times; the nearest rule where they are those of none. */
	type_is(types, "{\"ScanningSequence\":\"SE\",\"echo_time\":0.1,\"repetition_time\":4}",
		"T2 t2-spin-echo-times");
	type_is(types, "{\"ScanningSequence\":\"SE\",\"echo_time\":0.01,\"repetition_time\":0.6}",
		"T1 t1-spin-echo-times");
	type_is(types, "{\"ScanningSequence\":\"SE\",\"echo_time\":0.03,\"repetition_time\":3}",
		"PD pd-spin-echo-times");
	type_is(types, "{\"ScanningSequence\":\"SE\\\\IR\",\"echo_time\":0.1,\"repetition_time\":4}",
		"? t2-spin-echo-times: ScanningSequence has \" ir \"");
	type_is(types, "{\"ScanningSequence\":\"SE\",\"echo_time\":0.06,\"repetition_time\":4}",
		"? t2-spin-echo-times: echo_time is less than 0.07");
	type_is(types, "{\"ScanningSequence\":\"SE\",\"echo_time\":0.1,\"repetition_time\":4,\"inversion_time\":0.2}",
		"? t2-spin-echo-times: inversion_time is there");
}

static void rules_are(const char *text, const char *wanted)
{
	char path[] = "/tmp/vx-types-XXXXXX";
	struct vx_error err = VX_ERROR_INIT;
	int fd = mkstemp(path);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	if (!file)
		abort();
	fputs(text, file);
	fclose(file);
	struct vx_volume_types *types = vx_volume_types_load(path, &err);
	unlink(path);
	char got[1300];
	snprintf(got, sizeof(got), "%s: %s", err.field, err.reason);
	ok_str(types ? "loaded" : got, wanted, "%s", text);
	ok(types || err.status == VX_EDATA, "or VX_EDATA");
	vx_volume_types_free(types);
}

#define RULE(when) "{\"words\":{\"w\":[\"t2\"]},\"rules\":[{\"rule\":\"a\",\"type\":\"T2\",\"when\":[" when "]}]}"

static void test_rules(void)
{
	rules_are(RULE("{\"field\":\"x\",\"has\":[\"@w\",\"%t2%\",\"b##\"]}"), "loaded");
	rules_are("[]", "rules: missing or empty");
	rules_are("{\"rules\":[]}", "rules: missing or empty");
	rules_are("{\"rules\":[1],\"colour\":2}", "colour: unknown member");
	rules_are("{\"rules\":[1]}", "rule 1 (): lacks rule, type or when");
	rules_are(RULE(""), "rule 1 (a): lacks rule, type or when");
	rules_are(RULE("{\"field\":\"x\"}"), "rule 1 (a): a condition that asks for nothing");
	rules_are(RULE("{\"has\":[\"a\"]}"), "rule 1 (a): a condition without a field");
	rules_are(RULE("{\"field\":[],\"min\":1}"), "rule 1 (a): field: 1 to 4 names");
	rules_are(RULE("{\"field\":\"x\",\"min\":\"1\"}"), "rule 1 (a): min or max is no number");
	rules_are(RULE("{\"field\":\"x\",\"has\":[]}"), "rule 1 (a): no list of terms, or an empty one");
	rules_are(RULE("{\"field\":\"x\",\"has\":[1]}"), "rule 1 (a): a term that is no text");
	rules_are(RULE("{\"field\":\"x\",\"has\":[\"@v\"]}"), "rule 1 (a): no list of words is named \"v\"");
	rules_are(RULE("{\"field\":\"x\",\"colour\":1}"), "rule 1 (a): unknown member \"colour\"");
	static const char *const bad[] = { "T2", "t2_tse", "", "%", "%%", " t2", "t2  tse" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[300], wanted[300];
		snprintf(text, sizeof(text), RULE("{\"field\":\"x\",\"lacks\":[\"%s\"]}"), bad[i]);
		snprintf(wanted, sizeof(wanted),
			"rule 1 (a): \"%s\" is no term: small letters, digits, '#' for a digit, one blank between "
			"words, '%%' at an end",
			bad[i]);
		rules_are(text, wanted);
	}
	rules_are("{\"rules\":[{\"rule\":\"a\",\"type\":\"T1\",\"when\":[{\"field\":\"x\",\"min\":1}]},"
		  "{\"rule\":\"a\",\"type\":\"T2\",\"when\":[{\"field\":\"x\",\"max\":1}]}]}",
		"rule 2 (a): a rule of that name is there already");
}

int main(void)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_volume_types *types = vx_volume_types_load(
		access("share/volume-types.json", R_OK) == 0 ? "share/volume-types.json" : NULL, &err);
	ok(types != NULL, "the rules of the share folder: %s", err.reason);
	if (!types)
		return tap_end();
	test_words();
	test_descriptions(types);
	test_evidence(types);
	test_rules();
	vx_volume_types_free(types);
	return tap_end();
}
