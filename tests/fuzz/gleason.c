/* Fuzz target: a cell of any bytes, in each kind of column; what it is read as holds together, and reading is deterministic.
 * SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vx_gleason.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
	if (!good)
		abort();
}

/* The group of two patterns, written down as the table of the consensus has it; 0: there is none. */
static int group_of(int primary, int secondary)
{
	static const int groups[6][6] = {
		{ 0 },
		{ 0, 1, 1, 1, 1, 1 },
		{ 0, 1, 1, 1, 1, 0 },
		{ 0, 1, 1, 1, 2, 4 },
		{ 0, 1, 1, 3, 4, 5 },
		{ 0, 1, 0, 4, 5, 5 },
	};

	check(primary >= 1 && primary <= 5 && secondary >= 1 && secondary <= 5);
	return groups[primary][secondary];
}

static void check_grade(const struct vx_grade *g)
{
	check(!g->primary == !g->secondary);
	check((g->candidates != 0) == (g->state == VX_AMBIGUOUS));
	check(g->tertiary >= 0 && g->tertiary <= 5);
	check(!g->derived || g->primary);
	switch (g->state) {
	case VX_NOT_ASSESSED:
		check(g->isup == -1 && !g->primary && !g->tertiary && !g->cancer_type && !g->warning);
		break;
	case VX_BENIGN:
		check(g->isup == 0 && !g->primary && !g->tertiary && strcmp(g->cancer_type, "none") == 0);
		break;
	case VX_GRADED:
		check(g->isup >= 1 && g->isup <= 5 && strcmp(g->cancer_type, "tumor") == 0);
		check(!g->primary || group_of(g->primary, g->secondary) == g->isup);
		check(!g->tertiary || (g->tertiary != g->primary && g->tertiary != g->secondary));
		break;
	case VX_AMBIGUOUS: /* of two groups or more, none of them benign */
		check(g->isup == -1 && !g->primary && strcmp(g->cancer_type, "tumor") == 0);
		check((g->candidates & ~0x3Eu) == 0 && (g->candidates & (g->candidates - 1)) != 0);
		break;
	case VX_UNGRADED:
		check(g->isup == -1 && !g->primary && !g->tertiary && g->cancer_type);
		break;
	}
}

static bool same(const struct vx_grade *a, const struct vx_grade *b)
{
	return a->state == b->state && a->isup == b->isup && a->primary == b->primary && a->secondary == b->secondary &&
	       a->tertiary == b->tertiary && a->derived == b->derived && a->candidates == b->candidates &&
	       a->cancer_type == b->cancer_type && a->warning == b->warning;
}

static void check_pair(const struct vx_grade *a, const struct vx_grade *b)
{
	struct vx_grade narrowed = *a;

	check(vx_grade_agree(a, a) && vx_grade_agree(a, b) == vx_grade_agree(b, a));
	check(!(vx_grade_worse(a, b) && vx_grade_worse(b, a)) && !vx_grade_worse(a, a));
	if (vx_grade_narrow(&narrowed, b)) {
		check(a->state == VX_AMBIGUOUS && narrowed.state == VX_GRADED && vx_grade_agree(a, b));
		check(a->candidates >> narrowed.isup & 1);
		check_grade(&narrowed);
	} else {
		check(same(&narrowed, a));
	}
}

/* Without the lexicon, and with it: the words may only add what was rejected. */
static void check_cell(
	const char *text, size_t len, enum vx_grade_column column, const struct vx_lexicon *lex, struct vx_grade *g)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_grade again, bare;
	int status = vx_grade_parse(text, len, column, lex, g, &err);

	check(status == VX_OK || (status == VX_EREJECT && err.reason[0] && strlen(err.reason) < 300));
	check_grade(g);
	check(status == VX_OK || (g->state == VX_NOT_ASSESSED));
	check(vx_grade_parse(text, len, column, lex, &again, NULL) == status && same(g, &again));
	if (vx_grade_parse(text, len, column, NULL, &bare, NULL) == VX_OK && bare.isup > 0 && status == VX_OK)
		check(bare.isup == g->isup);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct vx_lexicon *lex;
	struct vx_grade g[4];
	char *text = malloc(size ? size : 1); /* not terminated */
	int pattern = -1;

	if (!lex && !(lex = vx_lexicon_load("share/pathology/lexicon.tsv", NULL)))
		abort();
	memcpy(text, data, size);
	check_cell(text, size, VX_GRADE_ANY, lex, &g[0]);
	check_cell(text, size, VX_GRADE_GLEASON, lex, &g[1]);
	check_cell(text, size, VX_GRADE_GROUP, lex, &g[2]);
	check_cell(text, size / 2, VX_GRADE_GLEASON, lex, &g[3]);
	for (int i = 0; i < 4; i++)
		for (int j = 0; j < 4; j++)
			check_pair(&g[i], &g[j]);
	/* What an undeclared column says by itself, a declared one does not turn into another group. */
	if (g[0].isup >= 0 && g[1].isup >= 0)
		check(g[0].isup == g[1].isup);
	if (g[0].isup >= 0 && g[2].isup >= 0)
		check(g[0].isup == g[2].isup);
	if (vx_grade_pattern_cell(text, size, &pattern, NULL) != VX_OK)
		check(pattern == 0);
	check(pattern >= 0 && pattern <= 5);
	if (size >= 3 && vx_grade_patterns((int8_t)data[0], (int8_t)data[1], (int8_t)data[2], &g[0], NULL) == VX_OK)
		check_grade(&g[0]);
	free(text);
	return 0;
}
