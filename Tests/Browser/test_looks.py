"""The pages on a phone, in the dark, by keyboard alone, and as a document."""

import urllib.error
import urllib.request

import pytest
from selenium.webdriver.common.keys import Keys

from desk import Agent, Customer, Page

# The smallest ratio of contrast between a visible text and what is behind it, and that text.
SMALLEST_CONTRAST = """
    const channels = (color) => color.match(/[\\d.]+/g).map(Number);
    const luminance = (color) => {
        const [red, green, blue] = channels(color).map((value) => {
            const share = value / 255;
            return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const behind = (element) => {
        for (; element; element = element.parentElement) {
            const color = getComputedStyle(element).backgroundColor;
            if (channels(color)[3] !== 0) return color;
        }
        return "rgb(255, 255, 255)";
    };
    let smallest = [21, ""];
    for (const element of document.querySelectorAll("body *")) {
        const text = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
        if (!text || !element.checkVisibility({ visibilityProperty: true })) continue;
        const pair = [luminance(getComputedStyle(element).color), luminance(behind(element))];
        const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
        if (ratio < smallest[0]) smallest = [ratio, element.textContent];
    }
    return smallest;
"""


@pytest.fixture
def conversation(server, people):
    """A customer with a longer conversation, and an agent who reads it."""
    customer = Customer(people[0], server)
    customer.wait_for_state("connected")
    for number in range(4):
        customer.say(f"Question {number}: where is my parcel, and when will it come?")
    customer.say("https://example.org/" + "a-long-address-without-any-space" * 10)
    customer.wait_until_settled()
    server.send(recipient=customer.inbox, sender="agent-701", type="answer", content="It is on its way.\nTomorrow!")
    server.send(recipient=[customer.inbox, "desk:support"], sender="shop", type="notice", content="Closed on Sunday")
    for number in range(3):
        name = f"visitor-{number}70{number}"
        server.ask(name, f"Hello, this is {name} asking")
    agent = Agent(people[1], server)
    agent.wait_for_state("connected")
    agent.eventually(lambda: len(agent.list) == 5, "all should be listed")
    return customer, agent


def overflow(page):
    return page.run("return document.scrollingElement.scrollWidth - innerWidth")


def test_nothing_scrolls_sideways_on_a_phone(server, people, conversation, screenshot):
    customer, agent = conversation
    for page in conversation:
        page.be_a_phone()
    assert overflow(customer) <= 0
    screenshot(customer, "phone-customer")
    assert overflow(agent) <= 0
    screenshot(agent, "phone-agent-list")
    agent.pick(customer.name)
    agent.eventually(lambda: len(agent.texts) == 7, "the conversation should be shown")
    assert overflow(agent) <= 0
    screenshot(agent, "phone-agent")
    agent.find(".back").click()
    agent.eventually(lambda: agent.find("#customers").is_displayed(), "the list should be back")
    start = Page(people[0], server)
    assert overflow(start) <= 0
    screenshot(start, "phone-start")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_is_enough_for_everybody(server, people, conversation, screenshot, scheme):
    customer, agent = conversation
    agent.pick(customer.name)
    agent.eventually(lambda: len(agent.texts) == 7, "the conversation should be shown")
    for page, name in ((customer, "customer"), (agent, "agent")):
        page.prefer(scheme)
        ratio, text = page.run(SMALLEST_CONTRAST)
        assert ratio >= 4.5, text
        screenshot(page, f"{scheme}-{name}")
    start = Page(people[0], server)
    start.prefer(scheme)
    ratio, text = start.run(SMALLEST_CONTRAST)
    assert ratio >= 4.5, text
    screenshot(start, f"{scheme}-start")


def test_the_keyboard_is_enough(server, people):
    agent = Agent(people[1], server)
    for name in ("visitor-801", "visitor-802", "visitor-803"):
        server.ask(name, f"I am {name}")
    agent.wait_for_list(("visitor-803", 1), ("visitor-802", 1), ("visitor-801", 1))
    # Past the way to the start page and the button for the language.
    agent.press(Keys.TAB, Keys.TAB, Keys.TAB)
    agent.press(Keys.ARROW_DOWN)
    agent.press(Keys.ARROW_DOWN)
    assert agent.run("return document.activeElement.hash") == "#visitor-801"
    agent.press(Keys.ARROW_UP, Keys.ENTER)
    agent.wait_for_texts("I am visitor-802")
    agent.wait_for_list(("visitor-803", 1), ("visitor-802", 0), ("visitor-801", 1))
    # The field to answer in has the focus.
    agent.press("first line")
    agent.press(Keys.ENTER, holding=Keys.SHIFT)
    agent.press("second line", Keys.ENTER)
    agent.wait_for_texts("I am visitor-802", "first line\nsecond line")
    agent.press(Keys.ESCAPE)
    assert agent.run("return document.activeElement.hash") == "#visitor-802"
    agent.press(Keys.END, Keys.ENTER)
    agent.wait_for_texts("I am visitor-801")
    # A question moves its customer to the top and takes the focus from nobody.
    agent.press(Keys.ESCAPE)
    server.ask("visitor-801", "Hello?")
    agent.eventually(lambda: agent.list[0][0] == "visitor-801", "the newest question should be on top")
    assert agent.run("return document.activeElement.hash") == "#visitor-801"
    outline = agent.run("return getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"

    customer = Customer(people[0], server)
    assert customer.run("return document.activeElement.tagName") == "TEXTAREA"
    customer.press("hello", Keys.ENTER)
    customer.wait_for_texts("hello")


def test_the_log_is_announced(server, people):
    customer = Customer(people[0], server)
    customer.wait_for_state("connected")
    log = customer.find("#log")
    assert log.get_attribute("role") == "log"
    assert log.get_attribute("aria-busy") == "false"
    assert customer.find("#state [role=status]").text == "Connected"


@pytest.mark.parametrize("path", ["/", "/desk/customer", "/desk/agent", "/broker.js"])
def test_pages_are_kept_by_the_browser_and_allow_no_inline_script(server, path):
    with urllib.request.urlopen(server.url + path) as answer:
        policy = answer.headers["Content-Security-Policy"]
        tag = answer.headers["ETag"]
    assert "default-src 'self'" in policy and "unsafe" not in policy
    again = urllib.request.Request(server.url + path, headers={"If-None-Match": tag})
    with pytest.raises(urllib.error.HTTPError, match="304"):
        urllib.request.urlopen(again)


def test_the_start_page_shows_commands_for_this_server(server, people):
    start = Page(people[0], server)
    commands = start.run("return [...document.querySelectorAll('.commands code')].map((each) => each.textContent)")
    assert commands == [
        f"curl '{server.url}/v1/poll?recipient=u42'",
        f"curl -N '{server.url}/v1/stream?recipient=u42'",
        f"curl {server.url}/v1/send -d recipient=u42 -d content=hello",
    ]
    start.find(".commands button").click()
    start.eventually(lambda: start.text(".commands button") in ("Copied", "Selected"), "the button should answer")
    links = start.run("return [...document.links].map((link) => link.getAttribute('href'))")
    for link in links:
        with urllib.request.urlopen(server.url + link) as answer:
            assert answer.status == 200
