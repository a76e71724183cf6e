/* vx-upload: puts the local files that records name into a store, once and verified, and names them by URL instead.
 * records with local paths -> the same records with URLs. SPDX-License-Identifier: MIT */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "upload.h"
#include "vx_api.h"
#include "vx_signal.h"

/* Records that may be done behind a large file that is not. */
enum { WINDOW = 512 };

static void *worker_new(void *arg)
{
	struct upload *o = arg;
	return o->rewrite ? NULL : vx_store_connect(o->store);
}

static void worker_free(void *worker)
{
	vx_store_disconnect(worker);
}

static void summary(struct vx_buf *b, void *arg)
{
	const struct upload *o = arg;
	if (o->rewrite)
		return;
	if (o->verify) {
		verify_summary(o, b);
		return;
	}
	vx_buf_puts(b, "; files:");
	for (int i = 0; i < 3; i++)
		vx_buf_printf(b, "%s %ld %s",
			i            ? ","
			: o->dry_run ? " (dry run)"
				     : "",
			atomic_load(&o->files[i]), upload_status_names[i]);
	long bytes = atomic_load(&o->bytes[VX_STORED_CREATED]) + atomic_load(&o->bytes[VX_STORED_UPDATED]);
	vx_buf_printf(b, ", %.1f MB %s", (double)bytes / 1e6, o->dry_run ? "to store" : "stored");
	const unsigned long sent = atomic_load(&o->parts_sent), kept = atomic_load(&o->parts_kept);
	if (sent + kept > 0)
		vx_buf_printf(b, "; parts: %lu sent, %lu there from before", sent, kept);
	mirror_summary(o->mirror, b);
	sidecars_summary(o->sidecars, b);
	const long personal = atomic_load(&o->personal);
	if (personal > 0)
		vx_buf_printf(b, "; %ld %s with what may be personal", personal, personal == 1 ? "file" : "files");
}

/* What has been sent to an S3 store so far; of files copied into a folder, those that are done. */
static void progress(struct vx_buf *b, double seconds, void *arg)
{
	const struct upload *o = arg;
	if (o->verify) {
		verify_summary(o, b);
		return;
	}
	double bytes = (double)vx_store_sent(o->store);
	if (bytes <= 0)
		bytes = (double)(atomic_load(&o->bytes[VX_STORED_CREATED]) + atomic_load(&o->bytes[VX_STORED_UPDATED]));
	vx_buf_printf(b, ", %.1f MB, %.1f MB/s", bytes / 1e6, bytes / 1e6 / (seconds > 0 ? seconds : 1));
}

/* Ends the process where what was asked for cannot be. */
static void set_up(struct upload *o)
{
	struct vx_error err = VX_ERROR_INIT;
	const char *why = o->group ? vx_store_key_check(o->group) : NULL;
	if (!o->to || !*o->to)
		vx_die(VX_EUSAGE, "no store: give --to URL, or set VX_STORE");
	if (why)
		vx_die(VX_EUSAGE, "--group: '%s' %s", o->group, why);
	o->names = vx_store_key_new(o->key, o->group, &err);
	if (!o->names)
		vx_die(VX_EUSAGE, "--key: %s", err.reason);
	struct vx_store_options store = { .url = o->to,
		.update = o->update,
		.dry_run = o->dry_run || o->verify || o->orphans,
		.endpoint = o->endpoint,
		.retry_for = o->retry_for,
		.insecure_http = o->insecure_http,
		.journal = o->verify || o->orphans ? NULL : o->journal, /* the store itself is asked */
		.trust_times = o->trust_times,
		.stop = o->stop,
		.ca_file = o->ca_file,
		.connections = o->connections,
		.limit_rate = o->limit_rate,
		.part_size = o->part_size };
	if (o->trust_times && !o->journal)
		vx_die(VX_EUSAGE, "--trust-times: needs --journal FILE to remember times in");
	o->rules = vx_phi_load(NULL, &err);
	o->sidecars = o->as_is || !o->rules ? NULL : sidecars_new(o->allow, o->rules, &err);
	o->store = o->rules && (o->as_is || o->sidecars) ? vx_store_open(&store, &err) : NULL;
	if (!o->store) {
		vx_message(&err);
		exit(vx_exit_status(err.status));
	}
	const long damaged = vx_store_journal_damaged(o->store);
	if (damaged > 0)
		vx_say("%s: %ld damaged %s passed over", o->journal, damaged, damaged == 1 ? "line was" : "lines were");
}

static void check_mirror(const struct upload *o, char *const *files)
{
	const char *const of_mirrors[] = { o->excludes.n ? "--exclude" : NULL, o->includes.n ? "--include" : NULL,
		o->delete_extra ? "--delete-extra" : NULL, o->follow ? "--follow" : NULL };
	for (size_t i = 0; !o->tree && i < 4; i++)
		if (of_mirrors[i])
			vx_die(VX_EUSAGE, "%s: needs --mirror DIR", of_mirrors[i]);
	if (o->delete_extra && o->verify)
		vx_die(VX_EUSAGE, "--delete-extra: --verify changes nothing");
	if (o->delete_extra != (o->max_delete >= 0))
		vx_die(VX_EUSAGE, o->delete_extra ? "--delete-extra: needs --max-delete N"
						  : "--max-delete: needs --delete-extra");
	if (o->tree && (o->n_fields || o->key || *files || o->map || o->n_roots))
		vx_die(VX_EUSAGE,
			"--mirror: reads no records, and so takes neither files nor --field, --key, --rewrite "
			"or --map-root");
}

static void set_up_mirror(struct upload *o, struct vx_filter *f)
{
	struct vx_error err = VX_ERROR_INIT;
	o->mirror = mirror_new(o, &err);
	if (!o->mirror) {
		vx_message(&err);
		exit(vx_exit_status(err.status));
	}
	f->source = o->verify ? mirror_verify_source : mirror_source;
	f->record = o->verify ? mirror_verify_record : mirror_record;
	f->finish = mirror_finish;
	f->lossy = f->lossy || o->delete_extra;
	f->noun = o->verify ? "objects" : "files";
}

static void set_up_rewriting(struct upload *o)
{
	struct vx_error err = VX_ERROR_INIT;
	if (o->dry_run || o->journal)
		vx_die(VX_EUSAGE, "%s: nothing is sent with --rewrite or --map-root",
			o->dry_run ? "--dry-run" : "--journal");
	o->rewrite = rewrite_new(o->map, o->roots, o->n_roots, &err);
	if (!o->rewrite) {
		vx_message(&err);
		exit(vx_exit_status(err.status));
	}
}

static void check_modes(const struct upload *o)
{
	static const char *const names[] = { "--rewrite or --map-root", "--mirror", "--abort-stale", "--verify",
		"--orphans" };
	/* A mirror can be verified. */
	const bool asked[] = { o->map || o->n_roots, o->tree && !o->verify, o->abort_stale, o->verify, o->orphans };
	const char *first = NULL;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (asked[i] && first)
			vx_die(VX_EUSAGE, "%s and %s: one of the two at a time", first, names[i]);
		first = asked[i] ? names[i] : first;
	}
}

static int run(struct upload *o, char **files)
{
	struct vx_filter f = { .record = o->verify ? verify_record : upload_record,
		.worker_new = worker_new,
		.worker_free = worker_free,
		.arg = o,
		.common = &o->common,
		.parallel = true,
		.default_jobs = !o->rewrite && strncasecmp(o->to, "s3:", 3) == 0 ? 16 : 8,
		.batch_max = 1,
		.interrupted = o->stop,
		.window = WINDOW,
		.lossy = o->dry_run || o->verify,
		.summary_extra = summary,
		.progress_extra = progress };
	if (o->abort_stale)
		return upload_abort_stale(o, files);
	if (o->tree)
		set_up_mirror(o, &f);
	return o->orphans ? upload_orphans(o, files) : vx_filter_main(&f, files);
}

/* A production deployment takes no unreviewed script, and so no files of one either. */
static void check_api(const struct upload *o)
{
	struct vx_error err = VX_ERROR_INIT;
	const char *url = o->api ? o->api : getenv("VX_API");
	if (!url || !*url || o->production || o->dry_run || o->verify || o->orphans)
		return;
	struct vx_api *api =
		vx_api_new(&(struct vx_api_options){ .url = url, .retry_for = o->retry_for, .stop = o->stop }, &err);
	if (!api || vx_api_check(api, 0, NULL, &err) != VX_OK) {
		vx_message(&err);
		exit(vx_exit_status(err.status));
	}
	vx_api_free(api);
}

int main(int argc, char **argv)
{
	struct upload o = { .to = getenv("VX_STORE"), .retry_for = 60, .max_delete = -1 };
	vx_progname_set("vx-upload");
	upload_options(argc, argv, &o);
	check_mirror(&o, argv + optind);
	if (o.n_fields == 0) {
		upload_add_field(&o, "path_nii");
		upload_add_field(&o, "path_json");
	}
	check_modes(&o);
	if (!o.abort_stale && !o.orphans) /* these may end at any point */
		o.stop = vx_signal_catch();
	if (o.map || o.n_roots) {
		set_up_rewriting(&o);
	} else {
		check_api(&o);
		set_up(&o);
	}
	const int status = run(&o, argv + optind);
	if (o.common.verbose)
		sidecars_name(o.sidecars);
	mirror_free(o.mirror);
	rewrite_free(o.rewrite);
	sidecars_free(o.sidecars);
	vx_phi_free(o.rules);
	vx_store_close(o.store);
	vx_store_key_free(o.names);
	vx_signal_pass_on();
	return status;
}
