"""A backend that is wrong on purpose, so that the tests are known to be able to fail."""

import socket
import threading


class Naive:
    """Knows lengths of POST and no codings, ends lines with LF, takes all numbers that Python reads, refuses nothing."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = self.listener.getsockname()[1]
        self.count = 0
        self.acceptor = threading.Thread(target=self.accept)
        self.acceptor.start()

    def requests(self):
        return self.count

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            if self.count < 0:
                connection.close()
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection, connection.makefile("rwb") as stream:
            try:
                while first := stream.readline():
                    length = 0
                    while field := stream.readline().strip():
                        name, _, value = field.partition(b":")
                        if name.strip().lower() == b"content-length" and first.startswith(b"POST"):
                            length = int(value.split(b",")[0])
                    stream.read(length)
                    self.count += 1
                    target = (first.split() + [b"", b""])[1]
                    stream.write(b"HTTP/1.1 404 No\r\nContent-Length: %d\r\n\r\n%s" % (len(target), target))
                    stream.flush()
            except (OSError, ValueError, OverflowError):
                pass

    def stop(self):
        self.count = -1
        socket.create_connection(("127.0.0.1", self.address)).close()
        self.acceptor.join()
        self.listener.close()
