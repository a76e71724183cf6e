/* options: the command line of vx-upload -> struct upload. SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "upload.h"

static const char usage[] =
	"usage: vx-upload --to URL [OPTION]... [FILE]...\n"
	"Puts the local files that records name into a store and replaces each path by the URL.\n"
	"\n"
	"      --to URL          the store: file:///folder or s3://bucket[/prefix] (default: $VX_STORE)\n"
	"      --group NAME      put everything below NAME, named without the identifier's type\n"
	"      --field PATH      a field that names local files: a path, or an object or list of paths; may be given\n"
	"                        several times, and dotted; \".\" is the whole record (default: path_nii and "
	"path_json)\n"
	"      --key TEMPLATE    the object's name below --to and --group (default: {name}{suffix} with\n"
	"                        --group, {identifier}{suffix} without)\n"
	"      --on-conflict reject|update\n"
	"                        what to do when the store has other content under the key (default: reject)\n"
	"      --sidecars clean|as-is\n"
	"                        what leaves of a JSON sidecar (path_json, and any .json): a copy with the keys that\n"
	"                        the allow-list names, or the file as it is, with the names and dates of birth that\n"
	"                        it may hold (default: clean)\n"
	"      --allow FILE      the list of keys that a copy keeps (default: sidecar.json of the share folder)\n"
	"      --phi warn|reject what to do with an image (or a sidecar as it is) in which something may tell who the\n"
	"                        patient is: its header, extensions, gzip's names (default: warn)\n"
	"      --journal FILE    keep there what the store has: what is in it is not asked for again\n"
	"      --trust-times     with --journal: do not read a file again whose inode, size and times are the same\n"
	"      --abort-stale AGE abort uploads in parts below --to that began AGE ago (12h, 2d) or earlier and did "
	"not\n"
	"                        end, print a line each, and read no records\n"
	"      --verify[=full]   upload nothing, print a line an object: = the store has it, + it does not, * it has\n"
	"                        other content, - only the store has it (with --mirror), ! cannot be told; full\n"
	"                        reads all objects back\n"
	"      --orphans         upload nothing, print url and size of the objects below --to that no record names\n"
	"      --dry-run         upload nothing, print what would be: one line a file\n"
	"      --retry-for TIME  go on trying when the store is overloaded or away (default: 60s)\n"
	"      --connections N   requests to an S3 store at once (default: 16)\n"
	"      --part-size SIZE  send larger files to an S3 store in parts of this size (default: files from 64M on, "
	"in\n"
	"                        parts of 16M, or what makes at most 10,000 parts)\n"
	"      --limit-rate RATE bytes a second to an S3 store, as 500K, 20M, 1G (default: no limit)\n"
	"      --ca-file FILE    the certificates that an S3 store is checked against (default: AWS_CA_BUNDLE, else\n"
	"                        the system's)\n"
	"      --endpoint URL    of the S3 store (default: as the AWS tools find it)\n"
	"      --insecure-http   allow an http:// endpoint on another machine\n"
	"      --rewrite MAP     send nothing: replace each path by the URL that MAP (lines with path and url) has for "
	"it\n"
	"      --map-root DIR=URL\n"
	"                        send nothing: a path below DIR has the same way below URL; may be given several "
	"times\n"
	"      --mirror DIR      put every file below DIR under the same path into the store; print a line a file:\n"
	"                        path, url, size, sha256, status\n"
	"  -x, --exclude GLOB    with --mirror: leave out files and whole folders; without '/' held against the name "
	"alone\n"
	"      --include GLOB    with --mirror: only files that match, in the same way, or a folder above them\n"
	"  -L, --follow          with --mirror: follow symbolic links\n"
	"      --delete-extra    with --mirror: delete what the store has and DIR has not, when all else is done\n"
	"      --max-delete N    with --delete-extra: delete nothing where that would be more than N objects\n"
	"      --api URL         refuse when this API is a production deployment (default: $VX_API)\n"
	"      --production      do not refuse\n" VX_OPT_HELP_JOBS("16 for s3://, 8 for file://");

void upload_add_field(struct upload *o, const char *field)
{
	if (o->n_fields == FIELDS_MAX)
		vx_die(VX_EUSAGE, "--field: more than %d", FIELDS_MAX);
	o->fields[o->n_fields++] = field;
}

enum {
	TO = VX_OPT_OWN,
	GROUP,
	KEY,
	ENDPOINT,
	API,
	ALLOW,
	JOURNAL,
	CA_FILE,
	MAP,
	MIRROR,
	TEXTS,
	FIELD = TEXTS,
	CONFLICT,
	DRY_RUN,
	RETRY,
	INSECURE,
	PRODUCTION,
	SIDECARS,
	PHI,
	TRUST,
	CONNECTIONS,
	LIMIT_RATE,
	PART_SIZE,
	ROOT,
	STALE,
	VERIFY,
	ORPHANS,
	INCLUDE,
	DELETE_EXTRA,
	MAX_DELETE
};
/* The value of an option that takes one of two words; true for the second. */
static bool second_of(const char *option, const char *first, const char *second)
{
	if (strcmp(optarg, first) != 0 && strcmp(optarg, second) != 0)
		vx_die(VX_EUSAGE, "%s: '%s' is neither %s nor %s", option, optarg, first, second);
	return strcmp(optarg, second) == 0;
}

static void add_text(struct texts *t, const char *option)
{
	if (t->n == GLOBS_MAX)
		vx_die(VX_EUSAGE, "%s: more than %d", option, GLOBS_MAX);
	t->list[t->n++] = optarg;
}

/* What is said of a folder tree; false: c is no option of these. */
static bool tree_option(int c, struct upload *o)
{
	switch (c) {
	case 'x':
		add_text(&o->excludes, "--exclude");
		return true;
	case INCLUDE:
		add_text(&o->includes, "--include");
		return true;
	case 'L':
		o->follow = true;
		return true;
	case DELETE_EXTRA:
		o->delete_extra = true;
		return true;
	case MAX_DELETE:
		o->max_delete = vx_opt_number("--max-delete", optarg, 0, LLONG_MAX);
		return true;
	default:
		return false;
	}
}

void upload_options(int argc, char **argv, struct upload *o)
{
	static const struct option longs[] = { { "to", required_argument, NULL, TO },
		{ "group", required_argument, NULL, GROUP }, { "field", required_argument, NULL, FIELD },
		{ "key", required_argument, NULL, KEY }, { "on-conflict", required_argument, NULL, CONFLICT },
		{ "sidecars", required_argument, NULL, SIDECARS }, { "phi", required_argument, NULL, PHI },
		{ "allow", required_argument, NULL, ALLOW }, { "journal", required_argument, NULL, JOURNAL },
		{ "rewrite", required_argument, NULL, MAP }, { "map-root", required_argument, NULL, ROOT },
		{ "trust-times", no_argument, NULL, TRUST }, { "dry-run", no_argument, NULL, DRY_RUN },
		{ "retry-for", required_argument, NULL, RETRY }, { "endpoint", required_argument, NULL, ENDPOINT },
		{ "insecure-http", no_argument, NULL, INSECURE }, { "api", required_argument, NULL, API },
		{ "production", no_argument, NULL, PRODUCTION },
		{ "connections", required_argument, NULL, CONNECTIONS },
		{ "limit-rate", required_argument, NULL, LIMIT_RATE },
		{ "part-size", required_argument, NULL, PART_SIZE }, { "abort-stale", required_argument, NULL, STALE },
		{ "verify", optional_argument, NULL, VERIFY }, { "orphans", no_argument, NULL, ORPHANS },
		{ "ca-file", required_argument, NULL, CA_FILE }, { "mirror", required_argument, NULL, MIRROR },
		{ "exclude", required_argument, NULL, 'x' }, { "include", required_argument, NULL, INCLUDE },
		{ "follow", no_argument, NULL, 'L' }, { "delete-extra", no_argument, NULL, DELETE_EXTRA },
		{ "max-delete", required_argument, NULL, MAX_DELETE }, VX_OPT_COMMON, { 0 } };
	/* In the order of the enum. */
	const char **const texts[] = { &o->to, &o->group, &o->key, &o->endpoint, &o->api, &o->allow, &o->journal,
		&o->ca_file, &o->map, &o->tree };
	int c;
	while ((c = getopt_long(argc, argv, "x:L" VX_OPT_SHORT, longs, NULL)) != -1) {
		switch (c) {
		case FIELD:
			upload_add_field(o, optarg);
			break;
		case CONFLICT:
			o->update = second_of("--on-conflict", "reject", "update");
			break;
		case SIDECARS:
			o->as_is = second_of("--sidecars", "clean", "as-is");
			break;
		case PHI:
			o->phi_reject = second_of("--phi", "warn", "reject");
			break;
		case DRY_RUN:
			o->dry_run = true;
			break;
		case RETRY:
			o->retry_for = vx_opt_seconds("--retry-for", optarg);
			break;
		case CONNECTIONS:
			o->connections = (int)vx_opt_number("--connections", optarg, 1, 256);
			break;
		case LIMIT_RATE:
			o->limit_rate = (uint64_t)vx_opt_bytes("--limit-rate", optarg);
			break;
		case PART_SIZE:
			o->part_size = (uint64_t)vx_opt_bytes("--part-size", optarg);
			if (o->part_size == 0 || o->part_size > VX_STORE_PART_MAX)
				vx_die(VX_EUSAGE, "--part-size: '%s' is not in 1 to 5G", optarg);
			break;
		case STALE:
			o->abort_stale = true;
			o->stale_age = vx_opt_seconds("--abort-stale", optarg);
			break;
		case VERIFY:
			if (optarg && strcmp(optarg, "full") != 0)
				vx_die(VX_EUSAGE, "--verify: '%s' is not full", optarg);
			o->verify = true;
			o->verify_full = o->verify_full || optarg;
			break;
		case ORPHANS:
			o->orphans = true;
			break;
		case INSECURE:
			o->insecure_http = true;
			break;
		case ROOT:
			if (o->n_roots == ROOTS_MAX)
				vx_die(VX_EUSAGE, "--map-root: more than %d", ROOTS_MAX);
			o->roots[o->n_roots++] = optarg;
			break;
		case TRUST:
			o->trust_times = true;
			break;
		case PRODUCTION:
			o->production = true;
			break;
		default:
			if (c >= TO && c < TEXTS)
				*texts[c - TO] = optarg;
			else if (!tree_option(c, o))
				vx_opt_common(c, usage, &o->common);
		}
	}
}
