"""The pipeline of `pipe rows` in Python, for Scripts/benchmark: aio-pika on uvloop, and the sqlite3 library.

usage: pipeline.py PORT QUEUE DATABASE MESSAGES BYTES

Publishes so many messages of that size to the quorum queue QUEUE, 1,000 without a confirmation at most, takes them over
a second connection and puts each into a table of DATABASE, keyed by the first ten bytes of its body, where its number
is the higher one: 500 a transaction (WAL, synchronous FULL), then an acknowledgement. Prints lines that end in `= N/s`.
It needs the packages of Scripts/requirements.txt.
"""
import asyncio
import sqlite3
import sys
import time

import aio_pika
import uvloop

IN_FLIGHT_MAX = 1000
PREFETCH_MAX = 2000
ROWS_A_TRANSACTION = 500
KEY_BYTES = 10
DISTINCT_KEYS = 50_000


def body(number, size):
    """A key that comes again every so many messages and is in no order, and padding."""
    return f"{number % DISTINCT_KEYS * 9301 % 233280:010d}".encode().ljust(size, b"x")


class Table:
    def __init__(self, path):
        self.file = sqlite3.connect(path, isolation_level=None)
        self.file.execute("PRAGMA journal_mode = WAL")
        self.file.execute("PRAGMA synchronous = FULL")
        self.file.execute("CREATE TABLE item (id TEXT PRIMARY KEY, version INTEGER, body BLOB) WITHOUT ROWID")

    def put(self, rows):
        self.file.execute("BEGIN")
        self.file.executemany(
            "INSERT INTO item VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET version = excluded.version, "
            "body = excluded.body WHERE excluded.version > version", rows)
        self.file.execute("COMMIT")


class Consumer:
    """Takes so many messages; `ended` is set with the acknowledgement of the last."""

    def __init__(self, table, count):
        self.table, self.count = table, count
        self.taken, self.rows = 0, []
        self.ended = asyncio.Event()

    async def take(self, message):
        self.taken += 1
        self.rows.append((message.body[:KEY_BYTES].decode(), self.taken, message.body))
        if len(self.rows) >= ROWS_A_TRANSACTION or self.taken == self.count:
            self.table.put(self.rows)
            self.rows = []
            await message.ack(multiple=True)
        if self.taken == self.count:
            self.ended.set()


async def pipeline(port, queue_name, database, count, size):
    url = f"amqp://guest:guest@127.0.0.1:{port}/"
    publisher, subscriber = await aio_pika.connect(url), await aio_pika.connect(url)
    sending = await publisher.channel(publisher_confirms=True)
    receiving = await subscriber.channel()
    await receiving.set_qos(prefetch_count=PREFETCH_MAX)
    queue = await receiving.get_queue(queue_name)
    consumer = Consumer(Table(database), count)
    await queue.consume(consumer.take)
    places = asyncio.Semaphore(IN_FLIGHT_MAX)

    async def publish(number):
        async with places:
            message = aio_pika.Message(body(number, size), delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
            await sending.default_exchange.publish(message, queue_name)

    began = time.monotonic()
    await asyncio.gather(*(publish(number) for number in range(count)))
    confirmed = time.monotonic() - began
    await consumer.ended.wait()
    seconds = time.monotonic() - began
    print(f"confirmed {count} messages in {confirmed:.3f} s = {count / confirmed:.0f}/s")
    print(f"through {count} messages in {seconds:.3f} s = {count / seconds:.0f}/s")
    await publisher.close()
    await subscriber.close()


if __name__ == "__main__":
    uvloop.run(pipeline(int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])))
