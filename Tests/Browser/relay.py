"""What stands between a browser and the broker: passes on, counts, and keeps back."""

import socket
import threading


class Relay:
    """Passes bytes on between a browser and the broker, and counts those of each connection."""

    def __init__(self, server):
        self.target = server.port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.lock = threading.Lock()
        self.exchanges = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                broker = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                client.close()
                continue
            exchange = {"sent": b"", "received": 0}
            with self.lock:
                self.exchanges.append(exchange)
            for source, sink, name in ((client, broker, "sent"), (broker, client, "received")):
                threading.Thread(target=self.copy, args=(source, sink, exchange, name), daemon=True).start()

    def copy(self, source, sink, exchange, name):
        while data := self.read(source):
            with self.lock:
                exchange[name] += data if name == "sent" else len(data)
            try:
                if self.passes(exchange, name):
                    sink.sendall(data)
            except OSError:
                break
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def passes(self, exchange, name):
        """Whether what was just read is passed on."""
        return True

    @staticmethod
    def read(source):
        try:
            return source.recv(65536)
        except OSError:
            return b""

    def stream(self):
        """What one stream has cost, for which a connection is used only once."""
        with self.lock:
            for exchange in self.exchanges:
                head, found, _ = exchange["sent"].partition(b"GET /v1/stream")
                if found:
                    # Requests for files may have gone before on the same connection.
                    return len(exchange["sent"]) - len(head), exchange["received"], not head
        return None

    def stop(self):
        self.listener.close()


class Keeper(Relay):
    """Passes the beginning of a stream on and keeps back what follows, as some proxies and virus scanners do."""

    def passes(self, exchange, name):
        if name == "sent" or b"GET /v1/stream" not in exchange["sent"]:
            return True
        # The broker writes the head and the opening at once.
        exchange["begun"] = exchange.get("begun", 0) + 1
        return exchange["begun"] == 1
