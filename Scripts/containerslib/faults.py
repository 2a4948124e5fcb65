"""What is done to one region's broker, and what everybody must say and not feel meanwhile."""
import os
import re
import threading
import time

from containerslib import keys
from containerslib.engine import ContainersError
from containerslib.watch import Watch
from torturelib.system import until

SEEN_SECONDS_MAX = 90
HEAL_SECONDS_MAX = 180
CALM_SECONDS = 5


class Fault:
    """Subclasses inject and heal; `states` and `reason` are what the workers must say of the broker."""

    sentence = ""
    states = ("down", "connecting")
    reason = r"."

    def __init__(self, mesh, region):
        self.mesh, self.region = mesh, region

    @property
    def broker(self):
        return self.mesh.brokers[self.region][0]

    def inject(self):
        raise NotImplementedError

    def heal(self):
        raise NotImplementedError

    def witnesses(self):
        """Who must see it."""
        return self.mesh.workers.values()


class Paused(Fault):
    sentence = "its broker is paused: it takes what is sent and says nothing"
    reason = r"heartbeat|timed? ?out|did not answer|no answer"

    def inject(self):
        self.mesh.engine_does("pause", self.broker)

    def heal(self):
        self.mesh.engine_does("unpause", self.broker)


class Slow(Fault):
    sentence = "its broker stands still for most of the time"
    states = ("slow",)
    reason = r"is slow: it"
    still_seconds, runs_seconds = 4, 0.2

    def inject(self):
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._stutter)
        self.thread.start()

    def heal(self):
        self.over.set()
        self.thread.join()

    def _stutter(self):
        while not self.over.is_set():
            self.mesh.engine_does("pause", self.broker)
            self.over.wait(self.still_seconds)
            self.mesh.engine_does("unpause", self.broker)
            self.over.wait(self.runs_seconds)


class CutOff(Fault):
    sentence = "its broker is disconnected from the link: only its own region reaches it"

    def inject(self):
        self.mesh.cut(self.broker, f"{self.region}-link")

    def heal(self):
        self.mesh.join(self.broker, f"{self.region}-link")

    def witnesses(self):
        return [worker for worker in self.mesh.workers.values() if worker.region != self.region]


class Killed(Fault):
    sentence = "its broker is killed (SIGKILL) and stays away"

    def inject(self):
        self.mesh.engine_does("kill", self.broker)

    def heal(self):
        self.mesh.engine_does("start", self.broker)
        self.mesh.wait_for_brokers([self.broker])


class Rebuilt(Fault):
    sentence = "its broker is destroyed with its volume, and built from nothing"

    def inject(self):
        container = self.mesh.container(self.broker)
        self.mesh.engine.run("rm", "--force", "--volumes", container)
        self.mesh.engine.run("volume", "rm", f"{self.mesh.project}_{self.broker}")

    def heal(self):
        self.mesh.up([self.broker])
        self.mesh.wait_for_brokers([self.broker])
        self.mesh.apply()


class Alarmed(Fault):
    sentence = "its broker has a memory alarm: it takes no more messages"
    states = ("blocked",)

    def witnesses(self):
        # A broker tells those who publish.
        return [worker for worker in self.mesh.workers.values() if worker.region == self.region]

    def inject(self):
        self.mesh.execute(self.broker, "rabbitmqctl", "set_vm_memory_high_watermark", "0.00001")

    def heal(self):
        self.mesh.execute(self.broker, "rabbitmqctl", "set_vm_memory_high_watermark", "absolute", "512MiB")


class Expired(Fault):
    sentence = "its broker's certificate has expired"
    reason = r"expired|out of date"

    def inject(self):
        self.stem = keys.path("brokers", self.region)
        with open(self.stem + ".pem") as file:
            self.good = file.read()
        names = ", ".join(f"DNS:{host}" for host in self._hosts())
        scratch = keys.path("expired")
        os.symlink(self.stem + ".key", scratch + ".key")
        try:
            keys.issue(scratch, self._hosts()[0], f"subjectAltName = {names}\nextendedKeyUsage = serverAuth",
                       before=("faketime", "-200 days"))
            with open(scratch + ".pem") as file:
                self._put(file.read())
        finally:
            for ending in (".key", ".pem"):
                if os.path.lexists(scratch + ending):
                    os.remove(scratch + ending)

    def heal(self):
        self._put(self.good)

    def _hosts(self):
        return [alias for service in self.mesh.brokers[self.region] for alias in
                self.mesh.description["services"][service]["networks"][self.region]["aliases"]]

    def _put(self, text):
        """In place: the container has this very file mounted."""
        with open(self.stem + ".pem", "r+") as file:
            file.write(text)
            file.truncate()
        self.mesh.execute(self.broker, "rabbitmqctl", "eval", "ssl:clear_pem_cache().")
        self.mesh.execute(self.broker, "rabbitmqctl", "close_all_connections", "the certificate was changed")


KINDS = {"paused": Paused, "slow": Slow, "cut": CutOff, "killed": Killed, "rebuilt": Rebuilt, "alarm": Alarmed,
         "expired": Expired}


def prove(mesh, feeds, name, region, tell):
    """One fault from calm to calm. Returns a line for the summary."""
    fault = KINDS[name](mesh, region)
    mesh.wait_until_caught_up()
    others = [worker for worker in mesh.workers.values() if worker.region != region]
    watch = Watch(others, feeds.numbers, mesh.regions)
    watch.start()
    try:
        time.sleep(CALM_SECONDS)
        before, _ = watch.take()
        fault.inject()
        began = time.monotonic()
        try:
            if not until(lambda: all(sees(worker, fault) for worker in fault.witnesses()), SEEN_SECONDS_MAX, pause=0.5):
                raise ContainersError(f"{name}: not seen by all after {SEEN_SECONDS_MAX} s: " + "; ".join(
                    f"{worker.hie} says {worker.broker(region)}" for worker in fault.witnesses()
                    if not sees(worker, fault))[:1200])
            seen = time.monotonic() - began
            said = next(iter(fault.witnesses())).broker(region)
            # Some time of it, under the load that there is.
            time.sleep(CALM_SECONDS)
            bystanders = untouched(mesh, others, region)
        finally:
            fault.heal()
        during, disturbed = watch.take()
        healing = time.monotonic()
        if not until(mesh.all_connected, HEAL_SECONDS_MAX, pause=0.5):
            raise ContainersError(f"{name}: not everybody is connected again: {mesh.laggards()}")
        connected = time.monotonic() - healing
        feeds.check()
    finally:
        watch.end()
    own = {hie for hie, worker in mesh.workers.items() if worker.region == region}
    strangers = {hie: state for hie, state in disturbed.items() if hie not in own}
    if during.failures or strangers or bystanders:
        raise ContainersError(f"{name}: it touched others: {during.failures[:3]} {strangers} {bystanders}")
    tell(f"  before: {before}")
    tell(f"  during: {during}")
    tell(f"  broker {region}: {said['state']}: {said['reason']}")
    return (f"{name:<8} seen by {len(list(fault.witnesses()))} workers in {seen:.1f} s, connected again "
            f"{connected:.1f} s after it was healed; {during}")


def sees(worker, fault):
    said = worker.broker(fault.region)
    return said["state"] in fault.states and bool(re.search(fault.reason, said.get("reason") or "", re.I))


def untouched(mesh, workers, region):
    """What is wrong with other brokers at workers elsewhere."""
    return [f"{worker.hie}: broker {one['broker']} {one['state']}" for worker in workers
            for one in (worker.peers() or {"brokers": []})["brokers"]
            if one["broker"] != region and one["state"] != "connected"]
