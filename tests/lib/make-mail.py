#!/usr/bin/env python3
"""make-mail: writes believable company mail, the same for the same arguments.

  make-mail.py --maildir DIR [--folder NAME]… [--count N]   N messages over the folders of a Maildir++
  make-mail.py --files DIR [--count N]                      the same as single files
  make-mail.py --demo --maildir DIR                         the few dozen messages of ./demo
  make-mail.py --odd --maildir DIR                          one message for each oddity (--nul adds NUL bytes)
  make-mail.py --size BYTES --maildir DIR                   one huge message with an attachment

--needles FILE receives the rare words, one a line, each with where it stands: "subject" (of one
thread), "body" or "name" (of an attachment) of one message, or "inside" an attachment. --until SECONDS is the date of the newest message.
--vocabulary N adds, to each ordinary message, some hundred words out of N invented ones, of which a few are common and
most are rare, as in a real archive. Without it all messages together have a few hundred words.
"""

import argparse
import base64
import email.message
import email.policy
import email.utils
import itertools
import os
import random

STAFF = [
    ("John Smith", "jsmith@corp.example"), ("Mary Jones", "mary.jones@corp.example"),
    ("Jürgen Groß", "j.gross@corp.example"), ("Анна Кузнецова", "a.kuznetsova@corp.example"),
    ("佐藤 健", "k.sato@corp.example"), ("王小明", "x.wang@corp.example"),
    ("ليلى حداد", "l.haddad@corp.example"), ("נועה לוי", "n.levi@corp.example"),
    ("François Lefèvre", "f.lefevre@corp.example"), ("Payroll", "payroll@hr.corp.example"),
    ("Build Robot", "ci@corp.example"), ("Ólafur Þórsson", "olafur@corp.example"),
]
ME = STAFF[0]

# language: subjects, sentences
TEXTS = {
    "en": (["Quarterly figures", "Invoice for the March delivery", "Minutes of the steering meeting",
            "Re-cabling of the second floor", "Visit of the auditors on Thursday"],
           ["Please find the figures for the last quarter below.",
            "The supplier confirmed the delivery for calendar week 14, two pallets short.",
            "We agreed to move the review to Thursday, ten o'clock, in the small room.",
            "The auditors would like to see the access lists of both data centres.",
            "Could you look over the draft before it goes to the customer?",
            "The licence runs out at the end of the month; the renewal costs 12,400 euros.",
            "I shall be on the train until noon and read mail only now and then."]),
    "de": (["Rückfrage zur Abrechnung für März", "Gebäudeschließung über die Feiertage",
            "Änderung der Lieferbedingungen", "Größe des Besprechungsraums"],
           ["Anbei die überarbeitete Fassung mit den Änderungen von gestern.",
            "Für die Prüfung benötigen wir die Belege bis spätestens Freitag.",
            "Der Schließdienst übernimmt die Türen an der Straßenseite.",
            "Könntest du bitte die Zahlen für Österreich noch einmal gegenlesen?",
            "Die Maßnahme wird um eine Woche verschoben."]),
    "fr": (["Compte rendu de la réunion", "Congés d'été : dates à confirmer"],
           ["Vous trouverez ci-joint le compte rendu de la réunion d'hier.",
            "Merci de confirmer vos dates de congés avant la fin du mois.",
            "Le fournisseur a accepté les conditions à l'exception du délai."]),
    "ru": (["Отчёт за первый квартал", "Договор с поставщиком: замечания юриста"],
           ["Высылаю отчёт за первый квартал, таблица во вложении.",
            "Юрист просит изменить пятый пункт договора до подписания.",
            "Встреча переносится на четверг, на десять часов утра."]),
    "ja": (["四半期の報告書について", "会議室の予約変更のお知らせ"],
           ["四半期の報告書を添付いたしますので、ご確認ください。",
            "来週の打ち合わせは木曜日の午前十時からに変更になりました。",
            "請求書の金額に誤りがありましたので、再送いたします。"]),
    "zh": (["关于三月份发票的说明", "服务器机房检查安排"],
           ["附件是三月份的发票，请核对金额后签字。",
            "机房检查改到星期四上午十点进行。",
            "供应商已经确认了交货日期。"]),
    "ar": (["تقرير الربع الأول", "موعد الاجتماع القادم"],
           ["تجدون في المرفق تقرير الربع الأول للمراجعة.",
            "تم تأجيل الاجتماع إلى يوم الخميس الساعة العاشرة صباحا."]),
    "he": (["דוח רבעוני", "שינוי מועד הפגישה"],
           ["מצורף הדוח הרבעוני לעיונכם.", "הפגישה נדחתה ליום חמישי בשעה עשר."]),
}
CHARSETS = {"en": ["us-ascii", "utf-8"], "de": ["iso-8859-1", "utf-8"], "fr": ["iso-8859-15", "utf-8"],
            "ru": ["koi8-r", "windows-1251", "utf-8"], "ja": ["iso-2022-jp", "utf-8"],
            "zh": ["gb18030", "utf-8"], "ar": ["utf-8"], "he": ["iso-8859-8", "utf-8"]}
FILES = ["figures.csv", "Angebot Größe XL.txt", "отчёт.csv", "報告書.txt", "minutes.txt", "plan.bin"]


class Writer:
    """Knows the random numbers, the clock and the needles."""

    def __init__(self, seed, until):
        self.random = random.Random(seed)
        random.seed(seed)  # the email package draws its boundaries there
        self.until = until
        self.needles = []
        self.number = 0
        self.vocabulary = []

    def invent(self, number):
        """The vocabulary; the frequency of a word is by its rank, as Zipf found it."""
        syllables = [consonant + vowel for consonant in "bcdfghjklmnprstvwz" for vowel in ("a", "e", "i", "o", "u", "ai")]
        words = {}
        while len(words) < number:
            words["".join(self.random.choices(syllables, k=self.random.randint(1, 4)))
                  + self.random.choice(["", "n", "r", "s", "t", "m"])] = True
        self.vocabulary = list(words)
        self.frequencies = list(itertools.accumulate(1 / (rank + 2) for rank in range(number)))

    def prose(self):
        """Paragraphs out of the vocabulary: some 300 words, 4,000 at most."""
        words = self.random.choices(self.vocabulary, cum_weights=self.frequencies,
                                    k=min(4000, int(self.random.lognormvariate(5.4, 0.8))))
        return ["> " * (self.random.random() < 0.3) + " ".join(words[start:start + 12])
                for start in range(0, len(words), 12)]

    def needle(self, place):
        word = "".join(self.random.choice("bcdfghjklmnpqrstvwxz") + self.random.choice("aeiou") for _ in range(6))
        self.needles.append("%s %s" % (word, place))
        return word

    def head(self, sender, recipients, subject, when, reference=None):
        self.number += 1
        message = email.message.EmailMessage()
        message["From"] = email.utils.formataddr(sender)
        message["To"] = ", ".join(email.utils.formataddr(person) for person in recipients)
        message["Subject"] = subject
        message["Date"] = email.utils.formatdate(when)
        message["Message-ID"] = "<%d.%08x@mail.corp.example>" % (self.number, self.random.getrandbits(32))
        if reference is not None:
            message["In-Reply-To"] = reference["Message-ID"]
            message["References"] = " ".join(filter(None, [reference["References"], reference["Message-ID"]]))
        return message

    def paragraphs(self, language):
        sentences = TEXTS[language][1]
        return [" ".join(self.random.choice(sentences) for _ in range(self.random.randint(1, 4)))
                for _ in range(self.random.randint(1, 9))]

    def ordinary(self, when, reference=None):
        """One message of everyday: a language, a shape, now and then an attachment."""
        language = self.random.choice(["en"] * 6 + ["de"] * 3 + list(TEXTS))
        sender = self.random.choice(STAFF[1:])
        recipients = [ME] + self.random.sample(STAFF[1:], self.random.choice([0, 0, 0, 1, 2, 8]))
        if reference is None:
            subject = self.random.choice(TEXTS[language][0]) + " " + self.needle("subject")
        else:
            subject = "Re: " + str(reference["Subject"]).removeprefix("Re: ")
        message = self.head(sender, recipients, subject, when, reference)
        paragraphs = self.paragraphs(language) + [self.needle("body")]
        if self.vocabulary:
            paragraphs.append("\n".join(self.prose()))
        charset = self.random.choice(CHARSETS[language])
        try:
            "".join(paragraphs).encode(charset)
        except UnicodeEncodeError:
            charset = "utf-8"
        message.set_content("\n\n".join(paragraphs) + "\n-- \n" + sender[0].encode(charset, "replace").decode(charset)
                            + "\n", charset=charset)
        shape = self.random.random()
        if shape < 0.15:
            message.add_alternative("<html><body>" + "".join("<p>%s</p>" % part for part in paragraphs)
                                    + "</body></html>\n", subtype="html")
        elif shape < 0.25:
            self.attach(message, self.random.choice(FILES), self.random.choice([300, 3000, 40000, 150000]))
        return message

    def attach(self, message, name, size):
        stem, _, ending = name.rpartition(".")
        name = "%s-%s.%s" % (stem, self.needle("name"), ending)
        if ending == "bin":
            message.add_attachment(self.random.randbytes(size), maintype="application", subtype="octet-stream",
                                   filename=name)
        else:
            rows = "item;pieces;price\n" + self.needle("inside") + ";1;1\n"
            while len(rows) < size:
                rows += "%d;%d;%.2f\n" % (self.random.randrange(9999), self.random.randrange(99), self.random.random())
            message.add_attachment(rows, subtype="csv" if ending == "csv" else "plain", filename=name)

    def series(self, count):
        """COUNT ordinary messages, oldest first, a fifth of them answers to an earlier one."""
        earlier = []
        for index in range(count):
            when = self.until - (count - index) * 5400
            reference = self.random.choice(earlier[-30:]) if earlier and self.random.random() < 0.2 else None
            message = self.ordinary(when, reference)
            earlier.append(message)
            yield when, wire(message)


def wire(message):
    return message.as_bytes(policy=email.policy.default.clone(max_line_length=78))


def huge(writer, size):
    """One message of about SIZE bytes, written without holding it: yields pieces."""
    message = writer.head(STAFF[1], [ME], "Backup of the drawings " + writer.needle("subject"), writer.until)
    message.set_content("The drawings are attached.\n")
    message.add_attachment(b"x", maintype="application", subtype="octet-stream", filename="drawings.tar")
    before, _, after = wire(message).partition(base64.encodebytes(b"x"))
    yield before
    line = 57 * 1024
    for _ in range(size // (line * 4 // 3 + 1024)):
        yield base64.encodebytes(writer.random.randbytes(line))
    yield after


def odd(writer, nul):
    """Hostile or clumsy messages as bytes, each with a name in its subject."""
    def plain(name, body, head=b""):
        return (b"From: a.kuznetsova@corp.example\nTo: jsmith@corp.example\nSubject: odd " + name.encode()
                + b"\nDate: Mon, 04 Mar 2024 10:00:00 +0000\nMessage-ID: <odd-" + name.encode()
                + b"@corp.example>\n" + head + b"\n" + body)
    yield plain("no-final-newline", b"last line without end")
    yield plain("empty-body", b"")
    yield plain("only-newlines", b"\n" * 50)
    yield plain("bare-cr", b"one\rtwo\r\rthree\n")
    yield plain("dots", b".\n..\n.hidden\n\n.\n...\nFrom the desk\n>From quoted\n")
    yield plain("eight-bit", "Grüße ohne Angabe des Zeichensatzes\n".encode("latin-1"))
    yield plain("long-line", b"x" * 70000 + b"\n")
    yield plain("long-header", b"body\n", b"X-Long: " + b"y" * 20000 + b"\n")
    yield plain("many-headers", b"body\n", b"".join(b"X-%d: %d\n" % (i, i) for i in range(2000)))
    yield plain("folded", b"body\n", b"X-Folded:" + b"\n " + b"\n\t".join(b"word%d" % i for i in range(500)) + b"\n")
    yield plain("raw-utf8-header", b"body\n", "X-Raw: Grüße 王小明\n".encode())
    yield plain("escapes", b"\x1b[2J\x1b]0;owned\x07 \x9b31m\x7f\x08\n", b"X-Escape: \x1b]52;c;aGk=\x07\n")
    yield plain("encoded-escapes", b"body\n", b"Comments: =?utf-8?q?=1b=5b2J?= =?utf-8?b?G11vd25lZA==?=\n")
    yield plain("bidi", "‮gpj.exe‬ ⁦ and more\n".encode(), b"Content-Type: text/plain; charset=utf-8\n")
    yield plain("folded-words", b"body\n",
                "X-Words: =?UTF-8?B?0J7RgtGH0ZHRgg==?=\n =?UTF-8?B?IDE=?=\n".encode())
    yield plain("unknown-charset", b"text\xff\xfe\n", b"Content-Type: text/plain; charset=x-nobody\n")
    yield plain("utf7", b"+ADw-script+AD4-\n", b"Content-Type: text/plain; charset=utf-7\n")
    mixed = b"Content-Type: multipart/mixed; boundary=b\n"
    yield plain("open-multipart", b"--b\n\nfirst\n--b\n\nsecond without end\n", mixed)
    yield plain("no-boundary", b"--b\n\ntext\n--b--\n", b"Content-Type: multipart/mixed\n")
    yield plain("prefix-boundary", b"--b\nContent-Type: multipart/mixed; boundary=bb\n\n--bb\n\nin\n--bb--\n--b--\n", mixed)
    yield plain("broken-base64", b"SGVsbG8*=\n=====\nd29ybGQ=\n", b"Content-Transfer-Encoding: base64\n")
    yield plain("escaping-name", b"--b\nContent-Disposition: attachment; filename=\"../../.ssh/authorized_keys\"\n\nkey\n--b--\n", mixed)
    deep = b"deep\n"
    for level in range(200):
        deep = (b"Content-Type: multipart/mixed; boundary=n%d\n\n--n%d\n" % (level, level)
                + (b"\n" if level == 0 else b"") + deep + b"--n%d--\n" % level)
    kind, _, body = deep.partition(b"\n\n")
    yield plain("deep", body, kind + b"\n")
    yield plain("many-parts", b"".join(b"--b\n\npart %d\n" % i for i in range(3000)) + b"--b--\n", mixed)
    yield b"Subject: odd no-separator\nFrom: x@corp.example"
    yield b"\n\nodd body without any header\n"
    yield b"this is not a header at all\nodd\n\nbody\n"
    twin = plain("twin", b"the same identity, text A\n")
    yield twin
    yield twin.replace(b"text A", b"text B")
    if nul:
        yield plain("nul", b"before\0after\0\0\n", b"X-Nul: a\0b\n")


def demo(writer):
    """A few dozen messages: a thread about an audit, invoices, newsletters, all the languages."""
    day = 86400
    mary, robot, payroll = STAFF[1], STAFF[10], STAFF[9]
    when = writer.until - 20 * day
    first = writer.head(mary, [ME], "Budget for the new data centre", when)
    first.set_content("John,\n\nthe board wants three variants by Thursday. My first numbers:\n\n"
                      "  small   180,000\n  medium  260,000\n  large   410,000\n\nWhat do you think?\n\nMary\n")
    yield when, wire(first)
    last = first
    for index, (person, text) in enumerate([
            (STAFF[2], "Die mittlere Variante reicht, wenn wir die alten Schränke behalten.\n\nJürgen\n"),
            (mary, "Then medium it is. Can we have the cooling offer in writing?\n\nMary\n"),
            (STAFF[8], "L'offre pour le refroidissement arrive demain.\n\nFrançois\n"),
            (mary, "Offer attached, two per cent below the budget.\n\nMary\n")]):
        when += day
        answer = writer.head(person, [ME, mary], "Re: Budget for the new data centre", when, last)
        answer.set_content(text)
        if index == 3:
            answer.add_attachment("item;euros\ncooling;31200\ncabinets;9800\n", subtype="csv", filename="offer.csv")
        last = answer
        yield when, wire(answer)
    for month, amount in (("January", "1,204.00"), ("February", "1,180.50"), ("March", "1,377.25")):
        when += day
        bill = writer.head(("Acme Office Supplies", "billing@acme.example"), [ME], "Invoice for %s" % month, when)
        bill.set_content("Dear Mr Smith,\n\nplease find our invoice for %s over EUR %s attached.\n" % (month, amount))
        bill.add_attachment(b"%PDF-1.4\n" + writer.random.randbytes(9000), maintype="application", subtype="pdf",
                            filename="invoice-%s.pdf" % month.lower())
        yield when, wire(bill)
    slip = writer.head(payroll, [ME], "Your payslip", when + 3600)
    slip.set_content("Your payslip is ready. Salary and deductions are in the portal.\n")
    yield when + 3600, wire(slip)
    news = writer.head(("Corp News", "news@corp.example"), [ME], "What moves us: spring edition", when + 7200)
    news["List-Id"] = "Corp News <news.corp.example>"
    news.set_content("The canteen opens again on Monday.\n")
    news.add_alternative("<html><body><h1>Spring edition</h1><p>The <b>canteen</b> opens again on Monday."
                         "<img src=\"https://tracker.evil.test/pixel.gif\"></p></body></html>\n", subtype="html")
    yield when + 7200, wire(news)
    for language in TEXTS:
        when += day // 2
        message = writer.head(STAFF[{"de": 2, "fr": 8, "ru": 3, "ja": 4, "zh": 5, "ar": 6, "he": 7}.get(language, 11)],
                              [ME], TEXTS[language][0][0], when)
        message.set_content("\n\n".join(TEXTS[language][1]) + "\n", charset=CHARSETS[language][0])
        yield when, wire(message)
    for index in range(12):
        when += 3600
        report = writer.head(robot, [ME], "Build %d %s" % (4100 + index, "failed" if index == 7 else "passed"), when)
        report.set_content("Branch main, %d tests, %.1f seconds.\n" % (900 + index, 30 + index / 3))
        yield when, wire(report)


class Maildir:
    def __init__(self, top):
        self.top = top
        self.number = 0

    def place(self, folder, when):
        """Path of the next file in FOLDER (Maildir++: INBOX is the top, others are .Name)."""
        path = self.top if folder == "INBOX" else os.path.join(self.top, "." + folder.replace("/", "."))
        for part in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(path, part), exist_ok=True)
        self.number += 1
        unique = self.number + int.from_bytes(os.urandom(4), "big") * 100000
        return os.path.join(path, "cur", "%d.M%d.corp:2," % (when, unique))


def store(path, when, pieces):
    with open(path, "wb") as file:
        for piece in pieces:
            file.write(piece)
    os.utime(path, (when, when))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--maildir")
    parser.add_argument("--files")
    parser.add_argument("--folder", action="append", default=[])
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--until", type=int, default=1709546400)
    parser.add_argument("--size", type=int)
    parser.add_argument("--odd", action="store_true")
    parser.add_argument("--nul", action="store_true")
    parser.add_argument("--demo", action="store_true")
    parser.add_argument("--needles")
    parser.add_argument("--vocabulary", type=int, default=0)
    options = parser.parse_args()
    writer = Writer(options.seed, options.until)
    if options.vocabulary:
        writer.invent(options.vocabulary)
    folders = options.folder or ["INBOX"]
    maildir = Maildir(options.maildir) if options.maildir else None
    if options.size:
        messages = [(options.until, huge(writer, options.size))]
    elif options.odd:
        messages = ((options.until + i, [raw]) for i, raw in enumerate(odd(writer, options.nul)))
    else:
        series = demo(writer) if options.demo else writer.series(options.count)
        messages = ((when, [raw]) for when, raw in series)
    if options.files:
        os.makedirs(options.files, exist_ok=True)
    for index, (when, pieces) in enumerate(messages):
        if maildir:
            path = maildir.place(folders[index % len(folders)], when)
        else:
            path = os.path.join(options.files, "%05d.eml" % index)
        store(path, when, pieces)
    if options.needles:
        with open(options.needles, "w") as file:
            file.write("".join(word + "\n" for word in writer.needles))


if __name__ == "__main__":
    main()
