"""Numbers for people: ranks, milliseconds, the medians of rounds, and goals."""
import math
import statistics

from benchlib.system import BenchmarkError

#: How far the p99s of a round's two healthy phases may be apart for the round to count.
NOISE_MAX = 1.5


def percentile(values, share):
    """The value that so large a share of the values does not exceed: the nearest rank, nothing interpolated."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]


def milliseconds(seconds):
    return f"{seconds * 1000:.2f} ms"


def ranks(seconds, tail=True):
    """p50, p99 and p99.9 in words; the last only where there are samples enough to have one."""
    shares = [("p50", 0.5), ("p99", 0.99)] + ([("p99.9", 0.999)] if tail and len(seconds) >= 1000 else [])
    return ", ".join(f"{name} {milliseconds(percentile(seconds, share))}" for name, share in shares)


def verdict(value, most):
    """A ratio beside what it may be at most."""
    return f"{value:.2f} (at most {most:g}: {'met' if value <= most else 'NOT met'})"


def verdict_of_least(value, least):
    """A figure beside what it has to be at least."""
    return f"{value:.2f} (at least {least:g}: {'met' if value >= least else 'NOT met'})"


def is_quiet(noise):
    """Whether two healthy phases, of which one is so many times the other, were much alike."""
    return 1 / NOISE_MAX <= noise <= NOISE_MAX


def judged(ratios, noises, most):
    """The rounds' median ratio beside what it may be, from those rounds whose two healthy phases were much alike: a
    burst of somebody else's work in one of them would make the faults look cheap."""
    quiet = [ratio for ratio, noise in zip(ratios, noises) if is_quiet(noise)]
    if not quiet:
        return "not to be said: the machine was too noisy in every round"
    said = verdict(statistics.median(quiet), most)
    return said if len(quiet) == len(ratios) else f"{said}; from {len(quiet)} of {len(ratios)} rounds, the others noisy"


def spread(values):
    """The median of the rounds, and from where to where they went."""
    if len(values) == 1:
        return f"{values[0]:.2f}"
    return f"{statistics.median(values):.2f} (median of {len(values)}, {min(values):.2f} to {max(values):.2f})"


class Goals:
    """Says of each goal of a section whether it is met, and in the end whether all are.

    Without `judges_figures` figures are said all the same and settle nothing: what they are measured on is too small.
    """

    def __init__(self, section, judges_figures=True):
        self.section, self.judges_figures, self.missed = section, judges_figures, []

    def most(self, what, value, most):
        self._figure(what, verdict(value, most), value <= most)

    def least(self, what, value, least):
        self._figure(what, verdict_of_least(value, least), value >= least)

    def ratio(self, what, ratio, noise, most):
        """One that cannot be said because of the noise is not met."""
        self._figure(what, judged([ratio], [noise], most), is_quiet(noise) and ratio <= most)

    def exact(self, what, complaints):
        """Met where there is nothing to complain of, however little was measured."""
        said = f"NOT exact: {'; '.join(complaints)}" if complaints else "exact"
        print(f"{self.section}: {what}: {said}", flush=True)
        if complaints:
            self.missed.append(what)

    def _figure(self, what, said, is_met):
        print(f"{self.section}: {what}: {said}", flush=True)
        if self.judges_figures and not is_met:
            self.missed.append(what)

    def end(self):
        if self.missed:
            raise BenchmarkError(f"{self.section}: {len(self.missed)} goals are not met: {'; '.join(self.missed)}")
        said = "every goal is met" if self.judges_figures else "all is exact; the figures are of too few to be judged"
        print(f"{self.section}: {said}")
