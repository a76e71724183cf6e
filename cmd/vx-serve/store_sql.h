/* The statements that are asked of the SQLite file, whose layout is share/sql/sqlite.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef STORE_SQL_H
#define STORE_SQL_H

#define SQL_APPLICATION_ID 0x76784442 /* "vxDB", in the file's header */

/* Made by the program itself, since it must be there before the first layout is. */
#define SQL_LAYOUT_TABLE                                                                                               \
	"CREATE TABLE IF NOT EXISTS layout (version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, " \
	"applied_at INTEGER NOT NULL)"

#define SQL_COLUMNS "identifier, type, parent_identifier, datasource, patient, level, created_at, updated_at, body"

/* Whatever has changed above a resource, its own level and ancestors follow from its parent and references. */
#define SQL_LEVEL                                                                                                      \
	"max(coalesce((SELECT p.level + 1 FROM resource p WHERE p.identifier = resource.parent_identifier), 0), "      \
	"coalesce((SELECT max(t.level) + 1 FROM reference JOIN resource t ON t.identifier = target "                   \
	"WHERE source = resource.identifier), 0))"
#define SQL_ANCESTOR(column)                                                                                           \
	"CASE type WHEN '" #column "' THEN identifier ELSE "                                                           \
	"(SELECT p." #column " FROM resource p WHERE p.identifier = resource.parent_identifier) END"

#define SQL_STATE_SELECT                                                                                               \
	"SELECT id, newest, (SELECT identifier || ' ' || created_at FROM resource WHERE rowid = coalesce(?1, "         \
	"newest)) "                                                                                                    \
	"FROM instance, (SELECT coalesce(max(rowid), 0) AS newest FROM resource)"

enum sql {
	SQL_FIND,
	SQL_INSERT,
	SQL_UPDATE,
	SQL_REFRESH,
	SQL_REFERENCE_ADD,
	SQL_REFERENCE_DROP,
	SQL_DEPENDENTS,
	SQL_TARGETS,
	SQL_EVENT_ROOT,
	SQL_SPECIMEN_CHILD,
	SQL_SHORTHAND,
	SQL_PATIENT,
	SQL_LAST_PATIENT,
	SQL_CHILD,
	SQL_DOOMED_CLEAR,
	SQL_DOOMED_FILL,
	SQL_DOOMED_REFERRED,
	SQL_DOOMED_LIST,
	SQL_DELETE_REFERENCES,
	SQL_DELETE_RESOURCES,
	SQL_TX_STATE,
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_WRITER_COUNT,
};

static const char *const sql_writer[SQL_WRITER_COUNT] = {
	[SQL_FIND] = "SELECT " SQL_COLUMNS " FROM resource WHERE identifier = ?1",
	[SQL_INSERT] = "INSERT INTO resource (" SQL_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	[SQL_UPDATE] = "UPDATE resource SET parent_identifier = ?3, datasource = ?4, patient = ?5, level = ?6, "
		       "updated_at = ?8, body = ?9 WHERE identifier = ?1",
	[SQL_REFRESH] = "UPDATE resource SET (level, datasource, patient) = (" SQL_LEVEL
			", " SQL_ANCESTOR(datasource) ", " SQL_ANCESTOR(
				patient) ") WHERE identifier = ?1 AND (level, datasource, patient) IS NOT "
					 "(" SQL_LEVEL ", " SQL_ANCESTOR(datasource) ", " SQL_ANCESTOR(patient) ")",
	[SQL_REFERENCE_ADD] = "INSERT OR IGNORE INTO reference VALUES (?1, ?2)",
	[SQL_REFERENCE_DROP] = "DELETE FROM reference WHERE source = ?1",
	[SQL_DEPENDENTS] = "SELECT identifier, level FROM resource WHERE parent_identifier = ?1 UNION "
			   "SELECT source, level FROM reference JOIN resource ON identifier = source WHERE target = ?1",
	[SQL_TARGETS] =
		"SELECT p.identifier, p.level FROM resource r JOIN resource p ON p.identifier = r.parent_identifier "
		"WHERE r.identifier = ?1 UNION "
		"SELECT target, level FROM reference JOIN resource ON identifier = target WHERE source = ?1",
	[SQL_EVENT_ROOT] = "SELECT identifier FROM resource WHERE type = 'specimen' AND parent_identifier = patient "
			   "AND patient = ?1",
	[SQL_SPECIMEN_CHILD] = "SELECT identifier FROM resource WHERE parent_identifier = ?1 AND type = 'specimen' "
			       "ORDER BY identifier LIMIT 1",
	[SQL_SHORTHAND] = "SELECT identifier FROM resource WHERE type = 'datasource' "
			  "AND json_extract(body, '$.shorthand') = ?1",
	[SQL_PATIENT] = "SELECT identifier FROM resource WHERE type = 'patient' AND datasource = ?1 "
			"AND json_extract(body, '$.external_uid') = ?2",
	/* Behind the digits nothing sorts before ':'; a longer shorthand goes on with a letter. */
	[SQL_LAST_PATIENT] = "SELECT identifier FROM resource WHERE identifier >= 'patient/' || ?1 || '0' "
			     "AND identifier < 'patient/' || ?1 || ':' ORDER BY identifier DESC LIMIT 1",
	[SQL_CHILD] = "SELECT identifier FROM resource WHERE parent_identifier = ?1 ORDER BY identifier LIMIT 1",
	[SQL_DOOMED_CLEAR] = "DELETE FROM temp.doomed",
	[SQL_DOOMED_FILL] = "INSERT INTO temp.doomed WITH RECURSIVE d (i) AS (VALUES (?1) UNION "
			    "SELECT identifier FROM resource JOIN d ON parent_identifier = i) SELECT i FROM d",
	[SQL_DOOMED_REFERRED] = "SELECT source FROM temp.doomed JOIN reference ON target = identifier "
				"WHERE source NOT IN (SELECT identifier FROM temp.doomed) ORDER BY source LIMIT 1",
	[SQL_DOOMED_LIST] = "SELECT identifier, 0 FROM temp.doomed ORDER BY identifier",
	[SQL_DELETE_REFERENCES] = "DELETE FROM reference WHERE source IN (SELECT identifier FROM temp.doomed)",
	[SQL_DELETE_RESOURCES] = "DELETE FROM resource WHERE identifier IN (SELECT identifier FROM temp.doomed)",
	[SQL_TX_STATE] = SQL_STATE_SELECT,
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
};

enum { SQL_GET, SQL_STATS, SQL_STATE, SQL_READER_COUNT };

static const char *const sql_reader[SQL_READER_COUNT] = {
	[SQL_GET] = "SELECT body, created_at, updated_at FROM resource WHERE identifier = ?1",
	[SQL_STATS] = "SELECT datasource, type, count(*) FROM resource GROUP BY 1, 2 ORDER BY 1, 2",
	[SQL_STATE] = SQL_STATE_SELECT,
};

#endif
