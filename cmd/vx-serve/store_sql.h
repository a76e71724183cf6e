/* The layout of the SQLite file. Every column but body can be had from body and its ancestors; they are there to be
 * looked up by. Rows lie in the order they came (rowid), so that a large body never moves.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef STORE_SQL_H
#define STORE_SQL_H

#define SQL_APPLICATION_ID 0x76784442 /* "vxDB", in the file's header */

static const char sql_layout[] =
	"CREATE TABLE resource (\n"
	"\tidentifier TEXT NOT NULL PRIMARY KEY,\n"
	"\ttype TEXT NOT NULL,\n"
	"\tparent_identifier TEXT REFERENCES resource (identifier),\n"
	"\tdatasource TEXT,\n"
	"\tpatient TEXT,\n"
	"\tlevel INTEGER NOT NULL,\n"
	"\tcreated_at INTEGER NOT NULL,\n"
	"\tupdated_at INTEGER NOT NULL,\n"
	"\tbody TEXT NOT NULL\n"
	");\n"
	"CREATE INDEX resource_parent ON resource (parent_identifier);\n"
	"CREATE INDEX resource_level ON resource (level, identifier);\n"
	/* What derived_from, reference_mri and the like name. */
	"CREATE TABLE reference (\n"
	"\tsource TEXT NOT NULL REFERENCES resource (identifier),\n"
	"\ttarget TEXT NOT NULL REFERENCES resource (identifier),\n"
	"\tPRIMARY KEY (source, target)\n"
	") WITHOUT ROWID;\n"
	"CREATE INDEX reference_target ON reference (target);\n"
	/* The model's own keys, each also the way to look it up. */
	"CREATE UNIQUE INDEX datasource_shorthand ON resource (json_extract(body, '$.shorthand'))\n"
	"\tWHERE type = 'datasource';\n"
	"CREATE UNIQUE INDEX patient_external_uid ON resource (datasource, json_extract(body, '$.external_uid'))\n"
	"\tWHERE type = 'patient';\n"
	"CREATE UNIQUE INDEX specimen_event_root ON resource (patient)\n"
	"\tWHERE type = 'specimen' AND parent_identifier = patient;\n";

#define SQL_COLUMNS "identifier, type, parent_identifier, datasource, patient, level, created_at, updated_at, body"

/* Whatever has changed above a resource, its own level and ancestors follow from its parent and references. */
#define SQL_LEVEL                                                                                                      \
	"max(coalesce((SELECT p.level + 1 FROM resource p WHERE p.identifier = resource.parent_identifier), 0), "      \
	"coalesce((SELECT max(t.level) + 1 FROM reference JOIN resource t ON t.identifier = target "                   \
	"WHERE source = resource.identifier), 0))"
#define SQL_ANCESTOR(column)                                                                                           \
	"CASE type WHEN '" #column "' THEN identifier ELSE "                                                           \
	"(SELECT p." #column " FROM resource p WHERE p.identifier = resource.parent_identifier) END"

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
	[SQL_SPECIMEN_CHILD] =
		"SELECT identifier FROM resource WHERE parent_identifier = ?1 AND type = 'specimen' LIMIT 1",
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
				"WHERE source NOT IN (SELECT identifier FROM temp.doomed) LIMIT 1",
	[SQL_DOOMED_LIST] = "SELECT identifier, 0 FROM temp.doomed ORDER BY identifier",
	[SQL_DELETE_REFERENCES] = "DELETE FROM reference WHERE source IN (SELECT identifier FROM temp.doomed)",
	[SQL_DELETE_RESOURCES] = "DELETE FROM resource WHERE identifier IN (SELECT identifier FROM temp.doomed)",
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
};

enum { SQL_GET, SQL_LIST, SQL_CHILDREN, SQL_EXPORT, SQL_STATS, SQL_READER_COUNT };

#define SQL_LIST_WHERE "SELECT body, created_at, updated_at FROM resource WHERE identifier > ?1 AND identifier < ?2 "

static const char *const sql_reader[SQL_READER_COUNT] = {
	[SQL_GET] = "SELECT body, created_at, updated_at FROM resource WHERE identifier = ?1",
	/* ?1..?2 bound a type's identifiers. */
	[SQL_LIST] = SQL_LIST_WHERE "AND (?3 IS NULL OR datasource = ?3) ORDER BY identifier LIMIT ?4",
	[SQL_CHILDREN] = SQL_LIST_WHERE
	"AND (?3 IS NULL OR datasource = ?3) AND parent_identifier IS ?5 ORDER BY identifier LIMIT ?4",
	[SQL_EXPORT] = "SELECT body FROM resource ORDER BY level, identifier",
	[SQL_STATS] = "SELECT datasource, type, count(*) FROM resource GROUP BY 1, 2 ORDER BY 1, 2",
};

#endif
