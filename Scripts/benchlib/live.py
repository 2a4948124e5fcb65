"""Changes at an even rate at one HIE, and how long each takes until a lookup at another shows it.

Each counts from the moment at which it was to be sent. One thread and `select`, as in load: one connection sends the
changes in their order, another asks again and again while one of them is on its way.
"""
import json
import re
import select
import time

from benchlib import load
from benchlib.system import expect
from torturelib.feed import NUMBER_SYSTEM

#: After the last change; what no lookup shows by then is not shown at all.
SHOWN_SECONDS_MAX = 15
#: Between two lookups: to ask without rest would keep a core busy.
LOOKUP_PAUSE_SECONDS = 0.0005
SHOWN = re.compile(rb'"live-(\d+)"')


class Submission(load.Connection):
    """Sends requests that are whole already; what is the path of a lookup is here all of the request."""

    def send(self, sample):
        self.sample, self.whole = sample, None
        self.received.clear()
        sample.sent = time.perf_counter()
        self.socket.sendall(sample.path)


class LiveTraffic:
    """One Condition at `source` whose code counts up, looked up at `reader`; both are ports of workers."""

    def __init__(self, source, reader, patient):
        self.lookup = f"/api/patients/{patient}".encode()
        self.sent = 0
        self._writer, self._reader = Submission(source), load.Connection(reader)
        self._put("Patient/live", {"identifier": [{"system": NUMBER_SYSTEM, "value": str(patient)}]})

    def _put(self, reference, members):
        sample = load.Sample(self._writer.port, self._request(reference, members), time.perf_counter())
        self._writer.send(sample)
        while not self._writer.receive():
            pass
        self._accept(sample)

    def _accept(self, sample):
        self._writer.take(sample)
        expect(sample.status in (200, 201), f"a change was answered with {sample.status}")

    @staticmethod
    def _request(reference, members):
        resource_type, identifier = reference.split("/")
        body = json.dumps({"resourceType": resource_type, "id": identifier, **members}).encode()
        return (f"PUT /fhir/{reference} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/fhir+json\r\n"
                f"Prefer: return=minimal\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body

    def _next(self, due):
        """The next change as it is to be sent."""
        self.sent += 1
        request = self._request("Condition/live", {
            "subject": {"reference": "Patient/live"},
            "code": {"coding": [{"system": "s", "code": f"live-{self.sent}"}]}})
        return load.Sample(self._writer.port, request, due)

    def measure(self, seconds, rate):
        """Seconds until each of the changes was shown, endless for one that was not."""
        began, first, count = time.perf_counter() + 0.05, self.sent, int(seconds * rate)
        dues = [began + number / rate for number in range(count)]
        ends = dues[-1] + SHOWN_SECONDS_MAX
        times, look_at = [], began
        while len(times) < count and (now := time.perf_counter()) < ends:
            begun = self.sent - first
            if self._writer.sample is None and begun < count and dues[begun] <= now:
                self._writer.send(self._next(dues[begun]))
                begun += 1
            if self._reader.sample is None and len(times) < begun and look_at <= now:
                self._reader.send(load.Sample(self._reader.port, self.lookup, now))
            moments = [ends]
            if self._writer.sample is None and begun < count:
                moments.append(dues[begun])
            if self._reader.sample is None and len(times) < begun:
                moments.append(look_at)
            busy = [connection for connection in (self._writer, self._reader) if connection.sample is not None]
            readable, _, _ = select.select(busy, [], [], max(0, min(moments) - time.perf_counter()))
            for connection in readable:
                if not connection.receive():
                    continue
                if connection is self._writer:
                    self._accept(connection.sample)
                    continue
                sample = connection.sample
                connection.take(sample)
                shown = self._shown(sample) - first
                times += [sample.done - due for due in dues[len(times):shown]]
                look_at = sample.done + LOOKUP_PAUSE_SECONDS
        return times + [float("inf")] * (count - len(times))

    @staticmethod
    def _shown(sample):
        """The number of the change that a lookup shows."""
        expect(sample.status == 200, f"a lookup was answered with {sample.status}")
        found = SHOWN.search(sample.body)
        return int(found.group(1)) if found else 0

    def close(self):
        self._writer.close()
        self._reader.close()
