"""The dead letters of one worker as an operator sees them over HTTP, and what becomes of a plan held against what has
to become of it."""
import collections
import json
import time

from benchlib.system import WAIT_SECONDS_MAX, expect, until
from torturelib.checker import rows

BY = "Scripts/benchmark"
REASON = "measured"
ANSWER_SECONDS_MAX = 120
OVER = ("finished", "stopped", "cancelled")
EXAMPLES_MAX = 3

INDEX_ROWS = """
    SELECT type || '/' || entry.id, patient, code, seq
    FROM entry JOIN source ON source.id = entry.source WHERE hie = ?
    """


class Desk:
    """Asks and acts; a plan is called by its name."""

    def __init__(self, seat):
        self.seat = seat

    def get(self, path):
        return self.seat.get(path, seconds=ANSWER_SECONDS_MAX)

    def act(self, path, status=200, **members):
        """What an operator's act is answered with."""
        body = json.dumps({"by": BY, **members})
        answered, _, said = self.seat.request("POST", path, body, {"Content-Type": "application/json"},
                                              seconds=ANSWER_SECONDS_MAX)
        expect(answered == status, f"POST {path} was answered with {answered}: {said[:500].decode(errors='replace')}")
        return json.loads(said)

    def total(self, state="parked"):
        return self.get(f"/api/deadletters?limit=0&state={state}")["total"]

    def make_plan(self):
        """Of all that is parked."""
        return self.act("/api/deadletters/plans", 201, selection={})

    def replay(self, name, **order):
        return self.act(f"/api/deadletters/plans/{name}/replay", 202, reason=REASON, to="subscriber", **order)

    def change(self, name, verb):
        """Pauses, resumes or cancels."""
        return self.act(f"/api/deadletters/plans/{name}/{verb}", reason=REASON)

    def plan(self, name):
        return self.get(f"/api/deadletters/plans/{name}")

    def done(self, name):
        """How many letters of a plan have a result."""
        plan = self.plan(name)
        return plan["count"] - plan["results"]["notAttempted"]

    def wait_done(self, name, count):
        """Waits until so many letters have a result, through whatever happens to the worker."""
        def is_reached():
            try:
                return self.done(name) >= count
            except (OSError, ValueError):
                return False
        until(is_reached, f"{count} letters of plan {name} to have a result", pause=0.02)

    def wait_over(self, name):
        """The plan as it ended, and for how long it was waited for."""
        began, found = time.monotonic(), {}

        def is_over():
            found.update(self.plan(name))
            expect(found["state"] != "paused", f"plan {name} is paused: {found['endReason']}")
            return found["state"] in OVER
        until(is_over, f"the end of plan {name}", pause=0.02)
        return found, time.monotonic() - began

    def metric(self, name):
        _, _, text = self.seat.request("GET", "/metrics", seconds=ANSWER_SECONDS_MAX)
        for line in text.decode().splitlines():
            if line.startswith(name + " "):
                return float(line.rsplit(" ", 1)[1])
        return 0

    def complaints(self, name, verdicts):
        """What a plan's report says that is not as it has to be. `verdicts` has for each number of the source what may
        become of its letter."""
        report = self.get(f"/api/deadletters/plans/{name}/report?format=json")
        said = []
        letters = report["letters"]
        if report["plan"]["state"] != "finished":
            said.append(f"plan {name} is {report['plan']['state']}: {report['plan']['endReason']}")
        ids = {letter["id"] for letter in letters}
        if len(ids) != len(letters) or len(letters) != report["plan"]["count"]:
            said.append(f"{len(letters)} letters with {len(ids)} numbers in a report of {report['plan']['count']}")
        counted, wrong = collections.Counter(), []
        for letter in letters:
            verdict = letter["result"]["verdict"] if letter["result"] else "notAttempted"
            counted[verdict] += 1
            if verdict not in verdicts.get(letter["seq"], ()):
                wrong.append(f"change {letter['seq']} {verdict}")
        if wrong:
            said.append(f"{len(wrong)} letters came to what they may not: {', '.join(wrong[:EXAMPLES_MAX])}")
        missing = set(verdicts) - {letter["seq"] for letter in letters}
        if missing:
            said.append(f"{len(missing)} letters are not in the report, such as that of change {min(missing)}")
        for verdict, count in report["totals"]["results"].items():
            if count != counted[verdict]:
                said.append(f"the totals say {count} {verdict}, the letters {counted[verdict]}")
        return said


def row_complaints(seat, source, expected):
    """How the rows of one source in a worker's index, read with Python's own SQLite, differ from those expected."""
    found = rows(seat, "index.sqlite", INDEX_ROWS, source)
    said = []
    references = collections.Counter(reference for reference, *_ in found)
    twice = [reference for reference, count in references.items() if count > 1]
    have = {reference: tuple(row) for reference, *row in found}
    missing = [reference for reference in expected if reference not in have]
    extra = [reference for reference in have if reference not in expected]
    shared = [reference for reference in expected if reference in have]
    stale = [reference for reference in shared if have[reference][2] < expected[reference][2]]
    wrong = [reference for reference in shared if have[reference] != expected[reference] and reference not in stale]
    for what, which in (("missing", missing), ("there twice", twice), ("not to be there", extra), ("stale", stale),
                        ("other than they should be", wrong)):
        if which:
            said.append(f"{len(which)} rows are {what}: {', '.join(sorted(which)[:EXAMPLES_MAX])}")
    return said


def wait_parked(desk, count):
    """Waits until exactly so many letters are parked."""
    until(lambda: desk.total() == count, f"{count} parked letters", WAIT_SECONDS_MAX, pause=0.1)
