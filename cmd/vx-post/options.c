/* options: the command line of vx-post. argv -> struct opts
 * SPDX-License-Identifier: MIT
 */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "post.h"

#define LINGER_MOST 86400 /* seconds: in milliseconds they are an int */

static const char usage[] =
	"usage: vx-post [OPTION...] [FILE...]\n"
	"Creates the resources of FILE... (default: stdin) through the vxData API: in batches, parents and references\n"
	"first, one result a resource on stdout. What is there already, with the same content, is left unchanged.\n"
	"\n"
	"      --api URL             the deployment (default: $VX_API, else " VX_API_DEFAULT ")\n"
	"      --on-conflict WHAT    for a resource that is there with other content: reject (default) or update it\n"
	"      --update FIELD,...    update a resource that differs in none but these fields\n"
	"      --fill FIELD,...      these fields may be known later: null there is filled in, null here changes "
	"nothing\n"
	"      --dry-run[=table]     ask what would become of each resource; nothing is written (table: told to a "
	"person)\n"
	"      --delete-missing      delete what lies --within and the input does not name: tells how many, unless "
	"confirmed\n"
	"      --within IDENTIFIER   ... below this resource\n"
	"      --confirm N           ... when it is exactly N\n"
	"      --clone               make a dev deployment the twin of a back-up (an export)\n"
	"      --subset DATASOURCE   ... of this datasource and all below it only\n"
	"      --expect-unchanged    exit with 1 unless every result is \"unchanged\"\n"
	"      --production          allow a production deployment\n"
	"      --batch N             resources a request at most (default 250)\n"
	"      --batch-bytes SIZE    bytes of JSON a request at most (default 256K)\n"
	"      --window SIZE         how much may wait for what it refers to (default 4M)\n"
	"      --linger TIME         how long an unfilled batch waits for more input (default 50ms)\n"
	"      --retry-for TIME      how long to go on trying an API that does not answer (default 60s)\n"
	"      --journal FILE        remember in FILE what is there; what has not changed since is not sent again\n"
	"      --wait-for-api TIME   how long to wait for the API to be there at all (default: as --retry-for)\n"
	"      --gzip, --no-gzip     compress request bodies, or do not (default: unless the API is on this machine)\n"
	"  -j, --jobs N              connections (default 4)\n"
	"      --rejects FILE        write records that did not go in to FILE, with the reason\n"
	"      --progress            show progress even when stderr is no terminal\n"
	"      --no-progress         never show it\n"
	"  -q, --quiet               no progress, no summary\n"
	"  -v, --verbose             say more\n"
	"      --version             print the version\n"
	"  -h, --help                print this help\n"
	"\n"
	"A token is read from $VX_TOKEN, or from the file that $VX_TOKEN_FILE names.\n";

enum {
	OPT_API = VX_OPT_OWN,
	OPT_ON_CONFLICT,
	OPT_UPDATE,
	OPT_FILL,
	OPT_DRY_RUN,
	OPT_DELETE_MISSING,
	OPT_WITHIN,
	OPT_CONFIRM,
	OPT_CLONE,
	OPT_SUBSET,
	OPT_EXPECT_UNCHANGED,
	OPT_PRODUCTION,
	OPT_BATCH,
	OPT_BATCH_BYTES,
	OPT_WINDOW,
	OPT_LINGER,
	OPT_JOURNAL,
	OPT_RETRY_FOR,
	OPT_WAIT_FOR_API,
	OPT_GZIP,
	OPT_NO_GZIP
};

static const char *identifier(const char *option, const char *text)
{
	const char *why = vx_identifier_check(text, strlen(text));

	if (why)
		vx_die(VX_EUSAGE, "%s: '%s' is no identifier: %s", option, text, why);
	return text;
}

/* What cannot be asked for together. */
static void check_deletion(const struct opts *o, int files)
{
	if (o->delete_missing && !o->clone && !o->within)
		vx_die(VX_EUSAGE, "--delete-missing: below what? say --within IDENTIFIER");
	if (o->within && (!o->delete_missing || o->clone))
		vx_die(VX_EUSAGE, "--within goes with --delete-missing, and not with --clone");
	if (o->confirm >= 0 && !o->delete_missing)
		vx_die(VX_EUSAGE, "--confirm goes with --delete-missing");
	if (o->journal && (o->clone || o->delete_missing))
		vx_die(VX_EUSAGE,
			"--journal: --clone and --delete-missing look at all that is there, and go without it");
	if (o->subset && (!o->clone || strncmp(o->subset, "datasource/", 11) != 0))
		vx_die(VX_EUSAGE, "--subset names a datasource/..., and goes with --clone");
	if (o->clone && (o->update || o->update_fields.len || o->fill_fields.len))
		vx_die(VX_EUSAGE, "--clone replaces what is there: it goes without --on-conflict, --update and --fill");
	if (o->clone && files > 1)
		vx_die(VX_EUSAGE, "--clone reads one back-up, not %d files", files);
}

void options_read(int argc, char **argv, struct opts *o)
{
	static const struct option longs[] = { { "api", required_argument, NULL, OPT_API },
		{ "on-conflict", required_argument, NULL, OPT_ON_CONFLICT },
		{ "update", required_argument, NULL, OPT_UPDATE }, { "fill", required_argument, NULL, OPT_FILL },
		{ "dry-run", optional_argument, NULL, OPT_DRY_RUN },
		{ "delete-missing", no_argument, NULL, OPT_DELETE_MISSING },
		{ "within", required_argument, NULL, OPT_WITHIN }, { "confirm", required_argument, NULL, OPT_CONFIRM },
		{ "clone", no_argument, NULL, OPT_CLONE }, { "subset", required_argument, NULL, OPT_SUBSET },
		{ "expect-unchanged", no_argument, NULL, OPT_EXPECT_UNCHANGED },
		{ "production", no_argument, NULL, OPT_PRODUCTION }, { "batch", required_argument, NULL, OPT_BATCH },
		{ "batch-bytes", required_argument, NULL, OPT_BATCH_BYTES },
		{ "window", required_argument, NULL, OPT_WINDOW }, { "linger", required_argument, NULL, OPT_LINGER },
		{ "retry-for", required_argument, NULL, OPT_RETRY_FOR },
		{ "journal", required_argument, NULL, OPT_JOURNAL },
		{ "wait-for-api", required_argument, NULL, OPT_WAIT_FOR_API }, { "gzip", no_argument, NULL, OPT_GZIP },
		{ "no-gzip", no_argument, NULL, OPT_NO_GZIP }, VX_OPT_COMMON, { NULL, 0, NULL, 0 } };
	int c;

	while ((c = getopt_long(argc, argv, VX_OPT_SHORT, longs, NULL)) != -1) {
		switch (c) {
		case OPT_API:
			o->api.url = optarg;
			break;
		case OPT_ON_CONFLICT:
			o->update = strcmp(optarg, "update") == 0;
			if (!o->update && strcmp(optarg, "reject") != 0)
				vx_die(VX_EUSAGE, "--on-conflict: '%s' is neither reject nor update", optarg);
			break;
		case OPT_UPDATE:
			fields_add(&o->update_fields, "--update", optarg);
			break;
		case OPT_FILL:
			fields_add(&o->fill_fields, "--fill", optarg);
			break;
		case OPT_DRY_RUN:
			o->dry_run = true;
			o->table = optarg && strcmp(optarg, "table") == 0;
			if (optarg && !o->table && strcmp(optarg, "ndjson") != 0)
				vx_die(VX_EUSAGE, "--dry-run: '%s' is neither table nor ndjson", optarg);
			break;
		case OPT_DELETE_MISSING:
			o->delete_missing = true;
			break;
		case OPT_WITHIN:
			o->within = identifier("--within", optarg);
			break;
		case OPT_CONFIRM:
			o->confirm = (long)vx_opt_number("--confirm", optarg, 0, LONG_MAX);
			break;
		case OPT_CLONE:
			o->clone = true;
			break;
		case OPT_SUBSET:
			o->subset = identifier("--subset", optarg);
			break;
		case OPT_EXPECT_UNCHANGED:
			o->expect_unchanged = true;
			break;
		case OPT_PRODUCTION:
			o->api.production = true;
			break;
		case OPT_BATCH:
			o->batch = (size_t)vx_opt_number("--batch", optarg, 1, 100000);
			break;
		case OPT_BATCH_BYTES:
			o->batch_bytes = (size_t)vx_opt_bytes("--batch-bytes", optarg);
			break;
		case OPT_WINDOW:
			o->window = (size_t)vx_opt_bytes("--window", optarg);
			break;
		case OPT_LINGER:
			o->linger_ms = (int)(fmin(vx_opt_seconds("--linger", optarg), LINGER_MOST) * 1000);
			break;
		case OPT_RETRY_FOR:
			o->api.retry_for = vx_opt_seconds("--retry-for", optarg);
			break;
		case OPT_JOURNAL:
			o->journal = optarg;
			break;
		case OPT_WAIT_FOR_API:
			o->api.wait_for = vx_opt_seconds("--wait-for-api", optarg);
			break;
		case OPT_GZIP:
			o->api.gzip = VX_API_GZIP;
			break;
		case OPT_NO_GZIP:
			o->api.gzip = VX_API_PLAIN;
			break;
		default:
			vx_opt_common(c, usage, &o->common);
		}
	}
	check_deletion(o, argc - optind);
	o->api.dev_only = o->clone || o->delete_missing;
}
