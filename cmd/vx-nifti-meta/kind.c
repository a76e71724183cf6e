/* kind: which kind of image a volume is; record, b-values and sidecar -> volume_type, and the rule that says so.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "meta.h"
#include "vx_volume_type.h"

static void put_text(struct vx_buf *b, const char *key, const char *value)
{
	vx_buf_puts(b, key);
	if (value)
		vx_json_put_string(b, value, strlen(value));
	else
		vx_buf_puts(b, "null");
}

/* Names of rules and fields, no value that a sidecar holds. */
static void put_rule(struct vx_buf *b, const struct vx_type_verdict *v)
{
	put_text(b, ",\"volume_type_rule\":{\"rule\":", v->rule);
	if (v->type) {
		put_text(b, ",\"volume_type\":", v->type);
	} else {
		put_text(b, ",\"nearest\":", v->nearest);
		put_text(b, ",\"why\":", v->why);
	}
	vx_buf_putc(b, '}');
}

const char *put_kind(struct members *m, struct worker *w, const struct opts *o, const struct beside *beside)
{
	const char *said = vx_json_str(m->rec->json, "volume_type");
	const struct vx_json *evidence[] = { m->rec->json, beside->file, beside->fields, beside->sidecar };
	struct vx_type_verdict v;
	vx_volume_type_of(o->types, evidence, sizeof(evidence) / sizeof(evidence[0]), o->explain, &v);
	if (o->explain)
		put_rule(&w->details, &v);
	if (v.type) {
		members_begin(m, "volume_type");
		vx_json_put_string(m->text, v.type, strlen(v.type));
		members_end(m);
	}
	return said ? said : v.type;
}
