"""The comparison counts what is really sent: a relay between the browser and the broker counts as well."""

import pytest

from desk import Page
from relay import Relay


@pytest.fixture
def relay(server, people):
    relay = Relay(server)
    yield relay
    relay.stop()


class Compare(Page):
    path = "/compare"

    def figures(self, way):
        texts = self.run(
            "return [...document.querySelectorAll(`[data-way=${arguments[0]}] dd`)].map((cell) => cell.textContent)",
            way,
        )
        names = ("requests", "empty", "messages", "received", "sent", "each", "mean")
        return dict(zip(names, (int(text.replace(",", "")) for text in texts)))

    def speed_up(self):
        self.run(
            "for (const select of document.querySelectorAll('select')) {"
            "  select.options[0].value = '0.2'; select.selectedIndex = 0; }"
        )


def test_all_three_get_every_message_and_the_figures_grow(server, people, screenshot):
    page = Compare(people[0], server)
    page.speed_up()
    ways = ("interval", "poll", "stream")
    page.eventually(lambda: all(page.figures(way)["messages"] >= 5 for way in ways), "all should get messages")
    interval, poll, stream = (page.figures(way) for way in ways)
    assert stream["requests"] == 1 and stream["empty"] == 0
    assert poll["requests"] >= poll["messages"]
    assert stream["each"] < poll["each"] and stream["mean"] < 1000
    drawn = "return document.querySelector('#delays .line').getAttribute('d').length"
    before = page.run(drawn)
    page.eventually(lambda: page.run(drawn) > before, "the plot should grow")
    screenshot(page, "compare")
    page.find("#pause").click()
    page.eventually(lambda: page.text("#empty").endswith("bytes"), "an empty answer should be measured")
    assert int(page.text("#empty").split()[0]) <= 200
    page.eventually(
        lambda: len({page.figures(way)["messages"] for way in ("poll", "stream")}) == 1, "it should come to rest"
    )
    assert page.find("#pause").get_attribute("aria-pressed") == "true"


def test_the_bytes_are_those_on_the_wire(server, people, relay):
    page = Compare(people[0], relay)
    page.speed_up()
    page.eventually(lambda: page.figures("stream")["messages"] >= 3, "messages should come")
    page.find("#pause").click()

    def agrees():
        sent, received, stands_alone = relay.stream()
        shown = page.figures("stream")
        assert abs(shown["sent"] - sent) <= 0.15 * sent, (shown, sent)
        return shown["received"] == received if stands_alone else shown["received"] <= received

    page.eventually(agrees, f"what is shown should be what went through: {relay.stream()}")
