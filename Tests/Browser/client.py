"""A page that uses /broker.js, and what may stand between it and the broker."""

import http.server
import shutil
import socket
import subprocess
import threading

from desk import Page

CONNECT = """
    const [url, options] = arguments;
    const module = await import(`${url}/broker.js`);
    window.broker = module;
    window.inbox = module.connect(options);
    window.got = [];
    window.told = [];
    window.states = [];
    inbox.on("message", ({ content }) => got.push(content));
    inbox.on("gap", ({ lost }) => told.push(`gap ${lost}`));
    inbox.on("reset", () => told.push("reset"));
    inbox.on("presence", ({ recipient, online }) => told.push(`${recipient} ${online ? "on" : "off"}`));
    inbox.on("state", (state) => states.push(state));
"""


class Client(Page):
    """A page of the broker's own, with a connection in `inbox` and what it has delivered in `got`."""

    def connect(self, recipient="u42", url="", **options):
        self.run_async(CONNECT, url, {"recipient": recipient, **options})
        return self

    def run_async(self, script, *arguments):
        return self.run(f"return (async (...arguments) => {{ {script} }})(...arguments)", *arguments)

    @property
    def got(self):
        return self.run("return window.got")

    @property
    def told(self):
        return self.run("return window.told")

    @property
    def state(self):
        return self.run("return inbox.state")

    def wait_for_state(self, name, transport=None):
        self.eventually(
            lambda: self.state["name"] == name and transport in (None, self.state.get("transport")),
            f"the state should become {name} {transport or ''}",
        )

    def wait_for(self, *contents):
        self.eventually(lambda: self.got == list(contents), f"the page should have got {contents}, has {self.got}")

    def freeze(self, frozen):
        self.cdp("Page.setWebLifecycleState", state="frozen" if frozen else "active")

    def tab(self, server):
        """The same page in another tab of the same browser."""
        self.browser.switch_to.new_window("tab")
        return type(self)(self.browser, server)

    def close(self):
        self.browser.switch_to.window(self.window)
        self.browser.close()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Proxy:
    """A real nginx in front of the broker."""

    binary = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/bin:/usr/bin")

    def __init__(self, folder, server):
        self.folder = folder
        self.target = server.url
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None

    def start(self, common="", stream=""):
        """Starts, or starts again, with directives for everything and for the stream."""
        self.stop()
        passing = f"proxy_pass {self.target}; proxy_http_version 1.1; proxy_set_header Host $http_host;"
        (self.folder / "nginx.conf").write_text(
            f"""
            daemon off; master_process off; pid {self.folder}/pid; error_log {self.folder}/error.log;
            events {{}}
            http {{
                access_log off;
                client_body_temp_path {self.folder}/body; proxy_temp_path {self.folder}/proxy;
                fastcgi_temp_path {self.folder}/f; uwsgi_temp_path {self.folder}/u; scgi_temp_path {self.folder}/s;
                server {{
                    listen 127.0.0.1:{self.port};
                    location / {{ {passing} {common} }}
                    location = /v1/stream {{ {passing} {common} {stream} }}
                }}
            }}
            """
        )
        self.process = subprocess.Popen(
            [self.binary, "-e", f"{self.folder}/error.log", "-p", str(self.folder), "-c", f"{self.folder}/nginx.conf"]
        )
        return self

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(timeout=15)
            self.process = None


class OtherSite:
    """Another origin: serves one page of HTML on a port of its own, and no icon."""

    def __init__(self):
        site = self
        self.html = ""

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = site.html.encode() if self.path == "/" else b""
                self.send_response(200 if body else 204)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.listener.server_port}"
        threading.Thread(target=self.listener.serve_forever, daemon=True).start()

    def stop(self):
        self.listener.shutdown()
        self.listener.server_close()
