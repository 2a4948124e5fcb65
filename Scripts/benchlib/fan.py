"""One source whose journal waits, and subscribers that get it through a broker of their own."""
import os
import shutil
import time

from benchlib.changes import changes
from benchlib.processors import BrokerMeter
from benchlib.system import LONDON, expect, until
from benchlib.worker import NOWHERE, Worker
from torturelib.broker import Broker

SOURCE = "barts"
#: To ask a worker costs it some milliseconds.
POLL_SECONDS = 0.05
SUBSCRIBERS = ("homerton", "bhrut", "lewisham-greenwich", "kingston", "st-georges", "croydon", "ncl", "imperial",
               "chelsea-westminster")


class Journal:
    """The files of a source that has taken in so many changes and has published none of them."""

    def __init__(self, stage, count):
        self.stage, self.count, self._copies = stage, count, 0
        path = stage.path("journal.ndjson")
        with open(path, "w") as file:
            file.write(changes(count))
        self._directory = stage.path("journal")
        source = Worker(stage, SOURCE, NOWHERE, LONDON, self._directory)
        began = time.monotonic()
        stage.run("ingest", "--to", source.url, path)
        self.ingest_seconds = time.monotonic() - began
        until(lambda: source.metric(f'wherry_source_watermark{{source="{SOURCE}"}}') == count, "the own index")
        source.stop()
        os.remove(path)

    def copy(self):
        """A directory for one run, which takes the place of the one before."""
        shutil.rmtree(self.stage.path(f"journal-{self._copies}"), ignore_errors=True)
        self._copies += 1
        return shutil.copytree(self._directory, self.stage.path(f"journal-{self._copies}"))


class Run:
    """What came of publishing a journal once."""

    def __init__(self, changes, seconds, cpu, messages, resident):
        #: Those that were applied while the clock ran, at one subscriber.
        self.changes, self.seconds = changes, seconds
        #: Processor seconds of the source and of all subscribers, messages of the whole journal, MiB of a subscriber.
        self.cpu, self.messages, self.resident = cpu, messages, resident
        self.broker_cpu = self.broker_bytes = None

    @property
    def rate(self):
        """Changes a second, at every subscriber."""
        return self.changes / self.seconds


class Fan:
    """A broker with the objects of a mesh of the source and so many subscribers."""

    def __init__(self, stage, count):
        self.stage, self.subscribers, self._runs = stage, SUBSCRIBERS[:count], 0
        directory = f"fan-{count}"
        self.broker = Broker(stage.path(directory), [], stage.janitor)
        self.broker.start()
        self.topology = stage.path(directory, "topology.yaml")
        with open(self.topology, "w") as file:
            file.write(topology_text((SOURCE, *self.subscribers)))
        stage.run("topology", "apply", "--topology", self.topology, "--broker-url", self.broker.url())
        self.broker.keep_declarations()

    def worker(self, hie, data, more=()):
        return Worker(self.stage, hie, self.broker.url(), self.topology, data, more)

    def index(self, hie):
        """The index of a subscriber of the last run."""
        return self.stage.path(f"fan-{len(self.subscribers)}-run-{self._runs}", hie, "index.sqlite")

    def publish(self, journal, more=()):
        """Starts the subscribers with nothing, then the source, and stops them when everything is applied. `more` are
        arguments of the source."""
        self._runs += 1
        data = self.stage.path(f"fan-{len(self.subscribers)}-run-{self._runs}")
        readers = [self.worker(hie, os.path.join(data, hie)) for hie in self.subscribers]
        for reader in readers:
            until(lambda: b'"ready"' in reader.request("GET", "/readyz"), "the subscribers")
        meter = BrokerMeter(self.broker)
        source = self.worker(SOURCE, journal.copy(), more)
        run = measured(source, readers, journal.count)
        run.broker_cpu, run.broker_bytes = meter.read()
        for worker in (source, *readers):
            worker.stop()
        return run

    def end(self):
        self.broker.stop()


def measured(source, readers, count):
    watermark = f'wherry_source_watermark{{source="{SOURCE}"}}'
    until(lambda: (source.metric("wherry_changes_published_total") or 0) > 0, "the first publish")
    already, began = sum(reader.metric(watermark) or 0 for reader in readers) / len(readers), time.monotonic()
    workers = (source, *readers)
    cpu = sum(worker.cpu_seconds() for worker in workers)
    # One after the other, so that asking costs little; the last of them ends the time.
    for reader in readers:
        until(lambda: reader.metric(watermark) == count, "the last change", pause=POLL_SECONDS)
    seconds = time.monotonic() - began
    cpu = sum(worker.cpu_seconds() for worker in workers) - cpu
    repaired = sum(reader.metric("wherry_repair_changes_applied_total") for reader in readers)
    expect(repaired == 0, f"{repaired:,.0f} changes did not come through the queues, but were asked for")
    return Run(count - already, seconds, cpu, int(source.metric("wherry_messages_published_total")),
               readers[0].resident_mebibytes())


def topology_text(hies):
    """These HIEs in one region."""
    lines = ["name: Fan", "regions:", "  - id: nel", "    name: North East London", "    partnership: Record",
             '    broker: { addresses: ["amqp://127.0.0.1:1"] }', "    hies:"]
    lines += [f"      - {{ id: {hie}, name: {hie.capitalize()}, status: connected, "
              f"sites: [{{ name: A, service: acute }}] }}" for hie in hies]
    return "\n".join(lines) + "\n"
