/* vx-pathology: a table of prostate pathology, of any shape that a mapping can describe -> the specimen tree.
 * row records with _patient -> specimen, assessment and psa resources.
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>

#include "pathology.h"
#include "suggest.h"

#define PERCENTS_MIN 3
#define NAMES_SHOWN 40
#define UNKNOWN_SHOWN 100 /* words, unless -v */

static const char usage[] =
	"usage: vx-pathology --map FILE [OPTION...] [FILE...]\n"
	"       vx-pathology --suggest [FILE...]\n"
	"Turns rows of a pathology table into specimens and assessments: one event root a patient, every grade with "
	"its "
	"cell.\n"
	"\n"
	"      --map FILE            how the table is built: vx-pathology-map(5)\n"
	"      --lexicon FILE        more words for places and results; may be given several times\n"
	"      --findings FILE       write each contradiction between cells to FILE (NDJSON)\n"
	"      --strict              rows that contradict themselves or others are rejected\n"
	"      --sorted              rows of a patient stand together: stream, keep only one patient in memory\n"
	"      --psa                 emit the PSA values of the table too\n"
	"      --suggest             print a first mapping for the table instead, marked where it is "
	"unsure\n" VX_OPT_HELP_JOBS(
		"1, the only one") "\n"
				   "Rows come from vx-csv, with their patient from vx-patient-map.\n";

enum { OPT_MAP = VX_OPT_OWN, OPT_LEXICON, OPT_FINDINGS, OPT_STRICT, OPT_SORTED, OPT_PSA, OPT_SUGGEST };

static void parse_args(int argc, char **argv, struct opts *o)
{
	static const struct option longs[] = { { "map", required_argument, NULL, OPT_MAP },
		{ "lexicon", required_argument, NULL, OPT_LEXICON },
		{ "findings", required_argument, NULL, OPT_FINDINGS }, { "strict", no_argument, NULL, OPT_STRICT },
		{ "sorted", no_argument, NULL, OPT_SORTED }, { "psa", no_argument, NULL, OPT_PSA },
		{ "suggest", no_argument, NULL, OPT_SUGGEST }, VX_OPT_COMMON, { NULL, 0, NULL, 0 } };
	int c;

	while ((c = getopt_long(argc, argv, VX_OPT_SHORT, longs, NULL)) != -1) {
		switch (c) {
		case OPT_MAP:
			o->map = optarg;
			break;
		case OPT_LEXICON:
			if (o->n_lexicons == sizeof o->lexicons / sizeof o->lexicons[0])
				vx_die(VX_EUSAGE, "--lexicon: more than %zu of them", o->n_lexicons);
			o->lexicons[o->n_lexicons++] = optarg;
			break;
		case OPT_FINDINGS:
			o->findings = optarg;
			break;
		case OPT_STRICT:
			o->strict = true;
			break;
		case OPT_SORTED:
			o->sorted = true;
			break;
		case OPT_PSA:
			o->psa = true;
			break;
		case OPT_SUGGEST:
			o->suggest = true;
			break;
		default:
			vx_opt_common(c, usage, &o->common);
		}
	}
	if (!o->map && !o->suggest)
		vx_die(VX_EUSAGE, "--map is missing: try 'vx-pathology --help'");
	if (o->findings && o->common.rejects && strcmp(o->findings, o->common.rejects) == 0)
		vx_die(VX_EUSAGE, "--findings and --rejects name the same file");
	if (o->map && o->suggest)
		vx_die(VX_EUSAGE, "--map and --suggest exclude each other");
	if (o->suggest && (o->findings || o->strict || o->sorted || o->psa))
		vx_die(VX_EUSAGE, "--suggest takes no --findings, --strict, --sorted or --psa");
}

static int batch(struct vx_record *recs, size_t n, struct vx_job *job, void *arg, struct vx_error *err)
{
	(void)job;
	for (size_t i = 0; i < n; i++) {
		struct vx_error why;
		int status;

		vx_error_clear(&why);
		status = groups_add(arg, &recs[i], &why);
		if (status == VX_EREJECT) {
			vx_error_at(&why, recs[i].input, recs[i].row);
			vx_reject_line(recs[i].job, recs[i].line, recs[i].len, &why);
		} else if (status != VX_OK) {
			*err = why;
			return status;
		}
	}
	return VX_OK;
}

static void say_unmapped(const struct tool *t)
{
	struct vx_buf names = VX_BUF_INIT;
	size_t n;

	columns_unmapped(t->columns, t->o->common.verbose ? SIZE_MAX : NAMES_SHOWN, &names, &n);
	if (n)
		vx_say("warning: %zu column%s not in the mapping, and left out: %s%s", n, n == 1 ? " is" : "s are",
			names.data, n > NAMES_SHOWN && !t->o->common.verbose ? " ... (-v names all)" : "");
	vx_buf_free(&names);
}

/* Lines to be filled in and pasted into a lexicon: so without the tool's name in front. */
static void say_unknown(const struct tool *t)
{
	struct vx_buf lines = VX_BUF_INIT;
	size_t n = vx_unknown_words(t->unknown), shown = 0;
	const char *p;

	if (n == 0)
		return;
	vx_unknown_print(t->unknown, t->lexicon, &lines);
	vx_say("warning: %zu word%s of places that no lexicon knows; to teach it (--lexicon), fill in and keep:", n,
		n == 1 ? "" : "s");
	for (p = lines.data; p && *p && (shown < UNKNOWN_SHOWN || t->o->common.verbose); shown++)
		p = strchr(p, '\n') + 1;
	if (lines.data)
		fwrite(lines.data, 1, (size_t)(p - lines.data), stderr);
	if (p && *p)
		vx_say("and %zu more: -v shows all", n - shown);
	vx_buf_free(&lines);
}

static int finish(struct vx_job *job, void *arg, struct vx_error *err)
{
	struct tool *t = arg;
	int status = groups_end(t, job, err);

	return status == VX_OK ? findings_end(t->findings, err) : status;
}

static void before_summary(void *arg)
{
	struct tool *t = arg;

	say_unmapped(t);
	say_unknown(t);
	/* A few small foci may be all there is; a table full of them is one of fractions. */
	if (t->percents >= PERCENTS_MIN && t->most_percent <= 1)
		vx_say("warning: none of %ld values of percent_cancer is above 1: fractions? {\"columns\": ..., "
		       "\"times\": 100} "
		       "in the mapping",
			t->percents);
	findings_say(t->findings, t->o->common.quiet);
}

static void summary(struct vx_buf *b, void *arg)
{
	const struct tool *t = arg;
	long n = findings_count(t->findings);

	vx_buf_printf(b, ", %ld patient%s with %ld workup%s", t->patients, t->patients == 1 ? "" : "s", t->workups,
		t->workups == 1 ? "" : "s");
	if (t->components)
		vx_buf_printf(b, " and %ld %s%s", t->components, t->map->rows == VX_ROWS_CORE ? "core" : "lesion",
			t->components == 1 ? "" : "s");
	if (t->empty_rows)
		vx_buf_printf(b, ", %ld row%s without pathology", t->empty_rows, t->empty_rows == 1 ? "" : "s");
	if (n)
		vx_buf_printf(b, ", %ld finding%s", n, n == 1 ? "" : "s");
}

int main(int argc, char **argv)
{
	struct opts o = { 0 };
	struct tool t = { .o = &o };
	struct vx_error err = VX_ERROR_INIT;
	struct vx_filter f = { .batch = batch,
		.finish = finish,
		.arg = &t,
		.common = &o.common,
		.lossy = true,
		.text = true,
		.noun = "rows",
		.before_summary = before_summary,
		.summary_extra = summary };
	int status;

	vx_progname_set("vx-pathology");
	parse_args(argc, argv, &o);
	status = tool_open(&t, &err);
	if (status != VX_OK) {
		vx_message(&err);
		status = vx_exit_status(err.status);
	} else {
		status = o.suggest ? suggest_run(argv + optind, &o.common, t.lexicon)
				   : vx_filter_main(&f, argv + optind);
	}
	tool_close(&t);
	return status;
}
