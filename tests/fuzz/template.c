/* Fuzz target: patterns, templates and identifier encoding on any bytes. Input: pattern NUL path.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "vx_resource.h"
#include "vx_template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 2);
	struct vx_buf b = VX_BUF_INIT;
	struct vx_pattern *p;
	struct vx_template *t;
	const char *path;

	if (size > 200) /* regular expressions of any length are the user's own */
		size = 200;
	memcpy(text, data, size);
	text[size] = text[size + 1] = '\0';
	path = text + strlen(text) + 1;
	if (path > text + size)
		path = "";
	/* Nested bounds ("a{99}{99}") make the C library's compiler itself run out of memory. */
	if (!strchr(text, '{') || !strpbrk(text, "+*?") || strlen(text) < 40) {
		p = strstr(text, "}{") ? NULL : vx_pattern_new(text, NULL);
		if (p && !vx_pattern_match(p, path, NULL))
			vx_pattern_explain(p, path, &b);
		vx_pattern_free(p);
	}
	t = vx_template_new(text, NULL);
	vx_template_free(t);
	vx_buf_clear(&b);
	vx_buf_puts(&b, "volume/");
	vx_identifier_encode(&b, (const char *)data, size, (size & 1) != 0);
	vx_identifier_fit(&b);
	if (b.len > VX_IDENTIFIER_MAX)
		abort();
	vx_buf_free(&b);
	free(text);
	return 0;
}
