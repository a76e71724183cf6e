/* Fuzzes vx_dicom: any bytes are a file. A file that begins as none does is given a preamble, else most would end there.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "../unit/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct vx_json *j)
{
	struct vx_buf text = VX_BUF_INIT;
	struct vx_json *again;
	struct vx_error err = VX_ERROR_INIT;
	vx_json_print(j, &text);
	/* Whatever the file holds, what is printed is JSON. */
	if (vx_json_parse(text.data, text.len, &again, &err) != VX_OK)
		abort();
	vx_json_free(again);
	vx_json_free(j);
	vx_buf_free(&text);
}

static void ignore(void *arg, const char *text)
{
	(void)arg;
	if (!vx_utf8_valid(text, strlen(text)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct vx_dicom_list *list;
	static struct vx_dicom *d;
	struct vx_error err = VX_ERROR_INIT;
	if (!list && !(list = vx_dicom_list_load("share/dicom.json", &err)))
		abort();
	if (!d)
		d = vx_dicom_new(list);
	uint8_t *copy = calloc(1, size + 132);
	if (!copy)
		return 0;
	const bool bare = !vx_dicom_sniff(data, size);
	memcpy(copy + (bare ? 132 : 0), data, size);
	if (bare)
		memcpy(copy + 128, "DICM", 4);
	struct memory m = { copy, size + (bare ? 132 : 0), 0 };
	const struct vx_dicom_input in = { read_memory, skip_memory, &m };
	if (vx_dicom_read(d, &in, &err) == VX_OK) {
		check(vx_dicom_fields(d, ignore, NULL));
		check(vx_dicom_details(d, ignore, NULL));
	} else if (!*err.reason) {
		abort();
	}
	free(copy);
	return 0;
}
