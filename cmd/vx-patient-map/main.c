/* vx-patient-map: the source's name of a patient -> the vxData patient, allocated once and for ever.
 * any records -> the same with _patient, and identifier and parent_identifier from templates.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "map.h"

#define BATCH 500
#define LINGER_MS 20

static const char usage[] =
	"usage: vx-patient-map --datasource ID [OPTION...] [FILE...]\n"
	"Finds, or registers, the vxData patient of each record: adds _patient, and sets identifier and "
	"parent_identifier.\n"
	"\n"
	"      --datasource ID       the datasource that the patients belong to (datasource/NAME)\n"
	"      --key PATH            where a record holds the source's name of its patient (default _match.patient)\n"
	"      --id TEMPLATE         identifier, for instance 'volume/{patient}/{study}/{name}'\n"
	"      --parent TEMPLATE     parent_identifier, for instance 'study/{patient}/{study}'\n"
	"      --no-imply            do not announce the studies that --parent names\n"
	"      --no-register         unknown patients are rejected, not registered\n"
	"      --save FILE           write the patients seen to FILE, for --offline\n"
	"      --offline FILE        take the patients from FILE, ask no API\n"
	"      --api URL             the deployment (default: $VX_API, else " VX_API_DEFAULT ")\n"
	"      --production          allow a production deployment\n"
	"      --retry-for TIME      how long to go on trying an API that does not answer (default 60s)\n"
	"      --wait-for-api TIME   how long to wait for the API to be there at all (default: as "
	"--retry-for)\n" VX_OPT_HELP "\n"
	"In a template {patient} is the patient's vxData name (PC00001); other names come from _match, then from the "
	"record.\n"
	"A token is read from $VX_TOKEN, or from the file that $VX_TOKEN_FILE names.\n";

enum {
	OPT_DATASOURCE = VX_OPT_OWN,
	OPT_KEY,
	OPT_ID,
	OPT_PARENT,
	OPT_NO_IMPLY,
	OPT_NO_REGISTER,
	OPT_SAVE,
	OPT_OFFLINE,
	OPT_API,
	OPT_PRODUCTION,
	OPT_RETRY_FOR,
	OPT_WAIT_FOR_API
};

static struct vx_template *template_option(const char *name, const char *text)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_template *t = vx_template_new(text, &err);

	if (!t)
		vx_die(VX_EUSAGE, "%s: %s", name, err.reason);
	return t;
}

static void parse_args(int argc, char **argv, struct opts *o)
{
	static const struct option longs[] = { { "datasource", required_argument, NULL, OPT_DATASOURCE },
		{ "key", required_argument, NULL, OPT_KEY }, { "id", required_argument, NULL, OPT_ID },
		{ "parent", required_argument, NULL, OPT_PARENT }, { "no-imply", no_argument, NULL, OPT_NO_IMPLY },
		{ "no-register", no_argument, NULL, OPT_NO_REGISTER }, { "save", required_argument, NULL, OPT_SAVE },
		{ "offline", required_argument, NULL, OPT_OFFLINE }, { "api", required_argument, NULL, OPT_API },
		{ "production", no_argument, NULL, OPT_PRODUCTION },
		{ "retry-for", required_argument, NULL, OPT_RETRY_FOR },
		{ "wait-for-api", required_argument, NULL, OPT_WAIT_FOR_API }, VX_OPT_COMMON, { NULL, 0, NULL, 0 } };
	int c;

	while ((c = getopt_long(argc, argv, VX_OPT_SHORT, longs, NULL)) != -1) {
		switch (c) {
		case OPT_DATASOURCE:
			o->datasource = optarg;
			break;
		case OPT_KEY:
			o->key = optarg;
			break;
		case OPT_ID:
			vx_template_free(o->id);
			o->id = template_option("--id", optarg);
			break;
		case OPT_PARENT:
			vx_template_free(o->parent);
			o->parent = template_option("--parent", optarg);
			break;
		case OPT_NO_IMPLY:
			o->no_imply = true;
			break;
		case OPT_NO_REGISTER:
			o->no_register = true;
			break;
		case OPT_SAVE:
			o->save = optarg;
			break;
		case OPT_OFFLINE:
			o->offline = optarg;
			break;
		case OPT_API:
			o->api.url = optarg;
			break;
		case OPT_PRODUCTION:
			o->api.production = true;
			break;
		case OPT_RETRY_FOR:
			o->api.retry_for = vx_opt_seconds("--retry-for", optarg);
			break;
		case OPT_WAIT_FOR_API:
			o->api.wait_for = vx_opt_seconds("--wait-for-api", optarg);
			break;
		default:
			vx_opt_common(c, usage, &o->common);
		}
	}
	if (!o->datasource && !o->offline)
		vx_die(VX_EUSAGE, "--datasource is missing: try 'vx-patient-map --help'");
	if (o->datasource && strncmp(o->datasource, "datasource/", 11) != 0)
		vx_die(VX_EUSAGE, "--datasource: '%s' does not begin with datasource/", o->datasource);
	if (o->datasource && vx_identifier_check(o->datasource, strlen(o->datasource)))
		vx_die(VX_EUSAGE, "--datasource: '%s': %s", o->datasource,
			vx_identifier_check(o->datasource, strlen(o->datasource)));
}

#define WORTH_A_LINE 2 /* seconds */

/* One line about an API that stays away, one when it is back; requests are made by one thread. */
static void tell_wait(void *arg, const struct vx_http_wait *w)
{
	struct opts *o = arg;

	bool worth = w && vx_now() - w->since >= WORTH_A_LINE;

	if (o->common.quiet)
		return;
	if (worth && !o->waits)
		vx_say("the API is %s (%s): it is tried again for %.0f s", w->busy ? "busy" : "away", w->why,
			w->give_up - w->since);
	if (!w && o->waits)
		vx_say("the API answers again");
	o->waits = w && (o->waits || worth);
}

int main(int argc, char **argv)
{
	struct opts o = { .api = { .retry_for = 60 }, .key = "_match.patient" };
	struct vx_error err = VX_ERROR_INIT;
	struct map m;
	int status;

	vx_progname_set("vx-patient-map");
	o.api.waiting = tell_wait;
	o.api.waiting_arg = &o;
	parse_args(argc, argv, &o);
	if (map_open(&m, &o, &err) == VX_OK) {
		struct vx_filter f = { .batch = map_batch,
			.finish = map_finish,
			.arg = &m,
			.common = &o.common,
			.batch_max = BATCH,
			.linger_ms = LINGER_MS,
			.lossy = o.parent && !o.no_imply,
			.summary_extra = map_summary };
		status = vx_filter_main(&f, argv + optind);
	} else {
		vx_message(&err);
		status = vx_exit_status(err.status);
	}
	map_close(&m);
	vx_template_free(o.id);
	vx_template_free(o.parent);
	return status;
}
