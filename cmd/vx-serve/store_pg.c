/* store_pg: opens and closes a PostgreSQL database. URI -> struct store
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "store_pg.h"

/* Long answers hold a reader each (http.c has at most 12 of them); the others must not wait for those. */
enum { WRITERS = 8, READERS = 40, OLDEST = 130000 };

/* parse: the parts of a URI. libpq's own words about a wrong one quote it, password and all. */
static int parse(const char *uri, PQconninfoOption **parts, struct vx_error *err)
{
	char *why = NULL;
	*parts = PQconninfoParse(uri, &why);
	PQfreemem(why);
	if (*parts)
		return VX_OK;
	return vx_error_set(err, VX_EUSAGE, NULL,
		"the PostgreSQL URI cannot be read: postgresql://[USER@]HOST[:PORT]/DATABASE[?NAME=VALUE&...], with "
		"%%XX "
		"for other characters");
}

int store_pg_name_check(const char *uri, struct vx_error *err)
{
	PQconninfoOption *parts;
	int status = parse(uri, &parts, err);
	for (PQconninfoOption *p = parts; status == VX_OK && p->keyword; p++)
		if (p->val && *p->val && (!strcmp(p->keyword, "password") || !strcmp(p->keyword, "sslpassword")))
			status = vx_error_set(err, VX_EUSAGE, NULL,
				"a password on the command line is there for everybody to read: put it into ~/.pgpass "
				"(HOST:PORT:DATABASE:USER:PASSWORD, mode 600), PGPASSFILE or PGPASSWORD");
	PQconninfoFree(parts);
	return status;
}

static int one_word(PGconn *pg, const char *sql, char *out, size_t size, struct vx_error *err)
{
	PGresult *r;
	int status = pg_exec(pg, sql, &r, err);
	if (status == VX_OK) {
		snprintf(out, size, "%s", PQgetvalue(r, 0, 0));
		PQclear(r);
	}
	return status;
}

/* fits: what we build upon. */
static int fits(PGconn *pg, struct vx_error *err)
{
	const char *encoding = PQparameterStatus(pg, "server_encoding");
	char read_only[8];
	int status;
	if (PQserverVersion(pg) < OLDEST)
		return vx_error_set(err, VX_EDATA, NULL, "is PostgreSQL %s; 13 or newer is needed",
			PQparameterStatus(pg, "server_version"));
	if (!encoding || strcmp(encoding, "UTF8") != 0)
		return vx_error_set(err, VX_EDATA, NULL,
			"has the encoding %s; UTF8 is needed: createdb -E UTF8 -T template0",
			encoding ? encoding : "that it does not tell");
	if ((status = one_word(pg, "SHOW transaction_read_only", read_only, sizeof read_only, err)) != VX_OK)
		return status;
	if (!strcmp(read_only, "on"))
		return vx_error_set(
			err, VX_EREFUSED, NULL, "may only be read (a replica, or default_transaction_read_only)");
	return VX_OK;
}

/* name: how the database is called in messages: its URI without a password. */
static char *name(PGconn *pg)
{
	const char *host = PQhost(pg);
	return vx_asprintf("postgresql://%s:%s/%s", host ? host : "", PQport(pg), PQdb(pg));
}

static int begin(struct pg *s, const struct vx_model *model, struct vx_error *err)
{
	PQconninfoOption *parts;
	if (parse(s->uri, &parts, err) != VX_OK)
		return VX_EUSAGE;
	PQconninfoFree(parts);
	PGconn *pg = pg_connect(s->uri, err);
	if (!pg)
		return VX_EUNREACHABLE;
	int status = fits(pg, err);
	if (status == VX_OK)
		status = pg_layout(pg, model, err);
	if (status != VX_OK) {
		char *at = name(pg);
		vx_error_at(err, at, 0);
		free(at);
	}
	PQfinish(pg);
	return status;
}

struct store *store_pg_open(const char *uri, const struct vx_model *model, struct vx_error *err)
{
	struct pg *s = vx_alloc(sizeof *s);
	s->base.ops = &pg_ops;
	s->uri = vx_strdup(uri);
	pg_pool_init(&s->writers, s->uri, WRITERS);
	pg_pool_init(&s->readers, s->uri, READERS);
	if (begin(s, model, err) == VX_OK)
		return &s->base;
	pg_close(&s->base);
	return NULL;
}

void pg_close(struct store *store)
{
	struct pg *s = (struct pg *)store;
	pg_pool_free(&s->writers);
	pg_pool_free(&s->readers);
	free(s->uri);
	free(s);
}
