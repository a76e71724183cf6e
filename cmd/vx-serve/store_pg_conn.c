/* store_pg_conn: a connection, what is run on it, and what its failures mean. SQL and texts -> results
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "store_pg.h"

static void ignore(void *arg, const char *message)
{
	(void)arg, (void)message;
}

/* one_line: what libpq says, without its line breaks. */
static void one_line(char *out, size_t size, const char *message)
{
	snprintf(out, size, "%s", message);
	size_t n = strlen(out);
	while (n && out[n - 1] == '\n')
		out[--n] = '\0';
	for (char *p = out; *p; p++)
		if (*p == '\n' || *p == '\t')
			*p = ' ';
}

/* away: a server that answers, but not us, will not have us a second time either. */
static int away(PGconn *pg, const char *const *keys, const char *const *values, struct vx_error *err)
{
	char why[600];
	one_line(why, sizeof why, PQerrorMessage(pg));
	bool refused = PQpingParams(keys, values, 1) == PQPING_OK && !strstr(why, "too many") &&
		       !strstr(why, "remaining connection slots");
	return vx_error_set(err, refused ? VX_EREFUSED : VX_EUNREACHABLE, NULL, "database: %s", why);
}

PGconn *pg_connect(const char *uri, struct vx_error *err)
{
	/* What stands behind dbname wins over the URI, what stands before it does not. */
	static const char *const keys[] = { "connect_timeout", "keepalives_idle", "tcp_user_timeout",
		"fallback_application_name", "dbname", "client_encoding", NULL };
	const char *const values[] = { "10", "30", "60000", "vx-serve", uri, "UTF8", NULL };
	PGconn *pg = PQconnectdbParams(keys, values, 1);
	if (PQstatus(pg) == CONNECTION_OK) {
		PQsetNoticeProcessor(pg, ignore, NULL);
		return pg;
	}
	away(pg, keys, values, err);
	PQfinish(pg);
	return NULL;
}

/* in_the_way: nothing of this transaction has happened, and it may well pass the next time. */
static bool in_the_way(const char *state)
{
	return !strncmp(state, "40", 2) || !strcmp(state, "23505") || !strncmp(state, "57P", 3);
}

/* for_now: out of connections, memory or space; stopped by a limit of ours; the server has become a replica. */
static bool for_now(const char *state)
{
	return !strncmp(state, "53", 2) || !strcmp(state, "55P03") || !strcmp(state, "57014") ||
	       !strcmp(state, "25006");
}

int pg_fail(PGconn *pg, PGresult *r, struct vx_error *err)
{
	const char *state = r ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;
	const char *said = r ? PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY) : NULL;
	char why[600];
	int status = VX_EIO;
	/* The primary message alone: details name keys, which may name patients. */
	one_line(why, sizeof why, said ? said : PQerrorMessage(pg));
	if (!state || PQstatus(pg) == CONNECTION_BAD || in_the_way(state))
		status = STORE_AGAIN;
	else if (for_now(state))
		status = VX_EUNREACHABLE;
	else if (!strcmp(state, "42501")) /* the role lacks a right */
		status = VX_EREFUSED;
	vx_error_set(err, status == STORE_AGAIN ? VX_EUNREACHABLE : (enum vx_status)status, NULL, "database: %s",
		*why ? why : "the connection was lost");
	PQclear(r);
	return status;
}

static int ended(PGconn *pg, PGresult *r, PGresult **result, struct vx_error *err)
{
	ExecStatusType code = PQresultStatus(r);
	if (code != PGRES_COMMAND_OK && code != PGRES_TUPLES_OK && code != PGRES_COPY_IN)
		return pg_fail(pg, r, err);
	if (result)
		*result = r;
	else
		PQclear(r);
	return VX_OK;
}

int pg_exec(PGconn *pg, const char *sql, PGresult **result, struct vx_error *err)
{
	return ended(pg, PQexec(pg, sql), result, err);
}

int pg_run(struct pg_conn *c, enum pg_sql which, const char *const *values, PGresult **result, struct vx_error *err)
{
	const struct pg_statement *s = &pg_statements[which];
	char name[16];
	snprintf(name, sizeof name, "vx%d", (int)which);
	if (!c->prepared[which]) {
		int status = ended(c->pg, PQprepare(c->pg, name, s->sql, s->params, NULL), NULL, err);
		if (status != VX_OK)
			return status;
		c->prepared[which] = true;
	}
	return ended(c->pg, PQexecPrepared(c->pg, name, s->params, values, NULL, NULL, 0), result, err);
}

const char *pg_text(const PGresult *r, int row, int column)
{
	return PQgetisnull(r, row, column) ? NULL : PQgetvalue(r, row, column);
}

int64_t pg_int(const PGresult *r, int row, int column)
{
	return strtoll(PQgetvalue(r, row, column), NULL, 10);
}

void pg_array(struct vx_buf *b, const char *const *list, size_t n)
{
	vx_buf_putc(b, '{');
	for (size_t i = 0; i < n; i++) {
		vx_buf_puts(b, i ? ",\"" : "\"");
		for (const char *p = list[i]; *p; p++) {
			if (*p == '"' || *p == '\\')
				vx_buf_putc(b, '\\');
			vx_buf_putc(b, *p);
		}
		vx_buf_putc(b, '"');
	}
	vx_buf_putc(b, '}');
}
