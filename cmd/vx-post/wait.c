/* wait: an API that is away or busy -> one line when that lasts, one when it is over, progress meanwhile, and fewer
 * requests at once. SPDX-License-Identifier: MIT
 */
#include "post.h"

#define WORTH_A_LINE 2 /* seconds: shorter ones are nobody's concern */

static void say(struct post *p, const char *text)
{
	if (p->o->common.quiet)
		return;
	vx_buf_add(&p->job.messages, text, strlen(text) + 1);
	result_emit(p);
}

static void begins(struct post *p, const struct vx_http_wait *w, double now)
{
	char text[1024];

	if (w->paused < p->waits.over) /* it has not heard yet */
		return;
	if (!p->waits.why[0])
		p->waits.since = w->since;
	snprintf(p->waits.why, sizeof(p->waits.why), "%s", w->why);
	p->waits.give_up = w->give_up;
	vx_pace_slow(&p->pace, w->paused, now);
	if (!p->waits.told && now - p->waits.since >= WORTH_A_LINE) {
		p->waits.told = true;
		snprintf(text, sizeof(text), "%s is %s (%s): it is tried again for %.0f s", vx_api_url(p->api),
			w->busy ? "busy" : "away", w->why, w->give_up - w->since);
		say(p, text);
	}
	vx_run_tick(p->run);
}

void wait_over(struct post *p)
{
	double now = vx_now();
	char text[1024];

	if (!p->waits.why[0])
		return;
	if (p->waits.told) {
		snprintf(
			text, sizeof(text), "%s answers again, after %.0f s", vx_api_url(p->api), now - p->waits.since);
		say(p, text);
	}
	p->waits = (struct waits){ .over = now };
}

void wait_told(void *post, const struct vx_http_wait *w)
{
	struct post *p = post;

	pthread_mutex_lock(&p->lock);
	if (w)
		begins(p, w, vx_now());
	else
		wait_over(p);
	pthread_mutex_unlock(&p->lock);
}

void wait_show(struct vx_buf *b, double seconds, void *post)
{
	const struct post *p = post;
	double now = vx_now();

	(void)seconds;
	if (p->waits.why[0])
		vx_buf_printf(b, ", waiting for the API (%s), %.0f s of %.0f", p->waits.why, now - p->waits.since,
			p->waits.give_up - p->waits.since);
}
