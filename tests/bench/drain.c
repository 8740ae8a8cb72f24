/*
 * drain — the floor of the bench: one TLS connection, everything asked for at once, what comes is
 * decrypted and dropped. Takes from the server no more than any client must; checks no certificate
 * and keeps nothing, so it is no mail client. Not a test: `make bench` builds it.
 *
 *   drain imap|pop3 ADDRESS LOGIN PASSWORD-FILE
 */
#include <arpa/inet.h>
#include <glib.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define IN_FLIGHT 128 /* RETR */

static SSL *ssl;
static char buffer[1 << 16];
static int at, filled;
static guint64 total;

static void die(const char *what)
{
    fprintf(stderr, "drain: %s\n", what);
    exit(1);
}

static void say(const char *text)
{
    int size = (int)strlen(text);
    if (SSL_write(ssl, text, size) != size)
        die("the server does not listen");
}

/* One line without its end; long ones are cut. */
static const char *line(void)
{
    static char text[4096];
    gsize n = 0;
    for (;;) {
        if (at == filled) {
            at = 0;
            filled = SSL_read(ssl, buffer, sizeof buffer);
            if (filled <= 0)
                die("the server ended it");
            total += (guint64)filled;
        }
        char *end = memchr(buffer + at, '\n', (gsize)(filled - at));
        gsize piece = end ? (gsize)(end - buffer - at) : (gsize)(filled - at);
        gsize kept = MIN(piece, sizeof text - 1 - n);
        memcpy(text + n, buffer + at, kept);
        n += kept;
        at += (int)piece + (end != NULL);
        if (end)
            break;
    }
    text[n] = '\0';
    return text;
}

static void connect_to(const char *address, guint16 port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (inet_pton(AF_INET, address, &to.sin_addr) != 1 ||
        connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        die("nobody answers");
    ssl = SSL_new(SSL_CTX_new(TLS_client_method()));
    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1 || SSL_connect(ssl) != 1)
        die("no TLS");
}

static void until(const char *start)
{
    while (!g_str_has_prefix(line(), start))
        ;
}

static void drain_imap(const char *login, const char *password)
{
    g_autofree char *hello = g_strdup_printf("1 LOGIN %s %s\r\n2 EXAMINE INBOX\r\n"
                                             "3 UID FETCH 1:* (UID FLAGS BODY.PEEK[])\r\n"
                                             "4 LOGOUT\r\n",
                                             login, password);
    line();
    say(hello);
    until("4 ");
}

static void drain_pop3(const char *login, const char *password)
{
    g_autofree char *hello = g_strdup_printf("USER %s\r\nPASS %s\r\nSTAT\r\n", login, password);
    guint messages, asked = 0;
    line();
    say(hello);
    line();
    line();
    if (sscanf(line(), "+OK %u", &messages) != 1)
        die("no STAT");
    for (guint done = 0; done < messages; done++) {
        g_autoptr(GString) more = g_string_new(NULL);
        while (asked < messages && asked < done + IN_FLIGHT)
            g_string_append_printf(more, "RETR %u\r\n", ++asked);
        if (more->len > 0)
            say(more->str);
        until(".\r");
    }
    say("QUIT\r\n");
}

int main(int argc, char **argv)
{
    g_autofree char *password = NULL;
    if (argc != 5 || !g_file_get_contents(argv[4], &password, NULL, NULL))
        die("usage: drain imap|pop3 ADDRESS LOGIN PASSWORD-FILE");
    g_strstrip(password);
    gboolean imap = strcmp(argv[1], "imap") == 0;
    connect_to(argv[2], imap ? 993 : 995);
    (imap ? drain_imap : drain_pop3)(argv[3], password);
    printf("%" G_GUINT64_FORMAT " bytes\n", total);
    return 0;
}
