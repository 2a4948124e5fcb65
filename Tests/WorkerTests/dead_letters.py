"""Makes RabbitMQ put messages aside, in every way it has, with pika.

usage: dead_letters.py BROKER-URL stopped|live OUTPUT
`stopped` uses the queue of a subscriber whose worker does not run, `live` queues of its own. Writes what has to turn up
where to OUTPUT, as JSON.
"""
import json
import sys
import time
from datetime import datetime, timezone

import pika

SECONDS_MAX = 30
HIE = "homerton"
SUBSCRIPTION = f"wherry.changes.{HIE}"
DEAD = {"x-dead-letter-exchange": "wherry.dead", "x-dead-letter-routing-key": HIE}

url, mode, output = sys.argv[1:4]
expected = []


def connect():
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    channel.confirm_delivery()
    return connection, channel


def publish(channel, name, exchange, key, cause=None, hie=HIE, source=None, queue=None, origin=None, body=None, **extra):
    """Publishes a message and notes what is to come of it; without a cause nothing is."""
    headers = {
        "text": "é", "number": 7, "flag": True, "list": ["a", 1], "table": {"k": "v"}, "nothing": None,
        "cloudEvents:source": "urn:wherry:hie:barts", "wherry-epoch": "e", "wherry-after": 0, "wherry-through": 1,
    }
    added = extra.pop("headers", {})
    body = body if body is not None else b'{"seq":1,\xff' + name.encode()
    properties = pika.BasicProperties(**{
        "message_id": name, "app_id": "barts", "type": "wherry.changes.v1", "content_type": "application/x-ndjson",
        "delivery_mode": 2, "headers": headers | added, **extra,
    })
    channel.basic_publish(exchange, key, body, properties)
    if cause is None:
        return
    origin = origin or (exchange, key)
    expected.append({
        "id": name, "hie": hie, "cause": cause, "source": source, "queue": queue, "exchange": origin[0],
        "routingKey": origin[1], "body": body.hex(), "headers": headers,
    })


def take(channel, queue):
    deadline = time.monotonic() + SECONDS_MAX
    while time.monotonic() < deadline:
        method, properties, _ = channel.basic_get(queue)
        if method is not None:
            return method, properties
        time.sleep(0.02)
    raise AssertionError(f"nothing came on {queue}")


def empty(channel, queue):
    deadline = time.monotonic() + SECONDS_MAX
    while channel.queue_declare(queue, passive=True).method.message_count > 0:
        assert time.monotonic() < deadline, f"{queue} does not become empty"
        time.sleep(0.02)


def stopped():
    connection, channel = connect()
    change = {"exchange": "wherry.changes", "key": "change.barts", "source": "barts", "queue": SUBSCRIPTION}
    publish(channel, "limit", cause="delivery-limit", **change)
    for _ in range(101):
        method, _ = take(channel, SUBSCRIPTION)
        channel.basic_reject(method.delivery_tag, requeue=True)
    publish(channel, "rejected", cause="rejected", **change)
    method, properties = take(channel, SUBSCRIPTION)
    assert properties.message_id == "rejected", properties.message_id
    channel.basic_reject(method.delivery_tag, requeue=False)
    publish(channel, "expired", cause="expired", expiration="20", **change)
    empty(channel, SUBSCRIPTION)
    # An unknown type, from nobody who may speak.
    publish(
        channel, "stranger", "wherry.changes", "change.barts", cause="rejected", queue=SUBSCRIPTION, app_id="stranger",
        type="another.v1")
    method, properties = take(channel, SUBSCRIPTION)
    assert properties.message_id == "stranger", properties.message_id
    channel.basic_reject(method.delivery_tag, requeue=False)
    connection.close()


def own_queue(channel, name, **arguments):
    """A queue whose dead letters go to the subscriber, bound to the changes of nobody."""
    channel.queue_declare(name, durable=True, arguments={**DEAD, **arguments})
    channel.queue_bind(name, "wherry.changes", f"change.{name}")
    return {"exchange": "wherry.changes", "key": f"change.{name}", "queue": name}


def live():
    connection, channel = connect()
    where = own_queue(channel, "crashes", **{"x-queue-type": "quorum", "x-delivery-limit": 1})
    publish(channel, "crashes", cause="delivery-limit", **where)
    for _ in range(2):
        crashing, other = connect()
        take(other, "crashes")
        crashing.close()
    where = own_queue(channel, "ttl", **{"x-message-ttl": 20})
    publish(channel, "ttl", cause="expired", **where)
    where = own_queue(channel, "short", **{"x-max-length": 1, "x-overflow": "drop-head"})
    publish(channel, "short-1", cause="length-limit", **where)
    publish(channel, "short-2", cause="length-limit", body=b"", **where)
    publish(channel, "short-3", **where)

    nobody = {"cause": "unrouted", "hie": "barts", "queue": "wherry.unrouted"}
    publish(channel, "nobody", "wherry.changes", "change.nobody", **nobody)
    publish(channel, "unknown-question", "wherry.requests", "nobody", type="another.v1", **nobody)
    publish(channel, "no-type", "wherry.dead", "nobody", type=None, **nobody)
    publish(channel, "pulse", "wherry.changes", "pulse.nobody", type="wherry.pulse.v1")
    publish(channel, "question", "wherry.requests", "nobody", type="wherry.state.read.v1")
    publish(channel, "replay", "wherry.replays", "nobody", headers={"wherry-replay": "barts/1/1"})

    def forged(name, cause, queue=f"wherry.dead.{HIE}", origin=("wherry.dead", HIE), **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        publish(channel, name, "wherry.dead", HIE, cause=cause, queue=queue, origin=origin, headers=headers)

    forged("direct", "rejected")
    death = {
        "reason": "expired", "queue": "wherry.changes.kingston", "exchange": "wherry.changes", "count": 2**63 - 1,
        "routing-keys": ["change.kingston"], "time": datetime(2026, 1, 1, tzinfo=timezone.utc),
    }
    forged("forged", "expired", "wherry.changes.kingston", ("wherry.changes", "change.kingston"), x_death=[death])
    forged("text", "rejected", x_death="nonsense")
    forged("numbers", "rejected", x_death=[1, None, ["x"]])
    forged("void", "rejected", x_death=None, x_first_death_reason=7)
    forged("empty", "rejected", x_death=[{}])
    forged("long", "length-limit", x_death=[{"reason": "maxlen", "queue": "q" * 300, "routing-keys": "k", "time": -1}])
    forged("control", "delivery-limit", x_death=[{"reason": "delivery_limit", "queue": "a\0b\n", "exchange": {}}])
    forged("first", "expired", "q", ("e", HIE), x_first_death_reason="expired", x_first_death_queue="q",
           x_first_death_exchange="e")
    forged("own-count", "rejected", **{"x-delivery-count": 99})
    connection.close()


{"stopped": stopped, "live": live}[mode]()
with open(output, "w") as file:
    json.dump(expected, file)
