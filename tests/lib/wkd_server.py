#!/usr/bin/env python3
"""wkd_server: a web server with a web key directory, and with ways to misbehave.

  wkd_server.py --listen ADDRESS --certificate FILE --key FILE --root DIR --log FILE
  wkd_server.py --path ADDRESS advanced|direct      where the key of a mail address lies below DIR

DIR/HOST has what the host of that name serves over HTTPS (port 443). A file NAME.location makes NAME a
redirect to what stands in it. The log has a line a request: "HOST PATH".
"""

import argparse
import hashlib
import http.server
import pathlib
import ssl
import urllib.parse

LETTERS = "ybndrfg8ejkmcpqxot1uwisza345h769"


def place(address, method):
    """RFC draft-koch-openpgp-webkey-service, 3.1."""
    local, domain = address.rsplit("@", 1)
    digest = hashlib.sha1(local.lower().encode()).digest()
    bits = int.from_bytes(digest, "big")
    name = "".join(LETTERS[bits >> shift & 31] for shift in range(155, -1, -5))
    domain = domain.lower()
    if method == "advanced":
        return f"openpgpkey.{domain}/.well-known/openpgpkey/{domain}/hu/{name}"
    return f"{domain}/.well-known/openpgpkey/hu/{name}"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        host = self.headers.get("Host", "none").split(":")[0]
        path = urllib.parse.urlsplit(self.path).path
        with open(self.server.log, "a") as log:
            log.write(f"{host} {self.path}\n")
        file = self.server.root / host / path.lstrip("/")
        if (target := file.with_name(file.name + ".location")).exists():
            self.send_response(302)
            self.send_header("Location", target.read_text().strip())
            self.end_headers()
        elif file.is_file():
            self.send_response(200)
            self.send_header("Content-Type", "application/octet-stream")
            self.end_headers()
            self.wfile.write(file.read_bytes())
        else:
            self.send_error(404)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Who does not like the certificate goes."""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--path", nargs=2)
    for name in ("listen", "certificate", "key", "root", "log"):
        parser.add_argument(f"--{name}")
    options = parser.parse_args()
    if options.path:
        print(place(*options.path))
        return
    server = Server((options.listen, 443), Handler)
    server.root, server.log = pathlib.Path(options.root), options.log
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.certificate, options.key)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.serve_forever()


main()
