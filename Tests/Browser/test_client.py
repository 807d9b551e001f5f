"""What /broker.js promises, in a real browser."""

import gzip
import re
import signal
import urllib.request
from pathlib import Path

import pytest

from client import Client, OtherSite, Proxy
from relay import Keeper

SOON = {"openSeconds": 1, "pollSeconds": 2, "intervalSeconds": 1, "silenceSeconds": 4}
BUFFERS = "proxy_buffering on; proxy_ignore_headers X-Accel-Buffering;"


@pytest.fixture
def client(server, people):
    return Client(people[0], server)


@pytest.fixture
def proxy(server, tmp_path):
    if not Proxy.binary:
        pytest.skip("there is no nginx here")
    proxy = Proxy(tmp_path, server)
    yield proxy
    proxy.stop()


def streaming(server, recipient="u42"):
    return server.inbox(recipient)["streaming"]


def test_the_module_is_small_and_stands_alone(server):
    with urllib.request.urlopen(server.url + "/broker.js") as answer:
        script = answer.read()
    assert len(gzip.compress(script, 9)) <= 4096
    assert b"import " not in script
    with urllib.request.urlopen(server.url + "/broker.d.ts") as answer:
        assert b"export function connect" in answer.read()


@pytest.mark.parametrize("transport", ["stream", "poll", "interval"])
def test_messages_arrive_in_order_once(server, client, transport):
    for number in range(3):
        server.send(recipient="u42", content=number)
    client.connect(transport=transport, intervalSeconds=0.2)
    client.wait_for_state("connected", transport)
    for number in range(3, 6):
        server.send(recipient="u42", content=number)
    client.wait_for(*"012345")
    assert client.told == []


@pytest.mark.interrupted
def test_it_sends_acks_counts_and_polls(server, client):
    client.connect()
    receipt = client.run_async("return inbox.send({ content: { text: 'hi' }, sender: 'me', type: 'greeting' })")
    client.wait_for({"text": "hi"})
    assert receipt["unread"] == 1
    assert client.run_async("return inbox.unread()") == 1
    assert client.run_async("return inbox.ack(arguments[0])", receipt["id"]) == 0
    ids = [server.send(recipient="u42", content=text)["id"] for text in ("one", "two")]
    assert client.run_async("return inbox.ack([arguments[0]])", ids[1]) == 1
    leased = client.run_async("return inbox.poll({ lease: 30 })")
    assert [message["content"] for message in leased["messages"]] == ["one"]
    assert leased["messages"][0]["attempt"] == 1
    assert client.run_async("return inbox.poll()") == {"success": "0"}
    both = client.run_async("return inbox.send({ recipients: ['u42', 'u43'], content: 1 })")
    assert len(both["results"]) == 2
    error = client.run_async("try { await inbox.send({ content: 1, color: 2 }) } catch (error) { return {...error} }")
    assert error == {"code": "invalid_request", "status": 400, "isTemporary": False}


def test_it_waits_longer_after_each_failure_and_never_the_same(server, client):
    script = """
        const { backoff } = await import("/broker.js");
        return [0, 1, 4, 5, 50].map((attempt) => Array.from({ length: 200 }, () => backoff(attempt)));
    """
    for waits, longest in zip(client.run_async(script), (1000, 2000, 16_000, 30_000, 30_000)):
        assert longest / 2 <= min(waits) < longest * 0.6 and longest * 0.9 < max(waits) <= longest
        assert len(set(waits)) > 150


def test_several_inboxes_share_one_cursor(server, client):
    client.connect(["a", "b"])
    client.wait_for_state("connected")
    for recipient in ("a", "b", "a"):
        server.send(recipient=recipient, content=f"to {recipient}")
    client.eventually(lambda: sorted(client.got) == ["to a", "to a", "to b"], "all should arrive")
    cursor = client.run("const { cursor } = inbox; inbox.close(); return cursor")
    server.send(recipient="b", content="later")
    client.connect(["a", "b"], cursor=cursor)
    client.wait_for("later")


def test_now_means_only_what_comes_from_now_on(server, client):
    server.send(recipient="u42", content="old")
    client.connect(cursor="now")
    client.wait_for_state("connected")
    server.send(recipient="u42", content="new")
    client.wait_for("new")


def test_the_iterator_gives_every_message_and_ends_with_the_connection(server, client):
    for number in range(3):
        server.send(recipient="u42", content=number)
    script = """
        const { connect } = await import("/broker.js");
        const inbox = connect({ recipient: "u42" });
        const seen = [];
        for await (const { content } of inbox) {
          seen.push(content);
          if (seen.length === 3) inbox.close();
        }
        return [seen, inbox.state.name];
    """
    assert client.run_async(script) == [["0", "1", "2"], "closed"]
    client.eventually(lambda: streaming(server) == 0, "the connection should be closed")


def test_a_remembered_cursor_goes_on_after_a_reload(server, client):
    server.send(recipient="u42", content="before")
    client.connect(remember=True)
    client.wait_for("before")
    client.reload()
    server.send(recipient="u42", content="after")
    client.connect(remember=True)
    client.wait_for("after")


def test_a_remembered_cursor_holds_for_another_transport(server, client):
    server.send(recipient="u42", content="before")
    client.connect(remember=True)
    client.wait_for("before")
    client.reload()
    server.send(recipient="u42", content="after")
    client.connect(remember=True, transport="poll", presence=["u43"])
    client.wait_for("after")


BLOCKED = "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError') } })"
FULL = """
    for (let size = 2 ** 23; size >= 1; size /= 2) {
      try { localStorage["full" + size] = "x".repeat(size) } catch {}
    }
"""


@pytest.mark.parametrize("trouble", [BLOCKED, FULL], ids=["blocked", "full"])
def test_storage_that_cannot_be_used_is_done_without(server, client, trouble):
    client.run(trouble)
    client.connect(remember=True)
    for number in range(3):
        server.send(recipient="u42", content=number)
    client.wait_for(*"012")
    assert never_left_connected(client)


def never_left_connected(client):
    return [state["name"] for state in client.run("return states")] == ["connected"]


def test_whatever_a_text_has_in_it_the_stream_goes_on(server, client):
    client.connect(share=False)
    client.wait_for_state("connected", "stream")
    texts = ["one\u2028line", "two\u2029lines", "name: value: more", "three\r\nlines\n\ndata: {}", "\u0085"]
    for text in texts:
        server.send(recipient="u42", content=text)
    client.wait_for(*texts)
    assert never_left_connected(client)


def test_who_closes_in_the_middle_of_a_batch_misses_nothing_next_time(server, client):
    for number in range(3):
        server.send(recipient="u42", content=number)
    script = """
        const { connect } = await import("/broker.js");
        const inbox = connect({ recipient: "u42" });
        const seen = [];
        await new Promise((done) => inbox.on("message", ({ content }) => {
          seen.push(content);
          if (content === "1") done(inbox.close());
        }));
        return [seen, inbox.cursor];
    """
    seen, cursor = client.run_async(script)
    assert seen == ["0", "1"]
    client.connect(cursor=cursor)
    client.eventually(lambda: client.got[-1:] == ["2"], "what was not delivered should come")


@pytest.mark.parametrize("transport", ["poll", "interval"])
def test_waiting_longer_than_silence_may_last_is_not_silence(server, client, transport):
    client.connect(transport=transport, pollSeconds=2, intervalSeconds=2, silenceSeconds=1)
    waits = "timeout=2" if transport == "poll" else "timeout=0"
    asked = f"return performance.getEntriesByType('resource').filter(({{name}}) => name.includes('{waits}')).length"
    client.eventually(lambda: client.run(asked) >= 3, "it should ask again and again")
    assert never_left_connected(client)


@pytest.mark.flags("--inbox-messages-max", "5", "--when-full", "drop-oldest")
def test_what_was_dropped_is_told_with_the_number(server, client):
    cursor = server.send(recipient="u42", content=0)["id"]
    for number in range(1, 9):
        server.send(recipient="u42", content=number)
    client.connect(cursor=cursor)
    client.wait_for(*"45678")
    assert client.told == ["gap 3"]


@pytest.mark.interrupted
@pytest.mark.parametrize("transport", ["stream", "poll"])
@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "stopped"])
def test_a_server_that_comes_back_is_found_and_nothing_comes_twice(server, client, transport, ending):
    client.connect(transport=transport)
    server.send(recipient="u42", content="before")
    client.wait_for("before")
    server.stop(ending)
    client.wait_for_state("reconnecting")
    assert client.state["reason"]
    client.eventually(lambda: client.state.get("retryAt"), "it should say when it tries again")
    server.start()
    server.send(recipient="u42", content="after")
    client.run("inbox.retry()")
    client.wait_for("before", "after")
    client.wait_for_state("connected", transport)
    assert client.told == ["reset"]


@pytest.mark.interrupted
@pytest.mark.flags("--ping-seconds", "1")
@pytest.mark.parametrize("transport", ["stream", "poll"])
def test_a_server_that_stalls_is_noticed_and_nothing_is_lost(server, client, transport):
    client.connect(transport=transport, pollSeconds=1, silenceSeconds=2)
    server.send(recipient="u42", content="before")
    client.wait_for("before")
    server.process.send_signal(signal.SIGSTOP)
    try:
        client.wait_for_state("reconnecting")
    finally:
        server.process.send_signal(signal.SIGCONT)
    client.wait_for_state("connected", transport)
    server.send(recipient="u42", content="after")
    client.wait_for("before", "after")
    assert client.told == []


@pytest.mark.interrupted
def test_a_lost_network_is_told_and_found_again(server, client):
    client.connect()
    client.wait_for_state("connected")
    client.go_offline(True)
    client.wait_for_state("offline")
    server.send(recipient="u42", content="meanwhile")
    client.go_offline(False)
    client.wait_for("meanwhile")


def test_a_proxy_that_does_not_buffer_carries_the_stream(server, client, proxy):
    proxy.start("proxy_buffering off;")
    page = Client(client.browser, proxy).connect(**SOON)
    page.wait_for_state("connected", "stream")
    server.send(recipient="u42", content="through")
    page.wait_for("through")
    assert streaming(server) == 1
    page.run("inbox.close()")


@pytest.mark.interrupted
def test_a_proxy_that_buffers_is_noticed_and_polled_through(server, people, proxy):
    proxy.start(BUFFERS)
    server.send(recipient="u42", content="before")
    page = Client(people[0], proxy).connect(**{**SOON, "upgradeSeconds": 3})
    # What is there comes at once; only what comes while the stream is tried is late.
    page.wait_for("before")
    server.send(recipient="u42", content="while it is found out")
    page.wait_for_state("connected", "poll")
    server.send(recipient="u42", content="after")
    page.wait_for("before", "while it is found out", "after")
    page.eventually(lambda: streaming(server) == 0, "the stream should be given up")
    # Now and then it tries again, with the same cursor.
    proxy.start("proxy_buffering off;")
    page.wait_for_state("connected", "stream")
    server.send(recipient="u42", content="streamed")
    page.wait_for("before", "while it is found out", "after", "streamed")
    assert page.told == []


@pytest.mark.interrupted
@pytest.mark.flags("--ping-seconds", "1")
def test_a_stream_that_begins_and_brings_nothing_is_noticed_by_its_missing_pings(server, people):
    keeper = Keeper(server)
    try:
        page = Client(people[0], keeper).connect(openSeconds=2, pollSeconds=2, silenceSeconds=3)
        page.wait_for_state("connected", "stream")
        server.send(recipient="u42", content="kept back")
        page.wait_for("kept back")
        page.wait_for_state("connected", "poll")
        server.send(recipient="u42", content="polled")
        page.wait_for("kept back", "polled")
        assert page.told == []
        page.run("inbox.close()")
    finally:
        keeper.stop()


@pytest.mark.interrupted
def test_a_proxy_that_blocks_streams_and_cuts_polls_off_is_polled_at_intervals(server, people, proxy):
    proxy.start("proxy_read_timeout 1s;", stream="return 403;")
    page = Client(people[0], proxy).connect(**{**SOON, "pollSeconds": 20})
    server.send(recipient="u42", content="early")
    page.wait_for_state("connected", "interval")
    server.send(recipient="u42", content="late")
    page.wait_for("early", "late")
    assert page.told == []


def test_twelve_tabs_share_one_connection(server, client):
    server.send(recipient="u42", content="history")
    tabs = [client] + [client.tab(server) for _ in range(11)]
    for tab in tabs:
        tab.connect(silenceSeconds=20)
    for tab in tabs:
        tab.wait_for("history")
        tab.wait_for_state("connected", "stream")
    assert streaming(server) == 1
    sent = ["history"]
    for number in range(5):
        server.send(recipient="u42", content=number)
        sent.append(str(number))
    for tab in tabs:
        tab.wait_for(*sent)
    # The connections of a page that only listens: those for its files are kept alive, but there is one stream.
    tabs.pop(0).close()
    server.send(recipient="u42", content="the first is closed")
    tabs[0].browser.switch_to.window(tabs[0].window)
    for tab in tabs:
        tab.wait_for(*sent, "the first is closed")
    tabs[0].eventually(lambda: streaming(server) == 1, "another tab should have the connection now")
    server.send(recipient="u42", content="and goes on")
    for tab in tabs:
        tab.wait_for(*sent, "the first is closed", "and goes on")
        assert tab.told == []


def test_tabs_that_follow_something_else_have_their_own_connection(server, client):
    other = client.tab(server).connect("u43")
    client.connect("u42")
    client.wait_for_state("connected")
    other.wait_for_state("connected")
    assert (streaming(server), streaming(server, "u43")) == (1, 1)


@pytest.mark.interrupted
def test_all_tabs_show_the_state_and_any_may_try_at_once(server, client):
    other = client.tab(server)
    for tab in (client, other):
        tab.connect()
        tab.wait_for_state("connected")
    server.stop(signal.SIGKILL)
    for tab in (client, other):
        tab.wait_for_state("reconnecting")
    server.start()
    other.run("inbox.retry()")
    server.send(recipient="u42", content="back")
    for tab in (client, other):
        tab.wait_for_state("connected")
        tab.wait_for("back")
    assert streaming(server) == 1


@pytest.mark.flags("--ping-seconds", "1")
def test_a_tab_that_leads_and_falls_silent_is_replaced(server, client):
    client.connect(silenceSeconds=2)
    client.wait_for_state("connected")
    other = client.tab(server).connect(silenceSeconds=2)
    other.wait_for_state("connected")
    # As if the system had put the tab to sleep without telling it.
    client.run("BroadcastChannel.prototype.postMessage = () => {}")
    server.send(recipient="u42", content="one")
    for tab in (other, client):
        tab.wait_for("one")
    server.send(recipient="u42", content="two")
    for tab in (other, client):
        tab.wait_for("one", "two")
    assert streaming(server) == 1


def test_a_frozen_page_lets_go_and_resumes_without_loss(server, client):
    client.connect()
    server.send(recipient="u42", content="before")
    client.wait_for("before")
    client.freeze(True)
    client.eventually(lambda: streaming(server) == 0, "a frozen page should not hold a connection")
    server.send(recipient="u42", content="meanwhile")
    client.freeze(False)
    server.send(recipient="u42", content="after")
    client.wait_for("before", "meanwhile", "after")
    assert client.told == []


def test_another_tab_takes_over_from_one_that_is_frozen(server, client):
    client.connect()
    client.wait_for_state("connected")
    other = client.tab(server).connect()
    other.wait_for_state("connected")
    client.freeze(True)
    server.send(recipient="u42", content="meanwhile")
    other.wait_for("meanwhile")
    client.freeze(False)
    client.wait_for("meanwhile")
    assert streaming(server) == 1


LATE_LOCK = """
    const { locks } = navigator;
    const request = locks.request.bind(locks);
    locks.request = (name, options, grant) => {
        window.grant = grant;
        return new Promise(() => {});
    };
    window.giveUpThenGrant = async () => {
        dispatchEvent(new Event("freeze"));
        await grant();
        locks.request = request;
        dispatchEvent(new Event("resume"));
    };
"""


def test_a_lock_that_is_granted_too_late_makes_no_second_leader(server, client):
    client.connect()
    client.wait_for_state("connected")
    other = client.tab(server)
    other.run(LATE_LOCK)
    other.connect()
    other.wait_for_state("connected")
    other.run("return giveUpThenGrant()")
    server.send(recipient="u42", content="one")
    for tab in (client, other):
        tab.wait_for("one")
    assert streaming(server) == 1


@pytest.fixture
def other_site():
    site = OtherSite()
    yield site
    site.stop()


@pytest.mark.flags("--presence-linger-seconds", "2")
def test_presence_is_told_in_all_tabs_and_a_reload_does_not_flap(server, client, people):
    client.connect(presence=["u43", "u44"])
    client.eventually(lambda: sorted(client.told) == ["u43 off", "u44 off"], "how it is should be told")
    tab = client.tab(server).connect(presence=["u43", "u44"])
    other = Client(people[1], server).connect("u43")
    for page in (client, tab):
        page.eventually(lambda: page.told[-1] == "u43 on", "the coming should be told")
    other.reload()
    other.connect("u43")
    other.wait_for_state("connected")
    other.browser.get("about:blank")
    for page in (client, tab):
        page.eventually(lambda: page.told[-1] == "u43 off", "the going should be told")
        # Once on, once off: the reload between them does not show.
        assert [each for each in page.told if each.startswith("u43")] == ["u43 off", "u43 on", "u43 off"]
    assert streaming(server) == 1


README = Path(__file__).resolve().parents[2] / "README.md"


def readme_scripts():
    """The pieces of JavaScript in the README, as somebody would copy them into a page."""
    return re.findall(r"^```js\n(.*?)^```$", README.read_text(), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("number", range(len(readme_scripts())))
def test_what_the_readme_shows_works_in_a_page_of_another_origin(start_server, people, other_site, number):
    server = start_server("--allow-origin", other_site.url)
    script = readme_scripts()[number].replace('const broker = "";', f'const broker = "{server.url}";')
    script = script.replace("http://127.0.0.1:8080", server.url)
    other_site.html = f"<!doctype html><title>other</title><script type=module>{script}</script>"
    page = Client(people[0], other_site)
    if "/v1/send" not in script:
        server.send(recipient="u42", sender="friend", content="hello")
    said = []

    def says_it():
        said.extend(page.browser.get_log("browser"))
        return any("hello" in entry["message"] or re.search(r'"\w+\.\d+"', entry["message"]) for entry in said)

    page.eventually(says_it, f"the console should show the message, shows {said}")
    # It may say more after that, its state for one, but nothing in red.
    page.browser.get("about:blank")
    said.extend(page.browser.get_log("browser"))
    assert [entry for entry in said if entry["level"] != "INFO"] == []


@pytest.mark.interrupted
def test_a_page_of_an_origin_that_is_not_allowed_is_refused(server, people, other_site):
    other_site.html = "<!doctype html><title>other</title>"
    page = Client(people[0], other_site).connect(url=server.url)
    page.wait_for_state("reconnecting")
    # Why, the browser tells the developer, not the page.
    assert any("CORS" in entry["message"] for entry in page.browser.get_log("browser"))


@pytest.mark.interrupted
def test_a_page_of_an_allowed_origin_can_read_when_to_come_back(start_server, people, other_site):
    server = start_server("--allow-origin", other_site.url, "--inbox-messages-max", "1")
    server.send(recipient="u42", sender="friend", content="hello")
    other_site.html = "<!doctype html><title>other</title>"
    page = Client(people[0], other_site)
    told = page.run_async(
        """
        const body = JSON.stringify({recipient: "u42", content: "too much"});
        const answer = await fetch(arguments[0] + "/v1/send",
          {method: "POST", headers: {"Content-Type": "application/json"}, body});
        return [answer.status, answer.headers.get("Retry-After")];
        """,
        server.url,
    )
    assert told == [429, "5"]
