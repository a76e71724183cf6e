/* vx_dicom_fields: the fields and details of a file that was read, and what is odd about it.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "vx_dicom_parts.h"

static void say_of(vx_dicom_say *say, void *arg, const struct dicom_entry *e, const char *what)
{
	char text[200];
	snprintf(text, sizeof(text), "%s %s", e->keyword, what);
	if (say)
		say(arg, text);
}

bool dicom_says_nothing(struct vx_dicom *d, const struct dicom_entry *e)
{
	bool found = false;
	for (size_t i = 0; e->n_not_of > 0 && i < d->list->n && !found; i++) {
		const char *wrong, *note;
		if (d->list->entries[i].tag != 0x00080008 || d->list->entries[i].type != D_LIST)
			continue;
		struct vx_json *types = dicom_value_json(d, i, &wrong, &note);
		for (size_t k = 0; k < vx_json_size(types); k++)
			for (size_t n = 0; n < e->n_not_of; n++)
				found |= strcmp(vx_json_text(vx_json_at(types, k), NULL), e->not_of[n]) == 0;
		vx_json_free(types);
	}
	return found;
}

static void collect(struct vx_dicom *d, bool details, struct vx_json *out, vx_dicom_say *say, void *arg)
{
	for (size_t i = 0; i < d->list->n; i++) {
		const struct dicom_entry *e = &d->list->entries[i];
		const char *wrong, *note;
		/* Where frames lie differs by its nature: told is the first one's. */
		if (e->helper || e->detail != details || !d->values[i].have || vx_json_has(out, e->name) ||
			dicom_says_nothing(d, e) || (d->values[i].varies && !e->distinct))
			continue;
		struct vx_json *j = dicom_value_json(d, i, &wrong, &note);
		if (j)
			vx_json_set(out, e->name, j);
		char text[120];
		snprintf(text, sizeof(text), "%s for %s: left out", wrong ? wrong : "", e->name);
		if (wrong)
			say_of(say, arg, e, text);
		else if (note)
			say_of(say, arg, e, note);
	}
}

struct vx_json *vx_dicom_fields(struct vx_dicom *d, vx_dicom_say *say, void *arg)
{
	struct vx_json *out = vx_json_object();
	collect(d, false, out, say, arg);
	return out;
}

static void say_oddities(const struct vx_dicom *d, vx_dicom_say *say, void *arg)
{
	if (d->wrong_vr)
		say(arg, "the data set is not written as its transfer syntax says: read as it is");
	if (d->mixed)
		say(arg, "an element has no VR although the others have: read without");
	if (d->charset.unknown)
		say(arg, "SpecificCharacterSet is none that is known: text is read as UTF-8 or Latin-1");
}

static void say_frames(const struct vx_dicom *d, const struct vx_json *details, vx_dicom_say *say, void *arg)
{
	int64_t frames;
	char text[160];
	if (!vx_json_get_int(details, "frames", &frames))
		return;
	if (d->frames_read == 0 && frames > 1 && !vx_json_has(details, "image_orientation"))
		say(arg, "several frames, and no functional groups that say where each lies");
	if (d->frames_read > 0 && d->frames_read != frames) {
		snprintf(text, sizeof(text), "%s functional groups of %u of its %lld frames %s",
			d->frames_cut ? "the" : "it has", d->frames_read, (long long)frames,
			d->frames_cut ? "were read: the header is too long for all" : "only");
		say(arg, text);
	}
}

struct vx_json *vx_dicom_details(struct vx_dicom *d, vx_dicom_say *say, void *arg)
{
	struct vx_json *out = vx_json_object();
	if (say)
		say_oddities(d, say, arg);
	vx_json_set_bool(out, "preamble", d->preamble);
	if (d->syntax[0] && vx_utf8_valid(d->syntax, strlen(d->syntax)))
		vx_json_set_str(out, "transfer_syntax", d->syntax);
	vx_json_set_str(out, "encoding",
		d->deflated       ? "deflated explicit little-endian"
		: d->enc.implicit ? d->enc.big ? "implicit big-endian" : "implicit little-endian"
		: d->enc.big      ? "explicit big-endian"
				  : "explicit little-endian");
	if (d->charset.terms[0] && vx_utf8_valid(d->charset.terms, strlen(d->charset.terms)))
		vx_json_set_str(out, "charset", d->charset.terms);
	collect(d, true, out, say, arg);
	dicom_frames_details(d, out);
	if (say)
		say_frames(d, out, say, arg);
	return out;
}
