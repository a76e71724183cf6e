/* vx-pathology --suggest: rows (NDJSON) -> a first mapping (JSON).
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "suggest.h"
#include "suggest_plan.h"
#include "vx_filter.h"
#include "vx_pathmap.h"

struct run {
	struct suggest_table *table;
	const struct vx_lexicon *lexicon;
	size_t unsure; /* lines of it in the mapping */
};

static int take_rows(struct vx_record *recs, size_t n, struct vx_job *job, void *arg, struct vx_error *err)
{
	struct run *run = arg;

	(void)job;
	(void)err;
	for (size_t i = 0; i < n; i++)
		suggest_table_add(run->table, recs[i].line, recs[i].len);
	return VX_OK;
}

static struct suggest_plan *plan_new(const struct run *run)
{
	struct suggest_plan *p = vx_alloc(sizeof *p);
	size_t n = run->table->n;

	p->t = run->table;
	p->lexicon = run->lexicon;
	p->profile = vx_alloc((n + 1) * sizeof *p->profile);
	p->used = vx_alloc((n + 1) * sizeof *p->used);
	p->checks = vx_json_array();
	p->ignore = vx_json_array();
	p->key = NO_COLUMN;
	for (int role = 0; role < ROLES; role++)
		p->at[role] = NO_COLUMN;
	return p;
}

static void plan_free(struct suggest_plan *p)
{
	for (size_t i = 0; i < p->n_lists; i++)
		vx_json_free(p->lists[i].is);
	for (size_t i = 0; i < p->n_notes; i++)
		free(p->notes[i].text);
	vx_json_free(p->blanks);
	vx_json_free(p->captures);
	vx_json_free(p->checks);
	vx_json_free(p->ignore);
	free(p->notes);
	free(p->lists);
	free(p->lengths);
	free(p->unit);
	free(p->profile);
	free(p->used);
	free(p);
}

/* What is suggested loads: anything else is a mistake in here. */
static int check(const struct vx_buf *text, const struct vx_lexicon *lexicon, struct vx_error *err)
{
	struct vx_pathmap *m = vx_pathmap_parse("the suggested mapping", text->data, text->len, lexicon, err);

	vx_pathmap_free(m);
	return m ? VX_OK : VX_EDATA;
}

/* All rows are in the table: the mapping, as text. */
static void draw_up(struct run *run, struct vx_buf *text)
{
	struct suggest_plan *p;
	struct vx_json *map;

	suggest_table_end(run->table);
	p = plan_new(run);
	suggest_profiles(p);
	suggest_lists(p);
	suggest_grades(p);
	suggest_roles(p);
	suggest_agreement(p);
	map = suggest_map(p);
	run->unsure = vx_json_size(vx_json_get(map, "unsure"));
	suggest_print(map, text);
	vx_json_free(map);
	plan_free(p);
}

static int suggest(struct vx_job *job, void *arg, struct vx_error *err)
{
	struct run *run = arg;
	struct vx_buf text = VX_BUF_INIT;
	int status;

	if (!run->table->rows)
		return vx_error_set(err, VX_EDATA, NULL, "there are no rows to suggest a mapping from");
	draw_up(run, &text);
	status = check(&text, run->lexicon, err);
	vx_emit_bytes(job, text.data, text.len);
	vx_buf_free(&text);
	return status;
}

static void summary(struct vx_buf *b, void *arg)
{
	const struct run *run = arg;

	vx_buf_printf(b, ", %zu things to look at", run->unsure);
}

int suggest_run(char **files, const struct vx_common *common, const struct vx_lexicon *lexicon)
{
	struct vx_error err = VX_ERROR_INIT;
	struct suggest_words *words = suggest_words_load(&err);
	struct run run = { .lexicon = lexicon };
	struct vx_filter filter = {
		.batch = take_rows,
		.finish = suggest,
		.arg = &run,
		.common = common,
		.lossy = true,
		.text = true,
		.noun = "rows",
		.summary_extra = summary,
	};
	int status;

	if (!words) {
		vx_message(&err);
		return vx_exit_status(err.status);
	}
	run.table = suggest_table_new(words);
	status = vx_filter_main(&filter, files);
	suggest_table_free(run.table);
	suggest_words_free(words);
	return status;
}
