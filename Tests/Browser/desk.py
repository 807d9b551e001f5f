"""The server as a process, and its pages as objects."""

import json
import os
import re
import secrets
import subprocess
import urllib.parse
import urllib.request

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

PATIENCE_SECONDS = int(os.environ.get("PATIENCE_SECONDS", "45"))


class Server:
    """`brokerctl serve`, on a free port that stays the same when it is started again."""

    def __init__(self, binary, flags=()):
        self.binary = binary
        self.flags = flags
        self.port = 0
        self.start()

    def start(self):
        command = [self.binary, "serve", "--port", str(self.port), *self.flags]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        said = ""
        for line in self.process.stdout:
            said += line
            address = re.search(r"http://[\w.\[\]:]+:(\d+)", line)
            if address:
                self.port = int(address[1])
                self.url = f"http://127.0.0.1:{self.port}"
                return
        raise RuntimeError(f"the server ended before it said where it listens:\n{said}")

    def stop(self, signal):
        self.process.send_signal(signal)
        self.process.wait(timeout=15)
        self.process.stdout.close()

    def send(self, **fields):
        """Sends as `curl -d recipient=… -d content=…` would; a list becomes a repeated field."""
        return self.request("/v1/send", urllib.parse.urlencode(fields, doseq=True).encode())

    def ask(self, name, text):
        """Asks as a customer's page does."""
        question = {
            "recipients": ["desk:support", f"desk:{name}"],
            "sender": name,
            "type": "question",
            "content": {"text": text, "ref": secrets.token_hex(12)},
        }
        return self.send_json(json.dumps(question))

    def send_json(self, text):
        return self.request("/v1/send", text.encode(), "application/json")

    def inbox(self, recipient):
        return self.request("/v1/inbox?" + urllib.parse.urlencode({"recipient": recipient}))

    def kept(self, recipient):
        """All messages of an inbox, without any effect on it."""
        query = urllib.parse.urlencode({"recipient": recipient, "cursor": 0, "timeout": 0, "limit": 1000})
        return self.request(f"/v1/poll?{query}").get("messages", [])

    def request(self, path, body=None, content_type="application/x-www-form-urlencoded"):
        request = urllib.request.Request(self.url + path, body)
        if body is not None:
            request.add_header("Content-Type", content_type)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or "null")


class Page:
    """One window of one browser."""

    path = "/"

    def __init__(self, browser, server, query=""):
        self.browser = browser
        self.window = browser.current_window_handle
        browser.get(server.url + self.path + query)

    def new_window(self, server):
        """The same page in another window of the same browser."""
        self.browser.switch_to.new_window("window")
        return type(self)(self.browser, server)

    def run(self, script, *arguments):
        self.browser.switch_to.window(self.window)
        return self.browser.execute_script(script, *arguments)

    def find(self, selector):
        self.browser.switch_to.window(self.window)
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector):
        return self.run("return document.querySelector(arguments[0])?.textContent ?? null", selector)

    def eventually(self, condition, what):
        def holds(_):
            return condition()

        WebDriverWait(self.browser, PATIENCE_SECONDS, 0.1).until(holds, what)

    def press(self, *keys, holding=None):
        """Types to whatever has the focus, wherever the keys move it."""
        self.browser.switch_to.window(self.window)
        typing = ActionChains(self.browser)
        if holding:
            typing.key_down(holding)
        typing.send_keys(*keys)
        if holding:
            typing.key_up(holding)
        typing.perform()

    def cdp(self, command, **parameters):
        self.browser.switch_to.window(self.window)
        return self.browser.execute_cdp_cmd(command, parameters)

    def reload(self):
        self.browser.switch_to.window(self.window)
        self.browser.refresh()

    def be_a_phone(self):
        self.cdp("Emulation.setDeviceMetricsOverride", width=360, height=740, deviceScaleFactor=2, mobile=True)

    def be_slow(self):
        """A sixth of this machine's speed, 60 ms away, with nothing in the cache."""
        self.cdp("Emulation.setCPUThrottlingRate", rate=6)
        self.cdp("Network.enable")
        self.cdp("Network.setCacheDisabled", cacheDisabled=True)
        far = {"offline": False, "latency": 60, "downloadThroughput": -1, "uploadThroughput": -1}
        self.cdp("Network.emulateNetworkConditions", **far)

    def prefer(self, scheme):
        self.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def go_offline(self, offline):
        network = {"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        self.cdp("Network.emulateNetworkConditions", **network)


class DeskPage(Page):
    """What the pages with a conversation have in common: messages and a state."""

    texts_selector = ".message .text"

    @property
    def state(self):
        return self.run("return document.getElementById('state').dataset.state ?? ''")

    def wait_for_state(self, *states):
        self.eventually(lambda: self.state in states, f"the state should become {states}")

    @property
    def name(self):
        return self.text("#name")

    def say(self, text):
        """Types and presses Enter."""
        self.find("#composer textarea").send_keys(text, Keys.ENTER)

    def say_json(self, text):
        """Says a JSON string; in contrast to typing, this can be any string."""
        self.run(
            "const form = document.getElementById('composer');"
            "form.querySelector('textarea').value = JSON.parse(arguments[0]);"
            "form.requestSubmit();",
            text,
        )

    @property
    def texts(self):
        """What the messages say, in order."""
        return [json.loads(text) for text in self.texts_json]

    @property
    def texts_json(self):
        """The same as JSON, in which a lone surrogate survives the way out of the browser."""
        every_text = "[...document.querySelectorAll(arguments[0])]"
        return self.run(f"return {every_text}.map((each) => JSON.stringify(each.textContent))", self.texts_selector)

    def wait_for_texts(self, *texts):
        self.eventually(lambda: self.texts == list(texts), f"{self.path} should show {texts}")

    @property
    def lines(self):
        """The lines between the messages."""
        return self.run("return [...document.querySelectorAll('.note')].map((each) => each.textContent)")

    @property
    def troubles(self):
        return self.run("return [...document.querySelectorAll('.trouble')].map((each) => each.textContent)")

    def wait_until_settled(self):
        """Each message has come from the broker, once, and nothing waits to be sent."""
        times = "each.querySelectorAll('time').length === 1"
        settled = f"return [...document.querySelectorAll('.message')].every((each) => each.dataset.id && {times})"
        self.eventually(lambda: self.run(settled) and not self.troubles, "every message should have arrived")


class Customer(DeskPage):
    path = "/desk/customer"

    @property
    def inbox(self):
        return f"desk:{self.name}"


class Agent(DeskPage):
    path = "/desk/agent"

    @property
    def list(self):
        """[(name, unread)] from top to bottom."""
        script = """
            return [...document.querySelectorAll("#customers a")].map((link) => [
                link.querySelector(".who").textContent,
                parseInt(link.querySelector(".unread")?.textContent ?? "0"),
            ])
        """
        return [tuple(entry) for entry in self.run(script)]

    def wait_for_list(self, *entries):
        self.eventually(lambda: self.list == list(entries), f"the list should become {entries}")

    def pick(self, name):
        self.eventually(lambda: name in dict(self.list), f"{name} should be listed")
        self.find(f"a[href='#{name}']").click()
        self.eventually(lambda: self.text("#customer") == name, f"the conversation with {name} should open")
