"""The same changes to one, three and nine subscribers on one broker: a quorum queue each, beside one stream that all of
them read.

First with workers. Then bare, by a client in C that only takes and acknowledges: the very messages that the source
published, and single changes. Of the broker: processor time and bytes written, until it has written down what it took.
"""
import contextlib
import statistics
import time

import pika

from benchlib import pipe
from benchlib.fan import SOURCE, Fan, Journal
from benchlib.figures import milliseconds
from benchlib.letters import Journal as Letters
from benchlib.processors import BrokerMeter
from benchlib.system import expect, until
from torturelib import machine
from torturelib.broker import Broker

COUNTS = (1, 3, 9)
EXCHANGE, KEY = "benchmark.changes", f"change.{SOURCE}"
STREAM = "benchmark.stream"
PROBE = "benchmark.probe"
#: Fewer would be over too soon to be measured.
BATCHES_MIN = 400
SINGLE_BYTES = 300
#: Single messages are many: this share of the changes.
SINGLES_SHARE = 4
MEBIBYTE = 1 << 20
POWER_MESSAGES = 2000
POWER_DISK_MEBIBYTES = 1024
#: How near to its end a stream is read for the price of a position.
ATTACH_BEFORE_END = 100
ATTACH_SAMPLES = 20
ANSWER_SECONDS_MAX = 10
#: A stream that gives nothing for so long has been read to its end.
QUIET_SECONDS = 5
STREAM_SECONDS_MAX = 30


class Load:
    """Messages for the bare runs, in a file, and how many changes are in them."""

    def __init__(self, name, path, messages, changes):
        self.name, self.path, self.changes = name, path, changes
        self.count = pipe.write(path, messages)


def fanout(stage):
    journal = Journal(stage, stage.options.changes)
    messages = None
    for count in COUNTS:
        fan = Fan(stage, count)
        run = fan.publish(journal)
        if messages is None:
            messages = captured(fan, journal)
        fan.end()
        print(f"fanout: workers, {subscribers(count)}: {run.rate:,.0f} changes/s applied at each, "
              f"{run.changes / run.messages:,.0f} a message; workers' CPU "
              f"{run.cpu / run.changes / count * 1e6:.1f} µs a change and subscriber; "
              f"{broker_text(run.broker_cpu, run.broker_bytes, journal.count, count)}", flush=True)
    broker = Broker(stage.path("bare"), [], stage.janitor)
    broker.start()
    for load in loads(stage, journal, messages):
        for count in COUNTS:
            bare(stage, broker, load, count)
    position(stage, broker, load)
    broker.stop()
    power(stage)


def loads(stage, journal, messages):
    """The source's own batches, as often as makes enough of them, and single changes."""
    times = -(-BATCHES_MIN // len(messages))
    yield Load("the source's batches", stage.path("batches.messages"), messages * times, journal.count * times)
    letters = Letters(SOURCE, "homerton")
    count = max(1, journal.count // SINGLES_SHARE)
    yield Load(f"single messages of {SINGLE_BYTES} bytes", stage.path("singles.messages"),
               (letters.message(seq - 1, seq, letters.line(seq).ljust(SINGLE_BYTES)) for seq in letters.take(count)),
               count)


def captured(fan, journal):
    """The messages that the source publishes, taken from a queue of its exchange."""
    connection, channel = fan.broker.channel()
    channel.queue_declare(PROBE, durable=True)
    channel.queue_bind(PROBE, "wherry.changes", KEY)
    source = fan.worker(SOURCE, journal.copy())
    until(lambda: source.metric("wherry_journal_published_through") == journal.count, "the journal's publication")
    expected = int(source.metric("wherry_messages_published_total"))
    source.stop()
    messages = []
    while len(messages) < expected:
        method, properties, body = channel.basic_get(PROBE, auto_ack=True)
        expect(method is not None, f"the broker kept {len(messages)} of {expected} messages")
        messages.append((properties, body))
    connection.close()
    return messages


def bare(stage, broker, load, count):
    """One load through a queue each, and then through a stream."""
    figures = {}
    for kind in ("queues", "stream"):
        names = [STREAM] if kind == "stream" else [f"benchmark.{number}" for number in range(count)]
        connection, channel = broker.channel()
        channel.exchange_declare(EXCHANGE, "topic", durable=True)
        for name in names:
            channel.queue_declare(name, durable=True, arguments={
                "x-queue-type": "stream" if kind == "stream" else "quorum"})
            channel.queue_bind(name, EXCHANGE, KEY)
        meter, client = BrokerMeter(broker), pipe.Pipe(stage, broker)
        if kind == "stream":
            rate = client.stream(load.path, EXCHANGE, KEY, STREAM, count)
        else:
            rate = client.fanout(load.path, EXCHANGE, KEY, names)
        cpu, written = meter.read()
        for name in names:
            channel.queue_delete(name)
        connection.close()
        figures[kind] = rate * load.changes / load.count, cpu, written
        print(f"fanout: bare, {load.name}, {subscribers(count)}, {words(kind)}: {figures[kind][0]:,.0f} changes/s at "
              f"each; {broker_text(cpu, written, load.changes, count)}", flush=True)
    ratios = [stream / queue for queue, stream in zip(figures["queues"], figures["stream"])]
    print(f"fanout: bare, {load.name}, {subscribers(count)}: stream over queues: rate {ratios[0]:.2f}, broker's CPU "
          f"{ratios[1]:.2f}, bytes written {ratios[2]:.2f}")


def subscribers(count):
    return "1 subscriber" if count == 1 else f"{count} subscribers"


def words(kind):
    return "one stream" if kind == "stream" else "a quorum queue each"


def broker_text(cpu, written, changes, count):
    return (f"broker's CPU {cpu / changes / count * 1e6:.2f} µs a change and subscriber, "
            f"{written / changes:,.0f} bytes written a change ({written / MEBIBYTE:,.0f} MiB)")


def position(stage, broker, load):
    """What it costs to come back to a place: its reader keeps the number, and the broker looks for it."""
    connection, channel = broker.channel()
    kinds = {"quorum": "benchmark.quorum", "stream": STREAM}
    medians = {}
    for kind, name in kinds.items():
        channel.queue_declare(name, durable=True, arguments={"x-queue-type": kind})
        pipe.Pipe(stage, broker).publish(load.path, "", name, 0, load.count)
        offset = load.count - ATTACH_BEFORE_END if kind == "stream" else None
        medians[kind] = statistics.median(attach(broker, name, offset) for _ in range(ATTACH_SAMPLES))
        channel.queue_delete(name)
    connection.close()
    print(f"fanout: from the subscription to the first message, {load.count:,} messages waiting: quorum queue "
          f"{milliseconds(medians['quorum'])}, stream near its end {milliseconds(medians['stream'])} (medians of "
          f"{ATTACH_SAMPLES})")


def attach(broker, queue, offset):
    """Seconds until the first message from there on is here."""
    connection, channel = broker.channel()
    channel.basic_qos(prefetch_count=1)
    arguments = {} if offset is None else {"x-stream-offset": offset}
    taken = []
    began = time.monotonic()
    channel.basic_consume(queue, lambda _, method, properties, body: taken.append(properties), arguments=arguments)
    while not taken and time.monotonic() - began < ANSWER_SECONDS_MAX:
        connection.process_data_events(time_limit=1)
    seconds = time.monotonic() - began
    expect(taken, f"{queue} gave nothing")
    expect(offset is None or taken[0].headers["x-stream-offset"] == offset, f"{queue} began at another place")
    leave(connection)
    return seconds


def leave(connection):
    """pika gives back what it holds when it closes a connection, which streams refuse."""
    with contextlib.suppress(pika.exceptions.AMQPError):
        connection.close()


def power(stage):
    """How many confirmed messages a power cut takes, on a disk that can be cut."""
    obstacle = machine.separate_mounts() or machine.disks_obstacle(stage.directory, stage.janitor)
    if obstacle:
        print(f"fanout: power cut: not measured: {obstacle}")
        return
    disk = machine.Disk(stage.path("power"), POWER_DISK_MEBIBYTES, stage.janitor)
    broker = Broker(stage.path("power", "node"), [], stage.janitor, disk)
    broker.start()
    note_processes(stage, broker)
    connection, channel = broker.channel()
    channel.confirm_delivery()
    kinds = {"quorum": "benchmark.quorum", "stream": STREAM}
    for kind, name in kinds.items():
        channel.queue_declare(name, durable=True, arguments={"x-queue-type": kind})
    broker.keep_declarations()
    for name in kinds.values():
        for _ in range(POWER_MESSAGES):
            channel.basic_publish("", name, b"x" * SINGLE_BYTES, pika.BasicProperties(delivery_mode=2))
    broker.cut_power()
    broker.revive()
    note_processes(stage, broker)
    said = length_text(broker, STREAM)
    print(f"fanout: power cut after {POWER_MESSAGES:,} confirmed messages each: the quorum queue kept "
          f"{broker.depth(kinds['quorum']):,}, the stream {said}")
    broker.stop()


def note_processes(stage, broker):
    """For the janitor, who was there before these mounts and does not see the files that name them."""
    for process in broker.processes():
        stage.janitor.note("process", *process)


def length_text(broker, stream):
    """What a stream kept. A broker may not be able to read what a power cut left of it, and tries for ever."""
    began = time.monotonic()
    while time.monotonic() - began < STREAM_SECONDS_MAX:
        try:
            return f"kept {length(broker, stream):,}"
        except pika.exceptions.AMQPError:
            time.sleep(1)
    return f"cannot be opened, {STREAM_SECONDS_MAX} s after the broker's start"


def length(broker, stream):
    """Messages in a stream, which are counted by reading them."""
    connection, channel = broker.channel()
    channel.basic_qos(prefetch_count=500)
    taken = []

    def take(_, method, properties, body):
        taken.append(time.monotonic())
        channel.basic_ack(method.delivery_tag)

    channel.basic_consume(stream, take, arguments={"x-stream-offset": "first"})
    began = time.monotonic()
    while time.monotonic() - max([began, *taken[-1:]]) < QUIET_SECONDS:
        connection.process_data_events(time_limit=1)
    leave(connection)
    return len(taken)
