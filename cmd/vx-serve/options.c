/* options: what vx-serve was told. argv -> struct opts
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "store.h"
#include "vx_io.h"

static const char usage[] =
	"usage: vx-serve [OPTION...]\n"
	"Serves the vxData API over HTTP from a SQLite file or a PostgreSQL database, until SIGTERM or SIGINT.\n"
	"\n"
	"      --db FILE|URI         the database: a SQLite file, made when it is not there, or postgresql://...\n"
	"                            (default: $VX_DB, else vx.db)\n"
	"      --listen ADDR:PORT    where to listen (default: 127.0.0.1:8420; port 0: any that is free)\n"
	"      --token-file FILE     ask for one of these tokens, one a line (default: the door is open)\n"
	"      --hash-token RIGHT    read a token from standard input, print its line for that file; RIGHT: read, "
	"write\n"
	"      --tls-cert FILE       speak TLS with this certificate (PEM, with its chain) ...\n"
	"      --tls-key FILE        ... and its key\n"
	"      --environment NAME    dev or production, where nothing is deleted (default: dev)\n"
	"      --restore FILE        first load a back-up, which is an export, plain or gzip (-: standard input)\n"
	"      --subset DATASOURCE   ... of it only this datasource and all below it\n"
	"      --restore-only        ... and end, without serving\n"
	"      --access-log FILE     a line of JSON a request, without personal data; -: on stderr\n"
	"      --max-body BYTES      the largest request body, also once inflated (default: 64M)\n"
	"      --max-connections N   connections at once (default: 2000)\n"
	"      --max-queue N         requests at once, half of them from one address (default: 512)\n"
	"      --workers N           threads that answer them (default: two a processor, 4 to 32)\n"
	"      --idle-timeout TIME   who moves less than 64 KiB in it is hung up on (default: 60s)\n"
	"      --request-timeout TIME\n"
	"                            a body has to be here whole (default: 10m)\n"
	"  -q, --quiet               say nothing but errors\n"
	"  -v, --verbose             a line a request on stderr, and what goes wrong on connections\n"
	"      --version             print the version\n"
	"  -h, --help                print this help\n";

enum {
	DB = VX_OPT_OWN,
	LISTEN,
	TOKEN_FILE,
	HASH_TOKEN,
	TLS_CERT,
	TLS_KEY,
	ACCESS_LOG,
	ENVIRONMENT,
	RESTORE,
	RESTORE_ONLY,
	SUBSET,
	MAX_BODY,
	MAX_CONNECTIONS,
	MAX_QUEUE,
	WORKERS,
	IDLE_TIMEOUT,
	REQUEST_TIMEOUT
};

/* hash_token: the line of a token file for the token on standard input; the end of the process. */
static void hash_token(const char *right)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_reader *in = vx_reader_open("-", &err);
	char *token, *line = NULL;
	size_t len;
	if (strcmp(right, "read") != 0 && strcmp(right, "write") != 0)
		vx_die(VX_EUSAGE, "--hash-token: %s is neither read nor write", right);
	int more = in ? vx_reader_line(in, &token, &len, &err) : VX_EIO;
	if (more == 0)
		vx_die(VX_EUSAGE, "--hash-token: no token on standard input");
	int status = more < 0 ? more : tokens_line(right, token, len, &line, &err);
	if (more == 1)
		explicit_bzero(token, len);
	if (status == VX_OK) {
		puts(line);
		status = vx_close_stdout(&err);
	}
	vx_reader_close(in);
	free(line);
	if (status != VX_OK)
		vx_message(&err);
	exit(vx_exit_status(status == VX_EREJECT ? VX_EUSAGE : status));
}

/* set_limit: an option with a number; false: it is another. */
static bool set_limit(int c, struct http_limits *l)
{
	switch (c) {
	case MAX_BODY:
		l->body = (size_t)vx_opt_bytes("--max-body", optarg);
		break;
	case MAX_CONNECTIONS:
		l->connections = (unsigned)vx_opt_number("--max-connections", optarg, 1, 100000);
		break;
	case MAX_QUEUE:
		l->queue = (unsigned)vx_opt_number("--max-queue", optarg, 1, 100000);
		break;
	case WORKERS:
		l->workers = (unsigned)vx_opt_number("--workers", optarg, 2, 256);
		break;
	case IDLE_TIMEOUT:
		l->idle = vx_opt_seconds("--idle-timeout", optarg);
		break;
	case REQUEST_TIMEOUT:
		l->request = vx_opt_seconds("--request-timeout", optarg);
		break;
	default:
		return false;
	}
	return true;
}

static void set_db(struct opts *o)
{
	struct vx_error err = VX_ERROR_INIT;
	if (!*optarg) /* SQLite takes it for a file that is gone when the server ends */
		vx_die(VX_EUSAGE, "--db: the name is empty");
	if (store_name_check(optarg, &err) != VX_OK)
		vx_die(VX_EUSAGE, "--db: %s", err.reason);
	o->db = optarg;
}

static void set(int c, struct opts *o)
{
	switch (c) {
	case DB:
		set_db(o);
		break;
	case LISTEN:
		o->listen = optarg;
		break;
	case TOKEN_FILE:
		o->token_file = optarg;
		break;
	case TLS_CERT:
		o->tls_cert = optarg;
		break;
	case TLS_KEY:
		o->tls_key = optarg;
		break;
	case ACCESS_LOG:
		o->access_log = optarg;
		break;
	case RESTORE:
		o->restore = optarg;
		break;
	case RESTORE_ONLY:
		o->restore_only = true;
		break;
	case SUBSET:
		o->subset = optarg;
		if (strncmp(optarg, "datasource/", 11) != 0)
			vx_die(VX_EUSAGE, "--subset: '%s' is no datasource/...", optarg);
		break;
	case ENVIRONMENT:
		o->environment = optarg;
		break;
	case HASH_TOKEN:
		hash_token(optarg);
		break;
	default:
		if (!set_limit(c, &o->limits))
			vx_opt_common(c, usage, &o->common);
	}
}

static void check(const struct opts *o)
{
	if ((o->subset || o->restore_only) && !o->restore)
		vx_die(VX_EUSAGE, "--subset and --restore-only go with --restore");
	if (!o->tls_cert != !o->tls_key)
		vx_die(VX_EUSAGE, "--tls-cert and --tls-key go together");
	if (strcmp(o->environment, "dev") != 0 && strcmp(o->environment, "production") != 0)
		vx_die(VX_EUSAGE, "--environment: %s is neither dev nor production", o->environment);
	if (o->limits.body < 1024 || o->limits.body > (1u << 30))
		vx_die(VX_EUSAGE, "--max-body: must be 1K to 1G");
	if (o->limits.idle < 1 || o->limits.request < 1)
		vx_die(VX_EUSAGE, "a time-out must be 1s or more");
}

void options_parse(int argc, char **argv, struct opts *o)
{
	const char *db = getenv("VX_DB");
	o->db = db && *db ? db : "vx.db";
	static const struct option longs[] = { { "db", required_argument, NULL, DB },
		{ "listen", required_argument, NULL, LISTEN }, { "token-file", required_argument, NULL, TOKEN_FILE },
		{ "hash-token", required_argument, NULL, HASH_TOKEN },
		{ "tls-cert", required_argument, NULL, TLS_CERT }, { "tls-key", required_argument, NULL, TLS_KEY },
		{ "access-log", required_argument, NULL, ACCESS_LOG },
		{ "environment", required_argument, NULL, ENVIRONMENT },
		{ "restore", required_argument, NULL, RESTORE }, { "restore-only", no_argument, NULL, RESTORE_ONLY },
		{ "subset", required_argument, NULL, SUBSET }, { "max-body", required_argument, NULL, MAX_BODY },
		{ "max-connections", required_argument, NULL, MAX_CONNECTIONS },
		{ "max-queue", required_argument, NULL, MAX_QUEUE }, { "workers", required_argument, NULL, WORKERS },
		{ "idle-timeout", required_argument, NULL, IDLE_TIMEOUT },
		{ "request-timeout", required_argument, NULL, REQUEST_TIMEOUT }, { "help", no_argument, NULL, 'h' },
		{ "quiet", no_argument, NULL, 'q' }, { "verbose", no_argument, NULL, 'v' },
		{ "version", no_argument, NULL, VX_OPT_VERSION }, { NULL, 0, NULL, 0 } };
	int c;
	while ((c = getopt_long(argc, argv, "hqv", longs, NULL)) != -1)
		set(c, o);
	if (optind < argc)
		vx_die(VX_EUSAGE, "%s: takes no arguments; try --help", argv[optind]);
	check(o);
}
