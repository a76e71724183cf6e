/* Unit tests of vx_csv. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <unistd.h>

#include "tap.h"
#include "vx_csv.h"

static char path[] = "/tmp/vx-csv-XXXXXX";

static bool take(void *arg, const struct vx_csv_row *row)
{
	vx_buf_printf(arg, "%ld", row->row);
	for (size_t i = 0; i < row->count; i++)
		vx_buf_printf(arg, "[%s]", row->cells[i]);
	vx_buf_puts(arg, "\n");
	return true;
}

static bool bad(void *arg, const struct vx_error *err, const struct vx_csv_row *row)
{
	vx_buf_printf(arg, "bad %ld after %zu: %s: %s\n", err->row, row->count, err->field, err->reason);
	return true;
}

static void warn(void *arg, const struct vx_error *err)
{
	vx_buf_printf(arg, "warning %ld: %.9s\n", err->row, err->reason);
}

/* The rows of text as "1[a][b]" lines. */
static const char *rows_with(const char *text, size_t n, struct vx_csv_options o)
{
	static struct vx_buf out;
	struct vx_csv_handler h = { .row = take, .bad = bad, .warn = warn, .arg = &out };
	struct vx_error err = VX_ERROR_INIT;
	FILE *f = fopen(path, "wb");

	fwrite(text, 1, n, f);
	fclose(f);
	vx_buf_clear(&out);
	vx_buf_puts(&out, "");
	if (vx_csv_read(path, &o, &h, &err) != VX_OK)
		vx_buf_printf(&out, "failed: %s\n", err.reason);
	return out.data;
}

static const char *rows(const char *text)
{
	return rows_with(text, strlen(text), (struct vx_csv_options){ 0 });
}

static void test_rows(void)
{
	ok_str(rows("a,b\n1,2\n"), "1[a][b]\n2[1][2]\n", "rows");
	ok_str(rows("a,b\r\n1,2"), "1[a][b]\n2[1][2]\n", "CRLF, no final newline");
	ok_str(rows("a,b\r1,2\r"), "1[a][b]\n2[1][2]\n", "CR alone");
	ok_str(rows("a,b\n\n\n1,2\n"), "1[a][b]\n4[1][2]\n", "blank lines are counted");
	ok_str(rows("a,b\r\n\r\n1,2\r\n"), "1[a][b]\n3[1][2]\n", "with CRLF too");
	ok_str(rows(" a , b\n"), "1[ a ][ b]\n", "spaces stay");
	ok_str(rows("a,b\n,\n"), "1[a][b]\n2[][]\n", "empty cells");
	ok_str(rows("\"a\n\"\"x\"\"\",b\n1,2\n"), "1[a\n\"x\"][b]\n2[1][2]\n", "quotes, and a newline within");
	ok_str(rows("a,b\n5\" needle,x\"y\"\n"), "1[a][b]\n2[5\" needle][x\"y\"]\n",
		"a quote inside a cell is a letter");
	ok_str(rows(""), "", "nothing");
	ok_str(rows("\n\n"), "", "nothing but newlines");
	ok_str(rows("sep=;\na;b,c\n"), "2[a][b,c]\n", "the line sep=; names the delimiter");
}

static void test_bad_rows(void)
{
	ok_str(rows("a,b\n\"x\"y,1\n2,3\n"), "1[a][b]\nbad 2 after 0: column 1: text behind a closing quote\n3[2][3]\n",
		"text behind a closing quote costs its row only");
	ok_str(rows("a,b\n1,\"x\n2,3\n"),
		"1[a][b]\nbad 2 after 1: column 2: a quote that is never closed: 2 lines up to the end of the file are "
		"inside it\n",
		"a quote that is never closed");
	ok_str(rows_with("a,b\n1,x\0y\n2,3\n", 14, (struct vx_csv_options){ 0 }),
		"1[a][b]\nbad 2 after 2: column 2: holds a NUL byte\n3[2][3]\n", "a NUL byte costs its row");
}

static void test_long_row(void)
{
	size_t n = VX_CSV_ROW_MAX + 200000;
	char *text = malloc(n + 16);
	const char *got;

	memset(text, 'x', n);
	memcpy(text, "a,b\n1,\"", 7);
	memcpy(text + n, "\n2,3\n", 6);
	got = rows_with(text, n + 5, (struct vx_csv_options){ .delimiter = ',' });
	ok(strstr(got, "bad 2 after 1: column 2: the row is longer than 8 MiB") != NULL,
		"a runaway quote ends after 8 MiB");
	ok(strstr(got, "[2][3]\n") != NULL, "and the next line is read again");
	free(text);
}

static void test_encodings(void)
{
	static const char utf16[] = "a\0,\0b\0\n\0\xe9\0,\0x\0\n\0", lone[] = "a\0,\0b\0\n\0\0\xd8,\0x\0\n\0";
	char ascii[80000];

	ok_str(rows("\xef\xbb\xbf"
		    "a,b\n"),
		"1[a][b]\n", "a BOM goes");
	ok_str(rows("a,b\n\xc3\xa9,x\n"), "1[a][b]\n2[é][x]\n", "UTF-8");
	ok_str(rows("a,b\n\xe9,\x80 5\n"), "warning 1: not UTF-8\n1[a][b]\n2[é][€ 5]\n", "Latin-1, with a warning");
	ok_str(rows("\xc3\xa9,b\n\xe9,x\n1,2\n"),
		"1[é][b]\nbad 2 after 2: column 1: not UTF-8, as the rows before were\n3[1][2]\n",
		"UTF-8 with a damaged row");
	ok_str(rows_with(utf16, sizeof utf16 - 1, (struct vx_csv_options){ 0 }), "1[a][b]\n2[é][x]\n",
		"UTF-16 without a BOM");
	ok_str(rows_with(lone, sizeof lone - 1, (struct vx_csv_options){ .encoding = "UTF-16LE" }),
		"1[a][b]\nbad 2 after 2: column 1: not valid in the encoding given\n",
		"a lone surrogate costs its row");
	ok_str(rows_with("a,b\n\xe9,x\n", 8, (struct vx_csv_options){ .encoding = "iso-8859-1" }), "1[a][b]\n2[é][x]\n",
		"the encoding given");
	ok_str(rows_with("a,b\n\xe9,x\n", 8, (struct vx_csv_options){ .encoding = "utf-8" }),
		"1[a][b]\nbad 2 after 2: column 1: not valid in the encoding given\n", "UTF-8 given, and not so");
	ok_str(rows_with("a\n", 2, (struct vx_csv_options){ .encoding = "klingon" }),
		"failed: --encoding: 'klingon' is unknown\n", "no such encoding");
	memset(ascii, '\n', sizeof ascii);
	memcpy(ascii, "a,b\n", 4);
	memcpy(ascii + sizeof ascii - 4, "\xe9,x\n", 4);
	ok(strstr(rows_with(ascii, sizeof ascii, (struct vx_csv_options){ 0 }),
		   "warning 79994: not UTF-8\n79994[é][x]\n") != NULL,
		"the first byte beyond ASCII, far behind the sample");
}

static void test_delimiters(void)
{
	ok(vx_csv_delimiter("a;b\n1,5;2\n", 10, NULL) == ';', "a semicolon, decimal commas");
	ok(vx_csv_delimiter("a\tb,c\td\n1\t2\t3\n", 15, NULL) == '\t', "a tab");
	ok(vx_csv_delimiter("a|b\n1|2\n", 8, NULL) == '|', "a bar");
	ok(vx_csv_delimiter("\"a;b\",c\n\"d;e;f\",g\n", 18, NULL) == ',', "quoted ones do not count");
	ok(vx_csv_delimiter("name\nx\n", 7, NULL) == ',', "one column");
	ok(vx_csv_delimiter("a;b", 3, NULL) == ';', "a header alone");
	ok_str(rows_with("a:b\n1:2\n", 8, (struct vx_csv_options){ .delimiter = ':' }), "1[a][b]\n2[1][2]\n",
		"the one given");
}

int main(void)
{
	int fd = mkstemp(path);

	close(fd);
	test_rows();
	test_bad_rows();
	test_long_row();
	test_encodings();
	test_delimiters();
	unlink(path);
	return tap_end();
}
