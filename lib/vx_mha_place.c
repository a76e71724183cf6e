/* vx_mha_place: where the voxels of a MetaImage are; the value of ElementDataFile, and what follows -> files.
 * SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <math.h>
#include <string.h>

#include "vx_mha_text.h"

/* The data of a stranger names files: only those beside its header, or below, are read. */
static int check_name(const char *name, size_t len, struct vx_error *err)
{
	bool out = len == 0 || name[0] == '/' || memchr(name, '\0', len);
	for (size_t i = 0; i < len && !out; i++)
		out = (i == 0 || name[i - 1] == '/') && len - i >= 2 && memcmp(name + i, "..", 2) == 0 &&
		      (len - i == 2 || name[i + 2] == '/');
	if (out)
		return vx_error_set(err, VX_EREJECT, "ElementDataFile", "it leads out of the header's folder");
	return VX_OK;
}

/* "slice%03d.raw 1 27 1": a name with one %d in it, first, last, step. Where v is no such thing, *is is false. */
static int read_pattern(const struct vx_mha_value *v, struct vx_mha *h, bool *is, struct vx_error *err)
{
	const char *percent = memchr(v->text, '%', v->len), *end = v->text + v->len, *at = percent;
	double list[3] = { 1, 0, 1 };
	*is = false;
	if (!percent)
		return VX_OK;
	for (at++; at < end && isdigit((unsigned char)*at);)
		at++;
	if (at == end || *at != 'd' || at - percent > 4)
		return VX_OK;
	while (at < end && !vx_mha_blank(*at))
		at++;
	size_t len = (size_t)(at - v->text);
	struct vx_mha_value rest = vx_mha_trimmed(at, (size_t)(end - at));
	rest.name = v->name;
	int st = vx_mha_numbers(&rest, list, 3, err);
	if (st != VX_OK)
		return st;
	if (len >= sizeof(h->name) || memchr(percent + 1, '%', (size_t)(at - percent - 1)))
		return vx_error_set(err, VX_EREJECT, v->name, "a pattern with one %%d wanted");
	for (int i = 0; i < 3; i++)
		if (list[i] != floor(list[i]) || fabs(list[i]) > 1e9)
			return vx_error_set(err, VX_EREJECT, v->name, "first, last and step are whole numbers");
	if (list[0] < 0 || list[2] < 1 || list[1] < list[0])
		return vx_error_set(err, VX_EREJECT, v->name, "a pattern that names no file");
	*is = true;
	memcpy(h->name, v->text, len);
	h->first = (int64_t)list[0];
	h->last = (int64_t)list[1];
	h->step = (int64_t)list[2];
	h->where = VX_MHA_PATTERN;
	h->files = (uint64_t)((h->last - h->first) / h->step) + 1;
	return check_name(v->text, len, err);
}

/* The names of a list: a line each, to the end of the file. */
static int read_list(const char *bytes, size_t n, struct vx_mha *h, struct vx_error *err)
{
	bool whole;
	h->where = VX_MHA_LIST;
	h->list = h->text;
	h->list_end = n;
	for (size_t at = h->text; at < n;) {
		struct vx_mha_value line = vx_mha_line(bytes, n, &at, &whole),
				    name = vx_mha_trimmed(line.text, line.len);
		if (name.len == 0)
			continue;
		int st = check_name(name.text, name.len, err);
		if (st != VX_OK)
			return st;
		h->files++;
	}
	return VX_OK;
}

/* files must be as many as the slices are that they hold: files of the first axes, axes of them. */
static int check_files(const struct vx_mha *h, int axes, struct vx_error *err)
{
	uint64_t wanted = 1;
	for (int i = axes; i < h->rank; i++)
		wanted *= (uint64_t)h->dim[i];
	if (h->files != wanted)
		return vx_error_set(err, VX_EREJECT, "ElementDataFile", "%llu files for %llu slices",
			(unsigned long long)h->files, (unsigned long long)wanted);
	if (h->compressed)
		return vx_error_set(
			err, VX_EREJECT, "CompressedData", "compressed voxels in several files are not read");
	return VX_OK;
}

bool vx_mha_says_list(const struct vx_mha_value *v)
{
	return v->len >= 4 && memcmp(v->text, "LIST", 4) == 0 && (v->len == 4 || vx_mha_blank(v->text[4]));
}

int vx_mha_place(const char *bytes, size_t n, const struct vx_mha_value *name, struct vx_mha *h, struct vx_error *err)
{
	bool pattern;
	if (name->len == 5 && (memcmp(name->text, "LOCAL", 5) == 0 || memcmp(name->text, "Local", 5) == 0 ||
				      memcmp(name->text, "local", 5) == 0)) {
		h->files = 1;
		return VX_OK;
	}
	if (vx_mha_says_list(name)) {
		struct vx_mha_value axes = vx_mha_trimmed(name->text + 4, name->len - 4);
		int several = h->rank - 1;
		if (axes.len == 2 && axes.text[0] >= '1' && axes.text[0] <= '0' + h->rank && axes.text[1] == 'D')
			several = axes.text[0] - '0';
		else if (axes.len > 0)
			return vx_error_set(err, VX_EREJECT, name->name, "LIST or LIST 2D wanted");
		int st = read_list(bytes, n, h, err);
		return st == VX_OK ? check_files(h, several, err) : st;
	}
	int st = read_pattern(name, h, &pattern, err);
	if (st != VX_OK || pattern)
		return st == VX_OK ? check_files(h, h->rank - 1, err) : st;
	if (name->len >= sizeof(h->name))
		return vx_error_set(err, VX_EREJECT, name->name, "longer than %zu bytes", sizeof(h->name) - 1);
	memcpy(h->name, name->text, name->len);
	h->where = VX_MHA_FILE;
	h->files = 1;
	return check_name(name->text, name->len, err);
}
