/* The statements that are asked of PostgreSQL, whose layout is share/sql/postgresql. Settings go with each transaction
 * (SET LOCAL), so that a pooler between us and the server may hand its connections round.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef STORE_PG_SQL_H
#define STORE_PG_SQL_H

#include "store_pg_facts.h"

/* "vxDB". 1: shared by those who create, held alone by those who change. 2: held by who lays out. */
#define PG_LOCK "1987593282, "

/* Who waits for a lock, or stands still inside a transaction, gives up for the others' sake. Every question has its
 * index; a plan made while the table was small must not read all of it later. */
#define PG_LIMITS(statement)                                                                                           \
	"SET LOCAL statement_timeout = '" statement "'; SET LOCAL lock_timeout = '10s'; "                              \
	"SET LOCAL idle_in_transaction_session_timeout = '2min'; "

#define PG_BEGIN_CREATE                                                                                                \
	"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; " PG_LIMITS(                                                 \
		"1min") "SET LOCAL enable_seqscan = off; "                                                             \
			"SELECT pg_advisory_xact_lock_shared(" PG_LOCK "1); SELECT max(version) FROM layout"
#define PG_BEGIN_CHANGE                                                                                                \
	"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; " PG_LIMITS("10min") "SET LOCAL enable_seqscan = off; "      \
									       "SELECT pg_advisory_xact_lock(" PG_LOCK \
									       "1); SELECT max(version) FROM layout"
#define PG_BEGIN_READ                                                                                                  \
	"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; " PG_LIMITS("10min") "SET LOCAL enable_seqscan = off"
#define PG_BEGIN_COUNT "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; " PG_LIMITS("10min") "SET LOCAL jit = off"
#define PG_BEGIN_LAYOUT                                                                                                \
	"BEGIN; SET LOCAL lock_timeout = '1min'; SET LOCAL statement_timeout = 0; "                                    \
	"SELECT pg_advisory_xact_lock(" PG_LOCK "2), pg_advisory_xact_lock(" PG_LOCK "1)"

#define PG_COLUMNS "identifier, type, parent_identifier, datasource, patient, level, created_at, updated_at, body"
#define PG_COPY_RESOURCE "COPY resource (" PG_COLUMNS ", " PG_FACT_COLUMNS ") FROM STDIN (FORMAT binary)"
#define PG_COPY_REFERENCE "COPY reference (source, target) FROM STDIN (FORMAT binary)"

/* A body as json. PostgreSQL's functions refuse \u0000 wherever it stands: there it is the character that stands for
 * others. */
#define PG_JSON(body)                                                                                                  \
	"(CASE WHEN position('\\u0000' in " body ") = 0 THEN " body " ELSE regexp_replace(" body                       \
	", '(?<!\\\\)((?:\\\\\\\\)*)\\\\u0000', '\\1\\\\ufffd', 'g') END)::json"

enum pg_sql {
	PG_FIND,
	PG_PREFETCH,
	PG_UPDATE,
	PG_REFRESH,
	PG_REFERENCE_DROP,
	PG_DEPENDENTS,
	PG_TARGETS,
	PG_EVENT_ROOT,
	PG_SPECIMEN_CHILD,
	PG_SHORTHAND,
	PG_PATIENT,
	PG_LAST_PATIENT,
	PG_CHILD,
	PG_DOOMED,
	PG_DOOMED_REFERRED,
	PG_DELETE_REFERENCES,
	PG_DELETE_RESOURCES,
	PG_LOCK_DATASOURCE,
	PG_CREATION,
	PG_STATE,
	PG_GET,
	PG_STATS,
	PG_COUNT
};

struct pg_statement {
	const char *sql;
	int params;
};
extern const struct pg_statement pg_statements[PG_COUNT];

#endif
