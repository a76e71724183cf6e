/* vx_s3_delete: DELETE of many objects, several at once. In: keys. Out: what came of each, in order.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "vx_s3_call.h"

enum { AT_ONCE = 64 };

/* An object that is gone already is gone all the same; a bucket that is not there is another matter. */
static int read_answer(const struct vx_s3 *s3, const struct vx_http_response *a, struct vx_error *err)
{
	char code[64];
	vx_s3_code(a, code);
	if (a->status == 204 || a->status == 200 || strcmp(code, "NoSuchKey") == 0)
		return VX_OK;
	return vx_s3_refusal(s3, a, err);
}

void vx_s3_delete(struct vx_s3 *s3, const char *const *keys, size_t n, vx_s3_told *told, void *arg)
{
	struct vx_s3_call calls[AT_ONCE];
	struct vx_s3_flight *flights[AT_ONCE];
	for (size_t done = 0, begun = 0; done < n; done++) {
		for (; begun < n && begun - done < AT_ONCE; begun++) {
			calls[begun % AT_ONCE] = (struct vx_s3_call){ .method = "DELETE", .key = keys[begun] };
			flights[begun % AT_ONCE] = vx_s3_start(s3, &calls[begun % AT_ONCE]);
		}
		struct vx_http_response a = { 0 };
		struct vx_error err = VX_ERROR_INIT;
		int status = vx_s3_wait(flights[done % AT_ONCE], &a, &err);
		if (status == VX_OK)
			status = read_answer(s3, &a, &err);
		vx_http_response_clear(&a);
		told(arg, done, status, &err);
	}
}
