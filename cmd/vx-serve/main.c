/* vx-serve: the local vxData deployment to test against. HTTP -> a SQLite file
 *
 * SPDX-License-Identifier: MIT
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "routes.h"
#include "vx_hash.h"
#include "vx_opt.h"

#define GRACE 30.0 /* seconds that requests under way have to end after SIGTERM */

struct opts {
	const char *db, *listen, *token_file, *environment;
	struct http_limits limits;
	struct vx_common common;
};

static const char usage[] =
	"usage: vx-serve [OPTION...]\n"
	"Serves the vxData API over HTTP from a SQLite file, until SIGTERM or SIGINT.\n"
	"\n"
	"      --db FILE             the database, made when it is not there (default: vx.db)\n"
	"      --listen ADDR:PORT    where to listen (default: 127.0.0.1:8420; port 0: any that is free)\n"
	"      --token-file FILE     ask for one of these tokens, one a line (default: the door is open)\n"
	"      --environment NAME    dev or production, where nothing is deleted (default: dev)\n"
	"      --max-body BYTES      the largest request body, also once inflated (default: 64M)\n"
	"      --max-connections N   connections at once (default: 2000)\n"
	"      --max-queue N         requests at once, half of them from one address (default: 512)\n"
	"      --workers N           threads that answer them (default: two a processor, 4 to 32)\n"
	"      --idle-timeout TIME   who moves less than 64 KiB in it is hung up on (default: 60s)\n"
	"      --request-timeout TIME\n"
	"                            a body has to be here whole (default: 10m)\n"
	"  -q, --quiet               say nothing but errors\n"
	"  -v, --verbose             a line a request on stderr\n"
	"      --version             print the version\n"
	"  -h, --help                print this help\n";

/* split_address: "127.0.0.1:8420", "[::1]:8420", ":8420". */
static void split_address(char *text, struct http_server *server)
{
	char *colon = strrchr(text, ':');
	if (!colon)
		vx_die(VX_EUSAGE, "--listen: %s is not ADDR:PORT", text);
	*colon = '\0';
	(void)vx_opt_number("--listen: port", colon + 1, 0, 65535);
	server->port = colon + 1;
	size_t n = strlen(text);
	if (n > 2 && text[0] == '[' && text[n - 1] == ']') {
		text[n - 1] = '\0';
		text++;
	}
	server->address = *text ? text : "0.0.0.0";
}

static void read_tokens(const char *path, struct http_server *server)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_reader *in = vx_reader_open(path, &err);
	char *line;
	size_t len;
	int more = in ? 1 : VX_EIO;
	while (more == 1 && (more = vx_reader_line(in, &line, &len, &err)) == 1) {
		while (len && strchr(" \t\r", line[len - 1]))
			len--;
		if (len == 0)
			continue;
		server->tokens = vx_realloc(server->tokens, (server->token_count + 1) * sizeof *server->tokens);
		vx_sha256_bytes(line, len, server->tokens[server->token_count++]);
		explicit_bzero(line, len);
	}
	vx_reader_close(in);
	if (more < 0) {
		vx_message(&err);
		exit(vx_exit_status(err.status));
	}
	if (server->token_count == 0)
		vx_die(VX_EUSAGE, "--token-file: %s holds no token", path);
}

static bool is_loopback(const char *address)
{
	return !strncmp(address, "127.", 4) || !strcmp(address, "::1") || !strcmp(address, "localhost");
}

static void parse_args(int argc, char **argv, struct opts *o)
{
	enum {
		DB = VX_OPT_OWN,
		LISTEN,
		TOKEN_FILE,
		ENVIRONMENT,
		MAX_BODY,
		MAX_CONNECTIONS,
		MAX_QUEUE,
		WORKERS,
		IDLE_TIMEOUT,
		REQUEST_TIMEOUT
	};
	static const struct option longs[] = { { "db", required_argument, NULL, DB },
		{ "listen", required_argument, NULL, LISTEN }, { "token-file", required_argument, NULL, TOKEN_FILE },
		{ "environment", required_argument, NULL, ENVIRONMENT },
		{ "max-body", required_argument, NULL, MAX_BODY },
		{ "max-connections", required_argument, NULL, MAX_CONNECTIONS },
		{ "max-queue", required_argument, NULL, MAX_QUEUE }, { "workers", required_argument, NULL, WORKERS },
		{ "idle-timeout", required_argument, NULL, IDLE_TIMEOUT },
		{ "request-timeout", required_argument, NULL, REQUEST_TIMEOUT }, { "help", no_argument, NULL, 'h' },
		{ "quiet", no_argument, NULL, 'q' }, { "verbose", no_argument, NULL, 'v' },
		{ "version", no_argument, NULL, VX_OPT_VERSION }, { NULL, 0, NULL, 0 } };
	int c;
	while ((c = getopt_long(argc, argv, "hqv", longs, NULL)) != -1) {
		switch (c) {
		case DB:
			if (!*optarg) /* SQLite takes it for a file that is gone when the server ends */
				vx_die(VX_EUSAGE, "--db: the name is empty");
			o->db = optarg;
			break;
		case LISTEN:
			o->listen = optarg;
			break;
		case TOKEN_FILE:
			o->token_file = optarg;
			break;
		case ENVIRONMENT:
			o->environment = optarg;
			break;
		case MAX_BODY:
			o->limits.body = (size_t)vx_opt_bytes("--max-body", optarg);
			break;
		case MAX_CONNECTIONS:
			o->limits.connections = (unsigned)vx_opt_number("--max-connections", optarg, 1, 100000);
			break;
		case MAX_QUEUE:
			o->limits.queue = (unsigned)vx_opt_number("--max-queue", optarg, 1, 100000);
			break;
		case WORKERS:
			o->limits.workers = (unsigned)vx_opt_number("--workers", optarg, 2, 256);
			break;
		case IDLE_TIMEOUT:
			o->limits.idle = vx_opt_seconds("--idle-timeout", optarg);
			break;
		case REQUEST_TIMEOUT:
			o->limits.request = vx_opt_seconds("--request-timeout", optarg);
			break;
		default:
			vx_opt_common(c, usage, &o->common);
		}
	}
	if (optind < argc)
		vx_die(VX_EUSAGE, "%s: takes no arguments; try --help", argv[optind]);
	if (strcmp(o->environment, "dev") != 0 && strcmp(o->environment, "production") != 0)
		vx_die(VX_EUSAGE, "--environment: %s is neither dev nor production", o->environment);
	if (o->limits.body < 1024 || o->limits.body > (1u << 30))
		vx_die(VX_EUSAGE, "--max-body: must be 1K to 1G");
	if (o->limits.idle < 1 || o->limits.request < 1)
		vx_die(VX_EUSAGE, "a time-out must be 1s or more");
}

static int fail(const struct vx_error *err)
{
	vx_message(err);
	return vx_exit_status(err->status);
}

/* file_limit: a connection is a descriptor, and a reader of the database takes three. */
static void file_limit(struct http_limits *limits)
{
	struct rlimit files;
	rlim_t others = 256 + 4ul * limits->workers;
	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return;
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY ||
		files.rlim_cur >= others + limits->connections)
		return;
	limits->connections =
		files.rlim_cur > 2 * others ? (unsigned)(files.rlim_cur - others) : (unsigned)(files.rlim_cur + 1) / 2;
	vx_say("warning: the system gives %llu file descriptors: no more than %u connections at once",
		(unsigned long long)files.rlim_cur, limits->connections);
}

/* serve: from the open database to the end of the last request. */
static int serve(struct http_server *server, const struct opts *o, const sigset_t *ends)
{
	struct vx_error err = VX_ERROR_INIT;
	int sig;
	if (http_start(server, &err) != VX_OK)
		return fail(&err);
	bool v6 = strchr(server->address, ':');
	if (!o->common.quiet) {
		vx_say("listening on http://%s%s%s:%u", v6 ? "[" : "", server->address, v6 ? "]" : "",
			http_port(server));
		if (!is_loopback(server->address) && server->token_count == 0)
			vx_say("warning: whoever reaches this address may write: see --token-file");
	}
	sigwait(ends, &sig);
	/* A second signal ends the process at once; the database stays consistent even so. */
	pthread_sigmask(SIG_UNBLOCK, ends, NULL);
	if (http_stop(server, GRACE))
		return 0;
	vx_say("what was under way has not ended within %.0f s: it is given up", GRACE);
	_exit(vx_exit_status(VX_EUNREACHABLE)); /* a worker still holds the database: nothing is closed under it */
}

/* run: with the database open. */
static int run(struct http_server *server, const struct opts *o)
{
	struct vx_error err = VX_ERROR_INIT;
	struct app app = { .environment = o->environment };
	sigset_t ends;
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	pthread_sigmask(SIG_BLOCK, &ends, NULL); /* before any thread begins: all inherit it */
	signal(SIGPIPE, SIG_IGN);
	struct vx_model *model = vx_model_load(&err);
	app.model = model;
	server->app = &app;
	if (!model || !(app.store = store_open(o->db, model, &err))) {
		vx_model_free(model);
		return fail(&err);
	}
	int status = serve(server, o, &ends);
	store_close(app.store);
	vx_model_free(model);
	return status;
}

int main(int argc, char **argv)
{
	struct opts o = { .db = "vx.db",
		.listen = "127.0.0.1:8420",
		.environment = "dev",
		.limits = { .body = 64u << 20, .connections = 2000, .queue = 512, .idle = 60, .request = 600 } };
	vx_progname_set("vx-serve");
	parse_args(argc, argv, &o);
	struct http_server server = {
		.limits = o.limits, .log = o.common.verbose > 0, .begin = routes_begin, .answer = routes_answer
	};
	char *address = vx_strdup(o.listen);
	split_address(address, &server);
	if (!server.limits.workers) {
		int n = 2 * vx_cpus();
		server.limits.workers = (unsigned)(n < 4 ? 4 : n > 32 ? 32 : n);
	}
	file_limit(&server.limits);
	if (o.token_file)
		read_tokens(o.token_file, &server);
	int status = run(&server, &o);
	free(server.tokens);
	free(address);
	return status;
}
