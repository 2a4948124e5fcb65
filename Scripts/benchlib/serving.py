"""Lookups a second that one worker answers, beside a bare HTTP server with a constant of the same size: the same client,
block after block in turn."""
import re
import select
import statistics
import subprocess

from benchlib import hammer
from benchlib.fan import SOURCE, topology_text
from benchlib.figures import milliseconds, spread
from benchlib.processors import seconds_of
from benchlib.system import BenchmarkError, until
from benchlib.worker import Worker
from torturelib.system import start_ticks

CONNECTIONS = 32
BLOCKS = 5
WARM_UP_SECONDS = 2
START_SECONDS_MAX = 30
STOP_SECONDS_MAX = 30


class BareServer:
    """`wherry load bare-http`: the worker's HTTP library, and one constant."""

    def __init__(self, stage, size):
        self.process = subprocess.Popen(
            [stage.wherry, "load", "bare-http", "--listen", "127.0.0.1:0", "--bytes", str(size)],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        stage.janitor.note("process", self.process.pid, start_ticks(self.process.pid))
        ready, _, _ = select.select([self.process.stdout], [], [], START_SECONDS_MAX)
        found = re.search(r"http://127\.0\.0\.1:(\d+)", self.process.stdout.readline() if ready else "")
        if not found:
            raise BenchmarkError("wherry load bare-http did not start: try it by hand")
        self.port = int(found.group(1))

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=STOP_SECONDS_MAX)


class Block:
    """One block of requests: a second, and processor seconds of the server a request."""

    def __init__(self, answers, cpu):
        self.rate, self.cpu, self.answers = answers.rate, cpu / answers.count, answers


def serving(stage):
    worker = filled(stage)
    paths = [f"/api/patients/{number}" for number in known(stage)]
    files = {"worker": stage.path("lookups.requests"), "bare": stage.path("bare.requests")}
    hammer.write(files["worker"], map(hammer.get, paths))
    hammer.write(files["bare"], [hammer.get("/")])
    client = hammer.Hammer(stage)
    warm = client.keep_on(worker.port, WARM_UP_SECONDS, CONNECTIONS, files["worker"])
    server = BareServer(stage, warm.body_bytes)
    client.keep_on(server.port, WARM_UP_SECONDS, CONNECTIONS, files["bare"])
    seconds = max(1, stage.options.seconds / BLOCKS)
    print(f"serving: {len(paths):,} patients, answers of {warm.body_bytes:,} bytes on average; {CONNECTIONS} "
          f"connections, {BLOCKS} blocks of {seconds:g} s each in turn")

    def block(kind):
        process, port = (worker.process, worker.port) if kind == "worker" else (server.process, server.port)
        cpu = seconds_of([process.pid])
        answers = client.keep_on(port, seconds, CONNECTIONS, files[kind])
        return Block(answers, seconds_of([process.pid]) - cpu)

    bare, own = [block("bare")], []
    for _ in range(BLOCKS):
        own.append(block("worker"))
        bare.append(block("bare"))
    worker.stop()
    server.stop()
    for name, blocks in (("lookups", own), ("bare HTTP", bare)):
        print(f"serving: {name}: {statistics.median(block.rate for block in blocks):,.0f}/s, "
              f"{statistics.median(block.cpu for block in blocks) * 1e6:.1f} µs of the server's CPU each, p50 "
              f"{milliseconds(statistics.median(block.answers.p50 for block in blocks))}, p99 "
              f"{milliseconds(statistics.median(block.answers.p99 for block in blocks))}")
    rates = [middle.rate / statistics.mean([before.rate, after.rate])
             for before, middle, after in zip(bare, own, bare[1:])]
    costs = [middle.cpu / statistics.mean([before.cpu, after.cpu])
             for before, middle, after in zip(bare, own, bare[1:])]
    print(f"serving: lookups over bare HTTP: rate {spread(rates)}, CPU a request {spread(costs)}")


def filled(stage):
    """A worker of the mesh that has the population's records in its index."""
    topology = stage.path("serving.yaml")
    with open(topology, "w") as file:
        file.write(topology_text((SOURCE,)))
    stage.run("population", "--seed", "1", "--patients", str(stage.options.population), "--topology", topology,
              "--out", stage.path("serving"))
    worker = Worker(stage, SOURCE, data=stage.path("serving-data"))
    until(lambda: b'"ready"' in worker.request("GET", "/readyz"), "the worker")
    stage.run("ingest", "--to", worker.url, stage.path("serving", f"{SOURCE}.ndjson"))
    head = worker.metric("wherry_journal_head")
    until(lambda: worker.metric(f'wherry_source_watermark{{source="{SOURCE}"}}') == head, "the own index")
    until(lambda: worker.metric("wherry_journal_published_through") == head, "the broker's confirmations")
    return worker


def known(stage):
    """The NHS numbers of the population, in the order of its file."""
    with open(stage.path("serving", f"{SOURCE}.ndjson")) as file:
        return re.findall(r'"resourceType":"Patient".*?"value":"(\d{10})"', file.read())
