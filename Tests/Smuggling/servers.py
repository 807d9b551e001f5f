"""The broker, and real proxies in front of it, each with a record of what it took for a request."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from wire import eventually, get

ROOT = Path(__file__).resolve().parents[2]
BROKERCTL = Path(os.environ.get("BROKERCTL", ROOT / ".build/debug/brokerctl"))


class Broker:
    """A running broker that tells how many requests it has carried out."""

    def __init__(self):
        # One loop, so that its counters are of one moment.
        command = [BROKERCTL, "serve", "--port", "0", "--host", "127.0.0.1", "--loops", "1"]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        first = self.process.stdout.readline().decode()
        match = re.search(r"http://127\.0\.0\.1:(\d+)", first)
        assert match, f"the first line does not tell the URL: {first!r}"
        self.address = int(match.group(1))
        self.asked = 0

    def requests(self):
        """How many requests came so far, without those of this object."""
        # What other connections have brought is dealt with in the turn of the first question at the latest.
        self.statistics()
        return self.statistics()["totals"]["requests"] - self.asked

    def statistics(self):
        self.asked += 1
        return json_of(get(self.address, "/v1/stats"))

    def contents(self, recipient):
        """The contents of what was sent to a recipient."""
        answer = get(self.address, f"/v1/poll?recipient={recipient}&cursor=0&timeout=0")
        self.asked += 1
        return [message["content"] for message in json_of(answer).get("messages", [])]

    def stop(self):
        self.process.terminate()
        code = self.process.wait(timeout=10)
        self.process.stdout.close()
        assert code == 0


def json_of(answer):
    assert answer.status == 200, answer
    return json.loads(answer.body)


class Proxy:
    """A running proxy, its sockets, and its log: one line a request, `ADDRESS-OF-BACKEND STATUS REQUEST-LINE`."""

    def __init__(self, folder, name, command, fronts):
        self.name = name
        self.log = folder / "access.log"
        self.errors = (folder / "errors.log").open("wb")
        self.fronts = {front: folder / f"{front}.sock" for front in fronts}
        output = self.log.open("wb") if name == "haproxy" else self.errors
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=self.errors)
        output.close()
        eventually(lambda: self.process.poll() is not None or all(path.exists() for path in self.fronts.values()))
        assert self.process.poll() is None, (folder / "errors.log").read_text()

    def requests_before(self, probe, start):
        """What stands in the log from `start` up to the line of `probe`: a list of (was passed on, line)."""

        def lines():
            text = self.log.read_bytes()[start:].decode("latin-1").split("\n")
            ends = [index for index, line in enumerate(text[:-1]) if probe in line]
            return text[: ends[0]] if ends else None

        # An empty list is an answer, too.
        found = eventually(lambda: (lines() or [""]) if lines() is not None else None)
        return [(not re.match(r"(-|<NOSRV>) ", line), line) for line in found if line]

    def log_size(self):
        return self.log.stat().st_size if self.log.exists() else 0

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=10)
        self.errors.close()


NGINX = """
daemon off;
worker_processes 1;
{user}
pid nginx.pid;
error_log errors-of-requests.log info;
events {{ worker_connections 256; }}
http {{
    log_format requests '$upstream_addr $status $request';
    access_log access.log requests;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    upstream broker {{ server 127.0.0.1:{port}; keepalive 4; }}
    # One connection to the backend carries many clients' requests: the place where smuggling hurts.
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $host;
    proxy_next_upstream off;
    proxy_ignore_client_abort on;
    client_max_body_size 16m;
    server {{
        listen unix:nginx.sock;
        location / {{ proxy_pass http://broker; }}
    }}
    # As much as it lets through, and bodies as they come.
    server {{
        listen unix:nginx-lenient.sock;
        ignore_invalid_headers off;
        underscores_in_headers on;
        merge_slashes off;
        location / {{ proxy_pass http://broker; proxy_request_buffering off; }}
    }}
}}
"""

HAPROXY = """
global
    nbthread 1
    log stdout format raw local0
defaults
    mode http
    log global
    log-format "%s %ST %r"
    option http-keep-alive
    http-reuse always
    retries 0
    timeout connect 5s
    timeout client 10s
    timeout server 10s
frontend plain
    bind unix@{folder}/haproxy.sock
    default_backend broker
# As much as it lets through.
frontend lenient
    bind unix@{folder}/haproxy-lenient.sock
    option accept-invalid-http-request
    default_backend broker
backend broker
    server broker 127.0.0.1:{port}
"""


def start_nginx(folder, port):
    user = "user root;" if os.getuid() == 0 else ""
    # Relative paths of sockets are not taken relative to the prefix.
    text = NGINX.format(port=port, user=user).replace("unix:", f"unix:{folder}/")
    (folder / "nginx.conf").write_text(text)
    binary = shutil.which("nginx") or "/usr/sbin/nginx"
    command = [binary, "-p", folder, "-e", "stderr", "-c", folder / "nginx.conf"]
    return Proxy(folder, "nginx", command, ["nginx", "nginx-lenient"])


def start_haproxy(folder, port):
    (folder / "haproxy.cfg").write_text(HAPROXY.format(port=port, folder=folder))
    binary = shutil.which("haproxy") or "/usr/sbin/haproxy"
    return Proxy(folder, "haproxy", [binary, "-db", "-f", folder / "haproxy.cfg"], ["haproxy", "haproxy-lenient"])
