/* vx_ini: sections, keys, values and one level of members below a key.
 * In: the bytes of a file. Out: a call for each value. SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "vx_ini.h"
#include "vx_io.h"
#include "vx_opt.h"

struct ini {
	void (*each)(void *arg, const char *section, const char *key, const char *value);
	void *arg;
	char *section; /* NULL before the first one */
	char *parent;  /* the key without a value that indented lines belong to */
};

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* A copy of s[0..n) without blanks at its ends. */
static char *stripped(const char *s, size_t n)
{
	while (n && blank(*s)) {
		s++;
		n--;
	}
	while (n && blank(s[n - 1]))
		n--;
	return vx_strndup(s, n);
}

static int section_line(struct ini *ini, const char *s, size_t n, struct vx_error *err)
{
	const char *end = memchr(s, ']', n);
	if (!end)
		return vx_error_set(err, VX_EDATA, NULL, "a section without its ]");
	free(ini->section);
	ini->section = stripped(s + 1, (size_t)(end - s) - 1);
	vx_secret_free(&ini->parent);
	return VX_OK;
}

static int value_line(struct ini *ini, const char *s, size_t n, bool indented, struct vx_error *err)
{
	size_t at = 0;
	while (at < n && s[at] != '=' && s[at] != ':')
		at++;
	if (at == n)
		return vx_error_set(err, VX_EDATA, NULL, "neither a section nor key = value");
	if (!ini->section)
		return vx_error_set(err, VX_EDATA, NULL, "a key before the first [section]");
	char *key = stripped(s, at), *value = stripped(s + at + 1, n - at - 1);
	for (char *c = key; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	if (indented && ini->parent) {
		char *whole = vx_asprintf("%s.%s", ini->parent, key);
		if (*value)
			ini->each(ini->arg, ini->section, whole, value);
		free(whole);
	} else {
		vx_secret_free(&ini->parent);
		if (*value)
			ini->each(ini->arg, ini->section, key, value);
		else
			ini->parent = vx_strdup(key);
	}
	free(key);
	vx_secret_free(&value);
	return VX_OK;
}

static int line(struct ini *ini, const char *s, size_t n, struct vx_error *err)
{
	bool indented = n && (*s == ' ' || *s == '\t');
	while (n && blank(*s)) {
		s++;
		n--;
	}
	if (n == 0 || *s == '#' || *s == ';')
		return VX_OK;
	if (memchr(s, '\0', n))
		return vx_error_set(err, VX_EDATA, NULL, "a NUL byte");
	return *s == '[' ? section_line(ini, s, n, err) : value_line(ini, s, n, indented, err);
}

int vx_ini_parse(const char *text, size_t len,
	void (*each)(void *arg, const char *section, const char *key, const char *value), void *arg,
	struct vx_error *err)
{
	struct ini ini = { .each = each, .arg = arg };
	const char *at = text, *end = text + len;
	int status = VX_OK;
	if (len >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
		at += 3;
	for (long row = 1; status == VX_OK && at < end; row++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t n = (size_t)((newline ? newline : end) - at);
		status = line(&ini, at, n, err);
		if (status != VX_OK)
			vx_error_at(err, NULL, row);
		at += n + (newline != NULL);
	}
	free(ini.section);
	vx_secret_free(&ini.parent);
	return status;
}
