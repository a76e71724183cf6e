/* phi: what of an image and its sidecar may be about a person; findings -> _nifti.phi, warnings, a rejection, or lines of
 * their own. SPDX-License-Identifier: MIT */
#include <string.h>

#include "meta.h"

enum phi_mode phi_mode_of(const char *word)
{
	static const char *const words[] = { [PHI_STRIP] = "strip", [PHI_WARN] = "warn", [PHI_REJECT] = "reject" };
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i], word) == 0)
			return (enum phi_mode)i;
	vx_die(VX_EUSAGE, "--phi: '%s' is none of strip, warn and reject", word);
}

void phi_gzip(struct worker *w, const struct opts *o)
{
	size_t n;
	const uint8_t *block = vx_gz_block(w->gz, &n);
	vx_phi_gzip(o->rules, block, n, &w->phi);
}

/* Text of the header that may be about a person does not become a member of _nifti.text. */
static void strip_text(const struct opts *o, struct vx_nifti *h)
{
	char *const texts[] = { h->descrip, h->aux_file, h->db_name, h->intent_name };
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (vx_phi_free_text(o->rules, texts[i], strlen(texts[i])))
			texts[i][0] = '\0';
}

void phi_text(const struct opts *o, struct vx_record *rec, struct vx_nifti *h)
{
	const size_t before = strlen(h->descrip) + strlen(h->aux_file) + strlen(h->db_name) + strlen(h->intent_name);
	if (!o->text || o->phi == PHI_WARN)
		return;
	strip_text(o, h);
	if (strlen(h->descrip) + strlen(h->aux_file) + strlen(h->db_name) + strlen(h->intent_name) < before)
		vx_warn(rec,
			"text of the header that may be personal is left out of _nifti.text (--phi=warn keeps it)");
}

/* A description that stays, though no list knows its words: whoever reads it can tell whether they are a name. */
static void say_words(const struct worker *w, const struct opts *o, struct vx_record *rec, const struct vx_json *side)
{
	static const char place[] = "sidecar.";
	for (size_t i = 0; o->phi == PHI_STRIP && i < w->phi.n; i++) {
		const char *key = w->phi.items[i].where + sizeof(place) - 1;
		if (strcmp(w->phi.items[i].kind, "words") == 0 && vx_sidecar_knows(o->map, key) &&
			vx_json_has(side, key))
			vx_warn(rec,
				"%s of the sidecar has words that no list knows: kept, look whether they name anybody",
				key);
	}
}

void phi_sidecar(struct worker *w, const struct opts *o, struct vx_record *rec, struct vx_json *side)
{
	struct vx_json *texts = vx_json_array();
	vx_phi_sidecar(o->rules, side, &w->phi, texts);
	for (size_t i = 0; o->phi == PHI_STRIP && i < vx_json_size(texts); i++) {
		const char *key = vx_json_text(vx_json_at(texts, i), NULL);
		if (vx_sidecar_knows(o->map, key))
			vx_warn(rec, "%s of the sidecar may be personal: left out (--phi=warn keeps it)", key);
		vx_json_del(side, key);
	}
	say_words(w, o, rec, side);
	vx_json_free(texts);
}

/* Names of folders and files become identifiers, and keys of the store. */
static void look_at_identifier(struct worker *w, const struct opts *o, struct vx_record *rec)
{
	const char *identifier = vx_json_str(rec->json, "identifier");
	const size_t before = w->phi.n;
	if (identifier)
		vx_phi_identifier(o->rules, identifier, &w->phi);
	if (w->phi.n > before && o->phi == PHI_STRIP && !o->phi_lint)
		vx_warn(rec, "identifier may be personal (%s): it leaves as it is (vx-scan --id gives another)",
			w->phi.items[before].kind);
}

int phi_verdict(struct worker *w, const struct opts *o, struct vx_record *rec, struct vx_error *err)
{
	look_at_identifier(w, o, rec);
	const struct vx_phi_list *list = &w->phi;
	if (list->n > 0 && o->phi == PHI_REJECT)
		return vx_error_set(err, VX_EREJECT, "phi", "%s may be personal (%s)%s", list->items[0].where,
			list->items[0].kind, list->n > 1 ? ", and more" : "");
	for (size_t i = 0; o->phi == PHI_WARN && i < list->n; i++)
		vx_warn(rec, "%s may be personal (%s)", list->items[i].where, list->items[i].kind);
	return VX_OK;
}

void phi_put(const struct worker *w, struct vx_buf *text)
{
	if (w->phi.n == 0)
		return;
	vx_buf_puts(text, ",\"phi\":");
	vx_phi_put(&w->phi, text);
}

/* The sidecar of any image, also of a voxel map, whose fields it gives nothing to. */
static int lint_sidecar(struct worker *w, const struct opts *o, struct vx_record *rec, struct vx_error *err)
{
	struct vx_json *side;
	bool latin1;
	if (path_of_sidecar(rec->json, "json", &w->path, &w->neighbours, &w->other) != PLACE_LOCAL)
		return VX_OK;
	if (vx_sidecar_read(w->other.data, &side, &latin1, err) != VX_OK) {
		const struct vx_error inner = *err;
		return vx_error_set(err, VX_EREJECT, "path_json", "%s: %s", w->other.data, inner.reason);
	}
	vx_phi_sidecar(o->rules, side, &w->phi, NULL);
	vx_json_free(side);
	return VX_OK;
}

static void emit_finding(struct vx_record *rec, const struct vx_phi_finding *f)
{
	static const char *const kept[] = { "identifier", "path_nii" };
	struct vx_json *line = vx_json_object();
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (vx_json_str(rec->json, kept[i]))
			vx_json_set_str(line, kept[i], vx_json_str(rec->json, kept[i]));
	vx_json_set_str(line, "where", f->where);
	vx_json_set_str(line, "kind", f->kind);
	vx_emit(rec, line);
	vx_json_free(line);
}

int phi_lint(struct vx_record *rec, struct worker *w, struct opts *o, struct vx_error *err)
{
	struct image im;
	int st = image_read(w, o, rec, &im, err);
	vx_gz_close(w->gz);
	/* What cannot be read is told, with what there is to be seen all the same. */
	struct vx_error other = VX_ERROR_INIT;
	int beside = lint_sidecar(w, o, rec, st == VX_OK ? err : &other);
	look_at_identifier(w, o, rec);
	for (size_t i = 0; i < w->phi.n; i++)
		emit_finding(rec, &w->phi.items[i]);
	atomic_fetch_add(&o->findings, (long)w->phi.n);
	return st == VX_OK ? beside : st;
}
