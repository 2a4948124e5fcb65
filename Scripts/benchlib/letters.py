"""The journal of an HIE whose worker does not run, so that nothing repairs what one does to its messages: changes as
the contract has them, good and bad, on their way or put aside by the broker."""
import datetime
import itertools

import pika

from torturelib.feed import nhs_numbers

EPOCH = "2026-11-22T17:03:05.123Z-63bd003b"
MOMENT = datetime.datetime(2026, 11, 23, 9, 30, tzinfo=datetime.timezone.utc)
PATIENTS = 5000
NUMBERS_FROM = 999_100_000
#: What RabbitMQ says of a message that it puts aside, and the cause that a worker makes of it.
REASONS = {"expired": "expired", "maxlen": "length-limit", "delivery_limit": "delivery-limit", "rejected": "rejected"}
BAD_SHARE = 0.02
#: Bad ones come in runs, as they do when a source is wrong for a while; a thousand holes are all that an index keeps.
BAD_RUN = 20


class Journal:
    """Change after change, each about a record of its own unless it is a later version of one."""

    def __init__(self, source, reader):
        self.source, self.reader, self.head = source, reader, 0
        self._numbers = [number for number, _ in zip(nhs_numbers(NUMBERS_FROM), range(PATIENTS))]
        #: What has to stand in the index: the number under which each record was changed last.
        self.rows = {}

    def take(self, count):
        """The next so many numbers."""
        numbers = range(self.head + 1, self.head + count + 1)
        self.head += count
        return numbers

    def expected(self):
        """The rows that an index has to hold, as `type/id` to (patient, code, seq)."""
        return {f"Condition/c{record}": (self._number(record), str(seq), seq) for record, seq in self.rows.items()}

    def _number(self, record):
        return self._numbers[record % PATIENTS]

    def line(self, seq, record=None, number=None):
        """A change as its source writes it."""
        record = seq if record is None else record
        return (f'{{"seq":{seq},"op":"put","patient":"{number or self._number(record)}",'
                f'"resource":"Condition/c{record}","category":"condition","code":"{seq}",'
                '"system":"http://snomed.info/sct","display":"An example of a condition of usual length",'
                '"status":"active","date":"2020-05-01"}\n').encode()

    def bad_line(self, seq):
        """With a check digit that is wrong, or no JSON."""
        if seq % 2:
            number = self._number(seq)
            return self.line(seq, number=number - number % 10 + (number + 1) % 10)
        return self.line(seq)[:60]

    def message(self, after, through, body, headers=()):
        """The message of a range of the journal, as `wherry.changes.v1`, and its body."""
        identifier = f"{self.source}/{EPOCH}/{after}-{through}"
        return pika.BasicProperties(
            content_type="application/x-ndjson", delivery_mode=2, message_id=identifier,
            timestamp=int(MOMENT.timestamp()), type="wherry.changes.v1", app_id=self.source, headers={
                "cloudEvents:specversion": "1.0", "cloudEvents:id": identifier,
                "cloudEvents:source": f"urn:wherry:hie:{self.source}", "cloudEvents:type": "wherry.changes.v1",
                "cloudEvents:time": "2026-11-23T09:30:00.000Z", "wherry-epoch": EPOCH, "wherry-after": after,
                "wherry-through": through, "wherry-head": through, **dict(headers)}), body

    def good(self, seq, record=None):
        """The message of one change, which is to stand from now on."""
        self.rows[seq if record is None else record] = seq
        return self.message(seq - 1, seq, self.line(seq, record))

    def death(self, reason):
        """What RabbitMQ writes into a message that it takes from its subscriber's queue."""
        queue = f"wherry.changes.{self.reader}"
        return {"x-death": [{"count": 1, "reason": reason, "queue": queue, "time": MOMENT, "exchange": "wherry.changes",
                             "routing-keys": [f"change.{self.source}"]}],
                "x-first-death-exchange": "wherry.changes", "x-first-death-queue": queue,
                "x-first-death-reason": reason}


class Batch:
    """Changes that become dead letters, one a message: some bad, and of some the source says something later.

    `early` are overtaken before anything is planned, `late` while the replay runs.
    """

    def __init__(self, journal, count, bad_from=0.0, overtaken=0):
        self.journal, self.seqs = journal, journal.take(count)
        first = int(count * 0.6)
        self.early = self.seqs[first:first + overtaken]
        self.late = self.seqs[first + overtaken:first + 2 * overtaken]
        self.bad = set(self._bad(count, bad_from))
        self.good = [seq for seq in self.seqs if seq not in self.bad]
        for seq in self.good:
            journal.rows[seq] = seq

    def _bad(self, count, bad_from):
        """Runs of so many, evenly over the part of the batch from `bad_from` on."""
        runs = max(1, round(count * BAD_SHARE / BAD_RUN))
        first = int(count * bad_from)
        step = (count - first) // runs
        for run in range(runs):
            start = first + run * step + step // 2
            yield from self.seqs[start:min(start + BAD_RUN, count)]

    def dead(self):
        """As the broker put them aside, the causes in turn."""
        reasons = itertools.cycle(REASONS)
        for seq in self.seqs:
            body = self.journal.bad_line(seq) if seq in self.bad else self.journal.line(seq)
            yield self.journal.message(seq - 1, seq, body, self.journal.death(next(reasons)))

    def marked(self):
        """The good ones as a replay sends them."""
        for number, seq in enumerate(self.good, 1):
            yield self.journal.message(seq - 1, seq, self.journal.line(seq),
                                       {"wherry-replay": f"{self.journal.reader}/1/{number}"})

    def later(self, records):
        """A later version of each of these, which is to stand from now on."""
        seqs = self.journal.take(len(records))
        return [self.journal.good(seq, record) for seq, record in zip(seqs, records)]

    def corrected(self):
        """What a source sends that is asked for the ranges that may be missing: the bad ones as they should have been,
        and of what it has overtaken nothing."""
        messages = []
        for run in runs(sorted(self.bad.union(self.early, self.late))):
            bad = [seq for seq in run if seq in self.bad]
            messages.append(self.journal.message(run[0] - 1, run[-1], b"".join(map(self.journal.line, bad))))
            self.journal.rows.update((seq, seq) for seq in bad)
        return messages

    def verdicts(self):
        """What may become of each planned letter, by its number."""
        verdicts = {seq: {"applied"} for seq in self.good}
        verdicts.update((seq, {"failedAgain"}) for seq in self.bad)
        verdicts.update((seq, {"applied", "superseded"}) for seq in self.late)
        for seq in self.early:
            del verdicts[seq]
        return verdicts


def runs(numbers):
    """Numbers in order, in runs without a hole."""
    found = []
    for number in numbers:
        if found and found[-1][-1] == number - 1:
            found[-1].append(number)
        else:
            found.append([number])
    return found
