/* vx_dicom: the header of a DICOM file in front of its pixels, through an allow-list of tags.
 *
 *	struct vx_dicom_list *list = vx_dicom_list_load(NULL, &err);   // share/dicom.json
 *	struct vx_dicom *d = vx_dicom_new(list);                       // one a thread, used again for every file
 *	if (vx_dicom_read(d, &input, &err) == VX_OK) {
 *		struct vx_json *fields = vx_dicom_fields(d, say, NULL);    // {"echo_time":0.104, ...}
 *		struct vx_json *details = vx_dicom_details(d, say, NULL);  // {"transfer_syntax":..., "rows":384, ...}
 *	}
 *
 * Which tag becomes what is data: tag, value representation, type, unit and range. A tag that is not listed is skipped
 * unread; a list that names the patient (VR PN; group 0010 apart from ID, sex and age) is refused. Reading ends behind
 * the last listed tag: the pixels are never touched.
 * Explicit and implicit VR, both byte orders, deflated; with and without preamble; sequences of any kind are skipped, but
 * for the functional groups of a file of several frames: what these do not agree on is no value of the file.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_DICOM_H
#define VX_DICOM_H

#include <stdint.h>

#include "vx_err.h"
#include "vx_json.h"

#define VX_DICOM_MAX ((uint64_t)8 << 20) /* how much of a file is walked through, bytes: skipped values do not count */
#define VX_DICOM_VALUE_MAX 4096          /* the longest value that is looked at, bytes */
#define VX_DICOM_FRAMES_MAX ((uint64_t)4 << 20) /* behind it no further frame's functional groups are begun, bytes */
#define VX_DICOM_DEPTH 32                       /* how deep sequences of undefined length may lie in each other */

struct vx_dicom_list;

/* vx_dicom_list_load: the list in path, NULL: dicom.json of the share folder. NULL + VX_EIO, or VX_EDATA with what is
 * wrong with it. A loaded list is read-only: many threads may use it at once. */
struct vx_dicom_list *vx_dicom_list_load(const char *path, struct vx_error *err) VX_MUST_USE;
void vx_dicom_list_free(struct vx_dicom_list *list);

/* Where the bytes come from. Both hand out less than what is wanted only at the end. */
struct vx_dicom_input {
	int (*read)(void *arg, void *out, size_t want, size_t *got, struct vx_error *err);
	int (*skip)(void *arg, uint64_t n, uint64_t *got, struct vx_error *err);
	void *arg;
};

struct vx_dicom;
struct vx_dicom *vx_dicom_new(const struct vx_dicom_list *list); /* the list must outlive it */
void vx_dicom_free(struct vx_dicom *d);

/* vx_dicom_read: reads one file's header; what was read before is forgotten.
 * Errors: VX_EREJECT: no DICOM, cut off, sequences without end, or what the input says. */
int vx_dicom_read(struct vx_dicom *d, const struct vx_dicom_input *in, struct vx_error *err) VX_MUST_USE;

/* vx_dicom_fields: the public fields of what was read, in the order of the list; vx_dicom_details: the rest, behind how
 * the file is written (preamble, transfer_syntax, encoding, charset). say (NULL: not wanted) is told of each value that
 * is left out because of its form or range, and of what is odd about the file. Values without content are no values.
 * To be freed. */
typedef void vx_dicom_say(void *arg, const char *text);
struct vx_json *vx_dicom_fields(struct vx_dicom *d, vx_dicom_say *say, void *arg);
struct vx_json *vx_dicom_details(struct vx_dicom *d, vx_dicom_say *say, void *arg);

/* vx_dicom_sniff: whether a DICOM file begins so: "DICM" behind a preamble of 128 bytes or at once, or else two elements
 * of group 0002 or 0008 in order, in one of the encodings. */
bool vx_dicom_sniff(const uint8_t *bytes, size_t n);

#endif
