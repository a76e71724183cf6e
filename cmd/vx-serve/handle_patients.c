/* handle_patients: the source's names of patients to vxData's. POST /v1/patients/map, register, resolve -> JSON
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "handle.h"
#include "patients.h"

static bool read_patients(struct call *call, struct patients *p, bool many)
{
	struct vx_error err = VX_ERROR_INIT;
	if (patients_read(p, call->body.data ? call->body.data : "", call->body.len, many, &err) == VX_OK)
		return true;
	answer_failed(call, &err);
	return false;
}

/* map: finds and, with new, allocates; leaves a problem when it cannot. */
static bool map(struct call *call, struct patients *p, bool new)
{
	struct app *app = app_of(call);
	struct vx_error err = VX_ERROR_INIT;
	int status = patients_map(app->store, app->model, p, new, &err);
	if (status == VX_OK)
		return true;
	if (status == VX_EDATA)
		call_problem(call, 404, "%s", err.reason);
	else if (status == VX_EREJECT)
		call_problem(call, 409, "%s", err.reason);
	else
		answer_failed(call, &err);
	return false;
}

/* What was asked stands beside what is answered: an answer that went astray names other patients, and is found out. */
static void put_mapped(struct vx_buf *out, const struct patient_item *it)
{
	vx_buf_puts(out, "{\"external_uid\":");
	vx_json_put_string(out, it->external_uid, strlen(it->external_uid));
	vx_buf_puts(out, ",\"datasource_id\":");
	vx_json_put_string(out, it->datasource, strlen(it->datasource));
	if (it->identifier[0])
		vx_buf_printf(out, ",\"identifier\":\"%s\",\"status\":\"%s\"}", it->identifier,
			it->created ? "created" : "existing");
	else
		vx_buf_puts(out, ",\"identifier\":null,\"status\":\"unknown\"}");
}

void handle_map(struct call *call)
{
	struct patients p = { 0 };
	bool new;
	if (flag_arg(call, "register", true, &new) && read_patients(call, &p, true) && map(call, &p, new)) {
		vx_buf_puts(&call->out, "{\"results\":[");
		for (size_t i = 0; i < p.count; i++) {
			vx_buf_puts(&call->out, i ? "," : "");
			put_mapped(&call->out, &p.items[i]);
		}
		vx_buf_puts(&call->out, "]}");
		answer_json(call, 200);
	}
	patients_free(&p);
}

static void patient_one(struct call *call, bool new)
{
	struct patients p = { 0 };
	if (read_patients(call, &p, false) && map(call, &p, new)) {
		const struct patient_item *it = p.items;
		if (!it->identifier[0])
			call_problem(call, 404, "%s has no patient %s", it->datasource, it->external_uid);
		else if (new && !it->created)
			call_problem(call, 409, "%s: the patient %s exists: %s", it->datasource, it->external_uid,
				it->identifier);
		else {
			vx_buf_printf(&call->out, "{\"identifier\":\"%s\"}", it->identifier);
			answer_json(call, new ? 201 : 200);
		}
	}
	patients_free(&p);
}

void handle_register(struct call *call)
{
	patient_one(call, true);
}

void handle_resolve(struct call *call)
{
	patient_one(call, false);
}
