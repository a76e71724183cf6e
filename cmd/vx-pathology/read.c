/* read: the cells of a workup or of a component -> what they mean. What cannot be read is a reject with the column.
 * SPDX-License-Identifier: MIT
 */
#include "pathology.h"

/* A reject whose reason begins with what stands in the cell; many a why does already. */
int refuse(const struct tool *t, vx_column column, struct vx_slice cell, struct vx_error *err, const char *why)
{
	char reason[sizeof err->reason];

	snprintf(reason, sizeof reason, "%s", why);
	if (reason[0] == '\'')
		return vx_error_set(err, VX_EREJECT, t->map->columns[column], "%s", reason);
	return vx_error_set(err, VX_EREJECT, t->map->columns[column], "'%.*s': %s",
		(int)vx_utf8_cut(cell.text, cell.len, 80), cell.text, reason);
}

void tell(struct tool *t, const struct part *p, const char *rule, const char *severity, const vx_column *columns,
	size_t n, const char *message)
{
	struct finding f = { .rule = rule, .severity = severity, .n = n, .message = message };

	for (size_t i = 0; i < n; i++) {
		f.columns[i] = t->map->columns[columns[i]];
		f.values[i] = p->cells[columns[i]];
	}
	findings_add(t, p->row, &f);
}

/* What more says wins over what was there. */
static void apply(struct part *p, const struct vx_pathmap_set *more)
{
	if (more->type)
		p->type = more->type;
	for (size_t i = 0; i < VX_PLACE_FIELDS; i++)
		if (more->place.value[i])
			p->place.value[i] = more->place.value[i];
	if (more->place.is_systematic >= 0)
		p->place.is_systematic = more->place.is_systematic;
	if (more->place.is_targeted >= 0)
		p->place.is_targeted = more->place.is_targeted;
}

void put_member(struct vx_buf *b, const char *key, struct vx_slice text)
{
	if (b->len)
		vx_buf_putc(b, ',');
	put_text(b, key, text.text, text.len);
}

static int read_procedure(struct tool *t, const struct vx_pathmap_vocabulary *how, struct part *p, struct vx_buf *other,
	struct vx_error *err)
{
	const struct vx_pathmap_set *set;
	struct vx_slice cell;

	if (how->column == VX_NO_COLUMN || cell_blank(t, cell = p->cells[how->column]))
		return VX_OK;
	set = vx_pathmap_lookup(how, cell.text, cell.len);
	if (!set && how->otherwise == VX_OTHERWISE_REJECT)
		return refuse(t, how->column, cell, err, "not in the mapping's procedure values");
	if (set)
		apply(p, set);
	put_member(other, "procedure", cell);
	return VX_OK;
}

/* The declared scheme: LEFT APEX is the medial one, where there is a LEFT LATERAL APEX. */
static void fill_unstated(const struct vx_pathmap_location *how, struct vx_place *place)
{
	if (!place->value[VX_TERM_SIDE] || !place->value[VX_TERM_LEVEL])
		return;
	for (size_t i = 0; i < VX_PLACE_FIELDS; i++)
		if (!place->value[i])
			place->value[i] = how->unstated.value[i];
}

/* What one column says goes to *all, where the columns meet. Returns whether the source's text has to be kept. */
static bool read_location(struct tool *t, const struct vx_pathmap_location *how, struct part *p, struct vx_place *all)
{
	struct vx_slice cell = p->cells[how->column];
	struct vx_place place = VX_PLACE_INIT;
	const struct vx_pathmap_set *set;
	bool whole = true;
	unsigned torn;

	if (cell_blank(t, cell))
		return false;
	set = vx_pathmap_lookup(&how->words, cell.text, cell.len);
	if (set) {
		whole = false;
		place = set->place;
		p->type = set->type ? set->type : p->type;
	} else {
		vx_unknown_at(t->unknown, p->row->file, p->row->number, cell.text, cell.len);
		whole = vx_location_parse(how->lexicon, cell.text, cell.len, how->fields, &place,
			t->quiet_findings ? NULL : vx_unknown_add, t->unknown);
		fill_unstated(how, &place);
	}
	torn = vx_place_merge(all, &place);
	if (torn)
		tell(t, p, "location", "error", &how->column, 1,
			"another column places this tissue differently: left open");
	return !whole || how->keep || torn;
}

static void read_locations(struct tool *t, const struct vx_pathmap_part *how, struct part *p, struct vx_buf *other)
{
	struct vx_pathmap_set said = { .place = VX_PLACE_INIT };
	struct vx_buf region = VX_BUF_INIT;

	for (size_t i = 0; i < how->n_locations; i++) {
		struct vx_slice cell = p->cells[how->locations[i].column];

		if (read_location(t, &how->locations[i], p, &said.place)) {
			if (region.len)
				vx_buf_puts(&region, "; ");
			vx_buf_add(&region, cell.text, cell.len);
		}
	}
	apply(p, &said);
	if (region.len)
		put_member(other, "region", (struct vx_slice){ region.data, region.len });
	vx_buf_free(&region);
}

static int read_number(struct tool *t, const struct vx_pathmap_number *how, const struct part *p, double most,
	double *v, struct vx_error *err)
{
	struct vx_error why;
	bool unknown = false;

	vx_error_clear(&why);
	*v = NAN;
	for (size_t i = 0; i < how->n; i++) {
		struct vx_slice cell = p->cells[how->columns[i]];
		double one;

		if (cell.len == 0)
			continue;
		if (cell_blank(t, cell)) { /* "N/A": a part that nobody knows; the others are looked at all the same */
			unknown = true;
			continue;
		}
		if (vx_cell_number(cell.text, cell.len, t->map->decimal, &one, &why) != VX_OK)
			return refuse(t, how->columns[i], cell, err, why.reason);
		if (one < 0)
			return refuse(t, how->columns[i], cell, err, "below 0");
		*v = (isnan(*v) ? 0 : *v) + one * how->times;
	}
	if (unknown)
		*v = NAN;
	if (*v > most)
		return refuse(t, how->columns[0], p->cells[how->columns[0]], err, "above 100 per cent");
	return VX_OK;
}

static int read_count(
	struct tool *t, const struct vx_pathmap_number *how, const struct part *p, int64_t *n, struct vx_error *err)
{
	double v;

	*n = -1;
	if (how->n == 0)
		return VX_OK;
	if (read_number(t, how, p, INFINITY, &v, err) != VX_OK)
		return VX_EREJECT;
	if (isnan(v))
		return VX_OK;
	if (v != floor(v) || v > 1e6)
		return refuse(t, how->columns[0], p->cells[how->columns[0]], err, "no number of cores");
	*n = (int64_t)v;
	return VX_OK;
}

static int read_date(struct tool *t, vx_column column, const struct part *p, char out[11], struct vx_error *err)
{
	struct vx_error why;
	struct vx_slice cell;

	vx_error_clear(&why);
	out[0] = '\0';
	if (column == VX_NO_COLUMN || cell_blank(t, cell = p->cells[column]))
		return VX_OK;
	if (vx_cell_date(cell.text, cell.len, t->map->date_order, out, &why) == VX_OK)
		return VX_OK;
	out[0] = '\0';
	return refuse(t, column, cell, err, why.reason);
}

/* One value of other_data. What is not of the declared kind is kept as the text that it is, and told. */
static void put_value(struct tool *t, const struct vx_pathmap_other *o, const struct part *p, struct vx_buf *b)
{
	struct vx_slice cell = p->cells[o->column];
	struct vx_error why;
	char day[11];
	int64_t whole;
	double v;

	vx_error_clear(&why);
	if (cell_blank(t, cell)) {
		vx_buf_puts(b, "null");
	} else if (o->as == VX_AS_NUMBER && vx_cell_number(cell.text, cell.len, t->map->decimal, &v, &why) == VX_OK) {
		vx_json_put_double(b, v);
	} else if (o->as == VX_AS_INTEGER &&
		   vx_cell_integer(cell.text, cell.len, t->map->decimal, &whole, &why) == VX_OK) {
		vx_json_put_int(b, whole);
	} else if (o->as == VX_AS_DATE && vx_cell_date(cell.text, cell.len, t->map->date_order, day, &why) == VX_OK) {
		vx_json_put_string(b, day, strlen(day));
	} else {
		vx_json_put_string(b, cell.text, cell.len);
		if (o->as != VX_AS_TEXT)
			tell(t, p, "value", "warning", &o->column, 1,
				o->as == VX_AS_DATE      ? "no date: kept as text"
				: o->as == VX_AS_INTEGER ? "no whole number: kept as text"
							 : "no number: kept as text");
	}
}

static bool all_blank(const struct tool *t, const struct vx_pathmap_other *o, const struct part *p)
{
	if (o->kind == VX_OTHER_COLUMN)
		return cell_blank(t, p->cells[o->column]);
	for (size_t i = 0; i < o->n; i++)
		if (!all_blank(t, &o->items[i], p))
			return false;
	return true;
}

/* The items of an object or an array; members that say nothing are left out, places in an array are null. */
static void put_items(struct tool *t, const struct vx_pathmap_other *o, const struct part *p, struct vx_buf *b)
{
	bool first = true;

	for (size_t i = 0; i < o->n; i++) {
		const struct vx_pathmap_other *item = &o->items[i];

		if (o->kind == VX_OTHER_OBJECT && all_blank(t, item, p))
			continue;
		if (!first)
			vx_buf_putc(b, ',');
		first = false;
		if (o->kind == VX_OTHER_OBJECT) {
			vx_json_put_string(b, item->key, strlen(item->key));
			vx_buf_putc(b, ':');
		}
		if (item->kind == VX_OTHER_COLUMN) {
			put_value(t, item, p, b);
			continue;
		}
		vx_buf_putc(b, item->kind == VX_OTHER_ARRAY ? '[' : '{');
		put_items(t, item, p, b);
		vx_buf_putc(b, item->kind == VX_OTHER_ARRAY ? ']' : '}');
	}
}

struct vx_slice read_other(
	struct tool *t, const struct vx_pathmap_other *how, struct row *row, const struct vx_slice *cells)
{
	const struct part p = { .row = row, .cells = cells };

	vx_buf_clear(&t->scratch);
	put_items(t, how, &p, &t->scratch);
	return keep(t, &t->scratch);
}

static void tell_two(struct tool *t, const struct part *p, const char *rule, const char *severity, vx_column first,
	const struct vx_pathmap_number *second, const char *message)
{
	const vx_column columns[] = { first, second->columns[0] };

	tell(t, p, rule, severity, columns, 2, message);
}

/* No grade means benign in this table: not where the same row measures cancer. */
static void doubt_benign(struct tool *t, struct part *p, const struct vx_pathmap_number *measured)
{
	bool said = p->cells[p->graded_by].len > 0;

	tell_two(t, p, "grade", "error", p->graded_by, measured,
		said ? "benign, and yet cancer is measured: the grade stands"
		     : "no grade, and yet cancer is measured: not taken for benign");
	if (!said)
		p->grade = (struct vx_grade){ .state = VX_UNGRADED, .isup = -1, .cancer_type = "tumor" };
}

/* What is measured, against the grade and against itself. */
static void doubt_measures(struct tool *t, const struct vx_pathmap_part *how, struct part *p)
{
	const struct vx_pathmap_number *measured = p->cancer_length > 0    ? &how->cancer_length
						   : p->percent_cancer > 0 ? &how->percent_cancer
									   : NULL;
	const struct vx_pathmap_number *none = p->cancer_length <= 0    ? &how->cancer_length
					       : p->percent_cancer <= 0 ? &how->percent_cancer
									: NULL;

	if (p->grade.state == VX_BENIGN && measured)
		doubt_benign(t, p, measured);
	else if ((p->grade.state == VX_GRADED || p->grade.state == VX_AMBIGUOUS) && none)
		tell_two(t, p, "measure", "warning", p->graded_by, none, "cancer, and yet nothing of it is measured");
	if (p->cancer_length > p->core_length)
		tell_two(t, p, "measure", "warning", how->cancer_length.columns[0], &how->core_length,
			"more cancer than tissue");
	if (!isnan(p->percent_cancer)) {
		t->percents++;
		t->most_percent = fmax(t->most_percent, p->percent_cancer);
	}
}

int read_part(struct tool *t, const struct vx_pathmap_part *how, struct part *p, struct vx_error *err)
{
	struct vx_buf *other = &t->scratch;

	p->place = (struct vx_place)VX_PLACE_INIT;
	apply(p, &how->set);
	vx_buf_clear(other);
	if (read_procedure(t, &how->procedure, p, other, err) != VX_OK)
		return VX_EREJECT;
	read_locations(t, how, p, other);
	if (how->specimen_other.n && !all_blank(t, &how->specimen_other, p)) {
		if (other->len)
			vx_buf_putc(other, ',');
		put_items(t, &how->specimen_other, p, other);
	}
	p->specimen_other = keep(t, other);
	p->assessment_other = read_other(t, &how->assessment_other, p->row, p->cells);
	if (read_grade(t, &how->grade, p, err) != VX_OK || read_date(t, how->date, p, p->date, err) != VX_OK ||
		read_date(t, how->assessed, p, p->assessed, err) != VX_OK ||
		read_number(t, &how->core_length, p, INFINITY, &p->core_length, err) != VX_OK ||
		read_number(t, &how->cancer_length, p, INFINITY, &p->cancer_length, err) != VX_OK ||
		read_number(t, &how->percent_cancer, p, 100, &p->percent_cancer, err) != VX_OK ||
		read_count(t, &how->total_cores, p, &p->total_cores, err) != VX_OK ||
		read_count(t, &how->affected_cores, p, &p->affected_cores, err) != VX_OK)
		return VX_EREJECT;
	doubt_measures(t, how, p);
	if (how->assessor != VX_NO_COLUMN && !cell_blank(t, p->cells[how->assessor]))
		p->assessor = p->cells[how->assessor];
	return VX_OK;
}

static void use(bool *used, vx_column column)
{
	if (column != VX_NO_COLUMN)
		used[column] = true;
}

void other_columns(const struct vx_pathmap_other *other, bool *used)
{
	if (other->kind == VX_OTHER_COLUMN)
		use(used, other->column);
	for (size_t i = 0; i < other->n; i++)
		other_columns(&other->items[i], used);
}

static void number_columns(const struct vx_pathmap_number *n, bool *used)
{
	for (size_t i = 0; i < n->n; i++)
		use(used, n->columns[i]);
}

void part_columns(const struct vx_pathmap_part *part, bool *used)
{
	const struct vx_pathmap_grade *g = &part->grade;

	use(used, part->procedure.column);
	for (size_t i = 0; i < part->n_locations; i++)
		use(used, part->locations[i].column);
	if (g->given) {
		const vx_column graders[] = { g->gleason, g->primary, g->secondary, g->tertiary, g->isup, g->text };

		for (size_t i = 0; i < sizeof graders / sizeof graders[0]; i++)
			use(used, graders[i]);
	}
	use(used, part->date);
	use(used, part->assessor);
	use(used, part->assessed);
	number_columns(&part->core_length, used);
	number_columns(&part->cancer_length, used);
	number_columns(&part->percent_cancer, used);
	number_columns(&part->total_cores, used);
	number_columns(&part->affected_cores, used);
	if (part->specimen_other.n)
		other_columns(&part->specimen_other, used);
	if (part->assessment_other.n)
		other_columns(&part->assessment_other, used);
}
