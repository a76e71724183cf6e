/* vx-serve: the local vxData deployment to test against. HTTP -> a SQLite file, or a PostgreSQL database
 *
 * SPDX-License-Identifier: MIT
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "options.h"
#include "restore.h"
#include "routes.h"
#include "tls.h"
#include "vx_host.h"

#define GRACE 30.0 /* seconds that requests under way have to end after SIGTERM */

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

/* load: what --token-file and --tls-* name, at the start and at each SIGHUP. What cannot be read changes nothing. */
static int load(struct http_server *server, const struct opts *o, struct vx_error *err)
{
	int status = o->tls_cert ? tls_load(o->tls_cert, o->tls_key, err) : VX_OK;
	struct tokens *tokens = status == VX_OK && o->token_file ? tokens_load(o->token_file, err) : NULL;
	if (status == VX_OK && o->token_file && !tokens)
		status = err->status;
	if (!o->common.quiet && tokens && tokens_open_secret(tokens))
		vx_say("warning: %s: others may read it, and it holds tokens as they are: see --hash-token",
			o->token_file);
	if (!o->common.quiet && status == VX_OK && o->tls_key && tls_key_open(o->tls_key))
		vx_say("warning: %s: others may read the key", o->tls_key);
	if (tokens)
		http_tokens(server, tokens);
	return status;
}

/* exposed: what the address, the tokens and TLS together leave open. */
static void exposed(const struct http_server *server, const struct opts *o)
{
	if (vx_host_is_loopback(server->address))
		return;
	if (!o->token_file && !strcmp(o->environment, "production"))
		vx_die(VX_EUSAGE, "a production deployment on %s wants --token-file: whoever reaches it could write",
			server->address);
	if (o->common.quiet)
		return;
	if (!o->token_file)
		vx_say("warning: whoever reaches this address may write: see --token-file");
	else if (!o->tls_cert)
		vx_say("warning: tokens travel in plain HTTP: see --tls-cert, or let a proxy speak TLS");
}

static void listening(const struct http_server *server)
{
	bool v6 = strchr(server->address, ':');
	vx_say("listening on %s://%s%s%s:%u", server->tls ? "https" : "http", v6 ? "[" : "", server->address,
		v6 ? "]" : "", http_port(server));
}

/* wait_for_end: SIGHUP reads files again, the others end. */
static void wait_for_end(struct http_server *server, const struct opts *o, const sigset_t *signals)
{
	int sig;
	while (sigwait(signals, &sig) == 0 && sig == SIGHUP) {
		struct vx_error err = VX_ERROR_INIT;
		access_reopen(server->access);
		if (load(server, o, &err) != VX_OK) {
			vx_message(&err);
			vx_say("SIGHUP: what was read before stays in use");
		} else if (!o->common.quiet) {
			vx_say("SIGHUP: read again");
		}
	}
}

/* serve: from the open database to the end of the last request. */
static int serve(struct http_server *server, const struct opts *o, const sigset_t *signals)
{
	struct vx_error err = VX_ERROR_INIT;
	if (http_start(server, &err) != VX_OK)
		return fail(&err);
	if (!o->common.quiet)
		listening(server);
	wait_for_end(server, o, signals);
	/* A second signal ends the process at once; the database stays consistent even so. */
	signal(SIGHUP, SIG_IGN);
	pthread_sigmask(SIG_UNBLOCK, signals, NULL);
	if (http_stop(server, GRACE))
		return 0;
	vx_say("what was under way has not ended within %.0f s: it is given up", GRACE);
	_exit(vx_exit_status(VX_EUNREACHABLE)); /* a worker still holds the database: nothing is closed under it */
}

/* restore: with --restore. A signal ends it at once, as a kill would: run again, it goes on. */
static int restore(struct app *app, const struct opts *o, const sigset_t *signals)
{
	struct restore_options how = { .file = o->restore,
		.subset = o->subset,
		.production = !strcmp(o->environment, "production"),
		.quiet = o->common.quiet };
	if (!o->restore)
		return VX_OK;
	pthread_sigmask(SIG_UNBLOCK, signals, NULL);
	int status = restore_run(app->store, app->model, &how);
	pthread_sigmask(SIG_BLOCK, signals, NULL);
	return status;
}

/* run: with the database open. */
static int run(struct http_server *server, const struct opts *o, const sigset_t *signals)
{
	struct vx_error err = VX_ERROR_INIT;
	struct app app = { .environment = o->environment };
	struct vx_model *model = vx_model_load(&err);
	app.model = model;
	server->app = &app;
	if (!model || !(app.store = store_open(o->db, model, &err))) {
		vx_model_free(model);
		return fail(&err);
	}
	int status = vx_exit_status(restore(&app, o, signals));
	if (status == 0 && !o->restore_only)
		status = serve(server, o, signals);
	store_close(app.store);
	vx_model_free(model);
	return status;
}

static void signals_block(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, signals, NULL); /* before any thread begins: all inherit it */
	signal(SIGPIPE, SIG_IGN);
}

static unsigned workers(void)
{
	int n = 2 * vx_cpus();
	return (unsigned)(n < 4 ? 4 : n > 32 ? 32 : n);
}

/* prepare: all that can fail before the database is touched. */
static int prepare(struct http_server *server, const struct opts *o)
{
	struct vx_error err = VX_ERROR_INIT;
	exposed(server, o);
	if (!server->limits.workers)
		server->limits.workers = workers();
	file_limit(&server->limits);
	server->tls = o->tls_cert;
	if (load(server, o, &err) != VX_OK)
		return fail(&err);
	if ((o->access_log || server->verbose) && !(server->access = access_open(o->access_log, &err)))
		return fail(&err);
	return 0;
}

int main(int argc, char **argv)
{
	struct opts o = { .listen = "127.0.0.1:8420",
		.environment = "dev",
		.limits = { .body = 64u << 20, .connections = 2000, .queue = 512, .idle = 60, .request = 600 } };
	sigset_t signals;
	vx_progname_set("vx-serve");
	options_parse(argc, argv, &o);
	struct http_server server = { .limits = o.limits,
		.verbose = o.common.verbose > 0,
		.tokens_lock = PTHREAD_RWLOCK_INITIALIZER,
		.begin = routes_begin,
		.answer = routes_answer };
	char *address = vx_strdup(o.listen);
	split_address(address, &server);
	signals_block(&signals);
	int status = prepare(&server, &o);
	if (status == 0)
		status = run(&server, &o, &signals);
	access_close(server.access);
	tokens_free(server.tokens);
	tls_free();
	free(address);
	return status;
}
