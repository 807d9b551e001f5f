"""The operations of the contract as methods, over raw connections, against one server that is named by its URL."""

import json
from urllib.parse import urlsplit

from httpclient import Connection, Stream, eventually, query, request_bytes


class Client:
    """Speaks to the server at a URL; one connection for each request unless told otherwise."""

    def __init__(self, url):
        parts = urlsplit(url)
        assert parts.scheme == "http" and parts.path in ("", "/"), f"not the URL of a server: {url}"
        self.host, self.port = parts.hostname, parts.port or 80

    @property
    def url(self):
        return f"http://{self.authority}"

    @property
    def authority(self):
        """What stands in `Host`."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def connect(self, **options):
        return Connection(self.port, host=self.host, **options)

    def request(self, method, target, fields=(), body=None, **more):
        """One request on its own connection."""
        with self.connect() as connection:
            return connection.request(method, target, fields, body, **more)

    def get(self, path, **fields):
        return self.request("GET", path + ("?" + query(**fields) if fields else ""))

    def post(self, path, fields=(), **body):
        """A JSON body."""
        return self.request("POST", path, [("Content-Type", "application/json"), *fields], json.dumps(body).encode())

    def post_form(self, path, **fields):
        return self.request(
            "POST", path, [("Content-Type", "application/x-www-form-urlencoded")], query(**fields).encode()
        )

    def send(self, recipient, content="x", **more):
        """Sends a message that must be accepted; answers the body of the 201."""
        answer = self.post("/v1/send", recipient=recipient, content=content, **more)
        assert answer.status == 201, answer
        return answer.json

    def send_all(self, recipient, contents, **more):
        """Sends many, in order, in batches; all must be accepted. Answers one result each."""
        results = self.batch([{"recipient": recipient, "content": content, **more} for content in contents])
        assert all(result.get("success") == "1" for result in results), results
        return results

    def batch(self, messages):
        """Sends messages in batches as large as may be; answers one result each."""
        lines, results = [json.dumps(message).encode() for message in messages], []
        for start in range(0, len(lines), 1000):
            body = b"\n".join(lines[start : start + 1000])
            answer = self.request("POST", "/v1/send", [("Content-Type", "application/x-ndjson")], body)
            assert answer.status == 200, answer
            results += answer.lines
        return results

    def poll(self, recipient, **more):
        """Polls without waiting, unless told otherwise; answers the body."""
        answer = self.get("/v1/poll", recipient=recipient, **{"timeout": 0, **more})
        assert answer.status == 200, answer
        return answer.json

    def contents(self, recipient, **more):
        """What a poll without waiting gives, as contents only."""
        return [message["content"] for message in self.poll(recipient, **more).get("messages", [])]

    def inbox(self, recipient):
        return self.get("/v1/inbox", recipient=recipient).json

    def delete(self, recipient):
        return self.request("DELETE", "/v1/inbox?" + query(recipient=recipient))

    def park(self, recipient, **more):
        """A connection whose poll waits at the server."""
        names = recipient if isinstance(recipient, list) else [recipient]
        before = [self.inbox(name)["waiting"] for name in names]
        connection = self.connect()
        connection.send(request_bytes("GET", "/v1/poll?" + query(recipient=recipient, **{"timeout": 30, **more})))
        eventually(lambda: [self.inbox(name)["waiting"] for name in names] == [count + 1 for count in before])
        return connection

    def stream(self, recipient, fields=(), version="HTTP/1.1", connection=None, **more):
        """An open stream; how it begins has been read, its position is in `cursor`: None for a taker."""
        connection = connection or self.connect()
        target = "/v1/stream?" + query(recipient=recipient, **more)
        connection.send(request_bytes("GET", target, fields, version=version))
        stream = Stream(connection)
        assert stream.head.status == 200, stream.head
        stream.begin()
        return stream

    def alive(self):
        return self.get("/health/live").status == 200
