/* vx_sidecar: what lies beside an image: the JSON sidecar of dcm2niix or BIDS, through an allow-list, and .bval, .bvec.
 *
 *	struct vx_sidecar_map *map = vx_sidecar_load(NULL, &err);         // share/sidecar.json
 *	struct vx_json *side, *fields;
 *	if (vx_sidecar_read("t2.json", &side, &latin1, &err) == VX_OK) {
 *		fields = vx_sidecar_fields(map, side, say, NULL);         // {"echo_time": 0.101, ...}
 *		vx_json_free(side);
 *	}
 *
 *	vx_sidecar_clean(map, side, &text, left_out);                     // "{\n\t\"EchoTime\": 0.101\n}\n"
 *
 * The list is data: key of the sidecar -> field of the volume, its type, unit and range; and the keys that a copy of the
 * sidecar keeps when it leaves the house. A key that is not on it never gets out. A loaded list is read-only: many
 * threads may use it at once.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_SIDECAR_H
#define VX_SIDECAR_H

#include "vx_err.h"
#include "vx_json.h"

#define VX_SIDECAR_MAX ((size_t)16 << 20) /* the largest sidecar that is read, bytes */

struct vx_sidecar_map;

/* vx_sidecar_load: the list in path, NULL: sidecar.json of the share folder. NULL + VX_EIO, or VX_EDATA with what is
 * wrong with it (an unknown type, an unknown member, a key that is kept twice). */
struct vx_sidecar_map *vx_sidecar_load(const char *path, struct vx_error *err) VX_MUST_USE;
void vx_sidecar_map_free(struct vx_sidecar_map *map);

/* vx_sidecar_read: a sidecar file; a byte order mark is skipped, text that is not UTF-8 is taken for Latin-1
 * (*latin1 says so). Errors: VX_EREJECT: no JSON object, or not to be read. *out to be freed. */
int vx_sidecar_read(const char *path, struct vx_json **out, bool *latin1, struct vx_error *err) VX_MUST_USE;

/* vx_sidecar_parse: the same from text. */
int vx_sidecar_parse(
	const char *text, size_t len, struct vx_json **out, bool *latin1, struct vx_error *err) VX_MUST_USE;

/* vx_sidecar_fields: the fields that the sidecar gives, in the order of the list. say (NULL: not wanted) is told of each
 * value that is left out because of its type or range. To be freed. */
struct vx_json *vx_sidecar_fields(const struct vx_sidecar_map *map, const struct vx_json *sidecar,
	void (*say)(void *arg, const char *text), void *arg);

/* vx_sidecar_knows: whether the list has the key, as a field's or one to be kept. */
bool vx_sidecar_knows(const struct vx_sidecar_map *map, const char *key);

/* vx_sidecar_clean: the copy of a sidecar (an object) that may leave the house, appended to out: the listed keys in their
 * order, one a line. The names of those left out go into left_out, an array (NULL: not wanted); "GeneratedBy.Container"
 * for one in an object. Equal input gives equal bytes. */
void vx_sidecar_clean(
	const struct vx_sidecar_map *map, const struct vx_json *sidecar, struct vx_buf *out, struct vx_json *left_out);

/* vx_bval_parse: text of a .bval file: numbers (s/mm2, at least 0) between blanks -> an array, to be freed.
 * VX_EREJECT: what is no such number, or no number at all. */
int vx_bval_parse(const char *text, size_t len, struct vx_json **out, struct vx_error *err) VX_MUST_USE;
int vx_bval_read(const char *path, struct vx_json **out, struct vx_error *err) VX_MUST_USE;

/* vx_bvec_parse: text of a .bvec file: three lines, of the x, y and z of the directions, or a line a direction.
 * VX_EREJECT: what is no number, lines of different lengths, no three numbers a direction. */
struct vx_bvec {
	size_t n;          /* directions, those of length 0 as well: as many as b-values */
	size_t directions; /* those of another length than 0 */
	size_t odd;        /* the first whose length is neither 0 nor 1, from 1; 0: none is */
};
#define VX_BVEC_MAX 100000
int vx_bvec_parse(const char *text, size_t len, struct vx_bvec *out, struct vx_error *err) VX_MUST_USE;
int vx_bvec_read(const char *path, struct vx_bvec *out, struct vx_error *err) VX_MUST_USE;

#endif
