"""The verbs, in terms of the parts."""
import functools
import os
import time

from containerslib import checks, faults, keys, lint, smoke
from containerslib.engine import ContainersError, Engine
from containerslib.feed import Feeds
from containerslib.images import WORKER, Images
from containerslib.mesh import Mesh
from torturelib.system import ROOT

VERBS = ("build", "keys", "up", "check", "faults", "cluster", "down", "lint", "smoke", "all")
COMPOSE = os.path.join(ROOT, "Docker", "compose.yaml")
CLUSTER = os.path.join(ROOT, "Docker", "compose.cluster.yaml")
#: Changes a second while faults come and go.
FAULT_RATE = 50
SEED = 1


class Runner:
    """What was asked for, one verb after the other."""

    def __init__(self, options, tell):
        self.options, self.tell = options, tell
        self.summary = []
        self.began = time.monotonic()
        self.mesh = self.feeds = None

    @functools.cached_property
    def engine(self):
        return Engine(self.tell, self.options.engine)

    @functools.cached_property
    def images(self):
        return Images(self.engine, self.options.offline, self.tell)

    def verbs(self, names):
        for name in names:
            steps = ("lint", "build", "keys", "up", "check", "faults", "down", "cluster") if name == "all" else (name,)
            for step in steps:
                self.tell(f"\n--- {step} ({time.monotonic() - self.began:.0f} s)")
                getattr(self, step)()

    def lint(self):
        self.summary += lint.everything(self.tell)

    def build(self):
        began = time.monotonic()
        self.images.worker(self.options.prebuilt)
        size = self.images.size_mib(WORKER)
        self.tell(f"{WORKER}: {size:.0f} MiB, made in {time.monotonic() - began:.0f} s")
        self.summary.append(f"build    {WORKER} {size:.0f} MiB")

    def keys(self):
        keys.make(self.engine, Mesh(self.engine, COMPOSE, "wherry").topology, self.tell)

    def up(self):
        self._start(COMPOSE, "wherry")

    def check(self):
        self._feed()
        self.summary += checks.healthy(self.mesh, self.feeds, self.images, self.tell)

    def faults(self):
        self._feed()
        wanted = self.options.only or [*faults.KINDS, "partition"]
        for name in wanted:
            self.feeds.pace(FAULT_RATE)
            self.tell(f"\n{name}: {self.options.region}: " + (
                "cut off from all other regions, both ways" if name == "partition" else faults.KINDS[name].sentence))
            if name == "partition":
                self.feeds.pace(0)
                self.summary.append(checks.partition(
                    self.mesh, self.feeds, self.options.region, self.options.seconds, self.options.rate, self.tell))
            else:
                self._fault(name)

    def _fault(self, name):
        self.feeds.pace(0)
        self.mesh.wait_until_caught_up()
        self.feeds.pace(FAULT_RATE)
        line = faults.prove(self.mesh, self.feeds, name, self.options.region, self.tell)
        self.feeds.pace(0)
        settled = self.mesh.wait_until_caught_up()
        compared, wrong = self.feeds.compare()
        if wrong:
            raise ContainersError(f"{name}: {len(wrong)} of {compared} entries are wrong: {'; '.join(wrong[:5])}")
        self.tell(f"  at rest {settled:.1f} s after the load; {compared} entries compared, 0 lost")
        self.summary.append(line)

    def cluster(self):
        self._start(CLUSTER, "wherry-cluster")
        self._feed()
        self.summary.append(checks.lost_node(self.mesh, self.feeds, self.options.rate, self.tell))
        self.down()

    def down(self):
        if not self.mesh:
            for file, project in ((COMPOSE, "wherry"), (CLUSTER, "wherry-cluster")):
                Mesh(self.engine, file, project).down()
            return
        self._end_feeds()
        self.mesh.down()
        self.mesh = None

    def smoke(self):
        self.build()
        self.keys()
        self.images.rabbitmq()
        self.mesh = Mesh(self.engine, COMPOSE, "wherry-smoke")
        self.summary += smoke.run(self.mesh, self.tell)
        self.down()

    def tidy(self):
        """After a failure."""
        try:
            if self.mesh:
                self.down()
        except Exception as error:
            self.tell(f"could not clear up: {error}; Scripts/containers down does it")

    def _start(self, file, project):
        self.images.rabbitmq()
        self.mesh = Mesh(self.engine, file, project)
        # A cluster's certificate has the names of its nodes.
        keys.make(self.engine, self.mesh.topology, lambda line: None)
        began = time.monotonic()
        brokers = [name for names in self.mesh.brokers.values() for name in names]
        self.mesh.up(brokers)
        self.mesh.wait_for_brokers()
        self.tell(f"{len(brokers)} brokers run after {time.monotonic() - began:.0f} s")
        self.tell(self.mesh.apply().rstrip())
        started = time.monotonic()
        self.mesh.up([worker.service for worker in self.mesh.workers.values()])
        self.mesh.wait_for_workers()
        self.mesh.wait_until_caught_up()
        self.tell(f"{len(self.mesh.workers)} workers are ready and complete after {time.monotonic() - started:.0f} s")
        self.summary.append(f"up       {len(brokers)} brokers and {len(self.mesh.workers)} workers in "
                            f"{time.monotonic() - began:.0f} s")

    def _feed(self):
        if not self.mesh:
            self.mesh = Mesh(self.engine, COMPOSE, "wherry")
        if not self.feeds:
            self.feeds = Feeds(self.mesh, SEED)
            self.feeds.begin()

    def _end_feeds(self):
        if self.feeds:
            self.feeds.end()
            self.feeds = None
