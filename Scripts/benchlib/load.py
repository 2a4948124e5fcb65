"""Load that does not wait for answers: every request has its moment, and its time counts from then on.

One thread and `select`, requests made beforehand, answers read later: the client's own jitter stays far below what it
measures, and `sent_late` says how far.
"""
import collections
import gc
import select
import socket
import time

CONNECTIONS_PER_WORKER = 16
#: After the last request; what is not answered then counts as not answered at all.
ANSWER_SECONDS_MAX = 15
READ_BYTES = 1 << 18


class Sample:
    """One request: when it was to go, when it went, when its answer was whole."""
    __slots__ = ("port", "path", "due", "sent", "done", "answer")

    def __init__(self, port, path, due):
        self.port, self.path, self.due = port, path, due
        self.sent = self.done = None
        self.answer = b""

    @property
    def seconds(self):
        """From the intended moment; endless without an answer."""
        return float("inf") if self.done is None else self.done - self.due

    @property
    def service_seconds(self):
        """From the moment it went: what a client sees that waits for the last answer before the next question."""
        return float("inf") if self.done is None else self.done - self.sent

    @property
    def status(self):
        return int(self.answer[9:12]) if self.done is not None else None

    @property
    def body(self):
        return self.answer[self.answer.index(b"\r\n\r\n") + 4:]


class Connection:
    """A connection that is kept open and has one request under way at most."""

    def __init__(self, port):
        self.port = port
        self.sample = self.whole = None
        self.received = bytearray()
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def fileno(self):
        return self.socket.fileno()

    def send(self, sample):
        """A GET fits the socket's buffer, so that this does not block."""
        self.sample, self.whole = sample, None
        self.received.clear()
        sample.sent = time.perf_counter()
        self.socket.sendall(b"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" % sample.path)

    def receive(self):
        """Reads what is there; returns whether the answer is whole. ConnectionError when there will be none."""
        part = self.socket.recv(READ_BYTES)
        if not part:
            raise ConnectionResetError(f"port {self.port} closed a connection in the middle of an answer")
        self.received += part
        if self.whole is None:
            end = self.received.find(b"\r\n\r\n")
            if end < 0:
                return False
            head = self.received[:end].lower()
            length = head.find(b"\r\ncontent-length:")
            if length < 0:
                raise ConnectionResetError(f"port {self.port} sent an answer without a length")
            self.whole = end + 4 + int(head[length + 17:].split(b"\r\n", 1)[0])
        return len(self.received) >= self.whole

    def ask(self, path):
        """One request on its own: seconds and sample."""
        sample = Sample(self.port, path, time.perf_counter())
        self.send(sample)
        while not self.receive():
            pass
        self.take(sample)
        return sample

    def take(self, sample):
        sample.done = time.perf_counter()
        sample.answer = bytes(self.received)
        self.sample = None

    def close(self):
        self.socket.close()


def run(requests, rate):
    """Sends (port, path) after (port, path), `rate` a second, whatever the answers do. Returns the samples."""
    connections = {port: [Connection(port) for _ in range(CONNECTIONS_PER_WORKER)]
                   for port in {port for port, _ in requests}}
    gc.collect()
    gc.disable()
    try:
        return _run(requests, rate, connections)
    finally:
        gc.enable()
        for connection in (connection for some in connections.values() for connection in some):
            connection.close()


def _run(requests, rate, idle):
    began = time.perf_counter() + 0.05
    samples = [Sample(port, path, began + number / rate) for number, (port, path) in enumerate(requests)]
    waiting = {port: collections.deque() for port in idle}
    busy = set()
    upcoming = 0
    ends = samples[-1].due + ANSWER_SECONDS_MAX
    while upcoming < len(samples) or busy:
        now = time.perf_counter()
        if now > ends:
            break
        while upcoming < len(samples) and samples[upcoming].due <= now:
            waiting[samples[upcoming].port].append(samples[upcoming])
            upcoming += 1
        for port, queue in waiting.items():
            while queue and idle[port]:
                connection = idle[port].pop()
                connection.send(queue.popleft())
                busy.add(connection)
        # select, and not epoll: its time is in microseconds.
        next_due = samples[upcoming].due if upcoming < len(samples) else ends
        readable, _, _ = select.select(busy, [], [], max(0, min(next_due - time.perf_counter(), 1)))
        for connection in readable:
            if connection.receive():
                connection.take(connection.sample)
                busy.discard(connection)
                idle[connection.port].append(connection)
    for connection in busy:
        connection.close()
    return samples
