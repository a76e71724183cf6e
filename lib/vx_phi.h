/* vx_phi: finds what may tell who a patient is, in the places where images and their sidecars keep it: free text of the
 * header and the bytes behind its NUL, header extensions, bytes between header and voxels, the names that gzip keeps, and
 * the keys and texts of a JSON sidecar. What is found is named by place and kind; the text itself is never repeated.
 *
 *	struct vx_phi *phi = vx_phi_load(NULL, &err);                 // share/phi.json
 *	struct vx_phi_list list = VX_PHI_LIST_INIT;
 *	if (vx_phi_file(phi, "t2.nii.gz", &list, &err) == VX_OK)
 *		for (size_t i = 0; i < list.n; i++)
 *			puts(list.items[i].where);                    // "descrip"
 *	vx_phi_list_free(&list);
 *	vx_phi_free(phi);
 *
 * Text of a header is personal unless it is known to be harmless (a program's name, echo times); text of a sidecar that
 * describes the technique is harmless unless something personal is seen in it (a date, a name as DICOM writes it).
 * The rules are data. Loaded rules are read-only: many threads may use them at once.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_PHI_H
#define VX_PHI_H

#include "vx_err.h"
#include "vx_gz.h"
#include "vx_json.h"
#include "vx_nifti.h"

struct vx_phi;

/* where: "descrip", "descrip.rest" (behind its NUL), "gzip.name", "extension.dicom", "gap", "sidecar.PatientName".
 * kind: "name", "birth", "date", "id", "address", "contact", "institution", "staff", "demographic", "device", "dicom",
 * "text" (free text that is not known), "leftover" (the same behind a NUL), "unknown" (bytes of no known meaning). */
struct vx_phi_finding {
	char where[64];
	const char *kind; /* of the rules, or a literal */
};

struct vx_phi_memo;
struct vx_phi_list {
	struct vx_phi_finding *items;
	size_t n, cap;
	struct vx_phi_memo *memo; /* see vx_phi_remember */
};
#define VX_PHI_LIST_INIT                                                                                               \
	{                                                                                                              \
		.items = NULL, .n = 0, .cap = 0, .memo = NULL                                                          \
	}

/* vx_phi_load: the rules in path, NULL: phi.json of the share folder. NULL + VX_EIO, or VX_EDATA with what is wrong. */
struct vx_phi *vx_phi_load(const char *path, struct vx_error *err) VX_MUST_USE;
void vx_phi_free(struct vx_phi *phi);

void vx_phi_list_free(struct vx_phi_list *list);

/* vx_phi_remember: the list keeps what short texts were judged to be, in 200 KiB, until it is freed: for whoever uses it
 * for image after image, with one set of rules. Setting n = 0 empties the list and forgets nothing. */
void vx_phi_remember(struct vx_phi_list *list);

/* vx_phi_add: one finding; the same twice is one, and those beyond a hundred are left out. */
void vx_phi_add(struct vx_phi_list *list, const char *where, const char *kind);

/* vx_phi_put: [{"where":"descrip","kind":"date"}], appended to b. */
void vx_phi_put(const struct vx_phi_list *list, struct vx_buf *b);

/* vx_phi_free_text: the kind of text[0..len), of any encoding; NULL where it is empty or known to be harmless.
 * vx_phi_technical: the same of text that describes the technique: NULL unless something personal is seen in it. */
const char *vx_phi_free_text(const struct vx_phi *phi, const char *text, size_t len);
const char *vx_phi_technical(const struct vx_phi *phi, const char *text, size_t len);

/* vx_phi_identifier: the segments of a resource's identifier, which leaves as it is; dates of studies belong there. */
void vx_phi_identifier(const struct vx_phi *phi, const char *identifier, struct vx_phi_list *list);

/* vx_phi_header: the free text of a header whose bytes[0..n) vx_nifti_parse has read as h. */
void vx_phi_header(
	const struct vx_phi *phi, const uint8_t *bytes, size_t n, const struct vx_nifti *h, struct vx_phi_list *list);

/* vx_phi_gzip: the names that the gzip header at the front of a file keeps; block[0..n) is its beginning. */
void vx_phi_gzip(const struct vx_phi *phi, const uint8_t *block, size_t n, struct vx_phi_list *list);

/* vx_phi_metaimage: the lines of a MetaImage's header that say nothing about the image, by their keys and texts, as of a
 * sidecar: "header.PatientName". vx_phi_named_metaimage: whether path is one by its name. VX_EREJECT: cannot be read. */
int vx_phi_metaimage(
	const struct vx_phi *phi, const char *path, struct vx_phi_list *list, struct vx_error *err) VX_MUST_USE;
bool vx_phi_named_metaimage(const char *path);

/* vx_phi_extension: the content of a header extension. */
void vx_phi_extension(const struct vx_phi *phi, int32_t code, const uint8_t *bytes, size_t n, struct vx_phi_list *list);

/* vx_phi_behind: what lies between the header h of an open image and its voxels, extensions where they are announced. gz
 * is read from its start for that, and only where there is anything. 1 MiB of extensions is looked at; more is "extension.*",
 * of kind "unknown". */
int vx_phi_behind(const struct vx_phi *phi, struct vx_gz *gz, const struct vx_nifti *h, bool extended,
	struct vx_phi_list *list, struct vx_error *err) VX_MUST_USE;

/* vx_phi_tail: what lies behind the voxels, from byte `from` of the content on, and, of a gzip file, behind its last
 * member, and the names that its further members keep. The whole file is inflated: to be asked only where its size, or
 * vx_gz_last_size, is not what the header promises. */
int vx_phi_tail(const struct vx_phi *phi, struct vx_gz *gz, uint64_t from, struct vx_phi_list *list,
	struct vx_error *err) VX_MUST_USE;

/* vx_phi_image: all of it for an image that vx_gz_open has just opened; rewinds it. What is no image has no findings,
 * but a DICOM file is one. VX_EREJECT: the file cannot be read. */
int vx_phi_image(
	const struct vx_phi *phi, struct vx_gz *gz, struct vx_phi_list *list, struct vx_error *err) VX_MUST_USE;

/* vx_phi_file: the same for a path; with .img of a pair, the header's file is looked at by its own name only. */
int vx_phi_file(const struct vx_phi *phi, const char *path, struct vx_phi_list *list, struct vx_error *err) VX_MUST_USE;

/* vx_phi_sidecar: the keys and texts of a JSON sidecar (an object). texts (NULL: not wanted), an array, takes the keys
 * that are personal by their text alone, not by their name. */
void vx_phi_sidecar(
	const struct vx_phi *phi, const struct vx_json *sidecar, struct vx_phi_list *list, struct vx_json *texts);

/* vx_phi_keys: the same of any object, with another word than "sidecar" in where. */
void vx_phi_keys(const struct vx_phi *phi, const struct vx_json *object, const char *word, struct vx_phi_list *list);

/* vx_phi_key_name: how a key of a sidecar may be called in a message: as the rules spell it; NULL: not at all, since
 * nobody knows it and it may be a name itself. */
const char *vx_phi_key_name(const struct vx_phi *phi, const char *key);

#endif
