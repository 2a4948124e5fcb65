"""The private RabbitMQ, by Scripts/broker."""
import os
import random
import signal
import socket
import time

from torturelib.system import ROOT, TortureError, run, signal_process, until

SCRIPT = os.path.join(ROOT, "Scripts", "broker")
ATTEMPTS_MAX = 5
DISK_FREE_LIMIT_BYTES = 50_000_000


class Broker:
    """One node, reachable on loopback and on the broker's side of every network."""

    def __init__(self, directory, networks, janitor, disk=None):
        self.directory, self.networks, self.janitor, self.disk = directory, networks, janitor, disk
        self.port = None
        self.is_well = True

    def url(self, network=None):
        host = network.outer_address if network else "127.0.0.1"
        return f"amqp://guest:guest@{host}:{self.port}"

    def start(self):
        os.makedirs(self.directory, exist_ok=True)
        self.janitor.note("broker", self.directory)
        for attempt in range(ATTEMPTS_MAX):
            self.port = free_port()
            lines = [f"listeners.tcp.{number} = {network.outer_address}:{self.port}"
                     for number, network in enumerate(self.networks, 2)]
            if self.networks:
                # The guest of this broker comes from a network that only this run can reach.
                lines.append("loopback_users = none")
            configuration = os.path.join(self.directory, "extra.conf")
            with open(configuration, "w") as file:
                file.write("\n".join(lines) + "\n")
            try:
                run(SCRIPT, "start", self.directory, "--port", str(self.port), "--config-file", configuration)
                return
            except TortureError as error:
                if attempt == ATTEMPTS_MAX - 1 or "is taken" not in str(error):
                    raise

    def keep_declarations(self):
        """RabbitMQ writes its register of queues down every few seconds only; one that it forgot would be empty."""
        self.eval("[dets:sync(T) || T <- dets:all()].")
        os.sync()

    def eval(self, expression):
        return run(SCRIPT, "eval", self.directory, expression)

    def processes(self):
        """(pid, ticks) of the node and its port mapper."""
        found = []
        for name in ("beam", "epmd"):
            with open(os.path.join(self.directory, f"{name}.process")) as file:
                pid, ticks = file.read().split()
            found.append((int(pid), int(ticks)))
        return found

    def signal(self, number):
        pid, ticks = self.processes()[0]
        if not signal_process(pid, ticks, number):
            raise TortureError(f"the broker in {self.directory} does not run")

    def kill(self):
        self.is_well = False
        run(SCRIPT, "kill", self.directory)

    def restart(self):
        run(SCRIPT, "restart", self.directory, seconds=150)
        self.is_well = True

    def cut_power(self):
        """What it did not sync is lost, and so are its processes."""
        self.is_well = False
        processes = self.processes()
        self.disk.cut()
        for pid, ticks in processes:
            signal_process(pid, ticks, signal.SIGKILL)
        gone = until(lambda: not any(signal_process(pid, ticks, 0) for pid, ticks in processes), 10)
        if not gone:
            raise TortureError("the broker's processes did not end")

    def revive(self):
        self.disk.revive()
        self.restart()

    def pause(self):
        self.is_well = False
        self.signal(signal.SIGSTOP)

    def resume(self):
        self.signal(signal.SIGCONT)
        self.is_well = True

    def set_memory_alarm(self, is_on):
        self.eval(f"vm_memory_monitor:set_vm_memory_high_watermark({'0.00001' if is_on else '0.6'}).")
        self.is_well = not is_on

    def set_disk_alarm(self, is_on):
        limit = 10 ** 15 if is_on else DISK_FREE_LIMIT_BYTES
        self.eval(f"rabbit_disk_monitor:set_disk_free_limit({limit}).")
        self.is_well = not is_on

    def channel(self):
        """A connection and a channel of a client that is not ours; close the connection."""
        import pika
        connection = pika.BlockingConnection(pika.ConnectionParameters(
            "127.0.0.1", self.port, socket_timeout=10, blocked_connection_timeout=10))
        return connection, connection.channel()

    def depth(self, queue):
        """Messages that wait in a queue."""
        connection, channel = self.channel()
        try:
            return channel.queue_declare(queue, passive=True).method.message_count
        finally:
            connection.close()

    def stop(self):
        run(SCRIPT, "stop", self.directory)


def free_port():
    """A port of those that Scripts/broker takes, free at this moment."""
    for _ in range(200):
        port = random.randrange(20000, 22700)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                time.sleep(0.01)
    raise TortureError("found no free port from 20000 to 22699")
