/* dicom: what the parts of vx-dicom-meta share: options, a thread's own things, the series so far.
 * SPDX-License-Identifier: MIT */
#ifndef DICOM_H
#define DICOM_H

#include <stdatomic.h>

#include "vx_dicom.h"
#include "vx_filter.h"
#include "vx_gz.h"

struct series_table;

struct worker {
	struct vx_gz *gz;
	struct vx_dicom *dicom;
	struct vx_buf path;
};

struct opts {
	struct vx_common common;
	bool series;
	const char *allow;
	struct vx_dicom_list *list;
	struct worker *worker;      /* with series: the only one */
	struct series_table *table; /* with series */
	atomic_long passed;         /* records that are none of this tool's business */
};

/* series.c: the files of each series, counted; they are held until the end. */
struct series_table *series_new(void);
void series_free(struct series_table *t);
/* fields and details of the file that rec names; they stay the caller's. */
int series_add(struct series_table *t, const struct vx_record *rec, const struct vx_json *fields,
	const struct vx_json *details, struct vx_error *err) VX_MUST_USE;
/* Emits a record a series, in the order in which they came up. */
int series_emit(struct series_table *t, struct vx_job *job, struct vx_error *err) VX_MUST_USE;

/* stacks.c: where the slices of a series lie. */
struct slice {
	uint64_t uid, volume; /* hashes: of the SOPInstanceUID, and of what slices of one volume share */
	double position;      /* along the normal, mm */
	int32_t instance;     /* InstanceNumber; INT32_MIN: none */
	int16_t orientation;  /* index; -1: it says no place */
};
struct orientation {
	double cosines[6];
};
/* The members files, instances, stacks, missing_slices and duplicate_slices of details. Sorts the slices. */
void stacks_put(struct slice *slices, size_t n, const struct orientation *orientations, size_t n_orientations,
	struct vx_json *details);

#endif
