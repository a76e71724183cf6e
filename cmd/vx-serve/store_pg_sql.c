/* store_pg_sql: the prepared statements of a connection.
 *
 * SPDX-License-Identifier: MIT
 */
#include "store_pg_sql.h"

#define BELOW                                                                                                          \
	"WITH RECURSIVE d (i) AS (SELECT $1::text COLLATE \"C\" UNION "                                                \
	"SELECT identifier FROM resource JOIN d ON parent_identifier = i) "

const struct pg_statement pg_statements[PG_COUNT] = {
	[PG_FIND] = { "SELECT " PG_COLUMNS " FROM resource WHERE identifier = $1", 1 },
	[PG_PREFETCH] = { "SELECT " PG_COLUMNS " FROM resource WHERE identifier = ANY ($1::text[])", 1 },
	[PG_UPDATE] = { "UPDATE resource SET parent_identifier = $2, datasource = $3, patient = $4, level = "
			"$5::bigint, "
			"updated_at = $6::bigint, body = $7, (" PG_FACT_COLUMNS ") = ($8, $9, $10, $11, "
			"$12::double precision, $13, $14::smallint) WHERE identifier = $1",
		7 + PG_FACTS },
	/* Whatever has changed above a resource, its own level and ancestors follow from its parent and references. */
	[PG_REFRESH] = { "UPDATE resource SET level = n.level, datasource = n.datasource, patient = n.patient FROM "
			 "(SELECT r.identifier, greatest(coalesce(p.level + 1, 0), coalesce((SELECT max(t.level) + 1 "
			 "FROM reference JOIN resource t ON t.identifier = target WHERE source = r.identifier), 0)) AS "
			 "level, "
			 "CASE r.type WHEN 'datasource' THEN r.identifier ELSE p.datasource END AS datasource, "
			 "CASE r.type WHEN 'patient' THEN r.identifier ELSE p.patient END AS patient "
			 "FROM resource r LEFT JOIN resource p ON p.identifier = r.parent_identifier "
			 "WHERE r.identifier = $1) n WHERE resource.identifier = n.identifier AND "
			 "(resource.level, resource.datasource, resource.patient) IS DISTINCT FROM "
			 "(n.level, n.datasource, n.patient)",
		1 },
	[PG_REFERENCE_DROP] = { "DELETE FROM reference WHERE source = $1", 1 },
	[PG_DEPENDENTS] = { "SELECT identifier, level FROM resource WHERE parent_identifier = $1 UNION SELECT source, "
			    "level FROM reference JOIN resource ON identifier = source WHERE target = $1",
		1 },
	[PG_TARGETS] = { "SELECT p.identifier, p.level FROM resource r JOIN resource p ON p.identifier = "
			 "r.parent_identifier WHERE r.identifier = $1 UNION SELECT target, level FROM reference "
			 "JOIN resource ON identifier = target WHERE source = $1",
		1 },
	[PG_EVENT_ROOT] = { "SELECT identifier FROM resource WHERE type = 'specimen' AND parent_identifier = patient "
			    "AND patient = $1",
		1 },
	[PG_SPECIMEN_CHILD] = { "SELECT identifier FROM resource WHERE parent_identifier = $1 AND type = 'specimen' "
				"ORDER BY identifier LIMIT 1",
		1 },
	[PG_SHORTHAND] = { "SELECT identifier FROM resource WHERE type = 'datasource' AND shorthand = $1", 1 },
	[PG_PATIENT] = { "SELECT identifier FROM resource WHERE type = 'patient' AND datasource = $1 "
			 "AND external_uid = $2",
		2 },
	/* Behind the digits nothing sorts before ':'; a longer shorthand goes on with a letter. */
	[PG_LAST_PATIENT] = { "SELECT identifier FROM resource WHERE identifier >= 'patient/' || $1::text || '0' "
			      "AND identifier < 'patient/' || $1::text || ':' ORDER BY identifier DESC LIMIT 1",
		1 },
	[PG_CHILD] = { "SELECT identifier FROM resource WHERE parent_identifier = $1 ORDER BY identifier LIMIT 1", 1 },
	[PG_DOOMED] = { BELOW "SELECT i, 0 FROM d ORDER BY i", 1 },
	[PG_DOOMED_REFERRED] = { BELOW "SELECT source FROM reference JOIN d ON target = i "
				       "WHERE source NOT IN (SELECT i FROM d) ORDER BY source LIMIT 1",
		1 },
	[PG_DELETE_REFERENCES] = { BELOW "DELETE FROM reference WHERE source IN (SELECT i FROM d)", 1 },
	[PG_DELETE_RESOURCES] = { BELOW "DELETE FROM resource WHERE identifier IN (SELECT i FROM d)", 1 },
	/* Names of one hash wait for one another, no more. */
	[PG_LOCK_DATASOURCE] = { "SELECT pg_advisory_xact_lock(hashtextextended($1, 1987593282))", 1 },
	[PG_CREATION] = { "INSERT INTO creation DEFAULT VALUES", 0 },
	/* Restored from a dump it is another table, from files another timeline, or another cluster; where files were simply put
	 * back, other transactions have the numbers. */
	[PG_STATE] = { "SELECT md5(instance.id || 'instance'::regclass::oid || (pg_control_system()).system_identifier "
		       "|| "
		       "(pg_control_checkpoint()).timeline_id), newest, creation.id || ' ' || creation.xmin "
		       "FROM instance CROSS JOIN (SELECT coalesce(max(id), 0) AS newest FROM creation) n "
		       "LEFT JOIN creation ON creation.id = coalesce($1::bigint, newest)",
		1 },
	[PG_GET] = { "SELECT body, created_at, updated_at FROM resource WHERE identifier = $1", 1 },
	[PG_STATS] = { "SELECT datasource, type, count(*) FROM resource GROUP BY 1, 2 ORDER BY 1 NULLS FIRST, 2", 0 },
};
