/* sqlite_floor: the rows of a vx-serve database, inserted again by a bare loop into tables of the same layout.
 * SRC.db NEW.db -> seconds on stdout. vx-serve's own settings, 10,000 rows a transaction, rows in the order of their
 * identifiers, all in memory before the clock starts: what SQLite itself costs, and nothing else.
 *
 * SPDX-License-Identifier: MIT
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COLUMNS 9
#define ROWS_A_TRANSACTION 10000

struct row {
	char *text[COLUMNS]; /* NULL: null */
	int bytes[COLUMNS];
};

static void die(sqlite3 *db, const char *what)
{
	fprintf(stderr, "sqlite_floor: %s: %s\n", what, sqlite3_errmsg(db));
	exit(74);
}

static void run(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		die(db, sql);
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *q;
	if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &q, NULL) != SQLITE_OK)
		die(db, sql);
	return q;
}

static void copy_layout(sqlite3 *from, sqlite3 *to)
{
	sqlite3_stmt *q =
		prepare(from, "SELECT sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql IS NOT NULL");
	while (sqlite3_step(q) == SQLITE_ROW)
		run(to, (const char *)sqlite3_column_text(q, 0));
	sqlite3_finalize(q);
}

static struct row *read_rows(sqlite3 *db, size_t *n)
{
	struct row *rows = NULL;
	size_t cap = 0;
	sqlite3_stmt *q =
		prepare(db, "SELECT identifier, type, parent_identifier, datasource, patient, level, created_at, "
			    "updated_at, body FROM resource ORDER BY level, identifier");
	for (*n = 0; sqlite3_step(q) == SQLITE_ROW; ++*n) {
		if (*n == cap && !(rows = realloc(rows, (cap = cap ? cap * 2 : 1024) * sizeof *rows)))
			abort();
		for (int i = 0; i < COLUMNS; i++) {
			const char *text = (const char *)sqlite3_column_text(q, i);
			rows[*n].text[i] = text ? strdup(text) : NULL;
			rows[*n].bytes[i] = sqlite3_column_bytes(q, i);
		}
	}
	sqlite3_finalize(q);
	return rows;
}

static void insert(sqlite3 *db, sqlite3_stmt *q, const struct row *row)
{
	for (int i = 0; i < COLUMNS; i++) {
		if (!row->text[i])
			sqlite3_bind_null(q, i + 1);
		else if (i >= 5 && i <= 7)
			sqlite3_bind_int64(q, i + 1, atoll(row->text[i]));
		else
			sqlite3_bind_text(q, i + 1, row->text[i], row->bytes[i], SQLITE_STATIC);
	}
	if (sqlite3_step(q) != SQLITE_DONE)
		die(db, "insert");
	sqlite3_reset(q);
}

int main(int argc, char **argv)
{
	sqlite3 *from, *to;
	struct timespec a, b;
	size_t n;
	if (argc != 3 || sqlite3_open(argv[1], &from) != SQLITE_OK || sqlite3_open(argv[2], &to) != SQLITE_OK)
		return 64;
	run(to, "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
		"PRAGMA foreign_keys = ON; PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 4000;"
		"PRAGMA secure_delete = OFF");
	copy_layout(from, to);
	struct row *rows = read_rows(from, &n);
	clock_gettime(CLOCK_MONOTONIC, &a);
	sqlite3_stmt *q =
		prepare(to, "INSERT INTO resource (identifier, type, parent_identifier, datasource, patient, level, "
			    "created_at, updated_at, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
	for (size_t i = 0; i < n; i++) {
		if (i % ROWS_A_TRANSACTION == 0)
			run(to, i ? "COMMIT; BEGIN" : "BEGIN");
		insert(to, q, &rows[i]);
	}
	run(to, "COMMIT");
	clock_gettime(CLOCK_MONOTONIC, &b);
	printf("%.3f\n", (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9);
	sqlite3_finalize(q);
	sqlite3_close(to);
	sqlite3_close(from);
	for (size_t i = 0; i < n; i++)
		for (int c = 0; c < COLUMNS; c++)
			free(rows[i].text[c]);
	free(rows);
	return 0;
}
