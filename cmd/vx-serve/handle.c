/* handle: what the handlers share: query parameters that are flags and names, answers, failures. struct call -> its parts
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "handle.h"

struct app *app_of(const struct call *call)
{
	return call->server->app;
}

const char *resource_of(const struct call *call)
{
	return call->path + strlen("/v1/resources/");
}

const struct vx_type *collection_of(const struct call *call)
{
	return vx_model_collection(app_of(call)->model, call->path + strlen("/v1/"));
}

void answer_json(struct call *call, unsigned status)
{
	call->status = status;
	call->type = JSON;
}

void answer_failed(struct call *call, const struct vx_error *err)
{
	switch (err->status) {
	case VX_EREJECT:
		call_problem(call, 400, "%s", err->reason);
		break;
	case VX_EDATA:
		call_problem(call, 413, "%s", err->reason);
		break;
	case VX_EUNREACHABLE:
		call_problem(call, 503, "%s", err->reason);
		break;
	default:
		vx_message(err);
		call_problem(call, 500, "%s", err->reason);
	}
}

bool flag_arg(struct call *call, const char *name, bool absent, bool *value)
{
	const char *text = call_arg(call, name);
	*value = text ? !strcmp(text, "1") || !strcmp(text, "true") : absent;
	if (!text || *value || !strcmp(text, "0") || !strcmp(text, "false"))
		return true;
	call_problem(call, 400, "query parameter %s: must be 1 or 0", name);
	return false;
}

/* identifier_arg: a "+" of an identifier reaches us as a space when the client did not escape it; none holds a space. */
char *identifier_arg(const struct call *call, const char *name)
{
	const char *text = call_arg(call, name);
	if (!text)
		return NULL;
	char *copy = vx_strdup(text);
	for (char *p = copy; *p; p++)
		if (*p == ' ')
			*p = '+';
	return copy;
}
