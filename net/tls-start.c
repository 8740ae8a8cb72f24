/* See tls.h: what a process does once. */
#include <openssl/ssl.h>

#include "net/tls.h"

/* Once and first of all, so that no openssl.cnf or OPENSSL_CONF is ever read. */
void tls_without_config(void)
{
    static gsize ready;
    if (g_once_init_enter(&ready)) {
        if (!OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL))
            g_error("OpenSSL cannot start");
        g_once_init_leave(&ready, 1);
    }
}

void tls_get_ready(void)
{
    tls_without_config();
    SSL_CTX_free(SSL_CTX_new(TLS_client_method()));
}
