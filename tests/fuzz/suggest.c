/* Fuzz target: tables of any names and cells. Whatever is suggested loads as a mapping, and is the same when the rows come the
 * other way round. A line a row, tabs between cells; the first line names the columns.
 * SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdio.h>

#include "../../cmd/vx-pathology/suggest.c"
#include "vx_json_scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROWS 64
#define CELLS 24

static struct suggest_words *words;
static struct vx_lexicon *lexicon;

static void load(void)
{
	struct vx_error err = VX_ERROR_INIT;
	char *path = NULL;

	if (lexicon)
		return;
	if (vx_share_path("pathology/lexicon.tsv", &path, &err) == VX_OK)
		lexicon = vx_lexicon_load(path, &err);
	words = suggest_words_load(&err);
	if (!lexicon || !words) {
		fprintf(stderr, "%s: %s (set VX_SHARE)\n", err.file, err.reason);
		abort();
	}
	free(path);
}

/* The parts of text between separators; returns how many there are, at most max. */
static size_t split(struct vx_slice text, char separator, struct vx_slice *parts, size_t max)
{
	size_t n = 0, at = 0;

	while (n < max && at <= text.len && text.len) {
		const char *end = memchr(text.text + at, separator, text.len - at);
		parts[n].text = text.text + at;
		parts[n].len = (size_t)((end ? end : text.text + text.len) - parts[n].text);
		at += parts[n++].len + 1;
	}
	return n;
}

static void put_text(struct vx_buf *b, struct vx_slice s)
{
	struct vx_buf text = VX_BUF_INIT;

	vx_buf_add(&text, s.text, s.len);
	if (!vx_utf8_valid(text.data, text.len))
		for (size_t i = 0; i < text.len; i++)
			text.data[i] &= 0x7f;
	vx_json_put_string(b, text.data ? text.data : "", text.len);
	vx_buf_free(&text);
}

static void put_row(struct vx_buf *b, const struct vx_slice *names, size_t n, struct vx_slice line)
{
	struct vx_slice cells[CELLS];
	size_t n_cells = split(line, '\t', cells, n);

	vx_buf_clear(b);
	vx_buf_putc(b, '{');
	for (size_t i = 0; i < n_cells; i++) {
		vx_buf_puts(b, i ? "," : "");
		put_text(b, names[i]);
		vx_buf_putc(b, ':');
		put_text(b, cells[i]);
	}
	vx_buf_putc(b, '}');
}

static void draw(struct vx_buf *out, const struct vx_slice *lines, size_t n, bool backwards)
{
	struct run run = { .table = suggest_table_new(words), .lexicon = lexicon };
	struct vx_json_scan *scan = vx_json_scan_new();
	struct vx_slice names[CELLS];
	size_t columns = split(lines[0], '\t', names, CELLS);
	struct vx_buf row = VX_BUF_INIT;

	for (size_t i = 1; i < n; i++) {
		put_row(&row, names, columns, lines[backwards ? n - i : i]);
		/* Two columns of one name are no JSON. */
		if (vx_json_scan(scan, row.data, row.len, NULL) == VX_OK)
			suggest_table_add(run.table, row.data, row.len);
	}
	if (run.table->rows)
		draw_up(&run, out);
	suggest_table_free(run.table);
	vx_json_scan_free(scan);
	vx_buf_free(&row);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vx_slice lines[ROWS];
	struct vx_buf there = VX_BUF_INIT, back = VX_BUF_INIT;
	struct vx_error err = VX_ERROR_INIT;
	size_t n;

	load();
	n = split((struct vx_slice){ (const char *)data, size }, '\n', lines, ROWS);
	if (n < 2)
		return 0;
	draw(&there, lines, n, false);
	draw(&back, lines, n, true);
	if (there.len && check(&there, lexicon, &err) != VX_OK) {
		fprintf(stderr, "does not load: %ld: %s: %s\n%s\n", err.row, err.field, err.reason, there.data);
		abort();
	}
	if (there.len != back.len || (there.len && memcmp(there.data, back.data, there.len) != 0)) {
		fprintf(stderr, "the order of rows matters:\n%s\n%s\n", there.data, back.data ? back.data : "");
		abort();
	}
	vx_buf_free(&there);
	vx_buf_free(&back);
	return 0;
}
