/* split: the values of a JSON array, of a sequence of values, or of lines. bytes -> the bytes of each value
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "split.h"

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_space(struct split *s)
{
	while (s->at < s->end && is_space(*s->at))
		s->at++;
}

void split_begin(struct split *s, const char *text, size_t len, bool lines)
{
	*s = (struct split){ .at = text, .end = text + len, .begin = text, .lines = lines, .first = true };
	if (len >= 3 && !memcmp(text, "\xEF\xBB\xBF", 3))
		s->at += 3;
	if (lines)
		return;
	skip_space(s);
	if (s->at < s->end && *s->at == '[') {
		s->array = true;
		s->at++;
	}
}

static int next_line(struct split *s, const char **text, size_t *len)
{
	while (s->at < s->end) {
		const char *eol = memchr(s->at, '\n', (size_t)(s->end - s->at));
		const char *start = s->at, *stop = eol ? eol : s->end;
		s->at = eol ? eol + 1 : s->end;
		while (start < stop && is_space(*start))
			start++;
		while (stop > start && is_space(stop[-1]))
			stop--;
		if (start == stop)
			continue;
		*text = start;
		*len = (size_t)(stop - start);
		return 1;
	}
	return 0;
}

/* string_end: behind the closing quote, or end. A quote behind an odd number of backslashes does not close. */
static const char *string_end(const char *p, const char *end)
{
	const char *open = p++;
	while (p < end && (p = memchr(p, '"', (size_t)(end - p)))) {
		const char *back = p;
		while (back - 1 > open && back[-1] == '\\')
			back--;
		p++;
		if ((p - 1 - back) % 2 == 0)
			return p;
	}
	return end;
}

/* scalar_end: up to what cannot belong to a number or a name. */
static const char *scalar_end(const char *p, const char *end)
{
	while (p < end && !is_space(*p) && !strchr(",]}[{\"", *p))
		p++;
	return p;
}

/* value_end: behind the value that begins at p: its brackets closed, or up to the end. */
static const char *value_end(const char *p, const char *end)
{
	static const bool matters[256] = { ['"'] = true, ['['] = true, [']'] = true, ['{'] = true, ['}'] = true };
	size_t depth = 0;
	if (p == end || !matters[(unsigned char)*p])
		return scalar_end(p, end);
	if (*p == ']' || *p == '}')
		return p;
	while (p < end) {
		if (!matters[(unsigned char)*p]) {
			p++;
			continue;
		}
		if (*p == '"') {
			p = string_end(p, end);
		} else {
			depth += *p == '[' || *p == '{' ? 1 : (size_t)-1;
			p++;
		}
		if (!depth)
			return p;
	}
	return end;
}

static int bad(struct split *s, struct vx_error *err, const char *what)
{
	return vx_error_set(err, VX_EREJECT, NULL, "%s at byte %zu of the body", what, (size_t)(s->at - s->begin));
}

static int array_step(struct split *s, struct vx_error *err)
{
	if (s->at == s->end)
		return s->closed ? 0 : bad(s, err, "the array does not end");
	if (s->closed)
		return bad(s, err, "something stands behind the array");
	if (*s->at == ']') {
		s->at++;
		s->closed = true;
		skip_space(s);
		return s->at == s->end ? 0 : bad(s, err, "something stands behind the array");
	}
	if (!s->first) {
		if (*s->at != ',')
			return bad(s, err, "no comma");
		s->at++;
		skip_space(s);
	}
	return 1;
}

static int next_value(struct split *s, const char **text, size_t *len, struct vx_error *err)
{
	skip_space(s);
	if (s->array) {
		int more = array_step(s, err);
		if (more != 1)
			return more;
	} else if (s->at == s->end) {
		return 0;
	}
	s->first = false;
	const char *end = value_end(s->at, s->end);
	if (end == s->at || end > s->end)
		return bad(s, err, "no value");
	*text = s->at;
	*len = (size_t)(end - s->at);
	s->at = end;
	return 1;
}

int split_next(struct split *s, const char **text, size_t *len, struct vx_error *err)
{
	int more = s->lines ? next_line(s, text, len) : next_value(s, text, len, err);
	if (more == 1 && ++s->count > SPLIT_MOST)
		return vx_error_set(
			err, VX_EDATA, NULL, "the body holds more than %d values: send less at once", SPLIT_MOST);
	return more;
}
