/* args: the query parameters of a request, held against those that its route knows. struct call -> a problem, or none
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ARGS_H
#define ARGS_H

#include "http.h"

/* args_known: true when every query parameter is one of names (NULL-terminated), each once, with a "=" and text behind it that
 * is UTF-8; else leaves a problem, with the name that was meant, or with all of them. */
bool args_known(struct call *call, const char *const *names);

#endif
