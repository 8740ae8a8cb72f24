#!/usr/bin/env python3
"""search-oracle: random mailboxes and random queries against brute force over Python's email package.

  search-oracle.py make MAILDIR COUNT SEED     writes COUNT messages into MAILDIR
  search-oracle.py ask MAILDIR COUNT SEED      asks `postern search` COUNT queries about them, and says
                                               where it differs from reading every message

What a message says is read from its bytes by Python's parser; what a word is follows postern(1): letters and
digits, in any case, without accents of Latin; of Chinese and Japanese any piece of a run.
"""

import base64
import email
import email.policy
import html.parser
import os
import quopri
import random
import subprocess
import sys
import time
import unicodedata

DAY = 86400
START = 1700000000 - 1700000000 % DAY
WORDS = {
    "us-ascii": "invoice budget meeting canteen audit figures licence delivery x1 A4 O'Neill e-mail".split(),
    "iso-8859-1": "Prüfung Straße Größe été garçon Señor Ærø naïve façade".split(),
    "iso-8859-15": "cœur 100€ Žižek šumava Œuvre".split(),
    "windows-1252": "“quoted” naïveté Zürich dé­jà™".replace("\xad", "").split(),
    "koi8-r": "договор отчёт встреча поставщик приложение".split(),
    "iso-8859-7": "τιμολόγιο συνάντηση Αθήνα".split(),
    "shift_jis": "報告書 会議室 四半期 請求 データ".split(),
    "iso-2022-jp": "報告書 会議 予算 来週".split(),
    "euc-jp": "契約書 会議室 東京".split(),
    "gb18030": "发票 会议 预算 合同".split(),
    "big5": "發票 會議 預算".split(),
}
WORDS["utf-8"] = [word for words in WORDS.values() for word in words]
PEOPLE = [("Ann Müller", "ann@corp.example"), ("O. Groß", "o.gross@hr.corp.example"), ("佐藤 健", "k.sato@corp.example"),
          ("", "robot@ci.corp.example"), ("Анна", "anna+list@partner.example"), ("Smith, John", "jsmith@corp.example")]
NAMES = ["offer.csv", "Übersicht 2024.pdf", "報告書.pdf", "a-b_c.tar.gz", "договор № 5.docx"]
TAGS = {"S": None, "F": "flagged", "R": "replied", "": None}


# --- writing -----------------------------------------------------------------------------------

def encoded_word(text, charset, dice):
    """TEXT as one encoded word for each word of it, or as it is."""
    if text.isascii() and dice.random() < 0.7:
        return text
    pieces, blanks = text.split(" "), []
    for i, piece in enumerate(pieces):
        data = (piece + (" " if i + 1 < len(pieces) else "")).encode(charset)
        if dice.random() < 0.5:
            body = "B?" + base64.b64encode(data).decode()
        else:
            body = "Q?" + "".join(chr(c) if chr(c).isalnum() and c < 128 else "=%02X" % c for c in data)
        blanks.append(f"=?{charset}?{body}?=")
    return dice.choice([" ", "\n "]).join(blanks)


def address(person, charset, dice):
    name, mailbox = person
    if not name:
        return mailbox
    if name.isascii():
        return f'"{name}" <{mailbox}>'
    try:
        name.encode(charset)
    except UnicodeEncodeError:
        charset = "utf-8"
    return f"{encoded_word(name, charset, dice)} <{mailbox}>"


def parameter(name, value):
    """RFC 2231, in pieces where it is long."""
    if value.isascii() and " " not in value:
        return f'{name}="{value}"'
    data = "".join(chr(c) if chr(c).isalnum() and c < 128 else "%%%02X" % c for c in value.encode())
    cut = data.find("%", len(data) // 2)
    if cut < 0:
        return f"{name}*=utf-8''{data}"
    return f"{name}*0*=utf-8''{data[:cut]};\n {name}*1*={data[cut:]}"


def entity(kind, text, charset, dice):
    data = text.encode(charset)
    ways = ["base64", "quoted-printable", "8bit"] + (["7bit"] if data.isascii() else [])
    way = dice.choice(ways)
    if way == "base64":
        data = base64.encodebytes(data)
    elif way == "quoted-printable":
        data = quopri.encodestring(data)
    head = f"Content-Type: text/{kind}; charset={dice.choice([charset, charset.upper()])}\nContent-Transfer-Encoding: {way}\n\n"
    return head.encode() + data + b"\n"


def sentence(charset, dice, most):
    return " ".join(dice.choice(WORDS[charset]) for _ in range(dice.randrange(1, most)))


def page(text, dice):
    """TEXT as HTML: inline tags within words, blocks between them, references for some letters."""
    out = []
    for word in text.split():
        if len(word) > 2 and dice.random() < 0.3:
            word = word[0] + "<b>" + word[1:-1] + "</b>" + word[-1]
        elif dice.random() < 0.3 and word.isalpha():
            word = f"&#x{ord(word[0]):x};" + word[1:]
        out.append(word + dice.choice([" ", "<br>", "</p><p>", "\n", "&nbsp;"]))
    return "<html><head><style>p.hidden { color: red }</style></head><body><p>" + "".join(out) + "</p></body></html>"


def letter(n, dice):
    charset = dice.choice(list(WORDS))
    people = dice.sample(PEOPLE, 4)
    head = [f"Message-ID: <{n}.Oracle@Corp.Example>", f"From: {address(people[0], charset, dice)}",
            "To: " + ",\n ".join(address(p, charset, dice) for p in people[1:dice.randrange(2, 4)]),
            f"Subject: {encoded_word(sentence(charset, dice, 5), charset, dice)}"]
    if dice.random() < 0.3:
        head.append(f"Cc: {address(people[3], charset, dice)}")
    if dice.random() < 0.2:
        head.append("List-Id: Developers <dev.lists.corp.example>")
    text = sentence(charset, dice, 25)
    shape = dice.choice(["plain", "html", "alternative"])
    body = entity("plain", text, charset, dice) if shape == "plain" else entity("html", page(text, dice), charset, dice)
    if shape == "alternative":
        body = (b"Content-Type: multipart/alternative; boundary=inner\n\n--inner\n" + entity("plain", text, charset, dice)
                + b"\n--inner\n" + body + b"\n--inner--\n")
    if dice.random() < 0.3:
        name = dice.choice(NAMES)
        part = (f"Content-Type: application/octet-stream\nContent-Disposition: attachment;\n {parameter('filename', name)}\n"
                f"Content-Transfer-Encoding: base64\n\n").encode() + base64.encodebytes(dice.randbytes(dice.randrange(4000)))
        body = b"Content-Type: multipart/mixed; boundary=outer\n\n--outer\n" + body + b"\n--outer\n" + part + b"\n--outer--\n"
    return "\n".join(head).encode() + b"\nMIME-Version: 1.0\n" + body


def make(box, count, dice):
    for folder in ("new", "cur", "tmp"):
        os.makedirs(os.path.join(box, folder), exist_ok=True)
    for n in range(count):
        flags = "".join(sorted(dice.sample(list(TAGS)[:3], dice.randrange(3))))
        path = os.path.join(box, "cur", f"{START + n}.{n}.oracle:2,{''.join(flags)}")
        with open(path, "wb") as file:
            file.write(letter(n, dice))
        when = START + dice.randrange(10) * DAY + dice.randrange(DAY)
        os.utime(path, (when, when))


# --- reading -----------------------------------------------------------------------------------

class Text(html.parser.HTMLParser):
    INLINE = {"b", "i", "span", "a"}

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.text, self.hidden = [], 0

    def handle_starttag(self, tag, _):
        self.hidden += tag in ("style", "script")
        self.text.append("" if tag in self.INLINE else "\n")

    def handle_endtag(self, tag):
        self.hidden -= tag in ("style", "script")
        self.text.append("" if tag in self.INLINE else "\n")

    def handle_data(self, data):
        if not self.hidden:
            self.text.append(data)


def of_html(text):
    parser = Text()
    parser.feed(text)
    parser.close()
    return "".join(parser.text)


def unspaced(char):
    code = ord(char)
    return 0x3040 <= code <= 0x30ff or 0x3400 <= code <= 0x9fff or 0xf900 <= code <= 0xfaff


def fold(text):
    """In the form in which words are compared."""
    out = []
    for char in unicodedata.normalize("NFKC", text).casefold():
        parts = unicodedata.normalize("NFD", char)
        latin_or_greek = any(name in unicodedata.name(parts[0], "") for name in ("LATIN", "GREEK"))
        out.append("".join(c for c in parts if unicodedata.combining(c) == 0) if latin_or_greek else char)
    return "".join(out)


def tokens(text):
    """Words, and runs of characters that know no words, in order."""
    found, word = [], ""
    for char in text + " ":
        letter_or_digit = unicodedata.category(char)[0] in "LN" or unicodedata.category(char) in ("Co", "Mn", "Mc")
        if word and not letter_or_digit:
            found += split(fold(word))
            word = ""
        elif letter_or_digit:
            word += char
    return found


def split(word):
    """A word of which parts are written without blanks, into stretches of one kind."""
    pieces = []
    for char in word:
        if pieces and unspaced(pieces[-1][-1]) == unspaced(char):
            pieces[-1] += char
        else:
            pieces.append(char)
    return pieces


class Letter:
    def __init__(self, path):
        with open(path, "rb") as file:
            data = file.read()
        mail = email.message_from_bytes(data, policy=email.policy.default)
        self.name = mail["Message-ID"].strip()[1:-1]
        self.size = len(data) + data.count(b"\n")
        self.date = int(os.stat(path).st_mtime)
        flags = path.rpartition(":2,")[2]
        self.tags = {TAGS[flag] for flag in flags} - {None} | (set() if "S" in flags else {"unread"})
        leaves = [part for part in mail.walk() if not part.is_multipart()]
        files = [part.get_filename() for part in leaves if part.get_filename()]
        self.attachments = len(files)
        texts = [part.get_content() for part in leaves if part.get_content_type() == "text/plain"]
        texts += [of_html(part.get_content()) for part in leaves if part.get_content_type() == "text/html"]
        self.fields = {
            "subject": tokens(str(mail["Subject"])), "from": tokens(self.people(mail, "From")),
            "to": tokens(self.people(mail, "To")), "cc": tokens(self.people(mail, "Cc")),
            "list": tokens("dev.lists.corp.example" if mail["List-Id"] else ""),
            "body": tokens("\n".join(texts)), "filename": tokens("\n".join(files)),
        }

    @staticmethod
    def people(mail, field):
        if mail[field] is None:
            return ""
        return "\n".join(f"{a.display_name} <{a.addr_spec}>" for a in mail[field].addresses)


# --- queries: what is written, and whether a letter fits ------------------------------------------

def stands(text, phrase, prefix):
    """PHRASE in TEXT, both as tokens() gives them."""
    if len(phrase) == 1 and unspaced(phrase[0][0]):
        return any(phrase[0] in token for token in text)
    for at in range(len(text) - len(phrase) + 1):
        piece = text[at:at + len(phrase)]
        if piece[:-1] == phrase[:-1] and (piece[-1].startswith(phrase[-1]) if prefix else piece[-1] == phrase[-1]):
            return True
    return False


def disguised(word, dice):
    """The same word as somebody else may type it."""
    way = dice.randrange(5)
    if way == 0:
        return word.upper() if fold(word.upper()) == fold(word) else word
    if way == 1:
        return unicodedata.normalize("NFD", word)
    return word


class Asker:
    def __init__(self, letters, dice):
        self.letters, self.dice = letters, dice

    def text(self):
        dice = self.dice
        letter = dice.choice(self.letters)
        field = dice.choice([name for name in letter.fields if letter.fields[name]])
        text = letter.fields[field]
        at = dice.randrange(len(text))
        phrase, prefix = [text[at]], False
        if unspaced(phrase[0][0]):
            begin = dice.randrange(len(phrase[0]))
            phrase = [phrase[0][begin:begin + dice.randrange(1, 4)]]
            written = phrase[0]
        elif dice.random() < 0.3 and at + 1 < len(text) and not unspaced(text[at + 1][0]):
            phrase = text[at:at + 2]
            written = '"' + disguised(" ".join(phrase), dice) + '"'
        elif dice.random() < 0.3:
            phrase, prefix = [phrase[0][:dice.randrange(1, len(phrase[0]) + 1)]], True
            written = phrase[0] + "*"
        else:
            written = disguised(phrase[0], dice)
        if written in ("and", "or", "not"):
            written = f'"{written}"'
        if dice.random() < 0.4:
            if dice.random() < 0.3:
                field = dice.choice(list(letter.fields))
            return f"{field}:{written}", lambda a: stands(a.fields[field], phrase, prefix)
        return written, lambda a: any(stands(text, phrase, prefix) for text in a.fields.values())

    def other(self):
        dice = self.dice
        way = dice.randrange(7)
        if way == 0:
            name, mailbox = dice.choice(PEOPLE)
            wanted = tokens(dice.choice([mailbox, mailbox.partition("@")[2]]))
            field = dice.choice(["from", "to"])
            return f'{field}:{".".join(wanted)}', lambda a: stands(a.fields[field], wanted, False)
        if way == 1:
            first, last = sorted((dice.randrange(-1, 11), dice.randrange(-1, 11)))
            day = [time.strftime("%Y-%m-%d", time.gmtime(START + n * DAY)) for n in (first, last)]
            form = dice.choice([f"date:{day[0]}..{day[1]}", f"date:{day[0]}..", f"date:..{day[1]}"])
            low = START + first * DAY if not form.startswith("date:..") else 0
            high = START + (last + 1) * DAY if not form.endswith("..") else 1 << 60
            return form, lambda a: low <= a.date < high
        if way == 2:
            size = dice.choice(self.letters).size
            return dice.choice([(f"size:>{size}", lambda a: a.size > size), (f"size:<={size}", lambda a: a.size <= size)])
        if way == 3:
            tag = dice.choice(["unread", "flagged", "replied"])
            return f"tag:{tag.upper()}", lambda a: tag in a.tags
        if way == 4:
            return "is:unread", lambda a: "unread" in a.tags
        if way == 5:
            name = dice.choice(self.letters).name
            return dice.choice([f"id:{name}", f"id:<{name}>"]), lambda a: a.name == name
        return "has:attachment", lambda a: a.attachments > 0

    def query(self, depth):
        dice = self.dice
        way = dice.randrange(6) if depth else 0
        if way < 3:
            return self.text() if dice.random() < 0.75 else self.other()
        left, fits_left = self.query(depth - 1)
        if way == 3:
            return f"NOT ({left})", lambda a: not fits_left(a)
        right, fits_right = self.query(depth - 1)
        if way == 4:
            return f"({left} OR {right})", lambda a: fits_left(a) or fits_right(a)
        return f"({left}{dice.choice([' ', ' AND '])}{right})", lambda a: fits_left(a) and fits_right(a)


def postern(*arguments):
    done = subprocess.run(["postern", "search", "--format", "{message-id}", *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env={**os.environ, "TZ": "UTC"}, check=False)
    if done.returncode not in (0, 1):
        print(f"{arguments}: code {done.returncode}: {done.stderr.decode()}")
        return None
    return done.stdout.decode().split()


def compare(text, fits, letters, dice):
    """One query, in one of the orders; TRUE when the answer is right."""
    by_name = {a.name: a for a in letters}
    sort, limit = dice.choice(["newest", "newest", "oldest", "relevance"]), dice.choice([0, 0, 3])
    wanted = {a.name for a in letters if fits(a)}
    found = postern("--sort", sort, "--limit", str(limit), "--", text)
    if found is None:
        return False
    dates = [by_name[name].date for name in found]
    right = len(found) == len(set(found)) == (min(limit, len(wanted)) if limit else len(wanted)) and set(found) <= wanted
    if sort != "relevance":
        ordered = sorted((by_name[name].date for name in wanted), reverse=sort == "newest")
        right = right and dates == ordered[:len(dates)]
    if not right:
        print(f"{sort} {limit}: {text}\n  missing {sorted(wanted - set(found))[:5]} of {len(wanted)},"
              f" too many {sorted(set(found) - wanted)[:5]}")
    return right


def ask(box, count, dice):
    folder = os.path.join(box, "cur")
    letters = [Letter(os.path.join(folder, name)) for name in sorted(os.listdir(folder)) if "oracle" in name]
    asker = Asker(letters, dice)
    wrong = sum(not compare(*asker.query(3), letters, dice) for _ in range(count))
    print(f"{count} queries about {len(letters)} messages, {wrong} wrong")
    return wrong == 0


def main(arguments):
    what, box, count, seed = arguments
    dice = random.Random(int(seed))
    if what == "make":
        make(box, int(count), dice)
        return True
    return ask(box, int(count), dice)


if __name__ == "__main__":
    sys.exit(not main(sys.argv[1:]))
