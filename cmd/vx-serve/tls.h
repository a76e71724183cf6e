/* tls: the certificate and the key that the server shows. PEM files -> what GnuTLS asks for at each handshake
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TLS_H
#define TLS_H

#include <gnutls/abstract.h>

#include "vx_err.h"

#define TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE"

/* tls_load: reads both files; the next handshake uses them. On an error what was loaded before stays in use.
 * VX_EIO when one cannot be read, VX_EUSAGE when they are no certificate and its key. */
int tls_load(const char *cert, const char *key, struct vx_error *err) VX_MUST_USE;
void tls_free(void); /* when no handshake comes any more */

/* tls_key_open: whether others than its owner may read the file. */
bool tls_key_open(const char *key);

/* tls_retrieve: a gnutls_certificate_retrieve_function2. */
int tls_retrieve(gnutls_session_t session, const gnutls_datum_t *authorities, int n,
	const gnutls_pk_algorithm_t *algorithms, int algorithm_count, gnutls_pcert_st **chain, unsigned *chain_len,
	gnutls_privkey_t *key);

#endif
