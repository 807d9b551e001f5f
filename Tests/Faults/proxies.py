"""Proxies that misbehave as proxies do: each in a thread, relaying to one server."""

import asyncio
import random
import re
import shutil
import socket
import subprocess
import tempfile
import threading
from pathlib import Path

from server import get


class Missing(Exception):
    """What this needs is not installed."""


class Proxy:
    """Relays bytes, and cuts, holds back or breaks up what it relays.

    - idle: seconds without a byte in either direction after which it cuts a connection
    - life: seconds after which it cuts a connection, whatever goes on
    - block: it passes answers on in blocks of so many bytes only
    - scatter: it passes everything on in pieces of 1 to 7 bytes, and sends bodies of known length in chunks
    """

    def __init__(self, server, idle=None, life=None, block=None, scatter=False):
        self.target = server.port
        self.idle, self.life, self.block, self.scatter = idle, life, block, scatter
        self.cuts = 0
        self.connections = 0
        self.dropped = []
        self.random = random.Random(1)
        self.loop = asyncio.new_event_loop()
        ready = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self.thread.start()
        ready.wait()

    def _run(self, ready):
        asyncio.set_event_loop(self.loop)
        self.listener = self.loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1000))
        self.port = self.listener.sockets[0].getsockname()[1]
        ready.set()
        self.loop.run_forever()

    @property
    def thrown_away(self):
        """The numbers of the messages that it had and did not pass on."""
        return {int(number) for data in self.dropped for number in re.findall(rb'"content":\[(\d+),', data)}

    def close(self):
        asyncio.run_coroutine_threadsafe(self._end(), self.loop)
        self.thread.join(10)

    async def _end(self):
        self.listener.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.loop.stop()

    async def _serve(self, client_reader, client_writer):
        self.connections += 1
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self.target)
        for writer in (client_writer, server_writer):
            writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._stir(client_writer)
        up = asyncio.ensure_future(self._up(client_reader, server_writer, client_writer))
        down = asyncio.ensure_future(self._down(server_reader, client_writer))
        watch = asyncio.ensure_future(self._watch(client_writer))
        try:
            done, _ = await asyncio.wait({up, down, watch}, return_when=asyncio.FIRST_COMPLETED)
            self.cuts += watch in done
        finally:
            for task in (up, down, watch):
                task.cancel()
            await asyncio.gather(up, down, watch, return_exceptions=True)
        # It has read this, so that the server's kernel knows that it arrived, and throws it away.
        self.dropped.append(bytes(server_reader._buffer))
        for writer in (server_writer, client_writer):
            writer.close()

    def _stir(self, client_writer):
        client_writer.last = self.loop.time()

    async def _watch(self, client_writer):
        born = self.loop.time()
        while True:
            now = self.loop.time()
            ends = [born + self.life] if self.life else []
            ends += [client_writer.last + self.idle] if self.idle else []
            if not ends:
                await asyncio.Event().wait()
            if now >= min(ends):
                return
            await asyncio.sleep(min(ends) - now)

    async def _up(self, reader, writer, client_writer):
        while True:
            if not self.scatter:
                data = await reader.read(65536)
                if not data:
                    return
                self._stir(client_writer)
                writer.write(data)
                await writer.drain()
                continue
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            lines = head[:-4].split(b"\r\n")
            lengths = [line for line in lines if line.lower().startswith(b"content-length:")]
            body = await reader.readexactly(int(lengths[0].split(b":")[1])) if lengths else b""
            if lengths:
                lines.remove(lengths[0])
                lines.append(b"Transfer-Encoding: chunked")
            await self._scatter(writer, b"\r\n".join(lines) + b"\r\n\r\n" + (self._chunks(body) if lengths else b""))

    def _chunks(self, body):
        chunks = b""
        while body:
            size = self.random.randrange(1, 20)
            piece, body = body[:size], body[size:]
            chunks += b"%x\r\n%s\r\n" % (len(piece), piece)
        return chunks + b"0\r\n\r\n"

    async def _scatter(self, writer, data):
        while data:
            size = self.random.randrange(1, 8)
            writer.write(data[:size])
            data = data[size:]
            await writer.drain()
            await asyncio.sleep(0)

    async def _down(self, reader, writer):
        held = b""
        while True:
            data = await reader.read(65536)
            if not data:
                writer.write(held)
                return
            self._stir(writer)
            if self.scatter:
                await self._scatter(writer, data)
                continue
            held += data
            size = len(held) if not self.block else len(held) // self.block * self.block
            writer.write(held[:size])
            held = held[size:]
            await writer.drain()


class Nginx:
    """A real one, as a reverse proxy that buffers, with the settings that its makers chose."""

    def __init__(self, server):
        if not shutil.which("nginx"):
            raise Missing("nginx is not installed")
        self.thrown_away = set()
        self.folder = tempfile.TemporaryDirectory()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        path = Path(self.folder.name)
        (path / "nginx.conf").write_text(
            f"""
            daemon off; master_process off; pid {path}/pid; error_log {path}/error.log;
            events {{ worker_connections 1024; }}
            http {{
                access_log off;
                client_body_temp_path {path}/body; proxy_temp_path {path}/proxy; fastcgi_temp_path {path}/fastcgi;
                uwsgi_temp_path {path}/uwsgi; scgi_temp_path {path}/scgi;
                server {{
                    listen 127.0.0.1:{self.port};
                    location / {{
                        proxy_pass http://127.0.0.1:{server.port};
                        proxy_http_version 1.1; proxy_set_header Connection "";
                    }}
                }}
            }}
            """
        )
        self.process = subprocess.Popen(
            ["nginx", "-p", path, "-c", path / "nginx.conf"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def close(self):
        self.process.terminate()
        self.process.wait(10)
        self.folder.cleanup()


def is_up(connect):
    """Whether it passes a request on."""
    try:
        with connect() as connection:
            return get(connection, "/health/live").status == 200
    except OSError:
        return False
