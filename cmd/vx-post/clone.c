/* clone: a deployment becomes the twin of a back-up. What is refused because something else is still in its way goes into a
 * file, and is sent again once all others are in. refused records -> further passes, until they no longer help
 * SPDX-License-Identifier: MIT
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "post.h"

#define LATER_WINDOW (16 << 20) /* records that change places have to be in one request */
#define LATER_BATCH 20000
#define LATER_BATCH_BYTES (8 << 20)

bool clone_defer(struct post *p, const struct item *it, enum status s)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_buf b = VX_BUF_INIT;
	const char *text;
	int status;

	if (!p->o->clone || p->later.final || (s != INVALID && s != ORPHAN))
		return false;
	if (p->later.fd < 0)
		p->later.fd = vx_temp_open(&err);
	status = p->later.fd < 0 ? VX_EIO : item_text(p, it, &b, &text, &err);
	if (status == VX_OK)
		status = vx_write_all(p->later.fd, text, it->len, &err);
	if (status == VX_OK)
		status = vx_write_all(p->later.fd, "\n", 1, &err);
	vx_buf_free(&b);
	if (status != VX_OK) {
		post_stop(p, &err);
		return false;
	}
	p->later.n++;
	return true;
}

static bool going(const struct post *p)
{
	return !p->stop && !*p->o->api.stop && !vx_run_failed(p->run);
}

/* Sends what is in the file; what is refused once more is in a new one then, or has its result. */
static void again(struct post *p, bool final, void (*pass)(struct post *p, char **files))
{
	int fd = p->later.fd;
	char path[32], *files[] = { path, NULL };

	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	p->later = (struct later){ .fd = -1, .again = true, .final = final };
	window_free(p->window);
	p->window = window_new(LATER_WINDOW);
	p->ended = p->paused = p->held = p->starved = false;
	pass(p, files);
	close(fd);
}

void clone_settle(struct post *p, void (*pass)(struct post *p, char **files))
{
	struct opts passes = *p->o;
	const struct opts *own = p->o;
	long before = LONG_MAX;

	passes.batch = LATER_BATCH;
	passes.batch_bytes = LATER_BATCH_BYTES;
	p->o = &passes;
	while (p->later.n > 0 && going(p)) {
		bool helps = p->later.n < before || (p->missing && missing_delete(p->missing) > 0) ||
			     (p->missing && missing_aside(p->missing) > 0);

		before = p->later.n;
		again(p, !helps, pass);
	}
	p->o = own;
	p->unsent += p->later.n;
	if (p->later.fd >= 0)
		close(p->later.fd);
	p->later = (struct later){ .fd = -1 };
}

const char *clone_part(const struct post *p)
{
	const char *only = p->backup ? vx_backup_only(p->backup) : NULL;

	return only && (!p->o->subset || strcmp(only, p->o->subset) != 0) ? only : NULL;
}

/* How many resources the deployment has: all, or those of a datasource. -1: it cannot be told. */
static long stock(const struct post *p)
{
	struct vx_api_link *link = vx_api_connect(p->api);
	struct vx_error err = VX_ERROR_INIT;
	struct vx_api_answer answer;
	struct vx_json *j = NULL;
	int64_t n = -1, part;

	if (vx_api_get(link, "stats", NULL, NULL, &answer, &err) == VX_OK &&
		vx_json_parse(answer.body, answer.len, &j, NULL) == VX_OK && vx_json_type(j) == VX_OBJECT) {
		const struct vx_json *list = vx_json_get(j, "datasources");
		vx_json_get_int(j, "total", &n);
		for (size_t i = 0; p->o->subset && vx_json_type(list) == VX_ARRAY && i < vx_json_size(list); i++) {
			const struct vx_json *one = vx_json_at(list, i);
			const char *name = vx_json_str(one, "identifier");
			struct vx_json_iter it = vx_json_begin(vx_json_get(one, "collections"));
			if (!name || strcmp(name, p->o->subset) != 0)
				continue;
			for (n = 0; vx_json_next(&it);)
				if (vx_json_as_int(it.value, &part))
					n += part;
		}
	}
	vx_json_free(j);
	vx_api_disconnect(link);
	return (long)n;
}

void clone_extra(struct post *p)
{
	long ours = p->counts[CREATED] + p->counts[UNCHANGED] + p->counts[UPDATED], there;

	/* What was refused may be there or not: then nobody knows how many are beyond. Of a part it means nothing. */
	if (p->o->dry_run || ours == 0 || ours < p->in || clone_part(p) || !going(p))
		return;
	there = stock(p);
	if (there > ours)
		vx_say("%s has %ld resource%s that the back-up has not: --delete-missing would delete them",
			vx_api_url(p->api), there - ours, there - ours == 1 ? "" : "s");
}
