#!/usr/bin/python3
"""Reads a letter as RFC 9788 and RFC 3156 want it read, with nothing of Postern's.

    read-letter.py LETTER GNUPGHOME

prints JSON: the fields outside and inside, where the two differ, whom the letter is encrypted to and
who signed it, the text and the attachments with their SHA-256. What is not as the standards want is under "wrong".
"""
import email
import email.policy
import hashlib
import json
import re
import subprocess
import sys

STRUCTURAL = ("content-", "mime-version")
ON_THE_WAY = ("received", "return-path", "delivered-to", "x-original-to", "dkim-", "authentication-")
policy = email.policy.SMTP.clone(max_line_length=0)


def gpg(home, arguments, data):
    done = subprocess.run(
        ["gpg", "--homedir", home, "--batch", "--quiet", "--status-fd", "2", "--trust-model", "always"] + arguments,
        input=data, capture_output=True)
    return done.stdout, done.stderr.decode("utf-8", "replace")


def plain(value):
    return re.sub(r"\r?\n(?=[ \t])", "", value)


def fields(part):
    """Its own fields as they are written, unfolded; without structure and what servers add."""
    return [(name, plain(value)) for name, value in part.raw_items()
            if not name.lower().startswith(STRUCTURAL + ON_THE_WAY)]


def decoded(part, name):
    value = part.get(name)
    return None if value is None else str(value)


def packets(armored):
    """The key ids of the packets that anybody can list, and what else these are."""
    listed = subprocess.run(["gpg", "--homedir", "/nonexistent-home", "--batch", "--list-packets", "--list-only"],
                            input=armored, capture_output=True).stdout.decode("utf-8", "replace")
    return (re.findall(r"^:pubkey enc packet:.*keyid ([0-9A-F]+)", listed, re.M),
            re.findall(r"^:([a-z ]+) packet", listed, re.M))


def signers(status):
    return re.findall(r"^\[GNUPG:\] VALIDSIG ([0-9A-F]+)", status, re.M)


def open_encrypted(message, home, told):
    version, sealed = message.get_payload()
    if version.get_content_type() != "application/pgp-encrypted" or b"Version: 1" not in version.get_payload(decode=True):
        told["wrong"].append("no Version: 1")
    armored = sealed.get_payload(decode=True)
    head = armored.replace(b"\r", b"").split(b"\n\n")[0].split(b"\n")
    told["armor"] = [line.decode() for line in head[1:]]
    told["keys"], told["packets"] = packets(armored)
    clear, status = gpg(home, ["--decrypt"], armored)
    if "DECRYPTION_OKAY" not in status:
        told["closed"] = True
        return None
    told["signers"] = signers(status)
    return clear


def open_signed(message, home, told, raw):
    covered, signature = message.get_payload()
    armored = signature.get_payload(decode=True)
    told["armor"] = [line.decode() for line in armored.replace(b"\r", b"").split(b"\n\n")[0].split(b"\n")[1:]]
    boundary = ("--" + message.get_boundary()).encode()
    text = re.sub(rb"\r?\n", b"\r\n", raw).split(b"\r\n" + boundary)[1][2:]
    with open("/tmp/read-letter.sig", "wb") as file:
        file.write(armored)
    _, status = gpg(home, ["--verify", "/tmp/read-letter.sig", "-"], text)
    told["signers"] = signers(status)
    return text


def compare(message, payload, told):
    """RFC 9788: hp says what was done, and HP-Outer repeats each field that stood outside."""
    inner = fields(payload)
    outer = fields(message)
    claimed = [value.split(":", 1) for name, value in inner if name.lower() == "hp-outer"]
    inner = [(name, value) for name, value in inner if name.lower() != "hp-outer"]
    claimed = sorted((name.strip(), value.strip()) for name, value in claimed)
    hp = payload.get_param("hp")
    told["hp"] = hp
    told["old"] = payload.get_param("protected-headers")
    if hp == "cipher" and claimed != sorted((name, value.strip()) for name, value in outer):
        told["wrong"].append("HP-Outer is not what stands outside")
    if hp == "clear" and claimed:
        told["wrong"].append("HP-Outer in a letter that is in clear")
    if hp == "clear" and sorted(inner) != sorted(outer):
        told["wrong"].append("what is signed is not what stands outside")
    told["hidden"] = sorted(name for name, value in inner if (name, value) not in outer)
    told["unprotected"] = sorted(name for name, _ in outer if name.lower() not in [n.lower() for n, _ in inner])


def read(path, home):
    with open(path, "rb") as file:
        raw = file.read()
    message = email.message_from_bytes(raw, policy=policy)
    told = {"wrong": [], "keys": [], "signers": []}
    kind = message.get_content_type()
    inner = raw
    if kind == "multipart/encrypted":
        inner = open_encrypted(message, home, told)
    elif kind == "multipart/signed":
        inner = open_signed(message, home, told, raw)
    told["outer"] = {name: decoded(message, name) for name, _ in fields(message)}
    told["kind"] = kind
    if inner is None:
        return told
    payload = email.message_from_bytes(inner, policy=policy)
    if inner is not raw:
        compare(message, payload, told)
    told["inner"] = {name: decoded(payload, name) for name, _ in fields(payload) if name.lower() != "hp-outer"}
    told["all"] = inner.decode("utf-8", "replace")
    told["text"] = payload.get_body(("plain",)).get_content()
    told["attachments"] = {part.get_filename(): part.get_content_type() for part in payload.iter_attachments()} \
        if payload.is_multipart() else {}
    told["digests"] = {part.get_filename(): hashlib.sha256(part.get_payload(decode=True) or b"").hexdigest()
                       for part in (payload.iter_attachments() if payload.is_multipart() else [])}
    return told


print(json.dumps(read(sys.argv[1], sys.argv[2])))
