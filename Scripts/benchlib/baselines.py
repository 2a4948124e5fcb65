"""What others do with single messages: a quorum queue, confirmations, and a consumer that puts rows into SQLite."""
import os
import re
import statistics

from benchlib import pipe
from benchlib.system import WAIT_SECONDS_MAX, expect
from torturelib import system
from torturelib.system import ROOT

PYTHON = os.path.join(ROOT, ".build-python", "bin", "python")
PIPELINE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pipeline.py")
QUEUE = "benchmark.rows"
MESSAGE_BYTES = 600
DISTINCT_KEYS = 50_000
#: Python takes long, and its rate does not hang on how many there are.
PYTHON_MESSAGES_MAX = 20_000


class Baselines:
    """Single persistent messages of 600 bytes through one queue, by a client in C and by one in Python."""

    def __init__(self, stage, broker, count):
        self.stage, self.broker, self.count = stage, broker, count
        self.pipe = pipe.Pipe(stage, broker)
        self.path = stage.path("rows.messages")
        import pika
        persistent = pika.BasicProperties(delivery_mode=2)
        pipe.write(self.path, ((persistent, body(number)) for number in range(count)))
        self.c, self.python = [], []

    def run(self):
        """Both once more."""
        self.c.append(self._in_fresh_queue(
            lambda database: self.pipe.rows(self.path, "", QUEUE, QUEUE, database)))
        count = min(self.count, PYTHON_MESSAGES_MAX)
        self.python.append(self._in_fresh_queue(lambda database: through(system.run(
            PYTHON, "-B", PIPELINE, str(self.broker.port), QUEUE, database, str(count), str(MESSAGE_BYTES),
            seconds=WAIT_SECONDS_MAX))))

    def _in_fresh_queue(self, work):
        connection, channel = self.broker.channel()
        channel.queue_delete(QUEUE)
        channel.queue_declare(QUEUE, durable=True, arguments={"x-queue-type": "quorum"})
        connection.close()
        database = self.stage.path("rows.sqlite")
        for part in ("", "-wal", "-shm"):
            if os.path.exists(database + part):
                os.remove(database + part)
        rate = work(database)
        connection, channel = self.broker.channel()
        left = channel.queue_delete(QUEUE).method.message_count
        connection.close()
        expect(not left, f"{left} messages were left in the baseline's queue")
        return rate

    def around(self, name):
        """The median of the last two of a baseline: before and after what was measured between them."""
        return statistics.median(getattr(self, name)[-2:])


def through(output):
    return float(re.findall(r"through .* = ([\d.]+)/s", output)[-1])


def body(number):
    """A key that comes again every so many messages and is in no order, and padding."""
    return f"{number % DISTINCT_KEYS * 9301 % 233280:010d}".encode().ljust(MESSAGE_BYTES, b"x")
