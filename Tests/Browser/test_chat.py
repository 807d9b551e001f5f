"""The chat room: everybody sees everything once, and who is there."""

import signal
import urllib.parse

import pytest
from selenium.webdriver.common.keys import Keys

from desk import DeskPage


class Chat(DeskPage):
    path = "/chat"

    def rename(self, name):
        field = self.find("#name")
        field.send_keys(Keys.CONTROL + "a")
        field.send_keys(name, Keys.TAB)

    @property
    def people(self):
        return self.run("return [...document.querySelectorAll('#people li')].map((item) => item.firstChild.data)")

    def wait_for_people(self, *names):
        self.eventually(lambda: self.people == sorted(names), f"{names} should be here, but {self.people} are")

    @property
    def rooms(self):
        return self.run("return [...document.querySelectorAll('#rooms a')].map((link) => link.textContent)")

    @property
    def speakers(self):
        return self.run("return [...document.querySelectorAll('.meta')].map((each) => each.firstChild.data)")


PROTOCOLS = pytest.mark.parametrize("query", ["", "?protocol=timestamp"], ids=["client", "timestamp"])


@PROTOCOLS
def test_what_one_says_everybody_sees_and_who_comes_later_too(server, people, query):
    first = Chat(people[0], server, query)
    first.rename("Ada")
    first.wait_for_state("connected")
    first.say("Is anybody here?")
    second = Chat(people[1], server, query)
    second.rename("Lin")
    second.wait_for_texts("Is anybody here?")
    second.say("I am")
    for page in (first, second):
        page.wait_for_texts("Is anybody here?", "I am")
        page.wait_until_settled()
    assert first.speakers == ["You", "Lin"]
    assert second.speakers == ["Ada", "You"]
    second.reload()
    second.wait_for_texts("Is anybody here?", "I am")
    assert second.speakers == ["Ada", "You"]


def test_it_shows_who_is_here_and_who_has_gone(server, people, screenshot):
    first = Chat(people[0], server)
    second = Chat(people[1], server)
    first.rename("Ada")
    second.rename("Lin")
    for page in (first, second):
        page.wait_for_people("Ada", "Lin")
    first.say("Good morning!")
    second.say("Good morning, Ada. Have you seen the figures?")
    server.send(recipient="room:lobby", sender="build", content="Build 4711 is green")
    for page in (first, second):
        page.eventually(lambda: len(page.texts) == 3, "all should be shown")
        page.wait_until_settled()
    for scheme in ("light", "dark"):
        first.prefer(scheme)
        screenshot(first, f"chat-{scheme}")
    # A second tab is the same person; when it is closed, she is still here.
    tab = first.new_window(server)
    tab.wait_for_people("Ada", "Lin")
    tab.browser.switch_to.window(tab.window)
    tab.browser.close()
    first.browser.switch_to.window(first.window)
    second.rename("Lin Mei")
    first.wait_for_people("Ada", "Lin Mei")
    second.browser.get("about:blank")
    first.wait_for_people("Ada")


def test_a_message_appears_in_all_tabs_over_one_connection(server, people):
    first = Chat(people[0], server)
    tabs = [first, first.new_window(server), first.new_window(server)]
    for tab in tabs:
        tab.wait_for_state("connected")
    assert server.inbox("room:lobby")["streaming"] == 1
    tabs[2].say("hello")
    for tab in tabs:
        tab.wait_for_texts("hello")
        assert tab.speakers == ["You"]


def test_rooms_are_apart(server, people):
    lobby = Chat(people[0], server)
    lobby.say("in the lobby")
    lobby.wait_until_settled()
    lobby.find("#room-name").send_keys("café & co", Keys.ENTER)
    lobby.eventually(lambda: lobby.text("#room") == "café & co", "the room should open")
    lobby.wait_for_texts()
    lobby.say("in the café")
    lobby.wait_until_settled()
    assert [message["content"]["text"] for message in server.kept("room:café & co")] == ["in the café"]
    other = Chat(people[1], server, "#" + urllib.parse.quote("café & co"))
    other.wait_for_texts("in the café")
    assert other.rooms == ["café & co", "lobby"]
    lobby.browser.back()
    lobby.wait_for_texts("in the lobby")


HOSTILE = [
    '"<img src=x onerror=window.pwned=1>"',
    '"</script><script>window.pwned=1</script>"',
    '"javascript:window.pwned=1 https://example.org/"',
]


@PROTOCOLS
def test_nothing_that_is_said_runs(server, people, query):
    page = Chat(people[0], server, query)
    for text in HOSTILE:
        server.send_json(f'{{"recipient":"room:lobby","sender":{text},"content":{text}}}')
        server.send_json(f'{{"recipient":"here:lobby","sender":{text},"type":"here","content":{{"id":{text}}}}}')
    page.eventually(lambda: len(page.texts) == 3 and len(page.people) == 4, "all should be shown")
    assert page.run("return window.pwned") is None
    assert page.run("return document.querySelectorAll('img, script:not([src])').length") == 0
    assert [f'"{text}"' for text in page.texts] == HOSTILE


@pytest.mark.interrupted
@PROTOCOLS
def test_what_is_said_while_the_server_is_away_is_sent_when_it_is_back(server, people, query):
    page = Chat(people[0], server, query)
    page.wait_for_state("connected")
    server.stop(signal.SIGKILL)
    page.wait_for_state("reconnecting")
    page.say("meanwhile")
    page.eventually(lambda: page.troubles, "it should be shown as not sent yet")
    server.start()
    page.wait_for_state("connected")
    page.wait_until_settled()
    page.wait_for_texts("meanwhile")


@pytest.mark.flags("--inbox-messages-max", "5")
def test_a_room_never_fills_up_while_somebody_is_there(server, people):
    page = Chat(people[0], server)
    page.wait_for_state("connected")
    for number in range(12):
        page.say(f"message {number}")
        page.eventually(lambda: len(page.texts) == number + 1, "it should be shown")
        page.wait_until_settled()
    assert page.lines == []


def test_a_hidden_page_counts_what_it_has_not_shown(server, people):
    page = Chat(people[0], server)
    page.wait_for_state("connected")
    hide = "Object.defineProperty(document, 'hidden', {configurable: true, value: arguments[0]});"
    page.run(hide + "document.dispatchEvent(new Event('visibilitychange'))", True)
    for number in range(2):
        server.send(recipient="room:lobby", sender="Lin", content=number)
    page.eventually(lambda: page.browser.title.startswith("(2)"), "the title should count")
    page.run(hide + "document.dispatchEvent(new Event('visibilitychange'))", False)
    assert page.browser.title == "lobby · Chat room"


def test_who_comes_back_from_the_cache_of_the_back_button_is_here_again(server, people):
    first = Chat(people[0], server)
    second = Chat(people[1], server)
    first.rename("Ada")
    second.rename("Lin")
    second.wait_for_people("Ada", "Lin")
    turn = "dispatchEvent(new PageTransitionEvent(arguments[0], { persisted: true }))"
    first.run(turn, "pagehide")
    second.wait_for_people("Lin")
    first.run(turn, "pageshow")
    second.wait_for_people("Ada", "Lin")
    second.rename("Lin Mei")
    first.wait_for_people("Ada", "Lin Mei")
