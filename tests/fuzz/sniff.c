/* Fuzz target: what kind of file these bytes begin, and the same bytes as a name. SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>

#include "vx_sniff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct vx_suffix *s = vx_suffix_of((const char *)data, size);
	enum vx_kind kind = vx_sniff(data, size < VX_SNIFF_BYTES ? size : VX_SNIFF_BYTES);

	if (kind >= VX_KINDS || vx_kind_find(vx_kind_name(kind), __builtin_strlen(vx_kind_name(kind))) != (int)kind)
		abort();
	if (s && (s->len >= size || vx_suffix_at(vx_suffix_index(s)) != s))
		abort();
	return 0;
}
