/* vx_template: path patterns with named captures, templates, and the encoding of names into identifiers.
 * A pattern becomes one POSIX extended regular expression; explaining a miss holds its prefixes against the path.
 * SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "vx_hash.h"
#include "vx_resource.h"
#include "vx_template.h"

/* One piece of a pattern or template, in order. */
struct piece {
	char *name; /* of a capture or variable; NULL: literal text or a wildcard */
	char *text; /* literal text; the capture's or wildcard's regular expression */
	bool is_literal;
	size_t group; /* number of the capture's group in the whole expression */
};

struct pieces {
	struct piece *list;
	size_t n;
};

struct vx_pattern {
	char *text;
	struct pieces pieces;
	regex_t re;
	bool compiled;
	size_t groups;    /* of the whole expression, the whole match not counted */
	size_t *captures; /* index into pieces of capture i */
	size_t n_captures;
};

struct vx_template {
	struct pieces pieces;
};

static void pieces_free(struct pieces *p)
{
	size_t i;

	for (i = 0; i < p->n; i++) {
		free(p->list[i].name);
		free(p->list[i].text);
	}
	free(p->list);
}

static struct piece *pieces_add(struct pieces *p, char *name, char *text, bool is_literal)
{
	p->list = vx_realloc(p->list, (p->n + 1) * sizeof *p->list);
	p->list[p->n] = (struct piece){ name, text, is_literal, 0 };
	return &p->list[p->n++];
}

static void add_literal(struct pieces *p, const char *s, size_t n)
{
	if (n > 0)
		pieces_add(p, NULL, vx_strndup(s, n), true);
}

/* The "}" that closes the "{" at s: braces of a regular expression ({4}) nest, a bracket or backslash hides one. */
static const char *closing_brace(const char *s)
{
	int depth = 0;
	const char *p;

	for (p = s; *p; p++) {
		if (*p == '\\' && p[1])
			p++;
		else if (*p == '[' && p > s + 1)
			p = p[1] && strchr(p + 2, ']') ? strchr(p + 2, ']') : p;
		else if (*p == '{')
			depth++;
		else if (*p == '}' && --depth == 0)
			return p;
	}
	return NULL;
}

static bool name_ok(const char *s, size_t n, bool dotted)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && s[i] != '_' && s[i] != '-' && !(dotted && s[i] == '.'))
			return false;
	return n > 0;
}

static int parse(const char *text, bool pattern, struct pieces *out, struct vx_error *err)
{
	const char *p = text, *literal = text, *close, *colon, *name_end;

	while (*p) {
		if (*p == '{') {
			add_literal(out, literal, (size_t)(p - literal));
			close = closing_brace(p);
			if (!close)
				return vx_error_set(err, VX_EUSAGE, NULL, "'{' is never closed in '%s'", text);
			colon = pattern ? memchr(p, ':', (size_t)(close - p)) : NULL;
			name_end = colon ? colon : close;
			if (!name_ok(p + 1, (size_t)(name_end - p - 1), !pattern))
				return vx_error_set(err, VX_EUSAGE, NULL, "'%.*s' is no name in '%s'",
					(int)(name_end - p - 1), p + 1, text);
			pieces_add(out, vx_strndup(p + 1, (size_t)(name_end - p - 1)),
				colon ? vx_strndup(colon + 1, (size_t)(close - colon - 1)) : vx_strdup("[^/]+"), false);
			p = literal = close + 1;
		} else if (pattern && *p == '*') {
			add_literal(out, literal, (size_t)(p - literal));
			pieces_add(out, NULL, vx_strdup(p[1] == '*' ? ".*" : "[^/]*"), false);
			p += p[1] == '*' ? 2 : 1;
			/* Gitignore's reading of a "**" that is a whole segment: any folders, also none. */
			if (p - literal >= 2 && p[-2] == '*' && *p == '/' && (p - 2 == text || p[-3] == '/')) {
				free(out->list[out->n - 1].text);
				out->list[out->n - 1].text = vx_strdup("(.*/)?");
				p++;
			}
			literal = p;
		} else {
			p++;
		}
	}
	add_literal(out, literal, (size_t)(p - literal));
	return VX_OK;
}

static void put_literal_re(struct vx_buf *b, const char *s)
{
	for (; *s; s++) {
		if (strchr(".[](){}*+?^$|\\", *s))
			vx_buf_putc(b, '\\');
		vx_buf_putc(b, *s);
	}
}

/* How many groups a piece's own expression has. */
static int count_groups(const char *re, size_t *groups, struct vx_error *err, const char *name)
{
	regex_t r;
	char why[128];
	int code = regcomp(&r, re, REG_EXTENDED);

	if (code != 0) {
		regerror(code, &r, why, sizeof why);
		return vx_error_set(err, VX_EUSAGE, name, "'%s' is no regular expression: %s", re, why);
	}
	*groups = r.re_nsub;
	regfree(&r);
	return VX_OK;
}

/* The expression of the first n pieces, each in a group of its own when it is no literal. */
static void put_re(struct vx_buf *b, const struct pieces *p, size_t n, bool whole)
{
	size_t i;

	vx_buf_putc(b, '^');
	for (i = 0; i < n; i++) {
		if (p->list[i].is_literal) {
			put_literal_re(b, p->list[i].text);
		} else {
			vx_buf_putc(b, '(');
			vx_buf_puts(b, p->list[i].text);
			vx_buf_putc(b, ')');
		}
	}
	if (whole)
		vx_buf_putc(b, '$');
}

static int compile(struct vx_pattern *p, struct vx_error *err)
{
	struct vx_buf re = VX_BUF_INIT;
	size_t i, j, inner = 0;
	int status = VX_OK;

	for (i = 0; i < p->pieces.n && status == VX_OK; i++) {
		struct piece *piece = &p->pieces.list[i];

		if (piece->is_literal)
			continue;
		piece->group = p->groups + 1;
		status = count_groups(piece->text, &inner, err, piece->name);
		p->groups += 1 + inner;
		if (!piece->name)
			continue;
		for (j = 0; j < p->n_captures && status == VX_OK; j++)
			if (strcmp(p->pieces.list[p->captures[j]].name, piece->name) == 0)
				status = vx_error_set(err, VX_EUSAGE, piece->name, "captured twice in '%s'", p->text);
		p->captures = vx_realloc(p->captures, (p->n_captures + 1) * sizeof *p->captures);
		p->captures[p->n_captures++] = i;
	}
	if (status == VX_OK) {
		put_re(&re, &p->pieces, p->pieces.n, true);
		p->compiled = regcomp(&p->re, re.data, REG_EXTENDED) == 0;
		if (!p->compiled)
			status = vx_error_set(err, VX_EUSAGE, NULL, "'%s' is no pattern", p->text);
	}
	vx_buf_free(&re);
	return status;
}

struct vx_pattern *vx_pattern_new(const char *text, struct vx_error *err)
{
	struct vx_pattern *p = vx_alloc(sizeof *p);

	p->text = vx_strdup(text);
	if (parse(text, true, &p->pieces, err) == VX_OK && compile(p, err) == VX_OK)
		return p;
	vx_pattern_free(p);
	return NULL;
}

void vx_pattern_free(struct vx_pattern *p)
{
	if (!p)
		return;
	if (p->compiled)
		regfree(&p->re);
	pieces_free(&p->pieces);
	free(p->captures);
	free(p->text);
	free(p);
}

const char *vx_pattern_text(const struct vx_pattern *p)
{
	return p->text;
}

size_t vx_pattern_names(const struct vx_pattern *p)
{
	return p->n_captures;
}

const char *vx_pattern_name(const struct vx_pattern *p, size_t i)
{
	return p->pieces.list[p->captures[i]].name;
}

bool vx_pattern_match_at(const struct vx_pattern *p, const char *path, size_t *start, size_t *end)
{
	regmatch_t few[16], *m = p->groups < 16 ? few : vx_alloc((p->groups + 1) * sizeof *m);
	bool matches = regexec(&p->re, path, p->groups + 1, m, 0) == 0;
	size_t i;

	for (i = 0; matches && i < p->n_captures; i++) {
		const regmatch_t *g = &m[p->pieces.list[p->captures[i]].group];

		start[i] = (size_t)g->rm_so;
		end[i] = (size_t)g->rm_eo;
	}
	if (m != few)
		free(m);
	return matches;
}

bool vx_pattern_match(const struct vx_pattern *p, const char *path, struct vx_json *captures)
{
	size_t few[2][16], *start = few[0], *end = few[1], *many = NULL, i;
	bool matches;

	if (p->n_captures > 16) {
		many = vx_alloc(2 * p->n_captures * sizeof *many);
		start = many;
		end = many + p->n_captures;
	}
	matches = vx_pattern_match_at(p, path, start, end);
	for (i = 0; matches && captures && i < p->n_captures; i++)
		vx_json_set(captures, vx_pattern_name(p, i), vx_json_string_n(path + start[i], end[i] - start[i]));
	free(many);
	return matches;
}

/* How far into path the first n pieces get; -1 when they do not match at all. */
static long reach(const struct pieces *p, size_t n, const char *path)
{
	struct vx_buf re = VX_BUF_INIT;
	regmatch_t m;
	regex_t r;
	long end = -1;

	put_re(&re, p, n, false);
	if (regcomp(&r, re.data, REG_EXTENDED) == 0) {
		if (regexec(&r, path, 1, &m, 0) == 0)
			end = (long)m.rm_eo;
		regfree(&r);
	}
	vx_buf_free(&re);
	return end;
}

void vx_pattern_explain(const struct vx_pattern *p, const char *path, struct vx_buf *why)
{
	long end = 0, next;
	size_t i;

	for (i = 0; i < p->pieces.n; i++) {
		next = reach(&p->pieces, i + 1, path);
		if (next < 0)
			break;
		end = next;
	}
	if (i < p->pieces.n && p->pieces.list[i].name)
		vx_buf_printf(why, "%s: nothing matches %s at '%.60s'", p->pieces.list[i].name, p->pieces.list[i].text,
			path + end);
	else if (i < p->pieces.n)
		vx_buf_printf(why, "'%s' expected before the end of '%.60s'", p->pieces.list[i].text, path + end);
	else
		vx_buf_printf(why, "'%.60s' is left over", path + end);
}

struct vx_template *vx_template_new(const char *text, struct vx_error *err)
{
	struct vx_template *t = vx_alloc(sizeof *t);

	if (parse(text, false, &t->pieces, err) == VX_OK)
		return t;
	vx_template_free(t);
	return NULL;
}

void vx_template_free(struct vx_template *t)
{
	if (!t)
		return;
	pieces_free(&t->pieces);
	free(t);
}

int vx_template_expand(const struct vx_template *t, const char *(*look)(void *arg, const char *name), void *arg,
	bool encode, struct vx_buf *out, struct vx_error *err)
{
	size_t i;

	for (i = 0; i < t->pieces.n; i++) {
		const struct piece *p = &t->pieces.list[i];
		const char *value;

		if (p->is_literal) {
			vx_buf_puts(out, p->text);
			continue;
		}
		value = look(arg, p->name);
		if (!value || !*value)
			return vx_error_set(err, VX_EREJECT, p->name, "{%s} has no value", p->name);
		if (encode)
			vx_identifier_encode(
				out, value, strlen(value), strcmp(p->name, "rel") == 0 || strcmp(p->name, "dir") == 0);
		else
			vx_buf_puts(out, value);
	}
	return VX_OK;
}

/* A scalar as text: strings as they are, numbers by their spelling. */
static const char *scalar(struct vx_template_record *r, const struct vx_json *j)
{
	enum vx_json_type type = vx_json_type(j);

	if (type == VX_STRING)
		return vx_json_text(j, NULL);
	if (type != VX_INT && type != VX_DOUBLE && type != VX_BOOL)
		return NULL;
	vx_buf_clear(&r->scratch);
	vx_json_print(j, &r->scratch);
	return r->scratch.data;
}

const char *vx_template_lookup(void *template_record, const char *name)
{
	struct vx_template_record *r = template_record;
	const struct vx_json *match = vx_json_get(r->record, "_match");
	size_t i;

	for (i = 0; r->own && r->own[i][0]; i++)
		if (strcmp(r->own[i][0], name) == 0)
			return r->own[i][1];
	if (vx_json_get(match, name))
		return scalar(r, vx_json_get(match, name));
	if (vx_json_get(r->record, name))
		return scalar(r, vx_json_get(r->record, name));
	return scalar(r, vx_json_path(r->record, name));
}

static bool plain(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
	       c == '-';
}

/* Whether the segment at s[i] is "." or "..", which no segment of an identifier may be. */
static bool is_dot_segment(const char *s, size_t i, size_t n, bool slash)
{
	size_t end = i;

	if (i > 0 && !(slash && s[i - 1] == '/'))
		return false;
	while (end < n && s[end] == '.')
		end++;
	return end > i && end - i <= 2 && (end == n || (slash && s[end] == '/'));
}

void vx_identifier_encode(struct vx_buf *out, const char *s, size_t n, bool slash)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t i;

	for (i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if ((slash && c == '/') || (plain(c) && !(c == '.' && is_dot_segment(s, i, n, slash)))) {
			vx_buf_putc(out, (char)c);
		} else {
			vx_buf_putc(out, '+');
			vx_buf_putc(out, hex[c >> 4]);
			vx_buf_putc(out, hex[c & 15]);
		}
	}
}

void vx_identifier_fit(struct vx_buf *identifier)
{
	char hash[65];
	size_t keep = VX_IDENTIFIER_MAX - 17;

	if (identifier->len <= VX_IDENTIFIER_MAX)
		return;
	vx_sha256_bytes(identifier->data, identifier->len, hash);
	/* Not in the middle of a "+XX", and no segment that ends in nothing. */
	while (keep > 1 && (identifier->data[keep - 1] == '+' || identifier->data[keep - 2] == '+' ||
				   identifier->data[keep - 1] == '/'))
		keep--;
	identifier->len = keep;
	vx_buf_putc(identifier, '-');
	vx_buf_add(identifier, hash, 16);
}
