/* vx_store_key: keys from templates, and suffixes of paths. In: record, field, path. Out: key.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "vx_store_key.h"
#include "vx_template.h"

struct vx_store_key {
	char *group;
	bool own;                               /* no template was given */
	struct vx_template *template, *without; /* without {suffix}: for files that have none */
};

static bool is_suffix(const char *dot, size_t n)
{
	bool letter = false;
	if (n < 2 || n > 9)
		return false;
	for (size_t i = 1; i < n; i++) {
		char c = (char)(dot[i] | 0x20);
		letter = letter || (c >= 'a' && c <= 'z');
		if (!(c >= 'a' && c <= 'z') && !(dot[i] >= '0' && dot[i] <= '9'))
			return false;
	}
	return letter;
}

static bool is_compression(const char *dot)
{
	return strcasecmp(dot, ".gz") == 0 || strcasecmp(dot, ".bz2") == 0 || strcasecmp(dot, ".xz") == 0 ||
	       strcasecmp(dot, ".zst") == 0;
}

const char *vx_path_suffix(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
	if (!dot || dot == name || !is_suffix(dot, strlen(dot)))
		return path + strlen(path);
	if (!is_compression(dot))
		return dot;
	const char *before = dot;
	while (before > name && *--before != '.')
		;
	return before > name && is_suffix(before, (size_t)(dot - before)) ? before : dot;
}

struct vx_store_key *vx_store_key_new(const char *template, const char *group, struct vx_error *err)
{
	static const char name[] = "{suffix}";
	struct vx_store_key *k = vx_alloc(sizeof(*k));
	struct vx_buf without = VX_BUF_INIT;
	const char *text = template ? template : group ? "{name}{suffix}" : "{identifier}{suffix}";
	for (const char *s = text; *s; s++) {
		if (strncmp(s, name, strlen(name)) == 0)
			s += strlen(name) - 1;
		else
			vx_buf_putc(&without, *s);
	}
	k->own = template == NULL;
	k->group = group ? vx_strdup(group) : NULL;
	k->template = vx_template_new(text, err);
	k->without = k->template ? vx_template_new(without.data ? without.data : "", err) : NULL;
	vx_buf_free(&without);
	if (k->without)
		return k;
	vx_store_key_free(k);
	return NULL;
}

void vx_store_key_free(struct vx_store_key *k)
{
	if (!k)
		return;
	vx_template_free(k->template);
	vx_template_free(k->without);
	free(k->group);
	free(k);
}

/* "files.adc.0" -> "files/adc/0". A last step that is what the file's suffix says already is left out, so that both
 * {"t2":{"nii":"x.nii.gz","json":"x.json"}} and {"t2.nii.gz":"x.nii.gz"} name "t2.nii.gz". */
static char *member_path(const char *field, const char *suffix)
{
	size_t n = strlen(field);
	const size_t whole = strlen(suffix), word = whole ? 1 + strcspn(suffix + 1, ".") : 0;
	if (whole > 0 && n > whole && strcmp(field + n - whole, suffix) == 0)
		n -= whole;
	else if (word > 0 && n > word && strncmp(field + n - word, suffix, word) == 0)
		n -= word;
	char *path = vx_strndup(field, n);
	for (char *dot = path; (dot = strchr(dot, '.'));)
		*dot = '/';
	return path;
}

static int identifier_needed(const char *identifier, struct vx_error *err)
{
	if (!identifier)
		return vx_error_set(err, VX_EREJECT, "identifier", "missing, and files are named after it");
	return vx_error_set(err, VX_EREJECT, "identifier", "'%.200s' is no <type>/<name>, and files are named after it",
		identifier);
}

int vx_store_key_make(const struct vx_store_key *k, const struct vx_json *record, const char *field, bool nested,
	const char *path, struct vx_buf *key, struct vx_error *err)
{
	const char *identifier = vx_json_str(record, "identifier"), *suffix = vx_path_suffix(path);
	const char *slash = identifier ? strchr(identifier, '/') : NULL;
	if (k->own && !slash && (identifier || !nested))
		return identifier_needed(identifier, err);
	char *type = slash ? vx_strndup(identifier, (size_t)(slash - identifier)) : NULL;
	char *member = nested ? member_path(field, suffix) : NULL;
	const char *name = slash ? slash + 1 : NULL;
	const char *own[][2] = { { "identifier", identifier }, { "type", type }, { "name", name },
		{ "field", member ? member : field }, { "suffix", suffix }, { NULL, NULL } };
	struct vx_template_record values = { .record = record, .own = (const char *const(*)[2])own };
	int status = VX_OK;
	if (k->group)
		vx_buf_printf(key, "%s/", k->group);
	if (k->own && nested && slash)
		vx_buf_printf(key, "%s/", k->group ? name : identifier);
	if (k->own && nested)
		vx_buf_printf(key, "%s%s", member, suffix);
	else
		status = vx_template_expand(
			*suffix ? k->template : k->without, vx_template_lookup, &values, false, key, err);
	vx_buf_free(&values.scratch);
	free(member);
	free(type);
	return status;
}
