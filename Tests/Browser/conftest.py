"""A real server and real browsers for the tests of the pages.

BROKERCTL names the binary (default: the release or debug build of this repository), SCREENSHOTS the folder for pictures
(default: .build/screenshots).
"""

import os
import re
import shutil
import signal
from pathlib import Path

import pytest
from selenium import webdriver

from desk import Server

ROOT = Path(__file__).resolve().parents[2]


def pytest_configure(config):
    config.addinivalue_line("markers", "interrupted: the test takes the server or the network away on purpose")
    config.addinivalue_line("markers", "flags(*flags): the test needs a server with these flags")


def broker_binary():
    builds = [os.environ.get("BROKERCTL"), ROOT / ".build/release/brokerctl", ROOT / ".build/debug/brokerctl"]
    for build in builds:
        if build and Path(build).exists():
            return str(build)
    pytest.exit("no brokerctl: build it with `swift build`, or name it in BROKERCTL")


@pytest.fixture
def server(request):
    marker = request.node.get_closest_marker("flags")
    server = Server(broker_binary(), marker.args if marker else ())
    yield server
    server.stop(signal.SIGKILL)


@pytest.fixture
def start_server():
    """Starts servers with flags that only the test knows."""
    servers = []

    def start(*flags):
        servers.append(Server(broker_binary(), flags))
        return servers[-1]

    yield start
    for server in servers:
        server.stop(signal.SIGKILL)


def chromium():
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--lang=en"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(executable_path=shutil.which("chromedriver"))
    return webdriver.Chrome(options=options, service=service)


@pytest.fixture(scope="session")
def browsers():
    """Two browsers, so two people: they share neither cookies nor storage. Started once, they take a second each."""
    browsers = [chromium(), chromium()]
    yield browsers
    for browser in browsers:
        browser.quit()


@pytest.fixture
def people(browsers, request):
    """The two browsers, as if new; afterwards their consoles must be clean."""
    for browser in browsers:
        for window in browser.window_handles[1:]:
            browser.switch_to.window(window)
            browser.close()
        browser.switch_to.window(browser.window_handles[0])
        # In case the test before has changed it.
        browser.execute_cdp_cmd("Network.enable", {})
        browser.execute_cdp_cmd(
            "Network.emulateNetworkConditions",
            {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1},
        )
        browser.execute_cdp_cmd("Network.setCacheDisabled", {"cacheDisabled": False})
        browser.execute_cdp_cmd("Emulation.setCPUThrottlingRate", {"rate": 1})
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
        browser.execute_cdp_cmd("Network.clearBrowserCookies", {})
        browser.get("about:blank")
        browser.set_window_size(1200, 800)
        browser.get_log("browser")
    yield browsers
    complaints = [entry["message"] for browser in browsers for entry in browser.get_log("browser")]
    if request.node.get_closest_marker("interrupted"):
        # The browser itself notes each request that failed.
        complaints = [text for text in complaints if not re.search(r"net::ERR_|Failed to load resource", text)]
    assert complaints == []


@pytest.fixture
def screenshot():
    folder = Path(os.environ.get("SCREENSHOTS", ROOT / ".build/screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    return lambda page, name: page.browser.save_screenshot(str(folder / f"{name}.png"))
