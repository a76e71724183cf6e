/* Fuzzes vx_mha: any bytes are a file; what its header promises is never allocated, only read as far as it is there.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vx_json.h"
#include "vx_mha.h"
#include "vx_nifti_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Keys and values are part of the input. */
static void look(void *arg, const char *key, size_t key_len, const char *value, size_t len)
{
	static volatile char sum;
	(void)arg;
	for (size_t i = 0; i < key_len; i++)
		sum = (char)(sum ^ key[i]);
	for (size_t i = 0; i < len; i++)
		sum = (char)(sum ^ value[i]);
}

static void read_all(const char *path)
{
	static uint8_t chunk[65536];
	struct vx_mha h;
	struct vx_error err = VX_ERROR_INIT;
	size_t got = 1;
	uint64_t total = 0;
	char hex[65];
	struct vx_mha_data *d = vx_mha_open(path, &h, &err);
	if (!d)
		return;
	(void)!vx_mha_sha256(d, hex, &err);
	while (got > 0 && total < (1 << 22) && vx_mha_read(d, chunk, sizeof(chunk), &got, &err) == VX_OK)
		total += got;
	if (total > h.voxel_bytes)
		abort();
	vx_mha_close(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vx_mha h;
	struct vx_nifti n, back;
	struct vx_error err = VX_ERROR_INIT;
	uint8_t bytes[VX_NIFTI1_FILE];
	char path[64];
	(void)vx_mha_complete((const char *)data, size);
	vx_mha_others((const char *)data, size, look, NULL);
	/* What is read as an image is one as NIfTI too. */
	if (vx_mha_parse((const char *)data, size, &h, &err) == VX_OK && vx_mha_as_nifti(&h, &n, &err) == VX_OK) {
		vx_nifti_write_header(&n, bytes);
		if (vx_nifti_parse(bytes, sizeof(bytes), &back, &err) != VX_OK || back.rank != n.rank ||
			memcmp(back.dim, n.dim, sizeof(n.dim)) != 0 || back.repairs & ~(unsigned)VX_NIFTI_SLOPE)
			abort();
	}
	int fd = memfd_create("mha", MFD_CLOEXEC);
	if (fd < 0)
		return 0;
	if (write(fd, data, size) == (ssize_t)size) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		read_all(path);
	}
	close(fd);
	return 0;
}
