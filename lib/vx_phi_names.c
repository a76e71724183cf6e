/* vx_phi_names: words of a text that are names of persons: the list of the rules, compared without case and accents.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "vx_fold.h"
#include "vx_hash.h"
#include "vx_phi_rules.h"

enum { NAME_MIN = 4, NAME_MAX = 31 };

/* The next word of text from *at on, letters only, folded into word; its length, 0 at the end. What is longer than a name
 * is cut, and equals none. */
static size_t next_word(const char *text, size_t len, size_t *at, char word[NAME_MAX + 1])
{
	struct vx_folded f;
	size_t n = 0;
	while (*at < len) {
		size_t took = vx_fold_next(text + *at, len - *at, &f);
		bool letters = f.kind == VX_FOLD_WORD && !(f.text[0] >= '0' && f.text[0] <= '9');
		*at += took;
		if (letters && n + f.len <= NAME_MAX) {
			memcpy(word + n, f.text, f.len);
			n += f.len;
		} else if (n > 0 && !letters && f.kind != VX_FOLD_NONE) {
			break;
		}
	}
	word[n] = '\0';
	return n;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

bool vx_phi_names_in(const struct vx_phi *phi, const char *text, size_t len)
{
	char word[NAME_MAX + 1];
	const char *key = word;
	size_t at = 0, n;
	while (phi->n_names > 0 && (n = next_word(text, len, &at, word)) > 0)
		if (n >= NAME_MIN && bsearch(&key, phi->names, phi->n_names, sizeof(*phi->names), by_text))
			return true;
	return false;
}

/* "M+C3+BCller": what stands for other bytes is read back. */
static void decode(const char *identifier, struct vx_buf *b)
{
	for (const char *p = identifier; *p; p++) {
		int high = *p == '+' ? vx_hex_digit(p[1]) : -1, low = high >= 0 ? vx_hex_digit(p[2]) : -1;
		vx_buf_putc(b, low >= 0 ? (char)(high * 16 + low) : *p);
		p += low >= 0 ? 2 : 0;
	}
}

void vx_phi_identifier(const struct vx_phi *phi, const char *identifier, struct vx_phi_list *list)
{
	struct vx_buf bytes = VX_BUF_INIT, text = VX_BUF_INIT;
	decode(identifier, &bytes);
	vx_phi_prepare(bytes.data ? bytes.data : "", bytes.len, &text);
	const char *kind = vx_phi_seen(phi, &text, false, false);
	if (kind)
		vx_phi_add(list, "identifier", kind);
	vx_buf_free(&bytes);
	vx_buf_free(&text);
}

int vx_phi_load_names(struct vx_phi *phi, const struct vx_json *list, struct vx_error *err)
{
	char word[NAME_MAX + 1];
	size_t n = vx_json_size(list), len, at;
	if (list && vx_json_type(list) != VX_ARRAY)
		return vx_error_set(err, VX_EDATA, "names", "no list");
	phi->names = vx_alloc((n + 1) * sizeof(*phi->names));
	for (size_t i = 0; i < n; i++) {
		const char *name = vx_json_text(vx_json_at(list, i), &len);
		at = 0;
		if (!name || next_word(name, len, &at, word) < NAME_MIN || at < len)
			return vx_error_set(
				err, VX_EDATA, "names", "item %zu is no word of four letters or more", i + 1);
		phi->names[phi->n_names++] = vx_strdup(word);
	}
	if (phi->n_names > 1)
		qsort(phi->names, phi->n_names, sizeof(*phi->names), by_text);
	return VX_OK;
}
