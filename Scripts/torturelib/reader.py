"""Asks for lookups during the whole run and holds every answer against what the feeds know (promises P3 and P4)."""
import json
import random
import threading
import time

from torturelib.system import clock_text, moment

PAUSE_SECONDS = 0.02
ANSWER_SECONDS_MAX = 10
#: A pulse says what was true when it was sent, and "as of" is when it was received: what is on its way in between is
#: not held against anybody, unless it is longer than this and no fault kept it up.
PULSE_SECONDS_MAX = 2.0
FUTURE_SECONDS_MAX = 0.5
#: A source that sent no pulse for so long (seven halves of the interval, and what was on its way) is called silent.
SILENT_SECONDS_MAX = 1.75 + PULSE_SECONDS_MAX
STATES = {"complete", "behind", "silent", "held", "joining", "planned"}
EXAMPLES_MAX = 8


class Reader(threading.Thread):
    """Counts what is wrong with the answers of workers that have no excuse.

    stale       complete as of a moment at which the source had acknowledged something newer than what is shown
    dishonest   a source missing, a moment of the future, a dead source called complete, a version that was never sent
    failed      an error or no answer
    """

    def __init__(self, mesh):
        super().__init__(name="reader", daemon=True)
        self.mesh, self.random = mesh, random.Random(f"{mesh.seed}/reader")
        self.lookups = self.complete = self.stale = self.dishonest = self.failed = 0
        #: Answers whose "as of" ran ahead of what they hold by less than is counted, and by how much at most.
        self.early = 0
        self.early_seconds_max = 0.0
        self.examples = []
        self.error = None
        #: (began, ended or None, place) of faults that hold pulses up.
        self.delays = []
        self._ends = False

    def run(self):
        try:
            while not self._ends:
                self._look()
                time.sleep(PAUSE_SECONDS)
        except Exception as error:
            self.error = error

    def end(self):
        self._ends = True
        if self.is_alive():
            self.join(ANSWER_SECONDS_MAX * 2)

    def delay_begins(self, place):
        self.delays.append([time.time(), None, place])
        return self.delays[-1]

    def delay_ends(self, delay):
        delay[1] = time.time()

    def _look(self):
        seat = self.random.choice(list(self.mesh.seats.values()))
        number = self._choose_number()
        before = (seat.disturbed, seat.excuse, seat.skew_seconds)
        if number is None or seat.excuse is not None:
            return
        mute_since = {hie: peer.mute_since for hie, peer in self.mesh.seats.items()}
        suspended = {hie for hie, feed in self.mesh.feeds.items() if feed.is_suspended}
        asked_at = time.time()
        try:
            status, _, body = seat.request("GET", f"/api/patients/{number}", seconds=ANSWER_SECONDS_MAX)
            failure = None if status == 200 else f"status {status}: {body[:300]!r}"
        except OSError as error:
            status, failure = None, f"{type(error).__name__}: {error}"
        answered_at = time.time()
        if before != (seat.disturbed, seat.excuse, seat.skew_seconds):
            return
        self.lookups += 1
        if failure:
            self.failed += 1
            self._example(f"failed: {seat.hie} answered a lookup with {failure}")
            return
        suspended |= {hie for hie, feed in self.mesh.feeds.items() if feed.is_suspended}
        self._judge(seat, number, json.loads(body), answered_at, suspended)
        self._judge_silence(seat, json.loads(body), asked_at, mute_since)

    def _choose_number(self):
        feed = self.random.choice(list(self.mesh.feeds.values()))
        with feed.lock:
            if not feed.patients:
                return None
            patients = feed.patients
            # Half of them among the busiest.
            if self.random.random() < 0.5:
                patients = patients[-20:]
            events = self.random.choice(patients).events
            return self.random.choice(events).patient

    def _judge(self, seat, number, answer, answered_at, suspended):
        coverage = {entry["hie"]: entry for entry in answer["coverage"]}
        if len(answer["coverage"]) != len(coverage) or set(coverage) != set(self.mesh.hies) \
                or not all(entry["state"] in STATES for entry in coverage.values()):
            self.dishonest += 1
            self._example(f"dishonest: {seat.hie} does not account for every HIE: {sorted(coverage)}")
            return
        shown = shown_versions(answer)
        for source, entry in coverage.items():
            if entry["state"] != "complete" or source in suspended or seat.skew_seconds:
                continue
            as_of = moment(entry["asOf"])
            if as_of is None or as_of > answered_at + FUTURE_SECONDS_MAX:
                self.dishonest += 1
                self._example(f"dishonest: {seat.hie} is complete of {source} as of {entry['asOf']}, which is "
                              f"{(as_of or 0) - answered_at:.1f} s in the future")
                continue
            self.complete += 1
            self._compare(seat, source, number, shown.get(source, {}), min(as_of, answered_at), answered_at)

    def _judge_silence(self, seat, answer, asked_at, mute_since):
        """A source that died a while ago is not called complete, as if it had just been heard."""
        for entry in answer["coverage"]:
            source, since = self.mesh.seats[entry["hie"]], mute_since.get(entry["hie"])
            if since is None or source.mute_since != since or seat.skew_seconds or entry["state"] != "complete":
                continue
            # What it sent while the broker stood still, before it died, may come late.
            if asked_at - since > SILENT_SECONDS_MAX + self._held_up(since, asked_at, but=source.hie):
                self.dishonest += 1
                self._example(f"dishonest: {seat.hie} is complete of {source.hie}, which is dead for "
                              f"{asked_at - since:.1f} s, as of {entry['asOf']}")

    def _compare(self, seat, source, number, shown, as_of, answered_at):
        """Everything acknowledged until `as_of` has to be there, or something later that was sent by now."""
        feed = self.mesh.feeds[source]
        with feed.lock:
            for resource in feed.by_number.get(number, ()):
                seen = shown.get(resource.reference)
                verdict = judge(resource.events, number, seen, as_of, answered_at)
                if verdict is None:
                    continue
                if verdict == "unknown":
                    self.dishonest += 1
                    self._example(f"dishonest: {seat.hie} shows {source} {resource.reference} as version {seen}, which "
                                  f"was never sent")
                    continue
                ahead = as_of - verdict
                if ahead > PULSE_SECONDS_MAX + self._held_up(verdict, as_of):
                    self.stale += 1
                    self._example(f"stale: {seat.hie} is complete of {source} as of {clock_text(as_of)}, but shows "
                                  f"{resource.reference} as {seen or 'absent'}; a later state was acknowledged "
                                  f"{ahead:.3f} s before that")
                else:
                    self.mesh.note(f"reader: early: {seat.hie} is complete of {source} as of {clock_text(as_of)}, "
                                   f"but what was acknowledged {ahead:.3f} s before that is not there yet")
                    self.early += 1
                    self.early_seconds_max = max(self.early_seconds_max, ahead)

    def _held_up(self, began, ended, but=None):
        """Seconds by which faults, but those of one place, may have held a pulse up there."""
        return sum(max(0.0, min(end or ended, ended) - max(begin, began)) for begin, end, place in self.delays
                   if place != but)

    def _example(self, text):
        self.mesh.note(f"reader: {text}")
        if len(self.examples) < EXAMPLES_MAX:
            self.examples.append(text)


def shown_versions(answer):
    """Per source, the version of each entry of a lookup: the code, or a Patient's family name."""
    shown = {}
    families = {entry["source"]: entry.get("family") for entry in answer["demographics"]}
    for entry in answer["entries"]:
        text = entry.get("code")
        if entry["resource"].startswith("Patient/"):
            text = (families.get(entry["source"]) or "")[1:]
        version = int(text) if text and text.isdigit() else -1
        shown.setdefault(entry["source"], {})[entry["resource"]] = version
    return shown


def judge(events, number, seen, as_of, answered_at):
    """None when what was seen of a resource is right; "unknown" when it was never sent; or the moment at which the
    first state was acknowledged that is newer than what was seen."""
    def matches(event):
        return seen == (event.version if event.patient == number else None)

    due = [place for place, event in enumerate(events) if event.acknowledged_at and event.acknowledged_at <= as_of]
    if not due:
        # Nothing is owed; what is seen must have been sent.
        if seen is None or any(matches(event) for event in events):
            return None
        return "unknown"
    if any(matches(event) for event in events[due[-1]:]):
        return None
    older = [place for place in range(due[-1]) if matches(events[place])]
    if older:
        return events[older[-1] + 1].acknowledged_at
    if seen is None:
        return events[0].acknowledged_at
    return "unknown"
