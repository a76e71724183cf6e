/* Fuzzes vx_phi: any bytes are text, a gzip header, an extension, a NIfTI header with its bytes, a sidecar and a file.
 * No finding may hold more than a place and a kind of the rules. SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vx_phi.h"
#include "vx_sidecar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void search_file(const struct vx_phi *phi, const uint8_t *data, size_t size, struct vx_phi_list *list)
{
	char path[] = "/dev/shm/vx-phi-XXXXXX";
	int fd = mkstemp(path);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);
	if (vx_phi_file(phi, path, list, NULL) != VX_OK)
		list->n = 0;
	unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct vx_phi *phi;
	struct vx_phi_list list = VX_PHI_LIST_INIT;
	struct vx_buf b = VX_BUF_INIT;
	struct vx_json *json;
	struct vx_nifti h;
	bool latin1;
	if (!phi && !(phi = vx_phi_load("share/phi.json", NULL)))
		abort();
	const char *text = (const char *)data;
	/* Whatever is seen in technical text is seen in free text, or known to be harmless. */
	if (size && vx_phi_technical(phi, text, size) && !vx_phi_free_text(phi, text, size))
		vx_phi_add(&list, "harmless", "text");
	vx_phi_gzip(phi, data, size, &list);
	for (int32_t code = 0; code < 46; code += 2)
		vx_phi_extension(phi, code, data, size, &list);
	if (vx_nifti_parse(data, size, &h, NULL) == VX_OK)
		vx_phi_header(phi, data, size, &h, &list);
	if (vx_sidecar_parse(text, size, &json, &latin1, NULL) == VX_OK) {
		vx_phi_sidecar(phi, json, &list, NULL);
		vx_json_free(json);
	}
	search_file(phi, data, size, &list);
	vx_phi_put(&list, &b);
	if (!vx_utf8_valid(b.data, b.len))
		abort();
	vx_phi_list_free(&list);
	vx_buf_free(&b);
	return 0;
}
