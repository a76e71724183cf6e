/* vx_pathmap: the mapping file that tells vx-pathology how a table is built (vx-pathology-map(5), its schema in
 * share/pathology/mapping.schema.json), read, checked and made ready: columns are numbers, vocabularies are folded.
 *
 *	struct vx_pathmap *m = vx_pathmap_load("picai.json", lexicon, &err);      // "picai.json:12: component.grade: ..."
 *
 * A loaded mapping is read-only.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_PATHMAP_H
#define VX_PATHMAP_H

#include "vx_cell.h"
#include "vx_gleason.h"
#include "vx_json.h"
#include "vx_location.h"

/* A column that the mapping names: its number in columns, or VX_NO_COLUMN. */
typedef int vx_column;
#define VX_NO_COLUMN (-1)

enum vx_pathmap_rows {
	VX_ROWS_CORE,   /* a row is a biopsy core */
	VX_ROWS_LESION, /* a row is a lesion that tissue was taken from */
	VX_ROWS_WORKUP  /* a row is a biopsy or an operation; its lesions, if any, stand in cells as lists */
};

/* What a vocabulary's entry, or "set", says of a specimen. */
struct vx_pathmap_set {
	const char *type; /* BIOPSY ...; NULL: not said */
	struct vx_place place;
};

/* A column whose words the mapping explains. */
struct vx_pathmap_word {
	char *folded; /* as vx_pathmap_fold makes it */
	struct vx_pathmap_set set;
};
struct vx_pathmap_vocabulary {
	vx_column column; /* VX_NO_COLUMN: there is none */
	struct vx_pathmap_word *words;
	size_t n;
	enum {
		VX_OTHERWISE_REJECT,
		VX_OTHERWISE_KEEP
	} otherwise; /* a word that is not listed; KEEP: text to other_data only */
};
/* vx_pathmap_lookup: the entry for a cell's text, or NULL. */
const struct vx_pathmap_set *vx_pathmap_lookup(const struct vx_pathmap_vocabulary *v, const char *text, size_t len);

/* A column that says where tissue comes from. */
struct vx_pathmap_location {
	vx_column column;
	unsigned fields;                    /* which fields it may fill */
	struct vx_pathmap_vocabulary words; /* whole cells; they win; column is VX_NO_COLUMN here */
	const struct vx_lexicon *lexicon;   /* the lexicon with the table's own tokens */
	struct vx_place unstated; /* declared scheme: what is meant where side and level are said and this is not */
	bool keep;                /* other_data.region also where every word found its field */
};

struct vx_pathmap_grade {
	bool given;
	vx_column gleason, primary, secondary, tertiary, isup, text;
	bool blank_is_benign;
	struct vx_pathmap_result {
		char *folded;
		const char *result; /* a value of VX_TERM_RESULT */
	} * words;                  /* the table's own words */
	size_t n_words;
};

/* A number: the sum of its columns, times a factor. */
struct vx_pathmap_number {
	vx_column *columns;
	size_t n; /* 0: not mapped */
	double times;
};

enum vx_pathmap_as { VX_AS_TEXT, VX_AS_NUMBER, VX_AS_INTEGER, VX_AS_DATE };

/* What goes to other_data: a tree of columns. */
struct vx_pathmap_other {
	char *key; /* its name; NULL in an array and at the top */
	enum { VX_OTHER_COLUMN, VX_OTHER_ARRAY, VX_OTHER_OBJECT } kind;
	vx_column column; /* VX_OTHER_COLUMN */
	enum vx_pathmap_as as;
	struct vx_pathmap_other *items; /* of an array or object */
	size_t n;
};

/* What can be said of a workup and of its components alike. */
struct vx_pathmap_part {
	struct vx_pathmap_set set;
	struct vx_pathmap_vocabulary procedure;
	struct vx_pathmap_location *locations;
	size_t n_locations;
	struct vx_pathmap_grade grade;
	vx_column date, assessor, assessed;                                  /* assessed: day of the reading */
	struct vx_pathmap_number core_length, cancer_length, percent_cancer; /* mm, mm, per cent */
	struct vx_pathmap_number total_cores, affected_cores;                /* workups only */
	struct vx_pathmap_other specimen_other, assessment_other;            /* VX_OTHER_OBJECT with n 0: nothing */
};

/* Lists in cells, with rows: workup. */
struct vx_pathmap_list {
	vx_column column;
	vx_column omits;    /* entries are left out where this column's item ... VX_NO_COLUMN: none is */
	char **omit_values; /* ... is one of these, folded */
	size_t n_omit_values;
};

enum vx_pathmap_is {
	VX_IS_ISUP,       /* component: the cell is its grade group */
	VX_IS_WORST_ISUP, /* workup: the worst of its components */
	VX_IS_CSPCA, /* of what the row is, or the item of a list: whether the (worst) group is min_isup or above */
	VX_IS_WORST_CSPCA,    /* the same of a workup, in a table whose rows are its cores or lesions */
	VX_IS_SCORE,          /* component: the Gleason sum */
	VX_IS_TOTAL_CORES,    /* workup: how many cores there are */
	VX_IS_AFFECTED_CORES, /* workup: how many hold cancer */
	VX_IS_EQUAL,          /* the row's cells of column and others are equal (as numbers where both are) */
	VX_IS_RATIO,          /* column is others[0] / others[1], within tolerance (relative) */
	VX_IS_SAME            /* the cell is the same in all rows of a patient (per_patient) or of a workup */
};
struct vx_pathmap_check {
	const char *rule;     /* its name in findings */
	const char *severity; /* "error" or "warning" */
	enum vx_pathmap_is is;
	vx_column column;
	vx_column others[2];
	double tolerance;
	int min_isup;
	char **yes, **no,
		**unassessed; /* folded values; NULL-terminated; unassessed: what the source writes where nothing was */
	bool per_patient;
};

struct vx_pathmap_psa {
	bool given;
	vx_column value, date, density;
	struct vx_pathmap_other other;
};

/* A column whose cells hold several things: more columns by a pattern (see vx_template). */
struct vx_pathmap_capture {
	vx_column column;
	struct vx_pattern *pattern;
	vx_column *columns; /* by the pattern's captures */
	size_t n;
};

struct vx_pathmap {
	const char *license, *table; /* NULL: not said */
	enum vx_pathmap_rows rows;
	char decimal;
	enum vx_cell_date date_order;
	char **blanks; /* words that mean nothing, folded; NULL: as vx_cell_blank */
	size_t n_blanks;

	const char **columns; /* every column that is named, by number; the captured ones last */
	size_t n_columns, n_captured;
	vx_column patient; /* the source's name of the patient, for people; VX_NO_COLUMN: not said */
	vx_column *when;   /* a row in which all of these are blank holds no pathology */
	size_t n_when;
	struct vx_pathmap_capture *captures;
	size_t n_captures;

	vx_column *workup_key; /* none: one workup a patient */
	size_t n_workup_key;
	struct vx_pathmap_part workup;
	vx_column *component_name; /* none: numbered */
	size_t n_component_name;
	bool component_unique; /* the name says which it is: it is never numbered, two rows of it are one */
	struct vx_pathmap_part component;
	char separator; /* of lists; 0: there are none */
	struct vx_pathmap_list *lists;
	size_t n_lists;
	struct vx_pathmap_other root_other;
	struct vx_pathmap_psa psa;
	struct vx_pathmap_check *checks;
	size_t n_checks;

	char **ignored; /* columns that are left out on purpose */
	size_t n_ignored;
	struct vx_pathmap_unsure { /* what --suggest was not sure of, with its line */
		const char *text;
		long line;
	} * unsure;
	size_t n_unsure;
	struct vx_pathmap_own *own; /* the rest of what vx_pathmap_free frees */
};

/* vx_pathmap_load: reads path; lexicon is borrowed and must live as long. NULL with VX_EIO (no such file) or VX_EDATA: file, row
 * (the line) and field (a dotted path) name the first error; more errors, if any, are counted in the reason.
 * vx_pathmap_parse: the same from text; name is what errors call it. */
struct vx_pathmap *vx_pathmap_load(
	const char *path, const struct vx_lexicon *lexicon, struct vx_error *err) VX_MUST_USE;
struct vx_pathmap *vx_pathmap_parse(const char *name, const char *text, size_t len, const struct vx_lexicon *lexicon,
	struct vx_error *err) VX_MUST_USE;
void vx_pathmap_free(struct vx_pathmap *m);

/* The same, but each (may be NULL) is told every error, in the order of their lines; then err only counts them. */
typedef void vx_pathmap_each(void *arg, const struct vx_error *problem);
struct vx_pathmap *vx_pathmap_load_each(const char *path, const struct vx_lexicon *lexicon, vx_pathmap_each *each,
	void *arg, struct vx_error *err) VX_MUST_USE;
struct vx_pathmap *vx_pathmap_parse_each(const char *name, const char *text, size_t len,
	const struct vx_lexicon *lexicon, vx_pathmap_each *each, void *arg, struct vx_error *err) VX_MUST_USE;

/* vx_pathmap_blank: whether a trimmed cell says nothing in this table. */
bool vx_pathmap_blank(const struct vx_pathmap *m, const char *text, size_t len);

/* vx_pathmap_fold: a cell as the mapping's words are held against it, appended to b: vx_lexicon_fold, but a text without a
 * letter ("-1", "<5", "+") stands for itself, trimmed: -1 is not 1. */
void vx_pathmap_fold(struct vx_buf *b, const char *text, size_t len);

/* vx_pathmap_among: whether a cell's text is one of n folded words (SIZE_MAX: the list ends with NULL; a NULL list: none). */
bool vx_pathmap_among(char *const *words, size_t n, const char *text, size_t len);

#endif
