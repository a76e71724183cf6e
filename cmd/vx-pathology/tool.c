/* tool: what a run of vx-pathology needs: lexicon, mapping, findings, groups.
 * SPDX-License-Identifier: MIT
 */
#include "pathology.h"

static int load_lexicon(struct tool *t, struct vx_error *err)
{
	char *path;
	int status = vx_share_path("pathology/lexicon.tsv", &path, err);

	if (status != VX_OK)
		return status;
	t->lexicon = vx_lexicon_load(path, err);
	free(path);
	for (size_t i = 0; t->lexicon && i < t->o->n_lexicons; i++)
		if ((status = vx_lexicon_add_file(t->lexicon, t->o->lexicons[i], err)) != VX_OK)
			return status;
	return t->lexicon ? VX_OK : err->status;
}

static void mark_columns(struct tool *t)
{
	const struct vx_pathmap *m = t->map;
	bool **marks[] = { &t->workup_columns, &t->root_columns, &t->psa_columns };

	for (size_t i = 0; i < 3; i++)
		*marks[i] = vx_alloc((m->n_columns + 1) * sizeof **marks[i]);
	part_columns(&m->workup, t->workup_columns);
	other_columns(&m->root_other, t->root_columns);
	if (!m->psa.given)
		return;
	other_columns(&m->psa.other, t->psa_columns);
	if (m->psa.density != VX_NO_COLUMN)
		t->psa_columns[m->psa.density] = true;
}

/* A mapping is written by hand: all that is wrong with it at once. */
static void say_problem(void *arg, const struct vx_error *problem)
{
	(void)arg;
	vx_message(problem);
}

int tool_open(struct tool *t, struct vx_error *err)
{
	int status = load_lexicon(t, err);

	if (status != VX_OK || t->o->suggest)
		return status;
	t->map = vx_pathmap_load_each(t->o->map, t->lexicon, say_problem, NULL, err);
	if (!t->map)
		return err->status;
	for (size_t i = 0; i < t->map->n_unsure; i++)
		vx_say("%s:%ld: warning: unsure: %s", t->o->map, t->map->unsure[i].line, t->map->unsure[i].text);
	if (t->o->psa && !t->map->psa.given)
		return vx_error_set(err, VX_EUSAGE, NULL, "--psa: %s says nothing of PSA values", t->o->map);
	return tool_start(t, err);
}

int tool_start(struct tool *t, struct vx_error *err)
{
	mark_columns(t);
	t->columns = columns_new(t->map);
	t->unknown = vx_unknown_new(0);
	t->findings = findings_new(t->o->findings, err);
	t->groups = t->findings ? groups_new(t->o->sorted, patient_take, err) : NULL;
	return t->groups ? VX_OK : err->status;
}

void tool_close(struct tool *t)
{
	groups_free(t->groups);
	findings_free(t->findings);
	columns_free(t->columns);
	vx_unknown_free(t->unknown);
	vx_pathmap_free(t->map);
	vx_lexicon_free(t->lexicon);
	vx_arena_free(&t->arena);
	vx_buf_free(&t->scratch);
	vx_buf_free(&t->folded);
	vx_buf_free(&t->out);
	free(t->workup_columns);
	free(t->root_columns);
	free(t->psa_columns);
}
