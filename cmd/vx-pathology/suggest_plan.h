/* suggest_plan: what the columns of a table are taken for, and what was not sure in it. table -> plan -> mapping.
 * SPDX-License-Identifier: MIT */
#ifndef SUGGEST_PLAN_H
#define SUGGEST_PLAN_H

#include "suggest_table.h"
#include "vx_cell.h"
#include "vx_gleason.h"
#include "vx_json.h"
#include "vx_location.h"

#define NO_COLUMN ((size_t)-1)

/* How the cells of a column (of a list: their items) read. Cells are counted, not distinct ones; blank ones are left
 * out. */
struct suggest_profile {
	long n;
	size_t distinct, longest; /* longest: in bytes */
	long number, dot, comma;  /* numbers; those that only a decimal point, only a comma makes one */
	long integer;
	double min, max;
	long score, patterns, sums;  /* Gleason scores; those that name their patterns; bare sums */
	long group, pattern, any;    /* grade groups; bare 0 to 5; grades that say by themselves what they are */
	long zero;                   /* bare 0 */
	long place, whole;           /* say where; understood to the last word */
	long field[VX_PLACE_FIELDS]; /* understood whole where the column may only fill this field */
	long ymd, dmy, mdy, both;    /* days; day first, month first only; either */
	long answer;                 /* yes, no */
	long procedure;              /* name a procedure */
};

/* What a column can be taken for. */
enum suggest_role {
	ROLE_PATIENT,
	ROLE_DATE,
	ROLE_ASSESSED,
	ROLE_PROCEDURE,
	ROLE_ASSESSOR,
	ROLE_GLEASON,
	ROLE_PRIMARY,
	ROLE_SECONDARY,
	ROLE_TERTIARY,
	ROLE_ISUP,
	ROLE_TEXT,
	ROLE_NAME,
	ROLE_CANCER_LENGTH,
	ROLE_PERCENT,
	ROLE_TOTAL,
	ROLE_AFFECTED,
	ROLE_PSA,
	ROLE_PSA_DATE,
	ROLE_DENSITY,
	ROLE_VOLUME,
	ROLE_PIRADS,
	ROLES
};

enum suggest_rows { SUGGEST_CORE, SUGGEST_LESION, SUGGEST_WORKUP };

struct suggest_list {
	size_t column, where; /* where: the column whose blank items it leaves out; NO_COLUMN: none */
	struct vx_json *is;   /* those items, sorted */
};

struct suggest_plan {
	const struct suggest_table *t;
	const struct vx_lexicon *lexicon;
	struct suggest_profile *profile; /* by column */
	bool *used;                      /* by column: mapped, checked or ignored; or meant to be */
	char decimal;
	enum vx_cell_date dates;
	struct vx_json *blanks; /* NULL: the default ones */
	char separator;
	struct suggest_list *lists;
	size_t n_lists;
	enum suggest_rows rows;
	size_t at[ROLES];
	size_t key;
	size_t *lengths; /* the columns whose sum is the core length */
	size_t n_lengths;
	struct vx_json *captures; /* NULL: none */
	const char *captured[2];  /* patient and component by a capture; borrowed from captures */
	size_t *unit;             /* by sampled row: which workup of its patient it belongs to, counted through */
	size_t units;
	struct vx_json *checks, *ignore;
	struct suggest_note {
		int rank; /* the lower, the more important */
		char *text;
	} * notes;
	size_t n_notes;
};

/* suggest_unsure: a line for the mapping's "unsure". */
void suggest_unsure(struct suggest_plan *p, int rank, const char *fmt, ...) VX_PRINTF(3, 4);
enum {
	RANK_FIRST,
	RANK_ROWS,
	RANK_WORKUP,
	RANK_GRADE,
	RANK_PROCEDURE,
	RANK_PLACE,
	RANK_FORMAT,
	RANK_VALUE,
	RANK_PERSONAL,
	RANK_LEFT
};

/* Small questions. */
const char *suggest_name(const struct suggest_plan *p, size_t column);
bool suggest_hint(const struct suggest_plan *p, size_t column, uint64_t hints);
bool suggest_free(const struct suggest_plan *p, size_t column); /* has cells, and nobody took it yet */
const struct suggest_list *suggest_list_of(const struct suggest_plan *p, size_t column); /* NULL: is no list */
bool suggest_blank(const struct suggest_plan *p, const char *text, size_t len);
bool suggest_most(long part, long all, int percent); /* part is at least so many per cent of all, and all is not 0 */
bool suggest_number(const struct suggest_plan *p, const char *text, size_t len, double *v);
long suggest_days(const struct suggest_plan *p, const struct suggest_profile *f); /* cells that are days */
long suggest_several(const struct suggest_plan *p); /* patients with several sampled rows */
struct vx_slice suggest_cell(const struct suggest_plan *p, size_t row, size_t column);
/* suggest_item: the next item of a cell's list; of a cell that is none, the cell. */
bool suggest_item(char separator, struct vx_slice cell, size_t *at, struct vx_slice *item);

/* suggest_constant: of the groups of sampled rows that have several, how many there are and in how many the column
 * has one value at most. by_unit: groups are workups, else patients. */
void suggest_constant(const struct suggest_plan *p, size_t column, bool by_unit, long *groups, long *constant);

/* The steps, in this order. */
void suggest_profiles(struct suggest_plan *p);       /* profile.c: decimal, dates, blanks, profiles */
void suggest_lists(struct suggest_plan *p);          /* lists.c: separator, lists; profiles of their items */
void suggest_grades(struct suggest_plan *p);         /* grades.c: which columns hold grades */
void suggest_roles(struct suggest_plan *p);          /* roles.c: all others, rows */
void suggest_keys(struct suggest_plan *p);           /* keys.c: what tells workups apart */
void suggest_agreement(struct suggest_plan *p);      /* checks.c: which columns are redundant */
struct vx_json *suggest_map(struct suggest_plan *p); /* map.c: the mapping; to be freed */

/* suggest_profile_column: again, when it has become a list. */
void suggest_profile_column(struct suggest_plan *p, size_t column);

/* suggest_print: a mapping as people write it: tabs, short things on one line. */
void suggest_print(const struct vx_json *j, struct vx_buf *b);

#endif
