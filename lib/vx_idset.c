/* vx_idset: hashes in a file with open addressing, doubled when half full.
 * SPDX-License-Identifier: MIT
 */
#include "vx_idset.h"

#include <stdlib.h>
#include <unistd.h>

#include "vx_spill.h"

#define FIRST_SLOTS 8192 /* a power of two, as all sizes */
#define PAGE 64          /* slots read at once */

struct vx_idset {
	int fd;
	uint64_t slots, used;
};

struct vx_idset *vx_idset_new(struct vx_error *err)
{
	struct vx_idset *s = vx_alloc(sizeof(*s));

	s->slots = FIRST_SLOTS;
	s->fd = vx_temp_open(err);
	if (s->fd >= 0 && ftruncate(s->fd, FIRST_SLOTS * sizeof(uint64_t)) == 0)
		return s;
	if (s->fd >= 0)
		vx_error_errno(err, VX_EIO, NULL, "cannot use a temporary file");
	vx_idset_free(s);
	return NULL;
}

void vx_idset_free(struct vx_idset *s)
{
	if (s && s->fd >= 0)
		close(s->fd);
	free(s);
}

/* The slot that holds hash, or the empty one where it belongs; -1 when the file cannot be read. found says which. */
static int64_t find(int fd, uint64_t slots, uint64_t hash, bool *found)
{
	uint64_t page[PAGE], slot = hash & (slots - 1);

	for (;;) {
		uint64_t base = slot & ~(uint64_t)(PAGE - 1);
		if (pread(fd, page, sizeof(page), (off_t)(base * sizeof(uint64_t))) != (ssize_t)sizeof(page))
			return -1;
		for (uint64_t i = slot - base; i < PAGE; i++) {
			*found = page[i] == hash;
			if (*found || page[i] == 0)
				return (int64_t)(base + i);
		}
		slot = (base + PAGE) & (slots - 1);
	}
}

static int put(int fd, uint64_t slots, uint64_t hash, bool *found)
{
	int64_t slot = find(fd, slots, hash, found);

	if (slot < 0)
		return VX_EIO;
	if (!*found && pwrite(fd, &hash, sizeof(hash), (off_t)((uint64_t)slot * sizeof(hash))) != (ssize_t)sizeof(hash))
		return VX_EIO;
	return VX_OK;
}

static int grow(struct vx_idset *s, struct vx_error *err)
{
	uint64_t page[PAGE], slots = s->slots * 2;
	int fd = vx_temp_open(err), status = VX_OK;
	bool found;

	if (fd < 0)
		return VX_EIO;
	if (ftruncate(fd, (off_t)(slots * sizeof(uint64_t))) != 0)
		status = VX_EIO;
	for (uint64_t base = 0; base < s->slots && status == VX_OK; base += PAGE) {
		if (pread(s->fd, page, sizeof(page), (off_t)(base * sizeof(uint64_t))) != (ssize_t)sizeof(page))
			status = VX_EIO;
		for (int i = 0; i < PAGE && status == VX_OK; i++)
			if (page[i])
				status = put(fd, slots, page[i], &found);
	}
	if (status != VX_OK) {
		vx_error_errno(err, VX_EIO, NULL, "cannot use a temporary file");
		close(fd);
		return status;
	}
	close(s->fd);
	s->fd = fd;
	s->slots = slots;
	return VX_OK;
}

int vx_idset_add(struct vx_idset *s, uint64_t hash, struct vx_error *err)
{
	bool found;

	if (s->used * 2 >= s->slots && grow(s, err) != VX_OK)
		return VX_EIO;
	/* 0 marks an empty slot. */
	if (put(s->fd, s->slots, hash ? hash : 1, &found) != VX_OK)
		return vx_error_errno(err, VX_EIO, NULL, "cannot use a temporary file");
	s->used += !found;
	return VX_OK;
}

bool vx_idset_has(const struct vx_idset *s, uint64_t hash)
{
	bool found = false;

	return find(s->fd, s->slots, hash ? hash : 1, &found) >= 0 && found;
}
