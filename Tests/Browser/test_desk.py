"""A customer and an agent, in two browsers, talk to each other through the broker."""

import json

import pytest

from desk import Agent, Customer

TRANSPORTS = ["", "?transport=iframe"]


@pytest.mark.parametrize("query", TRANSPORTS, ids=["sse", "iframe"])
def test_a_customer_and_an_agent_talk_both_ways(server, people, screenshot, query):
    customer = Customer(people[0], server)
    agent = Agent(people[1], server, query)
    customer.wait_for_state("connected")
    agent.wait_for_state("connected")
    customer.say("My parcel has not come")
    agent.pick(customer.name)
    agent.wait_for_texts("My parcel has not come")
    agent.say("Which number is on the receipt?")
    customer.wait_for_texts("My parcel has not come", "Which number is on the receipt?")
    customer.say("4711")
    agent.wait_for_texts("My parcel has not come", "Which number is on the receipt?", "4711")
    agent.say("It waits at your neighbour's")
    customer.wait_for_texts(*agent.texts)
    # One frame for the list, one for the conversation; the scripts that came in are gone again.
    scripts = "return [...document.querySelectorAll('iframe')].map((each) => each.contentDocument.scripts.length)"
    assert agent.run(scripts) == ([0, 0] if query else [])
    for page, name in ((customer, "customer"), (agent, "agent-iframe" if query else "agent")):
        page.wait_until_settled()
        screenshot(page, name)


def test_a_visitor_gets_a_name_that_stays(server, people):
    customer = Customer(people[0], server)
    name = customer.name
    assert name.startswith("visitor-") and 3 <= len(name.removeprefix("visitor-")) <= 6
    customer.reload()
    assert customer.name == name
    cookie = customer.browser.get_cookie("desk-visitor")
    assert cookie["sameSite"] == "Strict"
    other = Customer(people[1], server)
    assert other.name != name


def test_two_windows_of_one_visitor_both_show_everything(server, people):
    first = Customer(people[0], server)
    second = first.new_window(server)
    agent = Agent(people[1], server)
    first.wait_for_state("connected")
    second.wait_for_state("connected")
    first.say("asked in the first")
    second.wait_for_texts("asked in the first")
    second.say("asked in the second")
    agent.pick(first.name)
    agent.wait_for_texts("asked in the first", "asked in the second")
    agent.say("answered")
    for page in (first, second):
        page.wait_for_texts("asked in the first", "asked in the second", "answered")
    first.reload()
    first.wait_for_texts("asked in the first", "asked in the second", "answered")


def test_unread_counts_appear_clear_and_survive_a_reload(server, people):
    agent = Agent(people[1], server)
    agent.wait_for_state("connected")
    customer = Customer(people[0], server)
    for text in ("one", "two"):
        customer.say(text)
    agent.wait_for_list((customer.name, 2))
    server.ask("visitor-111", "three")
    agent.wait_for_list(("visitor-111", 1), (customer.name, 2))
    assert agent.browser.title == "(3) Agent desk"
    agent.reload()
    agent.wait_for_list(("visitor-111", 1), (customer.name, 2))
    agent.pick(customer.name)
    agent.wait_for_list(("visitor-111", 1), (customer.name, 0))
    agent.eventually(lambda: server.inbox("desk:support")["unread"] == 1, "the broker should know as well")
    agent.reload()
    agent.wait_for_state("connected")
    agent.wait_for_list(("visitor-111", 1), (customer.name, 0))
    agent.wait_for_texts("one", "two")


def test_a_hidden_page_marks_nothing_read(server, people):
    agent = Agent(people[1], server)
    server.ask("visitor-222", "one")
    agent.pick("visitor-222")
    agent.wait_for_list(("visitor-222", 0))
    hide = "Object.defineProperty(document, 'hidden', {configurable: true, value: arguments[0]});"
    agent.run(hide + "document.dispatchEvent(new Event('visibilitychange'))", True)
    server.ask("visitor-222", "two")
    server.ask("visitor-223", "later")
    agent.wait_for_list(("visitor-223", 1), ("visitor-222", 1))
    assert server.inbox("desk:support")["unread"] == 2
    agent.run(hide + "document.dispatchEvent(new Event('visibilitychange'))", False)
    agent.wait_for_list(("visitor-223", 1), ("visitor-222", 0))


def test_what_one_agent_has_read_is_read_for_the_other(server, people):
    first = Agent(people[0], server)
    second = Agent(people[1], server, "?transport=iframe")
    server.ask("visitor-333", "hello")
    for agent in (first, second):
        agent.wait_for_list(("visitor-333", 1))
    first.pick("visitor-333")
    for agent in (first, second):
        agent.wait_for_list(("visitor-333", 0))
    first.say("Good day")
    second.pick("visitor-333")
    for agent in (first, second):
        agent.eventually(lambda: "Good day" in agent.texts, "both should show the answer")


def test_a_notice_posted_by_a_service_appears_on_both_sides(server, people, screenshot):
    customer = Customer(people[0], server)
    agent = Agent(people[1], server)
    customer.say("Is the shop open?")
    agent.pick(customer.name)
    notice = {"sender": "shop", "type": "notice", "content": "Closed today"}
    server.send(recipient=["desk:support", customer.inbox], **notice)
    customer.wait_for_texts("Is the shop open?", "Closed today")
    agent.wait_for_texts("Is the shop open?", "Closed today")
    agent.wait_for_list(("Notices", 1), (customer.name, 0))
    customer.wait_until_settled()
    screenshot(customer, "notice-customer")
    screenshot(agent, "notice-agent")
    agent.find("a[href='#notices']").click()
    agent.wait_for_texts("Closed today")
    agent.wait_for_list(("Notices", 0), (customer.name, 0))
    assert not agent.find("#composer").is_displayed()


def test_the_newest_question_is_on_top(server, people):
    agent = Agent(people[1], server)
    for name in ("visitor-501", "visitor-502", "visitor-503"):
        server.ask(name, "hello")
        agent.wait_for_list(*([(name, 1)] + [entry for entry in agent.list if entry[0] != name]))
    server.ask("visitor-501", "again")
    agent.wait_for_list(("visitor-501", 2), ("visitor-503", 1), ("visitor-502", 1))


HOSTILE = [
    '"<img src=x onerror=\\"window.pwned=1;parent.pwned=1\\">"',
    '"</script><script>window.pwned=1;parent.pwned=1</script>"',
    '"<!--<script>"',
    '"]]></script>--><svg onload=parent.pwned=1>"',
    "\"\\\" ' ` \\\\ \\\\u0041 ${1} {{1}} &lt; &amp;\"",
    '"\\ud83d\\ude00 \\u00e9 e\\u0301 \\ud83d\\udc68\\u200d\\ud83d\\udc69\\u200d\\ud83d\\udc67"',
    '"lone \\ud83d and \\ude00 surrogates"',
    '"line\\u2028 paragraph\\u2029 nel\\u0085 bom\\ufeff nul\\u0000 escape\\u001b end"',
    '"data: x\\n\\nevent: bye\\ndata: {}\\n\\nid: 0\\n\\n"',
    '"\\u05e9\\u05dc\\u05d5\\u05dd \\u202eabc\\u202c \\u0645\\u0631\\u062d\\u0628\\u0627 123"',
    '"  spaces  and\\ttabs \\n and lines  "',
    json.dumps("0123456789abcdef" * 3840),
]


@pytest.mark.parametrize("query", TRANSPORTS, ids=["sse", "iframe"])
def test_text_arrives_as_it_was_sent_and_nothing_in_it_runs(server, people, screenshot, query):
    """From the customer over a stream to the agent, back over the long poll, and again as history."""
    customer = Customer(people[0], server)
    agent = Agent(people[1], server, query)
    customer.wait_for_state("connected")
    agent.wait_for_state("connected")
    expected = []
    for number, text in enumerate(HOSTILE):
        customer.say_json(text)
        if number == 0:
            agent.pick(customer.name)
        expected.append(text)
        for page in (agent, customer):
            wait_for_json(page, expected)
        agent.say_json(text)
        # As a service might post it, with the escapes written out.
        server.send_json(f'{{"recipient":"{customer.inbox}","sender":"<b>shop</b>","content":{text}}}')
        expected += [text, text]
        for page in (agent, customer):
            wait_for_json(page, expected, in_any_order=True)
            expected = page.texts_json
    for page in (customer, agent):
        assert_nothing_ran(page)
        page.wait_until_settled()
    screenshot(agent, "hostile-iframe" if query else "hostile")
    for page in (customer, agent):
        page.reload()
        page.wait_for_state("connected")
        wait_for_json(page, expected)
        assert_nothing_ran(page)


def wait_for_json(page, texts, in_any_order=False):
    arrange = sorted if in_any_order else list
    wanted = arrange(json.loads(text) for text in texts)
    page.eventually(lambda: arrange(page.texts) == wanted, f"{page.path} should show all {len(texts)} texts as sent")


def assert_nothing_ran(page):
    windows = "[window, ...[...document.querySelectorAll('iframe')].map((frame) => frame.contentWindow)]"
    assert page.run(f"return {windows}.every((each) => each.pwned === undefined)")
    foreign = "img, svg:not(.home svg), b:not(#name), script:not([src])"
    assert page.run("return document.querySelectorAll(arguments[0]).length", foreign) == 0
