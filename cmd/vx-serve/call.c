/* call: what a handler asks of its request and says in answer to it. struct call -> parameters, problems
 *
 * SPDX-License-Identifier: MIT
 */
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "http.h"
#include "vx_json.h"

static const char *title(unsigned status)
{
	const char *phrase = MHD_get_reason_phrase_for(status);
	return phrase ? phrase : "Error";
}

static void problem(struct call *call, unsigned status, const char *fmt, va_list args)
{
	char detail[1400];
	vsnprintf(detail, sizeof detail, fmt, args);
	call->status = status;
	call->type = "application/problem+json";
	vx_buf_clear(&call->out);
	vx_buf_puts(&call->out, "{\"type\":\"about:blank\",\"title\":");
	vx_json_put_string(&call->out, title(status), strlen(title(status)));
	vx_buf_printf(&call->out, ",\"status\":%u,\"detail\":", status);
	/* What the client sent may stand in it, and that may be cut in the middle of a character. */
	vx_utf8_mend(detail);
	vx_json_put_string(&call->out, detail, strlen(detail));
	vx_buf_putc(&call->out, '}');
}

void call_problem(struct call *call, unsigned status, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	problem(call, status, fmt, args);
	va_end(args);
}

void call_refuse(struct call *call, const char *why, unsigned status, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	problem(call, status, fmt, args);
	va_end(args);
	call->refused = why;
}

const char *call_arg(const struct call *call, const char *name)
{
	return MHD_lookup_connection_value(call->connection, MHD_GET_ARGUMENT_KIND, name);
}

/* range_takes: whether one range of an Accept header (a type, "*" for any, perhaps ";q=0.5" behind) takes type. */
static bool range_takes(const char *range, size_t n, const char *type)
{
	const char *params = memchr(range, ';', n),
		   *q = params ? memmem(params, n - (size_t)(params - range), "q=", 2) : NULL;
	if (q && strtod(q + 2, NULL) <= 0)
		return false;
	if (params)
		n = (size_t)(params - range);
	while (n && (range[n - 1] == ' ' || range[n - 1] == '\t'))
		n--;
	size_t major = (size_t)(strchr(type, '/') - type) + 1;
	return (n == 3 && !memcmp(range, "*/*", 3)) || (n == strlen(type) && !strncasecmp(range, type, n)) ||
	       (n == major + 1 && !strncasecmp(range, type, major) && range[major] == '*');
}

bool call_accepts(const struct call *call, const char *type)
{
	const char *p = MHD_lookup_connection_value(call->connection, MHD_HEADER_KIND, "Accept");
	if (!p || !*p)
		return true;
	while (*p) {
		p += strspn(p, " \t,");
		size_t n = strcspn(p, ",");
		if (n && range_takes(p, n, type))
			return true;
		p += n;
	}
	return false;
}
