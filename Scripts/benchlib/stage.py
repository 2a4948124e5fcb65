"""Where the measurements take place: the binary, a directory, and the brokers and workers that several share."""
import os
import shutil
import tempfile

from benchlib.mesh import Mesh
from benchlib.system import LONDON, WAIT_SECONDS_MAX, BenchmarkError
from torturelib import system
from torturelib.broker import Broker
from torturelib.janitor import Janitor

#: Beside the regions of London in the order of the file: the broker that each has.
LONDON_BROKERS = (0, 0, 1, 1, 2)


class Stage:
    """Sets up what is asked for, once; `end` undoes it all, and the janitor does where this process is killed."""

    def __init__(self, wherry, options):
        self.wherry, self.options = wherry, options
        self.directory = tempfile.mkdtemp(prefix="wherry-benchmark-")
        self.janitor = Janitor()
        self.janitor.note("directory", self.directory)
        self._broker = self._london = None

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def run(self, *arguments):
        """A wherry command that must succeed."""
        return system.run(self.wherry, *arguments, seconds=WAIT_SECONDS_MAX)

    def remove(self, path):
        """A directory or file that nobody needs any more."""
        shutil.rmtree(path, ignore_errors=True)

    def compiled(self, name, *libraries):
        """The program of NAME.c beside this file, compiled once a run."""
        program = self.path(name)
        if not os.path.exists(program):
            # Swift brings a clang.
            compiler = shutil.which("cc") or shutil.which("clang")
            if compiler is None:
                raise BenchmarkError("there is no C compiler: install one, such as Debian's package gcc")
            source = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{name}.c")
            system.run(compiler, "-O2", "-o", program, source, *libraries)
        return program

    @property
    def broker(self):
        """A broker that has every region's objects."""
        if self._broker is None:
            self._broker = Broker(self.path("broker"), [], self.janitor)
            self._broker.start()
            self.run("topology", "apply", "--topology", LONDON, "--broker-url", self._broker.url())
        return self._broker

    @property
    def london(self):
        """Ten workers on three brokers that hold the records of the population."""
        if self._london is None:
            with open(LONDON) as file:
                self._london = Mesh(self, "london", file.read(), LONDON_BROKERS)
            self._london.start()
            self._london.fill(self.options.population)
        return self._london

    def end_london(self):
        """So that it disturbs nothing that is measured after it."""
        if self._london is not None:
            self._london.end()
            self._london = None

    def end(self):
        self.janitor.finish()

