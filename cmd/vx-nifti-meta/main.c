/* vx-nifti-meta: fills in what a NIfTI image and its sidecars say; records with path_nii -> the same with fields.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "meta.h"

enum {
	OPT_LABELS = VX_OPT_OWN,
	OPT_STATS,
	OPT_SHA256,
	OPT_VOXEL_HASH,
	OPT_CHECK,
	OPT_HEADER_ONLY,
	OPT_TEXT,
	OPT_SKIP_BAD_SIDECARS,
	OPT_ALLOW,
	OPT_EXPLAIN,
	OPT_TYPE_RULES,
	OPT_AGAINST,
	OPT_TOLERANCE,
	OPT_PREFER,
	OPT_PHI,
	OPT_PHI_LINT
};

static const char usage[] =
	"usage: vx-nifti-meta [OPTION]... [FILE]...\n"
	"Fills in what the NIfTI image at path_nii says: shape, spacing, orientation, affine, datatype, and of a "
	"volume what\n"
	"its JSON sidecar, .bval and .bvec say. Reads records from FILE or stdin, writes them to stdout.\n"
	"\n"
	"      --labels          count the voxels of each value: label_counts; a voxel map whose labels miss one is "
	"rejected\n"
	"      --stats           _nifti.stats: least, greatest, mean value, voxels that are not 0, voxels that are "
	"NaN\n"
	"      --sha256          sha256: of the file at path_nii\n"
	"      --voxel-hash      _nifti.voxel_hash: SHA-256 of the voxels, the same whatever compression, header text, "
	"byte order\n"
	"      --check           inflate the whole of each gzip file and check its CRC\n"
	"      --header-only     read one block of a file: one that is cut off behind its header goes unnoticed\n"
	"      --text            put the header's free text into _nifti.text, where it is not personal\n"
	"      --skip-bad-sidecars  go on without a sidecar that cannot be read (default: reject the record)\n"
	"      --allow FILE      which keys of a sidecar become which fields (default: sidecar.json of the share "
	"folder)\n"
	"      --explain         name the rule that gave volume_type, or the nearest and what it lacks, in "
	"_nifti.volume_type_rule\n"
	"      --type-rules FILE  which values make which volume_type (default: volume-types.json of the share "
	"folder)\n"
	"      --against FILE    volumes (NDJSON) that voxel maps may lie on: sets reference_mri by the grid, or "
	"checks "
	"it\n"
	"      --tolerance MM    how far apart corners of equal grids may be (default: 0.1)\n"
	"      --prefer LIST     of several volumes that fit take this volume_type, as T2,ADC: best "
	"first\n"
	"      --phi strip|warn|reject\n"
	"                        what to do with what may tell who the patient is: no field gets it (default), say so\n"
	"                        and go on, or reject the record; _nifti.phi lists places and kinds, never values\n"
	"      --phi-lint        print a line for each such finding instead of the record; status 1 if there is "
	"any\n" VX_OPT_HELP;

enum role { OTHER, VOLUME, VOXELMAP };

/* What a record is to this tool: by its identifier, or an image by its path alone. */
static enum role role_of(const struct vx_json *record)
{
	const char *id = vx_json_str(record, "identifier");
	if (id)
		return strncmp(id, "volume/", 7) == 0 ? VOLUME : strncmp(id, "voxelmap/", 9) == 0 ? VOXELMAP : OTHER;
	return vx_json_get(record, "path_nii") ? VOLUME : OTHER;
}

static void put_string_member(struct members *m, const char *key, const char *value)
{
	members_begin(m, key);
	vx_json_put_string(m->text, value, strlen(value));
	members_end(m);
}

static void put_geometry(struct members *m, const struct vx_nifti *h, bool volume)
{
	struct vx_affine a;
	char axes[4];
	members_begin(m, "shape");
	vx_nifti_put_shape(h, m->text);
	members_end(m);
	members_begin(m, "spacing");
	vx_nifti_put_spacing(h, m->text);
	members_end(m);
	if (vx_nifti_affine(h, &a) == VX_AFFINE_UNUSABLE) {
		vx_warn(m->rec, "the %s holds no usable numbers: affine and orientation are left out",
			h->sform_code > 0   ? "sform"
			: h->qform_code > 0 ? "qform"
					    : "spacing");
	} else {
		bool regular = vx_nifti_axes(&a, axes);
		if (!regular)
			vx_warn(m->rec, "the affine is singular: orientation is left out");
		if (volume && regular)
			put_string_member(m, "orientation", axes);
		members_begin(m, "affine");
		vx_nifti_put_affine(&a, m->text);
		members_end(m);
	}
	const char *datatype = vx_nifti_datatype(h->datatype, NULL);
	if (volume && datatype)
		put_string_member(m, "datatype", datatype);
}

/* What is no field: for people, and for the next tool. */
static void put_details(struct members *m, struct worker *w, const struct opts *o, const struct image *im, bool volume)
{
	members_begin_own(m, "_nifti");
	vx_buf_putc(m->text, '{');
	vx_nifti_put_details(&im->header, im->gzip, o->text, m->text);
	vx_buf_puts(m->text, ",\"extensions\":[");
	vx_buf_add(m->text, w->extensions.data, w->extensions.len);
	vx_buf_putc(m->text, ']');
	vx_buf_add(m->text, w->details.data, w->details.len);
	if (!volume && o->volumes) {
		vx_buf_puts(m->text, ",\"grid\":");
		vx_buf_add(m->text, w->grid.data, w->grid.len);
	}
	facts_put_details(m, w, o, volume);
	phi_put(w, m->text);
	vx_buf_putc(m->text, '}');
}

static int fill_in(struct vx_record *rec, enum role role, struct worker *w, const struct opts *o, struct vx_error *err)
{
	struct image im;
	struct members m = members_of(rec, w);
	vx_buf_clear(&w->details);
	int st = image_read(w, o, rec, &im, err);
	vx_gz_close(w->gz);
	if (st != VX_OK)
		return st;
	put_geometry(&m, &im.header, role == VOLUME);
	st = facts_put(&m, w, o, role == VOLUME, err);
	if (st == VX_OK && role == VOLUME)
		st = put_sidecars(&m, w, o, &im.header, err);
	if (st == VX_OK && role == VOXELMAP && o->volumes)
		st = against_check(&m, w, o, &im.header, err);
	if (st == VX_OK)
		st = phi_verdict(w, o, rec, err);
	if (st == VX_OK) {
		phi_text(o, rec, &im.header);
		put_details(&m, w, o, &im, role == VOLUME);
		members_emit(&m, w);
	}
	return st;
}

static int process(struct vx_record *rec, void *worker, void *arg, struct vx_error *err)
{
	struct worker *w = worker;
	struct opts *o = arg;
	enum role role = role_of(rec->json);
	enum place place = role == OTHER ? PLACE_NONE : path_of_image(rec->json, &w->path);
	if (role != OTHER && place == PLACE_NONE)
		return vx_error_set(err, VX_EREJECT, "path_nii", "%s",
			vx_json_get(rec->json, "path_nii") ? "not a path" : "missing");
	if (place == PLACE_REMOTE && !vx_json_get(rec->json, "shape"))
		return vx_error_set(
			err, VX_EREJECT, "path_nii", "not on this machine: vx-nifti-meta goes before vx-upload");
	w->phi.n = 0;
	if (place == PLACE_LOCAL && o->phi_lint)
		return phi_lint(rec, w, o, err);
	if (place == PLACE_LOCAL)
		return fill_in(rec, role, w, o, err);
	atomic_fetch_add(&o->passed, 1);
	if (!o->phi_lint)
		vx_emit_line(rec);
	return VX_OK;
}

static void *worker_new(void *arg)
{
	struct worker *w = vx_alloc(sizeof(*w));
	(void)arg;
	w->gz = vx_gz_new();
	w->labels = vx_labels_new();
	vx_phi_remember(&w->phi);
	return w;
}

static void worker_free(void *worker)
{
	struct worker *w = worker;
	facts_forget(w);
	neighbours_free(&w->neighbours);
	vx_gz_free(w->gz);
	vx_labels_free(w->labels);
	vx_buf_free(&w->path);
	vx_buf_free(&w->other);
	vx_buf_free(&w->named);
	vx_buf_free(&w->members);
	vx_buf_free(&w->line);
	vx_buf_free(&w->extensions);
	vx_buf_free(&w->details);
	vx_buf_free(&w->grid);
	vx_phi_list_free(&w->phi);
	free(w);
}

static void summary_extra(struct vx_buf *b, void *arg)
{
	const struct opts *o = arg;
	long passed = atomic_load(&o->passed);
	if (o->phi_lint) {
		vx_buf_printf(b, ", %ld findings", atomic_load(&o->findings));
		return;
	}
	if (passed > 0)
		vx_buf_printf(b, ", %ld passed on as they were", passed);
}

static double tolerance_of(const char *text)
{
	char *end;
	const double mm = strtod(text, &end);
	if (end == text || *end || !(mm >= 0 && mm <= 1000))
		vx_die(VX_EUSAGE, "--tolerance %s: not a number of mm from 0 to 1000", text);
	return mm;
}

static bool reads_voxels(const struct opts *o)
{
	return o->labels || o->stats || o->voxel_hash || o->check;
}

/* The option that takes no argument and says yes; NULL: another one. */
static bool *flag_of(struct opts *o, int c)
{
	switch (c) {
	case OPT_LABELS:
		return &o->labels;
	case OPT_STATS:
		return &o->stats;
	case OPT_SHA256:
		return &o->sha256;
	case OPT_VOXEL_HASH:
		return &o->voxel_hash;
	case OPT_CHECK:
		return &o->check;
	case OPT_HEADER_ONLY:
		return &o->header_only;
	case OPT_TEXT:
		return &o->text;
	case OPT_SKIP_BAD_SIDECARS:
		return &o->skip_bad_sidecars;
	case OPT_EXPLAIN:
		return &o->explain;
	case OPT_PHI_LINT:
		return &o->phi_lint;
	default:
		return NULL;
	}
}

/* Options that make no sense together. files: NULL-terminated; none: standard input. */
static void check_opts(struct opts *o, char **files)
{
	bool stdin_read = !*files;
	for (; *files; files++)
		stdin_read = stdin_read || strcmp(*files, "-") == 0;
	if (o->header_only && (reads_voxels(o) || o->sha256))
		vx_die(VX_EUSAGE,
			"--header-only does not go with --labels, --stats, --sha256, --voxel-hash or --check");
	if (!o->against && (o->prefer || o->tolerance >= 0))
		vx_die(VX_EUSAGE, "%s goes with --against", o->prefer ? "--prefer" : "--tolerance");
	if (o->against && strcmp(o->against, "-") == 0 && stdin_read)
		vx_die(VX_EUSAGE, "--against -: the records cannot come from standard input too: name their file");
	if (o->tolerance < 0)
		o->tolerance = 0.1;
}

static void parse_args(int argc, char **argv, struct opts *o)
{
	static const struct option longs[] = { { "labels", no_argument, NULL, OPT_LABELS },
		{ "stats", no_argument, NULL, OPT_STATS }, { "sha256", no_argument, NULL, OPT_SHA256 },
		{ "voxel-hash", no_argument, NULL, OPT_VOXEL_HASH }, { "check", no_argument, NULL, OPT_CHECK },
		{ "header-only", no_argument, NULL, OPT_HEADER_ONLY }, { "text", no_argument, NULL, OPT_TEXT },
		{ "skip-bad-sidecars", no_argument, NULL, OPT_SKIP_BAD_SIDECARS },
		{ "allow", required_argument, NULL, OPT_ALLOW }, { "explain", no_argument, NULL, OPT_EXPLAIN },
		{ "type-rules", required_argument, NULL, OPT_TYPE_RULES },
		{ "against", required_argument, NULL, OPT_AGAINST },
		{ "tolerance", required_argument, NULL, OPT_TOLERANCE },
		{ "prefer", required_argument, NULL, OPT_PREFER }, { "phi", required_argument, NULL, OPT_PHI },
		{ "phi-lint", no_argument, NULL, OPT_PHI_LINT }, VX_OPT_COMMON, { 0 } };
	int c;
	while ((c = getopt_long(argc, argv, VX_OPT_SHORT, longs, NULL)) != -1) {
		bool *flag = flag_of(o, c);
		if (flag) {
			*flag = true;
			continue;
		}
		switch (c) {
		case OPT_ALLOW:
			o->allow = optarg;
			break;
		case OPT_TYPE_RULES:
			o->type_rules = optarg;
			break;
		case OPT_AGAINST:
			o->against = optarg;
			break;
		case OPT_TOLERANCE:
			o->tolerance = tolerance_of(optarg);
			break;
		case OPT_PREFER:
			o->prefer = optarg;
			break;
		case OPT_PHI:
			o->phi = phi_mode_of(optarg);
			break;
		default:
			vx_opt_common(c, usage, &o->common);
		}
	}
	check_opts(o, argv + optind);
}

/* The lists that the options name. Nothing is left allocated when one of them cannot be had. */
static void unload(struct opts *o)
{
	vx_sidecar_map_free(o->map);
	vx_volume_types_free(o->types);
	vx_volumes_free(o->volumes);
	vx_phi_free(o->rules);
}

static int load(struct opts *o, struct vx_error *err)
{
	o->map = vx_sidecar_load(o->allow, err);
	o->types = o->map ? vx_volume_types_load(o->type_rules, err) : NULL;
	o->rules = o->types ? vx_phi_load(NULL, err) : NULL;
	if (o->rules && o->against)
		o->volumes = vx_volumes_load(o->against, err);
	if (o->rules && (!o->against || o->volumes))
		return VX_OK;
	unload(o);
	return err->status;
}

int main(int argc, char **argv)
{
	struct opts o = { .tolerance = -1 /* not said */ };
	struct vx_error err = VX_ERROR_INIT;
	vx_progname_set("vx-nifti-meta");
	parse_args(argc, argv, &o);
	if (load(&o, &err) != VX_OK) {
		vx_message(&err);
		return vx_exit_status(err.status);
	}
	const struct vx_filter f = {
		.record = process,
		.worker_new = worker_new,
		.worker_free = worker_free,
		.arg = &o,
		.common = &o.common,
		.parallel = true,
		.batch_max = reads_voxels(&o) || o.sha256
				     ? 16
				     : 0, /* images of a second each are not kept waiting for others */
		.lossy = o.phi_lint,
		.summary_extra = summary_extra,
	};
	int status = vx_filter_main(&f, argv + optind);
	if (o.phi_lint && status == 0 && atomic_load(&o.findings) > 0)
		status = vx_exit_status(VX_EREJECT);
	unload(&o);
	return status;
}
