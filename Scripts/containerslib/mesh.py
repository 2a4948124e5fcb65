"""The running mesh: its brokers and workers, what they say, and what can be done to them."""
import os
import time

import yaml

from containerslib.engine import ContainersError
from torturelib.asked import Asked
from torturelib.system import ROOT, until

READY_SECONDS_MAX = 180
SETTLE_SECONDS_MAX = 300


class Worker(Asked):
    """One HIE's worker, asked over the port that it is published at."""

    def __init__(self, hie, region, port):
        self.hie = self.name = hie
        self.region, self.port, self.host = region, port, "127.0.0.1"

    @property
    def service(self):
        return f"worker-{self.hie}"

    def broker(self, region):
        """What it says of a region's broker."""
        found = [one for one in (self.peers() or {}).get("brokers", []) if one["broker"] == region]
        return found[0] if found else {"state": "no answer", "reason": None}


class Mesh:
    """A Compose project. Which services there are is what its file says."""

    def __init__(self, engine, file, project):
        self.engine, self.file, self.project = engine, file, project
        with open(file) as text:
            self.description = yaml.safe_load(text)
        services = self.description["services"]
        self.workers = {}
        for name, service in services.items():
            # A read replica takes nothing in, and has a full stop in its name.
            if name.startswith("worker-") and "." not in name:
                region = next(net for net in service["networks"] if not net.endswith("-link"))
                port = int(service["ports"][0].split(":")[1])
                self.workers[name.removeprefix("worker-")] = Worker(name.removeprefix("worker-"), region, port)
        self.regions = list(dict.fromkeys(worker.region for worker in self.workers.values()))
        self.brokers = {region: [name for name in services if name.startswith("broker-")
                                 and region in services[name]["networks"]] for region in self.regions}
        mounted = services["topology"]["command"]
        self.topology = os.path.join(ROOT, "Topology", os.path.basename(mounted[mounted.index("--topology") + 1]))

    # --- Services

    def compose(self, *words, **more):
        return self.engine.compose(self.file, self.project, *words, **more)

    def container(self, service):
        """The id of a service's container; None when there is none."""
        found = self.engine.run("ps", "--all", "--quiet", "--no-trunc", "--filter",
                                f"label=com.docker.compose.project={self.project}", "--filter",
                                f"label=com.docker.compose.service={service}").split()
        return found[0] if found else None

    def engine_does(self, verb, service, *words):
        """pause, unpause, kill, start …"""
        return self.engine.run(verb, *words, self.container(service))

    def execute(self, service, *words, seconds=60, check=True):
        """Runs a command inside."""
        return self.engine.run("exec", self.container(service), *words, seconds=seconds, check=check)

    def up(self, services=()):
        self.compose("up", "--detach", *services)

    def apply(self, *words):
        """The broker objects of the topology; it may be done again."""
        return self.topology_does("apply", *words)

    def topology_does(self, verb, *words):
        """The one-shot service's own command, with this verb of `wherry topology`."""
        command = list(self.description["services"]["topology"]["command"])
        command[command.index("apply")] = verb
        return self.compose("--profile", "setup", "run", "--rm", "-T", "topology", *command, *words)

    def down(self):
        self.compose("--profile", "setup", "--profile", "monitoring", "down", "--volumes")

    def wait_for_brokers(self, services=None):
        """Until they say that they run."""
        waiting = set(services or [name for names in self.brokers.values() for name in names])

        def are_up():
            for service in sorted(waiting):
                if self.execute(service, "rabbitmq-diagnostics", "-q", "check_running", check=False).returncode == 0:
                    waiting.discard(service)
            return not waiting
        if not until(are_up, READY_SECONDS_MAX, pause=1):
            raise ContainersError(f"not running after {READY_SECONDS_MAX} s: {', '.join(sorted(waiting))}; "
                                  f"{self.last_words(sorted(waiting)[0])}")

    def last_words(self, service):
        container = self.container(service)
        if not container:
            return f"{service} has no container"
        result = self.engine.run("logs", "--tail", "8", container, check=False)
        return f"the end of its log: {(result.stdout + result.stderr).strip()[-1500:]}"

    def wait_for_workers(self):
        for worker in self.workers.values():
            if not until(lambda: self._is_ready(worker), READY_SECONDS_MAX, pause=0.2):
                raise ContainersError(f"{worker.service} is not ready: {self.last_words(worker.service)}")

    @staticmethod
    def _is_ready(worker):
        try:
            return worker.get("/readyz", 2)["status"] == "ready"
        except (OSError, ValueError, KeyError):
            return False

    def health(self, service):
        """Whether the health check of the image passes: Podman runs it only when it is asked to."""
        if self.engine.is_podman:
            return self.engine.run("healthcheck", "run", self.container(service), check=False).returncode == 0
        said = self.engine.run("inspect", "--format", "{{.State.Health.Status}}", self.container(service))
        return said.strip() == "healthy"

    # --- Networks

    def cut(self, service, network):
        self.engine.run("network", "disconnect", f"{self.project}_{network}", self.container(service))

    def join(self, service, network):
        """Undoes a cut; the names by which others find it come back with it."""
        networks = self.description["services"][service]["networks"]
        aliases = networks[network].get("aliases", []) if isinstance(networks, dict) else []
        words = [word for alias in [service, *aliases] for word in ("--alias", alias)]
        self.engine.run("network", "connect", *words, f"{self.project}_{network}", self.container(service))

    def ways_out(self, region):
        """Every connection of a region's services to a link: (service, network)."""
        own = [(broker, f"{region}-link") for broker in self.brokers[region]]
        others = [(worker.service, f"{other}-link") for worker in self.workers.values() if worker.region == region
                  for other in self.regions if other != region]
        return own + others

    # --- What the workers say

    def is_caught_up(self):
        """Whether every worker has applied every change of every journal, and knows that it has."""
        said = {hie: worker.peers() for hie, worker in self.workers.items()}
        if not all(said.values()):
            return False
        heads = {hie: one["own"]["head"] for hie, one in said.items()}
        return all(peer["state"] == "complete" and peer["watermark"] == heads[peer["hie"]]
                   for one in said.values() for peer in one["peers"] if peer["hie"] in heads)

    def wait_until_caught_up(self, seconds=SETTLE_SECONDS_MAX):
        """Returns how long it took."""
        began = time.monotonic()
        if not until(self.is_caught_up, seconds, pause=0.25):
            raise ContainersError(f"the mesh was not caught up after {seconds} s: {self.laggards()}")
        return time.monotonic() - began

    def laggards(self):
        words = []
        for hie, worker in self.workers.items():
            said = worker.peers()
            if said is None:
                words.append(f"{hie} does not answer")
                continue
            words += [f"{hie}: {peer['hie']} {peer['state']} {peer.get('reason') or ''}" for peer in said["peers"]
                      if peer["state"] != "complete"]
            words += [f"{hie}: broker {one['broker']} {one['state']} {one.get('reason') or ''}"
                      for one in said["brokers"] if one["state"] != "connected"]
        return "; ".join(words[:8]) or "heads still move"

    def all_connected(self):
        said = [worker.peers() for worker in self.workers.values()]
        return all(said) and all(one["state"] == "connected" for each in said for one in each["brokers"])

    def memory_mib(self):
        """Of every container, by service, as the kernel counts it for the container's limit."""
        sizes = {}
        for service in [name for names in self.brokers.values() for name in names] + [
                worker.service for worker in self.workers.values()]:
            said = self.engine.run("stats", "--no-stream", "--format", "{{.MemUsage}}", self.container(service))
            sizes[service] = mebibytes(said.split("/")[0].strip())
        return sizes


def mebibytes(text):
    """What `stats` prints: 143.2MB (Podman) or 136.6MiB (Docker)."""
    units = {"KB": 1e3, "MB": 1e6, "GB": 1e9, "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30, "B": 1}
    number = text.rstrip("BbKkMmGgIi")
    return float(number) * units[text[len(number):].upper()] / (1 << 20)
