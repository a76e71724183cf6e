/* vx_phi: text -> the kind of what is personal in it; the list of findings.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "vx_latin1.h"
#include "vx_phi_memo.h"
#include "vx_phi_rules.h"

enum { FINDINGS_MAX = 100 };

void vx_phi_list_free(struct vx_phi_list *list)
{
	free(list->items);
	vx_phi_memo_free(list->memo);
	*list = (struct vx_phi_list)VX_PHI_LIST_INIT;
}

void vx_phi_remember(struct vx_phi_list *list)
{
	if (!list->memo)
		list->memo = vx_phi_memo_new();
}

void vx_phi_add(struct vx_phi_list *list, const char *where, const char *kind)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->items[i].where, where) == 0 && strcmp(list->items[i].kind, kind) == 0)
			return;
	if (list->n == FINDINGS_MAX)
		return;
	if (list->n == list->cap) {
		list->cap = list->cap ? 2 * list->cap : 8;
		list->items = vx_realloc(list->items, list->cap * sizeof(*list->items));
	}
	struct vx_phi_finding *f = &list->items[list->n++];
	snprintf(f->where, sizeof(f->where), "%s", where);
	f->kind = kind;
}

void vx_phi_put(const struct vx_phi_list *list, struct vx_buf *b)
{
	vx_buf_putc(b, '[');
	for (size_t i = 0; i < list->n; i++) {
		vx_buf_puts(b, i ? ",{\"where\":" : "{\"where\":");
		vx_json_put_string(b, list->items[i].where, strlen(list->items[i].where));
		vx_buf_puts(b, ",\"kind\":");
		vx_json_put_string(b, list->items[i].kind, strlen(list->items[i].kind));
		vx_buf_putc(b, '}');
	}
	vx_buf_putc(b, ']');
}

/* A to Z, and the capitals of Latin-1 as UTF-8 writes them: C3 80 to C3 9E, without the multiplication sign. */
static void lower(struct vx_buf *b)
{
	unsigned char *p = (unsigned char *)b->data, before = 0;
	for (size_t i = 0; i < b->len; before = p[i++]) {
		if (p[i] >= 'A' && p[i] <= 'Z')
			p[i] = (unsigned char)(p[i] - 'A' + 'a');
		else if (before == 0xC3 && p[i] >= 0x80 && p[i] <= 0x9E && p[i] != 0x97)
			p[i] = (unsigned char)(p[i] + 0x20);
		else if (p[i] < ' ' || p[i] == 0x7F)
			p[i] = ' ';
	}
}

void vx_phi_prepare(const char *text, size_t len, struct vx_buf *b)
{
	while (len > 0 && (unsigned char)text[len - 1] <= ' ')
		len--;
	while (len > 0 && (unsigned char)*text <= ' ') {
		text++;
		len--;
	}
	vx_buf_clear(b);
	vx_buf_puts(b, "");
	if (vx_utf8_valid(text, len))
		vx_buf_add(b, text, len);
	else
		vx_latin1_to_utf8(text, len, b);
	lower(b);
}

bool vx_phi_harmless(const struct vx_phi *phi, const struct vx_buf *text)
{
	const struct vx_regex_bytes bytes = vx_regex_bytes_of(text->data, text->len);
	for (size_t i = 0; i < phi->n_harmless; i++)
		if (vx_regex_may_match(phi->harmless[i], &bytes) &&
			vx_regex_match(phi->harmless[i], text->data, text->len))
			return true;
	return false;
}

const char *vx_phi_seen(const struct vx_phi *phi, const struct vx_buf *text, bool free, bool dates)
{
	const struct vx_regex_bytes bytes = vx_regex_bytes_of(text->data, text->len);
	for (size_t i = 0; i < phi->n_kinds; i++) {
		const struct vx_phi_pattern *p = &phi->kinds[i];
		if ((p->free_only && !free) || (!dates && strcmp(p->kind, "date") == 0))
			continue;
		if (vx_regex_may_match(p->re, &bytes) && vx_regex_match(p->re, text->data, text->len))
			return p->kind;
	}
	return vx_phi_names_in(phi, text->data, text->len) ? "name" : NULL;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Of letters, those beyond ASCII are not told from signs. */
static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80;
}

/* A run of letters and digits: a known word, or cut where the two meet: known words, single letters, short numbers. */
static bool run_is_known(const struct vx_phi *phi, const char *run, size_t len)
{
	if (vx_phi_is_word(phi, run, len))
		return true;
	for (size_t at = 0, end; at < len; at = end) {
		bool digits = is_digit(run[at]);
		for (end = at + 1; end < len && is_digit(run[end]) == digits;)
			end++;
		if (digits ? end - at > 4 : end - at > 1 && !vx_phi_is_word(phi, run + at, end - at))
			return false;
	}
	return true;
}

bool vx_phi_words_known(const struct vx_phi *phi, const struct vx_buf *text)
{
	for (size_t at = 0, end; at < text->len; at = end) {
		end = at + 1;
		if (!is_letter(text->data[at]) && !is_digit(text->data[at]))
			continue;
		while (end < text->len && (is_letter(text->data[end]) || is_digit(text->data[end])))
			end++;
		if (!run_is_known(phi, text->data + at, end - at))
			return false;
	}
	return true;
}

const char *vx_phi_free_text(const struct vx_phi *phi, const char *text, size_t len)
{
	struct vx_buf b = VX_BUF_INIT;
	const char *kind = NULL;
	vx_phi_prepare(text, len, &b);
	if (b.len > 0 && !vx_phi_harmless(phi, &b)) {
		kind = vx_phi_seen(phi, &b, true, true);
		if (!kind && !vx_phi_words_known(phi, &b))
			kind = "text";
	}
	vx_buf_free(&b);
	return kind;
}

const char *vx_phi_technical(const struct vx_phi *phi, const char *text, size_t len)
{
	struct vx_buf b = VX_BUF_INIT;
	vx_phi_prepare(text, len, &b);
	const char *kind = b.len > 0 ? vx_phi_seen(phi, &b, false, true) : NULL;
	vx_buf_free(&b);
	return kind;
}
