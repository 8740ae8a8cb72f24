#!/usr/bin/env python3
"""token-server: stands in for an OAuth provider (device code, refresh, introspection).

  token-server.py FOLDER     listens on 127.0.0.1 port 8480 until it is killed

  /device, /token            as RFC 8628 and RFC 6749 say; a refresh token is good once, and the next
                             comes with the new access token
  /introspect                what Dovecot asks (RFC 7662): is the token good, and whose is it?

FOLDER/seconds: how long an access token is good for, and how long the provider says that it is (the same unless
there is a second number). FOLDER/approved: the user has typed the code. FOLDER/scope, when there, is what
tokens are good for. FOLDER/log: one line a request, "token refresh_token", "introspect good".
"""

import http.server
import json
import pathlib
import secrets
import sys
import time
import urllib.parse

CLIENT = "b7c1-postern"
folder = pathlib.Path(sys.argv[1])
refresh_tokens = {"first-refresh-token"}
access_tokens = {}  # token: when it ends


def seconds():
    numbers = [int(word) for word in (folder / "seconds").read_text().split()]
    return numbers[0], numbers[-1]


def issue():
    good, told = seconds()
    access, refresh = "eyJ0." + secrets.token_urlsafe(900) + ".sig", secrets.token_urlsafe(64)
    access_tokens[access] = time.time() + good
    refresh_tokens.add(refresh)
    return 200, {"token_type": "Bearer", "access_token": access, "expires_in": told, "refresh_token": refresh}


def token(form):
    kind = form.get("grant_type", "").rpartition(":")[2]
    if form.get("client_id") != CLIENT:
        return 401, {"error": "invalid_client", "error_description": "AADSTS700016: no such application.\r\nTrace ID: 1"}
    if kind == "device_code" and form.get("device_code") == "the-device":
        return issue() if (folder / "approved").exists() else (400, {"error": "authorization_pending"})
    if kind == "refresh_token" and form.get("refresh_token") in refresh_tokens:
        refresh_tokens.remove(form["refresh_token"])
        return issue()
    return 400, {"error": "invalid_grant", "error_description": "AADSTS70008: The refresh token has expired.\r\nTrace ID: 1"}


def device(form):
    return 200, {"device_code": "the-device", "user_code": "ABCD-EFGH", "expires_in": 30, "interval": 1,
                 "verification_uri": "https://login.corp.example/device"}


def introspect(form):
    good = access_tokens.get(form.get("token"), 0) > time.time()
    answer = {"active": good}
    if good:
        answer |= {"username": "john", "client_id": CLIENT, "scope": "mail"}
        if (folder / "scope").exists():
            answer["scope"] = (folder / "scope").read_text().strip()
    return 200, answer


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        form = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        name = self.path.partition("?")[0].strip("/")
        code, answer = {"token": token, "device": device, "introspect": introspect}[name](form)
        with open(folder / "log", "a") as log:
            print(name, form.get("grant_type", "").rpartition(":")[2], code,
                  answer.get("error", answer.get("active", "")), file=log)
        body = json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", 8480), Handler).serve_forever()
