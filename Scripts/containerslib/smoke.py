"""One worker against one broker: what can be shown of the images in a minute."""
import time

from containerslib import checks
from containerslib.engine import ContainersError
from containerslib.feed import Feed, patients
from torturelib.system import until

SECONDS_MAX = 60
STOP_SECONDS_MAX = 12
RECORDS = 20


def run(mesh, tell):
    """Of the first region. Returns a line for the summary."""
    region = mesh.regions[0]
    worker = next(one for one in mesh.workers.values() if one.region == region)
    broker = mesh.brokers[region][0]
    began = time.monotonic()
    mesh.up([broker])
    mesh.wait_for_brokers([broker])
    broker_seconds = time.monotonic() - began
    tell(mesh.apply("--region", region).rstrip())
    began = time.monotonic()
    mesh.up([worker.service])
    if not until(lambda: worker.broker(region)["state"] == "connected", SECONDS_MAX, pause=0.1):
        raise ContainersError(f"{worker.service} did not connect to {broker}: {worker.broker(region)}; "
                              f"{mesh.last_words(worker.service)}")
    worker_seconds = time.monotonic() - began
    feed = Feed(worker, patients(RECORDS), 1)
    feed.introduce()
    for _ in range(RECORDS):
        feed.change()
    if not until(lambda: (worker.peers() or {"own": {}})["own"].get("unpublished") == 0, SECONDS_MAX):
        raise ContainersError(f"{worker.service} did not publish what it took in: {worker.peers()}")
    if not until(lambda: mesh.health(worker.service), SECONDS_MAX, pause=1):
        raise ContainersError(f"the health check of {worker.service} does not pass")
    place = next(iter(feed.ledger.values()))[0]
    checks.show(mesh, tell, worker.hie, "lookup", feed.numbers[place], "--from", "http://127.0.0.1:8080")
    container, began = mesh.container(worker.service), time.monotonic()
    mesh.engine.run("stop", "--time", str(STOP_SECONDS_MAX), container)
    stopped = time.monotonic() - began
    status = mesh.engine.run("inspect", "--format", "{{.State.ExitCode}}", container).strip()
    if status != "0":
        raise ContainersError(f"{worker.service} ended with status {status} after SIGTERM; "
                              f"{mesh.last_words(worker.service)}")
    return [f"smoke    broker up in {broker_seconds:.1f} s, worker connected in {worker_seconds:.1f} s, {RECORDS} "
            f"records in, stopped with status 0 in {stopped:.1f} s"]
