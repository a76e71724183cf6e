/* vx_csv_input: the bytes of a table, decoded to UTF-8; what their encoding and delimiter are. file -> text.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "vx_csv_input.h"
#include "vx_placeholder.h"

enum { BLOCK = 65536, SAMPLE = 32768 };
#define NO_ICONV ((iconv_t)-1)

/* ---- what is it ---- */

/* Well-formed characters of two and more bytes against bytes that belong to none. A character cut off at the end
 * counts for neither. */
static bool more_utf8_than_not(const char *s, size_t n)
{
	size_t good = 0, bad = 0, k;

	for (size_t i = 0; i < n; i += k) {
		k = 1;
		if ((unsigned char)s[i] < 0x80)
			continue;
		for (k = 4; k > 1 &&
			    (i + k > n || !vx_utf8_valid(s + i, k) || ((unsigned char)s[i + k - 1] & 0xc0) != 0x80);)
			k--;
		if (k > 1)
			good++;
		else if (n - i >= 4)
			bad++;
		else
			return good || !bad ? good >= bad : false;
	}
	return good >= bad;
}

const char *vx_csv_encoding(const char *s, size_t n)
{
	size_t even = 0, odd = 0;

	if (n >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0)
		return "";
	if (n >= 4 && (memcmp(s, "\xff\xfe\0\0", 4) == 0 || memcmp(s, "\0\0\xfe\xff", 4) == 0))
		return s[0] ? "UTF-32LE" : "UTF-32BE";
	if (n >= 2 && (memcmp(s, "\xff\xfe", 2) == 0 || memcmp(s, "\xfe\xff", 2) == 0))
		return (unsigned char)s[0] == 0xff ? "UTF-16LE" : "UTF-16BE";
	for (size_t i = 0; i < n; i++)
		if (!s[i])
			*(i % 2 ? &odd : &even) += 1;
	/* Text in UTF-16 is mostly Latin letters, every other byte of which is zero. */
	if (n >= 4 && odd > n / 4 && even < n / 16)
		return "UTF-16LE";
	if (n >= 4 && even > n / 4 && odd < n / 16)
		return "UTF-16BE";
	return more_utf8_than_not(s, n) ? "" : "latin1";
}

/* How many of the first rows have as many cells as the first one, times those cells; 0 where that is one. */
static size_t agreement(const char *s, size_t n, char delimiter)
{
	size_t cells = 1, first = 0, rows = 0, same = 0;
	bool quoted = false, start = true;

	for (size_t i = 0; i < n && rows < 50; i++) {
		if (s[i] == '"' && (start || quoted)) {
			quoted = !quoted;
		} else if (!quoted && s[i] == delimiter) {
			cells++;
			start = true;
			continue;
		} else if (!quoted && (s[i] == '\n' || s[i] == '\r')) {
			if (!start || cells > 1) {
				first = first ? first : cells;
				rows++;
				same += cells == first;
			}
			cells = 1;
			start = true;
			continue;
		}
		start = false;
	}
	if (rows == 0 && cells > 1) /* a single row without a newline */
		return cells;
	return first > 1 ? same * 1000 / rows * first : 0;
}

char vx_csv_delimiter(const char *text, size_t n, char *other)
{
	static const char candidates[] = { ',', ';', '\t', '|' };
	size_t best = 0, score;
	char delimiter = ',', second = 0;

	for (size_t i = 0; i < sizeof candidates; i++) {
		score = agreement(text, n, candidates[i]);
		if (score > best) {
			best = score;
			delimiter = candidates[i];
			second = 0;
		} else if (score > 0 && score == best) {
			second = candidates[i];
		}
	}
	if (other)
		*other = second;
	return delimiter;
}

void vx_csv_cp1252(struct vx_buf *out, const char *s, size_t n)
{
	/* Windows-1252 from 0x80 on; what it leaves open stays the control character of Latin-1. */
	static const unsigned short high[32] = { 0x20ac, 0x81, 0x201a, 0x192, 0x201e, 0x2026, 0x2020, 0x2021, 0x2c6,
		0x2030, 0x160, 0x2039, 0x152, 0x8d, 0x17d, 0x8f, 0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013,
		0x2014, 0x2dc, 0x2122, 0x161, 0x203a, 0x153, 0x9d, 0x17e, 0x178 };

	for (size_t i = 0; i < n; i++) {
		unsigned c = (unsigned char)s[i];
		if (c >= 0x80 && c < 0xa0)
			c = high[c - 0x80];
		vx_utf8_put(out, c);
	}
}

/* ---- reading ---- */

static int read_block(struct vx_csv_input *in, struct vx_error *err)
{
	for (;;) {
		char *at = vx_buf_reserve(&in->raw, BLOCK);
		ssize_t n = read(in->fd, at, BLOCK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return vx_error_errno(err, VX_EIO, NULL, "cannot read");
		in->raw.len += (size_t)n;
		in->end = n == 0;
		return VX_OK;
	}
}

static bool is_ready(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

/* Enough to tell encoding and delimiter by; less where whoever writes pauses after a line. */
static int read_sample(struct vx_csv_input *in, struct vx_error *err)
{
	int status = VX_OK;

	while (status == VX_OK && !in->end && in->raw.len < SAMPLE &&
		(!in->raw.len || !memchr(in->raw.data, '\n', in->raw.len) || is_ready(in->fd)))
		status = read_block(in, err);
	return status;
}

static int start_decoder(struct vx_csv_input *in, const char *encoding, struct vx_error *err)
{
	if (!encoding)
		encoding = vx_csv_encoding(in->raw.data ? in->raw.data : "", in->raw.len);
	if (!*encoding || strcasecmp(encoding, "utf-8") == 0 || strcasecmp(encoding, "utf8") == 0)
		return VX_OK;
	if (!in->given && strcmp(encoding, "latin1") == 0) {
		in->latin1 = true;
		return VX_OK;
	}
	in->unit = strcasestr(encoding, "16") ? 2 : strcasestr(encoding, "32") ? 4 : 1;
	in->cd = iconv_open("UTF-8", encoding);
	return in->cd == NO_ICONV ? vx_error_set(err, VX_EUSAGE, NULL, "--encoding: '%s' is unknown", encoding) : VX_OK;
}

/* Moves all that raw holds into text, through the decoder; a sequence that is cut off waits for the rest of it. */
static void decode(struct vx_csv_input *in)
{
	char *from = in->raw.data;
	size_t left = in->raw.len;

	if (in->cd == NO_ICONV) {
		vx_buf_add(&in->text, from, left);
		vx_buf_clear(&in->raw);
		return;
	}
	while (left) {
		char *to = vx_buf_reserve(&in->text, BLOCK);
		size_t room = BLOCK, n = iconv(in->cd, &from, &left, &to, &room);
		in->text.len += BLOCK - room;
		if (n != (size_t)-1 || errno == E2BIG)
			continue;
		if (errno == EINVAL && !in->end)
			break;
		size_t step = in->unit < left ? in->unit : left;
		vx_buf_putc(&in->text, '\xff');
		from += step;
		left -= step;
	}
	memmove(in->raw.data, from, left);
	in->raw.len = left;
}

/* What people give in place of a table, and what makes one of it. */
static int check_kind(const struct vx_csv_input *in, struct vx_error *err)
{
	const char *s = in->raw.data;
	size_t n = in->raw.len;

	if (n <= VX_PLACEHOLDER_MAX && vx_placeholder(s, n))
		return vx_error_set(err, VX_EDATA, NULL, "%s", vx_placeholder(s, n));
	if (n >= 4 && memcmp(s, "PK\3\4", 4) == 0)
		return vx_error_set(err, VX_EDATA, NULL, "a zip file or workbook: xlsx2csv FILE | vx-csv --name FILE");
	if (n >= 4 && memcmp(s, "\xd0\xcf\x11\xe0", 4) == 0)
		return vx_error_set(err, VX_EDATA, NULL, "a workbook of old Excel (.xls): save it as .xlsx or CSV");
	if (n >= 2 && memcmp(s, "\x1f\x8b", 2) == 0)
		return vx_error_set(err, VX_EDATA, NULL, "compressed by gzip: zcat FILE | vx-csv --name FILE");
	return VX_OK;
}

int vx_csv_input_open(struct vx_csv_input *in, const char *path, const char *encoding, struct vx_error *err)
{
	int status;

	*in = (struct vx_csv_input){ .cd = NO_ICONV, .given = encoding != NULL };
	in->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (in->fd < 0)
		return vx_error_errno(err, VX_EIO, NULL, "cannot open");
	status = read_sample(in, err);
	if (status == VX_OK)
		status = check_kind(in, err);
	if (status == VX_OK)
		status = start_decoder(in, encoding, err);
	if (status != VX_OK)
		return status;
	decode(in);
	if (in->text.len >= 3 && memcmp(in->text.data, "\xef\xbb\xbf", 3) == 0) {
		memmove(in->text.data, in->text.data + 3, in->text.len - 3);
		in->text.len -= 3;
	}
	return VX_OK;
}

void vx_csv_input_close(struct vx_csv_input *in)
{
	if (in->fd > STDERR_FILENO)
		close(in->fd);
	if (in->cd != NO_ICONV)
		iconv_close(in->cd);
	vx_buf_free(&in->raw);
	vx_buf_free(&in->text);
}

int vx_csv_input_more(struct vx_csv_input *in, const struct vx_csv_handler *h, struct vx_error *err)
{
	int status;

	if (in->end)
		return 0;
	if (h->idle && !is_ready(in->fd))
		h->idle(h->arg);
	status = read_block(in, err);
	if (status != VX_OK)
		return status;
	decode(in);
	return 1;
}
