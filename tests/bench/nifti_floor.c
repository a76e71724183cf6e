/* nifti_floor: what reading NIfTI headers costs at the least: open, read 4,096 bytes, inflate 352, close.
 * paths on stdin -> the number of headers whose sizeof_hdr is right.
 * SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

int main(void)
{
	static unsigned char in[4096], out[352];
	char path[4096];
	long good = 0;
	z_stream z = { 0 };
	if (inflateInit2(&z, 15 + 16) != Z_OK)
		return 71;
	while (fgets(path, sizeof(path), stdin)) {
		path[strcspn(path, "\n")] = '\0';
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t n = fd < 0 ? -1 : read(fd, in, sizeof(in));
		if (fd >= 0)
			close(fd);
		if (n <= 0)
			continue;
		inflateReset(&z);
		z.next_in = in;
		z.avail_in = (uInt)n;
		z.next_out = out;
		z.avail_out = sizeof(out);
		inflate(&z, Z_NO_FLUSH);
		good += z.avail_out == 0 && out[0] == 0x5c && out[1] == 1;
	}
	inflateEnd(&z);
	printf("%ld\n", good);
	return 0;
}
