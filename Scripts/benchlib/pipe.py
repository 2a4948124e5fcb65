"""A plain client of RabbitMQ in C, beside which the mesh is measured; it also brings in what is to become dead
letters."""
import re
import struct

from benchlib.system import WAIT_SECONDS_MAX
from torturelib import system


class Pipe:
    """`pipe.c`, compiled for this run, at one broker."""

    def __init__(self, stage, broker):
        self.broker, self.program = broker, stage.compiled("pipe", "-lrabbitmq", "-lsqlite3", "-lpthread")

    def publish(self, path, exchange, key, first, count):
        """Messages of a file, confirmed. Returns messages a second."""
        return self._run("publish", path, exchange, key, str(first), str(count))

    def through(self, path, exchange, key, queue):
        """All messages of a file, confirmed, taken from a queue and acknowledged. Returns messages a second."""
        return self._run("through", path, exchange, key, queue)

    def rows(self, path, exchange, key, queue, database):
        """As `through`, and every message is put into a table of a SQLite file. Returns messages a second."""
        return self._run("rows", path, exchange, key, queue, database)

    def fanout(self, path, exchange, key, queues):
        """All messages of a file, confirmed, and all of them taken from each queue. Returns messages a second."""
        return self._run("fanout", path, exchange, key, *queues)

    def stream(self, path, exchange, key, queue, readers):
        """All messages of a file, confirmed, and taken from a stream by each reader. Returns messages a second."""
        return self._run("stream", path, exchange, key, queue, str(readers))

    def _run(self, deed, path, *arguments):
        said = system.run(self.program, deed, str(self.broker.port), str(WAIT_SECONDS_MAX), path, *arguments,
                          seconds=WAIT_SECONDS_MAX + 10)
        return float(re.findall(r"= (\d+)/s", said)[-1])


def write(path, messages):
    """Puts (properties of pika's, body) after (properties, body) into a file, as pipe.c reads it. Returns how many."""
    count = 0
    with open(path, "wb") as file:
        for properties, body in messages:
            encoded = b"".join(properties.encode())
            file.write(struct.pack(">II", len(encoded), len(body)) + encoded + body)
            count += 1
    return count
