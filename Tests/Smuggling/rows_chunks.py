"""Where a chunk ends: sizes, extensions, line ends, trailers, early ends."""

from row import BODY, CHUNK, CHUNKED, END, HIDDEN, POST, SIZE, cut, reads, refused

RFC_SIZE = "RFC 9112 §7.1: a size is hexadecimal digits alone; a recipient guards against overflow"
RFC_EXTENSION = "RFC 9112 §7.1.1: *( BWS ';' BWS name [ BWS '=' BWS value ] ), and no bare CR or LF in it"
RFC_END = "RFC 9112 §7.1: CR LF ends a size and follows the data; §2.2 forbids a bare CR"
RFC_TRAILER = "RFC 9112 §7.1.2: a trailer may be discarded, and is never merged into the head"


def chunks(body):
    return POST + CHUNKED + b"\r\n" + body


def sized(size):
    """One chunk with its size spelled so, and the end."""
    return chunks(size + b"\r\n" + BODY + b"\r\n" + END)


HEX = b"%x" % SIZE

SIZES = [
    reads("a chunk, then a request", chunks(CHUNK + END + HIDDEN), 2, "RFC 9112 §7.1"),
    reads("zeros in front of a size", sized(b"0000" + HEX), 1, "RFC 9112 §7.1: 1*HEXDIG"),
    reads("a size in capitals", sized(HEX.upper()), 1, "RFC 9112 §7.1: HEXDIG knows both cases"),
    reads("several zeros at the end", chunks(CHUNK + b"000\r\n\r\n" + HIDDEN), 2, "RFC 9112 §7.1: last-chunk is 1*'0'"),
    reads("byte by byte", chunks(b"".join(b"1\r\n%c\r\n" % byte for byte in BODY) + END + HIDDEN), 2, "RFC 9112 §7.1"),
    reads("no chunk but the last", chunks(END + HIDDEN), 2, "RFC 9112 §7.1"),
    refused("size beyond 64 bits", chunks(b"1%016x\r\n" % SIZE + BODY + b"\r\n" + END), RFC_SIZE, 413),
    refused("size of 64 bits", chunks(b"ffffffffffffffff\r\n" + BODY + b"\r\n" + END), RFC_SIZE, 413),
    refused("size of 32 bits", chunks(b"ffffffff\r\n" + BODY + b"\r\n" + END), RFC_SIZE, 413),
    refused("size behind many zeros", sized(b"0" * 16 + HEX), RFC_SIZE),
    refused("size behind 0x", sized(b"0x" + HEX), RFC_SIZE),
    refused("size behind a plus", sized(b"+" + HEX), RFC_SIZE),
    refused("size behind a minus", sized(b"-" + HEX), RFC_SIZE),
    refused("size behind a space", sized(b" " + HEX), RFC_SIZE),
    refused("size and a space", sized(HEX + b" "), RFC_SIZE),
    refused("size and a tab", sized(HEX + b"\t"), RFC_SIZE),
    refused("size and NUL", sized(HEX + b"\x00"), RFC_SIZE),
    refused("size and a letter", sized(HEX + b"g"), RFC_SIZE),
    refused("size with an underscore", sized(b"1_0"), RFC_SIZE),
    refused("no size", sized(b""), RFC_SIZE),
    refused("a size too small", chunks(b"5\r\n" + BODY + b"\r\n" + END), RFC_END),
    refused("a size too large", chunks(b"%x\r\n" % (SIZE + 2) + BODY + b"\r\n" + END + HIDDEN), RFC_END),
    refused("zero with a space", chunks(CHUNK + b"0 \r\n\r\n" + HIDDEN), RFC_SIZE),
]  # fmt: skip

EXTENSIONS = [
    reads("an extension", sized(HEX + b";a=b"), 1, RFC_EXTENSION),
    reads("an extension without a value", sized(HEX + b";a"), 1, RFC_EXTENSION),
    reads("a quoted extension", sized(HEX + b';a="b;c"'), 1, RFC_EXTENSION),
    reads("an extension of the last chunk", chunks(CHUNK + b"0;a=b\r\n\r\n" + HIDDEN), 2, RFC_EXTENSION),
    refused("an extension without a name", sized(HEX + b";"), RFC_EXTENSION),
    refused("an extension with a bare LF", chunks(HEX + b";a\n" + BODY + b"\r\n" + END), RFC_EXTENSION),
    refused("an extension with a bare CR", sized(HEX + b";a\rb"), RFC_EXTENSION),
    refused("a quoted bare LF", sized(HEX + b';a="\n"'), RFC_EXTENSION),
    refused("a quoted CR LF", sized(HEX + b';a="\r\n"'), RFC_EXTENSION),
    refused("an extension with NUL", sized(HEX + b";a=\x00"), RFC_EXTENSION),
    refused("a request in an extension", chunks(HEX + b";\n" + HIDDEN), RFC_EXTENSION),
    refused("a very long extension", sized(HEX + b";a=" + b"b" * 5000), "RFC 9112 §7.1.1: limit their length"),
]  # fmt: skip

ENDS = [
    refused("size ended by LF", chunks(HEX + b"\n" + BODY + b"\r\n" + END), RFC_END),
    refused("size ended by CR", chunks(HEX + b"\r" + BODY + b"\r\n" + END), RFC_END),
    refused("size ended by CR CR LF", sized(HEX + b"\r"), RFC_END),
    refused("data ended by LF", chunks(HEX + b"\r\n" + BODY + b"\n" + END), RFC_END),
    refused("data ended by nothing", chunks(HEX + b"\r\n" + BODY + END), RFC_END),
    refused("data ended by two others", chunks(HEX + b"\r\n" + BODY + b"XX" + END), RFC_END),
    refused("last chunk ended by LF", chunks(CHUNK + b"0\n\r\n" + HIDDEN), RFC_END),
    refused("end of chunks ended by LF", chunks(CHUNK + b"0\r\n\n" + HIDDEN), RFC_END),
    refused("end of chunks ended by CR", chunks(CHUNK + b"0\r\n\r" + HIDDEN), RFC_END),
    refused("a request in place of the last empty line", chunks(CHUNK + b"0\r\n" + HIDDEN),
            "RFC 9112 §7.1.2: a request line is no trailer field"),
    cut("chunks without an end", chunks(CHUNK), "RFC 9112 §8: without the last chunk it is incomplete"),
    cut("last chunk without its empty line", chunks(CHUNK + b"0\r\n"), "RFC 9112 §8: incomplete"),
    cut("a chunk that is cut", chunks(HEX + b"\r\n" + BODY[:9]), "RFC 9112 §8: incomplete"),
    cut("a size that is cut", chunks(HEX[:1]), "RFC 9112 §8: incomplete"),
]  # fmt: skip

TRAILERS = [
    reads("a trailer", chunks(CHUNK + b"0\r\nX-A: b\r\n\r\n" + HIDDEN), 2, RFC_TRAILER),
    reads("a length in the trailer", chunks(CHUNK + b"0\r\nContent-Length: %d\r\n\r\n" % len(HIDDEN) + HIDDEN), 2,
          RFC_TRAILER),
    reads("a coding in the trailer", chunks(CHUNK + b"0\r\nTransfer-Encoding: chunked\r\n\r\n" + HIDDEN), 2,
          RFC_TRAILER),
    reads("a host in the trailer", chunks(CHUNK + b"0\r\nHost: elsewhere\r\n\r\n" + HIDDEN), 2, RFC_TRAILER),
    reads("close in the trailer", chunks(CHUNK + b"0\r\nConnection: close\r\n\r\n" + HIDDEN), 2, RFC_TRAILER),
    refused("a folded trailer", chunks(CHUNK + b"0\r\nX-A: b\r\n c\r\n\r\n"), RFC_TRAILER),
    refused("a trailer that begins with a space", chunks(CHUNK + b"0\r\n X-A: b\r\n\r\n"), RFC_TRAILER),
    refused("a trailer with a bare LF", chunks(CHUNK + b"0\r\nX-A: b\nX-C: d\r\n\r\n"), RFC_TRAILER),
    refused("a trailer with NUL", chunks(CHUNK + b"0\r\nX-A: \x00\r\n\r\n"), RFC_TRAILER),
    refused("a trailer with a space in front of the colon", chunks(CHUNK + b"0\r\nX-A : b\r\n\r\n"), RFC_TRAILER),
    refused("a very long trailer", chunks(CHUNK + b"0\r\nX-A: " + b"b" * 9000 + b"\r\n\r\n"),
            "RFC 6585 §5: too large", 431),
]  # fmt: skip

ROWS = SIZES + EXTENSIONS + ENDS + TRAILERS
