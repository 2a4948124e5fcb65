"""Faults of a worker as a process: killed, stopped, cut off, and with a wrong clock."""
from torturelib.fault import Fault
from torturelib.worker import faketime_library


class KillSource(Fault):
    name = "kill-source"
    sentence = "SIGKILL to a worker while a submission is on its way to it."

    def inject(self):
        self.feed.is_sending.wait(2)
        self.somewhen(0.05)
        self.seat.kill()

    def heal(self):
        self.seat.start()


class KillSubscriber(Fault):
    name = "kill-subscriber"
    sentence = "SIGKILL to a worker while the others publish to it."

    def inject(self):
        others = [feed for hie, feed in self.mesh.feeds.items() if hie != self.seat.hie]
        self.random.choice(others).is_sending.wait(2)
        self.somewhen()
        self.seat.kill()

    def heal(self):
        self.seat.start()


class StopWorker(Fault):
    name = "stop-worker"
    sentence = "SIGSTOP to a worker: its connections stay open and it answers nobody; then SIGCONT."
    hold = (1.0, 8.0)
    delays_pulses = True

    def inject(self):
        self.somewhen()
        self.seat.pause()

    def heal(self):
        self.seat.resume()


class Partition(Fault):
    name = "partition"
    sentence = "A worker's network loses packets to the broker, from it or both, or its cable is out."
    hold = (1.0, 7.0)
    delays_pulses = True

    @classmethod
    def obstacle(cls, mesh):
        return mesh.networks_obstacle

    def inject(self):
        self.detail = self.random.choice(["both ways", "incoming", "outgoing", "cable"])
        self.somewhen()
        if self.detail == "cable":
            self.seat.disturb("no cable")
            self.seat.network.pull()
        else:
            self.seat.network.drop(self.mesh.broker.port, self.detail != "outgoing", self.detail != "incoming")

    def heal(self):
        self.seat.network.heal()

    def recovered(self):
        if self.detail == "cable":
            self.seat.settle()


class ClockSkew(Fault):
    name = "clock-skew"
    sentence = "A worker runs with a clock that is minutes or hours off, then again with the true one."
    hold = (1.5, 5.0)

    @classmethod
    def obstacle(cls, mesh):
        return None if faketime_library() else "libfaketime is not installed"

    def inject(self):
        seconds = self.random.choice([90, 600, 3600, 36_000]) * self.random.choice([1, -1])
        self.detail = f"{seconds:+d} s"
        self.seat.kill()
        self.seat.start(skew_seconds=seconds)

    def heal(self):
        self.seat.kill()
        self.seat.start()
