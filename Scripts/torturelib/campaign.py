"""The course of a run: which faults come when, what is watched meanwhile, and what is left in the end."""
import random
import time

from torturelib.checker import Difference, compare, has_verb
from torturelib.kinds import BY_NAME, KINDS
from torturelib.reader import Reader
from torturelib.system import TortureError, until

OVERLAP_SHARE = 0.25
PAUSE_SECONDS = (0.0, 1.5)
#: How long a fault is thought to take, for the pace of the feeds only.
ROUND_SECONDS = 4.0
FEED_SECONDS_MAX = 600
WARM_UP_CHANGES = 50
WARM_UP_SECONDS_MAX = 30


class Outcome:
    """What became of one fault."""

    def __init__(self, fault, overlaps):
        self.name, self.place, self.detail, self.overlaps = fault.name, fault.place, fault.detail, overlaps
        self.recovery_seconds = None


class Campaign:
    """Injects `count` faults into a mesh while its feeds run, and compares in the end."""

    def __init__(self, mesh, count, changes, only, hold_share, tell):
        self.mesh, self.count, self.changes, self.tell = mesh, count, changes, tell
        self.hold_share = hold_share
        self.random = random.Random(f"{mesh.seed}/campaign")
        self.is_chosen = bool(only)
        self.kinds = [BY_NAME[name] for name in only] if only else list(KINDS)
        self.obstacles = {}
        self.outcomes = []
        self.failures = []
        self.difference = Difference()
        self.reader = Reader(mesh)
        self.exit_statuses = {}

    def choose_kinds(self):
        """Leaves out, aloud, what cannot be done here."""
        repairs = has_verb(self.mesh.wherry, "index")
        for kind in self.kinds:
            reason = kind.obstacle(self.mesh)
            if reason is None and kind.needs_repair and not repairs and not self.is_chosen:
                reason = "this version of wherry closes no gaps (it has no verb index)"
            if reason:
                self.obstacles[kind.name] = reason
                self.tell(f"!! {kind.name} cannot be injected here: {reason}")
        self.kinds = [kind for kind in self.kinds if kind.name not in self.obstacles]
        if not self.kinds and self.count:
            raise TortureError("no kind of fault can be injected here")

    def run(self):
        self._set_pace(0)
        self.reader.start()
        # The first fault is to meet something.
        feeds = self.mesh.feeds.values()
        until(lambda: all(feed.acknowledged >= min(feed.allowed, WARM_UP_CHANGES) for feed in feeds),
              WARM_UP_SECONDS_MAX)
        deck = []
        while len(self.outcomes) < self.count:
            if not deck:
                deck = self.random.sample(self.kinds, len(self.kinds))
            faults = [self._make(deck.pop(0))]
            if len(self.outcomes) + 1 < self.count and self.random.random() < OVERLAP_SHARE:
                faults += self._companion(faults[0], deck)
            self._set_pace(len(self.outcomes) + len(faults))
            if not self._round(faults):
                return
            time.sleep(self.random.uniform(*PAUSE_SECONDS))

    def finish(self):
        """Lets the feeds end, waits until all is still, compares, and stops the workers."""
        self._set_pace(self.count)
        began = time.monotonic()
        while any(feed.acknowledged < feed.allowed for feed in self.mesh.feeds.values()):
            self.mesh.check_alive()
            if time.monotonic() - began > FEED_SECONDS_MAX:
                raise TortureError(f"the feeds do not come to their end within {FEED_SECONDS_MAX} s")
            time.sleep(0.1)
        for missing in self.mesh.wait_quiescent():
            self.failures.append(f"not everything arrived: {missing}")
        self.reader.end()
        if self.reader.error:
            raise TortureError(f"the reader: {self.reader.error!r}") from self.reader.error
        self.difference = compare(self.mesh)
        for hie, seat in self.mesh.seats.items():
            status = seat.terminate()
            if status != 0:
                self.failures.append(f"the worker of {hie} ended with status {status} after SIGTERM")
        self.mesh.broker.stop()

    @property
    def attempted(self):
        return sum(feed.attempted for feed in self.mesh.feeds.values())

    @property
    def acknowledged(self):
        return sum(feed.acknowledged for feed in self.mesh.feeds.values())

    @property
    def has_passed(self):
        return (self.difference.is_none and not self.failures and len(self.outcomes) == self.count
                and not (self.reader.stale or self.reader.dishonest or self.reader.failed))

    def _set_pace(self, done):
        """The feeds get on as the faults do, so that every fault meets some of them."""
        share = self.changes // len(self.mesh.feeds)
        for number, feed in enumerate(self.mesh.feeds.values()):
            whole = share + (self.changes - share * len(self.mesh.feeds) if number == 0 else 0)
            feed.allowed = whole if done >= self.count else whole * (done + 1) // (self.count + 1)
            feed.rate = 1e6 if done >= self.count else max(20.0, whole / (self.count + 1) / ROUND_SECONDS)

    def _make(self, kind):
        seat = self.random.choice(list(self.mesh.seats.values()))
        return kind(self.mesh, seat, random.Random(self.random.random()))

    def _companion(self, first, deck):
        """The next of the deck that may overlap: of another place, and not in need of what the first one breaks."""
        for kind in deck:
            if (kind.is_of_broker and (first.is_of_broker or first.needs_broker)) \
                    or (first.is_of_broker and kind.needs_broker):
                continue
            second = self._make(kind)
            if second.place != first.place:
                deck.remove(kind)
                return [second]
        return []

    def _round(self, faults):
        """Injects, waits, heals, and waits until all have recovered. Returns whether they did."""
        delays = [self.reader.delay_begins(fault.place) for fault in faults if fault.delays_pulses]
        outcomes = [self._inject(fault, len(faults) > 1) for fault in faults]
        time.sleep(max(self.random.uniform(*fault.hold) for fault in faults) * self.hold_share)
        self.mesh.check_alive()
        for fault in self.random.sample(faults, len(faults)):
            self.mesh.note(f"heal {fault.name} at {fault.place}")
            fault.heal()
        healed_at = time.time()
        seconds, missing = self.mesh.wait_recovered(healed_at)
        for delay in delays:
            self.reader.delay_ends(delay)
        for fault, outcome in zip(faults, outcomes):
            outcome.detail = fault.detail
            outcome.recovery_seconds = None if missing else seconds
            if not missing:
                fault.recovered()
            self.outcomes.append(outcome)
            self._tell(outcome, seconds)
        self.mesh.note("recovered" if not missing else f"NOT recovered: {missing}")
        for reader, source in missing:
            self.failures.append(f"{reader} did not catch up with {source} within {seconds:.0f} s after "
                                 + " and ".join(f"{fault.name} at {fault.place}" for fault in faults))
        if self.reader.error:
            raise TortureError(f"the reader: {self.reader.error!r}") from self.reader.error
        return not missing

    def _inject(self, fault, overlaps):
        self.mesh.note(f"inject {fault.name} at {fault.place}")
        fault.inject()
        self.mesh.note(f"injected {fault.name} at {fault.place} {fault.detail}")
        return Outcome(fault, overlaps)

    def _tell(self, outcome, seconds):
        words = f"recovered in {seconds:.1f} s" if outcome.recovery_seconds is not None else "did NOT recover"
        where = f"{outcome.place}{', ' + outcome.detail if outcome.detail else ''}"
        self.tell(f"{len(self.outcomes):5}/{self.count}  {outcome.name:<18} {where:<34} {words}"
                  f"{' (overlapping)' if outcome.overlaps else ''}")
