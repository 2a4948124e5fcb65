"""Lookups at some workers all the time, so that what a fault does to them can be said."""
import random
import threading
import time

PAUSE_SECONDS = 0.02


class Lookups:
    """Latencies and failures of a stretch of time."""

    def __init__(self):
        self.latencies_ms, self.failures = [], []

    def percentile(self, share):
        ordered = sorted(self.latencies_ms)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0

    def __str__(self):
        return (f"{len(self.latencies_ms)} lookups, {len(self.failures)} failed, p50 {self.percentile(0.5):.1f} ms, "
                f"p99 {self.percentile(0.99):.1f} ms")


class Watch(threading.Thread):
    """Asks one worker after the other for one patient after the other."""

    def __init__(self, workers, numbers, regions):
        super().__init__(name="lookups", daemon=True)
        self.workers, self.numbers, self.regions = list(workers), numbers, regions
        self.random = random.Random(7)
        self.lock = threading.Lock()
        self.current = Lookups()
        #: HIEs of these that were not complete at anybody who was asked: hie -> state.
        self.disturbed = {}
        self._ends = threading.Event()

    def run(self):
        while not self._ends.wait(PAUSE_SECONDS):
            worker, number = self.random.choice(self.workers), self.random.choice(self.numbers)
            began = time.monotonic()
            try:
                answer = worker.get(f"/api/patients/{number}", seconds=5)
                failure = None
            except (OSError, ValueError) as error:
                failure = f"{worker.hie}: {error}"
            with self.lock:
                if failure:
                    self.current.failures.append(failure)
                    continue
                self.current.latencies_ms.append((time.monotonic() - began) * 1000)
                for one in answer["coverage"]:
                    if one["state"] not in ("complete", "behind"):
                        self.disturbed[one["hie"]] = one["state"]

    def take(self):
        """What there was since the last time: lookups, and who was not complete in them."""
        with self.lock:
            taken, disturbed = self.current, self.disturbed
            self.current, self.disturbed = Lookups(), {}
        return taken, disturbed

    def end(self):
        self._ends.set()
        self.join(10)
