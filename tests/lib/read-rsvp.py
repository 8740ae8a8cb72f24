#!/usr/bin/python3
"""Reads the answer to an invitation as RFC 5545 and RFC 6047 want it read, with nothing of Postern's.

    read-rsvp.py ENTITY

prints JSON: the parts' types, the text, and of the calendar its method and its events, property by
property. What is not as the standards want is under "wrong". ENTITY is a message, or what was encrypted.
"""
import email
import email.policy
import json
import re
import sys


def unfolded(raw, wrong):
    raw = raw.replace(b"\r\n", b"\n")  # what was delivered to a file has LF alone
    if any(len(line) > 75 for line in raw.split(b"\n")):
        wrong.append("a line of more than 75 bytes")
    if b"\r" in raw:
        wrong.append("line ends")
    return raw.replace(b"\n ", b"").decode("utf-8").split("\n")


def parse(raw, wrong):
    stack, root = [], None
    for line in unfolded(raw, wrong):
        if not line:
            continue
        head, value = re.match(r"((?:[^\":]|\"[^\"]*\")+):(.*)$", line).groups()
        name, *parameters = re.findall(r"(?:[^\";]|\"[^\"]*\")+", head)
        if name == "BEGIN":
            new = {"name": value, "properties": {}, "components": []}
            (stack[-1]["components"].append(new) if stack else None)
            root = root or new
            stack.append(new)
        elif name == "END":
            if stack.pop()["name"] != value:
                wrong.append("nesting")
        else:
            if name in stack[-1]["properties"]:
                wrong.append("two of " + name)
            stack[-1]["properties"][name] = [value, dict(p.split("=", 1) for p in parameters)]
    if stack:
        wrong.append("it does not end")
    return root


message = email.message_from_binary_file(open(sys.argv[1], "rb"), policy=email.policy.default)
told = {"wrong": [], "subject": message["Subject"], "types": []}
for part in message.walk():
    told["types"].append(part.get_content_type())
    if part.get_content_type() == "text/plain":
        told["text"] = part.get_content().strip()
    if part.get_content_type() == "text/calendar":
        told["parameter"] = part.get_param("method")
        calendar = parse(part.get_payload(decode=True), told["wrong"])
        told["calendar"] = {k: v[0] for k, v in calendar["properties"].items()}
        told["zones"] = [c["properties"]["TZID"][0] for c in calendar["components"] if c["name"] == "VTIMEZONE"]
        told["events"] = [c["properties"] for c in calendar["components"] if c["name"] == "VEVENT"]
        for event in told["events"]:
            if not re.fullmatch(r"\d{8}T\d{6}Z", event.pop("DTSTAMP")[0]):
                told["wrong"].append("DTSTAMP")
print(json.dumps(told))
