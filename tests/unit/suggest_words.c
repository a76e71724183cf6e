/* Unit tests of vx-pathology's suggestions: what names of columns hint at, what words in cells mean; the two files that say so.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <unistd.h>

#include "../../cmd/vx-pathology/suggest_words.c"
#include "tap.h"

static struct suggest_words *words;

/* The hints of a name, in the order of the list, a blank between. */
static const char *hints(const char *name)
{
	static struct vx_buf b;
	uint64_t found = suggest_words_hints(words, name);

	vx_buf_clear(&b);
	vx_buf_puts(&b, "");
	for (int h = 0; h < HINTS; h++)
		if (found & UINT64_C(1) << h)
			vx_buf_printf(&b, "%s%s", b.len ? " " : "", hint_names[h]);
	return b.data;
}

static void test_names(void)
{
	static const char *const cases[][2] = {
		{ "patient_id", "PATIENT" },
		{ "ProxID", "PATIENT" },
		{ "Patient Number", "PATIENT" },
		{ "Patientennummer", "PATIENT" },
		{ "ID", "PATIENT" },
		{ "study_id", "WORKUP" },
		{ "Einsendenummer", "WORKUP" },
		{ "date", "DATE" },
		{ "consent date", "" },
		{ "mri_date", "OTHER_DATE" },
		{ "Datum der Biopsie", "DATE" },
		{ "datum biopt", "DATE" },
		{ "histopath_type", "PROCEDURE" },
		{ "soort biopt", "PROCEDURE" },
		{ "lesion_GS", "GLEASON LESION" },
		{ "lesion_ISUP", "ISUP LESION" },
		{ "case_ISUP", "ISUP CASE" },
		{ "case_csPCa", "CSPCA CASE" },
		{ "Gleason Grade Group", "ISUP" },
		{ "ISUP-Grad", "ISUP" },
		{ "Gradgruppe", "ISUP" },
		{ "WHO grade", "ISUP" },
		{ "Grad", "GRADE" },
		{ "Grade", "GRADE" },
		{ "G", "GRADE" },
		{ "Differenzierungsgrad", "GRADE" },
		{ "differentiatiegraad", "GRADE" },
		{ "Primary Gleason", "PRIMARY" },
		{ "gleason1", "PRIMARY" },
		{ "Gleason sekundär", "SECONDARY" },
		{ "Gleason sekundaer", "SECONDARY" },
		{ "tertiair patroon", "TERTIARY" },
		{ "Befund", "RESULT" },
		{ "Core Label", "COMPONENT LOCATION" },
		{ "% Cancer in Core", "PERCENT_CANCER" },
		{ "Core Fragment #1 Tissue Length (mm)", "CORE_LENGTH CORE" },
		{ "Cancer Length (cm)", "CANCER_LENGTH CENTIMETRES" },
		{ "Tumorlänge (mm)", "CANCER_LENGTH" },
		{ "aantal positieve biopten", "AFFECTED_CORES" },
		{ "Anzahl Stanzen", "TOTAL_CORES" },
		{ "psad", "PSA_DENSITY" },
		{ "PSA (ng/mL)", "PSA" },
		{ "PSA-Datum", "PSA_DATE" },
		{ "Free PSA", "PSA_OTHER" },
		{ "Prostate Volume (CC)", "VOLUME" },
		{ "Bx Tip X (MRI Coord)", "COORDINATE CORE" },
		{ "lesion_PIRADS", "PIRADS LESION" },
		{ "pathologist", "ASSESSOR" },
		{ "Geburtsdatum", "PERSONAL" },
		{ "date of birth", "PERSONAL" },
		{ "patient name", "PERSONAL" },
		{ "Core name", "COMPONENT" },
		{ "Voornaam", "PERSONAL" },
		{ "patient_age", "IGNORE" },
		{ "Series Instance UID (MRI)", "IGNORE" },
		{ "Bemerkung", "COMMENT" },
		{ "xyzzy", "" },
		{ "", "" },
		{ "?", "" },
		{ "\xc3\xa9\xc3\xa9", "" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ok_str(hints(cases[i][0]), cases[i][1], "the hints of '%s'", cases[i][0]);
}

static bool blank(const char *text)
{
	return suggest_words_blank(words, text, strlen(text));
}

static void test_cells(void)
{
	static const struct {
		const char *text;
		bool is;
	} shown[] = { { "MRT-gezielte Fusionsbiopsie", true }, { "MR Bx", true }, { "SysBx+MRBx", true }, { "", true },
		{ "Mr", true }, { "TRUS (Dr. Smith)", false }, { "TRUS (Mr. Smith)", false }, { "Mr Smith", false },
		{ "Prof.Smith: TRUS", false }, { "Herr M\xc3\xbcller", false }, { "biopt door mevr. Smit", false },
		{ "one two three four five six", true }, { "one two three four five six seven", false },
		{ "a-very-long-word-of-more-bytes-than-anyone-would-give-to-a-kind-of-biopsy", false } };
	struct suggest_procedure p;

	ok(blank("k.A.") && blank("K. A.") && blank("Onbekend") && blank("not available") && blank("?"), "blank words");
	ok(!blank("benign") && !blank("3+4") && !blank("0") && !blank(""), "words that are not blank");
	ok(suggest_words_answer(words, "Ja", 2) == 1 && suggest_words_answer(words, "FALSE", 5) == 0 &&
			suggest_words_answer(words, "nee", 3) == 0 && suggest_words_answer(words, "maybe", 5) == -1,
		"yes, no and neither");
	ok(suggest_words_procedure(words, "SysBx+MRBx", 10, &p) && p.systematic && p.targeted &&
			strcmp(p.type, "BIOPSY") == 0,
		"both kinds of biopsy");
	ok(suggest_words_procedure(words, "radikale Prostatektomie", 23, &p) && !p.systematic &&
			strcmp(p.type, "RPE") == 0,
		"an operation");
	ok(suggest_words_procedure(words, "TUR-P", 5, &p) && strcmp(p.type, "RESECTION") == 0, "a resection");
	ok(!suggest_words_procedure(words, "appointment", 11, &p) && !p.type, "no procedure");
	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
		ok(suggest_words_shown(words, shown[i].text, strlen(shown[i].text)) == shown[i].is, "%s: %s",
			shown[i].text, shown[i].is ? "may be copied" : "is not copied");
}

/* In each of the languages something is known of all that tables commonly have. */
static void test_languages(void)
{
	static const enum suggest_hint common[] = { HINT_PATIENT, HINT_WORKUP, HINT_DATE, HINT_PROCEDURE, HINT_GLEASON,
		HINT_PRIMARY, HINT_SECONDARY, HINT_ISUP, HINT_COMPONENT, HINT_LOCATION, HINT_SIDE, HINT_LEVEL,
		HINT_CORE_LENGTH, HINT_CANCER_LENGTH, HINT_PERCENT_CANCER, HINT_TOTAL_CORES, HINT_AFFECTED_CORES,
		HINT_PSA, HINT_PSA_DENSITY, HINT_VOLUME, HINT_ASSESSOR, HINT_PERSONAL, HINT_COMMENT };
	static const char *const languages[] = { "en", "de", "nl" };
	struct vx_error err = VX_ERROR_INIT;
	bool known[3][HINTS] = { 0 };
	struct vx_reader *in;
	char *path, *line;
	size_t len, missing = 0;

	if (vx_share_path("pathology/columns.tsv", &path, &err) != VX_OK || !(in = vx_reader_open(path, &err))) {
		ok(false, "columns.tsv opens");
		return;
	}
	while (vx_reader_line(in, &line, &len, &err) == 1)
		for (int l = 0; l < 3; l++)
			if (strncmp(line, languages[l], 2) == 0)
				known[l][find_hint(strrchr(line, '\t') + 1, strlen(strrchr(line, '\t') + 1))] = true;
	for (size_t i = 0; i < sizeof common / sizeof *common; i++)
		for (int l = 0; l < 3; l++)
			if (!known[l][common[i]]) {
				printf("# %s: nothing says %s\n", languages[l], hint_names[common[i]]);
				missing++;
			}
	ok(!missing, "each language knows the common columns");
	vx_reader_close(in);
	free(path);
}

static void test_no_entry_twice(void)
{
	size_t twice = 0;

	for (size_t i = 0; i < words->n; i++)
		for (size_t k = 0; k < i; k++) {
			const struct entry *a = &words->entries[i], *b = &words->entries[k];
			if (a->field == b->field && a->value == b->value && a->whole == b->whole && a->len == b->len &&
				memcmp(a->words, b->words, a->len) == 0) {
				printf("# twice:%s\n", a->words);
				twice++;
			}
		}
	ok(!twice, "no words stand twice for one thing");
}

static const char *reading(const char *columns, const char *values)
{
	static struct vx_error err;
	static char told[6000];
	char paths[2][40] = { "/tmp/vx-columns-XXXXXX", "/tmp/vx-values-XXXXXX" };
	const char *texts[2] = { columns, values };
	struct suggest_words *w;

	for (int i = 0; i < 2; i++) {
		int fd = mkstemp(paths[i]);
		if (fd < 0 || write(fd, texts[i], strlen(texts[i])) < 0)
			return "no file";
		close(fd);
	}
	err = (struct vx_error)VX_ERROR_INIT;
	w = suggest_words_read(paths[0], paths[1], &err);
	snprintf(told, sizeof told, "%ld: %s: %s", err.row, err.field, w ? "read" : err.reason);
	suggest_words_free(w);
	unlink(paths[0]);
	unlink(paths[1]);
	return told;
}

static void test_errors(void)
{
	ok_str(reading("# c\nen\tgs\tgleason\n", "en\tno\tanswer\tno\n"), "0: : read", "two small files");
	ok_str(reading("en\tgs\tgleeson\n", ""), "1: hint: there is no 'gleeson'", "a hint that is none");
	ok_str(reading("\nen gs gleason\n", ""), "2: : not language, words, hint with tabs between", "blanks for tabs");
	ok_str(reading("", "en\tx\tanswer\tmaybe\n"), "1: value: there is no 'maybe' of 'answer'",
		"a value that is none");
	ok_str(reading("", "en\tx\tcolour\tred\n"), "1: value: there is no 'red' of 'colour'", "a field that is none");
	ok_str(reading("en\t\xff\tpsa\n", ""), "1: : not UTF-8", "bytes that are no UTF-8");
}

int main(void)
{
	struct vx_error err = VX_ERROR_INIT;

	words = suggest_words_load(&err);
	ok(words != NULL, "columns.tsv and values.tsv load: %s", err.reason);
	if (!words)
		return tap_end();
	test_names();
	test_cells();
	test_languages();
	test_no_entry_twice();
	test_errors();
	suggest_words_free(words);
	return tap_end();
}
