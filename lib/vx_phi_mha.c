/* vx_phi_mha: the header of a MetaImage -> findings.
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include <strings.h>

#include "vx_latin1.h"
#include "vx_mha.h"
#include "vx_phi.h"

bool vx_phi_named_metaimage(const char *path)
{
	size_t n = strlen(path);
	return n > 4 && (strcasecmp(path + n - 4, ".mha") == 0 || strcasecmp(path + n - 4, ".mhd") == 0);
}

static void put_utf8(const char *text, size_t len, struct vx_buf *out)
{
	vx_buf_clear(out);
	if (vx_utf8_valid(text, len))
		vx_buf_add(out, text, len);
	else
		vx_latin1_to_utf8(text, len, out);
}

/* A key that comes twice hides nothing: each line is an object of its own. */
static void take_line(void *lines, const char *key, size_t key_len, const char *value, size_t len)
{
	struct vx_buf name = VX_BUF_INIT, text = VX_BUF_INIT;
	struct vx_json *line = vx_json_object();
	put_utf8(key, key_len, &name);
	put_utf8(value, len, &text);
	vx_json_set(line, name.len ? name.data : "", vx_json_string_n(text.len ? text.data : "", text.len));
	vx_json_push(lines, line);
	vx_buf_free(&name);
	vx_buf_free(&text);
}

int vx_phi_metaimage(const struct vx_phi *phi, const char *path, struct vx_phi_list *list, struct vx_error *err)
{
	struct vx_buf header = VX_BUF_INIT;
	struct vx_json *lines = vx_json_array();
	int st = vx_mha_header(path, &header, err);
	if (st == VX_OK)
		vx_mha_others(header.data, header.len, take_line, lines);
	for (size_t i = 0; i < vx_json_size(lines); i++)
		vx_phi_keys(phi, vx_json_at(lines, i), "header", list);
	vx_json_free(lines);
	vx_buf_free(&header);
	return st;
}
