"""Faults of the broker, and of the messages that wait in it."""
from torturelib.fault import Fault, OfBroker
from torturelib.system import until


class KillBroker(OfBroker):
    name = "kill-broker"
    sentence = "SIGKILL to the broker, which is started again on its files."
    hold = (0.0, 1.0)

    def inject(self):
        self.somewhen()
        self.mesh.broker.kill()

    def heal(self):
        self.mesh.broker.restart()


class StopBroker(OfBroker):
    name = "stop-broker"
    sentence = "SIGSTOP to the broker: connections stay open and nothing moves; then SIGCONT."
    hold = (1.0, 6.0)

    def inject(self):
        self.somewhen()
        self.mesh.broker.pause()

    def heal(self):
        self.mesh.broker.resume()


class MemoryAlarm(OfBroker):
    name = "memory-alarm"
    sentence = "The broker raises its memory alarm and takes no messages."
    hold = (1.0, 4.0)

    def inject(self):
        self.mesh.broker.set_memory_alarm(True)

    def heal(self):
        self.mesh.broker.set_memory_alarm(False)


class BrokerDiskAlarm(OfBroker):
    name = "broker-disk-alarm"
    sentence = "The broker's disk falls below its free limit and it takes no messages."
    hold = (1.0, 4.0)

    def inject(self):
        self.mesh.broker.set_disk_alarm(True)

    def heal(self):
        self.mesh.broker.set_disk_alarm(False)


class PowerCutBroker(OfBroker):
    name = "power-cut-broker"
    sentence = "The power of the broker's disk is cut: what it did not sync is gone."
    hold = (0.0, 1.0)

    @classmethod
    def obstacle(cls, mesh):
        return mesh.disks_obstacle

    def inject(self):
        self.somewhen()
        self.mesh.broker.cut_power()

    def heal(self):
        self.mesh.broker.revive()


class MessagesRemoved(Fault):
    name = "messages-removed"
    sentence = "While a worker is dead, about 1 % of the messages that wait for it are taken away."
    needs_broker = needs_repair = True
    waiting_min = 10

    def inject(self):
        self.seat.kill()
        queue = f"wherry.changes.{self.seat.hie}"
        until(lambda: self.mesh.broker.depth(queue) >= self.waiting_min, 4, pause=0.2)
        connection, channel = self.mesh.broker.channel()
        try:
            count = channel.queue_declare(queue, passive=True).method.message_count
            removed = set(self.random.sample(range(count), min(count, max(1, count // 100))))
            for place in range(count):
                method, _, _ = channel.basic_get(queue)
                if method is None:
                    break
                if place in removed:
                    channel.basic_ack(method.delivery_tag)
            self.detail = f"{len(removed)} of {count}"
        finally:
            # The close gives back what was not acknowledged.
            connection.close()

    def heal(self):
        self.seat.start()


class QueuePurged(Fault):
    name = "queue-purged"
    sentence = "While a worker is dead, everything that waits for it is purged."
    hold = (0.0, 0.5)
    needs_broker = needs_repair = True

    def inject(self):
        self.seat.kill()
        queue = f"wherry.changes.{self.seat.hie}"
        until(lambda: self.mesh.broker.depth(queue) >= 3, 4, pause=0.2)
        connection, channel = self.mesh.broker.channel()
        try:
            self.detail = f"{channel.queue_purge(queue).method.message_count} messages"
        finally:
            connection.close()

    def heal(self):
        self.seat.start()
