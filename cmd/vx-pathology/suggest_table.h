/* suggest_table: what is kept of a table to judge it by: of each column a sample of its distinct cells, and a sample of
 * whole rows, patients together. Memory is bounded; what is kept depends on the rows alone, not on their order.
 * SPDX-License-Identifier: MIT */
#ifndef SUGGEST_TABLE_H
#define SUGGEST_TABLE_H

#include <stdint.h>

#include "suggest_words.h"

#define SUGGEST_CELL_BYTES 256 /* kept of a cell */

/* One distinct cell of a column, without blanks at its ends. */
struct suggest_value {
	uint64_t hash;
	long count;
	char *text;
	uint32_t len;
};

struct suggest_column {
	char *name;
	uint64_t hints;
	size_t place;                 /* the first place that any row has it in */
	long cells;                   /* that are not empty */
	bool nested;                  /* some cells are no text or number */
	bool partial;                 /* there are more distinct cells than are kept */
	struct suggest_value *values; /* of a finished table: by text */
	size_t n;
	size_t room;        /* slots: open addressing while rows come in */
	uint64_t threshold; /* cells of this hash and above were dropped */
	struct vx_buf raw;  /* the name as JSON spells it, for a quick comparison */
};

struct suggest_row {
	uint64_t group; /* of the patient */
	uint64_t hash;  /* of the content */
	long count;     /* rows that are like this one to the last cell */
	uint32_t n;     /* columns; of those behind it the row has nothing */
	uint32_t *ends; /* where each cell ends in text */
	char *text;
};

struct suggest_table {
	const struct suggest_words *words;
	struct suggest_column *columns; /* of a finished table: in the table's order */
	size_t n;
	bool many;    /* there were more columns than are looked at */
	bool grouped; /* rows name their patient */
	long rows;
	char *file; /* that all rows come from, without folders; "": they come from several; NULL: they do not say */
	struct suggest_row *sample; /* of a finished table: by patient, then content */
	size_t n_sample, sample_room, sample_max;
	uint64_t sample_threshold;
	bool sample_partial;
	size_t values_max;
	size_t *numbers; /* of a finished table: column -> cell of a row */
	struct vx_buf scratch;
	struct suggest_cell {
		size_t column;
		struct vx_buf text;
	} * cells; /* of the row at hand */
	size_t n_cells, cells_room;
};

struct suggest_table *suggest_table_new(const struct suggest_words *words);
void suggest_table_free(struct suggest_table *t);

/* suggest_table_add: one row, an object that is known to be JSON; of one without columns nothing is learnt. */
void suggest_table_add(struct suggest_table *t, const char *line, size_t len);

/* suggest_table_end: after the last row, before anything is asked. */
void suggest_table_end(struct suggest_table *t);

/* suggest_table_cell: a cell of a sampled row, "" where there is none; *len its bytes. Columns by a finished table's
 * number. */
const char *suggest_table_cell(
	const struct suggest_table *t, const struct suggest_row *row, size_t column, size_t *len);

/* suggest_values_add: one more cell of a column that keeps about max distinct ones.
 * suggest_values_keep: those with the lowest hashes, at most max, move to the front; then none may be added. */
void suggest_values_add(struct suggest_column *c, size_t max, const char *text, size_t len);
void suggest_values_keep(struct suggest_column *c, size_t max);

#endif
