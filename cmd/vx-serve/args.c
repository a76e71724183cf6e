/* args: query parameters that nobody would read are refused: a misspelt filter would answer with everything.
 *
 * SPDX-License-Identifier: MIT
 */
#include <microhttpd.h>
#include <string.h>

#include "args.h"
#include "vx_nearest.h"

struct known {
	struct call *call;
	const char *const *names;
};

static void unknown(const struct known *k, const char *key)
{
	struct vx_nearest near = vx_nearest_to(key);
	struct vx_buf all = VX_BUF_INIT;
	for (size_t i = 0; k->names[i]; i++) {
		vx_nearest_try(&near, k->names[i]);
		vx_buf_printf(&all, "%s%s", i ? ", " : ": ", k->names[i]);
	}
	if (near.name)
		call_problem(k->call, 400, "query parameter %s is not known here; did you mean %s?", key, near.name);
	else
		call_problem(k->call, 400, "query parameter %s is not known here%s", key, all.len ? all.data : "");
	vx_buf_free(&all);
}

static enum MHD_Result check(void *cls, enum MHD_ValueKind kind, const char *key, const char *value)
{
	const struct known *k = cls;
	size_t i = 0;
	(void)kind;
	while (k->names[i] && strcmp(k->names[i], key) != 0)
		i++;
	if (!k->names[i])
		unknown(k, key);
	else if (!value)
		call_problem(k->call, 400, "query parameter %s: has no value", key);
	else if (call_arg(k->call, key) != value) /* which finds the first of that name */
		call_problem(k->call, 400, "query parameter %s: is given twice", key);
	else if (!vx_utf8_valid(value, strlen(value))) /* no database knows it */
		call_problem(k->call, 400, "query parameter %s: is no UTF-8", key);
	return k->call->status ? MHD_NO : MHD_YES;
}

bool args_known(struct call *call, const char *const *names)
{
	struct known k = { .call = call, .names = names };
	MHD_get_connection_values(call->connection, MHD_GET_ARGUMENT_KIND, check, &k);
	return call->status == 0;
}
