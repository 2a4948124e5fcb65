"""The records of one HIE, as its system of record: what it sent, what was acknowledged, and in which order."""
import json
import random
import threading
import time

from torturelib.system import TortureError

NUMBER_SYSTEM = "https://fhir.nhs.uk/Id/nhs-number"
#: Patients of the same place in every feed have the same number; moves go to numbers from here on.
SPARE_NUMBERS_FROM = 999_500_000
PIECE_CHANGES_MAX = 300
ANSWER_SECONDS_MAX = 120
TAKEN_SECONDS_MAX = 240
RESEND_PIECE_CHANGES = 500


def nhs_numbers(first_nine):
    """Valid numbers of the test range from these nine digits on (modulus 11)."""
    while True:
        first_nine += 1
        check = 11 - sum(int(digit) * (10 - place) for place, digit in enumerate(str(first_nine))) % 11
        if check != 10:
            yield first_nine * 10 + check % 11


class Event:
    """A resource as it was from some moment on: its version, and its patient, or None when it was deleted."""
    __slots__ = ("version", "patient", "sent_at", "acknowledged_at")

    def __init__(self, version, patient):
        self.version, self.patient = version, patient
        self.sent_at = self.acknowledged_at = None


class Resource:
    """A Patient or a Condition with its whole history, oldest first."""
    __slots__ = ("type", "id", "owner", "events", "conditions")

    def __init__(self, kind, identifier, owner=None):
        self.type, self.id, self.owner = kind, identifier, owner
        self.events, self.conditions = [], []

    @property
    def reference(self):
        return f"{self.type}/{self.id}"

    @property
    def patient(self):
        return self.events[-1].patient

    def body(self, event):
        """FHIR of it; the version is the code of a Condition and the family name of a Patient."""
        if self.type == "Patient":
            return {"resourceType": "Patient", "id": self.id, "name": [{"family": f"V{event.version}"}],
                    "identifier": [{"system": NUMBER_SYSTEM, "value": str(event.patient)}]}
        return {"resourceType": "Condition", "id": self.id, "subject": {"reference": f"Patient/{self.owner.id}"},
                "code": {"coding": [{"system": "http://snomed.info/sct", "code": str(event.version),
                                     "display": "Example"}]}, "onsetDateTime": "2020-05-01"}


class Piece:
    """What one request carries: resources with the event that it makes true."""

    def __init__(self, is_bundle=False):
        self.is_bundle = is_bundle
        self.items = []
        #: Events that come about at the worker: the Conditions of a Patient who moves.
        self.consequences = []

    def render(self):
        """Path, content type and body."""
        if not self.is_bundle:
            lines = [json.dumps(resource.body(event)) for resource, event in self.items]
            return "/fhir", "application/x-ndjson", "\n".join(lines) + "\n"
        entries = []
        for resource, event in self.items:
            if event.patient is None:
                entries.append({"request": {"method": "DELETE", "url": resource.reference}})
            else:
                entries.append({"resource": resource.body(event),
                                "request": {"method": "PUT", "url": resource.reference}})
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        return "/fhir", "application/fhir+json", json.dumps(bundle)


class Feed(threading.Thread):
    """Sends piece after piece, each again and again until the worker says that it keeps it.

    `allowed` and `rate` set the pace; `hold` and `release` stop it between two requests.
    """

    def __init__(self, seat, seed):
        super().__init__(name=f"feed {seat.hie}", daemon=True)
        self.seat, self.random = seat, random.Random(f"{seed}/feed/{seat.hie}")
        self.lock = threading.Lock()
        self.numbers, self.spare_numbers = nhs_numbers(999_000_000), nhs_numbers(SPARE_NUMBERS_FROM)
        self.patients, self.conditions = [], []
        #: Everything that was ever kept under a number: what a lookup of it may have to show.
        self.by_number = {}
        self.version = self.attempted = self.acknowledged = 0
        self.allowed, self.rate = 0, 100.0
        self.error = None
        #: While the journal is another's (new disk, restored backup) nothing can be expected of the indexes.
        self.is_suspended = False
        self.is_sending = threading.Event()
        self.touched = set()
        self._goes = threading.Event()
        self._goes.set()
        self._is_idle = threading.Event()
        self._ends = False

    def run(self):
        try:
            while not self._ends:
                self._is_idle.set()
                if not self._goes.wait(0.1):
                    continue
                if self.acknowledged >= self.allowed:
                    time.sleep(0.01)
                    continue
                self._send_piece()
        except Exception as error:
            self.error = error
        finally:
            self._is_idle.set()

    def end(self):
        self._ends = True

    def hold(self):
        """Returns when nothing is on its way; the worker must answer, or be dead, for that."""
        self._goes.clear()
        if not self._is_idle.wait(TAKEN_SECONDS_MAX):
            raise TortureError(f"the feed of {self.seat.hie} does not come to rest")

    def release(self):
        self._goes.set()

    def mark(self):
        """Begins to note which resources change: see `resend`."""
        with self.lock:
            self.touched = set()

    def resend(self, everything):
        """Between hold and release: what the worker acknowledged (since `mark`) and cannot know any more."""
        with self.lock:
            resources = self.patients + self.conditions
            if not everything:
                resources = [resource for resource in resources if resource in self.touched]
            states = []
            for resource in resources:
                known = [event for event in resource.events if event.acknowledged_at]
                if known and (known[-1].patient is not None or not everything):
                    states.append((resource, known[-1]))
        puts = [state for state in states if state[1].patient is not None]
        deletions = [state for state in states if state[1].patient is None]
        for items, is_bundle in ((puts, False), (deletions, True)):
            for start in range(0, len(items), RESEND_PIECE_CHANGES):
                piece = Piece(is_bundle)
                piece.items = items[start:start + RESEND_PIECE_CHANGES]
                self._deliver(piece)

    def expected(self):
        """What every index has to hold in the end: reference to (number, version)."""
        with self.lock:
            return {resource.reference: (resource.events[-1].patient, resource.events[-1].version)
                    for resource in self.patients + self.conditions if resource.events[-1].patient is not None}

    def _send_piece(self):
        piece = self._make_piece()
        began = time.time()
        with self.lock:
            for _, event in piece.items + piece.consequences:
                event.sent_at = began
            self.attempted += len(piece.items)
        self._deliver(piece, waits_for_release=True)
        ended = time.time()
        with self.lock:
            for resource, event in piece.items + piece.consequences:
                event.acknowledged_at = ended
                self.touched.add(resource)
            self.acknowledged += len(piece.items)
        rest = len(piece.items) / self.rate - (ended - began)
        if rest > 0:
            time.sleep(min(rest, 2.0))

    def _deliver(self, piece, waits_for_release=False):
        """Sends it until it is kept; between two attempts it may be held."""
        request = piece.render()
        deadline = time.monotonic() + TAKEN_SECONDS_MAX
        while not self._ends:
            if waits_for_release and not self._goes.is_set():
                self._is_idle.set()
                self._goes.wait(0.1)
                deadline = time.monotonic() + TAKEN_SECONDS_MAX
                continue
            self._is_idle.clear()
            # A hold that came in between finds the feed idle only after this attempt.
            if (self._goes.is_set() or not waits_for_release) and self._attempt(*request):
                return
            if time.monotonic() > deadline:
                raise TortureError(f"{self.seat.hie} took nothing in for {TAKEN_SECONDS_MAX} s")
            time.sleep(0.1)

    def _attempt(self, path, content_type, body):
        """Whether the worker says that it keeps it."""
        self.is_sending.set()
        try:
            # A request is never given up while its worker lives: a late one would overtake its successors.
            status, headers, said = self.seat.request(
                "POST", path, body, {"Content-Type": content_type, "Prefer": "return=minimal"},
                seconds=ANSWER_SECONDS_MAX)
        except TimeoutError:
            raise TortureError(f"{self.seat.hie} did not answer a submission within {ANSWER_SECONDS_MAX} s")
        except OSError:
            return False
        finally:
            self.is_sending.clear()
        if status in (200, 201, 204) and "failed=0" in headers.get("Wherry-Summary", ""):
            return True
        if status < 500 and status != 429:
            raise TortureError(f"{self.seat.hie} refused a submission with {status}: {said[:500]!r}")
        return False

    def _make_piece(self):
        """A few changes, now and then many; a bundle when it deletes something."""
        with self.lock:
            piece = Piece(is_bundle=len(self.conditions) > 20 and self.random.random() < 0.2)
            size = self.random.randint(1, PIECE_CHANGES_MAX if self.random.random() < 0.04 else 24)
            used = set()
            for _ in range(min(size, self.allowed - self.acknowledged)):
                resource, patient = self._choose(piece.is_bundle)
                if resource in used:
                    continue
                used.add(resource)
                self._add(piece, resource, patient)
                if resource.type == "Patient" and len(resource.events) > 1:
                    for condition in resource.conditions:
                        if condition.patient is not None and condition.patient != patient:
                            used.add(condition)
                            self._append(piece.consequences, condition, condition.events[-1].version, patient)
            return piece

    def _choose(self, is_bundle):
        """A resource and the number that it belongs to from now on, None to delete it."""
        dice = self.random.random()
        if not self.patients or (dice < 0.06 and not is_bundle):
            patient = Resource("Patient", f"p{len(self.patients) + 1}")
            self.patients.append(patient)
            return patient, next(self.numbers)
        if dice < 0.10 and not is_bundle:
            patient = self.random.choice(self.patients)
            return patient, next(self.spare_numbers) if self.random.random() < 0.4 else patient.patient
        if self.conditions and dice < (0.30 if is_bundle else 0.10):
            return self.random.choice(self.conditions), None
        if self.conditions and dice < 0.52:
            condition = self.random.choice(self.conditions)
            return condition, condition.owner.patient
        # The newest patients are the busiest, so that no patient's record grows without end.
        owner = self.patients[max(0, len(self.patients) - 1 - int(self.random.expovariate(0.1)))]
        condition = Resource("Condition", f"c{len(self.conditions) + 1}", owner)
        self.conditions.append(condition)
        owner.conditions.append(condition)
        return condition, owner.patient

    def _add(self, piece, resource, patient):
        self.version += 1
        self._append(piece.items, resource, self.version, patient)

    def _append(self, events, resource, version, patient):
        event = Event(version, patient)
        resource.events.append(event)
        events.append((resource, event))
        if patient is not None:
            self.by_number.setdefault(patient, set()).add(resource)
