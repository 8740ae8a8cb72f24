#!/usr/bin/python3
"""An independent reader of Postern's vault (see vault_format.py).

read-vault.py messages VAULT.DB [DIR]  opens every message, with the private key that gpg unwraps;
                                       prints ID SIZE SHA-256, and writes ID.eml into DIR
read-vault.py journal VAULT.DB         opens every journal record; prints SEQUENCE ID ACCOUNT MAILBOX
                                       UID UIDL DATE FLAG… with tabs between; "flags", "gone" or "only"
                                       stands in place of UIDL and DATE of those
read-vault.py shares VAULT.DB           opens what the index may know of singly sealed messages; prints
                                       ID none, or ID SHARE SIZE SUBJECT with tabs between
read-vault.py sessions VAULT.DB         opens the session keys that are kept; prints ID KEY with a tab between
read-vault.py outbox VAULT.DB           opens what waits to be sent; prints ID STATE ACCOUNT FROM SUBJECT
                                       ENCRYPTED SHA-256 RECIPIENT… with tabs between
read-vault.py drafts VAULT.DB          opens the drafts; prints ID and, in JSON, what it answers, why it leaves
                                       encrypted, its text, and NAME TYPE SHA-256 of what it encloses
read-vault.py matchkey VAULT.DB         opens the copy of the match key; prints it in hexadecimal
read-vault.py index VAULT.DB OUT.DB    takes the seal off index.db and its log beside VAULT.DB, and lets
                                       SQLite check what is then in OUT.DB
"""

import base64
import hashlib
import json
import os
import sqlite3
import subprocess
import sys

import vault_format as vault


def decrypted(message):
    done = subprocess.run(["gpg", "--batch", "--quiet", "--decrypt"], input=message, check=False,
                          stdout=subprocess.PIPE)
    vault.demand(done.returncode == 0, "gpg does not open it")
    return done.stdout


def message_key(wrap_key, vault_id, message_id, wrapped):
    if wrapped[:1] == b"\2":
        key = decrypted(wrapped[1:])
        vault.demand(len(key) == 32, "no key")
        return key
    return vault.unwrap(wrap_key, vault_id, message_id, wrapped)


def unlocked(path):
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    assert database.execute("PRAGMA application_id").fetchone() == (0x50535456,)
    assert database.execute("PRAGMA user_version").fetchone() == (19,)
    vault_id, public, wrapped = database.execute(
        "SELECT vault_id, public_key, wrapped_private FROM meta").fetchone()
    private = decrypted(wrapped)
    assert vault.public_of(private) == public
    return database, vault_id, private


def name_of(message_id):
    return base64.b32encode(message_id).decode().lower()


def messages(path, folder):
    database, vault_id, private = unlocked(path)
    rows = database.execute("SELECT m.row, m.id, m.chunks, m.wrapped, b.ephemeral FROM message m "
                            "JOIN batch b ON b.id = m.batch WHERE m.stored = 1 ORDER BY m.row")
    good = True
    for row, message_id, count, sealed_key, ephemeral in rows:
        name = name_of(message_id)
        chunks = [data for (data,) in database.execute(
            "SELECT data FROM chunk WHERE key BETWEEN ? AND ? ORDER BY key",
            (row << 20, (row + 1 << 20) - 1))]
        try:
            vault.demand(len(chunks) == count, "chunks are missing")
            wrap_key, _ = vault.batch_keys(vault_id, private, ephemeral)
            key = message_key(wrap_key, vault_id, message_id, sealed_key)
            text = vault.open_message(vault_id, message_id, key, chunks)
        except vault.Damage as damage:
            print(f"{name} damaged: {damage}")
            good = False
            continue
        print(name, len(text), hashlib.sha256(text).hexdigest())
        if folder:
            with open(os.path.join(folder, name + ".eml"), "xb") as file:
                file.write(text)
    return good


def journal(path):
    database, vault_id, private = unlocked(path)
    rows = database.execute("SELECT j.sequence, m.id, b.ephemeral, j.record FROM journal j "
                            "JOIN message m ON m.row = j.message JOIN batch b ON b.id = j.batch "
                            "ORDER BY j.sequence")
    good = True
    for sequence, message_id, ephemeral, sealed in rows:
        name = name_of(message_id)
        try:
            _, record_key = vault.batch_keys(vault_id, private, ephemeral)
            data = vault.open_record(record_key, vault_id, "journal " + name, sealed)
            print(sequence, name, *vault.parse_record(data), sep="\t")
        except vault.Damage as damage:
            print(f"{sequence} {name} damaged: {damage}")
            good = False
    return good


def shares(path):
    database, vault_id, private = unlocked(path)
    rows = database.execute("SELECT m.id, b.ephemeral, s.record FROM share s JOIN message m "
                            "ON m.row = s.message JOIN batch b ON b.id = m.batch ORDER BY m.row")
    good = True
    for message_id, ephemeral, sealed in rows:
        name = name_of(message_id)
        try:
            _, record_key = vault.batch_keys(vault_id, private, ephemeral)
            data = vault.open_record(record_key, vault_id, "share " + name, sealed)
            print(name, *vault.parse_share(data), sep="\t")
        except vault.Damage as damage:
            print(f"{name} damaged: {damage}")
            good = False
    return good


def sessions(path):
    database, vault_id, private = unlocked(path)
    rows = database.execute("SELECT m.id, b.ephemeral, s.record FROM session s JOIN message m "
                            "ON m.row = s.message JOIN batch b ON b.id = m.batch ORDER BY m.row")
    good = True
    for message_id, ephemeral, sealed in rows:
        name = name_of(message_id)
        try:
            _, record_key = vault.batch_keys(vault_id, private, ephemeral)
            data = vault.open_record(record_key, vault_id, "session " + name, sealed)
            for key in vault.parse_sessions(data):
                print(name, key, sep="\t")
        except vault.Damage as damage:
            print(f"{name} damaged: {damage}")
            good = False
    return good


def outbox(path):
    database, vault_id, private = unlocked(path)
    rows = database.execute("SELECT o.id, o.state, o.record, l.id, l.sealed, c.id, c.sealed FROM outbox o "
                            "JOIN letter l ON l.row = o.letter LEFT JOIN letter c ON c.row = o.copy "
                            "ORDER BY o.row")
    own = database.execute("SELECT public, sealed FROM outbox_key").fetchone()
    keys = {1: private}
    if own:
        _, key = vault.batch_keys(vault_id, private, own[1][:32])
        keys[2] = vault.open_record(key, vault_id, "outbox key", own[1][32:])
        assert vault.public_of(keys[2]) == own[0]

    def opened(context, sealed):
        _, key = vault.batch_keys(vault_id, keys[sealed[0]], sealed[1:33])
        return vault.open_record(key, vault_id, context, sealed[33:])

    good = True
    for row_id, state, record, letter_id, sealed, copy_id, copied in rows:
        name = name_of(row_id)
        try:
            account, sender, subject, encrypted, _, _, recipients = vault.parse_outbox(
                opened("outbox " + name, record))
            letter = opened("outbox letter " + name_of(letter_id), sealed)
            if copy_id is not None:
                opened("outbox letter " + name_of(copy_id), copied)
            print(name, state, account, sender, subject, encrypted, hashlib.sha256(letter).hexdigest(),
                  *(address for address, _ in recipients), sep="\t")
        except vault.Damage as damage:
            print(f"{name} damaged: {damage}")
            good = False
    return good


def drafts(path):
    database, vault_id, private = unlocked(path)
    good = True
    for draft_id, *sealed in database.execute("SELECT id, head, text, parts FROM draft ORDER BY row"):
        name = name_of(draft_id)
        try:
            plain = []
            for what, record in zip(("head", "text", "parts"), sealed):
                vault.demand(record[:1] == b"\1", "sealed to another key than the vault's")
                _, key = vault.batch_keys(vault_id, private, record[1:33])
                plain.append(vault.open_record(key, vault_id, f"draft {what} {name}", record[33:]))
            told = vault.parse_draft_head(plain[0])
            told["text"] = plain[1].decode()
            told["parts"] = [(part, kind, hashlib.sha256(data).hexdigest())
                             for part, kind, data in vault.parse_draft_parts(plain[2])]
            print(name, json.dumps(told), sep="\t")
        except vault.Damage as damage:
            print(f"{name} damaged: {damage}")
            good = False
    return good


def match_key(path):
    database, vault_id, private = unlocked(path)
    copy, check = database.execute("SELECT match_copy, match_check FROM meta").fetchone()
    print(vault.match_key(vault_id, private, copy, check).hex())
    return True


def bytes_of(path):
    with open(path, "rb") as file:
        return file.read()


def index(path, out):
    _, vault_id, private = unlocked(path)
    keys = vault.index_keys(private, vault_id)
    sealed = os.path.join(os.path.dirname(path), "index.db")
    log = sealed + "-wal"
    with open(out, "xb") as file:
        file.write(vault.open_index_file(keys, bytes_of(sealed)))
    if os.path.exists(log):
        with open(out + "-wal", "xb") as file:
            file.write(vault.open_index_log(keys, bytes_of(log)))
    database = sqlite3.connect(out)
    print(database.execute("SELECT count(*) FROM doc").fetchone()[0])
    return database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def main(arguments):
    if len(arguments) in (2, 3) and arguments[0] == "messages":
        return messages(arguments[1], arguments[2] if len(arguments) == 3 else None)
    if len(arguments) == 2 and arguments[0] == "journal":
        return journal(arguments[1])
    if len(arguments) == 2 and arguments[0] == "shares":
        return shares(arguments[1])
    if len(arguments) == 2 and arguments[0] == "sessions":
        return sessions(arguments[1])
    if len(arguments) == 2 and arguments[0] == "outbox":
        return outbox(arguments[1])
    if len(arguments) == 2 and arguments[0] == "drafts":
        return drafts(arguments[1])
    if len(arguments) == 2 and arguments[0] == "matchkey":
        return match_key(arguments[1])
    if len(arguments) == 3 and arguments[0] == "index":
        return index(arguments[1], arguments[2])
    sys.exit(__doc__)


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
