/* vx_dicom_time: dates and times as DICOM writes them -> as RFC 3339 does.
 * SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdio.h>

#include "vx_dicom_parts.h"

bool dicom_digits(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isdigit((unsigned char)s[i]))
			return false;
	return true;
}

int dicom_two_digits(const char *s)
{
	return (s[0] - '0') * 10 + s[1] - '0';
}

/* YYYYMMDD, or YYYY.MM.DD as before 1993 -> YYYY-MM-DD; how many bytes it took, 0: it is none. */
size_t dicom_put_date(const char *s, size_t n, char out[11])
{
	static const int days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	const bool old = n >= 10 && s[4] == '.' && s[7] == '.';
	const char *month = s + (old ? 5 : 4), *day = s + (old ? 8 : 6);
	if (n < 8 || !dicom_digits(s, 4) || !dicom_digits(month, 2) || !dicom_digits(day, 2))
		return 0;
	int y = dicom_two_digits(s) * 100 + dicom_two_digits(s + 2), m = dicom_two_digits(month),
	    d = dicom_two_digits(day);
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
	if (y == 0 || m < 1 || m > 12 || d < 1 || d > days[m - 1] + (m == 2 && leap))
		return 0;
	snprintf(out, 11, "%.4s-%.2s-%.2s", s, month, day);
	return old ? 10 : 8;
}

/* HHMMSS[.ffffff], or with colons between -> HH:MM:SS[.ffffff]; how many bytes it took, 0: it is none. */
size_t dicom_put_time(const char *s, size_t n, char out[20])
{
	const bool old = n >= 8 && s[2] == ':' && s[5] == ':';
	const char *minute = s + (old ? 3 : 2), *second = s + (old ? 6 : 4);
	size_t at = old ? 8 : 6, fraction = 0;
	if (n < at || !dicom_digits(s, 2) || !dicom_digits(minute, 2) || !dicom_digits(second, 2))
		return 0;
	if (dicom_two_digits(s) > 23 || dicom_two_digits(minute) > 59 || dicom_two_digits(second) > 60)
		return 0;
	if (at < n && s[at] == '.')
		while (at + 1 + fraction < n && isdigit((unsigned char)s[at + 1 + fraction]))
			fraction++;
	if (fraction > 9)
		return 0;
	snprintf(out, 20, "%.2s:%.2s:%.2s%.*s", s, minute, second, fraction ? (int)fraction + 1 : 0, s + at);
	return at + (fraction ? fraction + 1 : 0);
}
