"""Numbers for people: ranks, milliseconds, and the medians of rounds."""
import math
import statistics

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


def judged(ratios, noises, most):
    """The rounds' median ratio beside what it may be, from those rounds whose two healthy phases were much alike: a
    burst of somebody else's work in one of them would make the faults look cheap."""
    quiet = [ratio for ratio, noise in zip(ratios, noises) if 1 / NOISE_MAX <= noise <= NOISE_MAX]
    if not quiet:
        return "not to be said: the machine was too noisy in every round"
    said = verdict(statistics.median(quiet), most)
    return said if len(quiet) == len(ratios) else f"{said}; from {len(quiet)} of {len(ratios)} rounds, the others noisy"


def spread(values):
    """The median of the rounds, and from where to where they went."""
    if len(values) == 1:
        return f"{values[0]:.2f}"
    return f"{statistics.median(values):.2f} (median of {len(values)}, {min(values):.2f} to {max(values):.2f})"
