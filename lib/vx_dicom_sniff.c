/* vx_dicom_sniff: heads of DICOM elements, and whether a file is DICOM by its first bytes.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "vx_dicom_parts.h"

uint32_t dicom_get(const uint8_t *p, int size, bool big)
{
	uint32_t v = 0;
	for (int i = 0; i < size; i++)
		v |= (uint32_t)p[i] << 8 * (big ? size - 1 - i : i);
	return v;
}

/* PS3.5 7.1.2: these have a length of 32 bits behind two bytes that say nothing. */
static bool is_long_vr(const char *vr)
{
	return strstr("OB OD OF OL OV OW SQ SV UC UN UR UT UV", vr) != NULL;
}

bool dicom_has_vr(const uint8_t *p, size_t n)
{
	static const char known[] = "AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC "
				    "UI UL UN UR US UT UV";
	if (n < 6 || p[4] < 'A' || p[4] > 'Z' || p[5] < 'A' || p[5] > 'Z')
		return false;
	const char vr[3] = { (char)p[4], (char)p[5], 0 };
	return strstr(known, vr) != NULL;
}

bool dicom_element_parse(const uint8_t *p, size_t n, struct dicom_encoding enc, struct dicom_element *e, bool *mixed)
{
	if (n < 8)
		return false;
	*e = (struct dicom_element){ .tag = dicom_get(p, 2, enc.big) << 16 | dicom_get(p + 2, 2, enc.big),
		.header = 8 };
	const bool delimiter = e->tag >> 16 == 0xfffe;
	const bool letters = p[4] >= 'A' && p[4] <= 'Z' && p[5] >= 'A' && p[5] <= 'Z';
	if (delimiter || enc.implicit || !letters) {
		*mixed |= !delimiter && !enc.implicit;
		e->length = dicom_get(p + 4, 4, enc.big);
		return true;
	}
	memcpy(e->vr, p + 4, 2);
	if (!is_long_vr(e->vr)) {
		e->length = dicom_get(p + 6, 2, enc.big);
		return true;
	}
	e->header = 12;
	if (n < 12)
		return false;
	e->length = dicom_get(p + 8, 4, enc.big);
	return true;
}

/* Two elements that a data set may begin with, the second one behind the first. */
static bool begins_data_set(const uint8_t *p, size_t n, struct dicom_encoding enc)
{
	struct dicom_element first, second;
	bool mixed = false;
	if (!dicom_element_parse(p, n, enc, &first, &mixed))
		return false;
	uint32_t group = first.tag >> 16, at = first.header;
	if ((group != 2 && group != 8) || first.length > 1024 || (first.tag & 0xffff) > 0x80)
		return false;
	at += first.length;
	if (at >= n || !dicom_element_parse(p + at, n - at, enc, &second, &mixed) || mixed)
		return false;
	if (!enc.implicit && (!dicom_has_vr(p, n) || !dicom_has_vr(p + at, n - at)))
		return false;
	return second.tag > first.tag && second.tag >> 16 <= (enc.implicit ? 0x10 : 0x28) &&
	       second.length != 0xfffffffe && (second.length == DICOM_UNDEFINED || second.length < 1 << 20);
}

bool vx_dicom_sniff(const uint8_t *bytes, size_t n)
{
	static const struct dicom_encoding encodings[] = { { false, false }, { true, false }, { false, true } };
	if (n >= 132 && memcmp(bytes + 128, "DICM", 4) == 0)
		return true;
	if (n >= 4 && memcmp(bytes, "DICM", 4) == 0) {
		bytes += 4;
		n -= 4;
	}
	for (size_t i = 0; i < 3; i++)
		if (begins_data_set(bytes, n, encodings[i]))
			return true;
	return false;
}
