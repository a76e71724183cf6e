/* emit: a patient's tree -> specimen and assessment resources, what is referred to always in front.
 * SPDX-License-Identifier: MIT
 */
#include "pathology.h"

void put_text(struct vx_buf *b, const char *key, const char *text, size_t len)
{
	vx_json_put_string(b, key, strlen(key));
	vx_buf_putc(b, ':');
	vx_json_put_string(b, text, len);
}

/* Members behind others. */
void put_string(struct vx_buf *b, const char *key, const char *text)
{
	if (!text || !*text)
		return;
	vx_buf_putc(b, ',');
	put_text(b, key, text, strlen(text));
}

void put_number(struct vx_buf *b, const char *key, double v)
{
	if (isnan(v))
		return;
	vx_buf_puts(b, ",\"");
	vx_buf_puts(b, key);
	vx_buf_puts(b, "\":");
	vx_json_put_double(b, v);
}

/* Nothing where n is below min: not said. */
static void put_int(struct vx_buf *b, const char *key, long n, long min)
{
	if (n < min)
		return;
	vx_buf_puts(b, ",\"");
	vx_buf_puts(b, key);
	vx_buf_puts(b, "\":");
	vx_json_put_int(b, n);
}

static void put_flag(struct vx_buf *b, const char *key, int flag)
{
	if (flag < 0)
		return;
	vx_buf_puts(b, ",\"");
	vx_buf_puts(b, key);
	vx_buf_puts(b, flag ? "\":true" : "\":false");
}

/* Identifiers hold nothing that JSON would escape. */
static void put_identifier(struct vx_buf *b, const char *key, const char *type, struct vx_slice name)
{
	vx_buf_putc(b, '"');
	if (key) {
		vx_buf_puts(b, key);
		vx_buf_puts(b, "\":\"");
	}
	vx_buf_puts(b, type);
	vx_buf_putc(b, '/');
	vx_buf_add(b, name.text, name.len);
	vx_buf_putc(b, '"');
}

void put_begin(struct tool *t, const char *type, struct vx_slice name, const char *parent_type, struct vx_slice parent)
{
	struct vx_buf *b = &t->out;

	vx_buf_clear(b);
	vx_buf_putc(b, '{');
	put_identifier(b, "identifier", type, name);
	vx_buf_putc(b, ',');
	put_identifier(b, "parent_identifier", parent_type, parent);
	put_string(b, "license", t->map->license);
}

/* Where the record came from, with the column where there is one; whose it is. */
void put_end(struct tool *t, struct vx_job *job, const struct patient *p, const struct row *row, vx_column column)
{
	struct vx_buf *b = &t->out;

	vx_buf_puts(b, ",\"_source\":{");
	if (row->source.len > 2) {
		vx_buf_add(b, row->source.text + 1, row->source.len - 2);
	} else {
		put_text(b, "file", row->file, strlen(row->file));
		vx_buf_printf(b, ",\"row\":%ld", row->number);
	}
	if (column != VX_NO_COLUMN) {
		vx_buf_putc(b, ',');
		put_text(b, "column", t->map->columns[column], strlen(t->map->columns[column]));
	}
	vx_buf_puts(b, "},\"_patient\":\"");
	vx_buf_add(b, p->identifier.text, p->identifier.len);
	vx_buf_puts(b, "\"}");
	vx_emit_bytes(job, b->data, b->len);
}

/* other_data of parts that are JSON members already; nothing where all are empty. */
void put_other(struct vx_buf *b, const struct vx_slice *parts, size_t n)
{
	bool first = true;

	for (size_t i = 0; i < n; i++) {
		if (!parts[i].len)
			continue;
		vx_buf_puts(b, first ? ",\"other_data\":{" : ",");
		first = false;
		vx_buf_add(b, parts[i].text, parts[i].len);
	}
	if (!first)
		vx_buf_putc(b, '}');
}

static void put_place(struct vx_buf *b, const struct vx_place *place)
{
	put_flag(b, "is_systematic", place->is_systematic);
	put_flag(b, "is_targeted", place->is_targeted);
	for (enum vx_term i = VX_TERM_SIDE; i < VX_PLACE_FIELDS; i++)
		put_string(b, vx_term_name(i), place->value[i]);
}

static void emit_specimen(struct tool *t, struct vx_job *job, const struct patient *p, const struct workup *w,
	const struct part *c, struct vx_slice parent)
{
	struct vx_buf *b = &t->out;

	put_begin(t, "specimen", c->name, "specimen", parent);
	put_string(b, "type", c->type ? c->type : w->part.type);
	vx_buf_puts(b, ",\"is_summary\":false,\"is_event_root\":false");
	put_string(b, "date", c->date);
	put_place(b, &c->place);
	put_number(b, "core_length", c->core_length);
	put_other(b, &c->specimen_other, 1);
	put_end(t, job, p, c->row, VX_NO_COLUMN);
}

/* What is known of a grade and fits no field, as members of other_data. */
static void put_grade_notes(struct vx_buf *b, const struct vx_grade *g)
{
	bool first = true;

	if (g->state == VX_AMBIGUOUS) {
		vx_buf_puts(b, "\"isup_candidates\":[");
		for (int i = 0; i <= 5; i++) {
			if (!(g->candidates >> i & 1))
				continue;
			vx_buf_printf(b, first ? "%d" : ",%d", i);
			first = false;
		}
		vx_buf_putc(b, ']');
	}
	if (g->derived && g->primary)
		vx_buf_puts(b, b->len ? ",\"patterns_derived\":true" : "\"patterns_derived\":true");
	if (g->warning)
		put_member(b, "warning", slice(g->warning));
}

static void put_grade(struct vx_buf *b, const struct vx_grade *g)
{
	put_int(b, "gleason_primary", g->primary, 1);
	put_int(b, "gleason_secondary", g->secondary, 1);
	put_int(b, "gleason_tertiary", g->tertiary, 1);
	put_int(b, "isup", g->isup, 0);
}

/* The assessment of a component, or of a workup that has none: read, not derived. */
static void emit_reading(struct tool *t, struct vx_job *job, const struct patient *p, const struct part *c,
	struct vx_slice name, const struct aggregate *counts)
{
	struct vx_buf *b = &t->out;
	struct vx_slice other[4];

	vx_buf_clear(&t->scratch);
	put_grade_notes(&t->scratch, &c->grade);
	if (c->disagrees.len)
		vx_buf_printf(&t->scratch, "%s\"disagrees\":{%.*s}", t->scratch.len ? "," : "", (int)c->disagrees.len,
			c->disagrees.text);
	put_begin(t, "assessment", name, "specimen", name);
	if (counts)
		put_int(b, "affected_cores", counts->affected_cores, 0);
	put_string(b, "cancer_type", c->grade.state == VX_AMBIGUOUS ? "tumor" : c->grade.cancer_type);
	put_grade(b, &c->grade);
	put_number(b, "cancer_length", c->cancer_length);
	put_number(b, "percent_cancer", c->percent_cancer);
	if (c->assessor.len) {
		vx_buf_putc(b, ',');
		put_text(b, "assessor", c->assessor.text, c->assessor.len);
	}
	put_string(b, "date", c->assessed);
	other[0] = (struct vx_slice){ t->scratch.data, t->scratch.len };
	other[1] = c->assessment_other;
	other[2] = c->source;
	put_other(b, other, 3);
	put_end(t, job, p, c->row, c->graded_by);
}

/* What an aggregate does not know, as members of other_data. */
static void put_sum_notes(struct vx_buf *b, const struct aggregate *a)
{
	const struct vx_grade g = { .state = VX_AMBIGUOUS, .candidates = a->candidates };
	int isup = aggregate_isup(a);

	if (a->candidates && !a->rejected)
		put_grade_notes(b, &g);
	if (isup < 0 && a->rejected && aggregate_at_least(a) > 0)
		vx_buf_printf(b, "%s\"isup_at_least\":%d", b->len ? "," : "", aggregate_at_least(a));
	if (isup > 0 && !a->rejected && a->worst.derived && a->worst.primary)
		vx_buf_printf(b, "%s\"patterns_derived\":true", b->len ? "," : "");
	if (a->not_assessed || a->ungraded || a->rejected)
		vx_buf_printf(b, "%s\"components\":%ld", b->len ? "," : "", a->components);
	if (a->ungraded)
		vx_buf_printf(b, ",\"ungraded\":%ld", a->ungraded);
	if (a->not_assessed)
		vx_buf_printf(b, ",\"not_assessed\":%ld", a->not_assessed);
	if (a->rejected)
		vx_buf_printf(b, ",\"rejected_rows\":%ld", a->rejected);
}

/* The assessment of a summary: derived from those below it. */
static void emit_sum(struct tool *t, struct vx_job *job, const struct patient *p, struct vx_slice name,
	const struct aggregate *a, const struct row *row, const struct vx_slice *below, size_t n_below, size_t stride)
{
	struct vx_buf *b = &t->out;
	struct vx_slice other;
	int isup = aggregate_isup(a);

	vx_buf_clear(&t->scratch);
	put_sum_notes(&t->scratch, a);
	put_begin(t, "assessment", name, "specimen", name);
	vx_buf_puts(b, ",\"derived_from\":[");
	for (size_t i = 0; i < n_below; i++) {
		if (i)
			vx_buf_putc(b, ',');
		put_identifier(b, NULL, "assessment",
			*(const struct vx_slice *)(const void *)((const char *)below + i * stride));
	}
	vx_buf_putc(b, ']');
	put_int(b, "affected_cores", a->affected_cores, 0);
	if (!a->rejected || (a->cancer_type && strcmp(a->cancer_type, "tumor") == 0))
		put_string(b, "cancer_type", a->cancer_type);
	if (isup >= 0 && !a->rejected) {
		put_int(b, "gleason_primary", a->worst.primary, 1);
		put_int(b, "gleason_secondary", a->worst.secondary, 1);
	}
	put_int(b, "isup", isup, 0);
	other = (struct vx_slice){ t->scratch.data, t->scratch.len };
	put_other(b, &other, 1);
	put_end(t, job, p, row, VX_NO_COLUMN);
}

/* Taken by a systematic scheme, or aimed: what the workup says, else what its components are. */
static int flag_of(const struct workup *w, bool targeted)
{
	int flag = targeted ? w->part.place.is_targeted : w->part.place.is_systematic;
	size_t no = 0;

	if (flag >= 0)
		return flag;
	for (size_t i = 0; i < w->n_components; i++) {
		const struct vx_place *place = &w->components[i].place;
		int one = targeted ? place->is_targeted : place->is_systematic;

		if (one == 1)
			return 1;
		no += one == 0;
	}
	return w->n_components && no == w->n_components && !w->n_rejected ? 0 : -1;
}

/* The summary of a workup; of the only one the patient's event root as well. */
static void emit_workup(struct tool *t, struct vx_job *job, const struct patient *p, const struct workup *w,
	struct vx_slice name, bool root)
{
	struct vx_buf *b = &t->out;
	struct vx_place place = w->part.place;
	struct vx_slice other[4], notes;

	place.is_systematic = (signed char)flag_of(w, false);
	place.is_targeted = (signed char)flag_of(w, true);
	vx_buf_clear(&t->scratch);
	if (w->disagrees.len)
		vx_buf_printf(&t->scratch, "\"disagrees\":{%.*s}", (int)w->disagrees.len, w->disagrees.text);
	notes = (struct vx_slice){ t->scratch.data, t->scratch.len };
	if (root)
		put_begin(t, "specimen", name, "patient", p->name);
	else
		put_begin(t, "specimen", name, "specimen", p->root);
	put_string(b, "type", w->part.type);
	vx_buf_puts(b,
		root ? ",\"is_summary\":true,\"is_event_root\":true" : ",\"is_summary\":true,\"is_event_root\":false");
	put_string(b, "date", w->part.date);
	put_int(b, "total_cores", w->sum.total_cores, 0);
	put_place(b, &place);
	put_number(b, "core_length", w->part.core_length);
	other[0] = w->part.specimen_other;
	other[1] = notes;
	other[2] = root ? p->root_other : (struct vx_slice){ NULL, 0 };
	put_other(b, other, 3);
	put_end(t, job, p, w->part.row, VX_NO_COLUMN);
}

/* The event root above several workups. */
static void emit_root(struct tool *t, struct vx_job *job, const struct patient *p)
{
	struct vx_buf *b = &t->out;
	const char *type = p->workups[0].part.type;
	int systematic = flag_of(&p->workups[0], false), targeted = flag_of(&p->workups[0], true);

	for (size_t i = 1; i < p->n_workups; i++) {
		int s = flag_of(&p->workups[i], false), g = flag_of(&p->workups[i], true);

		if (strcmp(type, p->workups[i].part.type) != 0)
			type = "OTHER_OR_UNKNOWN";
		systematic = systematic == 1 || s == 1 ? 1 : systematic < 0 || s < 0 ? -1 : 0;
		targeted = targeted == 1 || g == 1 ? 1 : targeted < 0 || g < 0 ? -1 : 0;
	}
	if (p->n_workups != p->n_workups_seen || p->stray) { /* what was rejected may have been anything */
		type = "OTHER_OR_UNKNOWN";
		systematic = systematic == 1 ? 1 : -1;
		targeted = targeted == 1 ? 1 : -1;
	}
	put_begin(t, "specimen", p->root, "patient", p->name);
	put_string(b, "type", type);
	vx_buf_puts(b, ",\"is_summary\":true,\"is_event_root\":true");
	put_int(b, "total_cores", p->sum.total_cores, 0);
	put_flag(b, "is_systematic", systematic);
	put_flag(b, "is_targeted", targeted);
	put_other(b, &p->root_other, 1);
	put_end(t, job, p, p->workups[0].part.row, VX_NO_COLUMN);
}

static void emit_components(
	struct tool *t, struct vx_job *job, const struct patient *p, const struct workup *w, struct vx_slice parent)
{
	for (size_t i = 0; i < w->n_components; i++)
		emit_specimen(t, job, p, w, &w->components[i], parent);
	for (size_t i = 0; i < w->n_components; i++)
		emit_reading(t, job, p, &w->components[i], w->components[i].name, NULL);
}

/* The assessment of a workup: the sum of its components', or what its row says of it. */
static void emit_result(
	struct tool *t, struct vx_job *job, const struct patient *p, const struct workup *w, struct vx_slice name)
{
	if (w->n_components)
		emit_sum(t, job, p, name, &w->sum, w->part.row, &w->components[0].name, w->n_components,
			sizeof w->components[0]);
	else
		emit_reading(t, job, p, &w->part, name, &w->sum);
}

void emit_patient(struct tool *t, struct vx_job *job, struct patient *p)
{
	bool several = p->n_workups_seen > 1 || (p->stray && p->n_workups);

	if (p->n_workups == 0)
		return;
	if (several)
		emit_root(t, job, p);
	for (size_t i = 0; i < p->n_workups; i++) {
		struct workup *w = &p->workups[i];
		struct vx_slice name = several ? w->part.name : p->root;

		emit_workup(t, job, p, w, name, !several);
		emit_components(t, job, p, w, name);
		emit_result(t, job, p, w, name);
		w->part.name = name;
	}
	if (several)
		emit_sum(t, job, p, p->root, &p->sum, p->workups[0].part.row, &p->workups[0].part.name, p->n_workups,
			sizeof p->workups[0]);
}
