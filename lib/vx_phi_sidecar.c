/* vx_phi_sidecar: the keys and texts of a JSON sidecar -> findings.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "vx_phi_memo.h"
#include "vx_phi_rules.h"
#include "vx_sidecar.h"

struct search {
	const struct vx_phi *phi;
	struct vx_phi_list *list;
	const char *prefix; /* of where */
	struct vx_buf folded, text;
};

static void found(struct search *s, const char *shown, const char *kind)
{
	char where[64];
	snprintf(where, sizeof(where), "%s.%s", s->prefix, shown);
	vx_phi_add(s->list, where, kind);
}

/* Text that is not blank and no word in the place of a name ("anonymous"). */
static bool text_says_something(struct search *s, const char *text, size_t len)
{
	struct vx_phi_judged own = { .known = false }, *j = vx_phi_recall(s->list->memo, PHI_ASK_VALUE, text, len);
	if (!j)
		j = &own;
	if (!j->known) {
		vx_phi_prepare(text, len, &s->text);
		j->kind = s->text.len > 0 && !vx_phi_harmless(s->phi, &s->text) ? "text" : NULL;
		j->known = true;
	}
	return j->kind != NULL;
}

/* Whether a value says anything: not null, an empty list or object, or only texts that do not. */
static bool says_something(struct search *s, const struct vx_json *value)
{
	size_t len;
	const char *text = vx_json_text(value, &len);
	if (!value)
		return false;
	if (text)
		return text_says_something(s, text, len);
	if (vx_json_type(value) != VX_ARRAY)
		return vx_json_type(value) != VX_OBJECT || vx_json_size(value) > 0;
	for (size_t i = 0; i < vx_json_size(value); i++)
		if (says_something(s, vx_json_at(value, i)))
			return true;
	return false;
}

const char *vx_phi_key_name(const struct vx_phi *phi, const char *key)
{
	struct vx_buf folded = VX_BUF_INIT;
	vx_phi_fold_key(key, &folded);
	const struct vx_phi_key *known = vx_phi_find_key(phi, folded.data);
	vx_buf_free(&folded);
	return known ? known->shown : NULL;
}

/* What is wrong with a key by its name, kind NULL: nothing; shown: how it may be called. */
static void judge_key(struct search *s, const char *key, struct vx_phi_judged *j)
{
	vx_phi_fold_key(key, &s->folded);
	const struct vx_phi_key *known = vx_phi_find_key(s->phi, s->folded.data);
	*j = (struct vx_phi_judged){ .shown = known ? known->shown : "*", .known = true };
	if (known) {
		j->kind = known->kind;
		j->dates = known->dates;
		j->typed = known->typed;
	}
	for (size_t i = 0; !known && !j->kind && i < s->phi->n_key_patterns; i++) {
		const struct vx_phi_pattern *p = &s->phi->key_patterns[i];
		if (vx_regex_match(p->re, s->folded.data, s->folded.len)) {
			j->shown = p->as;
			j->kind = p->kind;
		}
	}
	/* A key that is nobody's may itself be a name or a date. */
	if (strcmp(j->shown, "*") == 0) {
		vx_phi_prepare(key, strlen(key), &s->text);
		j->own = vx_phi_seen(s->phi, &s->text, false, true);
	}
}

static struct vx_phi_judged key_judged(struct search *s, const char *key)
{
	struct vx_phi_judged own = { .known = false }, *j = vx_phi_recall(s->list->memo, PHI_ASK_KEY, key, strlen(key));
	if (!j)
		j = &own;
	if (!j->known)
		judge_key(s, key, j);
	return *j;
}

/* What people typed and no list knows: told, though it need not be a name. */
static const char words_of_no_list[] = "words";

/* Of a key that is nobody's, text is free text. */
static const char *judge_text(struct search *s, const char *text, size_t len, enum vx_phi_ask ask)
{
	if (ask == PHI_ASK_FREE)
		return vx_phi_free_text(s->phi, text, len);
	vx_phi_prepare(text, len, &s->text);
	if (s->text.len == 0)
		return NULL;
	const char *kind = vx_phi_seen(s->phi, &s->text, false, ask != PHI_ASK_UNDATED);
	if (!kind && ask == PHI_ASK_TYPED && !vx_phi_words_known(s->phi, &s->text) &&
		!vx_phi_harmless(s->phi, &s->text))
		kind = words_of_no_list;
	return kind;
}

static enum vx_phi_ask ask_of(const struct vx_phi_judged *key)
{
	if (key->typed)
		return PHI_ASK_TYPED;
	if (key->dates)
		return PHI_ASK_UNDATED;
	return strcmp(key->shown, "*") == 0 ? PHI_ASK_FREE : PHI_ASK_TEXT;
}

static const char *text_kind(struct search *s, const char *text, size_t len, const struct vx_phi_judged *key)
{
	const enum vx_phi_ask ask = ask_of(key);
	struct vx_phi_judged own = { .known = false }, *j = vx_phi_recall(s->list->memo, ask, text, len);
	if (!j)
		j = &own;
	if (!j->known) {
		j->kind = judge_text(s, text, len, ask);
		j->known = true;
	}
	return j->kind;
}

static bool search_object(struct search *s, const struct vx_json *object, struct vx_json *texts);

/* The texts in a value. True: one of them is personal. */
static bool search_value(struct search *s, const struct vx_json *value, const struct vx_phi_judged *key)
{
	size_t len;
	const char *text = vx_json_text(value, &len);
	bool any = false;
	if (text) {
		const char *kind = text_kind(s, text, len, key);
		if (kind)
			found(s, key->shown, kind);
		return kind && kind != words_of_no_list;
	}
	if (vx_json_type(value) == VX_OBJECT)
		return search_object(s, value, NULL);
	for (size_t i = 0; vx_json_type(value) == VX_ARRAY && i < vx_json_size(value); i++)
		any |= search_value(s, vx_json_at(value, i), key);
	return any;
}

static bool search_object(struct search *s, const struct vx_json *object, struct vx_json *texts)
{
	bool any = false;
	struct vx_json_iter it = vx_json_begin(object);
	while (vx_json_next(&it)) {
		const struct vx_phi_judged key = key_judged(s, it.key);
		bool here;
		if (key.kind) {
			here = says_something(s, it.value);
			if (here)
				found(s, key.shown, key.kind);
		} else {
			here = search_value(s, it.value, &key);
			if (here && texts)
				vx_json_push(texts, vx_json_string(it.key));
		}
		any |= here;
		if (key.own)
			found(s, key.shown, key.own);
	}
	return any;
}

static void search(const struct vx_phi *phi, const struct vx_json *sidecar, const char *prefix,
	struct vx_phi_list *list, struct vx_json *texts)
{
	struct search s = { .phi = phi, .list = list, .prefix = prefix };
	search_object(&s, sidecar, texts);
	vx_buf_free(&s.folded);
	vx_buf_free(&s.text);
}

void vx_phi_sidecar(
	const struct vx_phi *phi, const struct vx_json *sidecar, struct vx_phi_list *list, struct vx_json *texts)
{
	search(phi, sidecar, "sidecar", list, texts);
}

void vx_phi_keys(const struct vx_phi *phi, const struct vx_json *object, const char *word, struct vx_phi_list *list)
{
	search(phi, object, word, list, NULL);
}

/* Text without the zeros that fill it up. */
static size_t text_length(const uint8_t *bytes, size_t n)
{
	while (n > 0 && bytes[n - 1] == 0)
		n--;
	return n;
}

static void search_json(
	const struct vx_phi *phi, const char *where, const char *text, size_t n, struct vx_phi_list *list)
{
	struct vx_json *json;
	bool latin1;
	if (vx_sidecar_parse(text, n, &json, &latin1, NULL) == VX_OK) {
		search(phi, json, where, list, NULL);
		vx_json_free(json);
	} else if (n > 0) {
		const char *kind = vx_phi_free_text(phi, text, n);
		if (kind)
			vx_phi_add(list, where, kind);
	}
}

static const char *scan(const struct vx_phi *phi, const char *text, size_t len, bool dated)
{
	struct vx_buf b = VX_BUF_INIT;
	vx_phi_prepare(text, len, &b);
	const char *kind = b.len > 0 ? vx_phi_seen(phi, &b, false, !dated) : NULL;
	vx_buf_free(&b);
	return kind;
}

void vx_phi_extension(const struct vx_phi *phi, int32_t code, const uint8_t *bytes, size_t n, struct vx_phi_list *list)
{
	char where[64];
	const char *text = (const char *)bytes, *kind = NULL;
	size_t i = 0, len = text_length(bytes, n);
	while (i < phi->n_codes && phi->codes[i].code != code)
		i++;
	const struct vx_phi_code *known = i < phi->n_codes ? &phi->codes[i] : NULL;
	if (known)
		snprintf(where, sizeof(where), "extension.%s", known->name);
	else
		snprintf(where, sizeof(where), "extension.%ld", (long)code);
	if (len == 0)
		return;
	switch (known ? known->judge : JUDGE_SCAN) {
	case JUDGE_KIND:
		kind = known->kind;
		break;
	case JUDGE_TEXT:
		kind = vx_phi_free_text(phi, text, len);
		break;
	case JUDGE_SCAN:
		kind = scan(phi, text, len, known && known->dates);
		break;
	case JUDGE_JSON:
		search_json(phi, where, text, len, list);
		break;
	case JUDGE_NOTHING:
		break;
	}
	if (kind || !known)
		vx_phi_add(list, where, kind ? kind : "unknown");
}
