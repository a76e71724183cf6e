/* pathology.h: what the parts of vx-pathology share. A patient's rows are read (columns), put together into workups and
 * their components (workups, read), summed up (aggregate), checked (checks), and written (emit, psa).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PATHOLOGY_H
#define PATHOLOGY_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vx_arena.h"
#include "vx_filter.h"
#include "vx_json_walk.h"
#include "vx_pathmap.h"
#include "vx_unknown.h"

struct opts {
	struct vx_common common;
	const char *map, *findings;
	const char *lexicons[16];
	size_t n_lexicons;
	bool strict, sorted, psa, suggest;
};

/* A record of the input, as its text. cells: by column, trimmed; text NULL where the record has no such key, or null. */
struct row {
	struct vx_slice line, source; /* source: its _source, as text; else empty */
	struct vx_slice *cells;
	const char *file; /* of the table, for messages */
	long number;      /* its row there */
	bool rejected;
	const char *strange, *strange_column; /* --strict: what a finding says of this row; NULL: nothing */
	bool empty;                           /* holds no pathology */
	bool readable;                        /* its cells are there */
	bool misfit;                          /* a column is missing */
};

/* A workup, or a component of one, as the mapping reads it. */
struct part {
	struct row *row;              /* where it stands; of a workup the first row */
	const struct vx_slice *cells; /* the row's, or for an item of a list or a workup its own view of them */
	int item;                     /* 1-based number in its lists, 0: none */
	bool never_benign;            /* a column that grades could not be read: blank does not mean benign */
	const char *type;             /* BIOPSY ...; NULL: not said */
	struct vx_place place;
	struct vx_grade grade;
	vx_column graded_by;               /* the column that the grade is of */
	struct vx_slice source, disagrees; /* members of other_data as JSON text: the cells, those that disagree */
	double core_length, cancer_length, percent_cancer; /* NAN: not said */
	int64_t total_cores, affected_cores;               /* -1: not said */
	char date[11], assessed[11];                       /* "": not said */
	struct vx_slice assessor;
	struct vx_slice specimen_other, assessment_other; /* members of other_data as JSON text, without braces */
	struct vx_slice name; /* identifier behind the type: "PC00001/biopsy/1000032/lesion/1" */
};

/* What the assessments below a summary come to. */
struct aggregate {
	struct vx_grade worst; /* VX_NOT_ASSESSED: none has a group */
	unsigned candidates;   /* groups that the worst may be, where ambiguity matters; 0: it is worst */
	long components, graded, benign, not_assessed, ungraded, total_cores,
		affected_cores;         /* cores: -1 not countable */
	long rows_total, rows_affected; /* cores as the rows have them; -1: not countable */
	long rejected;                  /* rows that should have been among them */
	const char *cancer_type;        /* NULL: not known */
};

struct workup {
	struct part part;
	struct vx_slice key; /* encoded, "" where the mapping has none */
	struct row **rows;
	size_t n_rows, n_rejected; /* rows that count; those that were rejected */
	struct part *components;
	size_t n_components;
	struct vx_slice disagrees; /* JSON text: columns in which its rows differ */
	struct aggregate sum;
};

/* One patient at a time. All of it lives in the arena. */
struct patient {
	struct vx_slice identifier; /* patient/PC00001 */
	struct vx_slice name;       /* PC00001 */
	struct row *rows;
	size_t n_rows;
	struct workup *workups;
	size_t n_workups;
	size_t n_workups_seen; /* those too whose rows were all rejected */
	long stray;            /* rejected rows that name no workup */
	struct vx_slice root;  /* name of the event root */
	struct vx_slice root_other;
	struct aggregate sum;
};

struct findings;
struct columns;
struct groups;

struct tool {
	const struct opts *o;
	struct vx_lexicon *lexicon;
	struct vx_pathmap *map;
	struct vx_arena arena; /* of the patient at hand */
	struct vx_slice patient;
	struct columns *columns;
	struct groups *groups;
	struct findings *findings;
	struct vx_unknown *unknown;
	struct vx_buf scratch, folded, out;
	bool *workup_columns, *root_columns, *psa_columns; /* by column: whether that part of the mapping reads it */
	bool quiet_findings; /* the second pass of --strict: they have been told already */
	long misfits;        /* rows from the first on in which a column is missing; -1: there was one without */
	long percents;       /* how many cells said how much of the tissue is cancer, and the most of them */
	double most_percent;
	long rows, empty_rows, patients, workups, components;
};

/* tool: opened from its options; tool_start is the second half, for a tool that has its lexicon and mapping. */
int tool_open(struct tool *t, struct vx_error *err);
int tool_start(struct tool *t, struct vx_error *err);
void tool_close(struct tool *t);

/* columns: a line -> cells. */
struct columns *columns_new(const struct vx_pathmap *map);
void columns_free(struct columns *c);
/* columns_read: fills row (line is set) with cells from t->arena; VX_EREJECT with the column where a mapped one is missing, or
 * its value is a list or an object, or a capture does not match. */
int columns_read(struct tool *t, struct row *row, struct vx_error *err);
/* columns_patient: the record's _patient ("patient/X"), as a slice of line; false when there is none. */
bool columns_patient(const char *line, size_t len, struct vx_slice *patient);
/* columns_unmapped: the names of columns that no part of the mapping reads, at most most of them, ", " between; n takes how
 * many there are. */
void columns_unmapped(const struct columns *c, size_t most, struct vx_buf *names, size_t *n);
static inline bool cell_blank(const struct tool *t, struct vx_slice cell)
{
	/* None of the usual words for nothing begins with a digit. */
	return cell.len == 0 || (!(t->map->n_blanks == 0 && cell.text[0] >= '0' && cell.text[0] <= '9') &&
					vx_pathmap_blank(t->map, cell.text, cell.len));
}
/* row_error: err at the row. */
void row_error(const struct row *row, struct vx_error *err);

/* groups: records -> the rows of one patient after another. take is called once a patient with its rows' lines set. */
typedef int take_patient(
	struct tool *t, struct vx_job *job, struct vx_slice patient, struct row *rows, size_t n, struct vx_error *err);
struct groups *groups_new(bool sorted, take_patient *take, struct vx_error *err);
void groups_free(struct groups *g);
int groups_add(struct tool *t, struct vx_record *rec, struct vx_error *err);
int groups_end(struct tool *t, struct vx_job *job, struct vx_error *err);

/* patient: the whole way of one patient's rows. VX_EDATA: the mapping is for another table. */
take_patient patient_take;

/* read: the cells of a part -> what they mean. VX_EREJECT with the column and the reason. */
int read_part(struct tool *t, const struct vx_pathmap_part *how, struct part *p, struct vx_error *err);
int read_grade(struct tool *t, const struct vx_pathmap_grade *how, struct part *p, struct vx_error *err);
/* refuse: VX_EREJECT with the column; the reason begins with what stands in the cell. */
int refuse(const struct tool *t, vx_column column, struct vx_slice cell, struct vx_error *err, const char *why);
/* tell: a finding about cells of the part, all with their values. */
void tell(struct tool *t, const struct part *p, const char *rule, const char *severity, const vx_column *columns,
	size_t n, const char *message);
/* read_other: other_data's members as JSON text. */
struct vx_slice read_other(
	struct tool *t, const struct vx_pathmap_other *how, struct row *row, const struct vx_slice *cells);
void part_columns(const struct vx_pathmap_part *part, bool *used);
void other_columns(const struct vx_pathmap_other *other, bool *used);

/* lists: the items of a row's lists, each with its own view of the cells. */
int lists_split(struct tool *t, struct row *row, struct part **parts, size_t *n, struct vx_error *err);

/* workups: a patient's rows -> workups and components. Rows that cannot be read are marked and rejected. */
void workups_build(struct tool *t, struct vx_job *job, struct patient *p);
/* rows_compare: the order of rows by what they say; with_place: equal ones by where they stood. rows_equal: whether they say the
 * same in all mapped columns. cells_alike: equal but for case and blanks, or as numbers. */
int rows_compare(const struct row *a, const struct row *b, bool with_place);
bool cells_alike(struct tool *t, struct vx_slice a, struct vx_slice b);
bool rows_equal(const struct tool *t, const struct row *a, const struct row *b);
/* one_of: of rows that are one thing by their name how many stay: 1 where all are equal, else 0 and all are rejected. */
size_t one_of(struct tool *t, struct vx_job *job, struct row **rows, size_t n, const char *what);
void tell_duplicate(struct tool *t, struct row *row, const struct row *other, const char *message);
/* merged: one view of the cells of several rows in the columns used; disagrees takes, as JSON, those in which they differ. */
struct vx_slice *merged(struct tool *t, struct row **rows, size_t n, const bool *used, struct vx_slice *disagrees);
void reject_row(struct tool *t, struct vx_job *job, struct row *row, struct vx_error *err);

/* names: the order and the names of components, which depend on what they are, never on where their rows stood. */
void names_give(struct tool *t, struct vx_job *job, const struct patient *p, struct workup *w);

/* aggregate: what is below a summary, summed up. */
void aggregate_workup(const struct tool *t, struct workup *w);
void aggregate_patient(const struct tool *t, struct patient *p);
/* aggregate_isup: the decided group, or -1; aggregate_at_least: for a rejected row, what is known all the same. */
int aggregate_isup(const struct aggregate *a);
int aggregate_at_least(const struct aggregate *a);

/* checks: columns that must agree with the tree. */
void check_components(struct tool *t, struct workup *w);
void check_workup(struct tool *t, struct workup *w);
void check_patient(struct tool *t, struct patient *p);
void check_empty_row(struct tool *t, struct row *row);
void check_row(struct tool *t, struct row *row);
/* check_found: a finding about the check's cell, with another value beside it (other NULL: none). check_same: all rows say the
 * same in the check's column. */
void check_found(struct tool *t, struct row *row, const struct vx_pathmap_check *c, const char *severity,
	struct vx_slice cell, const char *other, struct vx_slice value, const char *message);
void check_same(struct tool *t, struct row **rows, size_t n, const struct vx_pathmap_check *c);

/* findings: contradictions, told once each. columns and values: n of them; severity "error", "warning", "info". */
struct finding {
	const char *rule, *severity;
	const char *columns[4];
	struct vx_slice values[4];
	size_t n;
	const char *message;
};
struct findings *findings_new(const char *path, struct vx_error *err);
void findings_add(struct tool *t, struct row *row, const struct finding *f);
void findings_say(struct findings *f, bool quiet); /* counted, a line a rule; quiet: without those that are "info" */
int findings_end(struct findings *f, struct vx_error *err); /* closes the file */
long findings_count(const struct findings *f);
void findings_free(struct findings *f);

/* emit, psa: resources. */
void emit_patient(struct tool *t, struct vx_job *job, struct patient *p);
void emit_psa(struct tool *t, struct vx_job *job, struct patient *p);
/* put_: members of the JSON object in b; put_begin and put_end are what all resources share. */
void put_text(struct vx_buf *b, const char *key, const char *text, size_t len);
/* Members behind others; nothing where they say nothing ("", NAN). */
void put_string(struct vx_buf *b, const char *key, const char *text);
void put_number(struct vx_buf *b, const char *key, double v);
void put_other(struct vx_buf *b, const struct vx_slice *parts, size_t n); /* other_data, of members as JSON text */
void put_member(
	struct vx_buf *b, const char *key, struct vx_slice text); /* with a comma in front where b holds something */
void put_begin(struct tool *t, const char *type, struct vx_slice name, const char *parent_type, struct vx_slice parent);
void put_end(struct tool *t, struct vx_job *job, const struct patient *p, const struct row *row, vx_column column);

/* Slices of the arena. */
static inline struct vx_slice slice(const char *text)
{
	return (struct vx_slice){ text, text ? strlen(text) : 0 };
}
static inline struct vx_slice keep(struct tool *t, const struct vx_buf *b)
{
	return (struct vx_slice){ vx_arena_copy(&t->arena, b->data, b->len), b->len };
}
static inline int slice_compare(struct vx_slice a, struct vx_slice b)
{
	int c = memcmp(a.text ? a.text : "", b.text ? b.text : "", a.len < b.len ? a.len : b.len);

	return c ? c : (a.len > b.len) - (a.len < b.len);
}

#endif
