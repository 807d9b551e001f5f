"""The commands of brokerctl against the real server, as an operator or a script runs them."""

import json
import os
import pty
import re
import resource
import select
import shutil
import signal
import socket
import subprocess
import termios
import threading
import time

import pytest
from conftest import BROKERCTL
from httpclient import PATIENCE_SECONDS, eventually


def environment(url=None, **more):
    plain = {name: value for name, value in os.environ.items() if not name.startswith("BROKER_")}
    return {**plain, "TZ": "UTC", **({"BROKER_URL": url} if url else {}), **more}


def url_of(broker):
    return f"http://127.0.0.1:{broker.port}"


class Ended:
    """How a command ended, and what it wrote."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def json(self):
        return [json.loads(line) for line in self.out.splitlines()]

    def __repr__(self):
        return f"code {self.code}\nout {self.out}\nerr {self.err}"


def run(*words, url=None, stdin=b"", **more):
    """Runs a command to its end."""
    ended = subprocess.run(
        [BROKERCTL, *words],
        env=environment(url, **more),
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=PATIENCE_SECONDS * 3,
    )
    return Ended(ended.returncode, ended.stdout.decode(), ended.stderr.decode())


@pytest.fixture
def ctl(broker):
    """Runs a command against the shared server."""
    return lambda *words, **more: run(*words, url=url_of(broker), **more)


class Running:
    """A command that goes on, whose lines are read as they come."""

    def __init__(self, *words, url=None, **more):
        self.process = subprocess.Popen(
            [BROKERCTL, *words],
            env=environment(url, **more),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.out, self.err = [], []
        self.threads = [
            threading.Thread(target=self.collect, args=(self.process.stdout, self.out), daemon=True),
            threading.Thread(target=self.collect, args=(self.process.stderr, self.err), daemon=True),
        ]
        for thread in self.threads:
            thread.start()

    @staticmethod
    def collect(stream, lines):
        for line in stream:
            lines.append(line.decode().rstrip("\n"))

    def until_out(self, count):
        eventually(lambda: len(self.out) >= count)
        return self.out

    def until_err(self, part):
        eventually(lambda: any(part in line for line in self.err))

    def end(self, number=signal.SIGINT):
        """Sends a signal and waits for the end."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self):
        code = self.process.wait(timeout=PATIENCE_SECONDS)
        for thread in self.threads:
            thread.join(PATIENCE_SECONDS)
        return code


@pytest.fixture
def start():
    """Starts commands that go on; what still runs at the end is killed."""
    started = []

    def begin(*words, url=None, **more):
        started.append(Running(*words, url=url, **more))
        return started[-1]

    yield begin
    for command in started:
        command.process.kill()
        command.wait()
        for stream in (command.process.stdin, command.process.stdout, command.process.stderr):
            stream.close()


def start_tail(start, broker, *words, url=None, following=1, **more):
    """A tail that the server knows of."""
    recipients = [word for word in words if not word.startswith("-")][:following]
    before = [broker.inbox(name)["streaming"] for name in recipients]
    tail = start("tail", *words, url=url or url_of(broker), **more)
    eventually(lambda: [broker.inbox(name)["streaming"] for name in recipients] == [count + 1 for count in before])
    return tail


# Help and mistakes


def test_version_and_help():
    assert run("--version").out == "brokerctl 0.1.0\n"
    assert run("stats", "--version").out == "brokerctl 0.1.0\n"
    for words in (["--help"], ["-h"], ["help"]):
        ended = run(*words)
        assert ended.code == 0
        assert ended.out.startswith("Runs a broker, and speaks to one.\n\nUSAGE\n")
    for name in "serve send poll tail ack inbox inboxes stats bench completions help".split():
        ended = run(name, "--help")
        assert (ended.code, ended.err) == (0, "")
        assert f"\nUSAGE\n  brokerctl {name}" in ended.out
        assert ended.out == run("help", name).out


def test_no_command_is_wrong_usage():
    ended = run()
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("Runs a broker")


@pytest.mark.parametrize(
    "words, message",
    [
        (["serve", "--prot", "80"], "error: unknown option '--prot' for 'serve'; did you mean '--port'?"),
        (["sned"], "error: unknown command 'sned'; did you mean 'send'?"),
        (["serve", "--port", "70000"], "error: option '--port' is '70000'; it must be an integer from 0 to 65535"),
        (["poll"], "error: 'poll' needs RECIPIENT…, which is missing"),
    ],
)
def test_a_mistake_is_told_with_where_to_find_help(words, message):
    ended = run(*words)
    assert (ended.code, ended.out) == (2, "")
    command = "" if words[0] == "sned" else f"{words[0]} "
    assert ended.err == f"{message}\ntry 'brokerctl {command}--help'\n"


def test_a_variable_that_is_wrong_is_named():
    ended = run("serve", BROKER_LOOPS="none")
    assert ended.code == 2
    assert ended.err.startswith("error: variable BROKER_LOOPS is 'none'; it must be an integer from 1 to 1024\n")


@pytest.mark.parametrize(
    "command", ["send u x", "poll u", "tail u", "ack u e.1", "inbox u", "inboxes", "stats", "bench send"]
)
def test_a_server_that_is_not_there_is_exit_code_3(command):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        ended = run(*command.split(), url=url)
    assert (ended.code, ended.out) == (3, "")
    assert ended.err == (
        f"error: cannot reach {url}: nothing listens there; start 'brokerctl serve', "
        "or name another broker with --url or BROKER_URL\n"
    )


def test_something_else_that_listens_is_told():
    with socket.create_server(("127.0.0.1", 0)) as server:
        def answer():
            connection = server.accept()[0]
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>")
            connection.close()

        thread = threading.Thread(target=answer)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        ended = run("stats", url=url)
        thread.join()
    assert ended.code == 1
    assert ended.err == f"error: {url}/v1/stats answered something that is not a JSON object; is it a broker?\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions(shell):
    ended = run("completions", shell)
    assert ended.code == 0
    if shutil.which(shell):
        assert subprocess.run([shell, "-n"], input=ended.out.encode(), timeout=PATIENCE_SECONDS).returncode == 0


# Sending and reading


def test_a_message_goes_in_and_comes_out(ctl, inbox):
    ended = ctl("send", inbox, "hello", "there", "--sender", "me")
    assert ended.code == 0
    sent = re.fullmatch(r"sent (\S+) \(online 0, unread 1\)\n", ended.out)
    assert sent, ended
    ended = ctl("poll", inbox)
    assert ended.code == 0
    assert re.fullmatch(rf"\d\d:\d\d:\d\d\.\d\d\d  {re.escape(sent[1])}  {inbox}  me  hello there\n", ended.out), ended
    ended = ctl("poll", inbox, "--timeout-seconds", "0")
    assert (ended.code, ended.out, ended.err) == (4, "", "nothing came within 0 s\n")


def test_json_is_the_answer_of_the_server(ctl, inbox):
    sent = ctl("send", inbox, "hi", "--json").json[0]
    assert (sent["success"], sent["online"], sent["unread"]) == ("1", 0, 1)
    answer = ctl("poll", inbox, "--json").json
    assert [message["id"] for message in answer[0]["messages"]] == [sent["id"]]
    ended = ctl("poll", inbox, "--json", "--timeout-seconds", "0")
    assert (ended.code, ended.out, ended.err) == (4, '{"success":"0"}\n', "")
    assert ctl("inbox", inbox, "--json").json[0]["recipient"] == inbox
    assert ctl("stats", "--json").json[0]["loops"] >= 1


def test_content_comes_from_the_standard_input(ctl, broker, inbox):
    assert ctl("send", inbox, stdin="grüße\nzwei\n".encode()).code == 0
    assert ctl("send", inbox, "-", stdin=b"no line end").code == 0
    assert ctl("send", inbox, "", stdin=b"ignored").code == 0
    assert broker.contents(inbox) == ["grüße\nzwei", "no line end", ""]
    ended = ctl("send", inbox, stdin=b"\xff")
    assert ended.code == 2
    assert ended.err.startswith("error: the standard input is not UTF-8; convert it first\n")


def test_json_content_stays_as_it_is(ctl, broker, inbox):
    assert ctl("send", inbox, "--json-content", '{"a": [1.50, "\\ud800"]}').code == 0
    text = broker.get("/v1/poll", recipient=inbox, timeout=0).body
    assert b'"content":{"a":[1.50,"\\ud800"]}' in text
    ended = ctl("send", inbox, "--json-content", '1,"recipient":"x"')
    assert ended.code == 2
    assert ended.err.startswith("error: the content is not JSON: at byte 13: expected ',' or ']' but found ':'\n")


def test_everything_that_describes_a_message_arrives(ctl, broker, inbox):
    words = ["--sender", "me", "--type", "note", "--ttl-seconds", "60", "--key", "k1", "x"]
    assert ctl("send", inbox, *words).code == 0
    assert "a duplicate, sent before" in ctl("send", inbox, *words).out
    messages = broker.poll(inbox)["messages"]
    assert [(m["sender"], m["type"], m["content"]) for m in messages] == [("me", "note", "x")]
    ended = ctl("send", inbox, *words[:-1], "y")
    assert ended.code == 1
    assert ended.err.startswith("error: key_reused: ")


def test_an_empty_input_is_no_message(ctl, broker, inbox):
    for words in ([inbox], [inbox, "-"], ["--to", inbox], [inbox, "--json-content"]):
        ended = ctl("send", *words)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.startswith("error: the standard input is empty; to send an empty text, give it as an argument: ")
    assert broker.inbox(inbox)["kept"] == 0
    assert ctl("send", inbox, "").code == 0
    assert ctl("send", "--to", inbox, "").code == 0
    assert ctl("send", inbox, stdin=b"\n").code == 0
    assert broker.contents(inbox) == ["", "", ""]


def test_several_recipients(ctl, broker, inboxes):
    ended = ctl("send", "--to", inboxes[0], "--to", inboxes[1], "to", "both")
    assert ended.code == 0
    assert [line.split(" (")[0].split(" to ")[1] for line in ended.out.splitlines()] == inboxes[:2]
    assert broker.contents(inboxes[0]) == broker.contents(inboxes[1]) == ["to both"]


def test_a_refusal_is_exit_code_1(start_broker, inboxes):
    broker = start_broker("--inbox-messages-max", "1")
    assert run("send", inboxes[0], "x", url=url_of(broker)).code == 0
    ended = run("send", inboxes[0], "x", url=url_of(broker))
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith(f"error: inbox_full: inbox '{inboxes[0]}' ")
    ended = run("send", "--to", inboxes[0], "--to", inboxes[1], "x", url=url_of(broker))
    assert ended.code == 1
    assert f" to {inboxes[1]} (" in ended.out
    assert ended.err.startswith(f"error: {inboxes[0]}: inbox_full: ")
    ended = run("send", "--to", inboxes[0], "--to", inboxes[1], "x", url=url_of(broker))
    assert (ended.code, ended.out) == (1, "")
    assert [line.split(": inbox_full: ")[0] for line in ended.err.splitlines()] == [
        f"error: {name}" for name in inboxes[:2]
    ]
    line = json.dumps({"recipients": inboxes[:2], "content": 1}).encode()
    ended = run("send", "--ndjson", url=url_of(broker), stdin=line)
    assert (ended.code, ended.out) == (1, "0 sent, 2 refused\n")


def test_what_could_control_the_terminal_is_escaped(ctl, inbox):
    nasty = "a\x1b]0;title\x07\u009b31m\u202eb\nc"
    assert ctl("send", inbox, nasty, "--sender", "x").code == 0
    assert ctl("poll", inbox).out.endswith("  x  a\\u{1b}]0;title\\u{7}\\u{9b}31m\\u{202e}b\\nc\n")


def test_a_lease_is_acked(ctl, broker, inbox):
    for content in ("one", "two"):
        ctl("send", inbox, content)
    ids = [m["id"] for m in ctl("poll", inbox, "--lease-seconds", "60", "--json").json[0]["messages"]]
    assert broker.inbox(inbox)["leased"] == 2
    ended = ctl("ack", inbox, ids[0])
    assert (ended.code, ended.out) == (0, "unread 0\n")
    assert ctl("ack", inbox, "--up-to", ids[1], "--json").json == [{"success": "1", "unread": 0}]
    ended = ctl("ack", inbox, "nonsense")
    assert ended.code == 1
    assert ended.err.startswith("error: invalid_request: ")


def test_following_tells_where_to_go_on(ctl, inbox):
    ctl("send", inbox, "one")
    ended = ctl("poll", inbox, "--cursor", "0")
    cursor = re.fullmatch(r"cursor: (\S+)\n", ended.err)[1]
    ctl("send", inbox, "two")
    ended = ctl("poll", inbox, "--cursor", cursor)
    assert ended.out.endswith("  two\n") and len(ended.out.splitlines()) == 1


def test_a_poll_that_waits_uses_no_processor(ctl, inbox):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert ctl("poll", inbox, "--timeout-seconds", "3").code == 4
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1


# Batches


def test_a_batch_tells_each_refusal_with_its_line(ctl, broker, inboxes):
    lines = [
        {"recipient": inboxes[0], "content": 1},
        None,
        {"recipient": "", "content": 2},
        {"recipient": inboxes[0], "content": {"three": 3}, "sender": "me"},
    ]
    text = "".join((json.dumps(line) if line else "") + "\n" for line in lines) + "not json"
    ended = ctl("send", "--ndjson", stdin=text.encode())
    assert (ended.code, ended.out) == (1, "2 sent, 2 refused\n")
    errors = ended.err.splitlines()
    assert len(errors) == 2
    assert errors[0].startswith("error: line 3: invalid_request: ")
    assert errors[1].startswith("error: line 5: invalid_request: ")
    assert broker.contents(inboxes[0]) == [1, {"three": 3}]


def test_a_batch_may_be_larger_than_the_server_takes_at_once(ctl, broker, inboxes):
    lines = [json.dumps({"recipient": inboxes[index % 3], "content": index}) for index in range(2500)]
    ended = ctl("send", "--ndjson", "--json", stdin="\n".join(lines).encode())
    assert ended.code == 0
    assert len(ended.json) == 2500 and all(answer["success"] == "1" for answer in ended.json)
    assert broker.contents(inboxes[1], limit=1000) == list(range(1, 2500, 3))


def test_lines_that_come_slowly_are_sent_at_once(start, broker, inbox):
    command = start("send", "--ndjson", url=url_of(broker))
    for number in range(3):
        command.process.stdin.write(json.dumps({"recipient": inbox, "content": number}).encode() + b"\n")
        command.process.stdin.flush()
        eventually(lambda: broker.inbox(inbox)["unread"] == number + 1)
    command.process.stdin.close()
    assert command.wait() == 0
    assert command.out == ["3 sent, 0 refused"]


# Looking inside


def test_an_inbox_is_shown(ctl, inbox):
    ctl("send", inbox, "x")
    lines = ctl("inbox", inbox).out.splitlines()
    assert lines[:4] == [f"recipient  {inbox}", "unread     1", "leased     0", "kept       1"]
    assert lines[-2:] == ["lag        no reader", "last seen  not known"]


def test_all_pages_of_inboxes_are_listed(start_broker):
    broker = start_broker()
    names = [f"p{number:04}" for number in range(2345)]
    lines = "".join(json.dumps({"recipient": name, "content": 1}) + "\n" for name in names)
    assert run("send", "--ndjson", url=url_of(broker), stdin=lines.encode()).code == 0
    lines = run("inboxes", url=url_of(broker)).out.splitlines()
    assert lines[0].split() == "RECIPIENT UNREAD LEASED KEPT BYTES WAITING STREAMING LAG LAST SEEN".split()
    assert [line.split()[0] for line in lines[1:]] == names
    ended = run("inboxes", "--json", "--prefix", "p12", url=url_of(broker))
    assert [inbox["recipient"] for inbox in ended.json] == names[1200:1300]
    assert run("inboxes", "--prefix", "none", url=url_of(broker)).out == ""


def test_figures_are_shown_and_watched(ctl, start, broker):
    lines = ctl("stats").out.splitlines()
    assert re.fullmatch(r"broker \S+, up .* s, loops \d+", lines[0])
    watch = start("stats", "--watch", "0.2", "--json", url=url_of(broker))
    watch.until_out(3)
    assert watch.end() == 130
    uptimes = [json.loads(line)["uptimeSeconds"] for line in watch.out]
    assert uptimes == sorted(uptimes)


def test_a_poll_that_is_ended_early_says_so(start, broker, inbox):
    poll = start("poll", inbox, "--timeout-seconds", "30", url=url_of(broker))
    eventually(lambda: broker.inbox(inbox)["waiting"] == 1)
    broker.delete(inbox)
    assert poll.wait() == 4
    assert re.fullmatch(r"the broker ended the poll after \d+(\.\d)? s: an inbox was removed, or .*", poll.err[0])


# Following


def test_a_tail_shows_what_comes_from_now_on(start, broker, inbox):
    broker.send(inbox, "before")
    tail = start_tail(start, broker, inbox)
    broker.send(inbox, "one", sender="me")
    broker.send(inbox, {"two": 2})
    tail.until_out(2)
    assert re.fullmatch(rf"\d\d:\d\d:\d\d\.\d\d\d  {inbox}  me  one", tail.out[0])
    assert tail.out[1].endswith(f'  {inbox}  -   {{"two":2}}')
    assert tail.end() == 130
    assert (len(tail.out), tail.err) == (2, [])


def test_a_tail_may_begin_with_what_is_kept_and_end_after_a_count(ctl, broker, inbox):
    cursor = [broker.send(inbox, number)["id"] for number in range(5)][2]
    ended = ctl("tail", inbox, "--since", "oldest", "--count", "4", "--json")
    assert (ended.code, ended.err) == (0, "")
    assert [message["content"] for message in ended.json] == [0, 1, 2, 3]
    assert [m["content"] for m in ctl("tail", inbox, "--since", cursor, "--count", "2", "--json").json] == [3, 4]
    assert broker.inbox(inbox)["unread"] == 5


def test_a_tail_follows_several(start, broker, inboxes):
    tail = start_tail(start, broker, *inboxes, "--json", following=3)
    for round in range(3):
        for inbox in inboxes:
            broker.send(inbox, round)
    messages = [json.loads(line) for line in tail.until_out(9)]
    for inbox in inboxes:
        assert [m["content"] for m in messages if m["recipient"] == inbox] == [0, 1, 2]
    assert tail.end() == 130


def test_a_tail_survives_a_restart_of_the_server(start, start_broker, inboxes):
    first = start_broker()
    tail = start_tail(start, first, inboxes[0], "--json")
    first.send(inboxes[0], "before")
    tail.until_out(1)
    first.stop()
    tail.until_err("connecting again in")
    second = start_broker("--port", str(first.port))
    # It comes before the tail is back.
    second.send(inboxes[0], "after")
    tail.until_out(3)
    second.send(inboxes[0], "later")
    lines = [json.loads(line) for line in tail.until_out(4)]
    assert [line.get("content", line.get("event")) for line in lines] == ["before", "reset", "after", "later"]
    assert tail.end() == 130
    assert tail.err[0].startswith("-- the broker is shutting down; connecting again in ")
    assert tail.err[-2:] == [
        "-- connected again",
        f"-- reset: inbox '{inboxes[0]}' began anew (the broker was restarted, or the inbox removed); "
        "reading from its oldest message on",
    ]


def test_a_tail_of_several_tells_once_whose_inboxes_began_anew(start, start_broker, inboxes):
    first = start_broker("--loops", "4")
    tail = start_tail(start, first, *inboxes, following=3)
    for name in inboxes:
        first.send(name, "before")
    tail.until_out(3)
    first.stop()
    second = start_broker("--port", str(first.port), "--loops", "4")
    for name in inboxes:
        second.send(name, "after")
    tail.until_out(6)
    assert tail.end() == 130
    resets = [line for line in tail.err if line.startswith("-- reset: ")]
    names = ", ".join(f"'{name}'" for name in inboxes)
    assert len(resets) == 1 and resets[0].startswith(f"-- reset: inboxes {names} began anew ")


class CuttingProxy:
    """Passes bytes on to the server; cuts each connection after so many bytes of the answer."""

    def __init__(self, port, cuts):
        self.port, self.cuts = port, list(cuts)
        self.server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.server.getsockname()[1]}"
        self.connections = 0
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client = self.server.accept()[0]
            except OSError:
                return
            self.connections += 1
            limit = self.cuts.pop(0) if self.cuts else None
            threading.Thread(target=self.serve, args=(client, limit), daemon=True).start()

    def serve(self, client, limit):
        with client, socket.create_connection(("127.0.0.1", self.port)) as server:
            while True:
                for ready in select.select([client, server], [], [])[0]:
                    data = ready.recv(4096)
                    if ready is server and limit is not None:
                        data = data[:limit]
                        limit -= len(data)
                    (server if ready is client else client).sendall(data)
                    if not data or limit == 0:
                        return

    def close(self):
        self.server.close()


def test_a_tail_loses_nothing_and_repeats_nothing_when_connections_are_cut(start, broker, inbox):
    # The cuts fall behind the opening, into a head, and into the middle of events.
    proxy = CuttingProxy(broker.port, [1001, 60, 1502])
    contents = [f"grüße {number} 👋" for number in range(40)]
    tail = start("tail", inbox, "--json", url=proxy.url)
    eventually(lambda: broker.inbox(inbox)["streaming"] == 1)
    for content in contents:
        broker.send(inbox, content)
    messages = [json.loads(line) for line in tail.until_out(40)]
    broker.send(inbox, "last")
    tail.until_out(41)
    assert tail.end() == 130
    proxy.close()
    assert [message["content"] for message in messages] == contents
    assert proxy.connections == 4
    assert len([line for line in tail.err if "connecting again in" in line]) == 3


def test_a_tail_from_now_on_misses_nothing_though_it_is_cut_before_the_first_message(start, broker, inbox):
    with broker.connect() as connection:
        opening = broker.stream(inbox, connection=connection, cursor="now")
        length = len(opening.head.wire) + len(f"retry: 2000\nevent: ping\nid: {opening.cursor}\ndata: {{}}\n\n")
    # Exactly behind the opening.
    proxy = CuttingProxy(broker.port, [length])
    tail = start("tail", inbox, "--json", url=proxy.url)
    tail.until_err("the connection was lost; connecting again in")
    broker.send(inbox, "meanwhile")
    assert json.loads(tail.until_out(1)[0])["content"] == "meanwhile"
    assert tail.end() == 130
    proxy.close()


def test_a_tail_that_is_cut_before_it_has_a_position_has_not_begun(broker, inbox):
    proxy = CuttingProxy(broker.port, [60])
    ended = run("tail", inbox, url=proxy.url)
    proxy.close()
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.startswith(f"error: cannot reach {proxy.url}: ")


def test_a_tail_that_was_away_too_long_tells_exactly_what_it_missed(start_broker, inbox):
    broker = start_broker("--inbox-messages-max", "3", "--when-full", "drop-oldest")
    cursor = broker.send(inbox, 0)["id"]
    for number in range(1, 9):
        broker.send(inbox, number)
    ended = run("tail", inbox, "--since", cursor, "--count", "3", "--json", url=url_of(broker))
    assert ended.code == 0
    assert ended.json[0]["event"] == "gap" and ended.json[0]["lost"] == 5
    assert [line["content"] for line in ended.json[1:]] == [6, 7, 8]
    assert ended.err == "-- gap: 5 messages are gone that were not read here: dropped, expired, or taken by others\n"


def test_a_tail_goes_on_after_its_inbox_was_removed(start, broker, inbox):
    tail = start_tail(start, broker, inbox, "--json")
    broker.send(inbox, "one")
    tail.until_out(1)
    broker.delete(inbox)
    tail.until_err("-- the inbox was removed; connecting again in")
    broker.send(inbox, "two")
    lines = [json.loads(line) for line in tail.until_out(3)]
    assert [line.get("content", line.get("event")) for line in lines] == ["one", "reset", "two"]
    assert tail.end() == 130


def test_a_tail_is_told_when_its_cursor_cannot_be_used(ctl, inbox):
    ended = ctl("tail", inbox, "--since", "nonsense!")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("error: invalid_request: cursor 'nonsense!' ")


def test_a_tail_ends_when_nobody_reads_it(broker, inbox):
    process = subprocess.Popen(
        [BROKERCTL, "tail", inbox, "--since", "oldest"],
        env=environment(url_of(broker)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    broker.send(inbox, "one")
    assert process.stdout.readline().endswith(b"  one\n")
    process.stdout.close()
    broker.send(inbox, "two")
    try:
        assert process.wait(timeout=PATIENCE_SECONDS) == 1
        assert process.stderr.read() == b""
    finally:
        process.kill()
        process.stderr.close()


def on_terminal(words, until, columns=None, **more):
    """What a command writes to a terminal, up to a text; then it is interrupted."""
    control, terminal = pty.openpty()
    if columns:
        termios.tcsetwinsize(terminal, (24, columns))
    process = subprocess.Popen(
        [BROKERCTL, *words],
        env=environment(TERM="xterm", **more),
        stdin=terminal,
        stdout=terminal,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    os.close(terminal)
    text = b""
    end = time.monotonic() + PATIENCE_SECONDS
    try:
        while until not in text and time.monotonic() < end:
            if select.select([control], [], [], 1)[0]:
                text += os.read(control, 65536)
        process.send_signal(signal.SIGINT)
        return process.wait(timeout=PATIENCE_SECONDS), text.decode()
    finally:
        process.kill()
        process.wait()
        os.close(control)


def test_colours_are_for_terminals_only(ctl, broker, inbox):
    broker.send(inbox, "red \x1b[31m", sender="me")
    words = ["tail", inbox, "--since", "oldest", "--url", url_of(broker)]
    code, text = on_terminal(words, b"31m")
    assert code == 130
    assert f"\x1b[36m{inbox}\x1b[0m  \x1b[32mme\x1b[0m  red \\u{{1b}}[31m" in text
    _, text = on_terminal(words, b"31m", NO_COLOR="1")
    assert "\x1b" not in text
    _, text = on_terminal([*words, "--color", "always"], b"31m", NO_COLOR="1")
    assert "\x1b[36m" in text
    _, text = on_terminal([*words, "--json"], b"31m")
    assert "\x1b" not in text and "\\u001b[31m" in text
    assert "\x1b" not in ctl("tail", inbox, "--since", "oldest", "--count", "1").out


def test_help_is_as_wide_as_the_terminal(ctl):
    for columns in (50, 90):
        text = on_terminal(["serve", "--help"], b"143 ", columns)[1]
        wide = [line for line in text.splitlines() if len(line) > columns]
        assert wide == [] and max(len(line) for line in text.splitlines()) > columns - 10
    assert max(len(line) for line in ctl("serve", "--help").out.splitlines()) <= 80


# Serving


def test_serve_prints_one_line(start):
    server = start("serve", "--port", "0", "--loops", "1", "--poller", "poll")
    server.until_out(1)
    assert re.fullmatch(r"broker 0\.1\.0 listens on http://127\.0\.0\.1:\d+ \(1 loop, poll\)", server.out[0])
    assert server.end(signal.SIGTERM) == 0
    assert len(server.out) == 1


def test_serve_is_set_up_by_variables_and_flags_win(start):
    server = start("serve", "--loops", "2", BROKER_PORT="0", BROKER_LOOPS="1", BROKER_INBOX_MESSAGES_MAX="1")
    server.until_out(1)
    assert " (2 loops, " in server.out[0]
    url = re.search(r"http://\S+", server.out[0])[0]
    assert run("send", "u", "x", url=url).code == 0
    assert run("send", "u", "x", url=url).err.startswith("error: inbox_full: ")
    assert server.end() == 0


@pytest.mark.parametrize("loops", ["1", "2"])
def test_serve_tells_why_it_cannot_listen(start, start_broker, loops):
    broker = start_broker("--loops", loops)
    second = start("serve", "--port", str(broker.port), "--loops", loops)
    eventually(lambda: second.process.poll() is not None or second.out)
    assert second.out == []
    assert second.wait() == 1
    assert second.err[0].startswith(f"error: listening on 127.0.0.1:{broker.port} failed: Address already in use")


@pytest.mark.parametrize(
    "words",
    [
        ["--allow-origin", "example.org"],
        ["--allow-origin", "https://example.org/"],
        ["--allow-host", "a b"],
        ["--inbox-bytes-max", "4KiB", "--message-bytes-max", "5KiB"],
    ],
    ids=" ".join,
)
def test_serve_does_not_start_with_what_cannot_work(words):
    ended = run("serve", "--port", "0", *words)
    assert (ended.code, ended.out) == (2, "")
    assert words[0] in ended.err and words[1] in ended.err


def test_serve_shows_a_person_what_to_try():
    code, text = on_terminal(["serve", "--port", "0"], b"Ctrl-C ends the broker.")
    assert code == 0
    assert "  curl -d recipient=u42 -d content=hi http://127.0.0.1:" in text
    # It is not on the path, so it is called by its own.
    assert f"  {os.path.abspath(BROKERCTL)} tail u42 --url http://127.0.0.1:" in text
    folder = os.path.dirname(os.path.abspath(BROKERCTL))
    text = on_terminal(["serve", "--port", "0"], b"Ctrl-C ends the broker.", PATH=f"{folder}:{os.environ['PATH']}")[1]
    assert "\r\n  brokerctl tail u42 --url http://127.0.0.1:" in text


def test_serve_warns_when_others_can_reach_it(start):
    server = start("serve", "--host", "0.0.0.0", "--port", "0")
    server.until_err("can read and send")
    assert server.end() == 0
