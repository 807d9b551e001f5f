"""The server goes, the network goes, answers get lost: the pages say so, come back, and lose nothing."""

import json
import re
import signal

import pytest

from desk import Agent, Customer

pytestmark = pytest.mark.interrupted

# The page believes that its send failed, although the broker has taken it.
LOSE_ONE_ANSWER = """
    const real = window.fetch;
    window.fetch = async (path, ...rest) => {
        if (!path.endsWith("/v1/send")) return real(path, ...rest);
        window.fetch = real;
        await real(path, ...rest);
        throw new TypeError("the answer was lost");
    };
"""
LOSE_EVERY_SEND = """
    const real = window.fetch;
    window.fetch = (path, ...rest) =>
        path.endsWith("/v1/send") ? Promise.reject(new TypeError("no network")) : real(path, ...rest);
"""


# The pages give a connection up that was silent for 40 s; nobody wants to wait that long.
LOSE_PATIENCE_SOON = """
    window.realSetTimeout = window.setTimeout;
    window.setTimeout = (action, delay) => realSetTimeout(action, delay === 40_000 ? 1000 : delay);
"""


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "stopped"])
@pytest.mark.parametrize("query", ["", "?transport=iframe"], ids=["sse", "iframe"])
def test_a_server_that_starts_again_is_found_again(server, people, screenshot, query, ending):
    customer = Customer(people[0], server)
    agent = Agent(people[1], server, query)
    customer.say("before")
    agent.pick(customer.name)
    agent.wait_for_texts("before")
    for page in (customer, agent):
        page.wait_for_state("connected")
        page.wait_until_settled()
    server.stop(ending)
    for page in (customer, agent):
        page.wait_for_state("reconnecting")
    customer.say("meanwhile")
    customer.eventually(lambda: customer.troubles, "the question should be shown as not sent yet")
    assert "Not sent yet" in customer.troubles[0]
    customer.eventually(lambda: re.search(r"in \d+ s", customer.text("#state")), "a countdown should be shown")
    if not query:
        screenshot(customer, "reconnecting")
    server.start()
    for page in (customer, agent):
        page.wait_for_state("connected")
        page.wait_for_texts("before", "meanwhile")
        page.wait_until_settled()
    agent.say("after")
    for page in (customer, agent):
        page.wait_for_texts("before", "meanwhile", "after")
        assert any("started anew" in line for line in page.lines)
    agent.wait_for_list((customer.name, 0))


@pytest.mark.parametrize("query", ["", "?transport=iframe"], ids=["sse", "iframe"])
def test_a_connection_that_falls_silent_is_replaced(server, people, query):
    customer = Customer(people[0], server)
    agent = Agent(people[1], server, query)
    agent.wait_for_state("connected")
    for page in (customer, agent):
        page.wait_for_state("connected")
        page.run(LOSE_PATIENCE_SOON)
    # The next word of the server starts the clock anew.
    customer.say("one")
    agent.pick(customer.name)
    for page in (customer, agent):
        page.wait_for_state("reconnecting")
        assert "silent" in page.find("#state").get_attribute("title")
        page.run("window.setTimeout = realSetTimeout")
    for page in (customer, agent):
        page.wait_for_state("connected")
    customer.say("two")
    agent.wait_for_texts("one", "two")
    customer.wait_for_texts("one", "two")


def test_a_lost_network_is_shown_and_what_came_meanwhile_is_not_lost(server, people):
    customer = Customer(people[0], server)
    customer.wait_for_state("connected")
    server.send(recipient=customer.inbox, content="one")
    customer.wait_for_texts("one")
    customer.go_offline(True)
    customer.wait_for_state("offline")
    server.send(recipient=customer.inbox, content="two")
    customer.go_offline(False)
    customer.wait_for_state("connected")
    customer.wait_for_texts("one", "two")
    assert customer.lines == []


def test_an_agent_who_was_away_counts_what_another_has_read(server, people):
    away = Agent(people[0], server)
    present = Agent(people[1], server)
    server.ask("visitor-601", "hello")
    for agent in (away, present):
        agent.wait_for_list(("visitor-601", 1))
    away.go_offline(True)
    away.wait_for_state("offline")
    present.pick("visitor-601")
    present.wait_for_list(("visitor-601", 0))
    away.go_offline(False)
    away.wait_for_list(("visitor-601", 0))


@pytest.mark.flags("--retain-read-seconds", "1")
def test_the_same_when_all_trace_of_it_is_gone(server, people):
    agent = Agent(people[0], server)
    server.ask("visitor-602", "hello")
    agent.wait_for_list(("visitor-602", 1))
    agent.go_offline(True)
    agent.wait_for_state("offline")
    ids = [question["id"] for question in server.kept("desk:support")]
    server.request("/v1/ack", json.dumps({"recipient": "desk:support", "ids": ids}).encode(), "application/json")
    agent.eventually(lambda: server.kept("desk:support") == [], "what was read should go")
    agent.go_offline(False)
    agent.wait_for_state("connected")
    agent.wait_for_list(("visitor-602", 0))


@pytest.mark.flags("--inbox-messages-max", "5", "--when-full", "drop-oldest")
def test_what_the_broker_dropped_is_told_with_the_number(server, people, screenshot):
    customer = Customer(people[0], server)
    customer.wait_for_state("connected")
    server.send(recipient=customer.inbox, content="0")
    customer.wait_for_texts("0")
    customer.go_offline(True)
    customer.wait_for_state("offline")
    for number in range(1, 9):
        server.send(recipient=customer.inbox, content=number)
    customer.go_offline(False)
    customer.wait_for_texts("0", "4", "5", "6", "7", "8")
    assert customer.lines == ["3 messages are missing"]
    screenshot(customer, "gap")


def test_an_answer_that_got_lost_makes_no_second_question(server, people):
    customer = Customer(people[0], server)
    agent = Agent(people[1], server)
    customer.wait_for_state("connected")
    customer.run(LOSE_ONE_ANSWER)
    customer.say("only once")
    customer.wait_until_settled()
    customer.wait_for_texts("only once")
    agent.wait_for_list((customer.name, 1))
    assert len(server.kept(customer.inbox)) == 1


def test_an_answer_that_waits_is_shown_in_the_list_too(server, people):
    agent = Agent(people[1], server)
    server.ask("visitor-701", "hello")
    agent.pick("visitor-701")
    agent.run(LOSE_EVERY_SEND)
    agent.say("Good day")
    agent.eventually(lambda: "not sent yet" in agent.text(".preview"), "the list should tell")
    agent.reload()
    agent.wait_for_texts("hello", "Good day")
    agent.wait_until_settled()
    assert "not sent yet" not in agent.text(".preview")
    assert len(server.kept("desk:visitor-701")) == 2


def test_an_unsent_question_survives_a_reload(server, people):
    customer = Customer(people[0], server)
    customer.wait_for_state("connected")
    customer.run(LOSE_EVERY_SEND)
    customer.say("keep this")
    customer.eventually(lambda: customer.troubles, "the question should be shown as not sent yet")
    customer.reload()
    customer.wait_for_texts("keep this")
    customer.wait_until_settled()
    assert server.inbox("desk:support")["unread"] == 1


def test_what_is_refused_can_be_tried_again_and_edited(server, people, screenshot):
    customer = Customer(people[0], server)
    customer.wait_for_state("connected")
    customer.say_json('"' + "long " * 14_000 + '"')
    customer.eventually(lambda: customer.troubles, "the question should be refused")
    customer.say("short")
    customer.eventually(lambda: server.inbox("desk:support")["unread"] == 1, "what is short should go past it")
    screenshot(customer, "refused")
    customer.find(".trouble button:last-child").click()
    customer.wait_for_texts("short")
    assert customer.run("return document.querySelector('#composer textarea').value.length") == 70_000


@pytest.mark.flags("--inbox-messages-max", "2")
def test_a_question_that_one_inbox_took_and_the_other_not_is_tried_until_both_have_it(server, people):
    for text in ("one", "two"):
        server.ask("visitor-901", text)
    customer = Customer(people[0], server)
    customer.wait_for_state("connected")
    customer.say("three")
    customer.eventually(lambda: customer.troubles, "the agents' inbox should be full")
    assert [message["content"]["text"] for message in server.kept(customer.inbox)] == ["three"]
    assert len(server.kept("desk:support")) == 2
    agent = Agent(people[1], server)
    agent.pick("visitor-901")
    agent.eventually(lambda: dict(agent.list)["visitor-901"] == 0, "reading should make room")
    # It is tried again without a click too, only later.
    customer.run("document.querySelector('.trouble button')?.click()")
    customer.wait_until_settled()
    agent.wait_for_list((customer.name, 1), ("visitor-901", 0))
    assert customer.texts == ["three"]
    assert len(server.kept(customer.inbox)) == 1
