/* stale: --abort-stale. Uploads in parts that began long ago and did not end -> a line of NDJSON each, and aborted.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "upload.h"
#include "vx_utf8.h"

struct stale {
	const struct upload *o;
	struct vx_run *run;
	long ended, failed;
};

static void take(void *arg, const char *key, int64_t began, enum vx_stale how, const struct vx_error *why)
{
	static const char *const names[] = { "stale", "aborted", "gone", "failed" };
	struct stale *s = arg;
	struct vx_json *line = vx_json_object();
	struct vx_buf text = VX_BUF_INIT;
	char initiated[40];
	vx_time_rfc3339(began, 0, initiated);
	vx_store_object_url(s->o->store, key, &text);
	if (!vx_utf8_valid(text.data, text.len))
		vx_utf8_mend(text.data); /* another program's */
	vx_json_set_str(line, "url", text.data);
	vx_json_set_str(line, "initiated", initiated);
	vx_json_set_str(line, "status", names[how]);
	if (why) {
		struct vx_error at = *why;
		vx_error_at(&at, text.data, 0);
		vx_run_reject(s->run, &at, line);
		s->failed++;
	} else {
		vx_buf_clear(&text);
		vx_json_print(line, &text);
		vx_buf_putc(&text, '\n');
		vx_run_out(s->run, text.data, text.len, 1);
		s->ended++;
	}
	vx_buf_free(&text);
	vx_json_free(line);
}

int upload_abort_stale(const struct upload *o, char **files)
{
	struct vx_error err = VX_ERROR_INIT;
	struct stale s = { .o = o };
	char summary[120];
	if (!o->store)
		vx_die(VX_EUSAGE, "--abort-stale: needs a store, not --rewrite or --map-root");
	if (files[0])
		vx_die(VX_EUSAGE, "--abort-stale: reads no records: %s", files[0]);
	s.run = vx_run_new(&o->common, &err);
	if (!s.run)
		vx_die(err.status, "%s", err.reason);
	int status = vx_store_abort_stale(o->store, o->stale_age, take, &s, &err);
	if (status != VX_OK) {
		vx_message(&err);
		vx_run_note(s.run, status);
	}
	snprintf(summary, sizeof(summary), "uploads: %ld %s, %ld failed", s.ended, o->dry_run ? "stale" : "aborted",
		s.failed);
	return vx_run_end(s.run, summary);
}
