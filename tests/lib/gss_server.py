"""The server's side of Kerberos for hostile_imap.py: libgssapi by ctypes, with the key of $KRB5_KTNAME."""

import ctypes

NONE, INTEGRITY, PRIVACY = 1, 2, 4


class Buffer(ctypes.Structure):
    _fields_ = [("length", ctypes.c_size_t), ("value", ctypes.c_void_p)]

    @classmethod
    def of(cls, data):
        made = cls(len(data), ctypes.cast(ctypes.create_string_buffer(data, len(data)), ctypes.c_void_p))
        made.kept = data
        return made

    def bytes(self):
        return ctypes.string_at(self.value, self.length) if self.value else b""


class Acceptor:
    """One login; each method fails with RuntimeError."""

    def __init__(self):
        self.library = ctypes.CDLL("libgssapi_krb5.so.2")
        self.context = ctypes.c_void_p()
        self.minor = ctypes.c_uint32()

    def check(self, what, major):
        if major & 0xFFFF0000:
            raise RuntimeError("%s: %x, %x" % (what, major, self.minor.value))

    def accept(self, token):
        """The proof of the server's key."""
        out = Buffer()
        self.check("accept", self.library.gss_accept_sec_context(
            ctypes.byref(self.minor), ctypes.byref(self.context), None, ctypes.byref(Buffer.of(token)),
            None, None, None, ctypes.byref(out), None, None, None))
        return out.bytes()

    def offer(self, layers, size=0):
        return self.wrap(bytes([layers]) + size.to_bytes(3, "big"))

    def wrap(self, data):
        out = Buffer()
        self.check("wrap", self.library.gss_wrap(
            ctypes.byref(self.minor), self.context, 0, 0, ctypes.byref(Buffer.of(data)), None, ctypes.byref(out)))
        return out.bytes()

    def unwrap(self, token):
        out = Buffer()
        self.check("unwrap", self.library.gss_unwrap(
            ctypes.byref(self.minor), self.context, ctypes.byref(Buffer.of(token)), ctypes.byref(out), None, None))
        return out.bytes()
