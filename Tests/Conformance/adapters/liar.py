"""A proxy between the suite and a broker that passes everything on, or tells one chosen lie.

The suite has to catch each lie; what it does not catch, it does not check. By hand, against any server:
`python -m adapters.liar URL [LIE]` from Tests/Conformance prints the URL to give to the suite.
"""

import asyncio
import re
import sys
import threading
from urllib.parse import urlsplit

from adapters.lies import LIES
from adapters.lies.lie import Lie, Request

HEAD_END = b"\r\n\r\n"


async def head_of(reader):
    """The bytes of the next head; None at the end."""
    try:
        return await reader.readuntil(HEAD_END)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


def field(head, name):
    match = re.search(rb"\r\n" + name + rb": *([^\r]*)", head, re.IGNORECASE)
    return match.group(1).decode() if match else None


def with_length(head, body):
    return re.sub(rb"(?i)(\r\ncontent-length: *)\d+", rb"\g<1>%d" % len(body), head)


class Exchange:
    """One connection of a client, and the one to the broker that belongs to it."""

    def __init__(self, lie, client, broker):
        self.lie = lie
        self.from_client, self.to_client = client
        self.from_broker, self.to_broker = broker
        self.requests = asyncio.Queue()

    async def run(self):
        tasks = [asyncio.ensure_future(self.ask()), asyncio.ensure_future(self.answer())]
        # Whichever side leaves, the other is left too, so that the broker notices a client that has gone.
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in (self.to_client, self.to_broker):
            writer.close()

    async def ask(self):
        while (head := await head_of(self.from_client)) is not None:
            body = await self.from_client.readexactly(int(field(head, b"content-length") or 0))
            method, target, _ = head.split(b"\r\n")[0].decode("latin-1").split(" ", 2)
            request = Request(method, target, body)
            body = self.lie.request(request)
            self.requests.put_nowait(request)
            self.to_broker.write(with_length(head, body) + body)
            await self.to_broker.drain()

    async def answer(self):
        while True:
            request = await self.requests.get()
            head = await head_of(self.from_broker)
            if head is None:
                return
            if request.path == "/v1/stream" and head[9:12] == b"200":
                self.to_client.write(head)
                chunked = field(head, b"transfer-encoding") == "chunked"
                return await self.stream(request, field(head, b"content-type"), chunked)
            length = 0 if request.method == "HEAD" else int(field(head, b"content-length") or 0)
            status, body = self.lie.answer(request, int(head[9:12]), await self.from_broker.readexactly(length))
            head = head[:9] + b"%d" % status + head[12:]
            self.to_client.write((with_length(head, body) if length else head) + body)
            await self.to_client.drain()

    async def stream(self, request, media_type, chunked):
        """Cuts the stream into events, lines or scripts, and passes on what the lie makes of them."""
        end = {"text/event-stream": b"\n\n", "text/html": b"</script>"}.get(media_type.split(";")[0], b"\n")
        text = b""
        while data := await (self.chunk() if chunked else self.from_broker.read(65536)):
            *parts, text = (text + data).split(end)
            told = b"".join(part + end for part in self.lie.parts(request, parts))
            if told:
                self.to_client.write(b"%x\r\n%s\r\n" % (len(told), told) if chunked else told)
                await self.to_client.drain()
        last = b"%x\r\n%s\r\n" % (len(text), text) if text and chunked else text
        self.to_client.write(last + b"0\r\n\r\n" if chunked else last)
        await self.to_client.drain()

    async def chunk(self):
        size = int((await self.from_broker.readuntil(b"\r\n"))[:-2], 16)
        return (await self.from_broker.readexactly(size + 2))[:-2]


class Liar:
    """The proxy, listening on a free port of the loopback in a thread of its own."""

    def __init__(self, url, lie=None):
        self.behind = urlsplit(url)
        self.lie = lie or Lie()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        start = asyncio.start_server(self.serve, "127.0.0.1", 0, limit=1 << 24)
        self.server = asyncio.run_coroutine_threadsafe(start, self.loop).result()
        self.url = f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    async def serve(self, *client):
        try:
            broker = await asyncio.open_connection(self.behind.hostname, self.behind.port, limit=1 << 24)
            await Exchange(self.lie, client, broker).run()
        except OSError:
            client[1].close()

    async def end(self):
        self.server.close()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    def stop(self):
        asyncio.run_coroutine_threadsafe(self.end(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3) or (len(sys.argv) == 3 and sys.argv[2] not in LIES):
        sys.exit(f"usage: python -m adapters.liar URL [{'|'.join(LIES)}]")
    liar = Liar(sys.argv[1], LIES[sys.argv[2]]() if len(sys.argv) == 3 else None)
    print(liar.url, flush=True)
    liar.thread.join()
