/* vx_labels: bytes of voxels -> voxels a value.
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vx_labels.h"
#include "vx_voxel.h"

struct slot {
	uint64_t bits;
	uint64_t voxels; /* 0: the slot is free */
};

struct vx_labels {
	struct vx_voxel voxel;
	double slope, inter;
	uint8_t carry[8]; /* a voxel cut in two by the last add */
	size_t carried;
	uint64_t *table;    /* width 1 and 2: voxels by stored bits */
	struct slot *slots; /* width 4 and 8: open addressing */
	size_t slot_mask, used;
	bool overflow;
	struct vx_label *list;
	size_t list_cap;
};

#define TABLE_SIZE 65536
#define FIRST_SLOTS 1024

struct vx_labels *vx_labels_new(void)
{
	return vx_alloc(sizeof(struct vx_labels));
}

void vx_labels_free(struct vx_labels *l)
{
	if (!l)
		return;
	free(l->table);
	free(l->slots);
	free(l->list);
	free(l);
}

int vx_labels_begin(struct vx_labels *l, const struct vx_nifti *h, struct vx_error *err)
{
	if (vx_voxel_of(h, &l->voxel) != VX_OK) {
		const char *name = vx_nifti_datatype(h->datatype, NULL);
		return vx_error_set(err, VX_EREJECT, "datatype", "%s voxels hold no labels", name ? name : "unknown");
	}
	l->carried = 0;
	l->used = 0;
	l->overflow = false;
	vx_nifti_scale(h, &l->slope, &l->inter);
	if (l->voxel.width <= 2) {
		if (!l->table)
			l->table = vx_alloc(TABLE_SIZE * sizeof(*l->table));
		/* All zero here: vx_alloc makes it so, and so does vx_labels_end; after an error it may not be. */
		memset(l->table, 0, (l->voxel.width == 1 ? 256 : TABLE_SIZE) * sizeof(*l->table));
	} else {
		free(l->slots);
		l->slots = vx_alloc(FIRST_SLOTS * sizeof(*l->slots));
		l->slot_mask = FIRST_SLOTS - 1;
	}
	return VX_OK;
}

static struct slot *find_slot(const struct vx_labels *l, uint64_t bits)
{
	/* The low bits of a small integer in a float64 are all 0, and those of the product with them. */
	size_t i = (size_t)((bits ^ bits >> 32) * 0x9E3779B97F4A7C15u >> 32) & l->slot_mask;
	while (l->slots[i].voxels && l->slots[i].bits != bits)
		i = (i + 1) & l->slot_mask;
	return &l->slots[i];
}

static void grow(struct vx_labels *l)
{
	struct slot *old = l->slots;
	size_t n = l->slot_mask + 1;
	l->slots = vx_alloc(2 * n * sizeof(*l->slots));
	l->slot_mask = 2 * n - 1;
	for (size_t i = 0; i < n; i++)
		if (old[i].voxels)
			*find_slot(l, old[i].bits) = old[i];
	free(old);
}

static void count(struct vx_labels *l, uint64_t bits, uint64_t voxels)
{
	if (l->voxel.width <= 2) {
		l->table[bits] += voxels;
		return;
	}
	if (l->overflow)
		return;
	struct slot *s = find_slot(l, bits);
	if (!s->voxels) {
		if (l->used == VX_LABELS_MAX) {
			l->overflow = true;
			return;
		}
		if (++l->used * 2 > l->slot_mask) {
			grow(l);
			s = find_slot(l, bits);
		}
		s->bits = bits;
	}
	s->voxels += voxels;
}

static uint64_t load8(const uint8_t *p)
{
	uint64_t bits;
	memcpy(&bits, p, sizeof(bits));
	return bits;
}

/* How many bytes from p on, a multiple of 8, repeat the eight bytes of pattern. */
static size_t run_length(const uint8_t *p, const uint8_t *end, uint64_t pattern)
{
	const uint8_t *start = p;
	for (; end - p >= 64; p += 64) {
		uint64_t differ = 0;
		for (int i = 0; i < 8; i++)
			differ |= load8(p + 8 * i) ^ pattern;
		if (differ)
			break;
	}
	while (end - p >= 8 && load8(p) == pattern)
		p += 8;
	return (size_t)(p - start);
}

/* Whole voxels. One voxel of each eight bytes is looked at first: the others mostly equal it. */
static void add_voxels(struct vx_labels *l, const uint8_t *p, const uint8_t *end)
{
	const size_t width = l->voxel.width;
	const uint64_t spread = width == 1   ? 0x0101010101010101u
				: width == 2 ? 0x0001000100010001u
				: width == 4 ? 0x0000000100000001u
					     : 1;
	while (end - p >= 8) {
		uint64_t bits = vx_voxel_load(p, width);
		if (load8(p) == bits * spread) {
			size_t run = run_length(p, end, bits * spread);
			count(l, bits, run / width);
			p += run;
			continue;
		}
		for (size_t i = 0; i < 8; i += width)
			count(l, vx_voxel_load(p + i, width), 1);
		p += 8;
	}
	for (; p < end; p += width)
		count(l, vx_voxel_load(p, width), 1);
}

void vx_labels_add(struct vx_labels *l, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;
	while (l->carried && n) {
		l->carry[l->carried++] = *p++;
		n--;
		if (l->carried == l->voxel.width) {
			count(l, vx_voxel_load(l->carry, l->voxel.width), 1);
			l->carried = 0;
		}
	}
	size_t whole = n - n % l->voxel.width;
	add_voxels(l, p, p + whole);
	if (n > whole) {
		memcpy(l->carry, p + whole, n - whole);
		l->carried = n - whole;
	}
}

/* The number that stored bits stand for; false: it is no integer. shown takes its text either way. */
static bool number(const struct vx_labels *l, uint64_t bits, int64_t *value, char shown[40])
{
	const bool scaled = l->slope != 1 || l->inter != 0;
	const enum vx_voxel_kind kind = l->voxel.kind;
	double v;
	v = vx_voxel_number(&l->voxel, bits);
	if (kind != VX_VOXEL_FLOATING) {
		bits = vx_voxel_bits(&l->voxel, bits);
		*value = kind == VX_VOXEL_SIGNED ? vx_voxel_integer(&l->voxel, bits) : (int64_t)bits;
		snprintf(shown, 40, kind == VX_VOXEL_UNSIGNED ? "%" PRIu64 : "%" PRId64, *value);
		if (!scaled)
			return kind == VX_VOXEL_SIGNED || bits <= INT64_MAX;
	}
	v = scaled ? v * l->slope + l->inter : v;
	snprintf(shown, 40, "%.9g", v);
	if (!(fabs(v) <= 0x1p53) || v != nearbyint(v))
		return false;
	*value = (int64_t)v;
	return true;
}

bool vx_labels_each(const struct vx_labels *l, void (*visit)(void *arg, double stored, uint64_t voxels), void *arg)
{
	if (l->voxel.width > 2)
		return false;
	for (size_t i = 0; i < (l->voxel.width == 1 ? 256 : TABLE_SIZE); i++)
		if (l->table[i])
			visit(arg, vx_voxel_number(&l->voxel, i), l->table[i]);
	return true;
}

static int by_value(const void *a, const void *b)
{
	const struct vx_label *x = a, *y = b;
	return (x->value > y->value) - (x->value < y->value);
}

static void take(struct vx_labels *l, size_t *n, int64_t value, uint64_t voxels)
{
	if (*n == l->list_cap) {
		l->list_cap = l->list_cap ? 2 * l->list_cap : 64;
		l->list = vx_realloc(l->list, l->list_cap * sizeof(*l->list));
	}
	l->list[(*n)++] = (struct vx_label){ value, voxels };
}

int vx_labels_end(struct vx_labels *l, const struct vx_label **list, size_t *n, struct vx_error *err)
{
	const size_t entries = l->voxel.width == 1 ? 256 : l->voxel.width == 2 ? TABLE_SIZE : l->slot_mask + 1;
	size_t raw = 0;
	*list = NULL;
	*n = 0;
	if (l->overflow)
		return vx_error_set(
			err, VX_EREJECT, NULL, "more than %d different values: no label image", VX_LABELS_MAX);
	for (size_t i = 0; i < entries; i++) {
		uint64_t bits = l->voxel.width <= 2 ? i : l->slots[i].bits;
		uint64_t voxels = l->voxel.width <= 2 ? l->table[i] : l->slots[i].voxels;
		int64_t value;
		char shown[40];
		if (!voxels)
			continue;
		if (!number(l, bits, &value, shown))
			return vx_error_set(err, VX_EREJECT, NULL,
				"%s occurs in %" PRIu64 " voxels and is no integer label", shown, voxels);
		take(l, &raw, value, voxels);
	}
	if (raw)
		qsort(l->list, raw, sizeof(*l->list), by_value);
	/* 0 and -0 are one value, and so may be two that were scaled. */
	for (size_t i = 0; i < raw; i++) {
		if (*n && l->list[*n - 1].value == l->list[i].value)
			l->list[*n - 1].voxels += l->list[i].voxels;
		else
			l->list[(*n)++] = l->list[i];
	}
	*list = l->list;
	return VX_OK;
}
