"""The dashboard shows what goes on, looks into inboxes without taking, and empties them."""

import json
import re
import signal
import socket
import urllib.parse
import urllib.request
from contextlib import closing

import pytest
from selenium.webdriver.common.keys import Keys

from desk import DeskPage


class Dashboard(DeskPage):
    path = "/dashboard"
    texts_selector = "#messages .text"

    @property
    def figures(self):
        return self.run(
            "return Object.fromEntries([...document.querySelectorAll('#figures li')]"
            ".map((tile) => [tile.querySelector('h2').textContent, tile.querySelector('b').textContent]))"
        )

    def table(self, name):
        return self.run(
            "return [...document.querySelectorAll(`#${arguments[0]} tbody tr`)]"
            ".map((row) => [...row.cells].map((cell) => cell.textContent))",
            name,
        )

    def wait_for_figure(self, name, condition):
        self.eventually(lambda: condition(self.figures[name]), f"{name} should change, shows {self.figures}")

    def open(self, recipient):
        field = self.find("#find input")
        field.send_keys(Keys.CONTROL + "a")
        field.send_keys(recipient, Keys.ENTER)
        self.eventually(lambda: self.text("#inbox-name") == recipient, "the inbox should open")


def test_the_figures_are_those_of_the_broker_and_move(server, people, screenshot):
    page = Dashboard(people[0], server)
    page.wait_for_state("connected")
    assert len(page.figures) == 8
    for number in range(30):
        server.send(recipient=f"u{number % 3}", content=f"number {number}")
    page.wait_for_figure("Inboxes", lambda value: value == "3")
    page.wait_for_figure("Memory", lambda value: "KiB" in value)
    before = page.run("return document.querySelector('.line').getAttribute('d').split('L').length")
    page.eventually(
        lambda: page.run("return document.querySelector('.line').getAttribute('d').split('L').length") > before,
        "the plots should grow",
    )
    page.eventually(lambda: len(page.table("fullest")) == 3, "the fullest inboxes should be listed")
    page.eventually(lambda: len(page.table("unattended")) == 3, "nobody has read yet")
    assert {row[-1] for row in page.table("unattended")} == {"never"}
    assert sorted(row[0] for row in page.table("fullest")) == ["u0", "u1", "u2"]
    page.run("document.querySelector('#fullest button').click()")
    page.eventually(lambda: len(page.texts) == 10, "a row should open its inbox")
    screenshot(page, "dashboard")


def test_looking_takes_nothing_and_hides_nothing_from_readers(start_server, people):
    server = start_server("--inbox-messages-max", "3", "--when-full", "drop-oldest")
    for number in range(5):
        server.send(recipient="u7", content=number)
    page = Dashboard(people[0], server)
    page.open("u7")
    page.wait_for_texts("4", "3", "2")
    assert server.inbox("u7")["unread"] == 3
    # The first who really reads is still told what was dropped.
    answer = server.request("/v1/poll?recipient=u7&cursor=0&timeout=0")
    assert answer["gap"] == {"lost": 2}
    assert [message["content"] for message in answer["messages"]] == ["2", "3", "4"]


def test_a_test_message_is_sent_and_an_inbox_is_emptied(server, people):
    page = Dashboard(people[0], server)
    page.open("u7")
    page.find("#test [name=content]").send_keys('{"order": 4711}', Keys.ENTER)
    page.eventually(lambda: len(page.texts) == 1, "the message should be shown")
    assert server.kept("u7")[0]["content"] == {"order": 4711}
    page.find("#test [name=content]").send_keys("just a text", Keys.ENTER)
    page.eventually(lambda: page.texts[:1] == ["just a text"], "the newest should be on top")
    page.find("#purge").click()
    page.eventually(lambda: page.find("#sure").is_displayed(), "it should ask")
    page.press(Keys.ESCAPE)
    assert len(server.kept("u7")) == 2
    page.find("#purge").click()
    page.find("#sure .danger").click()
    page.wait_for_texts()
    assert server.kept("u7") == []


def test_nothing_in_a_name_or_a_message_runs(server, people):
    text = "<img src=x onerror=window.pwned=1>"
    server.send(recipient=text, sender=text, type=text, content=text)
    page = Dashboard(people[0], server)
    page.eventually(lambda: page.table("fullest"), "it should be listed")
    page.open(text)
    page.wait_for_texts(text)
    assert page.run("return window.pwned") is None and page.run("return document.images.length") == 0


@pytest.mark.interrupted
def test_it_says_when_the_broker_is_away_and_goes_on_when_it_is_back(server, people):
    page = Dashboard(people[0], server)
    page.wait_for_state("connected")
    server.stop(signal.SIGKILL)
    page.wait_for_state("reconnecting")
    server.start()
    page.wait_for_state("connected")


HOLD = """
    const { fetch } = window;
    const released = new Promise((resolve) => (window.release = resolve));
    window.fetch = async (url, ...rest) => {
        const answer = await fetch(url, ...rest);
        if (String(url).includes("recipient=slow")) await released.then(() => setTimeout(() => (window.late = true)));
        return answer;
    };
"""


def test_a_late_answer_is_not_shown_as_that_of_another_inbox(server, people):
    for _ in range(2):
        server.send(recipient="slow", content="of the slow one")
    server.send(recipient="quick", content="of the quick one")
    page = Dashboard(people[0], server)
    page.run(HOLD)
    page.open("slow")
    page.open("quick")
    page.wait_for_texts("of the quick one")
    summary = page.text("#summary")
    page.run("release()")
    page.eventually(lambda: page.run("return window.late"), "the late answer should be there")
    page.run("return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.text("#summary") == summary and page.texts == ["of the quick one"]


def stuck_stream(server, recipient):
    """A stream whose client does not read, until the server cannot write to it any more."""
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.connect(("127.0.0.1", server.port))
    request = f"GET /v1/stream?recipient={urllib.parse.quote(recipient)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    reader.sendall(request.encode())
    # It is open as soon as it says so.
    reader.recv(1)
    message = json.dumps({"recipient": recipient, "content": "x" * 60_000}) + "\n"
    for _ in range(100):
        # What kernels take makes room for more; at last nobody has seen anything of what the inbox is full of.
        batch = urllib.request.Request(server.url + "/v1/send", (message * 10).encode())
        batch.add_header("Content-Type", "application/x-ndjson")
        with urllib.request.urlopen(batch, timeout=30) as answer:
            if '"success":"1"' not in answer.read().decode():
                return reader
    raise AssertionError("the stream should fall behind")


def test_slow_readers_are_told_from_those_that_keep_up(server, people, screenshot):
    page = Dashboard(people[0], server)
    page.eventually(lambda: "Every reader" in page.text("#slowest"), "nobody is slow yet")
    with closing(stuck_stream(server, "slow")), urllib.request.urlopen(server.url + "/v1/stream?recipient=quick&as=sse"):
        server.send(recipient="quick", content="hello")
        server.send(recipient="left-alone", content="hello")
        page.eventually(lambda: [row[0] for row in page.table("slowest")] == ["slow"], "one is slow")
        behind = server.inbox("slow")["lag"]["messages"]
        page.eventually(lambda: page.table("slowest")[0][1] == str(behind), "it should say by how much")
        assert re.fullmatch(r"\d+ (s|min)", page.table("slowest")[0][2]) and page.table("slowest")[0][3] == "1"
        tile = "return [...document.querySelectorAll('#figures .faint')].map((each) => each.textContent)"
        page.eventually(lambda: f"the slowest is {behind} behind" in page.run(tile), "the figures should say so too")
        for size in ("desktop", "phone"):
            if size == "phone":
                page.be_a_phone()
            for scheme in ("light", "dark"):
                page.prefer(scheme)
                page.run("document.getElementById('slowest').scrollIntoView({ block: 'center' })")
                screenshot(page, f"dashboard-slow-{size}-{scheme}")
                assert page.run("return document.scrollingElement.scrollWidth - innerWidth") <= 0
        page.run("document.querySelector('#slowest button').click()")
        page.eventually(lambda: f"{behind}, for " in page.text("#summary"), "its inbox should say so too")
    page.eventually(lambda: not page.table("slowest"), "it has gone")


def test_slow_readers_are_told_in_chinese(server, people, screenshot):
    page = Dashboard(people[0], server)
    page.find(".language").click()
    page.eventually(lambda: "在线的读者都已收到全部消息" in (page.text("#slowest") or ""), "nobody is slow yet")
    with closing(stuck_stream(server, "慢")):
        page.eventually(lambda: [row[0] for row in page.table("slowest")] == ["慢"], "one is slow")
        assert re.fullmatch(r"\d+ (秒|分钟)", page.table("slowest")[0][2])
        screenshot(page, "dashboard-slow-chinese")


def test_an_inbox_that_is_followed_does_not_wait_for_a_reader(server, people):
    for recipient in ("followed", "left-alone"):
        server.send(recipient=recipient, content="hello")
    with urllib.request.urlopen(server.url + "/v1/stream?recipient=followed&cursor=0&as=sse"):
        page = Dashboard(people[0], server)
        page.eventually(lambda: len(page.table("fullest")) == 2, "both should be listed")
        assert [row[0] for row in page.table("unattended")] == ["left-alone"]
    page.eventually(lambda: len(page.table("unattended")) == 2, "nobody follows now")
