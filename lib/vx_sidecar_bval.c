/* vx_sidecar_bval: the text beside a diffusion image; .bval -> b-values, .bvec -> how many directions, and which are odd.
 * SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vx_sidecar.h"

#define UNIT_LENGTH_SLACK 0.02 /* dcm2niix writes six digits, others four */

struct words {
	const char *p, *end;
	size_t n;   /* words so far */
	bool fresh; /* the word is the first of its line */
};

/* The next word of the text. False: none is left. */
static bool next_word(struct words *w, const char **word, size_t *len)
{
	w->fresh = w->n == 0;
	for (; w->p < w->end && isspace((unsigned char)*w->p); w->p++)
		if (*w->p == '\n' || *w->p == '\r')
			w->fresh = true;
	*word = w->p;
	while (w->p < w->end && !isspace((unsigned char)*w->p))
		w->p++;
	*len = (size_t)(w->p - *word);
	w->n += *len > 0;
	return *len > 0;
}

static bool number_of(const char *word, size_t len, double *value)
{
	char text[40], *rest;
	if (len >= sizeof(text))
		return false;
	memcpy(text, word, len);
	text[len] = '\0';
	if (strspn(text, "0123456789.eE+-") < len)
		return false;
	*value = strtod(text, &rest);
	return !*rest && isfinite(*value);
}

int vx_bval_parse(const char *text, size_t len, struct vx_json **out, struct vx_error *err)
{
	struct words w = { .p = text, .end = text + len };
	struct vx_json *list = vx_json_array();
	const char *word;
	double value;
	*out = NULL;
	while (next_word(&w, &word, &len)) {
		if (!number_of(word, len, &value) || value < 0) {
			vx_json_free(list);
			return vx_error_set(err, VX_EREJECT, NULL, "number %zu is no b-value", w.n);
		}
		vx_json_push(list, vx_json_double(value + 0.0));
	}
	if (vx_json_size(list) == 0) {
		vx_json_free(list);
		return vx_error_set(err, VX_EREJECT, NULL, "no b-value in it");
	}
	*out = list;
	return VX_OK;
}

/* All numbers of the text, and that its lines hold equally many. */
static int read_table(struct words *w, double *numbers, size_t *rows, size_t *columns, struct vx_error *err)
{
	const char *word;
	size_t len, n = 0, row = 0;
	*rows = *columns = 0;
	while (next_word(w, &word, &len)) {
		if (n == 3 * VX_BVEC_MAX)
			return vx_error_set(err, VX_EREJECT, NULL, "more than %d directions", VX_BVEC_MAX);
		if (!number_of(word, len, &numbers[n]))
			return vx_error_set(err, VX_EREJECT, NULL, "number %zu is none", w->n);
		if (w->fresh) {
			if (*rows > 1 && row != *columns)
				break;
			*columns = *rows == 1 ? row : *columns;
			++*rows;
			row = 0;
		}
		row++;
		n++;
	}
	if (n == 0)
		return vx_error_set(err, VX_EREJECT, NULL, "no number in it");
	if (*rows > 1 && row != *columns)
		return vx_error_set(err, VX_EREJECT, NULL, "its lines hold %zu numbers and %zu", *columns, row);
	*columns = *rows == 1 ? row : *columns;
	return VX_OK;
}

/* v: 3 lines of n, as FSL has it, or n lines of 3. */
static void look_at(const double *v, bool lines_of_3, struct vx_bvec *out)
{
	for (size_t i = 0; i < out->n; i++) {
		double sum = 0;
		for (size_t k = 0; k < 3; k++) {
			double x = lines_of_3 ? v[3 * i + k] : v[k * out->n + i];
			sum += x * x;
		}
		if (sum == 0)
			continue;
		out->directions++;
		if (out->odd == 0 && !(fabs(sqrt(sum) - 1) <= UNIT_LENGTH_SLACK))
			out->odd = i + 1;
	}
}

int vx_bvec_parse(const char *text, size_t len, struct vx_bvec *out, struct vx_error *err)
{
	struct words w = { .p = text, .end = text + len };
	/* Every number takes at least two bytes, with the blank behind it. */
	size_t most = len / 2 + 1, rows, columns;
	double *numbers = vx_alloc((most < 3 * VX_BVEC_MAX ? most : 3 * VX_BVEC_MAX) * sizeof(*numbers));
	*out = (struct vx_bvec){ .n = 0 };
	int st = read_table(&w, numbers, &rows, &columns, err);
	if (st == VX_OK && rows != 3 && columns != 3)
		st = vx_error_set(
			err, VX_EREJECT, NULL, "%zu lines of %zu numbers: not three a direction", rows, columns);
	if (st == VX_OK) {
		out->n = rows == 3 ? columns : rows;
		look_at(numbers, rows != 3, out);
	}
	free(numbers);
	return st;
}

int vx_bval_read(const char *path, struct vx_json **out, struct vx_error *err)
{
	struct vx_buf text = VX_BUF_INIT;
	*out = NULL;
	int st = vx_read_data_file(path, VX_SIDECAR_MAX, &text, err);
	if (st == VX_OK)
		st = vx_bval_parse(text.data ? text.data : "", text.len, out, err);
	vx_buf_free(&text);
	return st;
}

int vx_bvec_read(const char *path, struct vx_bvec *out, struct vx_error *err)
{
	struct vx_buf text = VX_BUF_INIT;
	*out = (struct vx_bvec){ .n = 0 };
	int st = vx_read_data_file(path, VX_SIDECAR_MAX, &text, err);
	if (st == VX_OK)
		st = vx_bvec_parse(text.data ? text.data : "", text.len, out, err);
	vx_buf_free(&text);
	return st;
}
