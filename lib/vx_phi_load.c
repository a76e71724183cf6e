/* vx_phi_load: phi.json -> the rules in memory.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "vx_share.h"
#include "vx_phi_rules.h"

static void patterns_free(struct vx_phi_pattern *patterns, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		vx_regex_free(patterns[i].re);
		free(patterns[i].kind);
		free(patterns[i].as);
	}
	free(patterns);
}

void vx_phi_free(struct vx_phi *phi)
{
	if (!phi)
		return;
	for (size_t i = 0; i < phi->n_harmless; i++)
		vx_regex_free(phi->harmless[i]);
	for (size_t i = 0; i < phi->n_words; i++)
		free(phi->words[i]);
	for (size_t i = 0; i < phi->n_names; i++)
		free(phi->names[i]);
	for (size_t i = 0; i < phi->n_keys; i++) {
		free(phi->keys[i].folded);
		free(phi->keys[i].shown);
		free(phi->keys[i].kind);
	}
	for (size_t i = 0; i < phi->n_codes; i++) {
		free(phi->codes[i].name);
		free(phi->codes[i].kind);
	}
	patterns_free(phi->kinds, phi->n_kinds);
	patterns_free(phi->key_patterns, phi->n_key_patterns);
	free(phi->harmless);
	free(phi->words);
	free(phi->names);
	free(phi->keys);
	free(phi->codes);
	free(phi);
}

/* A member of the file that has to be a list; *n: of how many. */
static int list_of(
	const struct vx_json *file, const char *name, const struct vx_json **list, size_t *n, struct vx_error *err)
{
	*list = vx_json_get(file, name);
	*n = vx_json_size(*list);
	if (vx_json_type(*list) != VX_ARRAY)
		return vx_error_set(err, VX_EDATA, name, "missing, or no list");
	return VX_OK;
}

static int regex_of(const char *name, size_t i, const char *pattern, struct vx_regex **re, struct vx_error *err)
{
	if (!pattern)
		return vx_error_set(err, VX_EDATA, name, "item %zu has no expression", i + 1);
	*re = vx_regex_new(pattern, err);
	if (*re)
		return VX_OK;
	const struct vx_error inner = *err;
	return vx_error_set(err, VX_EDATA, name, "item %zu: %s", i + 1, inner.reason);
}

static int load_harmless(struct vx_phi *phi, const struct vx_json *file, struct vx_error *err)
{
	const struct vx_json *list;
	size_t n;
	int st = list_of(file, "harmless", &list, &n, err);
	phi->harmless = vx_alloc((n + 1) * sizeof(*phi->harmless));
	for (size_t i = 0; st == VX_OK && i < n; i++) {
		st = regex_of("harmless", i, vx_json_text(vx_json_at(list, i), NULL), &phi->harmless[i], err);
		phi->n_harmless += st == VX_OK;
	}
	return st;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int load_words(struct vx_phi *phi, const struct vx_json *file, struct vx_error *err)
{
	const struct vx_json *list;
	size_t n;
	int st = list_of(file, "words", &list, &n, err);
	phi->words = vx_alloc((n + 1) * sizeof(*phi->words));
	for (size_t i = 0; st == VX_OK && i < n; i++) {
		const char *word = vx_json_text(vx_json_at(list, i), NULL);
		if (!word || !*word)
			st = vx_error_set(err, VX_EDATA, "words", "item %zu is no word", i + 1);
		else
			phi->words[phi->n_words++] = vx_strdup(word);
	}
	if (phi->n_words > 1)
		qsort(phi->words, phi->n_words, sizeof(*phi->words), by_text);
	return st;
}

bool vx_phi_is_word(const struct vx_phi *phi, const char *word, size_t len)
{
	char copy[32];
	const char *key = copy;
	if (len >= sizeof(copy) || phi->n_words == 0)
		return false;
	memcpy(copy, word, len);
	copy[len] = '\0';
	return bsearch(&key, phi->words, phi->n_words, sizeof(*phi->words), by_text) != NULL;
}

static int load_patterns(const struct vx_json *file, const char *name, bool of_keys, struct vx_phi_pattern **patterns,
	size_t *count, struct vx_error *err)
{
	const struct vx_json *list;
	size_t n;
	int st = list_of(file, name, &list, &n, err);
	*patterns = vx_alloc((n + 1) * sizeof(**patterns));
	for (size_t i = 0; st == VX_OK && i < n; i++) {
		const struct vx_json *item = vx_json_at(list, i);
		const char *kind = vx_json_str(item, "kind"), *as = vx_json_str(item, "as");
		struct vx_phi_pattern *p = &(*patterns)[i];
		if (!kind || (of_keys && !as))
			st = vx_error_set(err, VX_EDATA, name, "item %zu lacks kind%s", i + 1, of_keys ? " or as" : "");
		else
			st = regex_of(name, i, vx_json_str(item, "pattern"), &p->re, err);
		if (st != VX_OK)
			break;
		p->kind = vx_strdup(kind);
		p->as = as ? vx_strdup(as) : NULL;
		p->free_only = vx_json_as_bool(vx_json_get(item, "free"));
		*count = i + 1;
	}
	return st;
}

void vx_phi_fold_key(const char *key, struct vx_buf *b)
{
	vx_buf_clear(b);
	vx_buf_puts(b, "");
	for (; *key; key++) {
		char c = *key >= 'A' && *key <= 'Z' ? (char)(*key - 'A' + 'a') : *key;
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			vx_buf_putc(b, c);
	}
}

static int by_folded(const void *a, const void *b)
{
	return strcmp(((const struct vx_phi_key *)a)->folded, ((const struct vx_phi_key *)b)->folded);
}

/* kind: what is wrong with them, NULL: nothing. */
static int add_keys(struct vx_phi *phi, const char *name, const struct vx_json *list, const char *kind, bool dates,
	struct vx_error *err)
{
	struct vx_buf folded = VX_BUF_INIT;
	size_t n = vx_json_size(list);
	if (vx_json_type(list) != VX_ARRAY)
		return vx_error_set(err, VX_EDATA, name, "missing, or no list");
	phi->keys = vx_realloc(phi->keys, (phi->n_keys + n + 1) * sizeof(*phi->keys));
	int st = VX_OK;
	for (size_t i = 0; st == VX_OK && i < n; i++) {
		const char *key = vx_json_text(vx_json_at(list, i), NULL);
		vx_phi_fold_key(key ? key : "", &folded);
		if (folded.len == 0)
			st = vx_error_set(err, VX_EDATA, name, "item %zu is no key", i + 1);
		else
			phi->keys[phi->n_keys++] = (struct vx_phi_key){ .folded = vx_strdup(folded.data),
				.shown = vx_strdup(key),
				.kind = kind ? vx_strdup(kind) : NULL,
				.dates = dates };
	}
	vx_buf_free(&folded);
	return st;
}

static int load_keys(struct vx_phi *phi, const struct vx_json *file, struct vx_error *err)
{
	const struct vx_json *kinds = vx_json_get(file, "keys");
	if (vx_json_type(kinds) != VX_OBJECT)
		return vx_error_set(err, VX_EDATA, "keys", "missing, or no object");
	int st = VX_OK;
	struct vx_json_iter it = vx_json_begin(kinds);
	while (st == VX_OK && vx_json_next(&it))
		st = add_keys(phi, it.key, it.value, it.key, false, err);
	if (st == VX_OK)
		st = add_keys(phi, "technical", vx_json_get(file, "technical"), NULL, false, err);
	if (st == VX_OK)
		st = add_keys(phi, "dates", vx_json_get(file, "dates"), NULL, true, err);
	if (phi->n_keys > 1)
		qsort(phi->keys, phi->n_keys, sizeof(*phi->keys), by_folded);
	for (size_t i = 1; st == VX_OK && i < phi->n_keys; i++)
		if (by_folded(&phi->keys[i - 1], &phi->keys[i]) == 0)
			st = vx_error_set(err, VX_EDATA, "keys", "\"%s\" is listed twice", phi->keys[i].shown);
	return st;
}

const struct vx_phi_key *vx_phi_find_key(const struct vx_phi *phi, const char *folded)
{
	const struct vx_phi_key wanted = { .folded = (char *)folded };
	return phi->n_keys ? bsearch(&wanted, phi->keys, phi->n_keys, sizeof(*phi->keys), by_folded) : NULL;
}

/* Of the keys that are there already. */
static int load_typed(struct vx_phi *phi, const struct vx_json *list, struct vx_error *err)
{
	struct vx_buf folded = VX_BUF_INIT;
	int st = VX_OK;
	for (size_t i = 0; st == VX_OK && i < vx_json_size(list); i++) {
		const char *key = vx_json_text(vx_json_at(list, i), NULL);
		vx_phi_fold_key(key ? key : "", &folded);
		struct vx_phi_key *known = (struct vx_phi_key *)vx_phi_find_key(phi, folded.data);
		if (known && !known->kind)
			known->typed = true;
		else
			st = vx_error_set(err, VX_EDATA, "typed", "item %zu is no technical key", i + 1);
	}
	vx_buf_free(&folded);
	return st;
}

static int load_code(const struct vx_json *item, size_t i, struct vx_phi_code *code, struct vx_error *err)
{
	static const char *const judges[] = { [JUDGE_KIND] = "kind",
		[JUDGE_TEXT] = "text",
		[JUDGE_SCAN] = "scan",
		[JUDGE_JSON] = "json",
		[JUDGE_NOTHING] = "nothing" };
	const char *name = vx_json_str(item, "name"), *judge = vx_json_str(item, "judge"),
		   *kind = vx_json_str(item, "kind");
	size_t j = 0, n = sizeof(judges) / sizeof(judges[0]);
	if (!name || !judge || !vx_json_get_int(item, "code", &code->code))
		return vx_error_set(err, VX_EDATA, "extensions", "item %zu lacks code, name or judge", i + 1);
	while (j < n && strcmp(judges[j], judge) != 0)
		j++;
	if (j == n || (j == JUDGE_KIND && !kind))
		return vx_error_set(err, VX_EDATA, "extensions", "item %zu: %s", i + 1,
			j == n ? "judge is none of kind, text, scan, json, nothing" : "lacks its kind");
	code->judge = (enum vx_phi_judge)j;
	code->dates = vx_json_as_bool(vx_json_get(item, "dates"));
	code->name = vx_strdup(name);
	code->kind = kind ? vx_strdup(kind) : NULL;
	return VX_OK;
}

static int load_codes(struct vx_phi *phi, const struct vx_json *file, struct vx_error *err)
{
	const struct vx_json *list;
	size_t n;
	int st = list_of(file, "extensions", &list, &n, err);
	phi->codes = vx_alloc((n + 1) * sizeof(*phi->codes));
	for (size_t i = 0; st == VX_OK && i < n; i++) {
		st = load_code(vx_json_at(list, i), i, &phi->codes[i], err);
		phi->n_codes += st == VX_OK;
	}
	return st;
}

static int take_rules(void *arg, const struct vx_json *file, struct vx_error *err)
{
	struct vx_phi *phi = arg;
	int st = load_harmless(phi, file, err);
	if (st == VX_OK)
		st = load_words(phi, file, err);
	if (st == VX_OK)
		st = vx_phi_load_names(phi, vx_json_get(file, "names"), err);
	if (st == VX_OK)
		st = load_patterns(file, "kinds", false, &phi->kinds, &phi->n_kinds, err);
	if (st == VX_OK)
		st = load_patterns(file, "key_patterns", true, &phi->key_patterns, &phi->n_key_patterns, err);
	if (st == VX_OK)
		st = load_keys(phi, file, err);
	if (st == VX_OK)
		st = load_typed(phi, vx_json_get(file, "typed"), err);
	if (st == VX_OK)
		st = load_codes(phi, file, err);
	return st;
}

struct vx_phi *vx_phi_load(const char *path, struct vx_error *err)
{
	struct vx_phi *phi = vx_alloc(sizeof(*phi));
	if (vx_share_load(path, "phi.json", take_rules, phi, err) != VX_OK) {
		vx_phi_free(phi);
		return NULL;
	}
	return phi;
}
