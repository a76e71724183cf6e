/* journal: --journal. A record whose content the API is known to hold -> its result without a request; answers -> the journal.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "post.h"
#include "vx_hash.h"

#define IMPLIED 0x9e3779b97f4a7c15u /* what a record that only implies a resource says is no fact about its content */
#define MOVES 64                    /* own updates whose predecessor's answer is still on its way */

struct journal {
	struct vx_known *known;
	uint64_t seed;     /* the current folder, which relative paths depend on */
	_Atomic bool used; /* from health on, until something fails; the reader asks without the lock */
	bool had;          /* it knew something at the beginning */
	char moves[MOVES][2][VX_KNOWN_INSTANCE + 1];
	size_t n_moves;
};

int journal_open(struct post *p, struct vx_error *err)
{
	struct journal *j = vx_alloc(sizeof(*j));
	char *folder = getcwd(NULL, 0);

	j->known = vx_known_open(p->o->journal, vx_api_url(p->api), err);
	j->seed = vx_xxh64(folder ? folder : "", folder ? strlen(folder) : 0, 1);
	free(folder);
	if (j->known) {
		p->journal = j;
		return VX_OK;
	}
	free(j);
	if (err->status != VX_EUNREACHABLE)
		return err->status;
	if (!p->o->common.quiet)
		vx_say("%s: not used: it %s", p->o->journal, err->reason);
	return VX_OK;
}

/* One line, in its place among the others. With p->lock held. */
static void say(struct post *p, const char *what)
{
	char *text = vx_asprintf("%s: %s", p->o->journal, what);

	if (!p->o->common.quiet)
		vx_buf_add(&p->job.messages, text, strlen(text) + 1);
	free(text);
}

/* A journal that cannot be written costs requests, not the run; yet the exit status tells. */
static void give_up(struct post *p, const struct vx_error *err)
{
	char text[6000];

	p->journal->used = false;
	vx_error_format(err, text, sizeof(text));
	vx_buf_add(&p->job.messages, text, strlen(text) + 1);
	vx_run_note(p->run, err->status);
}

void journal_close(struct post *p)
{
	struct vx_error err = VX_ERROR_INIT;

	if (!p->journal)
		return;
	if (vx_known_close(p->journal->known, &err) != VX_OK && p->journal->used)
		give_up(p, &err);
	free(p->journal);
	p->journal = NULL;
}

int64_t journal_newest(const struct post *p)
{
	return p->journal ? vx_known_newest(p->journal->known) : 0;
}

void journal_begin(struct post *p, const struct vx_api_state *state)
{
	struct vx_known_side side = { state->instance, state->newest, state->mark };
	struct vx_error err = VX_ERROR_INIT;
	struct journal *j = p->journal;
	uint64_t had, kept;

	if (!j)
		return;
	if (!state->instance[0]) {
		say(p, "not used: the API does not tell one state of its database from another");
		return;
	}
	had = vx_known_count(j->known);
	if (p->o->dry_run && !vx_known_fits(j->known, &side)) /* which is for the run itself to draw conclusions from */
		return;
	if (vx_known_keep(j->known, &side, &kept, &err) != VX_OK) {
		give_up(p, &err);
		return;
	}
	j->used = true;
	j->had = kept > 0;
	if (had > 0 && kept == 0)
		say(p, "begun anew: since then something was changed, deleted or put back in the database, or it is "
		       "another");
}

bool journal_used(const struct post *p)
{
	return p->journal && p->journal->used;
}

/* The identifier of a line of which nobody knows yet that it is JSON; it seldom takes more than a look at its beginning. */
static bool identifier_of(const char *line, size_t len, struct vx_slice *out)
{
	static const char first[] = "{\"identifier\":\"";
	struct vx_json_walk w;
	struct vx_slice key, value;
	size_t n = sizeof(first) - 1;

	if (len > n && memcmp(line, first, n) == 0) {
		const char *end = memchr(line + n, '"', len - n);
		*out = (struct vx_slice){ line + n, end ? (size_t)(end - line) - n : 0 };
		return end && !memchr(out->text, '\\', out->len);
	}
	w = vx_json_walk_begin(line, len);
	while (line[0] == '{' && vx_json_walk_member(&w, &key, &value))
		if (vx_slice_is(key, "identifier"))
			return vx_slice_string(value, out);
	return false;
}

static struct vx_slice source_of(const char *line, size_t len)
{
	struct vx_json_walk w;
	struct vx_slice key, value;

	if (!memmem(line, len, "\"_source\"", 9))
		return (struct vx_slice){ NULL, 0 };
	w = vx_json_walk_begin(line, len);
	while (vx_json_walk_member(&w, &key, &value))
		if (vx_slice_is(key, "_source"))
			return value;
	return (struct vx_slice){ NULL, 0 };
}

/* Whether this run may take a record of that name as known: with update, only the first of its name may. */
static bool first_of_name(struct post *p, uint64_t name)
{
	struct vx_error err = VX_ERROR_INIT;

	if (!p->said)
		return true;
	if (vx_idset_has(p->said, name))
		return false;
	if (vx_idset_add(p->said, name, &err) != VX_OK)
		post_stop(p, &err);
	return true;
}

/* Nothing waits in front of it, or it waits with them. With p->lock held. */
static void put_line(struct post *p, struct vx_slice identifier, struct vx_slice source)
{
	struct vx_error err = VX_ERROR_INIT;
	struct item *it;
	struct entry *e;

	if (window_count(p->window) == 0 && !p->table) {
		result_line(p, identifier, source);
		return;
	}
	it = item_new(identifier.text, identifier.len);
	it->type = vx_model_type_of(p->model, it->identifier);
	it->source_len = source.len;
	if (item_keep(p, it, source.text, &err) != VX_OK) {
		post_stop(p, &err);
		it->source_len = 0;
	}
	e = window_add(p->window, it->identifier, it->identifier_len, 0, NULL, 0, false);
	e->item = it;
	item_weigh(p, e);
	result_known(p, e, NULL, 0);
}

/* A line that equals one whose record was understood needs no second look, not even whether it is JSON. */
bool journal_line(struct post *p, const char *line, size_t len)
{
	struct journal *j = p->journal;
	struct vx_slice identifier, source;
	struct vx_fact have;
	uint64_t name;
	bool known;

	if (!j->used || !j->had || !identifier_of(line, len, &identifier))
		return false;
	name = vx_hash64(identifier.text, identifier.len);
	if (!vx_known_get(j->known, name, &have) || (have.more & FACT_WARNED) ||
		((have.more ^ vx_xxh64(line, len, j->seed)) & ~(uint64_t)(FACT_WARNED | FACT_URLS)))
		return false;
	source = source_of(line, len);
	pthread_mutex_lock(&p->lock);
	known = first_of_name(p, name);
	if (known) {
		window_exists(p->window, name);
		p->local_urls += (long)(have.more & FACT_URLS);
		put_line(p, identifier, source);
	}
	pthread_mutex_unlock(&p->lock);
	return known;
}

bool journal_text(struct post *p, struct item *it, const char *text, const char *line, size_t len, long local_urls)
{
	struct journal *j = p->journal;
	struct vx_fact have;

	if (!j || !j->used)
		return false;
	it->inexact = local_urls > FACT_URLS;
	it->fact.name = vx_hash64(it->identifier, it->identifier_len) ^ (it->implied ? IMPLIED : 0);
	it->fact.content = vx_sha256_64(text, it->len);
	it->fact.more = (vx_xxh64(line, len, j->seed) & ~(uint64_t)(FACT_WARNED | FACT_URLS)) |
			((uint64_t)local_urls & FACT_URLS);
	if (it->inexact || !j->had || !vx_known_get(j->known, it->fact.name, &have) || have.content != it->fact.content)
		return false;
	it->fact.more |= have.more & FACT_WARNED;
	return true;
}

struct warnings {
	struct vx_buf *b;
	bool any;
};

static void add_warning(void *arg, const char *code, const char *field)
{
	struct warnings *w = arg;

	vx_buf_puts(w->b, w->any ? ",{\"code\":" : ",\"warnings\":[{\"code\":");
	vx_json_put_string(w->b, code, strlen(code));
	vx_buf_puts(w->b, ",\"field\":");
	vx_json_put_string(w->b, field ? field : "", field ? strlen(field) : 0);
	vx_buf_putc(w->b, '}');
	w->any = true;
}

/* What the API warned of, it would warn of again. */
static void warn(const struct item *it, const char *text, struct vx_buf *b)
{
	struct warnings w = { .b = b };
	struct vx_json *json;

	if (vx_json_parse(text, it->len, &json, NULL) != VX_OK)
		return;
	vx_buf_puts(b, "{\"identifier\":");
	vx_json_put_string(b, it->identifier, it->identifier_len);
	vx_buf_puts(b, ",\"status\":\"unchanged\"");
	vx_resource_warnings(it->type, json, add_warning, &w);
	vx_buf_puts(b, w.any ? "]}" : "}");
	vx_json_free(json);
}

void journal_settle(struct post *p, struct entry *e, const char *text)
{
	struct item *it = e->item;
	struct vx_buf b = VX_BUF_INIT;

	if (it->fact.more & FACT_WARNED)
		warn(it, text, &b);
	result_known(p, e, b.data, b.len); /* which also puts what the line is now */
}

void journal_exists(struct post *p, const uint64_t *refs, size_t n)
{
	struct vx_fact have;

	for (size_t i = 0; i < n && p->journal && p->journal->used && p->journal->had; i++)
		if (!window_knows(p->window, refs[i]) &&
			(vx_known_get(p->journal->known, refs[i], &have) ||
				vx_known_get(p->journal->known, refs[i] ^ IMPLIED, &have)))
			window_exists(p->window, refs[i]);
}

void journal_before(struct post *p, const struct journal_states *s)
{
	struct vx_error err = VX_ERROR_INIT;

	if (journal_used(p) && s->newest >= 0 && vx_known_mark(p->journal->known, s->newest, s->mark, &err) != VX_OK)
		give_up(p, &err);
}

void journal_put(struct post *p, const struct item *it)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_fact fact = it->fact;

	if (!journal_used(p) || p->o->dry_run || (it->inexact && it->status != UPDATED))
		return;
	if (it->inexact) /* and what was known of it is no longer so */
		fact.content = fact.more = 0;
	if (vx_known_put(p->journal->known, &fact, &err) != VX_OK)
		give_up(p, &err);
}

/* From the instance at hand to the one that an own update made of it; and on from there, if that answer came first. */
static void move(struct post *p)
{
	struct vx_error err = VX_ERROR_INIT;
	struct journal *j = p->journal;

	for (size_t i = 0; i < j->n_moves; i++) {
		if (strcmp(j->moves[i][0], vx_known_instance(j->known)) != 0)
			continue;
		if (vx_known_move(j->known, j->moves[i][1], &err) != VX_OK) {
			give_up(p, &err);
			return;
		}
		memmove(j->moves[i], j->moves[--j->n_moves], sizeof(j->moves[i]));
		i = (size_t)-1;
	}
}

void journal_after(struct post *p, const struct journal_states *s)
{
	struct journal *j = p->journal;

	if (!journal_used(p) || s->was.len == 0 || s->was.len > VX_KNOWN_INSTANCE || s->is.len > VX_KNOWN_INSTANCE ||
		(s->was.len == s->is.len && memcmp(s->was.text, s->is.text, s->is.len) == 0))
		return;
	/* With no room left the journal stays behind, and is begun anew by the next run. */
	if (j->n_moves < MOVES) {
		snprintf(j->moves[j->n_moves][0], sizeof(j->moves[0][0]), "%.*s", (int)s->was.len, s->was.text);
		snprintf(j->moves[j->n_moves++][1], sizeof(j->moves[0][1]), "%.*s", (int)s->is.len, s->is.text);
	}
	move(p);
}
