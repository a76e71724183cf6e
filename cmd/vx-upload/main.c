/* vx-upload: puts the local files that records name into a store, once and verified, and names them by URL instead.
 * records with local paths -> the same records with URLs. SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "upload.h"
#include "vx_api.h"
#include "vx_filter.h"
#include "vx_store.h"
#include "vx_store_key.h"

enum { FIELDS_MAX = 32 };

struct opts {
	struct vx_common common;
	const char *to, *group, *key, *api, *endpoint, *allow;
	const char *fields[FIELDS_MAX];
	size_t n_fields;
	bool update, dry_run, production, insecure_http, as_is, phi_reject;
	double retry_for;
	/* Set up before the loop. */
	struct vx_store *store;
	struct vx_store_key *names;
	struct sidecars *sidecars; /* NULL: they go as they are */
	struct vx_phi *rules;
	atomic_long personal; /* files that leave with what may be personal */
	/* What became of the files, for the summary; VX_STORED_* is the index. */
	atomic_long files[3], bytes[3];
};

/* One field of a record whose file is in the store (or would be). */
struct done {
	const char *field;
	char *path;
	struct vx_buf url;
	struct vx_stored stored;
};

static const char *const status_names[] = { "created", "unchanged", "updated" };

static const char usage[] =
	"usage: vx-upload --to URL [OPTION]... [FILE]...\n"
	"Puts the local files that records name into a store and replaces each path by the URL.\n"
	"\n"
	"      --to URL          the store: file:///folder or s3://bucket[/prefix] (default: $VX_STORE)\n"
	"      --group NAME      put everything below NAME, named without the identifier's type\n"
	"      --field PATH      a field that names a local file; may be given several times, and dotted\n"
	"                        (default: path_nii and path_json)\n"
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
	"      --dry-run         upload nothing, print what would be: one line a file\n"
	"      --retry-for TIME  go on trying when the store is overloaded or away (default: 60s)\n"
	"      --endpoint URL    of the S3 store (default: as the AWS tools find it)\n"
	"      --insecure-http   allow an http:// endpoint on another machine\n"
	"      --api URL         refuse when this API is a production deployment (default: $VX_API)\n"
	"      --production      do not refuse\n" VX_OPT_HELP_JOBS("8");

/* Whether the record's model has the hash of its image. */
static bool has_sha256(const struct vx_record *rec)
{
	const char *identifier = vx_json_str(rec->json, "identifier");
	return identifier &&
	       (strncasecmp(identifier, "volume/", 7) == 0 || strncasecmp(identifier, "voxelmap/", 9) == 0);
}

/* Puts the file at done->path, or the cleaned copy of a sidecar. */
static int put(struct vx_record *rec, const char *field, const char *key, struct vx_store_conn *conn,
	const struct opts *o, struct done *done, struct vx_error *err)
{
	const char *want = strcmp(field, "path_nii") == 0 && has_sha256(rec) ? vx_json_str(rec->json, "sha256") : NULL;
	if (!o->sidecars || !is_sidecar(field, done->path))
		return vx_store_put(conn, key, done->path, want, &done->stored, err);
	struct vx_buf text = VX_BUF_INIT;
	struct vx_json *left_out = vx_json_array();
	bool latin1 = false;
	int status = sidecars_clean(o->sidecars, done->path, &text, left_out, &latin1, err);
	if (status == VX_OK && latin1)
		vx_warn(rec, "the sidecar is not UTF-8: read as Latin-1");
	if (status == VX_OK)
		status = vx_store_put_bytes(conn, key, text.data, text.len, want, &done->stored, err);
	if (status == VX_OK)
		sidecars_count(o->sidecars, left_out);
	vx_json_free(left_out);
	vx_buf_free(&text);
	return status;
}

/* Uploads the file of one field; done->field stays NULL when there is nothing to do. */
static int upload(struct vx_record *rec, const char *field, struct vx_store_conn *conn, const struct opts *o,
	struct done *done, struct vx_error *err)
{
	const struct vx_json *value = vx_json_path(rec->json, field);
	size_t len = 0;
	const char *text = vx_json_text(value, &len);
	struct vx_buf key = VX_BUF_INIT;
	if (!value)
		return VX_OK;
	if (!text)
		return vx_error_set(
			err, VX_EREJECT, field, "is no string but %s", vx_json_type_name(vx_json_type(value)));
	if (strlen(text) != len)
		return vx_error_set(err, VX_EREJECT, field, "holds a NUL character");
	int status = local_path(rec->json, field, text, o->store, &done->path, err);
	if (status != VX_OK || !done->path)
		return status;
	status = vx_store_key_make(o->names, rec->json, field, done->path, &key, err);
	if (status == VX_OK) {
		status = put(rec, field, key.data ? key.data : "", conn, o, done, err);
		if (status != VX_OK && err->field[0] == '\0')
			snprintf(err->field, sizeof(err->field), "%s", field);
	}
	if (status == VX_OK) {
		done->field = field;
		vx_store_object_url(o->store, key.data, &done->url);
	}
	vx_buf_free(&key);
	return status;
}

/* Replaces the member that a dotted path names; its parent is there. */
static void set_path(struct vx_json *record, const char *path, const char *value)
{
	const char *dot = strrchr(path, '.');
	if (vx_json_has(record, path) || !dot) {
		vx_json_set_str(record, path, value);
		return;
	}
	char *parent = vx_strndup(path, (size_t)(dot - path));
	vx_json_set_str(vx_json_path(record, parent), dot + 1, value);
	free(parent);
}

/* Whether set_path can: items of arrays cannot be named. */
static bool settable(const struct vx_json *record, const char *path)
{
	const char *dot = strrchr(path, '.');
	if (vx_json_has(record, path) || !dot)
		return true;
	char *parent = vx_strndup(path, (size_t)(dot - path));
	bool object = vx_json_type(vx_json_path(record, parent)) == VX_OBJECT;
	free(parent);
	return object;
}

static void emit_plan(struct vx_record *rec, const struct done *done, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!done[i].field)
			continue;
		struct vx_json *line = vx_json_object();
		vx_json_set_str(line, "identifier", vx_json_str(rec->json, "identifier"));
		vx_json_set_str(line, "field", done[i].field);
		vx_json_set_str(line, "path", vx_json_text(vx_json_path(rec->json, done[i].field), NULL));
		vx_json_set_str(line, "url", done[i].url.data);
		vx_json_set_int(line, "size", (int64_t)done[i].stored.size);
		vx_json_set_str(line, "sha256", done[i].stored.sha256);
		vx_json_set_str(line, "status", status_names[done[i].stored.how]);
		vx_emit(rec, line);
		vx_json_free(line);
	}
}

static void emit_record(struct vx_record *rec, const struct done *done, size_t n)
{
	bool changed = false;
	for (size_t i = 0; i < n; i++) {
		if (!done[i].field)
			continue;
		set_path(rec->json, done[i].field, done[i].url.data);
		if (strcmp(done[i].field, "path_nii") == 0 && has_sha256(rec) && !vx_json_str(rec->json, "sha256"))
			vx_json_set_str(rec->json, "sha256", done[i].stored.sha256);
		changed = true;
	}
	if (changed)
		vx_emit(rec, rec->json);
	else
		vx_emit_line(rec);
}

static int process(struct vx_record *rec, void *worker, void *arg, struct vx_error *err)
{
	struct opts *o = arg;
	struct done done[FIELDS_MAX] = { 0 };
	const struct vx_json *sha256 = vx_json_get(rec->json, "sha256");
	int status = VX_OK;
	if (sha256 && has_sha256(rec) && !vx_json_text(sha256, NULL))
		status = vx_error_set(err, VX_EREJECT, "sha256", "is no string");
	const struct phi_check check = { o->rules, o->store, o->sidecars != NULL, o->phi_reject };
	for (size_t i = 0; status == VX_OK && i < o->n_fields; i++)
		status = phi_check(&check, rec, o->fields[i], &o->personal, err);
	for (size_t i = 0; status == VX_OK && i < o->n_fields; i++) {
		if (!settable(rec->json, o->fields[i]) && vx_json_path(rec->json, o->fields[i]))
			status = vx_error_set(err, VX_EREJECT, o->fields[i], "is an item of a list, not a field");
		else
			status = upload(rec, o->fields[i], worker, o, &done[i], err);
	}
	if (status == VX_OK && o->dry_run)
		emit_plan(rec, done, o->n_fields);
	else if (status == VX_OK)
		emit_record(rec, done, o->n_fields);
	if (status != VX_OK && status != VX_EREJECT)
		vx_provenance(rec->json, err); /* the run ends: say where */
	for (size_t i = 0; i < o->n_fields; i++) {
		if (done[i].field) {
			atomic_fetch_add(&o->files[done[i].stored.how], 1);
			atomic_fetch_add(&o->bytes[done[i].stored.how], (long)done[i].stored.size);
		}
		free(done[i].path);
		vx_buf_free(&done[i].url);
	}
	return status;
}

static void *worker_new(void *arg)
{
	struct opts *o = arg;
	struct vx_error err = VX_ERROR_INIT;
	struct vx_store_conn *conn = vx_store_connect(o->store, &err);
	if (!conn)
		vx_die(err.status, "%s", err.reason);
	return conn;
}

static void worker_free(void *worker)
{
	vx_store_disconnect(worker);
}

static void summary(struct vx_buf *b, void *arg)
{
	const struct opts *o = arg;
	vx_buf_puts(b, "; files:");
	for (int i = 0; i < 3; i++)
		vx_buf_printf(b, "%s %ld %s",
			i            ? ","
			: o->dry_run ? " (dry run)"
				     : "",
			atomic_load(&o->files[i]), status_names[i]);
	long bytes = atomic_load(&o->bytes[VX_STORED_CREATED]) + atomic_load(&o->bytes[VX_STORED_UPDATED]);
	vx_buf_printf(b, ", %.1f MB %s", (double)bytes / 1e6, o->dry_run ? "to store" : "stored");
	sidecars_summary(o->sidecars, b);
	const long personal = atomic_load(&o->personal);
	if (personal > 0)
		vx_buf_printf(b, "; %ld %s with what may be personal", personal, personal == 1 ? "file" : "files");
}

static void add_field(struct opts *o, const char *field)
{
	if (o->n_fields == FIELDS_MAX)
		vx_die(VX_EUSAGE, "--field: more than %d", FIELDS_MAX);
	o->fields[o->n_fields++] = field;
}

/* The value of an option that takes one of two words; true for the second. */
static bool second_of(const char *option, const char *first, const char *second)
{
	if (strcmp(optarg, first) != 0 && strcmp(optarg, second) != 0)
		vx_die(VX_EUSAGE, "%s: '%s' is neither %s nor %s", option, optarg, first, second);
	return strcmp(optarg, second) == 0;
}

static void parse_args(int argc, char **argv, struct opts *o)
{
	enum {
		TO = VX_OPT_OWN,
		GROUP,
		KEY,
		ENDPOINT,
		API,
		ALLOW,
		TEXTS,
		FIELD = TEXTS,
		CONFLICT,
		DRY_RUN,
		RETRY,
		INSECURE,
		PRODUCTION,
		SIDECARS,
		PHI
	};
	static const struct option longs[] = { { "to", required_argument, NULL, TO },
		{ "group", required_argument, NULL, GROUP }, { "field", required_argument, NULL, FIELD },
		{ "key", required_argument, NULL, KEY }, { "on-conflict", required_argument, NULL, CONFLICT },
		{ "sidecars", required_argument, NULL, SIDECARS }, { "phi", required_argument, NULL, PHI },
		{ "allow", required_argument, NULL, ALLOW }, { "dry-run", no_argument, NULL, DRY_RUN },
		{ "retry-for", required_argument, NULL, RETRY }, { "endpoint", required_argument, NULL, ENDPOINT },
		{ "insecure-http", no_argument, NULL, INSECURE }, { "api", required_argument, NULL, API },
		{ "production", no_argument, NULL, PRODUCTION }, VX_OPT_COMMON, { 0 } };
	/* In the order of the enum. */
	const char **const texts[] = { &o->to, &o->group, &o->key, &o->endpoint, &o->api, &o->allow };
	int c;
	while ((c = getopt_long(argc, argv, VX_OPT_SHORT, longs, NULL)) != -1) {
		switch (c) {
		case FIELD:
			add_field(o, optarg);
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
		case INSECURE:
			o->insecure_http = true;
			break;
		case PRODUCTION:
			o->production = true;
			break;
		default:
			if (c >= TO && c < TEXTS)
				*texts[c - TO] = optarg;
			else
				vx_opt_common(c, usage, &o->common);
		}
	}
}

/* Ends the process where what was asked for cannot be. */
static void set_up(struct opts *o)
{
	struct vx_error err = VX_ERROR_INIT;
	const char *why = o->group ? vx_store_key_check(o->group) : NULL;
	if (!o->to || !*o->to)
		vx_die(VX_EUSAGE, "no store: give --to URL, or set VX_STORE");
	if (why)
		vx_die(VX_EUSAGE, "--group: '%s' %s", o->group, why);
	if (o->n_fields == 0) {
		add_field(o, "path_nii");
		add_field(o, "path_json");
	}
	o->names = vx_store_key_new(o->key, o->group, &err);
	if (!o->names)
		vx_die(VX_EUSAGE, "--key: %s", err.reason);
	struct vx_store_options store = { .url = o->to,
		.update = o->update,
		.dry_run = o->dry_run,
		.endpoint = o->endpoint,
		.retry_for = o->retry_for,
		.insecure_http = o->insecure_http };
	o->rules = vx_phi_load(NULL, &err);
	o->sidecars = o->as_is || !o->rules ? NULL : sidecars_new(o->allow, o->rules, &err);
	o->store = o->rules && (o->as_is || o->sidecars) ? vx_store_open(&store, &err) : NULL;
	if (!o->store) {
		vx_message(&err);
		exit(vx_exit_status(err.status));
	}
}

/* A production deployment takes no unreviewed script, and so no files of one either. */
static void check_api(const struct opts *o)
{
	struct vx_error err = VX_ERROR_INIT;
	const char *url = o->api ? o->api : getenv("VX_API");
	if (!url || !*url || o->production || o->dry_run)
		return;
	struct vx_api *api = vx_api_new(&(struct vx_api_options){ .url = url, .retry_for = o->retry_for }, &err);
	if (!api || vx_api_check(api, &err) != VX_OK) {
		vx_message(&err);
		exit(vx_exit_status(err.status));
	}
	vx_api_free(api);
}

int main(int argc, char **argv)
{
	struct opts o = { .to = getenv("VX_STORE"), .retry_for = 60 };
	vx_progname_set("vx-upload");
	signal(SIGPIPE, SIG_IGN); /* a reader that is gone is seen when writing to it: what is in flight is finished */
	parse_args(argc, argv, &o);
	check_api(&o);
	set_up(&o);
	struct vx_filter f = { .record = process,
		.worker_new = worker_new,
		.worker_free = worker_free,
		.arg = &o,
		.common = &o.common,
		.parallel = true,
		.default_jobs = 8,
		.batch_max = 1,
		.lossy = o.dry_run,
		.summary_extra = summary };
	int status = vx_filter_main(&f, argv + optind);
	if (o.common.verbose)
		sidecars_name(o.sidecars);
	sidecars_free(o.sidecars);
	vx_phi_free(o.rules);
	vx_store_close(o.store);
	vx_store_key_free(o.names);
	return status;
}
