/* vx_cell: what a cell of a table says: nothing, a number, a whole number, a day. Never a guess.
 *
 *	double v;
 *	if (vx_cell_number(text, len, '.', &v, &err) != VX_OK) ...      // "12,5": VX_EREJECT, "no number"
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_CELL_H
#define VX_CELL_H

#include <stdint.h>

#include "vx_err.h"
#include "vx_json_walk.h"

/* vx_cell_trim: text without blanks at its ends, also those that spreadsheets leave behind (see vx_utf8_blank). */
struct vx_slice vx_cell_trim(const char *text, size_t len);

/* vx_cell_blank: whether a trimmed cell says nothing: "", "-", "--", "n/a", "na", "#n/a", "nan", "null", case ignored, and the
 * long dashes that a spreadsheet makes of "-". */
bool vx_cell_blank(const char *text, size_t len);

/* vx_cell_number: a decimal number, blanks around it allowed; decimal is '.' or ','. Thousands separators, units, "<5", inf and
 * nan are VX_EREJECT. At most 1e300 in size. */
int vx_cell_number(const char *text, size_t len, char decimal, double *v, struct vx_error *err) VX_MUST_USE;

/* vx_cell_integer: the same without a fraction ("12", "12.0"), below 2^53. */
int vx_cell_integer(const char *text, size_t len, char decimal, int64_t *v, struct vx_error *err) VX_MUST_USE;

/* Orders in which tables write a day. */
enum vx_cell_date { VX_DATE_YMD, VX_DATE_DMY, VX_DATE_MDY };

/* vx_cell_date: a day that exists as "YYYY-MM-DD" into out. YMD: YYYY-MM-DD, YYYY/MM/DD, YYYY.MM.DD, YYYYMMDD (a time behind it is
 * dropped) are understood under every order; DMY and MDY also read D.M.YYYY, D/M/YYYY, D-M-YYYY in their order, years of
 * four digits. VX_EREJECT otherwise: "'1.2.20' is not a date of the form ...", "... is not a day that exists". */
int vx_cell_date(const char *text, size_t len, enum vx_cell_date order, char out[11], struct vx_error *err) VX_MUST_USE;

#endif
