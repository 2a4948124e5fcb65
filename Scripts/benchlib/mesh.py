"""Workers as processes, on several brokers of which each has some regions."""
import os
import re
import sqlite3

import yaml

from benchlib.processors import Meter
from benchlib.system import expect, until
from torturelib.broker import Broker
from torturelib.worker import Seat

PULSE_INTERVAL = "2s"


class Mesh:
    """The connected HIEs of a topology. `brokers` has, for every region in the order of the file, the number of the
    broker that it is on."""

    pulse_interval = PULSE_INTERVAL

    def __init__(self, stage, name, topology, brokers):
        self.stage, self.wherry, self.janitor = stage, stage.wherry, stage.janitor
        self.name = name
        os.makedirs(self.path("log"))
        os.makedirs(self.path("data"))
        self.topology = self.path("topology.yaml")
        self.brokers = [Broker(self.path(f"broker-{number}"), [], self.janitor) for number in range(max(brokers) + 1)]
        self._text, self._places = topology, brokers
        regions = yaml.safe_load(topology)["regions"]
        #: The broker that each HIE publishes to, in the order of the file.
        self.home = {hie["id"]: self.brokers[place] for region, place in zip(regions, brokers)
                     for hie in region["hies"] if hie["status"] == "connected"}
        #: The primaries.
        self.seats = {hie: Seat(hie, self) for hie in self.home}
        self.replicas = [Seat(hie["id"], self, replica=name) for region in regions for hie in region["hies"]
                         if hie["id"] in self.home for name in hie.get("replicas", [])]

    @property
    def all_seats(self):
        """Everybody who has an index: an HIE's replicas right behind its primary."""
        return [seat for primary in self.seats.values()
                for seat in [primary] + [replica for replica in self.replicas if replica.hie == primary.hie]]

    def path(self, *names):
        return self.stage.path(self.name, *names)

    def broker_arguments(self, network):
        """None: the brokers are those of the file."""
        return []

    def start(self):
        """The brokers with the topology's objects, and the workers, which are ready then."""
        self.prepare()
        for seat in self.all_seats:
            seat.start()
        self.wait_healthy()

    def prepare(self):
        """The brokers with the topology's objects, and no worker."""
        for broker in self.brokers:
            broker.start()
        places = iter(self._places)
        with open(self.topology, "w") as file:
            file.write(re.sub(r"addresses: \[[^\]]*\]", lambda _: self._addresses(next(places)), self._text))
        self.stage.run("topology", "apply", "--topology", self.topology)
        for broker in self.brokers:
            broker.keep_declarations()

    def _addresses(self, place):
        return f'addresses: ["amqp://127.0.0.1:{self.brokers[place].port}"]'

    def url(self, hie):
        return f"http://127.0.0.1:{self.seats[hie].port}"

    def fill(self, patients):
        """The records of a population, at everybody and in every index."""
        self.stage.run("population", "--seed", "1", "--patients", str(patients), "--topology", self.topology,
                       "--out", self.path("population"))
        for hie in self.seats:
            self.ingest(hie, self.path("population", f"{hie}.ndjson"))
        self.wait_healthy()

    def ingest(self, hie, path):
        self.stage.run("ingest", "--to", self.url(hie), path)

    def wait_healthy(self):
        """Waits until everybody has everything of everybody, and says so."""
        heads = {}

        def is_healthy():
            reports = {seat.name: seat.peers() for seat in self.all_seats}
            if None in reports.values():
                return False
            heads.update({hie: reports[hie]["own"]["head"] for hie in self.seats})
            return all(peer["state"] == "complete" and peer["watermark"] == heads[peer["hie"]]
                       for report in reports.values() for peer in report["peers"]) \
                and all(broker["state"] == "connected" for report in reports.values() for broker in report["brokers"])

        until(is_healthy, "every worker to have everything", pause=0.2)

    def wait_incomplete(self, hie, expected):
        """Waits until a worker says of exactly these that it cannot vouch for them."""
        def knows():
            report = self.seats[hie].peers()
            return report and {peer["hie"] for peer in report["peers"] if peer["state"] != "complete"} == set(expected)
        until(knows, f"{hie} to notice", 120, pause=0.1)

    def entries(self, hie):
        """How many entries the index of a worker holds of each patient."""
        with sqlite3.connect(f"file:{self.seats[hie].file('index.sqlite')}?mode=ro", uri=True) as index:
            return {str(patient): count
                    for patient, count in index.execute("SELECT patient, count(*) FROM entry GROUP BY patient")}

    def meter(self, asked):
        """What the workers of these HIEs use from now on, beside the rest of the mesh."""
        asked = {self.seats[hie].process.pid for hie in asked}
        rest = {seat.process.pid for seat in self.all_seats} - asked
        brokers = {pid for broker in self.brokers if broker.is_well for pid, _ in broker.processes()}
        return Meter(asked, rest | brokers)

    def end(self):
        for seat in self.all_seats:
            if seat.lives:
                seat.resume()
                seat.terminate()
        for broker in self.brokers:
            broker.stop()

    def check_alive(self):
        for seat in self.all_seats:
            expect(seat.lives, f"the worker {seat.name} ended by itself: see {seat.log}")
