"""nchan, as Debian has it: publisher and subscriber locations of an nginx that is started here, on the loopback."""

import http.client
import json
import shutil
import socket
import subprocess
import tempfile
from email.utils import formatdate, parsedate_to_datetime
from pathlib import Path
from urllib.parse import quote

from adapters import NOW, OLDEST, Got, NotOffered, Sent, Service
from httpclient import PATIENCE_SECONDS, eventually
from readers import Item

MODULE = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")

# A buffer of ten messages, as the small brokers of this suite have inboxes of ten. Without workers of its own, nginx is
# one process, which is easy to end.
CONFIGURATION = """
load_module {module};
daemon off; master_process off; pid {work}/pid; error_log {work}/error.log;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {work}/body; proxy_temp_path {work}/proxy; fastcgi_temp_path {work}/fastcgi;
    uwsgi_temp_path {work}/uwsgi; scgi_temp_path {work}/scgi;
    nchan_message_buffer_length {slots};
    nchan_message_timeout 60s;
    server {{
        listen 127.0.0.1:{port};
        nchan_channel_id $arg_id;
        nchan_channel_id_split_delimiter ",";
        location = /send {{ nchan_publisher; }}
        location = /send/short {{ nchan_publisher; nchan_message_timeout 1s; }}
        location = /ask {{ nchan_subscriber intervalpoll; nchan_subscriber_first_message oldest; }}
        location = /ask/now {{ nchan_subscriber intervalpoll; nchan_subscriber_first_message newest; }}
        location = /wait {{
            nchan_subscriber longpoll; nchan_subscriber_first_message oldest; nchan_subscriber_timeout 30s;
        }}
        location = /wait/now {{ nchan_subscriber longpoll; nchan_subscriber_first_message newest; }}
        location = /wait/second {{
            nchan_subscriber longpoll; nchan_subscriber_first_message oldest; nchan_subscriber_timeout 1s;
        }}
        location = /stream {{
            nchan_subscriber eventsource; nchan_subscriber_first_message oldest;
            nchan_eventsource_ping_interval 1; nchan_eventsource_ping_event ping; nchan_eventsource_ping_data "{{}}";
        }}
        location = /stream/now {{ nchan_subscriber eventsource; nchan_subscriber_first_message newest; }}
    }}
}}
"""


def missing():
    """Why nchan cannot be run here; None if it can."""
    if NGINX is None or not MODULE.exists():
        return "nginx with nchan is not installed (Debian: nginx, libnginx-mod-nchan)"
    return None


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Waiting:
    """A subscriber that waits: its request is sent, its answer not read."""

    def __init__(self, service, connection):
        self.service, self.connection = service, connection

    def result(self):
        try:
            return self.service.got(self.connection.getresponse())
        finally:
            self.close()

    def close(self):
        self.connection.close()


class Events:
    """An open event stream."""

    def __init__(self, connection):
        self.connection = connection
        self.response = connection.getresponse()
        assert self.response.status == 200, self.response.status

    def event(self):
        """The fields of the next event that has data."""
        fields = {}
        while True:
            line = self.response.readline().decode()
            if not line:
                return None
            name, _, value = line.rstrip("\n").partition(":")
            if name:
                fields[name] = value.removeprefix(" ")
            elif "data" in fields:
                return fields
            elif not line.strip():
                fields = {}

    def next(self):
        while (event := self.event()) is not None:
            if event.get("event") != "ping":
                return Item("message", json.loads(event["data"]), event.get("id"))
        return Item("bye")

    def heartbeat(self):
        while self.event().get("event") != "ping":
            pass

    def close(self):
        self.connection.close()
        self.response.close()


class Nchan(Service):
    """A cursor is what nchan's event streams call the id of a message, `TIME:TAG`; polls carry the same in headers."""

    name = "nchan"
    slots = 10
    empty = (408, b"")
    shortest_wait = 1
    ping = 1

    def __init__(self):
        self.process = None
        self.work = tempfile.mkdtemp(prefix="nchan-")
        self.port = free_port()
        configuration = CONFIGURATION.format(module=MODULE, work=self.work, slots=self.slots, port=self.port)
        Path(self.work, "nginx.conf").write_text(configuration)
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [NGINX, "-p", self.work, "-c", "nginx.conf"], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        eventually(lambda: self.process.poll() is not None or self.answers())
        assert self.process.poll() is None, self.process.stderr.read()

    def answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.port)).close()
        except ConnectionRefusedError:
            return False
        return True

    def end(self):
        self.process.terminate()
        self.process.wait(PATIENCE_SECONDS)
        self.process.stderr.close()

    def stop(self):
        self.end()
        shutil.rmtree(self.work)

    def restart(self):
        self.end()
        self.start()

    def request(self, method, path, recipient, body=None, fields=None):
        names = recipient if isinstance(recipient, list) else [recipient]
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        target = f"{path}?id={','.join(quote(name, safe='') for name in names)}"
        connection.request(method, target, body, {"Accept": "text/json", **(fields or {})})
        return connection

    def send(self, recipient, content, short=False, **more):
        if more:
            raise NotOffered(f"sending with {', '.join(more)}")
        path = "/send/short" if short else "/send"
        connection = self.request("POST", path, recipient, json.dumps(content, ensure_ascii=False).encode())
        answer = connection.getresponse()
        told = json.loads(answer.read())
        connection.close()
        return Sent(accepted=answer.status in (201, 202), id=told["last_message_id"], online=told["subscribers"])

    @staticmethod
    def position(cursor):
        """The headers that stand for a cursor."""
        if cursor in (OLDEST, NOW):
            return {}
        time, _, tag = cursor.partition(":")
        date = formatdate(int(time), usegmt=True) if time.isdigit() else cursor
        return {"If-Modified-Since": date, "If-None-Match": tag}

    @staticmethod
    def got(answer):
        body = answer.read()
        if answer.status in (304, 408, 410):
            return Got(raw=(answer.status, body))
        if answer.status != 200:
            return Got(refused=True, raw=(answer.status, body))
        time = int(parsedate_to_datetime(answer.headers["Last-Modified"]).timestamp())
        return Got([json.loads(body)], f"{time}:{answer.headers['Etag']}", raw=(answer.status, body))

    def follow(self, recipients, cursor=OLDEST, wait=0, limit=1):
        path = "/wait/second" if wait else "/ask/now" if cursor == NOW else "/ask"
        connection = self.request("GET", path, recipients, fields=self.position(cursor))
        return Waiting(self, connection).result()

    def park(self, recipient, cursor=None, **more):
        if cursor is None or more:
            raise NotOffered("taking: every reader gets every message" if cursor is None else "sessions")
        before = self.online(recipient)
        path = "/wait/now" if cursor == NOW else "/wait"
        connection = self.request("GET", path, recipient, fields=self.position(cursor))
        eventually(lambda: self.online(recipient) == before + 1)
        return Waiting(self, connection)

    def stream(self, recipient, cursor=OLDEST, kind="sse", **more):
        if kind != "sse" or more:
            raise NotOffered(f"streams as {kind}" if kind != "sse" else "sessions")
        fields = {"Accept": "text/event-stream"}
        if cursor not in (OLDEST, NOW):
            fields["Last-Event-ID"] = cursor
        return Events(self.request("GET", "/stream/now" if cursor == NOW else "/stream", recipient, fields=fields))

    def delete(self, recipient):
        connection = self.request("DELETE", "/send", recipient)
        assert connection.getresponse().status in (200, 404)
        connection.close()

    def online(self, recipient):
        connection = self.request("GET", "/send", recipient)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return json.loads(body)["subscribers"] if answer.status == 200 else 0
