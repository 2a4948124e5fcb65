"""Queries with a deadline, with everybody well and with three of ten workers stopped.

A slow peer costs at most its own deadline, and once it is known to be slow, nothing (promise P5): the first queries
come back at the deadline and name the three; with their breakers open a query takes as long as with everybody well.
"""
import collections
import json
import statistics
import time

from benchlib import load, patients
from benchlib.figures import judged, milliseconds, percentile, ranks, spread
from benchlib.system import expect, until

ASKED = "barts"
STOPPED = ("homerton", "croydon", "ncl")
DEADLINE = "1s"
DEADLINE_SECONDS = 1
#: Beyond the deadline, for the way there and back.
GRACE_SECONDS = 0.25
PATIENTS = 200
RATE = 20
WARM_UP_SECONDS = 5
SETTLE_SECONDS = 5
BREAKERS_SECONDS_MAX = 120
RECOVERY_SECONDS_MAX = 180
RATIO_MAX = 1.2


def queries(stage):
    mesh, options = stage.london, stage.options
    known = patients.feed(mesh, mesh.seats, PATIENTS)
    inquiry = Inquiry(mesh, known)
    print(f"queries: {len(known)} patients known to all {len(mesh.seats)}, {patients.RESOURCES_EACH} resources at "
          f"each; {RATE} queries/s for {options.seconds:g} s at {ASKED} with a deadline of {DEADLINE}, counted from "
          "the intended moment")
    everybody = {hie: "answered" for hie in mesh.seats}
    skipping = {hie: "skipped" if hie in STOPPED else "answered" for hie in mesh.seats}
    ratios, noise = [], []
    for number in range(1, options.rounds + 1):
        before = inquiry.measure(f"{number}, all well", options.seconds, everybody)
        for hie in STOPPED:
            mesh.seats[hie].pause()
        inquiry.open_breakers(number)
        during = inquiry.measure(f"{number}, three stopped, breakers open", options.seconds, skipping)
        for hie in STOPPED:
            mesh.seats[hie].resume()
        inquiry.recover(number, everybody)
        mesh.wait_healthy()
        after = inquiry.measure(f"{number}, all well again", options.seconds, everybody)
        ratios.append(during / statistics.mean([before, after]))
        noise.append(after / before)
    print(f"queries: p99 with open breakers, over p99 with all well: {spread(ratios)}; all well again, over all well: "
          f"{spread(noise)}")
    print(f"queries: ratio of the p99s {judged(ratios, noise, RATIO_MAX)}")


class Inquiry:
    """Queries at one worker about patients whom everybody knows."""

    def __init__(self, mesh, known):
        self.mesh, self.known = mesh, known
        self.port = mesh.seats[ASKED].port
        self.asked = 0

    def path(self):
        """Of the next patient, so that nobody is asked about twice in a row."""
        self.asked += 1
        return f"/api/patients/{self.known[self.asked % len(self.known)]}/record?deadline={DEADLINE}".encode()

    def measure(self, title, seconds, expected):
        """An even load; every answer has to have these states. Returns the p99."""
        time.sleep(SETTLE_SECONDS)
        load.run([(self.port, self.path()) for _ in range(WARM_UP_SECONDS * RATE)], RATE)
        meter = self.mesh.meter([ASKED])
        samples = load.run([(self.port, self.path()) for _ in range(int(seconds * RATE))], RATE)
        _, _, others_used = meter.read()
        self.mesh.check_alive()
        others = collections.Counter()
        for sample in samples:
            states, resources = self.read(sample)
            others.update(f"{hie} {state}" for hie, state in states.items() if state != expected[hie])
            answered = sum(state == "answered" for state in states.values())
            expect(resources >= answered * patients.RESOURCES_EACH,
                             f"{answered} HIEs answered, with {resources} resources")
        times = [sample.seconds for sample in samples]
        print(f"queries: {title}: {ranks(times)}, max {milliseconds(max(times))} ({len(times):,} queries; CPU of "
              f"others {others_used / seconds:.0%} of a core)"
              + (f"; other than expected: {described(others)}" if others else ""), flush=True)
        return percentile(times, 0.99)

    def open_breakers(self, number):
        """One query after the other until no stopped peer is asked any more."""
        began, connection = time.monotonic(), load.Connection(self.port)
        times, names = [], collections.Counter()
        while not self.breakers_are("open"):
            expect(time.monotonic() - began < BREAKERS_SECONDS_MAX, "the breakers do not open")
            sample = connection.ask(self.path())
            states, _ = self.read(sample)
            failed = {hie: state for hie, state in states.items() if state != "answered"}
            expect(set(failed) == set(STOPPED), f"not answered: {failed}")
            expect(sample.seconds <= DEADLINE_SECONDS + GRACE_SECONDS,
                             f"a query took {sample.seconds:.2f} s with a deadline of {DEADLINE}")
            times.append(sample.seconds)
            names.update(failed.values())
        connection.close()
        print(f"queries: {number}, three stopped: {len(times)} queries in {time.monotonic() - began:.1f} s until the "
              f"breakers were open, each with {len(self.mesh.seats) - len(STOPPED)} answers and {len(STOPPED)} names "
              f"({described(names)}): {milliseconds(min(times))} to {milliseconds(max(times))}", flush=True)

    def recover(self, number, expected):
        """Asks until everybody answers again."""
        began, connection = time.monotonic(), load.Connection(self.port)
        until(lambda: self.read(connection.ask(self.path()))[0] == expected, "everybody to answer again",
              RECOVERY_SECONDS_MAX, pause=0.1)
        passed = time.monotonic() - began
        connection.close()
        until(lambda: self.breakers_are("closed"), "the breakers to close", RECOVERY_SECONDS_MAX, pause=0.1)
        print(f"queries: {number}, all running again: everybody answered after {passed:.1f} s", flush=True)

    def breakers_are(self, word):
        report = self.mesh.seats[ASKED].get("/api/peers")
        return all(peer["breaker"] == word for peer in report["peers"] if peer["hie"] in STOPPED)

    def read(self, sample):
        """State by HIE, and how many resources came."""
        expect(sample.status == 200, f"{ASKED} answered a query with {sample.status or 'nothing'}")
        answer = json.loads(sample.body)
        states = {peer["hie"]: peer["state"] for peer in answer["answers"]}
        expect(set(states) == set(self.mesh.seats), f"{ASKED} spoke of {', '.join(states)} only")
        return states, len(answer["resources"])


def described(counter):
    return ", ".join(f"{what} {count:,} times" for what, count in counter.most_common())
