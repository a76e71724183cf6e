/* vx-scan: its options, checked before anything is read. argv -> struct opts.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "vx_json.h"

#include "scan.h"

static const char usage[] =
	"usage: vx-scan [OPTION...] DIR|FILE...\n"
	"Writes a record for each image below the folders, in the order of their paths.\n"
	"\n"
	"  -p, --pattern PATTERN keep paths that match, capture {names} ('{patient}/{study}_{n:[0-9]+}.nii.gz');\n"
	"                        may be repeated: the first one that matches counts\n"
	"      --explain         say for each file that matches no pattern which one is nearest, and why it failed\n"
	"  -k, --kind LIST       image (default), all, or a list of nifti analyze img dicom json csv xlsx mha bval "
	"bvec other\n"
	"      --id TEMPLATE     the identifier (default volume/{rel}); {captures}, {rel}, {dir}, {name}, {root}\n"
	"  -s, --set KEY=VALUE   set a field; VALUE may use the same names\n"
	"      --set KEY:=JSON   set a field to a JSON value\n"
	"  -x, --exclude GLOB    leave out files and whole folders; without '/' held against the name alone\n"
	"  -L, --follow          follow symbolic links\n"
	"      --hash            add the SHA-256 of each file\n"
	"      --newer WHEN      only files changed after WHEN: a file, or a date such as 2026-01-31 or "
	"2026-01-31T12:00:00Z\n"
	"      --quiet-for TIME  leave out files changed less than TIME ago (seconds, or 90s 5m 2h): still being "
	"written\n"
	"      --shard I/N       only the I-th of N parts (1/N to N/N), split by path, always in the same way\n"
	"      --shard-by TEMPLATE  split by this instead: '{patient}' keeps a patient's files in one "
	"part\n" VX_OPT_HELP;

enum { IMAGES = 1 << VX_KIND_NIFTI | 1 << VX_KIND_ANALYZE };
enum { OPT_EXPLAIN = VX_OPT_OWN, OPT_ID, OPT_HASH, OPT_NEWER, OPT_QUIET_FOR, OPT_SHARD, OPT_SHARD_BY };

static const struct option longs[] = {
	{ "pattern", required_argument, NULL, 'p' },
	{ "explain", no_argument, NULL, OPT_EXPLAIN },
	{ "kind", required_argument, NULL, 'k' },
	{ "id", required_argument, NULL, OPT_ID },
	{ "set", required_argument, NULL, 's' },
	{ "exclude", required_argument, NULL, 'x' },
	{ "follow", no_argument, NULL, 'L' },
	{ "hash", no_argument, NULL, OPT_HASH },
	{ "newer", required_argument, NULL, OPT_NEWER },
	{ "quiet-for", required_argument, NULL, OPT_QUIET_FOR },
	{ "shard", required_argument, NULL, OPT_SHARD },
	{ "shard-by", required_argument, NULL, OPT_SHARD_BY },
	VX_OPT_COMMON,
	{ 0 },
};

static void add_text(struct texts *t, const char *option, const char *text)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_pattern *p = vx_pattern_new(text, &err);

	if (!p)
		vx_die(VX_EUSAGE, "%s: %s", option, err.reason);
	vx_pattern_free(p);
	t->list = vx_realloc(t->list, (t->n + 1) * sizeof *t->list);
	t->list[t->n++] = text;
}

static unsigned parse_kinds(const char *list)
{
	unsigned kinds = 0;

	for (const char *p = list; *p;) {
		size_t n = strcspn(p, ",");
		int kind = vx_kind_find(p, n);
		if (n == 3 && memcmp(p, "all", 3) == 0)
			kinds |= (1u << VX_KINDS) - 1;
		else if (n == 5 && memcmp(p, "image", 5) == 0)
			kinds |= IMAGES;
		else if (kind >= 0)
			kinds |= 1u << kind;
		else
			vx_die(VX_EUSAGE, "--kind: '%.*s' is no kind", (int)n, p);
		p += n + (p[n] == ',');
	}
	if (!kinds)
		vx_die(VX_EUSAGE, "--kind: empty");
	return kinds;
}

/* Fields whose values are identifiers: a name that goes into one is encoded. */
static bool is_identifier_field(const char *key)
{
	return strcmp(key, "parent_identifier") == 0 || strcmp(key, "reference_mri") == 0;
}

static void add_setting(struct opts *o, const char *text)
{
	static const char *const own[] = { "identifier", "path_nii", "path_json", "_file", "_match" };
	const char *equals = strchr(text, '=');
	struct vx_error err = VX_ERROR_INIT;
	struct setting s = { 0 };
	struct vx_json *json;
	struct vx_buf printed = VX_BUF_INIT;

	if (!equals || equals == text || (equals == text + 1 && *text == ':'))
		vx_die(VX_EUSAGE, "--set: '%s' is neither KEY=VALUE nor KEY:=JSON", text);
	s.key = vx_strndup(text, (size_t)(equals - text) - (equals[-1] == ':'));
	for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
		if (strcmp(s.key, own[i]) == 0)
			vx_die(VX_EUSAGE, "--set: %s is not to be set%s", s.key, i ? "" : " (use --id)");
	for (size_t i = 0; i < o->n_settings; i++)
		if (strcmp(s.key, o->settings[i].key) == 0)
			vx_die(VX_EUSAGE, "--set: %s is set twice", s.key);
	if (!vx_utf8_valid(text, strlen(text)))
		vx_die(VX_EUSAGE, "--set: %s is not UTF-8", s.key);
	if (equals[-1] == ':') {
		if (vx_json_parse(equals + 1, strlen(equals + 1), &json, &err) != VX_OK)
			vx_die(VX_EUSAGE, "--set: %s: %s", s.key, err.reason);
		vx_json_print(json, &printed);
		vx_json_free(json);
		s.json = printed.data;
	} else {
		s.value = vx_template_new(equals + 1, &err);
		s.is_identifier = is_identifier_field(s.key);
		if (!s.value)
			vx_die(VX_EUSAGE, "--set: %s: %s", s.key, err.reason);
	}
	o->settings = vx_realloc(o->settings, (o->n_settings + 1) * sizeof *o->settings);
	o->settings[o->n_settings++] = s;
}

/* The names that a template may use: what a file always has, and what any pattern captures. */
static const char *known_name(void *arg, const char *name)
{
	static const char *const always[] = { "rel", "dir", "name", "root" };
	const struct texts *patterns = arg;
	bool known = false;

	for (size_t i = 0; i < 4; i++)
		known |= strcmp(name, always[i]) == 0;
	for (size_t i = 0; i < patterns->n && !known; i++) {
		struct vx_pattern *p = vx_pattern_new(patterns->list[i], NULL);
		for (size_t j = 0; j < vx_pattern_names(p); j++)
			known |= strcmp(name, vx_pattern_name(p, j)) == 0;
		vx_pattern_free(p);
	}
	return known ? "x" : NULL;
}

static void check_template(const struct opts *o, const char *option, const struct vx_template *t)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_buf out = VX_BUF_INIT;

	if (t && vx_template_expand(t, known_name, (void *)&o->patterns, false, &out, &err) != VX_OK)
		vx_die(VX_EUSAGE, "%s: {%s} is captured by no pattern", option, err.field);
	vx_buf_free(&out);
}

/* A file's time, or a date: 2026-01-31, 2026-01-31T12:00[:00][Z|+01:00]; without a zone it is UTC. */
static struct timespec parse_newer(const char *arg)
{
	struct tm tm = { 0 }, zone = { 0 };
	struct stat st;
	const char *p;

	if (stat(arg, &st) == 0)
		return st.st_mtim;
	p = strptime(arg, "%Y-%m-%d", &tm);
	if (p && (*p == 'T' || *p == ' ')) {
		const char *time = p + 1;
		p = strptime(time, "%H:%M:%S", &tm);
		if (!p)
			p = strptime(time, "%H:%M", &tm);
	}
	if (p && *p == 'Z' && !p[1])
		p++;
	else if (p && *p)
		p = strptime(p, "%z", &zone);
	if (!p || *p)
		vx_die(VX_EUSAGE, "--newer: '%s' is neither a file nor a date", arg);
	return (struct timespec){ .tv_sec = timegm(&tm) - zone.tm_gmtoff };
}

static void parse_shard(struct opts *o, const char *arg)
{
	const char *slash = strchr(arg, '/');
	char *first;

	if (!slash)
		vx_die(VX_EUSAGE, "--shard: '%s' is not I/N", arg);
	first = vx_strndup(arg, (size_t)(slash - arg));
	o->shards = vx_opt_number("--shard", slash + 1, 1, 1000000);
	o->shard = vx_opt_number("--shard", first, 1, o->shards);
	free(first);
}

static void parse_template(struct vx_template **t, const char *option, const char *arg)
{
	struct vx_error err = VX_ERROR_INIT;

	vx_template_free(*t);
	*t = vx_template_new(arg, &err);
	if (!*t)
		vx_die(VX_EUSAGE, "%s: %s", option, err.reason);
}

static void parse_option(struct opts *o, int c)
{
	switch (c) {
	case 'p':
		add_text(&o->patterns, "--pattern", optarg);
		break;
	case OPT_EXPLAIN:
		o->explain = true;
		break;
	case 'k':
		o->kinds = parse_kinds(optarg);
		break;
	case OPT_ID:
		parse_template(&o->id, "--id", optarg);
		break;
	case 's':
		add_setting(o, optarg);
		break;
	case 'x':
		add_text(&o->excludes, "--exclude", optarg);
		break;
	case 'L':
		o->follow = true;
		break;
	case OPT_HASH:
		o->hash = true;
		break;
	case OPT_NEWER:
		o->newer = parse_newer(optarg);
		o->has_newer = true;
		break;
	case OPT_QUIET_FOR:
		o->quiet_for = vx_opt_seconds("--quiet-for", optarg);
		break;
	case OPT_SHARD:
		parse_shard(o, optarg);
		break;
	case OPT_SHARD_BY:
		parse_template(&o->shard_by, "--shard-by", optarg);
		break;
	default:
		vx_opt_common(c, usage, &o->common);
	}
}

void scan_parse_args(int argc, char **argv, struct opts *o)
{
	struct timespec now;
	int c;

	o->kinds = IMAGES;
	while ((c = getopt_long(argc, argv, "p:k:s:x:L" VX_OPT_SHORT, longs, NULL)) != -1)
		parse_option(o, c);
	if (optind == argc)
		vx_die(VX_EUSAGE, "which folder? try 'vx-scan --help'");
	check_template(o, "--id", o->id);
	check_template(o, "--shard-by", o->shard_by);
	for (size_t i = 0; i < o->n_settings; i++)
		check_template(o, "--set", o->settings[i].value);
	if (o->explain && !o->patterns.n)
		vx_die(VX_EUSAGE, "--explain: there is no --pattern");
	if (o->shard_by && !o->shards)
		vx_die(VX_EUSAGE, "--shard-by: there is no --shard");
	clock_gettime(CLOCK_REALTIME, &now);
	o->started = (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void scan_free_opts(struct opts *o)
{
	for (size_t i = 0; i < o->n_settings; i++) {
		free(o->settings[i].key);
		free(o->settings[i].json);
		vx_template_free(o->settings[i].value);
	}
	free(o->settings);
	free(o->patterns.list);
	free(o->excludes.list);
	vx_template_free(o->id);
	vx_template_free(o->shard_by);
}
