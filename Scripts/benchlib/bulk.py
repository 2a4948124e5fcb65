"""A journal that waits, published to one subscriber: in batches as they come, and in single changes, each beside what a
client in C and one in Python do with single messages."""
import os
import re
import subprocess

from benchlib.baselines import MESSAGE_BYTES, Baselines
from benchlib.changes import bare_sqlite
from benchlib.fan import Fan, Journal
from benchlib.figures import spread
from benchlib.system import expect

#: The two ways, and the arguments of the source.
WAYS = (("batches", ()), ("single", ("--message-changes", "1")))


def bulk(stage):
    options = stage.options
    journal = Journal(stage, options.changes)
    print(f"bulk: ingest {options.changes / journal.ingest_seconds:,.0f} resources/s over HTTP")
    fan = Fan(stage, 1)
    baselines = Baselines(stage, fan.broker, options.changes)
    print(f"bulk: baselines: single persistent messages of {MESSAGE_BYTES} bytes, quorum queue, 1,000 without a "
          "confirmation at most; the consumer upserts 500 a transaction into SQLite (WAL, synchronous FULL), then "
          "acknowledges")
    ratios = {}
    baselines.run()
    for _ in range(options.rounds):
        for name, arguments in WAYS:
            run = fan.publish(journal, arguments)
            expect(name != "single" or run.messages == journal.count,
                   f"{journal.count:,} changes went in {run.messages:,} messages, and not singly")
            baselines.run()
            say(name, run)
            for other in ("c", "python"):
                ratios.setdefault((name, other), []).append(run.rate / baselines.around(other))
            if name == "batches":
                bare = bare_sqlite(fan.index(fan.subscribers[0]))
                print(f"bulk: bare SQLite {bare:,.0f} rows/s; ratio {run.rate / bare:.2f}")
            if name == "batches" and options.baseline:
                beside(options.baseline, fan.broker, run.rate)
    print(f"bulk: baseline in C {', '.join(f'{rate:,.0f}' for rate in baselines.c)} rows/s; in Python "
          f"{', '.join(f'{rate:,.0f}' for rate in baselines.python)} rows/s")
    for name, _ in WAYS:
        print(f"bulk: {name}: over C {spread(ratios[name, 'c'])}, over Python {spread(ratios[name, 'python'])}")
    fan.end()


def say(name, run):
    print(f"bulk: {name}: {run.changes:,.0f} changes in {run.seconds:.2f} s = {run.rate:,.0f} applied/s, "
          f"{run.messages:,} messages, {run.cpu / run.changes * 1e6:.1f} µs of workers' CPU a change, "
          f"{run.broker_cpu / run.changes * 1e6:.1f} µs of the broker's, subscriber {run.resident:.0f} MiB resident",
          flush=True)


def beside(command, broker, rate):
    """Somebody else's baseline, at the same broker."""
    output = subprocess.run(command, shell=True, check=True, capture_output=True, text=True,
                            env={**os.environ, "AMQP_PORT": str(broker.port)}).stdout
    other = float(re.findall(r"= ([\d.]+)/s", output)[-1])
    print(f"bulk: baseline {other:,.0f}/s; ratio {rate / other:.2f}")
