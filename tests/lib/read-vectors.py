#!/usr/bin/python3
"""Holds the published vectors against the independent reader (vault_format.py): read-vectors.py FILE…
Prints TAP. What the fields mean stands in make-vectors.py."""

import base64
import configparser
import hashlib
import sys

import vault_format as vault


def binary(section, key):
    return bytes.fromhex(section[key])


def keys_of(section):
    return vault.batch_keys(binary(section, "vault_id"), binary(section, "vault_private"),
                            binary(section, "ephemeral"))


def flipped(data, at, bits):
    return data[:at] + bytes([data[at] ^ bits]) + data[at + 1:]


def chunks_of(vectors, section):
    sources = [vectors[name] for name in section["chunks_of"].split()] if "chunks_of" in section else [section]
    chunks = [base64.b64decode(text) for source in sources for text in source["chunks"].split(";") if text]
    if "order" in section:
        chunks = [chunks[int(n)] for n in section["order"].split(";") if n]
    if "flip" in section:
        n, at = map(int, section["flip"].split())
        chunks[n] = flipped(chunks[n], at, 1)
    return chunks


def page_of(vectors, section):
    source = vectors[section["page_of"]] if "page_of" in section else section
    data = base64.b64decode(source[section["kind"]])
    return flipped(data, *map(int, section["flip"].split())) if "flip" in section else data


def opened_page(vectors, section):
    """A page, or the header of a frame and its page."""
    page_key, frame_key, header_key = vault.index_keys(binary(section, "vault_private"), binary(section, "vault_id"))
    data, offset = page_of(vectors, section), int(section["offset"])
    if section["kind"] == "page":
        vault.demand(len(data) == vault.PAGE, "half a page")
        return vault.open_page(page_key, int(section["number"]), offset, data)
    vault.demand(len(data) == vault.FRAME, "half a frame")
    block = vault.Cipher(vault.AES(header_key), vault.ECB()).decryptor()
    return data[:8] + block.update(data[8:24]) + vault.open_page(frame_key, int.from_bytes(data[:4], "big"), offset,
                                                                 data[24:])


def opened(vectors, section):
    kind = section["kind"]
    if kind == "message":
        return vault.open_message(binary(section, "vault_id"), binary(section, "message_id"),
                                  binary(section, "message_key"), chunks_of(vectors, section))
    if kind == "record":
        return vault.open_record(keys_of(section)[1], binary(section, "vault_id"), section["context"],
                                 binary(section, "sealed"))
    if kind == "wrap":
        return vault.unwrap(keys_of(section)[0], binary(section, "vault_id"), binary(section, "message_id"),
                            binary(section, "sealed"))
    assert kind in ("page", "frame")
    return opened_page(vectors, section)


def as_said(vectors, section):
    try:
        data = opened(vectors, section)
    except vault.Damage:
        return section["outcome"] == "damage"
    return (section["outcome"] == "open" and len(data) == int(section["size"]) and
            hashlib.sha256(data).hexdigest() == section["sha256"])


def main(paths):
    vectors = configparser.ConfigParser(interpolation=None)
    for path in paths:
        with open(path, encoding="ascii") as file:
            vectors.read_file(file)
    good = True
    print(f"1..{len(vectors.sections())}")
    for n, name in enumerate(vectors.sections(), 1):
        fine = as_said(vectors, vectors[name])
        good &= fine
        print(f"{'ok' if fine else 'not ok'} {n} - {name}")
    return good


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
