"""Lookups through a load balancer: each goes to the next of several workers that say they are ready.

What a usual balancer does and no more: it asks readyz again and again, keeps connections open, and goes to the next
worker where one refuses a connection. A request that was sent is not sent again: whatever becomes of it counts.
"""
import http.client
import itertools
import json
import select
import threading
import time

HEALTH_SECONDS = 0.5
#: A worker that does not say within this whether it is ready is not.
HEALTH_SECONDS_MAX = 2
ANSWER_SECONDS_MAX = 10
EXAMPLES_MAX = 5


class Backend:
    """One worker, and the connection to it that is kept open."""

    def __init__(self, seat):
        self.seat, self.is_ready = seat, False
        self.answered = 0
        self._connection = None

    def check(self):
        try:
            status, _, _ = self.seat.request("GET", "/readyz", seconds=HEALTH_SECONDS_MAX)
            self.is_ready = status == 200
        except OSError:
            self.is_ready = False

    def get(self, path):
        """Status and body. ConnectionRefusedError where nothing was sent; another OSError where something was."""
        if self._connection is not None and select.select([self._connection.sock], [], [], 0)[0]:
            # The worker has ended it while nothing was under way.
            self.close()
        if self._connection is None:
            connection = http.client.HTTPConnection("127.0.0.1", self.seat.port, timeout=ANSWER_SECONDS_MAX)
            connection.connect()
            self._connection = connection
        try:
            self._connection.request("GET", path)
            response = self._connection.getresponse()
            body = response.read()
        except http.client.HTTPException as error:
            self.close()
            raise ConnectionResetError(str(error) or type(error).__name__) from error
        except OSError:
            self.close()
            raise
        if response.will_close:
            self.close()
        self.answered += 1
        return response.status, body

    def close(self):
        if self._connection is not None:
            self._connection.close()
        self._connection = None


class Balancer:
    """`rate` lookups a second from `start` to `end`, each with its moment from which its time counts."""

    def __init__(self, seats, paths, rate):
        self.backends = [Backend(seat) for seat in seats]
        self.paths, self.rate = itertools.cycle(paths), rate
        self.seconds, self.refused, self.failed = [], 0, 0
        self.examples = []
        #: The longest that answers of one worker called a source silent, by source.
        self.silent_seconds = {}
        self._silent_since = {}
        self._turn = 0
        self._ends = threading.Event()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._check, self._ask)]

    def start(self):
        for backend in self.backends:
            backend.check()
        for thread in self._threads:
            thread.start()

    def end(self):
        self._ends.set()
        for thread in self._threads:
            thread.join(2 * ANSWER_SECONDS_MAX)

    def _check(self):
        while not self._ends.wait(HEALTH_SECONDS):
            for backend in self.backends:
                backend.check()

    def _ask(self):
        due = time.perf_counter()
        while not self._ends.is_set():
            due += 1 / self.rate
            time.sleep(max(0, due - time.perf_counter()))
            self._lookup(next(self.paths))
            self.seconds.append(time.perf_counter() - due)

    def _lookup(self, path):
        self._turn += 1
        ready = [backend for backend in self.backends if backend.is_ready]
        for place in range(len(ready)):
            backend = ready[(self._turn + place) % len(ready)]
            try:
                status, body = backend.get(path)
            except ConnectionRefusedError:
                self.refused += 1
                backend.is_ready = False
                continue
            except OSError as error:
                return self._fail(f"{backend.seat.name}: {type(error).__name__}: {error}")
            if status != 200:
                return self._fail(f"{backend.seat.name} answered with {status}")
            return self._note(backend, json.loads(body)["coverage"])
        self._fail("no worker was ready")

    def _fail(self, why):
        self.failed += 1
        if len(self.examples) < EXAMPLES_MAX:
            self.examples.append(why)

    def _note(self, backend, coverage):
        now = time.monotonic()
        for entry in coverage:
            key = (backend, entry["hie"])
            if entry["state"] == "silent":
                since = self._silent_since.setdefault(key, now)
                self.silent_seconds[entry["hie"]] = max(self.silent_seconds.get(entry["hie"], 0), now - since)
            else:
                self._silent_since.pop(key, None)
