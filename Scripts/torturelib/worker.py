"""A worker's place in the mesh: its disk, its network, and the process that sits there at present."""
import os
import re
import select
import signal
import subprocess
import threading
import time

from torturelib.asked import Asked
from torturelib.system import TortureError, signal_process, start_ticks, until

START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 30


def faketime_library():
    """The preloaded library of Debian's package faketime, or None."""
    for base in ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib"):
        path = f"{base}/faketime/libfaketimeMT.so.1"
        if os.path.exists(path):
            return path
    return None


class Seat(Asked):
    """Starts, signals and asks the worker of one HIE, or one of its read replicas.

    `disturbed` counts what was done to it: who asked before and after, and saw another count, judges nothing.
    """

    def __init__(self, hie, mesh, disk=None, network=None, replica=None):
        self.hie, self.mesh, self.disk, self.network, self.replica = hie, mesh, disk, network, replica
        #: As Wherry itself names it: `barts`, or `barts.a`.
        self.name = f"{hie}.{replica}" if replica else hie
        self.wherry = mesh.wherry
        #: What else its command says.
        self.options = []
        #: Whether it listens on `port` when it is started, where that is known, and not on any that is free.
        self.keeps_port = False
        self.data = disk.directory if disk else mesh.path("data", self.name)
        # A mount point is the worker's own only below its top, where mkfs keeps lost+found.
        self.data = os.path.join(self.data, "worker")
        self.log = mesh.path("log", f"{self.name}.log")
        self.process = self.ticks = self.port = None
        self.host = network.address if network else "127.0.0.1"
        self.skew_seconds = 0
        self.disturbed = 0
        #: Since when its process is dead or stopped, and sends no pulses.
        self.mute_since = None
        #: Why answers that fail, or are not true, are not held against it at present.
        self.excuse = "not started"
        self.condition = threading.Lock()

    def file(self, name):
        return os.path.join(self.data, name)

    def start(self, skew_seconds=0):
        """Starts a worker on the files that are there, its clock wrong by so much; returns when it serves."""
        self.skew_seconds = skew_seconds
        port = self.port if self.keeps_port and self.port else 0
        command = [self.wherry, "worker", "--topology", self.mesh.topology, "--hie", self.hie, "--data", self.data,
                   "--listen", f"{self.host}:{port}", *self.mesh.broker_arguments(self.network),
                   "--pulse-interval", self.mesh.pulse_interval, "--log-level", "info", *self.options]
        if self.replica:
            command += ["--replica", self.replica]
        environment = dict(os.environ)
        if skew_seconds:
            environment.update(LD_PRELOAD=faketime_library(), FAKETIME=f"{skew_seconds:+d}s",
                               FAKETIME_DONT_FAKE_MONOTONIC="1")
        if self.network:
            command = self.network.prefix + command
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
                                            env=environment, start_new_session=True)
        self.ticks = start_ticks(self.process.pid)
        self.mesh.janitor.note("process", self.process.pid, self.ticks)
        if skew_seconds:
            self.mesh.janitor.note("shared-memory", self.process.pid)
        self.port = self._read_port()
        self.mute_since = None
        self.settle()

    def _read_port(self):
        said = b""
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline:
            if select.select([self.process.stdout], [], [], 0.2)[0]:
                part = os.read(self.process.stdout.fileno(), 4096)
                said += part
                found = re.search(rb"http://[^ ]*:(\d+)", said)
                if found:
                    return int(found.group(1))
                if not part:
                    break
        raise TortureError(f"the worker {self.name} did not start: see the end of {self.log}")

    def disturb(self, reason):
        self.disturbed += 1
        self.excuse = reason

    def settle(self):
        """From here on everything it says counts."""
        self.disturbed += 1
        self.excuse = None

    @property
    def lives(self):
        return self.process is not None and self.process.poll() is None

    def signal(self, number):
        signal_process(self.process.pid, self.ticks, number)

    def kill(self):
        """SIGKILL; returns when it is gone."""
        self.disturb("killed")
        self.signal(signal.SIGKILL)
        self._reap(10)
        self.mute_since = time.time()

    def terminate(self):
        """SIGTERM; its exit status."""
        self.disturb("stopped")
        self.signal(signal.SIGTERM)
        return self._reap(STOP_SECONDS_MAX)

    def _reap(self, seconds):
        try:
            status = self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise TortureError(f"the worker {self.name} did not end within {seconds} s")
        self.process.stdout.close()
        return status

    def pause(self):
        self.disturb("paused")
        self.signal(signal.SIGSTOP)
        self.mute_since = time.time()

    def resume(self):
        self.mute_since = None
        self.signal(signal.SIGCONT)
        self.settle()

    def says(self, condition, seconds):
        """Waits until its /api/peers meets a condition."""
        def holds():
            peers = self.peers()
            return peers is not None and condition(peers)
        return until(holds, seconds, pause=0.1)
