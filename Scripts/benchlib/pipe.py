"""A plain client in C, beside which a replay is measured; it also brings in what is to become dead letters."""
import os
import re
import shutil
import struct

from benchlib.system import WAIT_SECONDS_MAX, BenchmarkError
from torturelib import system

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pipe.c")


class Pipe:
    """`pipe.c`, compiled for this run, at one broker."""

    def __init__(self, stage, broker):
        self.broker, self.program = broker, stage.path("pipe")
        # Swift brings a clang.
        compiler = shutil.which("cc") or shutil.which("clang")
        if compiler is None:
            raise BenchmarkError("there is no C compiler: install one, such as Debian's package gcc")
        system.run(compiler, "-O2", "-o", self.program, SOURCE, "-lrabbitmq", "-lpthread")

    def publish(self, path, exchange, key, first, count):
        """Messages of a file, confirmed. Returns messages a second."""
        return self._run("publish", path, exchange, key, str(first), str(count))

    def through(self, path, exchange, key, queue):
        """All messages of a file, confirmed, taken from a queue and acknowledged. Returns messages a second."""
        return self._run("through", path, exchange, key, queue)

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
