/* vx_backup: the lines of an export held against its end record, and against the part that is wanted.
 * SPDX-License-Identifier: MIT
 */
#include "vx_backup.h"

#include <stdlib.h>
#include <string.h>

#include "vx_hash.h"
#include "vx_idset.h"
#include "vx_json.h"
#include "vx_resource.h"

#define END "{\"_end\":"

struct vx_backup {
	char *datasource, *only;           /* that is wanted; that the end record names */
	struct vx_idset *inside, *outside; /* of the part, and all others: so far */
	struct vx_sha256 *hash;            /* of the lines so far; NULL behind the end record */
	long long count;
	long skipped;
	enum vx_backup_state state;
};

struct vx_backup *vx_backup_new(const char *datasource, struct vx_error *err)
{
	struct vx_backup *b = vx_alloc(sizeof(*b));

	b->hash = vx_sha256_new();
	if (!datasource)
		return b;
	b->datasource = vx_strdup(datasource);
	b->inside = vx_idset_new(err);
	b->outside = b->inside ? vx_idset_new(err) : NULL;
	if (b->outside)
		return b;
	vx_backup_free(b);
	return NULL;
}

void vx_backup_free(struct vx_backup *b)
{
	if (!b)
		return;
	vx_idset_free(b->inside);
	vx_idset_free(b->outside);
	vx_sha256_free(b->hash);
	free(b->datasource);
	free(b->only);
	free(b);
}

static int end_record(struct vx_backup *b, const char *line, size_t len, struct vx_error *err)
{
	struct vx_json *j = NULL, *end, *part = NULL;
	const char *sha256 = NULL, *only = NULL;
	int64_t count = -1;
	char hex[65];

	vx_sha256_end(b->hash, hex);
	b->hash = NULL;
	if (vx_json_parse(line, len, &j, NULL) == VX_OK && (end = vx_json_get(j, "_end")) &&
		vx_json_type(end) == VX_OBJECT) {
		vx_json_get_int(end, "count", &count);
		sha256 = vx_json_str(end, "sha256");
		part = vx_json_get(end, "datasource");
		only = vx_json_str(end, "datasource");
	}
	b->state = VX_BACKUP_BROKEN;
	if (count < 0 || !sha256 || (part && (!only || vx_identifier_check(only, strlen(only)))))
		vx_error_set(err, VX_EDATA, NULL, "the end record is damaged");
	else if (count != b->count)
		vx_error_set(err, VX_EDATA, NULL,
			"the back-up is not whole: %lld lines came, its end record counts %lld", b->count,
			(long long)count);
	else if (strcmp(sha256, hex) != 0)
		vx_error_set(err, VX_EDATA, NULL, "the back-up was changed: its end record has another SHA-256");
	else
		b->state = VX_BACKUP_WHOLE;
	if (only && b->state == VX_BACKUP_WHOLE)
		b->only = vx_strdup(only);
	vx_json_free(j);
	return b->state == VX_BACKUP_WHOLE ? VX_BACKUP_SKIP : VX_EDATA;
}

static uint64_t name_hash(const char *name)
{
	return vx_hash64(name, strlen(name));
}

/* Parents come first in an export: so a resource is inside when its parent is. Names are compared by their hash: two of
 * the same hash could let a stranger in, which the server then tells of as an orphan. */
static int part_of(struct vx_backup *b, const struct vx_json *j, struct vx_error *err)
{
	const char *name = vx_json_str(j, "identifier"), *parent = vx_json_str(j, "parent_identifier");
	bool inside;
	int status;

	if (!name)
		return VX_BACKUP_TAKE;
	inside = strcmp(name, b->datasource) == 0 || (parent && vx_idset_has(b->inside, name_hash(parent)));
	if (!inside && parent && !vx_idset_has(b->outside, name_hash(parent)))
		return vx_error_set(err, VX_EREJECT, "parent_identifier",
			"%s has not come before: only in an export, where parents come first, a part can be told",
			parent);
	status = vx_idset_add(inside ? b->inside : b->outside, name_hash(name), err);
	b->skipped += !inside;
	return status != VX_OK ? status : inside ? VX_BACKUP_TAKE : VX_BACKUP_SKIP;
}

int vx_backup_line(struct vx_backup *b, const char *line, size_t len, struct vx_error *err)
{
	struct vx_json *j = NULL;
	int verdict = VX_BACKUP_TAKE;

	if (!b->hash) {
		b->state = VX_BACKUP_BROKEN;
		return vx_error_set(err, VX_EDATA, NULL, "goes on behind its end record");
	}
	if (len >= sizeof(END) - 1 && memcmp(line, END, sizeof(END) - 1) == 0)
		return end_record(b, line, len, err);
	vx_sha256_add(b->hash, line, len);
	vx_sha256_add(b->hash, "\n", 1);
	b->count++;
	if (b->datasource && vx_json_parse(line, len, &j, NULL) == VX_OK && vx_json_type(j) == VX_OBJECT)
		verdict = part_of(b, j, err);
	vx_json_free(j);
	return verdict;
}

enum vx_backup_state vx_backup_state(const struct vx_backup *b)
{
	return b->state;
}

long vx_backup_skipped(const struct vx_backup *b)
{
	return b->skipped;
}

const char *vx_backup_only(const struct vx_backup *b)
{
	return b->only;
}
