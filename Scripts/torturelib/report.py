"""What a run has shown, as a table or as JSON."""
import json
import statistics


def summary(campaign, seed, seconds):
    """Everything as plain values: the documented form of --json."""
    difference, reader = campaign.difference, campaign.reader
    kinds = {}
    for outcome in campaign.outcomes:
        kinds.setdefault(outcome.name, []).append(outcome)
    return {
        "seed": seed, "passed": campaign.has_passed, "seconds": round(seconds, 1),
        "faults": {name: recovery(outcomes) for name, outcomes in kinds.items()},
        "faultCount": len(campaign.outcomes),
        "overlapping": sum(outcome.overlaps for outcome in campaign.outcomes),
        "cannotBeInjected": campaign.obstacles,
        "accounting": {
            "attempted": campaign.attempted, "acknowledged": campaign.acknowledged, "lost": difference.lost,
            "duplicated": difference.duplicated, "stale": difference.stale + reader.stale,
            "altered": difference.altered, "parked": difference.parked},
        "lookups": {
            "asked": reader.lookups, "judged": reader.complete, "stale": reader.stale, "dishonest": reader.dishonest,
            "failed": reader.failed, "early": reader.early, "earlySecondsMax": round(reader.early_seconds_max, 3)},
        "indexes": {"rowsCompared": difference.rows, "verify": difference.verify},
        "failures": campaign.failures + difference.remarks + reader.examples,
    }


def recovery(outcomes):
    """How long one kind took to recover from; of overlapping faults only where there were no others."""
    known = [outcome for outcome in outcomes if outcome.recovery_seconds is not None]
    times = [outcome.recovery_seconds for outcome in known if not outcome.overlaps] \
        or [outcome.recovery_seconds for outcome in known]
    return {"count": len(outcomes), "notRecovered": len(outcomes) - len(known),
            "recoverySecondsMedian": round(statistics.median(times), 2) if times else None,
            "recoverySecondsMax": round(max(times), 2) if times else None}


def text(summary):
    """The same for people."""
    lines = ["", f"{'fault':<20}{'count':>7}{'recovered: median':>20}{'max':>10}"]
    for name, kind in sorted(summary["faults"].items()):
        lines.append(f"{name:<20}{kind['count']:>7}{seconds(kind['recoverySecondsMedian']):>20}"
                     f"{seconds(kind['recoverySecondsMax']):>10}")
    for name, reason in summary["cannotBeInjected"].items():
        lines.append(f"{name:<20}{'-':>7}  cannot be injected here: {reason}")
    lookups, accounting = summary["lookups"], summary["accounting"]
    lines += [
        "", f"{summary['faultCount']} faults ({summary['overlapping']} overlapping) in {summary['seconds']:.0f} s; "
        f"seed {summary['seed']}",
        "changes: " + ", ".join(f"{count:,} {name}" for name, count in accounting.items()),
        f"lookups: {lookups['asked']:,} asked, {lookups['judged']:,} complete answers of a source judged, "
        f"{lookups['stale']} stale, {lookups['dishonest']} dishonest, {lookups['failed']} failed; \"as of\" ahead of a "
        f"pulse on its way {lookups['early']} times, by {lookups['earlySecondsMax']} s at most",
        f"indexes: {summary['indexes']['rowsCompared']:,} rows compared; wherry index verify: "
        + ", ".join(f"{hie} {word}" for hie, word in summary["indexes"]["verify"].items())]
    lines += [f"FAILURE: {failure}" for failure in summary["failures"]]
    lines += ["passed" if summary["passed"] else "FAILED"]
    return "\n".join(lines)


def seconds(value):
    return "-" if value is None else f"{value:.2f} s"


def as_json(summary):
    return json.dumps(summary, indent=2)
