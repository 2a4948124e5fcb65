"""Load at a steady rate, and a ledger of what every worker acknowledged."""
import json
import random
import threading
import time

from containerslib.engine import ContainersError
from torturelib.feed import NUMBER_SYSTEM, nhs_numbers

PATIENTS = 200
NEW_SHARE = 0.8
ANSWER_SECONDS_MAX = 20
RETRY_SECONDS = 0.2


def patients(count=PATIENTS):
    """The numbers that every HIE knows, the same each time."""
    numbers = nhs_numbers(999_100_000)
    return [str(next(numbers)) for _ in range(count)]


class Feed(threading.Thread):
    """The system of record of one HIE: sends a change when it is due, again and again until the worker keeps it.

    The ledger has for every condition the patient and the latest version that was acknowledged.
    """

    def __init__(self, worker, numbers, seed):
        super().__init__(name=f"feed {worker.hie}", daemon=True)
        self.worker, self.numbers = worker, numbers
        self.random = random.Random(f"{seed}/{worker.hie}")
        self.ledger = {}
        #: Of this run: what an earlier one left behind is nobody's business.
        self.prefix = f"{int(time.time()):x}-"
        self.acknowledged = 0
        #: How far sending fell behind the schedule, at most.
        self.late_seconds_max = 0.0
        self.rate = 0.0
        self.error = None
        self._ends = threading.Event()

    def introduce(self):
        """Sends the patients themselves."""
        lines = [json.dumps({"resourceType": "Patient", "id": f"p{place}", "name": [{"family": f"Example{place}"}],
                             "identifier": [{"system": NUMBER_SYSTEM, "value": number}]})
                 for place, number in enumerate(self.numbers)]
        self._send("\n".join(lines) + "\n")

    def run(self):
        try:
            due = time.monotonic()
            while not self._ends.is_set():
                if not self.rate:
                    due = time.monotonic()
                    self._ends.wait(0.02)
                    continue
                wait = due - time.monotonic()
                if wait > 0:
                    self._ends.wait(wait)
                    continue
                self.late_seconds_max = max(self.late_seconds_max, -wait)
                due += 1 / self.rate
                self.change()
        except Exception as error:
            self.error = error

    def change(self):
        """One condition, new or in another version."""
        if self.ledger and self.random.random() > NEW_SHARE:
            name = f"{self.prefix}{self.random.randrange(len(self.ledger))}"
            place, version = self.ledger[name]
        else:
            name, place, version = f"{self.prefix}{len(self.ledger)}", self.random.randrange(len(self.numbers)), 0
        version += 1
        self._send(json.dumps({
            "resourceType": "Condition", "id": name, "subject": {"reference": f"Patient/p{place}"},
            "code": {"coding": [{"system": "http://snomed.info/sct", "code": str(version), "display": "Example"}]},
            "onsetDateTime": "2020-05-01"}) + "\n")
        self.ledger[name] = (place, version)
        self.acknowledged += 1

    def _send(self, body):
        deadline = time.monotonic() + ANSWER_SECONDS_MAX * 3
        while time.monotonic() < deadline:
            try:
                status, headers, said = self.worker.request(
                    "POST", "/fhir", body, {"Content-Type": "application/x-ndjson", "Prefer": "return=minimal"},
                    seconds=ANSWER_SECONDS_MAX)
            except OSError:
                time.sleep(RETRY_SECONDS)
                continue
            if status in (200, 201, 204) and "failed=0" in headers.get("Wherry-Summary", ""):
                return
            if status < 500 and status != 429:
                raise ContainersError(f"{self.worker.hie} refused a submission with {status}: {said[:300]!r}")
            time.sleep(RETRY_SECONDS)
        raise ContainersError(f"{self.worker.hie} took nothing in for {ANSWER_SECONDS_MAX * 3} s")

    def end(self):
        self._ends.set()
        self.join(ANSWER_SECONDS_MAX * 4)


class Feeds:
    """One at every HIE."""

    def __init__(self, mesh, seed):
        self.mesh = mesh
        self.numbers = patients()
        self.feeds = [Feed(worker, self.numbers, seed) for worker in mesh.workers.values()]
        for feed in self.feeds:
            feed.prefix = self.feeds[0].prefix

    def begin(self):
        for feed in self.feeds:
            feed.introduce()
            feed.start()

    def pace(self, changes_a_second):
        """Of all together."""
        for feed in self.feeds:
            feed.rate = changes_a_second / len(self.feeds)

    @property
    def acknowledged(self):
        self.check()
        return sum(feed.acknowledged for feed in self.feeds)

    @property
    def late_seconds_max(self):
        return max(feed.late_seconds_max for feed in self.feeds)

    def forget_lateness(self):
        for feed in self.feeds:
            feed.late_seconds_max = 0.0

    def check(self):
        for feed in self.feeds:
            if feed.error:
                raise feed.error

    def end(self):
        for feed in self.feeds:
            feed.end()

    def compare(self):
        """Looks up every patient at every HIE. Returns entries compared, and what was lost or is wrong."""
        expected = {}
        for feed in self.feeds:
            for name, (place, version) in feed.ledger.items():
                expected.setdefault(place, {})[(feed.worker.hie, f"Condition/{name}")] = str(version)
        compared, wrong = 0, []
        for worker in self.mesh.workers.values():
            for place, wanted in expected.items():
                answer = worker.get(f"/api/patients/{self.numbers[place]}", seconds=30)
                found = {(entry["source"], entry["resource"]): entry.get("code") for entry in answer["entries"]
                         if entry["resource"].startswith(f"Condition/{self.feeds[0].prefix}")}
                compared += len(wanted)
                wrong += [f"{worker.hie} lacks {key[0]} {key[1]} version {code}, has {found.get(key)}"
                          for key, code in wanted.items() if found.get(key) != code]
                wrong += [f"{worker.hie} has {key[0]} {key[1]} too much" for key in found if key not in wanted]
        return compared, wrong
