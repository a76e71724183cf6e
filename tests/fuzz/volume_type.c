/* Fuzzes vx_volume_type: any JSON is the evidence, and a file of rules; any text is a description.
 * SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vx_volume_type.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Words of words are the same words. */
static void words_twice(const char *text, size_t len)
{
	struct vx_buf once = VX_BUF_INIT, twice = VX_BUF_INIT;
	vx_type_words(text, len, &once);
	if (once.len < 1 || once.data[0] != ' ' || once.data[once.len - 1] != ' ')
		abort();
	vx_type_words(once.data, once.len, &twice);
	if (once.len != twice.len || memcmp(once.data, twice.data, once.len) != 0)
		abort();
	vx_buf_free(&once);
	vx_buf_free(&twice);
}

static void load_from(const uint8_t *data, size_t size)
{
	char path[] = "/tmp/vx-fuzz-types-XXXXXX";
	struct vx_error err = VX_ERROR_INIT;
	int fd = mkstemp(path);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);
	vx_volume_types_free(vx_volume_types_load(path, &err));
	unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct vx_volume_types *types;
	struct vx_error err = VX_ERROR_INIT;
	struct vx_type_verdict v, brief;
	struct vx_json *json;
	if (!types && !(types = vx_volume_types_load("share/volume-types.json", &err)))
		abort();
	if (vx_utf8_valid((const char *)data, size))
		words_twice((const char *)data, size);
	if (vx_json_parse((const char *)data, size, &json, &err) != VX_OK)
		return 0;
	const struct vx_json *evidence[] = { json };
	vx_volume_type_of(types, evidence, 1, true, &v);
	vx_volume_type_of(types, evidence, 1, false, &brief);
	if (v.type != brief.type || (!v.type && !v.why[0]))
		abort();
	vx_json_free(json);
	load_from(data, size);
	return 0;
}
