"""Who uses the processors while something is measured: the asked, the rest of the mesh, or others on the machine."""
import os

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
