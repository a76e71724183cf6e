/* places: a bounded number of places, of which nobody takes more than half.
 * in: who asks; out: a place, or which of the two bounds is in the way.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PLACES_H
#define PLACES_H

#include <stddef.h>
#include <stdint.h>

enum places_answer { PLACES_TAKEN, PLACES_FULL, PLACES_SHARE /* the asker has its half already */ };

struct places;
struct places *places_new(unsigned limit);
void places_free(struct places *p); /* NULL is allowed */

enum places_answer places_take(struct places *p, uint64_t who);
void places_give(struct places *p, uint64_t who);
size_t places_used(struct places *p);

#endif
