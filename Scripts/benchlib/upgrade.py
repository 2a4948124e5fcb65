"""A rolling upgrade under load: every worker is stopped and started again, one after the other, and nothing is lost."""
import os
import re
import time

from benchlib.balancer import Balancer
from benchlib.figures import Goals, ranks
from benchlib.mesh import Mesh
from benchlib.system import LONDON, BenchmarkError, expect, until
from torturelib.broker import free_port
from torturelib.checker import compare
from torturelib.feed import Feed, nhs_numbers

#: The HIE that has read replicas.
REGION_HIE = "barts"
REPLICAS = "a, b"
CHANGES_PER_SECOND = 100
SEED = 1
#: Before the first worker is stopped, between two, and after the last.
PAUSE_SECONDS = 2.0
READY_SECONDS_MAX = 60
PATIENTS_ASKED = 200


class UpgradeMesh(Mesh):
    """London on one broker, with replicas at one HIE and a system of record that feeds every HIE."""

    pulse_interval = "500ms"

    def __init__(self, stage):
        with open(LONDON) as file:
            topology = re.sub(rf"( +)- id: {REGION_HIE}\n", rf"\g<0>\1  replicas: [{REPLICAS}]\n", file.read())
        super().__init__(stage, "upgrade", topology, (0, 0, 0, 0, 0))
        # Below those that the system gives to connections, one of which could take a worker's port while it is away.
        ports = set()
        for seat in self.all_seats:
            while seat.port is None or seat.port in ports:
                seat.port = free_port()
            ports.add(seat.port)
            seat.keeps_port = True
        if stage.options.drain != "0s":
            for seat in self.replicas:
                seat.options = ["--drain", stage.options.drain]
        self.feeds = {hie: Feed(seat, SEED) for hie, seat in self.seats.items()}

    @property
    def broker(self):
        return self.brokers[0]

    def feed(self):
        for feed in self.feeds.values():
            feed.rate, feed.allowed = CHANGES_PER_SECOND / len(self.feeds), 1 << 40
            feed.start()
        until(lambda: all(feed.acknowledged > 0 for feed in self.feeds.values()), "the first changes")

    def rest(self):
        """Nothing more is sent, and everybody has everything."""
        for feed in self.feeds.values():
            feed.hold()
            feed.end()
            if feed.error:
                raise BenchmarkError(f"the feed of {feed.seat.name}: {feed.error}")
        self.wait_healthy()

    @property
    def acknowledged(self):
        return sum(feed.acknowledged for feed in self.feeds.values())

    def renew(self, seat, binary):
        """Stops a worker as a platform does and starts it with another binary; returns when it has caught up and
        everybody with it."""
        began = time.monotonic()
        status = seat.terminate()
        stopped = time.monotonic()
        expect(status == 0, f"the worker {seat.name} ended with status {status} after SIGTERM: see {seat.log}")
        seat.wherry = binary
        seat.start()
        until(lambda: is_ready(seat), f"{seat.name} to be ready", READY_SECONDS_MAX, pause=0.02)
        ready = time.monotonic()
        heads = {hie: report["own"]["head"] for hie, primary in self.seats.items() if (report := primary.peers())}
        until(lambda: self._has(seat.hie, heads) and self._knows(seat, heads),
              f"everybody to catch up with {seat.name}", pause=0.05)
        self.check_alive()
        return Step(seat, stopped - began, ready - stopped, time.monotonic() - ready)

    def _has(self, source, heads):
        """Whether everybody has what a source had then."""
        return all(watermark(seat, source) >= heads[source] for seat in self.all_seats
                   if seat is not self.seats[source])

    def _knows(self, seat, heads):
        """Whether one worker has what every source had then."""
        return all(watermark(seat, source) >= head for source, head in heads.items() if seat is not self.seats[source])


class Step:
    """What one worker took: to stop, to be ready again, and until nothing showed that it had been away."""

    def __init__(self, seat, stop, start, catch_up):
        self.name, self.is_source = seat.name, seat.replica is None
        self.stop, self.start, self.catch_up = stop, start, catch_up

    @property
    def pause(self):
        return self.stop + self.start

    def __str__(self):
        return (f"{self.name} stopped in {self.stop:.2f} s, was ready {self.start:.2f} s after that, and "
                f"{self.catch_up:.2f} s later everybody had everything again")


def is_ready(seat):
    try:
        return seat.request("GET", "/readyz")[0] == 200
    except OSError:
        return False


def watermark(seat, source):
    report = seat.peers()
    return next((peer["watermark"] for peer in report["peers"] if peer["hie"] == source), -1) if report else -1


def upgrade(stage):
    options = stage.options
    binary = os.path.abspath(options.new_binary or stage.wherry)
    expect(os.access(binary, os.X_OK), f"{binary} is no program: give --new-binary a wherry")
    mesh = UpgradeMesh(stage)
    mesh.start()
    mesh.feed()
    numbers = [number for number, _ in zip(nhs_numbers(999_000_000), range(PATIENTS_ASKED))]
    balancer = Balancer(mesh.replicas, [f"/api/patients/{number}" for number in numbers], options.rate)
    began, before = time.monotonic(), mesh.acknowledged
    balancer.start()
    steps = []
    time.sleep(PAUSE_SECONDS)
    for seat in mesh.all_seats:
        steps.append(mesh.renew(seat, binary))
        if options.details:
            print(f"upgrade: {steps[-1]}", flush=True)
        time.sleep(PAUSE_SECONDS)
    balancer.end()
    seconds, changes = time.monotonic() - began, mesh.acknowledged - before
    mesh.rest()
    difference = compare(mesh)
    report(mesh, balancer, steps, difference, changes, seconds)
    mesh.end()
    judge(balancer, difference)


def report(mesh, balancer, steps, difference, changes, seconds):
    print(f"upgrade: {len(mesh.seats)} workers and {len(mesh.replicas)} read replicas on one broker, each stopped and "
          f"started again within {seconds:.0f} s, and {changes:,} changes acknowledged meanwhile "
          f"({changes / seconds:.0f}/s)")
    worst = max((step for step in steps if step.is_source), key=lambda step: step.pause)
    print(f"upgrade: longest pause of a source: {worst.pause:.2f} s from SIGTERM until it took records again "
          f"({worst.name}); longest until everybody had caught up: {max(step.catch_up for step in steps):.2f} s")
    longest = max(balancer.silent_seconds.items(), key=lambda item: item[1], default=None)
    silence = f"{longest[0]} silent for {longest[1]:.1f} s at most" if longest else "no source ever silent"
    served = ", ".join(f"{backend.seat.name} {backend.answered:,}" for backend in balancer.backends)
    print(f"upgrade: {len(balancer.seconds):,} lookups through the balancer ({served}): {balancer.failed} failed, "
          f"{balancer.refused} refused by one and sent to the other; {ranks(balancer.seconds)}; {silence}")
    print(f"upgrade: {difference.rows:,} rows compared: {difference.lost} lost, {difference.duplicated} extra, "
          f"{difference.stale} stale, {difference.altered} altered, {difference.parked} parked")


def judge(balancer, difference):
    goals = Goals("upgrade")
    goals.exact("every acknowledged change in every index", difference.remarks)
    goals.exact("every lookup answered", [f"{balancer.failed} failed: {'; '.join(balancer.examples)}"]
                if balancer.failed else [])
    goals.end()
