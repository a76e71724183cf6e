/* vx-post: creates resources through the vxData API, in batches, what they refer to first; again = no change.
 * resources -> one result a resource, in input order.
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "post.h"
#include "vx_signal.h"

#define NO_NDJSON_AFTER 100 /* lines, none of them JSON: then the stream is none */
#define JOBS_DEFAULT 4
#define STOP_CHECK_MS 100
#define AHEAD 3 /* batches */

/* Whether a signal asked to begin no further batch. */
static bool interrupted(const struct post *p)
{
	return *p->o->api.stop != 0;
}

static int connections(const struct opts *o)
{
	return o->common.jobs ? o->common.jobs : JOBS_DEFAULT;
}

struct threads {
	pthread_t *list;
	int n;
};

static bool cut_short(struct post *p)
{
	bool stop;

	pthread_mutex_lock(&p->lock);
	if (interrupted(p) || vx_run_failed(p->run))
		post_stop(p, NULL);
	stop = p->stop;
	pthread_mutex_unlock(&p->lock);
	return stop;
}

/* Waits until there is input; what waits for a fuller batch is sent meanwhile. False: the run is cut short. */
static bool wait_for_input(struct post *p, struct vx_reader *r)
{
	if (vx_reader_ready(r, p->o->linger_ms))
		return !interrupted(p);
	pthread_mutex_lock(&p->lock);
	result_emit(p);
	p->paused = true;
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->lock);
	while (!vx_reader_ready(r, STOP_CHECK_MS))
		if (cut_short(p))
			return false;
	pthread_mutex_lock(&p->lock);
	p->paused = false;
	pthread_mutex_unlock(&p->lock);
	return !interrupted(p);
}

/* Whether there is enough to send: reading far ahead only pays when what is there waits for what is not. */
static bool enough(const struct post *p)
{
	return window_full(p->window) || (window_waiting(p->window) >= AHEAD * p->o->batch && !p->starved);
}

static bool wait_for_room(struct post *p)
{
	bool stop;

	pthread_mutex_lock(&p->lock);
	p->news++;
	while (enough(p) && !p->stop && !interrupted(p)) {
		struct timespec until;
		p->held = true;
		pthread_cond_broadcast(&p->work);
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec++;
		pthread_cond_timedwait(&p->space, &p->lock, &until);
	}
	p->held = false;
	if (p->news == p->o->batch)
		pthread_cond_signal(&p->work);
	stop = p->stop;
	pthread_mutex_unlock(&p->lock);
	return !stop;
}

static void reject_line(struct post *p, const struct vx_error *why, const char *line, size_t len, bool json)
{
	struct vx_json *value = NULL;
	struct vx_record rec = { .line = line, .len = len, .job = &p->job };
	struct vx_error err = *why;

	if (json && vx_json_parse(line, len, &value, NULL) == VX_OK) {
		struct vx_error where = VX_ERROR_INIT;
		if (vx_provenance(value, &where))
			vx_error_at(&err, where.file, where.row);
	}
	rec.json = value;
	pthread_mutex_lock(&p->lock);
	vx_reject(&rec, &err);
	p->rejected++;
	result_emit(p);
	pthread_mutex_unlock(&p->lock);
	vx_json_free(value);
}

/* The first resource is there: whether the API takes it is asked now, not before. No input, no request. */
static bool start_senders(struct post *p, struct threads *t)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_api_state state;
	int jobs = connections(p->o), status;

	if (t->list)
		return true;
	t->list = vx_alloc((size_t)jobs * sizeof(pthread_t));
	status = vx_api_check(p->api, journal_newest(p), &state, &err);
	pthread_mutex_lock(&p->lock);
	if (status == VX_OK)
		journal_begin(p, &state);
	else
		post_stop(p, &err);
	pthread_mutex_unlock(&p->lock);
	if (status != VX_OK)
		return false;
	while (t->n < jobs && pthread_create(&t->list[t->n], NULL, sender, p) == 0)
		t->n++;
	if (t->n == 0)
		vx_die(VX_EMEM, "cannot start a thread");
	return true;
}

/* Whether a line is a record to be sent; of a clone the back-up says so. An error: it is one that cannot be. */
static int is_record(struct post *p, struct vx_slice line, struct vx_error *err)
{
	static const char end[] = "{\"_end\":";

	if (p->later.again)
		return VX_BACKUP_TAKE;
	if (p->backup)
		return vx_backup_line(p->backup, line.text, line.len, err);
	return line.len < sizeof(end) - 1 || memcmp(line.text, end, sizeof(end) - 1) != 0;
}

/* One line into the window. False: the run is over. */
static bool take_line(
	struct post *p, struct intake *in, struct threads *t, struct vx_slice line, const char *name, long row)
{
	struct vx_error err = VX_ERROR_INIT;
	bool json = true;
	int status = is_record(p, line, &err);

	if (status == VX_BACKUP_SKIP)
		return true;
	p->in += !p->later.again;
	if (p->journal && !start_senders(p, t))
		return false;
	if (p->journal && journal_line(p, line.text, line.len))
		return !cut_short(p);
	if (status == VX_BACKUP_TAKE)
		status = intake_line(in, line.text, line.len, name, row, &json, &err);
	if (status == VX_OK)
		return start_senders(p, t) && wait_for_room(p);
	vx_error_at(&err, name, row);
	if (status != VX_EREJECT) {
		pthread_mutex_lock(&p->lock);
		vx_run_note(p->run, err.status);
		pthread_mutex_unlock(&p->lock);
	}
	p->malformed += !json;
	reject_line(p, &err, line.text, line.len, json);
	return p->malformed < p->in || p->in < NO_NDJSON_AFTER;
}

/* One file's lines. False: the run is over. */
static bool read_file(struct post *p, struct intake *in, struct threads *t, const char *name)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_reader *r = vx_reader_open(name, &err);
	bool going = true;
	char *line;
	size_t len;
	long row = 0;
	int got = r ? 0 : VX_EIO;

	while (r && going && (going = wait_for_input(p, r)) && (got = vx_reader_line(r, &line, &len, &err)) == 1) {
		row++;
		if (strspn(line, " \t\r") < len)
			going = take_line(p, in, t, (struct vx_slice){ line, len }, name, row);
	}
	vx_reader_close(r);
	if (got < 0) {
		vx_message(&err);
		pthread_mutex_lock(&p->lock);
		vx_run_note(p->run, VX_EIO);
		pthread_mutex_unlock(&p->lock);
	}
	return going;
}

static void put_summary(const struct post *p, struct vx_buf *b, double seconds)
{
	long out = 0;

	for (int s = 0; s <= FAILED; s++)
		out += p->counts[s];
	vx_buf_printf(b, "%ld records in, %ld out, %ld rejected", p->in, out, p->rejected);
	for (int s = 0; s < STATUSES; s++)
		if (p->counts[s])
			vx_buf_printf(b, ", %ld %s", p->counts[s], status_name((enum status)s));
	if (p->unsent)
		vx_buf_printf(b, ", %ld not sent", p->unsent);
	if (p->o->subset)
		vx_buf_printf(b, ", %ld outside of %s", vx_backup_skipped(p->backup), p->o->subset);
	if (p->warnings)
		vx_buf_printf(b, ", %ld warning%s", p->warnings, p->warnings == 1 ? "" : "s");
	if (p->local_urls)
		vx_buf_printf(
			b, ", %ld file:// URL%s of this machine only", p->local_urls, p->local_urls == 1 ? "" : "s");
	if (p->remembered)
		vx_buf_printf(b, ", %ld known from the journal", p->remembered);
	if (p->o->dry_run)
		vx_buf_puts(b, ", dry run: nothing was written");
	vx_buf_printf(b, ", %.1f s", seconds);
}

static void read_all(struct post *p, char **files)
{
	static char dash[] = "-";
	char *only_stdin[] = { dash, NULL };
	struct intake *in = intake_new(p);
	struct threads t = { NULL, 0 };

	for (char **f = *files ? files : only_stdin; *f && read_file(p, in, &t, *f); f++)
		continue;
	pthread_mutex_lock(&p->lock);
	p->ended = true;
	if (interrupted(p))
		post_stop(p, NULL);
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->lock);
	while (t.n > 0)
		pthread_join(t.list[--t.n], NULL);
	free(t.list);
	intake_free(in);
}

static int finish(struct post *p, double started)
{
	struct vx_buf summary = VX_BUF_INIT;
	char text[6000];
	long changed = -p->counts[UNCHANGED];
	int status;

	result_rest(p);
	journal_close(p);
	if (p->table) {
		table_end(p->table, &p->job.out);
		(void)!vx_run_commit(p->run, &p->job);
	}
	if (p->error.reason[0]) {
		vx_error_format(&p->error, text, sizeof(text));
		vx_buf_add(&p->job.messages, text, strlen(text) + 1);
		result_emit(p);
	}
	if (p->unanswered > 0 && p->error.status == VX_EUNREACHABLE)
		vx_say("no answer for %ld of the %ld records that were read: run it again, what is there stays",
			p->unanswered, p->in);
	if (p->in > 0 && p->malformed == p->in) {
		vx_say("the input is no NDJSON: none of its %sline%s is a JSON object", p->in == 1 ? "only " : "first ",
			p->in == 1 ? "" : "s");
		vx_run_note(p->run, VX_EDATA);
	}
	if (p->too_narrow && p->counts[ORPHAN] > 0)
		vx_say("what orphans refer to may have come too late: a larger --window, or a second run, may help");
	for (int s = 0; s < STATUSES; s++)
		changed += p->counts[s];
	if (p->o->expect_unchanged && changed > 0) {
		vx_say("expected no change: %ld of %ld results are not unchanged", changed,
			changed + p->counts[UNCHANGED]);
		vx_run_note(p->run, VX_EREJECT);
	}
	put_summary(p, &summary, vx_now() - started);
	status = vx_run_end(p->run, summary.data);
	vx_buf_free(&summary);
	return status;
}

/* What the run has to remember, all of it in temporary files. */
static int open_sets(struct post *p, struct vx_error *err)
{
	const struct opts *o = p->o;

	if (o->dry_run && !(p->planned = vx_idset_new(err)))
		return VX_EIO;
	if ((o->update || o->update_fields.len || o->clone) && !(p->said = vx_idset_new(err)))
		return VX_EIO;
	if (o->clone && !(p->backup = vx_backup_new(o->subset, err)))
		return VX_EIO;
	if (!o->delete_missing)
		return VX_OK;
	p->named = vx_idset_new(err);
	p->missing = p->named ? missing_new(p, err) : NULL;
	return p->missing ? VX_OK : VX_EIO;
}

static int open_all(struct post *p, struct vx_error *err)
{
	const struct opts *o = p->o;
	int status;

	if (!(p->api = vx_api_new(&o->api, err)) || !(p->model = vx_model_load(err)))
		return err->status;
	fields_check(p->model, &o->update_fields, "--update");
	fields_check(p->model, &o->fill_fields, "--fill");
	status = open_sets(p, err);
	if (status == VX_OK && o->journal)
		status = journal_open(p, err);
	if (status != VX_OK)
		return status;
	p->run = vx_run_new(&o->common, err);
	p->job.run = p->run;
	p->table = o->table ? table_new(p->model, o->common.verbose > 0) : NULL;
	return p->run ? VX_OK : VX_EIO;
}

static void close_all(struct post *p)
{
	journal_close(p);
	vx_job_free(&p->job);
	window_free(p->window);
	table_free(p->table);
	missing_free(p->missing);
	vx_backup_free(p->backup);
	vx_idset_free(p->named);
	vx_idset_free(p->planned);
	vx_idset_free(p->said);
	vx_spill_free(p->spill);
	vx_model_free(p->model);
	vx_api_free(p->api);
}

/* What the end of the input brings: records that others were in the way of, and what it does not name. */
static void settle(struct post *p)
{
	if (p->o->clone)
		clone_settle(p, read_all);
	if (p->missing)
		missing_end(p->missing);
	else if (p->o->clone)
		clone_extra(p);
}

int main(int argc, char **argv)
{
	struct opts o = { .api = { .retry_for = 60, .stop = vx_signal_catch() },
		.batch = 250,
		.batch_bytes = 256 << 10,
		.window = 4 << 20,
		.linger_ms = 50,
		.confirm = -1 };
	struct post p = { .o = &o,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.work = PTHREAD_COND_INITIALIZER,
		.space = PTHREAD_COND_INITIALIZER,
		.later.fd = -1,
		.error = VX_ERROR_INIT };
	struct vx_error err = VX_ERROR_INIT;
	double started = vx_now();
	int status;

	vx_progname_set("vx-post");
	/* Memory that one thread gave back serves the other too, and large buffers go back to the system. */
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_THRESHOLD, 256 << 10);
	options_read(argc, argv, &o);
	o.api.waiting = wait_told;
	o.api.waiting_arg = &p;
	p.pace = vx_pace_new(connections(&o), 0, vx_now());
	vx_run_spare_inputs(&o.common, argv + optind);
	if (open_all(&p, &err) != VX_OK) {
		vx_message(&err);
		close_all(&p);
		return vx_exit_status(err.status);
	}
	vx_run_expect(p.run, 0, wait_show, &p);
	p.window = window_new(o.window);
	read_all(&p, argv + optind);
	settle(&p);
	status = finish(&p, started);
	close_all(&p);
	vx_buf_free(&o.update_fields);
	vx_buf_free(&o.fill_fields);
	vx_signal_pass_on();
	return status;
}
