/* vx_nearest: a word and names -> the name at the least distance (optimal string alignment), within a third of its length.
 * SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <string.h>

#include "vx_nearest.h"

#define LONGEST 48

struct vx_nearest vx_nearest_to(const char *word)
{
	size_t len = strlen(word);

	return (struct vx_nearest){ .word = word, .distance = len < LONGEST ? len / 3 + 1 : 0 };
}

static size_t least(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

static int folded(char c)
{
	return tolower((unsigned char)c);
}

static size_t distance(const char *a, size_t n, const char *b, size_t m)
{
	size_t rows[3][LONGEST + 1];

	for (size_t j = 0; j <= m; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			bool same = folded(a[i - 1]) == folded(b[j - 1]);
			row[j] = least(row[j - 1] + 1, above[j] + 1, above[j - 1] + !same);
			if (i > 1 && j > 1 && !same && folded(a[i - 1]) == folded(b[j - 2]) &&
				folded(a[i - 2]) == folded(b[j - 1]) && before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
	}
	return rows[n % 3][m];
}

void vx_nearest_try(struct vx_nearest *n, const char *name)
{
	size_t len = strlen(n->word), other = strlen(name), d;

	if (n->distance == 0 || other >= LONGEST || len < 3 || other < 3)
		return;
	if ((len > other ? len - other : other - len) >= n->distance)
		return;
	d = distance(n->word, len, name, other);
	if (d < n->distance) {
		n->distance = d;
		n->name = name;
	}
}
