/* post: what the parts of vx-post share. read.c makes records into items, send.c posts them from several connections,
 * fields.c says what becomes of a conflict, result.c turns the answers into results in input order, tell.c writes them,
 * journal.c knows what need not be sent, wait.c tells of an API that is away.
 * SPDX-License-Identifier: MIT
 */
#ifndef POST_H
#define POST_H

#include <pthread.h>
#include <signal.h>
#include <stdint.h>

#include "table.h"
#include "vx_api.h"
#include "vx_backup.h"
#include "vx_idset.h"
#include "vx_json_scan.h"
#include "vx_json_walk.h"
#include "vx_known.h"
#include "vx_pace.h"
#include "vx_resource.h"
#include "vx_run.h"
#include "vx_spill.h"
#include "window.h"

struct opts {
	struct vx_common common;
	struct vx_api_options api;
	size_t batch, batch_bytes, window;
	bool update, dry_run, expect_unchanged;
	const char *journal;
	bool table; /* results as text for a person, not as NDJSON */
	bool clone, delete_missing;
	const char *subset, *within;              /* identifiers */
	long confirm;                             /* so many are to be deleted; -1: not confirmed */
	struct vx_buf update_fields, fill_fields; /* ",a,b,"; empty: none */
	int linger_ms;
};

/* MISSING and DELETED are not about records of the input: the deployment has what the input does not name. */
enum status { CREATED, UNCHANGED, UPDATED, CONFLICT, INVALID, ORPHAN, FAILED, MISSING, DELETED, STATUSES };

/* One record on its way. Its text is three in one: what is sent (its public members), its _source, and for the rejects
 * file the line as it was read. It stays in memory, or waits in the spill file. */
struct item {
	const struct vx_type *type;
	const char *input; /* where it was read, for messages */
	long row;
	char *text; /* NULL: in the spill file at place */
	int64_t place;
	size_t len, source_len, line_len;
	bool implied;  /* says only that it exists */
	bool deferred; /* a later pass sends it again: there is no result yet */
	struct vx_json
		*keep; /* a second request is due that updates, but for these fields of what is there; else NULL */
	char *result;  /* once it is known; NULL: it is "identifier, status" and nothing else */
	size_t result_len;
	enum status status;
	struct vx_fact fact; /* for the journal; name 0: none */
	bool inexact;        /* what is there may be more than the record says: no fact */
	size_t identifier_len;
	char identifier[]; /* without escapes, NUL-terminated */
};

/* What the run waits for. */
struct waits {
	char why[128];               /* "": for nothing */
	double since, give_up, over; /* over: when the API answered again after the wait before */
	bool told;
};

/* With clone: records that were refused, and are sent again once all others are in. */
struct later {
	int fd; /* of a temporary file, a record a line */
	long n;
	bool again; /* a pass over such records, not over the input */
	bool final; /* what is refused now stays so */
};

struct post {
	const struct opts *o;
	struct vx_model *model;
	struct vx_api *api;
	struct vx_run *run;
	pthread_mutex_t lock;       /* for all below */
	struct vx_job job;          /* what is to be written next */
	pthread_cond_t work, space; /* something to send; room in the window */
	struct window *window;
	struct vx_spill *spill;   /* texts that wait, when there are many; NULL until then */
	size_t text_bytes;        /* texts in memory */
	struct table *table;      /* NULL: results are NDJSON */
	struct journal *journal;  /* NULL: none; its own lock suffices for looking things up */
	struct vx_idset *planned; /* what a dry run would have created; else NULL */
	struct vx_idset *said;    /* with update: what this run has said something about; else NULL */
	struct vx_idset *named;   /* what the input names; NULL: nobody asks */
	struct vx_backup *backup; /* with clone: the input as a back-up */
	struct later later;
	struct missing *missing;  /* with delete_missing */
	size_t news;              /* records and answers since a batch was last looked for */
	bool paused, ended, stop; /* the input waits; is over; the run is cut short */
	bool held, starved;       /* reading is held up; nothing could be sent without reading on */
	bool too_narrow;          /* the window was full of records that waited */
	struct vx_error error;    /* why it is */
	struct vx_pace pace;      /* requests at once that the server bears */
	int in_flight;
	struct waits waits;
	int failed_alone; /* records in a row that the server failed on, each by itself */
	long in, malformed, rejected, unsent, unanswered, local_urls, warnings, remembered, counts[STATUSES];
};

/* options_read: ends the process where they are wrong. */
void options_read(int argc, char **argv, struct opts *o);

/* read.c */
struct intake; /* scratch memory of the reading thread */
struct intake *intake_new(struct post *p);
void intake_free(struct intake *in);
/* intake_line: puts the record into the window. VX_EREJECT: it is none that can be sent; *json: yet it is JSON. */
int intake_line(struct intake *in, const char *line, size_t len, const char *input, long row, bool *json,
	struct vx_error *err) VX_MUST_USE;

/* In a fact's more: the hash of the line, and below it a bit for warnings, and how many file:// URLs it has. */
#define FACT_WARNED 0x80
#define FACT_URLS 0x7f

/* journal.c: what the API is known to hold, so that it need not be asked. */
/* journal_open: VX_EUSAGE, VX_EIO. One that another run has is not used. */
int journal_open(struct post *p, struct vx_error *err) VX_MUST_USE;
void journal_close(struct post *p);

/* journal_begin: what the API says of itself decides whether the journal holds for it. With p->lock held. */
int64_t journal_newest(const struct post *p); /* whose mark is to be asked for; 0: none */
void journal_begin(struct post *p, const struct vx_api_state *state);
bool journal_used(const struct post *p);

/* journal_line: true when the line is, byte for byte, one whose content is known to be there; its result is on its way. */
bool journal_line(struct post *p, const char *line, size_t len);

/* journal_text: notes in it->fact what the record says; true when that is known to be there. text is what would be sent. */
bool journal_text(struct post *p, struct item *it, const char *text, const char *line, size_t len, long local_urls);

/* The rest with p->lock held. journal_settle: the entry, just added, of what journal_text found.
 * journal_exists: tells the window which of refs are there. */
void journal_settle(struct post *p, struct entry *e, const char *text);
void journal_exists(struct post *p, const uint64_t *refs, size_t n);

/* What an answer says of the database; instances may be empty. Before its results are put, and behind them. */
struct journal_states {
	struct vx_slice was, is;
	int64_t newest;
	uint64_t mark;
};
void journal_before(struct post *p, const struct journal_states *s);
void journal_put(struct post *p, const struct item *it); /* created, unchanged or updated */
void journal_after(struct post *p, const struct journal_states *s);

/* item.c, with p->lock held but for item_new and item_text */
struct item *item_new(const char *identifier, size_t len);

/* item_keep: takes the three texts, whose lengths the item has. VX_EIO when the spill file cannot be written. */
int item_keep(struct post *p, struct item *it, const char *text, struct vx_error *err) VX_MUST_USE;

/* item_text: the three texts, borrowed from the item, or read into b. VX_EIO when the spill file cannot be read. */
int item_text(const struct post *p, const struct item *it, struct vx_buf *b, const char **text,
	struct vx_error *err) VX_MUST_USE;

static inline size_t item_text_len(const struct item *it)
{
	return it->len + it->source_len + it->line_len;
}

/* item_weigh: what the item takes of the window: what is in memory counts threefold, so that the window's size means
 * text, and memory stays well below it. */
void item_weigh(struct post *p, struct entry *e);

/* item_drop_text: of a text in memory, nothing is left. */
void item_drop_text(struct post *p, struct item *it);
void item_free(struct post *p, struct item *it); /* in input order */

/* fields.c, for --update and --fill */

/* fields_add: puts names ("a,b") on the list; ends the process where they are none. */
void fields_add(struct vx_buf *list, const char *option, const char *names);

/* fields_check: ends the process where no type of the model has one of these fields. */
void fields_check(const struct vx_model *m, const struct vx_buf *list, const char *option);

/* fields_judge: what becomes of a conflict with that diff: CONFLICT; UNCHANGED: nothing that was sent lacks there; UPDATED:
 * by a second request. keep takes what is there of fields to fill of which the record says nothing. */
enum status fields_judge(const struct opts *o, const struct vx_json *diff, struct vx_json *keep);

/* fields_kept: the record with these members, appended to b. VX_EREJECT: it is no JSON. */
int fields_kept(
	const char *text, size_t len, const struct vx_json *keep, struct vx_buf *b, struct vx_error *err) VX_MUST_USE;

/* wait.c, as vx_http.h says of waiting, and for the progress line; both with a struct post. wait_over: with p->lock held. */
void wait_over(struct post *p);
void wait_told(void *post, const struct vx_http_wait *w);
void wait_show(struct vx_buf *b, double seconds, void *post);

/* send.c */
void *sender(void *post);
void post_stop(struct post *p, const struct vx_error *err); /* with p->lock held; err NULL: asked to */

/* clone.c */

/* clone_defer: keeps a refused record for a later pass; false when this one was its last. With p->lock held. */
bool clone_defer(struct post *p, const struct item *it, enum status s);

/* clone_settle: for when the input is at its end: passes over what was refused for as long as they help; deletes
 * (missing.c) in between, if that is what they wait for. pass sends a file's records. */
void clone_settle(struct post *p, void (*pass)(struct post *p, char **files));

/* clone_part: the one datasource that the back-up is an export of, though --subset did not say so; else NULL. */
const char *clone_part(const struct post *p);

/* clone_extra: tells how much the deployment has beyond the back-up. */
void clone_extra(struct post *p);

/* missing.c */
struct missing *missing_new(struct post *p, struct vx_error *err);
void missing_free(struct missing *m);

/* missing_delete: deletes what the input did not name, where that is confirmed and allowed. Returns how many it could. */
long missing_delete(struct missing *m);

/* missing_aside: takes all but their names from those that missing_delete could not delete, once: what they hold may be
 * what others, which depend on them still, are waiting for. Returns how many. */
long missing_aside(struct missing *m);

/* missing_end: a result each for what is there still, and what has to be said. */
void missing_end(struct missing *m);

/* result.c, all but the first with p->lock held */
bool result_about(const struct item *it, struct vx_slice answer); /* the answer is a result that names this resource */
/* result_take: true when the record is to be sent once more, to update (item->keep is set then). */
bool result_take(struct post *p, struct entry *e, struct vx_slice answer);
void result_failed(struct post *p, struct entry *e, const char *reason);
void result_emit(struct post *p); /* writes what is next in input order and done */
void result_next(struct post *p); /* the same, but what comes out may wait for more of it */
/* result_known: the entry, just added, is unchanged by what the journal says; result (taken over) may be NULL.
 * result_line: the same for a plain result that is next, without an entry. */
void result_known(struct post *p, struct entry *e, char *result, size_t len);
void result_line(struct post *p, struct vx_slice identifier, struct vx_slice source);
void result_rest(struct post *p); /* the same for all that is left when a run was cut short */
const char *status_name(enum status s);
bool status_bad(enum status s);

/* result_plain: the plainest result of all, appended to b. result_write: the item's result, wherever it goes (tell.c). */
void result_plain(const struct item *it, enum status s, struct vx_buf *b);
void result_write(struct post *p, struct item *it);

/* result_of_missing: a result about a resource that the input does not name; reason (may be NULL): why it failed. */
void result_of_missing(
	struct post *p, const struct vx_type *type, const char *identifier, enum status s, const char *reason);

#endif
