"""What a fault is: it is injected, left for a while, and healed.

A fault belongs to one worker's seat or to the broker, never to both, so that two of different places may overlap.
"""
import time

BROKER = "broker"


class Fault:
    """One fault. `hold` is how many seconds it lasts, from and to."""

    name = sentence = ""
    hold = (0.5, 2.0)
    is_of_broker = False
    #: It needs a broker that is well, so it does not overlap with a fault of the broker.
    needs_broker = False
    #: Pulses are held up by it, or old ones arrive after it.
    delays_pulses = False
    #: It leaves a gap or a damage behind that only repair closes.
    needs_repair = False

    def __init__(self, mesh, seat, random):
        self.mesh, self.seat, self.random = mesh, seat, random
        self.detail = ""

    @property
    def place(self):
        return BROKER if self.is_of_broker else self.seat.hie

    @property
    def feed(self):
        return self.mesh.feeds[self.seat.hie]

    @classmethod
    def obstacle(cls, mesh):
        """Why it cannot be injected here, or None."""
        return None

    def inject(self):
        raise NotImplementedError

    def heal(self):
        pass

    def recovered(self):
        """Everybody has caught up again."""

    def somewhen(self, seconds=0.3):
        time.sleep(self.random.uniform(0, seconds))


class OfBroker(Fault):
    is_of_broker = True
    delays_pulses = True


class OnDisk(Fault):
    """It needs the worker's files on a disk of their own."""

    @classmethod
    def obstacle(cls, mesh):
        return mesh.disks_obstacle
