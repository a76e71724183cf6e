/* stacks: the slices of a series in space: parallel ones make a stack. slices -> counts, gaps, duplicates.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "dicom.h"

#define SAME_PLACE 0.01 /* mm: positions nearer than this are one */
#define NAMED_MOST 20   /* missing instance numbers that are listed */

static int by_place(const void *a, const void *b)
{
	const struct slice *x = a, *y = b;
	if (x->orientation != y->orientation)
		return x->orientation < y->orientation ? -1 : 1;
	if (x->position != y->position)
		return x->position < y->position ? -1 : 1;
	return x->volume < y->volume ? -1 : x->volume > y->volume;
}

static int by_volume(const void *a, const void *b)
{
	const struct slice *x = a, *y = b;
	return x->volume < y->volume ? -1 : x->volume > y->volume;
}

static int by_instance(const void *a, const void *b)
{
	const struct slice *x = a, *y = b;
	return x->instance < y->instance ? -1 : x->instance > y->instance;
}

static int by_uid(const void *a, const void *b)
{
	const struct slice *x = a, *y = b;
	return x->uid < y->uid ? -1 : x->uid > y->uid;
}

static int by_number(const void *a, const void *b)
{
	const double *x = a, *y = b;
	return *x < *y ? -1 : *x > *y;
}

static void put_instances(struct slice *slices, size_t n, struct vx_json *details)
{
	struct vx_json *instances = vx_json_object(), *missing = vx_json_array();
	int64_t absent = 0, twice = 0, last = INT64_MIN, first = INT64_MIN;
	qsort(slices, n, sizeof(*slices), by_instance);
	for (size_t i = 0; i < n; i++) {
		int64_t now = slices[i].instance;
		if (now == INT32_MIN)
			continue;
		if (first == INT64_MIN)
			first = now;
		else if (now == last)
			twice++;
		else
			absent += now - last - 1;
		for (int64_t k = last + 1; last != INT64_MIN && k < now && vx_json_size(missing) < NAMED_MOST; k++)
			vx_json_push(missing, vx_json_int(k));
		last = now;
	}
	if (first != INT64_MIN) {
		vx_json_set_int(instances, "first", first);
		vx_json_set_int(instances, "last", last);
		vx_json_set_int(instances, "missing", absent);
		vx_json_set(instances, "missing_numbers", vx_json_ref(missing));
		vx_json_set_int(instances, "duplicate", twice);
	}
	vx_json_free(missing);
	vx_json_set(details, "instances", instances);
}

static int64_t same_uids(struct slice *slices, size_t n)
{
	int64_t same = 0;
	qsort(slices, n, sizeof(*slices), by_uid);
	for (size_t i = 1; i < n; i++)
		same += slices[i].uid && slices[i].uid == slices[i - 1].uid;
	return same;
}

struct places {
	double *at;      /* distinct positions, ascending */
	size_t *volumes; /* slices at each, duplicates not counted */
	size_t n, duplicates;
};

/* Slices of one orientation, sorted by place. */
static struct places places_of(struct slice *s, size_t n)
{
	struct places p = { vx_alloc(n * sizeof(double)), vx_alloc(n * sizeof(size_t)), 0, 0 };
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && s[end].position - s[end - 1].position < SAME_PLACE;)
			end++;
		qsort(s + i, end - i, sizeof(*s), by_volume);
		p.at[p.n] = s[i].position;
		p.volumes[p.n] = 1;
		for (size_t k = i + 1; k < end; k++)
			*(s[k].volume == s[k - 1].volume ? &p.duplicates : &p.volumes[p.n]) += 1;
		p.n++;
	}
	return p;
}

static int by_count(const void *a, const void *b)
{
	const size_t *x = a, *y = b;
	return *x < *y ? -1 : *x > *y;
}

/* How many volumes most places have a slice of; of two equally frequent the larger. Sorts the counts. */
static size_t most_frequent(size_t *counts, size_t n)
{
	size_t best = 0, most = 0;
	qsort(counts, n, sizeof(*counts), by_count);
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && counts[end] == counts[i];)
			end++;
		if (end - i >= most) {
			most = end - i;
			best = counts[i];
		}
	}
	return best;
}

static double median_step(const double *at, size_t n)
{
	double *steps = vx_alloc(n * sizeof(*steps));
	for (size_t i = 0; i + 1 < n; i++)
		steps[i] = at[i + 1] - at[i];
	qsort(steps, n - 1, sizeof(*steps), by_number);
	double median = steps[(n - 1) / 2];
	free(steps);
	return median;
}

static const char *plane_of(const struct orientation *o)
{
	const double *r = o->cosines, *c = o->cosines + 3;
	double x = fabs(r[1] * c[2] - r[2] * c[1]), y = fabs(r[2] * c[0] - r[0] * c[2]);
	double z = fabs(r[0] * c[1] - r[1] * c[0]);
	return x > y && x > z ? "sagittal" : y > z ? "coronal" : "transverse";
}

/* One stack as JSON; missing and duplicate slices are added to the totals. */
static struct vx_json *stack_json(
	struct slice *s, size_t n, const struct orientation *o, int64_t *missing, int64_t *duplicate)
{
	struct places p = places_of(s, n);
	struct vx_json *j = vx_json_object();
	size_t volumes = most_frequent(p.volumes, p.n);
	int64_t absent = 0;
	vx_json_set_str(j, "plane", plane_of(o));
	vx_json_set_int(j, "files", (int64_t)n);
	vx_json_set_int(j, "slices", (int64_t)p.n);
	vx_json_set_int(j, "volumes", (int64_t)volumes);
	for (size_t i = 0; i < p.n; i++)
		absent += p.volumes[i] < volumes ? (int64_t)(volumes - p.volumes[i]) : 0;
	if (p.n > 1) {
		double step = median_step(p.at, p.n);
		vx_json_set_double(j, "spacing", round(step * 1e4) / 1e4);
		for (size_t i = 0; i + 1 < p.n; i++) {
			double times = round((p.at[i + 1] - p.at[i]) / step);
			if (times > 1 && times < 1e6)
				absent += (int64_t)(times - 1) * (int64_t)volumes;
		}
	}
	vx_json_set_int(j, "missing", absent);
	vx_json_set_int(j, "duplicate", (int64_t)p.duplicates);
	*missing += absent;
	*duplicate += (int64_t)p.duplicates;
	free(p.at);
	free(p.volumes);
	return j;
}

void stacks_put(struct slice *slices, size_t n, const struct orientation *orientations, size_t n_orientations,
	struct vx_json *details)
{
	struct vx_json *stacks = vx_json_array();
	int64_t missing = 0, duplicate = 0;
	vx_json_set_int(details, "files", (int64_t)n);
	put_instances(slices, n, details);
	vx_json_set_int(details, "duplicate_uids", same_uids(slices, n));
	qsort(slices, n, sizeof(*slices), by_place);
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && slices[end].orientation == slices[i].orientation;)
			end++;
		if (slices[i].orientation >= 0)
			vx_json_push(stacks, stack_json(slices + i, end - i, &orientations[slices[i].orientation],
						     &missing, &duplicate));
	}
	vx_json_set(details, "stacks", stacks);
	vx_json_set_bool(details, "mixed_orientations", n_orientations > 1);
	vx_json_set_int(details, "missing_slices", missing);
	vx_json_set_int(details, "duplicate_slices", duplicate);
}
