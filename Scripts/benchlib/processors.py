"""Who uses the processors while something is measured: the asked, the rest of the mesh, or others on the machine; and
what a broker writes."""
import os
import time

#: A broker is done with its files when it has written nothing for so long.
QUIET_SECONDS = 1.5
QUIET_SECONDS_MAX = 60
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


def seconds_of(pids):
    """Processor seconds that these processes have used so far."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS_A_SECOND


def busy_seconds():
    """Processor seconds that nobody had left on this machine, those that its host took away included."""
    with open("/proc/stat") as stat:
        user, nice, system, _, _, irq, softirq, steal = (int(field) for field in stat.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICKS_A_SECOND


class Meter:
    """What is used from its making on. `asked` are processes of the measured, `rest` the others that belong to it."""

    def __init__(self, asked, rest):
        self._asked, self._own = list(asked), [*asked, *rest, os.getpid()]
        self._began = self._now()

    def _now(self):
        return seconds_of(self._asked), seconds_of(self._own), busy_seconds()

    def read(self):
        """Processor seconds: of the asked, of all that belongs to the measurement, and of everybody else."""
        asked, own, busy = (now - began for now, began in zip(self._now(), self._began))
        return asked, own, max(0, busy - own)


def written_bytes(pid):
    """Bytes that a process has had written to the disk so far, those included that the kernel still holds."""
    with open(f"/proc/{pid}/io") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("write_bytes:"))


class BrokerMeter:
    """What a broker's Erlang machine uses from the making of this on."""

    def __init__(self, broker):
        self._pid = broker.processes()[0][0]
        self._began = self._now()

    def _now(self):
        return seconds_of([self._pid]), written_bytes(self._pid)

    def read(self):
        """Processor seconds and bytes written, once the broker has written down what it has taken."""
        deadline = time.monotonic() + QUIET_SECONDS_MAX
        written, since = written_bytes(self._pid), time.monotonic()
        while time.monotonic() - since < QUIET_SECONDS and time.monotonic() < deadline:
            time.sleep(0.1)
            if written != (written := written_bytes(self._pid)):
                since = time.monotonic()
        return tuple(now - began for now, began in zip(self._now(), self._began))
