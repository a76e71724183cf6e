/* vx_dicom_list: share/dicom.json: which tags become what, and the names of character sets.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vx_dicom_parts.h"
#include "vx_share.h"

static const char *const type_names[] = { "text", "uid", "integer", "number", "numbers", "list", "date", "datetime",
	"age", NULL };

void vx_dicom_list_free(struct vx_dicom_list *list)
{
	if (!list)
		return;
	for (size_t i = 0; i < list->n; i++) {
		free(list->entries[i].creator);
		free(list->entries[i].manufacturer);
		free(list->entries[i].keyword);
		free(list->entries[i].name);
		free(list->entries[i].each);
		free(list->entries[i].distinct);
		for (size_t k = 0; k < list->entries[i].n_not_of; k++)
			free(list->entries[i].not_of[k]);
		free(list->entries[i].not_of);
	}
	for (size_t i = 0; i < list->n_charsets; i++) {
		free(list->charsets[i].term);
		free(list->charsets[i].codec);
	}
	for (size_t i = 0; i < list->n_escapes; i++) {
		free(list->escapes[i].sequence);
		free(list->escapes[i].codec);
	}
	free(list->entries);
	free(list->order);
	free(list->charsets);
	free(list->escapes);
	free(list);
}

/* "0018,0081"; of a private one "0019,xx0C": whatever its block. */
static bool parse_tag(const char *s, uint32_t *tag, bool *private)
{
	unsigned group, element;
	char end;
	if (strlen(s) != 9 || strspn(s, "0123456789ABCDEFabcdef") != 4 || s[4] != ',')
		return false;
	*private = s[5] == 'x' && s[6] == 'x';
	if (strspn(s + (*private ? 7 : 5), "0123456789ABCDEFabcdef") != (*private ? 2 : 4))
		return false;
	if (sscanf(s, "%4x", &group) != 1 || sscanf(s + (*private ? 7 : 5), "%x%c", &element, &end) != 1)
		return false;
	*tag = group << 16 | element;
	return *private == (group & 1);
}

/* Who the patient is, no list can let out: of group 0010 only the ID (for mapping), sex and age. */
static bool names_patient(const struct dicom_entry *e)
{
	return strcmp(e->vr, "PN") == 0 ||
	       (e->tag >> 16 == 0x10 && e->tag != 0x00100020 && e->tag != 0x00100040 && e->tag != 0x00101010);
}

static int known_members(const struct vx_json *j, struct vx_error *err)
{
	static const char *const known[] = { "tag", "keyword", "vr", "field", "detail", "type", "creator",
		"manufacturer", "time", "unit", "per", "modulo", "min", "max", "count", "not_of", "sequence", "each",
		"distinct", NULL };
	struct vx_json_iter it = vx_json_begin(j);
	while (vx_json_next(&it)) {
		size_t k = 0;
		while (known[k] && strcmp(known[k], it.key) != 0)
			k++;
		if (!known[k])
			return vx_error_set(err, VX_EDATA, vx_json_str(j, "tag"), "unknown member \"%s\"", it.key);
	}
	return VX_OK;
}

static int load_not_of(const struct vx_json *j, struct dicom_entry *e, struct vx_error *err)
{
	const struct vx_json *list = vx_json_get(j, "not_of");
	e->not_of = list ? vx_alloc((vx_json_size(list) + 1) * sizeof(*e->not_of)) : NULL;
	for (size_t i = 0; i < vx_json_size(list); i++) {
		const char *text = vx_json_text(vx_json_at(list, i), NULL);
		if (!text)
			return vx_error_set(err, VX_EDATA, vx_json_str(j, "tag"), "not_of is no list of texts");
		e->not_of[e->n_not_of++] = vx_strdup(text);
	}
	return VX_OK;
}

static void load_numbers(const struct vx_json *j, struct dicom_entry *e)
{
	int64_t count = 0;
	e->per = 1;
	e->min = -INFINITY;
	e->max = INFINITY;
	vx_json_get_double(j, "per", &e->per);
	vx_json_get_double(j, "modulo", &e->modulo);
	vx_json_get_double(j, "min", &e->min);
	vx_json_get_double(j, "max", &e->max);
	if (vx_json_get_int(j, "count", &count) && count > 0)
		e->count = (size_t)count;
}

/* Where a frame keeps it, and what is told of all frames. */
static int load_frames(const struct vx_json *j, struct dicom_entry *e, struct vx_error *err)
{
	const char *sequence = vx_json_str(j, "sequence"), *each = vx_json_str(j, "each");
	const char *distinct = vx_json_str(j, "distinct");
	bool private = false;
	if (sequence && (!parse_tag(sequence, &e->sequence, &private) || private || e->creator || e->helper))
		return vx_error_set(err, VX_EDATA, vx_json_str(j, "tag"),
			"its sequence is no public tag, or it is private or without field and detail");
	if ((each || distinct) && !sequence)
		return vx_error_set(err, VX_EDATA, vx_json_str(j, "tag"), "each or distinct, but no sequence");
	if (each && e->type != D_NUMBER && e->type != D_INTEGER)
		return vx_error_set(err, VX_EDATA, vx_json_str(j, "tag"), "each is of numbers only");
	e->each = each ? vx_strdup(each) : NULL;
	e->distinct = distinct ? vx_strdup(distinct) : NULL;
	return VX_OK;
}

static int load_entry(const struct vx_json *j, struct dicom_entry *e, struct vx_error *err)
{
	const char *tag = vx_json_str(j, "tag"), *vr = vx_json_str(j, "vr"), *type = vx_json_str(j, "type");
	const char *keyword = vx_json_str(j, "keyword"), *field = vx_json_str(j, "field");
	const char *detail = vx_json_str(j, "detail");
	bool private = false;
	int t = 0;
	if (known_members(j, err) != VX_OK)
		return VX_EDATA;
	if (!tag || !parse_tag(tag, &e->tag, &private) || e->tag >> 16 >= 0x7fe0)
		return vx_error_set(err, VX_EDATA, tag, "an entry's tag is none (such as 0018,0081 or 0019,xx0C)");
	if (!keyword || !vr || strlen(vr) != 2 || !type || (field && detail))
		return vx_error_set(err, VX_EDATA, tag, "an entry lacks keyword, vr or type, or has field and detail");
	while (type_names[t] && strcmp(type_names[t], type) != 0)
		t++;
	if (!type_names[t])
		return vx_error_set(err, VX_EDATA, tag, "unknown type \"%s\"", type);
	if (private != (vx_json_str(j, "creator") != NULL))
		return vx_error_set(err, VX_EDATA, tag, "a private tag has a creator, and no other one");
	memcpy(e->vr, vr, 2);
	if (names_patient(e))
		return vx_error_set(err, VX_EDATA, tag, "says who the patient is: not allowed");
	if (e->tag == 0x00100020 && field)
		return vx_error_set(err, VX_EDATA, tag, "the patient's ID may be a detail, but no field");
	load_numbers(j, e);
	e->type = (enum dicom_type)t;
	e->detail = detail != NULL;
	e->helper = !field && !detail;
	e->keyword = vx_strdup(keyword);
	e->name = e->helper ? NULL : vx_strdup(detail ? detail : field);
	e->creator = private ? vx_strdup(vx_json_str(j, "creator")) : NULL;
	const char *manufacturer = vx_json_str(j, "manufacturer");
	e->manufacturer = manufacturer ? vx_strdup(manufacturer) : NULL;
	if (load_frames(j, e, err) != VX_OK)
		return VX_EDATA;
	return load_not_of(j, e, err);
}

/* A date that is half of a datetime names the tag that has the other half. */
static int find_times(struct vx_dicom_list *list, const struct vx_json *tags, struct vx_error *err)
{
	for (size_t i = 0; i < list->n; i++) {
		const char *time = vx_json_str(vx_json_at(tags, i), "time");
		uint32_t tag = 0;
		bool private;
		list->entries[i].time = -1;
		if (!time)
			continue;
		for (size_t k = 0; parse_tag(time, &tag, &private) && k < list->n; k++)
			if (list->entries[k].tag == tag && list->entries[k].helper)
				list->entries[i].time = (int64_t)k;
		if (list->entries[i].time < 0)
			return vx_error_set(err, VX_EDATA, vx_json_str(vx_json_at(tags, i), "tag"),
				"its time is no entry without field and detail");
	}
	return VX_OK;
}

static void sort_entries(struct vx_dicom_list *list)
{
	list->order = vx_alloc((list->n + 1) * sizeof(*list->order));
	for (size_t i = 0; i < list->n; i++) {
		const struct dicom_entry *e = &list->entries[i];
		uint32_t tag = e->creator ? e->tag | 0xff00 : e->tag;
		size_t at = i;
		for (; at > 0 && list->entries[list->order[at - 1]].tag > e->tag; at--)
			list->order[at] = list->order[at - 1];
		list->order[at] = (uint32_t)i;
		list->has_frames |= e->sequence != 0;
		if (!e->manufacturer && !e->sequence && tag > list->last)
			list->last = tag;
	}
}

static int load_text(struct vx_dicom_list *list, const struct vx_json *file, struct vx_error *err)
{
	const struct vx_json *charsets = vx_json_get(file, "charsets"), *escapes = vx_json_get(file, "escapes");
	if (vx_json_type(charsets) != VX_OBJECT || vx_json_type(escapes) != VX_ARRAY)
		return vx_error_set(err, VX_EDATA, "charsets", "charsets is no object, or escapes is no list");
	list->charsets = vx_alloc((vx_json_size(charsets) + 1) * sizeof(*list->charsets));
	list->escapes = vx_alloc((vx_json_size(escapes) + 1) * sizeof(*list->escapes));
	struct vx_json_iter it = vx_json_begin(charsets);
	while (vx_json_next(&it)) {
		const char *codec = vx_json_text(it.value, NULL);
		if (!codec)
			return vx_error_set(err, VX_EDATA, it.key, "not the name of an encoding");
		list->charsets[list->n_charsets++] =
			(struct dicom_charset){ .term = vx_strdup(it.key), .codec = vx_strdup(codec) };
	}
	for (size_t i = 0; i < vx_json_size(escapes); i++) {
		const struct vx_json *j = vx_json_at(escapes, i);
		const char *sequence = vx_json_str(j, "sequence"), *codec = vx_json_str(j, "codec");
		bool keep = false;
		if (!sequence || *sequence != '\033' || !codec)
			return vx_error_set(err, VX_EDATA, "escapes", "an entry lacks its sequence or codec");
		vx_json_get_bool(j, "keep", &keep);
		list->escapes[list->n_escapes++] = (struct dicom_escape){ vx_strdup(sequence), vx_strdup(codec), keep };
	}
	return VX_OK;
}

static int take_list(void *arg, const struct vx_json *file, struct vx_error *err)
{
	struct vx_dicom_list *list = arg;
	int st = VX_OK;
	const struct vx_json *tags = vx_json_get(file, "tags");
	size_t n = vx_json_type(tags) == VX_ARRAY ? vx_json_size(tags) : 0;
	if (n == 0)
		st = vx_error_set(err, VX_EDATA, "tags", "missing or empty");
	list->entries = vx_alloc((n + 1) * sizeof(*list->entries));
	for (size_t i = 0; i < n && st == VX_OK; i++) {
		st = load_entry(vx_json_at(tags, i), &list->entries[i], err);
		list->n++; /* also the one that failed: it is freed with the others */
	}
	if (st == VX_OK)
		st = find_times(list, tags, err);
	if (st == VX_OK)
		st = load_text(list, file, err);
	if (st == VX_OK)
		sort_entries(list);
	return st;
}

struct vx_dicom_list *vx_dicom_list_load(const char *path, struct vx_error *err)
{
	struct vx_dicom_list *list = vx_alloc(sizeof(*list));
	if (vx_share_load(path, "dicom.json", take_list, list, err) != VX_OK) {
		vx_dicom_list_free(list);
		return NULL;
	}
	return list;
}
