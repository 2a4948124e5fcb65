"""HTTP requests as fast as a server answers them, by `hammer.c`: a client that costs little beside what it asks."""
import re
import struct

from benchlib.system import WAIT_SECONDS_MAX
from torturelib import system

SAID = re.compile(r"answered (\d+) requests in ([\d.]+) s = ([\d.]+)/s, mean body (\d+) bytes, p50 (\d+) us, p99 (\d+)")


class Answers:
    """What the client says of a run: all answers were of the 200s."""

    def __init__(self, said):
        found = SAID.search(said)
        self.count, self.seconds, self.rate = int(found.group(1)), float(found.group(2)), float(found.group(3))
        self.body_bytes = int(found.group(4))
        self.p50, self.p99 = int(found.group(5)) / 1e6, int(found.group(6)) / 1e6


class Hammer:
    """The client, compiled for this run."""

    def __init__(self, stage):
        self.program = stage.compiled("hammer")

    def once(self, port, connections, path):
        """Every request of a file once."""
        return self._run("once", port, WAIT_SECONDS_MAX, connections, path)

    def keep_on(self, port, seconds, connections, path):
        """The requests of a file again and again for so long."""
        return self._run("for", port, seconds, connections, path)

    def _run(self, deed, port, seconds, connections, path):
        return Answers(system.run(self.program, deed, str(port), str(seconds), str(connections), path,
                                  seconds=WAIT_SECONDS_MAX + seconds))


def write(path, requests):
    """Puts requests into a file, as hammer.c reads it."""
    with open(path, "wb") as file:
        for request in requests:
            file.write(struct.pack(">I", len(request)) + request)


def get(path):
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


def post(path, content_type, body):
    return (f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {content_type}\r\nPrefer: return=minimal\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body
