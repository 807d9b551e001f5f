"""Which bytes are a body: lengths and codings that contradict, repeat, hide or disguise each other."""

from row import BODY, CHUNK, CHUNKED, END, GET, HIDDEN, LENGTH, POST, SIZE, cut, reads, refused

RFC_BOTH = "RFC 9112 §6.3 item 3: both may be an attempt to smuggle, and ought to be handled as an error"
RFC_CODING = "RFC 9112 §6.1: chunked once, last and alone; a coding that is not understood is 501"
RFC_LENGTH = "RFC 9110 §8.6: a length is digits, once; RFC 9112 §6.3 item 5: an invalid one is unrecoverable"
RFC_NAME = "RFC 9112 §5.1: no white space between a field's name and its colon"
RFC_FOLD = "RFC 9112 §5.2: a server refuses obs-fold with 400 or replaces it; refused here"
RFC_VALUE = "RFC 9110 §5.5: CR, LF and NUL in a value are dangerous; controls are refused"


def length(text):
    return POST + b"Content-Length:" + text + b"\r\n\r\n" + BODY


def coding(text, body=CHUNK + END):
    return POST + b"Transfer-Encoding:" + text + b"\r\n\r\n" + body


WHOLE = CHUNK + END + HIDDEN

BOTH = [
    refused("CL.TE", POST + b"Content-Length: %d\r\n" % len(WHOLE) + CHUNKED + b"\r\n" + WHOLE, RFC_BOTH),
    refused("TE.CL", POST + CHUNKED + b"Content-Length: 4\r\n\r\n" + b"%x\r\n" % len(HIDDEN) + HIDDEN + END, RFC_BOTH),
    refused("CL.0 with TE", POST + b"Content-Length: 0\r\n" + CHUNKED + b"\r\n" + END + HIDDEN, RFC_BOTH),
    refused("CL and TE agree", POST + b"Content-Length: %d\r\n" % len(CHUNK + END) + CHUNKED + b"\r\n" + CHUNK + END,
            RFC_BOTH),
    refused("CL and TE on GET", GET + b"Content-Length: 5\r\n" + CHUNKED + b"\r\n" + END + HIDDEN, RFC_BOTH),
    refused("CL and an unknown TE", POST + LENGTH + b"Transfer-Encoding: xchunked\r\n\r\n" + BODY, RFC_BOTH),
    refused("CL and an empty TE", POST + LENGTH + b"Transfer-Encoding:\r\n\r\n" + BODY, RFC_BOTH),
    refused("TE in HTTP/1.0", POST.replace(b"1.1", b"1.0") + CHUNKED + b"\r\n" + CHUNK + END,
            "RFC 9112 §6.1: TE in a message of HTTP/1.0 is faulty framing"),
    refused("TE and CL in HTTP/1.0", POST.replace(b"1.1", b"1.0") + CHUNKED + LENGTH + b"\r\n" + CHUNK + END, RFC_BOTH),
]  # fmt: skip

CODINGS = [
    reads("TE in capitals", coding(b" CHUNKED"), 1, "RFC 9110 §5.6: coding names are case-insensitive"),
    reads("TE behind a tab", coding(b"\tchunked"), 1, "RFC 9110 §5.6.3: OWS may be a tab", nginx=0),
    reads("TE without a space", coding(b"chunked"), 1, "RFC 9110 §5.5: OWS is optional"),
    reads("TE with spaces around", coding(b"   chunked  "), 1, "RFC 9110 §5.5: OWS is no part of the value"),
    refused("xchunked", coding(b" xchunked"), RFC_CODING, 501),
    refused("identity", coding(b" identity", BODY), RFC_CODING, 501),
    refused("identity, chunked", coding(b" identity, chunked"), RFC_CODING, 501),
    refused("gzip, chunked", coding(b" gzip, chunked"), RFC_CODING, 501),
    refused("chunked, identity", coding(b" chunked, identity"), RFC_CODING),
    refused("chunked, chunked", coding(b" chunked, chunked"), RFC_CODING),
    refused("two TE, chunked twice", coding(b" chunked\r\nTransfer-Encoding: chunked"), RFC_CODING),
    refused("two TE, identity behind", coding(b" chunked\r\nTransfer-Encoding: identity"), RFC_CODING),
    refused("two TE, identity in front", coding(b" identity\r\nTransfer-Encoding: chunked"), RFC_CODING, 501),
    refused("quoted chunked", coding(b' "chunked"'), RFC_CODING),
    refused("chunked with a parameter", coding(b" chunked;q=1"), RFC_CODING),
    refused("comma in front of chunked", coding(b" , chunked"), RFC_CODING),
    refused("comma behind chunked", coding(b" chunked,"), RFC_CODING),
    refused("empty TE", coding(b""), RFC_CODING),
    refused("TE behind a vertical tab", coding(b"\x0bchunked"), RFC_VALUE),
    refused("TE and a vertical tab", coding(b" chunked\x0b"), RFC_VALUE),
    refused("TE behind NUL", coding(b" \x00chunked"), RFC_VALUE),
    refused("TE behind a no-break space", coding(b" \xa0chunked"), RFC_CODING),
    refused("TE folded", coding(b"\r\n chunked"), RFC_FOLD),
    refused("TE with a space in front of the colon", POST + b"Transfer-Encoding : chunked\r\n\r\n" + CHUNK + END,
            RFC_NAME),
    refused("TE with a tab in front of the colon", POST + b"Transfer-Encoding\t: chunked\r\n\r\n" + CHUNK + END,
            RFC_NAME),
    refused("TE behind a space, as a fold", POST + b" Transfer-Encoding: chunked\r\n\r\n" + CHUNK + END, RFC_FOLD),
    refused("TE folded into another field", POST + LENGTH + b"X-A: b\r\n\tTransfer-Encoding: chunked\r\n\r\n" + BODY,
            RFC_FOLD),
    refused("TE behind a bare LF", POST + LENGTH + b"X-A: b\nTransfer-Encoding: chunked\r\n\r\n" + BODY, RFC_VALUE),
    refused("TE behind a bare CR", POST + LENGTH + b"X-A: b\rTransfer-Encoding: chunked\r\n\r\n" + BODY, RFC_VALUE),
    refused("NUL in the name", POST + LENGTH + b"Transfer-Enc\x00oding: chunked\r\n\r\n" + BODY, RFC_VALUE),
    refused("a high byte in the name", POST + LENGTH + b"Transfer-Encoding\xff: chunked\r\n\r\n" + BODY,
            "RFC 9110 §5.1: a field name is a token"),
    reads("TE with an underscore", POST + LENGTH + b"Transfer_Encoding: chunked\r\n\r\n" + BODY + HIDDEN, 2,
          "RFC 9110 §5.1: another name, so an unknown field"),
    reads("Content-Encoding is not TE", POST + LENGTH + b"Content-Encoding: chunked\r\n\r\n" + BODY + HIDDEN, 2,
          "RFC 9110 §8.4: says nothing of where a body ends"),
    reads("the field TE is not Transfer-Encoding", POST + LENGTH + b"TE: chunked\r\n\r\n" + BODY + HIDDEN, 2,
          "RFC 9110 §10.1.4: what the client takes in answers"),
    reads("Connection names Transfer-Encoding", POST + CHUNKED + b"Connection: transfer-encoding\r\n\r\n" + CHUNK + END
          + HIDDEN, 2, "RFC 9110 §7.6.1: framing does not depend on what Connection lists"),
]  # fmt: skip

LENGTHS = [
    reads("length behind zeros", length(b" 0000%d" % SIZE) + HIDDEN, 2, "RFC 9110 §8.6: 1*DIGIT allows zeros in front"),
    reads("length between blanks", length(b"  %d  " % SIZE) + HIDDEN, 2, "RFC 9110 §5.5: OWS is no part of the value"),
    reads("Connection names Content-Length", length(b" %d\r\nConnection: content-length" % SIZE) + HIDDEN, 2,
          "RFC 9110 §7.6.1: framing does not depend on what Connection lists"),
    reads("no length", POST + b"\r\n" + HIDDEN, 2, "RFC 9112 §6.3 item 7: a request without either has no body"),
    reads("GET with a body", GET + b"Content-Length: %d\r\n\r\n" % len(HIDDEN) + HIDDEN, 1,
          "RFC 9110 §9.3.1: content of GET has no meaning, but framing counts"),
    reads("GET with chunks", GET + CHUNKED + b"\r\n%x\r\n" % len(HIDDEN) + HIDDEN + b"\r\n" + END, 1,
          "RFC 9112 §6: framing is independent of the method"),
    reads("DELETE with a body", GET.replace(b"GET", b"DELETE") + b"Content-Length: %d\r\n\r\n"
          % len(HIDDEN) + HIDDEN, 1, "RFC 9110 §9.3.5: content of DELETE has no meaning, but framing counts"),
    reads("length 0, then a request", GET + b"Content-Length: 0\r\n\r\n" + HIDDEN, 2, "RFC 9112 §6.2"),
    reads("length with an underscore", POST + b"Content_Length: 5\r\n" + LENGTH + b"\r\n" + BODY + HIDDEN, 2,
          "RFC 9110 §5.1: another name, so an unknown field"),
    refused("two lengths, small in front", length(b" 0\r\n" + LENGTH.strip()), RFC_LENGTH),
    refused("two lengths, small behind", length(b" %d\r\nContent-Length: 0" % SIZE), RFC_LENGTH),
    refused("two equal lengths", length(b" %d\r\ncontent-length: %d" % (SIZE, SIZE)), RFC_LENGTH),
    refused("a list of lengths", length(b" %d, %d" % (SIZE, SIZE)), RFC_LENGTH),
    refused("a list of two lengths", length(b" 0, %d" % SIZE), RFC_LENGTH),
    refused("length behind a plus", length(b" +%d" % SIZE), RFC_LENGTH),
    refused("length behind a minus", length(b" -%d" % SIZE), RFC_LENGTH),
    refused("minus nothing", length(b" -0"), RFC_LENGTH),
    refused("length in hexadecimal", length(b" 0x%x" % SIZE), RFC_LENGTH),
    refused("length with a letter", length(b" %dA" % SIZE), RFC_LENGTH),
    refused("length with a fraction", length(b" %d.0" % SIZE), RFC_LENGTH),
    refused("length with an exponent", length(b" 3e1"), RFC_LENGTH),
    refused("length with a space inside", length(b" 3 %d" % SIZE), RFC_LENGTH),
    refused("length with an underscore inside", length(b" 3_1"), RFC_LENGTH),
    refused("length and a comma", length(b" %d," % SIZE), RFC_LENGTH),
    refused("length and a semicolon", length(b" %d;" % SIZE), RFC_LENGTH),
    refused("length in quotes", length(b' "%d"' % SIZE), RFC_LENGTH),
    refused("length in other digits", length(" ３１".encode()), RFC_LENGTH),
    refused("empty length", length(b""), RFC_LENGTH),
    refused("length and NUL", length(b" %d\x00" % SIZE), RFC_VALUE),
    refused("length behind a form feed", length(b" \x0c%d" % SIZE), RFC_VALUE),
    refused("length beyond 64 bits", length(b" %d" % (2**64 + SIZE)), RFC_LENGTH),
    refused("length beyond 63 bits", length(b" %d" % (2**63 + SIZE)), RFC_LENGTH),
    refused("length beyond 32 bits", length(b" %d" % (2**32 + SIZE)), "RFC 9110 §15.5.14: too large", 413),
    refused("length folded", length(b"\r\n %d" % SIZE), RFC_FOLD),
    refused("length with a space in front of the colon", POST + b"Content-Length : 0\r\n\r\n" + HIDDEN, RFC_NAME),
    refused("a space inside the name", POST + b"Content Length: 0\r\n\r\n" + HIDDEN, RFC_NAME),
    cut("length of more than comes", POST + b"Content-Length: 100\r\n\r\n" + BODY, "RFC 9112 §8: incomplete"),
    cut("length and no body", POST + LENGTH + b"\r\n", "RFC 9112 §8: incomplete"),
]  # fmt: skip

ROWS = BOTH + CODINGS + LENGTHS
