"""FHIR resources that a worker takes in over HTTP, each durable when its request is answered; beside a bare SQLite store
of the same bytes with a synced commit for each of the worker's."""
import json
import os
import sqlite3
import statistics
import time

from benchlib import hammer, profile
from benchlib.fan import SOURCE, topology_text
from benchlib.figures import milliseconds, spread
from benchlib.system import expect, until
from benchlib.worker import NOWHERE, Worker

CONNECTIONS = 8
#: Lines of a request, and what a worker stores of a stream in one commit.
LINES_A_REQUEST = 500
PROFILED = "bundles"


class Records:
    """The population of one HIE, as its worker is sent it: a bundle a patient, or lines."""

    def __init__(self, stage):
        directory, topology = stage.path("records"), stage.path("records.yaml")
        with open(topology, "w") as file:
            file.write(topology_text((SOURCE,)))
        arguments = ("population", "--seed", "1", "--patients", str(stage.options.population), "--topology", topology,
                     "--out", directory)
        stage.run(*arguments)
        stage.run(*arguments, "--format", "bundles")
        self.lines = os.path.join(directory, f"{SOURCE}.ndjson")
        bundles = os.path.join(directory, SOURCE)
        #: Of each request: the keys and bytes of its resources.
        self.groups = {"bundles": [], "NDJSON": []}
        with open(self.lines, "rb") as file:
            lines = file.read().splitlines()
        self.count = len(lines)
        self.groups["NDJSON"] = [[keyed(line) for line in lines[start:start + LINES_A_REQUEST]]
                                 for start in range(0, self.count, LINES_A_REQUEST)]
        self.groups["wherry ingest"] = self.groups["NDJSON"]
        requests = []
        for name in sorted(os.listdir(bundles)):
            with open(os.path.join(bundles, name), "rb") as file:
                text = file.read()
            requests.append(hammer.post("/fhir", "application/fhir+json", text))
            self.groups["bundles"].append([keyed(json.dumps(entry["resource"]).encode())
                                           for entry in json.loads(text)["entry"]])
        self.requests = {"bundles": stage.path("bundles.requests"), "NDJSON": stage.path("lines.requests")}
        hammer.write(self.requests["bundles"], requests)
        hammer.write(self.requests["NDJSON"], (
            hammer.post("/fhir", "application/fhir+ndjson", b"\n".join(body for _, body in group) + b"\n")
            for group in self.groups["NDJSON"]))


def keyed(text):
    resource = json.loads(text)
    return f"{resource['resourceType']}/{resource['id']}", text


class Taken:
    """What it cost a worker to take everything in."""

    def __init__(self, seconds, accepted_cpu, indexed_cpu, said):
        self.seconds, self.accepted_cpu, self.indexed_cpu, self.said = seconds, accepted_cpu, indexed_cpu, said


def ingest(stage):
    records = Records(stage)
    print(f"ingest: {records.count:,} resources of {stage.options.population:,} patients, "
          f"{len(records.groups['bundles']):,} bundles, or lines of which {LINES_A_REQUEST} are committed together; "
          f"{CONNECTIONS} connections; no broker")
    ways = {
        "bundles": lambda worker: requests(stage, worker, records.requests["bundles"]),
        "NDJSON": lambda worker: requests(stage, worker, records.requests["NDJSON"]),
        "wherry ingest": lambda worker: verb(stage, worker, records.lines),
    }
    for name, send in ways.items():
        ratios, rates, bare = [], [], [bare_store(stage, records.groups[name])]
        for _ in range(stage.options.rounds):
            taken = take_in(stage, records, send)
            bare.append(bare_store(stage, records.groups[name]))
            rates.append(records.count / taken.seconds)
            ratios.append(rates[-1] / statistics.mean(bare[-2:]))
            cpu = taken.accepted_cpu / records.count
            print(f"ingest: {name}: {rates[-1]:,.0f} resources/s{taken.said}; {cpu * 1e6:.1f} µs of the worker's CPU a "
                  f"resource = {1 / cpu:,.0f} a CPU-second; until its own index has it "
                  f"{taken.indexed_cpu / records.count * 1e6:.1f} µs", flush=True)
        print(f"ingest: {name}: bare SQLite, {len(records.groups[name]):,} synced commits: "
              f"{', '.join(f'{rate:,.0f}' for rate in bare)} resources/s; ratio {spread(ratios)}")
    profiled(stage, records, ways[PROFILED])


def requests(stage, worker, path):
    answers = hammer.Hammer(stage).once(worker.port, CONNECTIONS, path)
    return answers.seconds, f" ({answers.count:,} requests, p50 {milliseconds(answers.p50)}, p99 " \
                            f"{milliseconds(answers.p99)})"


def verb(stage, worker, path):
    began = time.monotonic()
    stage.run("ingest", "--to", worker.url, path)
    return time.monotonic() - began, ""


def take_in(stage, records, send):
    """A worker with nothing takes everything in."""
    data = stage.path("taken")
    worker = Worker(stage, SOURCE, NOWHERE, data=data)
    cpu = worker.cpu_seconds()
    seconds, said = send(worker)
    accepted_cpu = worker.cpu_seconds() - cpu
    expect(worker.metric("wherry_resources_accepted_total") == records.count, "not every resource was accepted")
    head = worker.metric("wherry_journal_head")
    until(lambda: worker.metric(f'wherry_source_watermark{{source="{SOURCE}"}}') == head, "the own index")
    indexed_cpu = worker.cpu_seconds() - cpu
    worker.stop()
    stage.remove(data)
    return Taken(seconds, accepted_cpu, indexed_cpu, said)


def bare_store(stage, groups):
    """Resources a second of the sqlite3 library alone: each group in a commit that is synced."""
    path = stage.path("bare.sqlite")
    file = sqlite3.connect(path, isolation_level=None)
    file.execute("PRAGMA journal_mode = WAL")
    file.execute("PRAGMA synchronous = FULL")
    file.execute("CREATE TABLE resource (key TEXT PRIMARY KEY, body BLOB) WITHOUT ROWID")
    began = time.monotonic()
    for group in groups:
        file.execute("BEGIN")
        file.executemany("INSERT OR REPLACE INTO resource VALUES (?, ?)", group)
        file.execute("COMMIT")
    seconds = time.monotonic() - began
    file.close()
    os.remove(path)
    return sum(map(len, groups)) / seconds


def profiled(stage, records, send):
    """Once more, with a profiler that says where the worker's time goes."""
    shares = []

    def watched(worker):
        with profile.watching(stage, worker.process.pid, shares):
            return send(worker)

    if profile.obstacle():
        return
    take_in(stage, records, watched)
    print(f"ingest: {PROFILED}: of the worker's CPU: {', '.join(f'{name} {share:.0%}' for name, share in shares)}")
