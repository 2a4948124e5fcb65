"""Faults of a worker's disk and files: lost, full, locked, damaged, deleted, and taken from a backup."""
import os
import shutil
import sqlite3
import subprocess
import sys

from torturelib.fault import Fault, OnDisk
from torturelib.system import flip_bit, start_ticks

LOCK_SCRIPT = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=20, isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""


class PowerCutWorker(OnDisk):
    name = "power-cut-worker"
    sentence = "The power of a worker's disk is cut: what it did not sync is gone."
    needs_repair = True

    def inject(self):
        self.somewhen()
        self.seat.disturb("power cut")
        self.seat.disk.cut()
        self.seat.kill()

    def heal(self):
        self.seat.disk.revive()
        self.seat.start()


class DiskFull(OnDisk):
    name = "disk-full"
    sentence = "A worker's disk is full for some seconds."
    hold = (1.0, 4.0)

    def inject(self):
        self.seat.disk.fill()

    def heal(self):
        self.seat.disk.free()


class IndexDeleted(Fault):
    name = "index-deleted"
    sentence = "A worker is killed and its index deleted."
    needs_repair = True

    def inject(self):
        self.seat.kill()
        remove_database(self.seat, "index.sqlite")

    def heal(self):
        self.seat.start()


class NewDisk(Fault):
    name = "new-disk"
    sentence = "A source loses its records and begins another journal; its feed sends again all that it holds."
    needs_repair = True
    hold = (0.0, 1.0)

    def inject(self):
        self.feed.is_suspended = True
        self.seat.kill()
        self.feed.hold()
        remove_database(self.seat, "records.sqlite")

    def heal(self):
        self.seat.start()
        self.feed.resend(everything=True)
        self.feed.release()

    def recovered(self):
        self.feed.is_suspended = False


class RestoredBackup(Fault):
    name = "restored-backup"
    sentence = "A source's records go back to a copy some seconds old, and its feed sends again what is missing."
    needs_repair = True
    hold = (1.5, 4.0)

    def inject(self):
        self.seat.kill()
        self.feed.hold()
        self.backup = self.seat.file("backup")
        copy_database(self.seat.file("records.sqlite"), self.backup)
        self.feed.mark()
        self.seat.start()
        self.feed.release()

    def heal(self):
        self.feed.is_suspended = True
        self.seat.kill()
        self.feed.hold()
        remove_database(self.seat, "records.sqlite")
        copy_database(self.backup, self.seat.file("records.sqlite"))
        remove_files(self.backup)
        self.detail = f"{len(self.feed.touched)} resources back"
        self.seat.start()
        self.feed.resend(everything=False)
        self.feed.release()

    def recovered(self):
        self.feed.is_suspended = False


class IndexLocked(Fault):
    name = "index-locked"
    sentence = "Another process holds the index file locked for some seconds."
    hold = (1.0, 9.0)

    def inject(self):
        self.holder = subprocess.Popen(
            [sys.executable, "-c", LOCK_SCRIPT, self.seat.file("index.sqlite")], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, start_new_session=True)
        self.mesh.janitor.note("process", self.holder.pid, start_ticks(self.holder.pid))
        if self.holder.stdout.readline().strip() != "locked":
            self.detail = "the lock was not to be had"

    def heal(self):
        self.holder.stdin.close()
        self.holder.wait(timeout=30)
        self.holder.stdout.close()


class BitFlip(Fault):
    name = "bit-flip"
    sentence = "Bits of the index file change: anywhere while the worker is dead or runs, or in the code of one row."
    hold = (0.0, 1.0)
    needs_repair = True
    bits_max = 32

    def inject(self):
        self.detail = self.random.choice(["dead", "running", "row"])
        if self.detail == "running":
            self.seat.disturb("its index is damaged")
            self._flip_anywhere()
            return
        self.seat.kill()
        checkpoint(self.seat.file("index.sqlite"))
        if self.detail == "row":
            self._flip_row()
        else:
            self._flip_anywhere()

    def heal(self):
        if not self.seat.lives:
            self.seat.start()
            self.seat.disturb("its index is damaged")

    def recovered(self):
        self.seat.settle()

    def _flip_anywhere(self):
        path = self.seat.file("index.sqlite")
        for _ in range(self.random.randint(1, self.bits_max)):
            flip_bit(path, self.random.randrange(os.path.getsize(path)), self.random.randrange(8))

    def _flip_row(self):
        """The last digit of a code becomes its neighbour: a sound file that does not tell the truth."""
        path = self.seat.file("index.sqlite")
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
        codes = [row[0] for row in connection.execute(
            "SELECT code FROM entry WHERE type = 'Condition' AND source <> (SELECT id FROM source WHERE hie = ?)",
            (self.seat.hie,))]
        connection.close()
        if not codes:
            return
        code = self.random.choice(codes).encode()
        with open(path, "rb") as file:
            offset = file.read().find(b"condition" + code + b"http")
        if offset >= 0:
            flip_bit(path, offset + len(b"condition") + len(code) - 1, 0)


def checkpoint(path):
    """Moves what the write-ahead log holds into the file, so that there is something to damage."""
    connection = sqlite3.connect(path, timeout=10)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def remove_database(seat, name):
    remove_files(seat.file(name))


def remove_files(path):
    for suffix in ("", "-wal", "-shm"):
        if os.path.exists(path + suffix):
            os.remove(path + suffix)


def copy_database(path, to):
    for suffix in ("", "-wal"):
        if os.path.exists(path + suffix):
            shutil.copy2(path + suffix, to + suffix)
