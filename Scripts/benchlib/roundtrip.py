"""The round trip of one query to one peer while nothing else goes on, beside the least that it could take.

Four kinds take turns in blocks, so that each meets the same machine: a query that asks one peer over the broker, a
lookup of the same patient, a request and reply of a plain AMQP client through the same broker, and a row that the
sqlite3 library commits and syncs, as each side of a query does before anything is shown (promise P8).
"""
import json
import multiprocessing
import signal
import sqlite3
import statistics
import time

import pika

from benchlib import load, patients
from benchlib.figures import milliseconds, percentile, verdict
from benchlib.mesh import Mesh
from benchlib.system import expect
from torturelib.mesh import topology_text

ASKED, PEER = "kingston", "barts"
PATIENTS = 50
BLOCKS = 10
BLOCK_QUESTIONS = 100
WARM_UP_QUESTIONS = 50
SECONDS_MAX = 0.005
#: What a plain client sends there and back: about as much as the peer's answer.
PAYLOAD = b"x" * 1000
QUEUE = "benchmark.requests"
#: About as long as a line of the access trail.
LINE = "x" * 300


def roundtrip(stage):
    stage.end_london()
    # Two regions; both on one broker.
    mesh = Mesh(stage, "pair", topology_text((ASKED, PEER)), (0, 0))
    mesh.start()
    known = patients.feed(mesh, [PEER], PATIENTS)
    connection = load.Connection(mesh.seats[ASKED].port)
    client = PlainClient(mesh.brokers[0].port)
    trail = synced_table(mesh.path("trail.sqlite"))
    numbers = [number.encode() for number in known]
    kinds = {
        "query": lambda item: timed(lambda: read(mesh, connection.ask(b"/api/patients/%s/record?deadline=1s"
                                                                    % numbers[item % PATIENTS]))),
        "lookup": lambda item: timed(lambda: connection.ask(b"/api/patients/%s" % numbers[item % PATIENTS])),
        "plain AMQP": lambda item: timed(client.ask),
        "synced commit": lambda item: timed(lambda: trail.execute("INSERT INTO event (line) VALUES (?)", (LINE,))),
    }
    times = {kind: [] for kind in kinds}
    for ask in kinds.values():
        for item in range(WARM_UP_QUESTIONS):
            ask(item)
    for _ in range(BLOCKS):
        for kind, ask in kinds.items():
            times[kind] += [ask(item) for item in range(BLOCK_QUESTIONS)]
    client.close()
    connection.close()
    trail.close()
    mesh.end()
    medians = {kind: statistics.median(seconds) for kind, seconds in times.items()}
    for kind, seconds in times.items():
        print(f"roundtrip: {kind}: median {milliseconds(medians[kind])}, p99 {milliseconds(percentile(seconds, 0.99))} "
              f"({len(seconds):,} samples)")
    least = medians["plain AMQP"] + medians["synced commit"]
    print(f"roundtrip: query over plain AMQP {medians['query'] / medians['plain AMQP']:.2f}, over lookup "
          f"{medians['query'] / medians['lookup']:.2f}, over plain AMQP and a synced commit "
          f"{medians['query'] / least:.2f}; median of a query, in ms, "
          f"{verdict(medians['query'] * 1000, SECONDS_MAX * 1000)}")


def synced_table(path):
    """A file in which every row is on the disk when its insertion returns."""
    file = sqlite3.connect(path, isolation_level=None)
    file.execute("PRAGMA journal_mode = WAL")
    file.execute("PRAGMA synchronous = FULL")
    file.execute("CREATE TABLE event (number INTEGER PRIMARY KEY, line TEXT)")
    return file


def timed(ask):
    """Seconds; what has to be read of an answer is read after its end."""
    began = time.perf_counter()
    answer = ask()
    return answer.done - began if isinstance(answer, load.Sample) else time.perf_counter() - began


def read(mesh, sample):
    """A query has to have asked the one peer, and nobody else over the broker."""
    expect(sample.status == 200, f"{ASKED} answered a query with {sample.status}")
    answers = {answer["hie"]: answer for answer in json.loads(sample.body)["answers"]}
    expect(answers[PEER]["state"] == "answered" and answers[PEER]["count"] == patients.RESOURCES_EACH,
                f"the peer is {answers[PEER]['state']} with {answers[PEER].get('count')} resources")
    return sample


class PlainClient:
    """Publishes to a queue that another process answers, and waits on an exclusive queue of its own."""

    def __init__(self, port):
        # Before the connection, which it would inherit.
        self.responder = multiprocessing.Process(target=respond, args=(port,), daemon=True)
        self.responder.start()
        self.connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", port))
        self.channel = self.connection.channel()
        self.channel.queue_declare(QUEUE, auto_delete=True)
        self.replies = self.channel.queue_declare("", exclusive=True).method.queue
        self.channel.basic_consume(self.replies, self._take, auto_ack=True)
        self.answer = None

    def _take(self, channel, method, properties, body):
        self.answer = body

    def ask(self):
        self.answer = None
        self.channel.basic_publish("", QUEUE, b"?", pika.BasicProperties(reply_to=self.replies, delivery_mode=1))
        while self.answer is None:
            self.connection.process_data_events(time_limit=10)

    def close(self):
        self.responder.terminate()
        self.responder.join()
        self.connection.close()


def respond(port):
    """Answers every request; a process of its own, as a peer is."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", port))
    channel = connection.channel()
    channel.queue_declare(QUEUE, auto_delete=True)

    def answer(channel, method, properties, body):
        channel.basic_publish("", properties.reply_to, PAYLOAD, pika.BasicProperties(delivery_mode=1))

    channel.basic_consume(QUEUE, answer, auto_ack=True)
    channel.start_consuming()
