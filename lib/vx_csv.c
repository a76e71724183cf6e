/* vx_csv: rows of a table over libcsv. text -> cells, or what is wrong with a row.
 * SPDX-License-Identifier: MIT */
#include <csv.h>
#include <stdlib.h>
#include <string.h>

#include "vx_csv_input.h"

struct parser {
	struct csv_parser csv;
	struct vx_csv_input in;
	const struct vx_csv_handler *h;
	long row;            /* the one being read */
	struct vx_buf text;  /* its cells, each with a NUL behind */
	struct vx_buf other; /* the same, converted */
	size_t *lens;
	const char **cells;
	size_t count, room;
	size_t bytes; /* of the input, in this row so far */
	int last_end; /* the character that ended the row before; 0 once this one has begun */
	bool seen_utf8, skipping, stopped;
};

static struct vx_csv_row row_of(struct parser *p)
{
	const char *at = p->text.data;

	for (size_t i = 0; i < p->count; at += p->lens[i] + 1, i++)
		p->cells[i] = at;
	return (struct vx_csv_row){ .row = p->row, .count = p->count, .cells = p->cells, .lens = p->lens };
}

static void next_row(struct parser *p)
{
	p->row++;
	p->count = 0;
	p->bytes = 0;
	vx_buf_clear(&p->text);
}

static void bad(struct parser *p, size_t column, const char *reason)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_csv_row row = row_of(p);
	char field[40];

	snprintf(field, sizeof field, "column %zu", column);
	vx_error_set(&err, VX_EREJECT, column ? field : NULL, "%s", reason);
	vx_error_at(&err, NULL, p->row);
	p->stopped |= !p->h->bad(p->h->arg, &err, &row);
}

static void on_cell(void *bytes, size_t n, void *arg)
{
	struct parser *p = arg;

	p->last_end = 0;
	if (p->count == p->room) {
		p->room = p->room ? 2 * p->room : 32;
		p->lens = vx_realloc(p->lens, p->room * sizeof *p->lens);
		p->cells = vx_realloc(p->cells, p->room * sizeof *p->cells);
	}
	vx_buf_add(&p->text, bytes, n);
	vx_buf_add(&p->text, "", 1);
	p->lens[p->count++] = n;
}

static void to_latin1(struct parser *p)
{
	const char *at = p->text.data;
	struct vx_buf old = p->text;

	vx_buf_clear(&p->other);
	for (size_t i = 0; i < p->count; i++) {
		size_t start = p->other.len, n = p->lens[i];
		vx_csv_cp1252(&p->other, at, n);
		p->lens[i] = p->other.len - start;
		vx_buf_add(&p->other, "", 1);
		at += n + 1;
	}
	p->text = p->other;
	p->other = old;
}

static bool is_ascii(const char *s, size_t n)
{
	unsigned char all = 0;

	for (size_t i = 0; i < n; i++)
		all |= (unsigned char)s[i];
	return all < 0x80;
}

static void turn_latin1(struct parser *p)
{
	struct vx_error err = VX_ERROR_INIT;

	p->in.latin1 = true;
	vx_error_set(&err, VX_OK, NULL, "not UTF-8: read as Latin-1 (Windows-1252); --encoding says otherwise");
	vx_error_at(&err, NULL, p->row);
	if (p->h->warn)
		p->h->warn(p->h->arg, &err);
}

/* The number of the first cell that is no UTF-8, 0: all are. */
static size_t column_not_utf8(const struct parser *p)
{
	const char *at = p->text.data;

	for (size_t i = 0; i < p->count; at += p->lens[i] + 1, i++)
		if (!vx_utf8_valid(at, p->lens[i]))
			return i + 1;
	return 0;
}

/* Makes the row UTF-8; false (and told) when it cannot be. Where the encoding was not given, the first byte that is no UTF-8
 * decides for Latin-1, unless there was good UTF-8 before it: then the row is damaged. */
static bool decode_row(struct parser *p)
{
	size_t column;

	if (p->text.len == 0 || is_ascii(p->text.data, p->text.len))
		return true;
	if (!p->in.latin1) {
		column = column_not_utf8(p);
		p->seen_utf8 |= column == 0;
		if (column == 0)
			return true;
		if (p->seen_utf8 || p->in.given || (void *)p->in.cd != (void *)-1) {
			bad(p, column,
				p->in.given ? "not valid in the encoding given" : "not UTF-8, as the rows before were");
			return false;
		}
		turn_latin1(p);
	}
	to_latin1(p);
	return true;
}

/* A NUL would end the cell for whoever reads it as text; 0: there is none. */
static size_t column_with_nul(const struct parser *p)
{
	const char *at = p->text.data;
	size_t total = p->count;

	for (size_t i = 0; i < p->count; i++)
		total += p->lens[i];
	for (size_t i = 0; i < p->count && total; at += p->lens[i] + 1, i++)
		if (memchr(at, '\0', p->lens[i]))
			return i + 1;
	return 0;
}

static void on_row(int end, void *arg)
{
	struct parser *p = arg;
	struct vx_csv_row row;
	size_t nul;

	if (p->stopped)
		return;
	if (p->count == 0) {
		/* A blank line is counted; the "\n" of a "\r\n" is none. */
		if (!(end == '\n' && p->last_end == '\r') && end > 0)
			next_row(p);
		p->last_end = end == '\n' && p->last_end == '\r' ? 0 : end;
		return;
	}
	nul = column_with_nul(p);
	if (nul) {
		bad(p, nul, "holds a NUL byte");
	} else if (decode_row(p)) {
		row = row_of(p);
		p->stopped |= !p->h->row(p->h->arg, &row);
	}
	next_row(p);
	p->last_end = end;
}

/* libcsv's state back to the start of a row. */
static int reset(struct parser *p)
{
	unsigned char delimiter = csv_get_delim(&p->csv);

	csv_free(&p->csv);
	if (csv_init(&p->csv, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL) != 0)
		return VX_EMEM;
	csv_set_delim(&p->csv, delimiter);
	return VX_OK;
}

static int nothing_is_space(unsigned char c)
{
	(void)c;
	return 0;
}

/* What strict parsing stopped at, s[0]: a quote inside a cell that has none around it is a letter; text behind a closing quote
 * is an error that costs the row up to the next line. Returns the bytes it took, 0: memory ran out. */
static size_t after_stop(struct parser *p, const char *s)
{
	unsigned char options = (unsigned char)csv_get_opts(&p->csv);
	size_t taken;

	if (p->csv.quoted) {
		bad(p, p->count + 1, "text behind a closing quote");
		p->skipping = true;
		if (reset(p) != VX_OK)
			return 0;
		csv_set_space_func(&p->csv, nothing_is_space);
		return 1;
	}
	csv_set_opts(&p->csv, (unsigned char)(options & ~CSV_STRICT));
	taken = csv_parse(&p->csv, s, 1, on_cell, on_row, p);
	csv_set_opts(&p->csv, options);
	return taken;
}

/* Skips to the end of the line; returns the bytes skipped. */
static size_t skip(struct parser *p, const char *s, size_t n)
{
	const char *end = memchr(s, '\n', n);

	if (!end)
		return n;
	p->skipping = false;
	next_row(p);
	p->last_end = '\n';
	return (size_t)(end - s) + 1;
}

static int parse(struct parser *p, const char *s, size_t n, struct vx_error *err)
{
	size_t taken;

	while (n && !p->stopped) {
		if (p->skipping) {
			taken = skip(p, s, n);
		} else {
			long before = p->row;
			taken = csv_parse(&p->csv, s, n, on_cell, on_row, p);
			p->bytes = p->row == before ? p->bytes + taken : 0;
			if (taken < n && csv_error(&p->csv) == CSV_EPARSE) {
				size_t more = after_stop(p, s + taken);
				taken = more ? taken + more : 0;
			}
		}
		if (taken == 0)
			return vx_error_set(err, VX_EMEM, NULL, "out of memory");
		s += taken;
		n -= taken;
		if (p->bytes > VX_CSV_ROW_MAX) {
			bad(p, p->count + 1, "the row is longer than 8 MiB: a quote that is never closed?");
			p->skipping = true;
			p->bytes = 0;
			if (reset(p) != VX_OK)
				return vx_error_set(err, VX_EMEM, NULL, "out of memory");
			csv_set_space_func(&p->csv, nothing_is_space);
		}
	}
	return VX_OK;
}

static void finish(struct parser *p)
{
	char reason[120];
	size_t lines = 0, n = p->csv.entry_pos;

	if (p->stopped || p->skipping)
		return;
	if (csv_fini(&p->csv, on_cell, on_row, p) == 0)
		return;
	for (size_t i = 0; i < n; i++)
		lines += p->csv.entry_buf[i] == '\n' || i + 1 == n;
	snprintf(reason, sizeof reason,
		"a quote that is never closed: %zu lines up to the end of the file are inside it", lines);
	bad(p, p->count + 1, reason);
}

/* The line "sep=;" that some programs put first; its length, 0: there is none. */
static size_t separator_line(const struct vx_buf *text, char *delimiter)
{
	if (text->len < 6 || strncasecmp(text->data, "sep=", 4) != 0 ||
		(text->data[5] != '\n' && text->data[5] != '\r'))
		return 0;
	if (!*delimiter)
		*delimiter = text->data[4];
	return text->data[5] == '\r' && text->len > 6 && text->data[6] == '\n' ? 7 : 6;
}

/* The delimiter by looking at the first rows; where two fit them alike, it is said that one was taken. */
static char sniff_delimiter(struct parser *p)
{
	struct vx_error err = VX_ERROR_INIT;
	char other = 0, delimiter = vx_csv_delimiter(p->in.text.data, p->in.text.len, &other);

	if (other && p->h->warn) {
		vx_error_set(&err, VX_OK, NULL,
			"'%c' and '%c' fit the rows alike: '%c' is taken for the delimiter (see --delimiter)",
			delimiter, other, delimiter);
		p->h->warn(p->h->arg, &err);
	}
	return delimiter;
}

static int read_all(struct parser *p, char delimiter, struct vx_error *err)
{
	size_t done = separator_line(&p->in.text, &delimiter);
	int status = VX_OK, more = 1;

	p->row = done ? 2 : 1;
	if (!delimiter)
		delimiter = p->in.text.len ? sniff_delimiter(p) : ',';
	csv_set_delim(&p->csv, (unsigned char)delimiter);
	csv_set_space_func(&p->csv, nothing_is_space);
	if (p->in.latin1)
		turn_latin1(p);
	while (more == 1 && status == VX_OK && !p->stopped) {
		status = parse(p, p->in.text.data + done, p->in.text.len - done, err);
		vx_buf_clear(&p->in.text);
		done = 0;
		if (status == VX_OK)
			more = vx_csv_input_more(&p->in, p->h, err);
	}
	if (status == VX_OK && more == 0)
		finish(p);
	return status != VX_OK ? status : more < 0 ? more : VX_OK;
}

int vx_csv_read(const char *path, const struct vx_csv_options *options, const struct vx_csv_handler *handler,
	struct vx_error *err)
{
	struct parser p = { .h = handler };
	int status = vx_csv_input_open(&p.in, path, options->encoding, err);

	if (status == VX_OK && csv_init(&p.csv, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL) != 0)
		status = vx_error_set(err, VX_EMEM, NULL, "out of memory");
	if (status == VX_OK) {
		status = read_all(&p, options->delimiter, err);
		csv_free(&p.csv);
	}
	if (status != VX_OK)
		vx_error_at(err, path, 0);
	vx_csv_input_close(&p.in);
	vx_buf_free(&p.text);
	vx_buf_free(&p.other);
	free(p.lens);
	free(p.cells);
	return status;
}
