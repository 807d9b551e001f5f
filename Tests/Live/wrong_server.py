"""A server that breaks the contract in every answer; the contract run must fail against it, or it proves nothing."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class WrongServer(BaseHTTPRequestHandler):
    """Says yes to everything, in a shape that no operation has."""

    protocol_version = "HTTP/1.1"
    # Writes head and body at once; in two writes each answer would wait 40 ms for a delayed acknowledgement.
    wbufsize = 65536

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b'{"success":"1","surprise":true}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = do_OPTIONS = do_TRACE = answer

    def log_message(self, *_):
        pass


def serve():
    """The server, listening on a free port of the loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), WrongServer)
    server.daemon_threads = True
    return server
