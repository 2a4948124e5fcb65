"""Reads the messages of a queue with pika, until it has seen every kind, and holds them against the contract's documents.

usage: contract.py BROKER-URL QUEUE CONTRACT-DIRECTORY OUTPUT
Ends with status 1 and the first difference when a message is not what the contract says.
"""
import json
import sys
import time

import jsonschema
import pika
import yaml

SECONDS_MAX = 30  # for one message of every kind to come

url, queue, contract, output = sys.argv[1:5]
with open(f"{contract}/asyncapi.yaml") as file:
    document = yaml.safe_load(file)
assert document["asyncapi"].startswith("3."), "an AsyncAPI 3 document"


def schema(reference):
    with open(f"{contract}/{reference['$ref']}") as file:
        loaded = json.load(file)
    jsonschema.Draft202012Validator.check_schema(loaded)
    return jsonschema.Draft202012Validator(loaded)


def resolve(node, path=""):
    """Every reference within the document leads somewhere."""
    if isinstance(node, dict):
        target = node.get("$ref", "")
        if target.startswith("#/"):
            found = document
            for part in target[2:].split("/"):
                assert part in found, f"{path}: {target} leads nowhere"
                found = found[part]
        for name, value in node.items():
            resolve(value, f"{path}/{name}")
    elif isinstance(node, list):
        for value in node:
            resolve(value, path)


resolve(document)
messages = document["components"]["messages"]
by_type = {message["name"]: (name, message) for name, message in messages.items()}
validators = {
    name: (schema(message["headers"]), schema(message["payload"])) for name, message in messages.items()
}
for name, message in messages.items():
    for example in message.get("examples", []):
        validators[name][1].validate(example["payload"])



def change(method, properties, source):
    assert (method.exchange, method.routing_key) == ("wherry.changes", f"change.{source}")
    assert properties.delivery_mode == 2


def pulse(method, properties, source):
    assert (method.exchange, method.routing_key) == ("wherry.changes", f"pulse.{source}")
    assert int(properties.expiration) > 0


def question(method, properties, source):
    assert method.exchange == "wherry.requests" and method.routing_key != source
    assert int(properties.expiration) > 0


def answer(method, properties, source):
    assert method.exchange == "wherry.replies"
    asker, run = method.routing_key.split(".")
    assert asker != source and run
    assert properties.message_id == f"{properties.correlation_id}/answer"


def page(method, properties, source):
    assert method.exchange == "wherry.replies"
    assert properties.message_id.startswith(f"{properties.correlation_id}/answer/")


channels = {
    "changes": change, "pulse": pulse, "changesRead": question, "bucketsRead": question, "stateRead": question,
    "recordRead": question, "recordPage": page,
    "changesPage": answer, "bucketsPage": answer, "state": answer, "refusal": answer,
}

connection = pika.BlockingConnection(pika.URLParameters(url))
channel = connection.channel()
seen = {}
read = []
deadline = time.monotonic() + SECONDS_MAX
while time.monotonic() < deadline:
    method, properties, body = channel.basic_get(queue, auto_ack=True)
    if method is None:
        if all(seen.get(name) for name in messages) and seen.get("ops") == {"put", "withdraw"}:
            break
        time.sleep(0.02)
        continue
    name, message = by_type[properties.type]
    headers, payload = validators[name]
    source = properties.app_id
    headers.validate(properties.headers)
    assert properties.content_type == message["contentType"], properties.content_type
    assert properties.headers["cloudEvents:source"] == f"urn:wherry:hie:{source}"
    assert properties.headers["cloudEvents:id"] == properties.message_id
    assert properties.timestamp > 1_600_000_000
    assert properties.reply_to is None
    channels[name](method, properties, source)
    if message["contentType"] == "application/x-ndjson":
        after, through = properties.headers["wherry-after"], properties.headers["wherry-through"]
        assert after < through <= properties.headers["wherry-head"] or name != "changes"
        assert after <= through
        lines = [json.loads(line) for line in body.decode().splitlines()]
        for line in lines:
            payload.validate(line)
            assert after < line["seq"] <= through
        seen.setdefault("ops", set()).update(line["op"] for line in lines)
    else:
        payload.validate(json.loads(body))
    seen[name] = seen.get(name, 0) + 1
    read.append({"type": properties.type, "headers": properties.headers, "body": body.decode()})
connection.close()
with open(output, "w") as file:
    json.dump(read, file)
assert seen.get("ops") == {"put", "withdraw"}, seen
for name in messages:
    assert seen.get(name), f"no {name} message was seen, but {seen}"
    print(f"{name}: ok")
