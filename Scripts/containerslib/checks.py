"""What a healthy mesh does, and what a cut and a lost node do to it under load."""
import json
import time

from containerslib.engine import ContainersError
from containerslib.images import WORKER
from containerslib.watch import Watch
from torturelib.system import until

CATCH_UP_SECONDS_MAX = 300
CHECK_CHANGES = 200
NODE_SECONDS_MAX = 60
CALM_SECONDS = 10


def healthy(mesh, feeds, images, tell):
    """Health, records of one region in all, complete coverage, sizes. Returns lines for the summary."""
    unhealthy = [worker.service for worker in mesh.workers.values()
                 if not until(lambda: mesh.health(worker.service), 60, pause=1)]
    if unhealthy:
        raise ContainersError(f"not healthy: {', '.join(unhealthy)}")
    tell(f"{len(mesh.workers)} of {len(mesh.workers)} workers are healthy")
    drift = mesh.topology_does("drift")
    tell(f"topology drift: {drift.strip().splitlines()[-1] if drift.strip() else 'none'}")
    first = next(iter(mesh.workers))
    source = next(feed for feed in feeds.feeds if feed.worker.hie == first)
    for _ in range(CHECK_CHANGES):
        source.change()
    took = mesh.wait_until_caught_up()
    tell(f"{CHECK_CHANGES} records sent to {first} are in all {len(mesh.workers)} indexes {took:.1f} s later")
    compared, wrong = feeds.compare()
    if wrong:
        raise ContainersError(f"{len(wrong)} of {compared} entries are wrong: {'; '.join(wrong[:5])}")
    last = list(mesh.workers)[-1]
    place = next(iter(source.ledger.values()))[0]
    show(mesh, tell, last, "lookup", feeds.numbers[place], "--from", "http://127.0.0.1:8080")
    show(mesh, tell, last, "query", feeds.numbers[place], "--from", "http://127.0.0.1:8080")
    show(mesh, tell, last, "status", "--from", "http://127.0.0.1:8080")
    memory = mesh.memory_mib()
    broker_mib = [size for name, size in memory.items() if name.startswith("broker-")]
    worker_mib = [size for name, size in memory.items() if name.startswith("worker-")]
    return [f"check    {len(mesh.workers)} workers healthy; {compared} entries compared at {len(mesh.workers)} HIEs, 0 "
            f"missing",
            f"size     image {images.size_mib(WORKER):.0f} MiB; memory: a worker {min(worker_mib):.0f} to "
            f"{max(worker_mib):.0f} MiB, a broker {min(broker_mib):.0f} to {max(broker_mib):.0f} MiB"]


def show(mesh, tell, hie, *words):
    """A command inside a worker's container, as one would type it."""
    service = mesh.workers[hie].service
    tell(f"$ {mesh.engine.name} exec {service} wherry {' '.join(words)}")
    result = mesh.engine.run("exec", "--env", "WHERRY_TABLES=1", mesh.container(service), "wherry", *words)
    tell("\n".join("  " + line for line in result.rstrip().splitlines()))


def partition(mesh, feeds, region, seconds, rate, tell):
    """One region cut off from all others, both ways, under load everywhere. Returns a line for the summary."""
    mesh.wait_until_caught_up()
    others = [worker for worker in mesh.workers.values() if worker.region != region]
    watch = Watch(others, feeds.numbers, mesh.regions)
    feeds.pace(rate)
    feeds.forget_lateness()
    watch.start()
    ways = mesh.ways_out(region)
    cut = []
    try:
        time.sleep(CALM_SECONDS)
        before, _ = watch.take()
        first, began = feeds.acknowledged, time.monotonic()
        tell(f"  {region} is cut off: {len(ways)} connections of {len({way[0] for way in ways})} containers")
        try:
            for way in ways:
                mesh.cut(*way)
                cut.append(way)
            watch.take()
            time.sleep(max(0.0, seconds - (time.monotonic() - began)))
            said = others[0].broker(region)
            own = {hie for hie, worker in mesh.workers.items() if worker.region == region}
            during, disturbed = watch.take()
            span = time.monotonic() - began
            taken = feeds.acknowledged - first
        finally:
            for way in cut:
                mesh.join(*way)
        healing = time.monotonic()
        if not until(lambda: is_together(mesh), CATCH_UP_SECONDS_MAX, pause=0.25):
            raise ContainersError(f"the mesh is not together again after {CATCH_UP_SECONDS_MAX} s: {mesh.laggards()}")
        together = time.monotonic() - healing
    finally:
        watch.end()
        feeds.pace(0)
    settled = mesh.wait_until_caught_up()
    late = feeds.late_seconds_max
    strangers = {hie: state for hie, state in disturbed.items() if hie not in own}
    compared, wrong = feeds.compare()
    tell(f"  lookups elsewhere before: {before}")
    tell(f"  lookups elsewhere during: {during}")
    tell(f"  broker {region}, seen from {others[0].hie}: {said['state']}: {said['reason']}")
    tell(f"  {taken} changes were acknowledged in {span:.0f} s ({taken / span:.0f}/s, at most {late:.1f} s late)")
    tell(f"  together again {together:.1f} s after the healing, all at rest {settled:.1f} s after the load ended")
    if wrong:
        raise ContainersError(f"{len(wrong)} of {compared} entries are wrong: {'; '.join(wrong[:5])}")
    if during.failures or strangers:
        raise ContainersError(f"lookups elsewhere were touched: {during.failures[:3]} {strangers}")
    return (f"apart    {region} for {span:.0f} s under {taken / span:.0f} changes/s: 0 of {compared} entries lost, "
            f"caught up {together:.1f} s after; lookups elsewhere p99 {before.percentile(0.99):.1f} ms before, "
            f"{during.percentile(0.99):.1f} ms during")


def is_together(mesh):
    """Whether every worker calls every other one complete, or behind by what is just on its way."""
    said = [worker.peers() for worker in mesh.workers.values()]
    return all(said) and all(
        peer["state"] == "complete" or (peer["state"] == "behind" and peer["behind"] < 50)
        for one in said for peer in one["peers"]) and mesh.all_connected()


def members(mesh, service, queue):
    """The nodes that a quorum queue lives on, with their part in it."""
    said = json.loads(mesh.execute(service, "rabbitmq-queues", "-q", "--formatter", "json", "quorum_status", queue))
    # The state of a node that is gone is a list.
    return ", ".join(f"{one['Node Name']} {state if isinstance(state := one['Raft State'], str) else 'gone'}"
                     for one in said)


def lost_node(mesh, feeds, rate, tell):
    """A node of a cluster killed under load. Returns a line for the summary."""
    region = next(name for name, nodes in mesh.brokers.items() if len(nodes) > 1)
    nodes = mesh.brokers[region]
    queue = f"wherry.changes.{next(iter(mesh.workers))}"
    tell(f"  {queue}: {members(mesh, nodes[0], queue)}")
    mesh.wait_until_caught_up()
    feeds.pace(rate)
    watch = Watch(mesh.workers.values(), feeds.numbers, mesh.regions)
    watch.start()
    try:
        time.sleep(CALM_SECONDS)
        before, _ = watch.take()
        first, began = feeds.acknowledged, time.monotonic()
        tell(f"  {nodes[0]} is killed")
        mesh.engine_does("kill", nodes[0])
        time.sleep(2)
        if not until(mesh.all_connected, NODE_SECONDS_MAX, pause=0.25):
            raise ContainersError(f"not everybody moved to another node: {mesh.laggards()}")
        moved = time.monotonic() - began
        time.sleep(CALM_SECONDS)
        taken = feeds.acknowledged - first
        during, _ = watch.take()
        tell(f"  {queue}: {members(mesh, nodes[1], queue)}")
        tell(f"  all {len(mesh.workers)} workers are connected to another node {moved:.1f} s later; {taken} changes "
             f"were acknowledged meanwhile")
        mesh.engine_does("start", nodes[0])
        mesh.wait_for_brokers([nodes[0]])
        time.sleep(CALM_SECONDS)
    finally:
        watch.end()
        feeds.pace(0)
    settled = mesh.wait_until_caught_up()
    compared, wrong = feeds.compare()
    tell(f"  lookups before: {before}")
    tell(f"  lookups during: {during}")
    if wrong:
        raise ContainersError(f"{len(wrong)} of {compared} entries are wrong: {'; '.join(wrong[:5])}")
    if during.failures:
        raise ContainersError(f"lookups failed: {during.failures[:3]}")
    return (f"node     {nodes[0]} of {len(nodes)} killed under {rate} changes/s: 0 of {compared} entries lost, all "
            f"workers moved within {moved:.1f} s, at rest {settled:.1f} s after the load; {during}")
