"""The page that waits as the old tutorials did, and the bell."""

import re
import shlex
import signal
import subprocess

import pytest
from selenium.webdriver.common.keys import Keys

from client import OtherSite
from desk import DeskPage, Page


class Notify(DeskPage):
    path = "/notify"
    texts_selector = "#list .text"

    @property
    def count(self):
        return int(self.text("#count"))

    @property
    def loop(self):
        return self.run(
            "return Object.fromEntries([...document.querySelectorAll('#loop li')]"
            ".map((item) => [item.dataset.kind, Number(item.querySelector('b').textContent)]))"
        )

    def wait_for_count(self, count):
        self.eventually(lambda: self.count == count, f"the bell should show {count}, shows {self.count}")

    def wait_for_loop(self, kind, count, exactly=True):
        self.eventually(
            lambda: self.loop[kind] == count or (not exactly and self.loop[kind] > count),
            f"the loop should count {count} for {kind}, has {self.loop}",
        )

    def open_bell(self):
        self.find("#bell").click()


def test_the_loop_shows_data_and_no_data(server, people):
    page = Notify(people[0], server, "?recipient=u7&timeout=0.3")
    page.wait_for_loop("none", 2, exactly=False)
    server.send(recipient="u7", sender="shop", content="Your parcel has come")
    page.wait_for_loop("data", 1)
    none = page.loop["none"]
    page.wait_for_loop("none", none + 1, exactly=False)
    assert page.loop["data"] == 1 and page.loop["timeout"] == 0


@pytest.mark.interrupted
def test_the_loop_shows_a_timeout_when_the_server_is_silent_and_goes_on(server, people):
    page = Notify(people[0], server, "?recipient=u7&timeout=0.5&patience=1.5")
    page.wait_for_loop("none", 1, exactly=False)
    server.process.send_signal(signal.SIGSTOP)
    try:
        page.wait_for_loop("timeout", 1, exactly=False)
    finally:
        server.process.send_signal(signal.SIGCONT)
    server.send(recipient="u7", content="back")
    page.wait_for_loop("data", 1)
    assert page.text("#last") in ("data: back", "no data")


def test_the_bell_counts_in_all_tabs_and_devices_and_reading_clears_it_everywhere(server, people, screenshot):
    first = Notify(people[0], server, "?recipient=u7")
    tab = first.new_window(server)
    device = Notify(people[1], server, "?recipient=u7")
    for content in ("Your parcel has come", "Invoice 4711 is paid"):
        server.send(recipient="u7", sender="shop", content=content)
    for page in (first, tab, device):
        page.wait_for_count(2)
    assert device.browser.title == "(2) Notifications"
    assert server.inbox("u7")["unread"] == 2
    device.open_bell()
    for page in (device, first, tab):
        page.wait_for_count(0)
    device.eventually(lambda: server.inbox("u7")["unread"] == 0, "the broker should know")
    device.press(Keys.ESCAPE)
    # A page that loads counts right, though the broker still has what was read.
    tab.reload()
    tab.wait_for_state("connected")
    server.send(recipient="u7", sender="shop", content="three")
    tab.wait_for_count(1)
    first.open_bell()
    tab.wait_for_count(0)
    assert first.texts == ["three", "Invoice 4711 is paid", "Your parcel has come"]
    screenshot(first, "notify")


def test_a_hidden_page_marks_nothing_read(server, people):
    page = Notify(people[0], server, "?recipient=u7")
    page.wait_for_state("connected")
    page.open_bell()
    hide = "Object.defineProperty(document, 'hidden', {configurable: true, value: arguments[0]});"
    page.run(hide + "document.dispatchEvent(new Event('visibilitychange'))", True)
    server.send(recipient="u7", content="one")
    page.wait_for_count(1)
    assert server.inbox("u7")["unread"] == 1
    page.run(hide + "document.dispatchEvent(new Event('visibilitychange'))", False)
    page.wait_for_count(0)


LOOPS = """
    window.loopsMax = 0;
    const requests = [];
    const { send } = XMLHttpRequest.prototype;
    XMLHttpRequest.prototype.send = function (...body) {
        requests.push(this);
        loopsMax = Math.max(loopsMax, requests.filter(({ readyState }) => readyState % 4).length);
        return send.apply(this, body);
    };
"""


@pytest.mark.interrupted
def test_a_page_that_is_hidden_and_shown_during_trouble_still_asks_once(server, people):
    page = Notify(people[0], server, "?recipient=u7&timeout=2.5")
    page.wait_for_state("connected")
    server.stop(signal.SIGKILL)
    page.wait_for_loop("error", 1, exactly=False)
    hide = "Object.defineProperty(document, 'hidden', {configurable: true, value: arguments[0]});"
    for hidden in (True, False, True, False):
        page.run(hide + "document.dispatchEvent(new Event('visibilitychange'))", hidden)
    server.start()
    page.run(LOOPS)
    none = page.loop["none"]
    page.wait_for_loop("none", none + 2, exactly=False)
    assert page.run("return loopsMax") == 1


@pytest.mark.interrupted
def test_what_was_read_elsewhere_meanwhile_is_not_counted(start_server, people):
    server = start_server("--retain-read-seconds", "1")
    page = Notify(people[0], server, "?recipient=u7")
    message = server.send(recipient="u7", content="one")
    page.wait_for_count(1)
    page.go_offline(True)
    page.wait_for_state("offline")
    server.request("/v1/ack", f"recipient=u7&ids={message['id']}".encode())
    page.eventually(lambda: server.kept("u7") == [], "what was read should go")
    page.go_offline(False)
    page.wait_for_state("connected")
    page.wait_for_count(0)


def test_the_form_and_the_curl_line_post_to_it(server, people):
    page = Notify(people[0], server, "?recipient=u7")
    page.wait_for_state("connected")
    page.find("#send [name=content]").send_keys("by the form")
    page.find("#send button").click()
    page.wait_for_count(1)
    page.eventually(lambda: re.search(r"Sent; \d waiting", page.text("#sent")), "it should say who was waiting")
    command = page.text(".commands code")
    assert command == f"curl {server.url}/v1/send -d recipient=u7 -d sender=shop -d content=hello"
    subprocess.run(shlex.split(command), check=True, capture_output=True, timeout=20)
    page.wait_for_count(2)
    page.open_bell()
    assert page.texts == ["hello", "by the form"]


def test_nothing_in_a_notification_runs(server, people):
    page = Notify(people[0], server, "?recipient=" + "%3Cimg src=x onerror=window.pwned=1%3E")
    text = "<img src=x onerror=window.pwned=1>"
    assert page.text("#recipient") == text
    server.send(recipient=text, sender=text, content=text)
    page.open_bell()
    page.eventually(lambda: page.texts == [text], "it should be shown as it was sent")
    assert page.run("return window.pwned") is None and page.run("return document.images.length") == 0


def test_the_page_of_fifteen_lines_works_on_another_site(start_server, people):
    site = OtherSite()
    try:
        server = start_server("--allow-origin", site.url)
        source = Notify(people[0], server, "?recipient=u7").text("#fifteen")
        assert len(source.strip().splitlines()) == 15
        site.html = source
        page = Page(people[1], site)
        page.eventually(lambda: page.browser.title == "connected", "the page should connect")
        server.send(recipient="u7", sender="shop", content="hello")
        page.eventually(lambda: page.text("#list") == "shop: hello", "it should show the message")
        page.find("#list li").click()
        page.eventually(lambda: server.inbox("u7")["unread"] == 0, "a click should mark it read")
        # What the bell tells other bells is nothing for it, nor for anybody else who reads the inbox.
        bell = Notify(people[0], server, "?recipient=u7")
        server.send(recipient="u7", sender="shop", content="again")
        # The first one too: the broker keeps it for a while, and no bell was told of the click.
        bell.wait_for_count(2)
        bell.open_bell()
        bell.wait_for_count(0)
        bell.eventually(lambda: server.kept("u7:read"), "word should be sent that it was read")
        server.send(recipient="u7", sender="shop", content="last")
        page.eventually(lambda: page.text("#list") == "shop: lastshop: again", "it should show what people sent")
        assert [message["content"] for message in server.kept("u7")] == ["hello", "again", "last"]
    finally:
        site.stop()
