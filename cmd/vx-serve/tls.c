/* tls: the certificate and the key that the server shows. PEM files -> what GnuTLS asks for at each handshake
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tls.h"
#include "vx_io.h"

#define CHAIN 16 /* certificates in a file, at most */
#define PEM_MAX (1u << 20)

struct pair {
	struct pair *older; /* which a handshake may still use: freed at the end */
	gnutls_pcert_st chain[CHAIN];
	unsigned chain_len;
	gnutls_privkey_t key;
};

/* The one variable of the program that is nobody's: GnuTLS hands nothing of ours to the function that it calls. */
static _Atomic(struct pair *) current;

bool tls_key_open(const char *key)
{
	struct stat st;
	return stat(key, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 077);
}

static int fail(struct vx_error *err, const char *path, int code)
{
	vx_error_set(err, VX_EUSAGE, NULL, "%s", gnutls_strerror(code));
	vx_error_at(err, path, 0);
	return VX_EUSAGE;
}

/* fits: GnuTLS itself compares the key with the certificate. */
static int fits(const gnutls_datum_t *cert, const gnutls_datum_t *key)
{
	gnutls_certificate_credentials_t c;
	int code = gnutls_certificate_allocate_credentials(&c);
	if (code < 0)
		return code;
	code = gnutls_certificate_set_x509_key_mem2(c, cert, key, GNUTLS_X509_FMT_PEM, NULL, 0);
	gnutls_certificate_free_credentials(c);
	return code < 0 ? code : 0;
}

static void pair_free(struct pair *p)
{
	for (unsigned i = 0; i < p->chain_len; i++)
		gnutls_pcert_deinit(&p->chain[i]);
	if (p->key)
		gnutls_privkey_deinit(p->key);
	free(p);
}

static int pair_make(struct pair *p, const gnutls_datum_t *cert, const gnutls_datum_t *key)
{
	unsigned n = CHAIN;
	int code = gnutls_pcert_list_import_x509_raw(p->chain, &n, cert, GNUTLS_X509_FMT_PEM, 0);
	if (code < 0)
		return code;
	p->chain_len = n;
	code = gnutls_privkey_init(&p->key);
	return code < 0 ? code : gnutls_privkey_import_x509_raw(p->key, key, GNUTLS_X509_FMT_PEM, NULL, 0);
}

static gnutls_datum_t datum(const struct vx_buf *b)
{
	return (gnutls_datum_t){ .data = (unsigned char *)b->data, .size = (unsigned)b->len };
}

int tls_load(const char *cert, const char *key, struct vx_error *err)
{
	struct vx_buf c = VX_BUF_INIT, k = VX_BUF_INIT;
	struct pair *p = NULL;
	int status = vx_read_file(cert, PEM_MAX, &c, err), code = 0;
	if (status == VX_OK)
		status = vx_read_file(key, PEM_MAX, &k, err);
	if (status == VX_OK) {
		gnutls_datum_t chain = datum(&c), secret = datum(&k);
		p = vx_alloc(sizeof *p);
		code = fits(&chain, &secret);
		if (code == 0)
			code = pair_make(p, &chain, &secret);
	}
	if (status == VX_OK && code < 0) {
		status = fail(err, cert, code);
		pair_free(p);
	} else if (status == VX_OK) {
		p->older = atomic_load(&current);
		atomic_store(&current, p);
	}
	if (k.len)
		explicit_bzero(k.data, k.len);
	vx_buf_free(&c);
	vx_buf_free(&k);
	return status;
}

void tls_free(void)
{
	struct pair *p = atomic_exchange(&current, NULL);
	while (p) {
		struct pair *older = p->older;
		pair_free(p);
		p = older;
	}
}

int tls_retrieve(gnutls_session_t session, const gnutls_datum_t *authorities, int n,
	const gnutls_pk_algorithm_t *algorithms, int algorithm_count, gnutls_pcert_st **chain, unsigned *chain_len,
	gnutls_privkey_t *key)
{
	struct pair *p = atomic_load(&current);
	(void)session;
	(void)authorities;
	(void)n;
	(void)algorithms;
	(void)algorithm_count;
	if (!p)
		return -1;
	*chain = p->chain;
	*chain_len = p->chain_len;
	*key = p->key;
	return 0;
}
