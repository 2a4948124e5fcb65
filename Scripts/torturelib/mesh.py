"""The whole of what is tortured: a broker, and a seat and a feed for every HIE."""
import os
import tempfile
import threading
import time

from torturelib.broker import Broker
from torturelib.feed import Feed
from torturelib.janitor import Janitor
from torturelib.machine import Disk, Network, disks_obstacle, networks_obstacle, separate_mounts, take_block
from torturelib.system import TortureError, clock_text, moment, run, until
from torturelib.worker import Seat

HIES = ("barts", "homerton", "kingston", "croydon")
WORKER_DISK_MEBIBYTES = 512
BROKER_DISK_MEBIBYTES = 2048
RECOVERY_SECONDS_MAX = 120
QUIESCENCE_SECONDS_MAX = 180
PULSE_INTERVAL = "500ms"
REGIONS = (("nel", "North East London", HIES[:2]), ("swl", "South West London", HIES[2:]))


class Mesh:
    """Builds everything in a directory of its own; `end` undoes it."""

    pulse_interval = PULSE_INTERVAL

    def __init__(self, wherry, hie_count, seed):
        self.wherry, self.hies, self.seed = wherry, HIES[:hie_count], seed
        self.directory = tempfile.mkdtemp(prefix="wherry-torture-")
        mounts_obstacle = separate_mounts()
        self.janitor = Janitor()
        self.janitor.note("directory", self.directory)
        self.seats, self.feeds, self.broker = {}, {}, None
        self.disks_obstacle, self.networks_obstacle = mounts_obstacle, None
        self._timeline_lock = threading.Lock()
        os.makedirs(self.path("log"))
        os.makedirs(self.path("data"))
        self.topology = self.path("mesh.yaml")

    @property
    def all_seats(self):
        """Everybody who has an index."""
        return list(self.seats.values())

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def broker_arguments(self, network):
        """How a worker in that network finds its broker."""
        return ["--broker-url", self.broker.url(network)]

    def build(self):
        """Disks and networks where the machine allows them, a broker with the topology's objects, and the workers."""
        self.disks_obstacle = self.disks_obstacle or disks_obstacle(self.directory, self.janitor)
        self.networks_obstacle = networks_obstacle(self.janitor)
        block = None if self.networks_obstacle else take_block(self.janitor)
        for number, hie in enumerate(self.hies):
            disk = None if self.disks_obstacle else Disk(self.path("data", hie), WORKER_DISK_MEBIBYTES, self.janitor)
            network = None if self.networks_obstacle else Network(hie, number, block, self.janitor)
            self.seats[hie] = Seat(hie, self, disk, network)
        disk = None if self.disks_obstacle else Disk(self.path("broker"), BROKER_DISK_MEBIBYTES, self.janitor)
        networks = [seat.network for seat in self.seats.values() if seat.network]
        self.broker = Broker(self.path("broker", "node"), networks, self.janitor, disk)
        self.broker.start()
        with open(self.topology, "w") as file:
            file.write(topology_text(self.hies))
        run(self.wherry, "topology", "apply", "--topology", self.topology, "--broker-url", self.broker.url())
        self.broker.keep_declarations()
        for hie, seat in self.seats.items():
            seat.start()
            self.feeds[hie] = Feed(seat, self.seed)
        for feed in self.feeds.values():
            feed.start()

    def note(self, text):
        """A line of the run's own log, with the time as the workers' logs have it."""
        with self._timeline_lock, open(self.path("log", "torture.log"), "a") as file:
            file.write(f"{clock_text(time.time())} {text}\n")

    def check_alive(self):
        """Raises what a feed ran into, or that a worker ended by itself."""
        for feed in self.feeds.values():
            if feed.error:
                raise TortureError(f"the feed of {feed.seat.hie}: {feed.error}") from feed.error
        for seat in self.seats.values():
            if seat.excuse is None and not seat.lives:
                raise TortureError(f"the worker of {seat.hie} ended by itself with status {seat.process.returncode}: "
                                   f"see {seat.log}")

    def wait_recovered(self, since):
        """Waits until every worker has caught up with every source as it was at `since`. Returns the seconds from then
        on, and the pairs that did not come."""
        waiting = {(reader, source) for reader in self.hies for source in self.hies if reader != source}
        heads = {}

        def has_recovered():
            self.check_alive()
            reports = {hie: self.seats[hie].peers() for hie in self.hies}
            # Asked for after the reports: nobody can honestly be further than this.
            ends = {hie: report["own"]["head"] for hie in self.hies if (report := self.seats[hie].peers())}
            for reader, report in reports.items():
                for peer in report["peers"] if report else []:
                    source = peer["hie"]
                    if source in heads and peer["watermark"] <= ends.get(source, -1) \
                            and self._is_caught_up(reader, peer, heads[source], since):
                        waiting.discard((reader, source))
            for hie, end in ends.items():
                heads.setdefault(hie, end)
            return not waiting

        until(has_recovered, RECOVERY_SECONDS_MAX, pause=0.1)
        return time.time() - since, sorted(waiting)

    def _is_caught_up(self, reader, peer, head, since):
        """At the head of a moment after `since`, and told so by a pulse after it where the reader's clock is right."""
        as_of = moment(peer["asOf"])
        return (peer["state"] == "complete" and peer["watermark"] >= head
                and (self.seats[reader].skew_seconds != 0 or (as_of is not None and as_of >= since)))

    def wait_quiescent(self):
        """Waits until every index is complete and at the head of every source. Returns what was missing in the end."""
        missing = []

        def is_quiescent():
            self.check_alive()
            missing.clear()
            reports = {hie: seat.peers() for hie, seat in self.seats.items()}
            for hie, report in reports.items():
                if report is None:
                    missing.append(f"{hie} does not answer")
                    continue
                for peer in report["peers"]:
                    head = reports[peer["hie"]] and reports[peer["hie"]]["own"]["head"]
                    if peer["state"] != "complete" or peer["watermark"] != head:
                        missing.append(f"{hie} has {peer['hie']} {peer['state']} {peer['watermark']} of {head}")
            return not missing

        until(is_quiescent, QUIESCENCE_SECONDS_MAX, pause=0.2)
        return list(missing)

    def end(self, keeps):
        """Undoes everything; keeps the directory, with copies of what lay on its disks, for who looks for a cause."""
        for feed in self.feeds.values():
            feed.end()
        if keeps:
            self.janitor.note("keep")
            self._copy_evidence()
        self.janitor.finish()

    def _copy_evidence(self):
        for seat in self.seats.values():
            if seat.disk:
                # The files of a worker that is still there are copied as a crash would leave them.
                os.system(f"cp -a '{seat.data}' '{self.path('data', seat.hie)}.kept' 2>/dev/null")
        if self.broker and self.broker.disk:
            os.system(f"cp -a '{self.path('broker', 'node', 'log')}' '{self.path('log', 'broker')}' 2>/dev/null")


def topology_text(hies):
    """The mesh as YAML; everybody uses the one broker that --broker-url names."""
    lines = ["name: Torture", "regions:"]
    for number, (region, name, members) in enumerate(REGIONS, 1):
        members = [hie for hie in members if hie in hies]
        lines += [f"  - id: {region}", f"    name: {name}", "    partnership: Record",
                  f'    broker: {{ addresses: ["amqp://127.0.0.1:{number}"] }}', "    hies:"]
        lines += [f"      - {{ id: {hie}, name: {hie.capitalize()}, status: connected, "
                  f"sites: [{{ name: A, service: acute }}] }}" for hie in members]
    return "\n".join(lines) + "\n"
