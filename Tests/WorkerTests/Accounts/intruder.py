"""One HIE's own certificate in the hands of somebody who tries what its account must not let him do, with pika.

usage: intruder.py SETTINGS everything|answer

SETTINGS is JSON: "port" (amqps on localhost), "management" (URL), "certificates" (directory), "home" and "away" (virtual
hosts), "intruder", "victim" (of the same region) and "third" (of the other region): HIEs; "runs" of the workers of victim
and third; "epoch" and "head" of the victim's journal; for `answer` the "question" that waits at the third for the victim.

Every attempt has a connection of its own. Prints a line for each, and ends with status 1 when one ended otherwise than it
should: refused with a reply code of AMQP, or taken, in which case the receiver has to find it out.
"""
import json
import ssl
import sys
import time
import urllib.error
import urllib.request

import pika
from pika.exceptions import AMQPError, ChannelClosedByBroker, ConnectionClosedByBroker, UnroutableError

with open(sys.argv[1]) as file:
    settings = json.load(file)
intruder, victim, third = settings["intruder"], settings["victim"], settings["third"]
directory = settings["certificates"]
counts = {"refused": 0, "taken": 0}
failures = []
number = 0


def context():
    made = ssl.create_default_context(cafile=f"{directory}/ca.pem")
    made.load_cert_chain(f"{directory}/{intruder}.pem", f"{directory}/{intruder}.key")
    return made


def connect(host, credentials=None):
    return pika.BlockingConnection(pika.ConnectionParameters(
        "localhost", settings["port"], host, credentials or pika.credentials.ExternalCredentials(),
        ssl_options=pika.SSLOptions(context(), "localhost")))


def attempt(name, expected, act, host=None, credentials=None):
    """`expected` is a reply code, or "taken"."""
    connection = None
    try:
        connection = connect(host or settings["home"], credentials)
        channel = connection.channel()
        channel.confirm_delivery()
        act(channel)
        outcome = "taken"
    except (ChannelClosedByBroker, ConnectionClosedByBroker) as error:
        outcome = error.reply_code
    except UnroutableError:
        outcome = "unroutable"
    except pika.exceptions.ProbableAuthenticationError:
        outcome = 403
    except pika.exceptions.ProbableAccessDeniedError:
        outcome = 530
    except AMQPError as error:
        outcome = type(error).__name__
    finally:
        if connection is not None and connection.is_open:
            connection.close()
    counts["taken" if outcome == "taken" else "refused"] += 1
    print(f"{name}: {outcome}")
    if outcome != expected:
        failures.append(f"{name}: {outcome}, not {expected}")


def message(kind, app, user, **more):
    """Properties that are right in everything that is not forged."""
    global number
    number += 1
    identity = more.pop("identity", f"{app}/forged/{number}")
    headers = {
        "cloudEvents:specversion": "1.0", "cloudEvents:id": identity, "cloudEvents:type": kind,
        "cloudEvents:source": f"urn:wherry:hie:{app}", "wherry-epoch": settings["epoch"],
    }
    headers |= more.pop("headers", {})
    return pika.BasicProperties(
        app_id=app, user_id=user, type=kind, message_id=identity, delivery_mode=2, headers=headers,
        content_type=more.pop("content_type", "application/json"), **more)


def change(app, user, headers={}):
    """The change that would come next in the victim's journal."""
    numbers = {"wherry-after": settings["head"], "wherry-through": settings["head"] + 1}
    return message(
        "wherry.changes.v1", app, user, headers=numbers | headers, content_type="application/x-ndjson")


def pulse(app, user):
    return message("wherry.pulse.v1", app, user)


def question(app, user):
    return message("wherry.changes.read.v1", app, user, headers={"wherry-run": settings["runs"][victim]})


CHANGE = json.dumps({
    "seq": settings["head"] + 1, "op": "put", "patient": settings["patient"], "resource": "Condition/forged",
    "category": "condition"}).encode() + b"\n"
PULSE = b'{"head":1000000,"digest":"0000000000000000","intervalMilliseconds":2000}'
QUESTION = b'{"after":0}'
MARK = {"wherry-replay": f"{victim}/1/1"}


def publish(exchange, key, properties, body=b"x"):
    return lambda channel: channel.basic_publish(exchange, key, body, properties, mandatory=True)


def own_queue(channel, name="q", **arguments):
    queue = f"wherry.replies.{intruder}.{name}"
    channel.queue_declare(queue, exclusive=True, auto_delete=True, arguments=arguments)
    return queue


def by_dead_letter(exchange, key, properties, body):
    """The broker itself carries it on, from a queue of the intruder's own."""
    def act(channel):
        queue = own_queue(
            channel, **{"x-dead-letter-exchange": exchange, "x-dead-letter-routing-key": key, "x-message-ttl": 0})
        channel.queue_bind(queue, "wherry.replies", f"{intruder}.q")
        channel.basic_publish("wherry.replies", f"{intruder}.q", body, properties, mandatory=True)
        while channel.queue_declare(queue, passive=True).method.message_count:
            time.sleep(0.05)
    return act


def by_own_exchange(exchange, key, properties, body):
    """What is published to an exchange of the intruder's own is carried on by a binding between exchanges."""
    def act(channel):
        own = f"wherry.replies.{intruder}.e"
        channel.exchange_declare(own, exchange_type="topic", auto_delete=True)
        channel.exchange_bind(exchange, own, key)
        try:
            channel.basic_publish(own, key, body, properties, mandatory=True)
        finally:
            channel.exchange_unbind(exchange, own, key)
    return act


def bind(exchange, key):
    return lambda channel: channel.queue_bind(own_queue(channel), exchange, key)


def read_by_own_exchange(exchange, key):
    def act(channel):
        own = f"wherry.replies.{intruder}.r"
        channel.exchange_declare(own, exchange_type="topic", auto_delete=True)
        channel.exchange_bind(own, exchange, key)
    return act


def consume(queue):
    return lambda channel: channel.basic_consume(queue, lambda *_: None)


def publishing():
    attempt("a change under the victim's key", 403,
            publish("wherry.changes", f"change.{victim}", change(victim, intruder), CHANGE))
    attempt("a change in the victim's name under the own key", "taken",
            publish("wherry.changes", f"change.{intruder}", change(victim, intruder), CHANGE))
    attempt("a change with the victim's user id", 406,
            publish("wherry.changes", f"change.{intruder}", change(victim, victim), CHANGE))
    attempt("a change without a user id", "taken",
            publish("wherry.changes", f"change.{intruder}", change(intruder, None), CHANGE))
    attempt("a pulse under the victim's key", 403,
            publish("wherry.changes", f"pulse.{victim}", pulse(victim, intruder), PULSE))
    attempt("a pulse in the victim's name under the own key", "taken",
            publish("wherry.changes", f"pulse.{intruder}", pulse(victim, intruder), PULSE))
    attempt("a change with CC to the victim's key", "taken", publish(
        "wherry.changes", f"change.{intruder}", change(victim, intruder, {"CC": [f"change.{victim}"]}), CHANGE))
    attempt("a change with BCC to the victim's key", "taken", publish(
        "wherry.changes", f"change.{intruder}", change(victim, intruder, {"BCC": [f"change.{victim}"]}), CHANGE))
    attempt("a change under the victim's key by way of a dead letter", "taken",
            by_dead_letter("wherry.changes", f"change.{victim}", change(victim, intruder), CHANGE))
    attempt("a change under the victim's key by way of an own exchange", "taken",
            by_own_exchange("wherry.changes", f"change.{victim}", change(victim, intruder), CHANGE))
    attempt("a change at another region's broker", 403,
            publish("wherry.changes", f"change.{intruder}", change(intruder, intruder), CHANGE), settings["away"])
    attempt("a question in the third's name", "taken",
            publish("wherry.requests", victim, question(third, intruder), QUESTION))
    attempt("a question with the third's user id", 406,
            publish("wherry.requests", victim, question(third, third), QUESTION))
    attempt("a question without a user id", "taken",
            publish("wherry.requests", victim, question(intruder, None), QUESTION))
    attempt("a question in the third's name by way of a dead letter", "taken",
            by_dead_letter("wherry.requests", victim, question(third, intruder), QUESTION))
    attempt("a replay to the victim", 403,
            publish("wherry.replays", victim, change(victim, intruder, MARK), CHANGE))
    attempt("a replay to the victim by way of a dead letter", "taken",
            by_dead_letter("wherry.replays", victim, change(victim, intruder, MARK), CHANGE))
    attempt("a replay to the victim by way of an own exchange", "taken",
            by_own_exchange("wherry.replays", victim, change(victim, intruder, MARK), CHANGE))
    attempt("an answer at another region's broker", 403,
            publish("wherry.replies", f"{third}.{settings['runs'][third]}", change(intruder, intruder)),
            settings["away"])
    for kind in ["changes", "pulses", "requests", "dead"]:
        attempt(f"over the default exchange to the victim's {kind}", 403,
                publish("", f"wherry.{kind}.{victim}", change(victim, intruder), CHANGE))
    attempt("over the default exchange by way of a dead letter", 403,
            by_dead_letter("", f"wherry.changes.{victim}", change(victim, intruder), CHANGE))
    for exchange in ["wherry.dead", "wherry.unrouted", "amq.topic", "amq.direct", "amq.fanout"]:
        attempt(f"to {exchange}", 403, publish(exchange, victim, change(victim, intruder), CHANGE))
    attempt("to the dead letters by way of a dead letter", 403,
            by_dead_letter("wherry.dead", victim, change(victim, intruder), CHANGE))


def reading():
    queues = [f"wherry.{kind}.{victim}" for kind in ["changes", "pulses", "requests", "dead"]]
    queues += [f"wherry.changes.{victim}.replica", "wherry.unrouted",
               f"wherry.replies.{victim}.{settings['runs'][victim]}"]
    for queue in queues:
        attempt(f"get from {queue}", 403, lambda channel: channel.basic_get(queue))
        attempt(f"consume {queue}", 403, consume(queue))
    run = settings["runs"][victim]
    for key in [f"{victim}.{run}", f"{victim}.#", "#", f"*.{run}", "*.*", "*.#", "#.#", f"#.{run}", "",
                f"#.{intruder}.#", f"{intruder}", f"{intruder}.#", f"{intruder}.*"]:
        attempt(f"answers bound by {key!r}", 403, bind("wherry.replies", key))
        attempt(f"answers bound by {key!r} to an own exchange", 403, read_by_own_exchange("wherry.replies", key))
    for exchange, key in [
        ("wherry.changes", f"change.{victim}"), ("wherry.changes", "#"), ("wherry.requests", victim),
        ("wherry.replays", victim), ("wherry.dead", victim), ("wherry.unrouted", ""),
    ]:
        attempt(f"{exchange} bound by {key!r}", 403, bind(exchange, key))
        attempt(f"{exchange} bound by {key!r} to an own exchange", 403, read_by_own_exchange(exchange, key))


def breaking():
    for kind in ["changes", "pulses", "requests", "dead"]:
        queue = f"wherry.{kind}.{victim}"
        attempt(f"declare {queue}", 403, lambda channel: channel.queue_declare(queue, durable=True))
        attempt(f"purge {queue}", 403, lambda channel: channel.queue_purge(queue))
        for owner in [victim, intruder]:
            attempt(f"delete wherry.{kind}.{owner}", 403,
                    lambda channel: channel.queue_delete(f"wherry.{kind}.{owner}"))
    attempt("purge wherry.unrouted", 403, lambda channel: channel.queue_purge("wherry.unrouted"))
    attempt("delete wherry.unrouted", 403, lambda channel: channel.queue_delete("wherry.unrouted"))
    replies = f"wherry.replies.{victim}.{settings['runs'][victim]}"
    attempt("delete the victim's answers", 403, lambda channel: channel.queue_delete(replies))
    attempt("purge the victim's answers", 403, lambda channel: channel.queue_purge(replies))
    attempt("unbind the victim's answers", 403, lambda channel: channel.queue_unbind(
        replies, "wherry.replies", f"{victim}.{settings['runs'][victim]}"))
    attempt("take the name of the victim's next answers", 403,
            lambda channel: channel.queue_declare(f"wherry.replies.{victim}.next", exclusive=True))
    for owner, key in [(victim, f"change.{intruder}"), (intruder, f"change.{victim}")]:
        attempt(f"unbind wherry.changes.{owner}", 403, lambda channel: channel.queue_unbind(
            f"wherry.changes.{owner}", "wherry.changes", key))
        attempt(f"bind wherry.changes.{owner}", 403, lambda channel: channel.queue_bind(
            f"wherry.changes.{owner}", "wherry.replies", f"{intruder}.x"))
    for exchange in ["wherry.changes", "wherry.requests", "wherry.replies", "wherry.replays", "wherry.dead"]:
        attempt(f"delete {exchange}", 403, lambda channel: channel.exchange_delete(exchange))
    attempt("declare an exchange", 403, lambda channel: channel.exchange_declare("mine"))
    attempt("declare a queue", 403, lambda channel: channel.queue_declare("mine"))
    attempt("declare a queue that the broker names", 403, lambda channel: channel.queue_declare("", exclusive=True))


def administering():
    nothing = lambda channel: None
    attempt("another virtual host", 530, nothing, host="/")
    for name in [intruder, victim]:
        for password in ["", name]:
            attempt(f"a password login as {name}", 403, nothing,
                    credentials=pika.PlainCredentials(name, password))
    for method, path in [
        ("GET", "whoami"), ("GET", "definitions"), ("GET", f"queues/%2F/wherry.changes.{victim}"),
        ("PUT", "policies/%2F/mine"), ("PUT", f"users/{intruder}"), ("DELETE", f"users/{victim}"),
    ]:
        passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        passwords.add_password(None, settings["management"], intruder, "")
        opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=context()), urllib.request.HTTPBasicAuthHandler(passwords))
        try:
            status = opener.open(urllib.request.Request(
                f"{settings['management']}/api/{path}", method=method,
                data=None if method == "GET" else b"{}")).status
        except urllib.error.HTTPError as error:
            status = error.code
        counts["refused"] += 1
        print(f"{method} {path}: {status}")
        if status != 401:
            failures.append(f"{method} {path}: {status}, not 401")


def answer():
    """An answer in the victim's name to the third's question, whose address the intruder may know from one of its own."""
    key = f"{third}.{settings['runs'][third]}"

    def reply(kind, user, **more):
        return message(
            kind, victim, user, identity=f"{settings['question']}/answer/0", correlation_id=settings["question"], **more)

    page = json.dumps({
        "patient": settings["patient"], "page": 0, "last": True, "patientIds": [], "resources": []}).encode()
    kind = "wherry.record.page.v1"
    attempt("an answer in the victim's name", "taken", publish("wherry.replies", key, reply(kind, intruder), page))
    attempt("an answer without a user id", "taken", publish("wherry.replies", key, reply(kind, None), page))
    attempt("an answer with the victim's user id", 406, publish("wherry.replies", key, reply(kind, victim), page))
    attempt("an answer of no known kind", "taken", publish("wherry.replies", key, reply("strange", intruder), page))
    attempt("an answer with CC", "taken",
            publish("wherry.replies", key, reply(kind, intruder, headers={"CC": [f"{intruder}.x"]}), page))
    attempt("a refusal in the victim's name", "taken",
            publish("wherry.replies", key, reply("wherry.refusal.v1", intruder), b'{"reason":"busy"}'))
    attempt("an answer by way of a dead letter", "taken",
            by_dead_letter("wherry.replies", key, reply(kind, intruder), page))


if sys.argv[2] == "answer":
    answer()
else:
    publishing()
    reading()
    breaking()
    administering()
print(f"{counts['refused']} refused, {counts['taken']} taken")
if failures:
    print("\n".join(failures), file=sys.stderr)
    sys.exit(1)
