"""Content comes out as it went in, byte for byte where the transport allows it, on each transport."""

import json
import re

import pytest

CONTENTS = {
    "quotes": r'"say \"hi\" \\ and / or \/ \b\f\n\r\t"',
    "emoji": '"👩‍👩‍👧‍👦 😀 日本 é"',
    "emoji as escapes": r'"\ud83d\ude00"',
    "lone high surrogate": r'"\ud800"',
    "lone low surrogate": r'"a\udfffb"',
    "swapped surrogates": r'"\ude00\ud83d"',
    "line separators": '"\u2028 and \u2029"',
    "line separators as escapes": r'"\u2028 and \u2029"',
    "nul as an escape": r'"\u0000\u001f"',
    "script": '"</script><script>alert(1)</script><!-- <SCRIPT> ]]> -->"',
    "script as a key": '{"</script>":"&lt;","<!--":["<",">","&"]}',
    "event stream look-alike": r'"data: x\n\nevent: bye\ndata: {}\r\n\r\n"',
    "numbers": "[0,-0,1.0,1e5,1E+400,-1.5e-7,12345678901234567890123,0.1000000000000000055511151231257827]",
    "words": "[true,false,null]",
    "null": "null",
    "empty": '{"":"","a":{},"b":[]}',
    "keys in order and twice": '{"b":1,"a":2,"b":3}',
    "text of 60 KB": '"' + "0123456789äöü" * 3_750 + '"',
    "128 levels": "[" * 128 + "]" * 128,
    "128 levels of objects": '{"a":' * 128 + "1" + "}" * 128,
}


def send_raw(broker, recipient, content):
    body = f'{{"recipient":{json.dumps(recipient)},"content":{content}}}'.encode()
    return broker.request("POST", "/v1/send", [("Content-Type", "application/json")], body)


def content_of(text):
    """The content in the text of a message object: the bytes between its neighbours."""
    end = r',"sentAt":"[^"]*"(,"attempt":\d+)?(,"cursor":"[^"]*")?\}'
    return re.search(r'"content":(.*)' + end, text, re.DOTALL).group(1)


def parsed(text):
    """The value of a JSON text, with the members of objects in order and numbers as they were written."""
    return json.loads(text, object_pairs_hook=list, parse_float=str, parse_int=str)


def by_poll(broker, inbox):
    return content_of(broker.get("/v1/poll", recipient=inbox, cursor=0).body.decode())


def by_lease(broker, inbox):
    return content_of(broker.get("/v1/poll", recipient=inbox, lease=5).body.decode())


def by_sse(broker, inbox):
    with broker.connect() as connection:
        return content_of(broker.stream(inbox, connection=connection, cursor=0).event().raw)


def by_ndjson(broker, inbox):
    with broker.connect() as connection:
        return content_of(broker.stream(inbox, connection=connection, cursor=0, **{"as": "ndjson"}).line())


READERS = [by_poll, by_lease, by_sse, by_ndjson]


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS.keys())
def test_content_is_kept_as_it_came(broker, inbox, content, reader):
    assert send_raw(broker, inbox, content).status == 201
    assert reader(broker, inbox) == content


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS.keys())
def test_content_comes_through_a_script_unharmed_and_harmless(broker, inbox, content):
    assert send_raw(broker, inbox, content).status == 201
    with broker.connect() as connection:
        script = broker.stream(inbox, connection=connection, cursor=0, **{"as": "iframe"}).script()
    assert not re.search("[<>&\u2028\u2029]", script)
    argument = re.fullmatch(r"parent\.comet\((.*)\);?", script, re.DOTALL).group(1)
    assert parsed(content_of(argument)) == parsed(content)


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS.keys())
def test_content_wakes_a_parked_poll_unharmed(broker, inbox, content):
    with broker.park(inbox) as reader:
        assert send_raw(broker, inbox, content).status == 201
        assert content_of(reader.answer().body.decode()) == content


@pytest.mark.parametrize("reader", READERS)
def test_names_are_escaped_where_they_must_be(broker, inbox, reader):
    names = {"recipient": inbox + ' "q" \\ </script> 😀', "sender": "s\"\\'&<", "type": "t/</script>\u2028"}
    assert broker.post("/v1/send", content=1, **names).status == 201
    assert reader(broker, names["recipient"]) == "1"
    message = broker.poll(names["recipient"], cursor=0)["messages"][0]
    assert {name: message[name] for name in names} == names
    with broker.connect() as connection:
        script = broker.stream(names["recipient"], connection=connection, cursor=0, **{"as": "iframe"}).script()
    assert not re.search("[<>&\u2028\u2029]", script)
    message = json.loads(script[len("parent.comet(") : script.rindex(")")])
    assert {name: message[name] for name in names} == names


def test_insignificant_white_space_is_left_out(broker, inbox):
    assert send_raw(broker, inbox, ' { "a b" : [ 1 ,\r\n\t2 ] , "c" : " d " } ').status == 201
    assert by_poll(broker, inbox) == '{"a b":[1,2],"c":" d "}'


@pytest.mark.parametrize("content", ["[" * 129 + "]" * 129, '{"a":' * 129 + "1" + "}" * 129, "[" * 100_000])
def test_deeper_than_128_levels_is_refused(broker, inbox, content):
    answer = send_raw(broker, inbox, content)
    assert answer.status == 400 and answer.json["code"] == "invalid_request"


def test_a_form_carries_any_text(broker, inbox):
    text = '\x00\x01\t\r\n"\\</script>\u2028😀 +%&=;'
    assert broker.post_form("/v1/send", recipient=inbox, content=text).status == 201
    assert broker.contents(inbox, cursor=0) == [text]
    with broker.connect() as connection:
        assert broker.stream(inbox, connection=connection, cursor=0).event().data["content"] == text


def test_a_full_size_text_comes_through_in_pieces(broker, inbox):
    text = "x" * (65_536 - 2)
    with broker.connect(receive_buffer_bytes=4096) as connection:
        stream = broker.stream(inbox, connection=connection)
        for _ in range(10):
            assert broker.send(inbox, text)
            assert stream.event().data["content"] == text
