"""Holds the files against each other in the end: what was acknowledged, every journal, and every index."""
import json
import sqlite3
import subprocess

EXAMPLES_MAX = 10

JOURNAL_ROWS = "SELECT type || '/' || id, patient, content, seq FROM journal WHERE isPut = 1"
INDEX_ROWS = """
    SELECT type || '/' || entry.id, patient, category, code, system, display, status, date, demographics, seq
    FROM entry JOIN source ON source.id = entry.source WHERE hie = ?
    """


class Difference:
    """What the comparison found; everything 0 and no remarks when all is equal."""

    def __init__(self):
        self.lost = self.duplicated = self.stale = self.altered = self.parked = 0
        self.remarks = []
        self.rows = 0
        self.verify = {}

    def remark(self, text):
        if len(self.remarks) < EXAMPLES_MAX * 4:
            self.remarks.append(text)

    @property
    def is_none(self):
        return not (self.lost or self.duplicated or self.stale or self.altered or self.parked or self.remarks)


def compare(mesh):
    """Row by row, with Python's own SQLite; nothing is written."""
    difference = Difference()
    journals = {hie: read_journal(seat) for hie, seat in mesh.seats.items()}
    for source, journal in journals.items():
        compare_versions(difference, f"journal of {source} against its feed", mesh.feeds[source].expected(),
                         {row[0]: (row[1], version_of(row)) for row in journal})
        for seat in mesh.all_seats:
            index = rows(seat, "index.sqlite", INDEX_ROWS, source)
            difference.rows += len(index)
            compare_rows(difference, f"{source} at {seat.name}", journal, [tuple(row) for row in index])
    heads = {hie: rows(seat, "records.sqlite", "SELECT head, epoch, hex(digest) FROM journalState")[0]
             for hie, seat in mesh.seats.items()}
    for seat in mesh.all_seats:
        compare_state(difference, seat, heads)
    count_parked(difference, mesh)
    verify(difference, mesh)
    return difference


def rows(seat, name, query, *arguments):
    connection = sqlite3.connect(f"file:{seat.file(name)}?mode=ro", uri=True, timeout=30)
    try:
        return connection.execute(query, arguments).fetchall()
    finally:
        connection.close()


def read_journal(seat):
    """The live entries of a source as the rows that every index must have."""
    found = []
    for reference, patient, content, seq in rows(seat, "records.sqlite", JOURNAL_ROWS):
        facts = json.loads("{" + content)
        demographics = facts.get("demographics")
        found.append((reference, patient, facts["category"], facts.get("code"), facts.get("system"),
                      facts.get("display"), facts.get("status"), facts.get("date"),
                      demographics and json.dumps(demographics, sort_keys=True), seq))
    return found


def normal(row):
    """With the JSON of demographics in one form."""
    demographics = row[8] and json.dumps(json.loads(row[8]), sort_keys=True)
    return row[:8] + (demographics,) + row[9:]


def version_of(row):
    if row[3] is not None:
        return int(row[3]) if row[3].isdigit() else -1
    family = json.loads(row[8] or "{}").get("family") or "V-1"
    return int(family[1:])


def compare_versions(difference, what, expected, found):
    """Acknowledged and not there, or there in an older version, is lost; what should not be there is extra."""
    lost = [key for key, state in expected.items() if key not in found or found[key][1] < state[1]
            or (found[key] != state and found[key][1] == state[1])]
    extra = [key for key in found if key not in expected]
    newer = [key for key, state in expected.items() if key in found and found[key][1] > state[1]]
    difference.lost += len(lost)
    difference.duplicated += len(extra) + len(newer)
    if lost or extra or newer:
        examples = [f"{key}: expected {expected.get(key)}, found {found.get(key)}"
                    for key in (lost + extra + newer)[:3]]
        difference.remark(f"{what}: {len(lost)} lost, {len(extra)} extra, {len(newer)} newer; {'; '.join(examples)}")


def compare_rows(difference, what, journal, index):
    wanted = {row[:2]: row for row in journal}
    counts = [0, 0, 0, 0]
    examples = []
    found = {}
    for row in index:
        key = row[:2]
        if key in found or key not in wanted:
            counts[1] += 1
            examples.append(f"extra {key[0]}")
        found[key] = row
    for key, row in wanted.items():
        have = found.get(key)
        if have is None:
            counts[0] += 1
            examples.append(f"missing {key[0]} seq {row[-1]}")
        elif have[-1] < row[-1]:
            counts[2] += 1
            examples.append(f"{key[0]} has seq {have[-1]} of {row[-1]}")
        elif normal(have) != row:
            counts[3] += 1
            examples.append(f"{key[0]} seq {row[-1]} reads otherwise")
    lost, duplicated, stale, altered = counts
    difference.lost += lost
    difference.duplicated += duplicated
    difference.stale += stale
    difference.altered += altered
    if examples:
        difference.remark(f"{what}: {lost} lost, {duplicated} extra, {stale} stale, {altered} altered; "
                          f"{'; '.join(examples[:3])}")


def compare_state(difference, seat, heads):
    """Watermark, epoch and digest of every source, and nothing left above the watermark."""
    state = {row[0]: row[1:] for row in rows(
        seat, "index.sqlite", "SELECT hie, watermark, epoch, hex(digest), islands FROM source")}
    for source, (head, epoch, digest) in heads.items():
        have = state.get(source)
        if have is None and head == 0:
            continue
        if have is None or have[0] != head or have[1] != epoch:
            difference.remark(f"{source} at {seat.name}: watermark {have and have[0]} of head {head}, epoch "
                              f"{have and have[1]} of {epoch}")
        elif have[2] != digest:
            difference.remark(f"{source} at {seat.name}: the digest differs from the journal's")
        if have and have[3]:
            difference.remark(f"{source} at {seat.name}: islands are left: {have[3][:100]}")
    tombstones = rows(seat, "index.sqlite", "SELECT count(*) FROM tombstone")[0][0]
    if tombstones:
        difference.remark(f"{seat.name}: {tombstones} tombstones are left")


def count_parked(difference, mesh):
    """At the workers, and what the broker itself gave up on."""
    for seat in mesh.all_seats:
        letters = rows(seat, "deadletters.sqlite",
                       "SELECT cause, detail, count(*) FROM letter WHERE state = 'parked' GROUP BY 1, 2")
        for cause, detail, count in letters:
            difference.parked += count
            difference.remark(f"{seat.name} parked {count}: {cause}: {detail}")
        count = mesh.broker.depth(f"wherry.dead.{seat.name}")
        if count:
            difference.parked += count
            difference.remark(f"the broker gave up {count} messages to {seat.name}: wherry.dead.{seat.name}")


def verify(difference, mesh):
    """What Wherry itself says of it, where this version can tell."""
    for seat in mesh.all_seats:
        result = subprocess.run(
            [mesh.wherry, "index", "verify", "--from", f"http://{seat.host}:{seat.port}"], stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=120)
        if not has_verb(mesh.wherry, "index"):
            difference.verify[seat.name] = "not in this version"
        elif result.returncode == 0:
            difference.verify[seat.name] = "equal"
        else:
            difference.verify[seat.name] = f"status {result.returncode}"
            difference.remark(f"wherry index verify at {seat.name}: {(result.stdout + result.stderr).strip()[:500]}")


def has_verb(wherry, verb):
    """Whether this wherry knows a verb."""
    result = subprocess.run([wherry, verb, "--help"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                            timeout=60)
    return result.returncode == 0 and f"USAGE: wherry {verb}" in result.stdout
