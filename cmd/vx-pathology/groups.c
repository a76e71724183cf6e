/* groups: records in any order -> the rows of one patient after another. Sorted input streams; else the lines wait in a
 * file, and only where they lie is kept in memory.
 * SPDX-License-Identifier: MIT
 */
#include "pathology.h"
#include "vx_hash.h"
#include "vx_idset.h"
#include "vx_spill.h"

struct line {
	size_t at, len; /* in text */
	const char *input;
	long number;
};

/* A line that waits in the spill file. */
struct waiting {
	int64_t place;
	uint32_t len, patient; /* number of its patient, in order of appearance */
	uint32_t input;
	uint32_t number; /* of the line; beyond 4 G: 0 */
};

struct groups {
	bool sorted;
	take_patient *take;
	/* The patient at hand. */
	struct vx_buf patient, text;
	struct line *lines;
	size_t n, room;
	struct vx_idset *seen; /* sorted: the patients before */
	/* Not sorted. */
	struct vx_spill *spill;
	struct waiting *waiting;
	size_t n_waiting, waiting_room;
	struct known_patient {
		char *identifier;
		size_t len;
	} * patients;
	size_t n_patients, slots;
	uint32_t *table; /* number + 1 */
	char **inputs;
	size_t n_inputs;
};

struct groups *groups_new(bool sorted, take_patient *take, struct vx_error *err)
{
	struct groups *g = vx_alloc(sizeof *g);

	g->sorted = sorted;
	g->take = take;
	if (sorted)
		g->seen = vx_idset_new(err);
	else
		g->spill = vx_spill_new(err);
	if (g->seen || g->spill)
		return g;
	groups_free(g);
	return NULL;
}

void groups_free(struct groups *g)
{
	if (!g)
		return;
	vx_buf_free(&g->patient);
	vx_buf_free(&g->text);
	free(g->lines);
	vx_idset_free(g->seen);
	vx_spill_free(g->spill);
	free(g->waiting);
	for (size_t i = 0; i < g->n_patients; i++)
		free(g->patients[i].identifier);
	free(g->patients);
	free(g->table);
	for (size_t i = 0; i < g->n_inputs; i++)
		free(g->inputs[i]);
	free(g->inputs);
	free(g);
}

/* Another line of the patient at hand. */
static void add_line(struct groups *g, const char *line, size_t len, const char *input, long number)
{
	if (g->n == g->room) {
		g->room = g->room ? g->room * 2 : 64;
		g->lines = vx_realloc(g->lines, g->room * sizeof *g->lines);
	}
	g->lines[g->n++] = (struct line){ g->text.len, len, input, number };
	vx_buf_add(&g->text, line, len);
}

/* Hands the patient at hand over. */
static int give(struct tool *t, struct vx_job *job, struct vx_error *err)
{
	struct groups *g = t->groups;
	struct vx_slice patient = { g->patient.data, g->patient.len };
	struct row *rows;
	int status;

	if (g->n == 0)
		return VX_OK;
	rows = vx_arena_array(&t->arena, g->n, sizeof *rows);
	for (size_t i = 0; i < g->n; i++) {
		rows[i].line = (struct vx_slice){ g->text.data + g->lines[i].at, g->lines[i].len };
		rows[i].file = g->lines[i].input;
		rows[i].number = g->lines[i].number;
	}
	status = g->take(t, job, patient, rows, g->n, err);
	vx_arena_reset(&t->arena);
	g->n = 0;
	if (g->text.cap > 1 << 20)
		vx_buf_free(&g->text);
	vx_buf_clear(&g->text);
	return status;
}

/* The next patient begins; one that has been here before is not taken again: its tree is out. */
static int begin_patient(struct tool *t, struct vx_record *rec, struct vx_slice patient, struct vx_error *err)
{
	struct groups *g = t->groups;
	uint64_t hash = vx_hash64(patient.text, patient.len);
	int status = give(t, rec->job, err);

	if (status != VX_OK)
		return status;
	vx_buf_clear(&g->patient);
	if (vx_idset_has(g->seen, hash))
		return vx_error_set(err, VX_EREJECT, "_patient",
			"%.*s comes again: the input is not grouped by patient (leave out --sorted)", (int)patient.len,
			patient.text);
	vx_buf_add(&g->patient, patient.text, patient.len);
	return vx_idset_add(g->seen, hash, err);
}

static uint32_t number_of(struct groups *g, struct vx_slice patient)
{
	size_t at;

	if ((g->n_patients + 1) * 2 > g->slots) {
		size_t slots = g->slots ? g->slots * 2 : 1024;
		uint32_t *table = vx_alloc(slots * sizeof *table);

		for (size_t i = 0; i < g->n_patients; i++) {
			at = vx_hash64(g->patients[i].identifier, g->patients[i].len) & (slots - 1);
			while (table[at])
				at = (at + 1) & (slots - 1);
			table[at] = (uint32_t)i + 1;
		}
		free(g->table);
		g->table = table;
		g->slots = slots;
		g->patients = vx_realloc(g->patients, slots / 2 * sizeof *g->patients);
	}
	for (at = vx_hash64(patient.text, patient.len) & (g->slots - 1); g->table[at]; at = (at + 1) & (g->slots - 1)) {
		const struct known_patient *k = &g->patients[g->table[at] - 1];

		if (k->len == patient.len && memcmp(k->identifier, patient.text, patient.len) == 0)
			return g->table[at] - 1;
	}
	g->patients[g->n_patients++] = (struct known_patient){ vx_strndup(patient.text, patient.len), patient.len };
	g->table[at] = (uint32_t)g->n_patients;
	return (uint32_t)g->n_patients - 1;
}

static int wait_line(struct groups *g, const struct vx_record *rec, struct vx_slice patient, struct vx_error *err)
{
	struct waiting *w;

	if (g->n_inputs == 0 || strcmp(g->inputs[g->n_inputs - 1], rec->input) != 0) {
		g->inputs = vx_realloc(g->inputs, (g->n_inputs + 1) * sizeof *g->inputs);
		g->inputs[g->n_inputs++] = vx_strdup(rec->input);
	}
	if (g->n_waiting == g->waiting_room) {
		g->waiting_room = g->waiting_room ? g->waiting_room * 2 : 1024;
		g->waiting = vx_realloc(g->waiting, g->waiting_room * sizeof *g->waiting);
	}
	if (rec->len > UINT32_MAX || g->n_patients >= UINT32_MAX / 4)
		return vx_error_set(err, VX_EREJECT, NULL, "longer than 4 GiB");
	w = &g->waiting[g->n_waiting++];
	*w = (struct waiting){ .len = (uint32_t)rec->len,
		.patient = number_of(g, patient),
		.input = (uint32_t)g->n_inputs - 1,
		.number = rec->row < UINT32_MAX ? (uint32_t)rec->row : 0 };
	return vx_spill_put(g->spill, rec->line, rec->len, &w->place, err);
}

int groups_add(struct tool *t, struct vx_record *rec, struct vx_error *err)
{
	struct groups *g = t->groups;
	struct vx_slice patient;
	int status = VX_OK;

	if (!columns_patient(rec->line, rec->len, &patient))
		return vx_error_set(err, VX_EREJECT, "_patient",
			"no patient/<name>: put vx-patient-map in front, it says whose row this is");
	if (!g->sorted)
		return wait_line(g, rec, patient, err);
	if (g->n == 0 || g->patient.len != patient.len || memcmp(g->patient.data, patient.text, patient.len) != 0)
		status = begin_patient(t, rec, patient, err);
	if (status == VX_OK)
		add_line(g, rec->line, rec->len, rec->input, rec->row);
	return status;
}

static int by_patient(const void *a, const void *b)
{
	const struct waiting *x = a, *y = b;

	if (x->patient != y->patient)
		return x->patient < y->patient ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

int groups_end(struct tool *t, struct vx_job *job, struct vx_error *err)
{
	struct groups *g = t->groups;
	struct vx_buf b = VX_BUF_INIT;
	int status = VX_OK;

	if (g->sorted)
		return give(t, job, err);
	if (g->n_waiting)
		qsort(g->waiting, g->n_waiting, sizeof *g->waiting, by_patient);
	for (size_t i = 0; i < g->n_waiting && status == VX_OK; i++) {
		const struct waiting *w = &g->waiting[i];

		if (i == 0 || w->patient != w[-1].patient) {
			status = give(t, job, err);
			if (status == VX_OK)
				status = vx_emit_flush(job, err);
			vx_buf_clear(&g->patient);
			vx_buf_add(&g->patient, g->patients[w->patient].identifier, g->patients[w->patient].len);
		}
		vx_buf_clear(&b);
		if (status == VX_OK)
			status = vx_spill_get(g->spill, w->place, w->len, vx_buf_reserve(&b, w->len), err);
		if (status == VX_OK)
			add_line(g, b.data, w->len, g->inputs[w->input], w->number);
	}
	vx_buf_free(&b);
	return status == VX_OK ? give(t, job, err) : status;
}
