"""The error that ends a run, the topology, and waiting: what every other part needs."""
import os

from torturelib import system

LONDON = os.path.join(system.ROOT, "Topology", "onelondon-complete.yaml")
WAIT_SECONDS_MAX = 600


class BenchmarkError(Exception):
    """Something that ends the run; the message says what and where to look."""


def until(condition, what, seconds=WAIT_SECONDS_MAX, pause=0.005):
    """Waits until something holds, which must happen."""
    if not system.until(condition, seconds, pause):
        raise BenchmarkError(f"waited {seconds} s for {what}")


def expect(condition, otherwise):
    """What has to be so; what is said otherwise ends the run."""
    if not condition:
        raise BenchmarkError(otherwise)
