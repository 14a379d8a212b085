/* `openssl s_server` with certificates of tests/engines/certificates, for tests of TLS. */
#ifndef TLS_SERVER_H
#define TLS_SERVER_H

/* NAME.pem of the folder with the certificates; stays valid for a few calls. */
const char *tls_file(const char *name);

/* Listen at "127.0.0.1:0" or "[::1]:0" with the certificate NAME.pem, and further options up to NULL
 * (or no list); the port, or 0. One server at a time. */
int tls_serve(const char *at, const char *name, const char *const *more);
/* For its end, as a teardown too. */
int tls_end(void **state);
/* What it writes out from now on, and what it is told to send. */
int tls_output(void);
int tls_input(void);

/* Setup and teardown of the group: GANTRY_TEST_MAKE_CERTIFICATES names the program. */
int tls_make_certificates(void **state);
int tls_remove_certificates(void **state);

#endif
