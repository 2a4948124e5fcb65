"""Undoes what a run did to the machine, however the run ends.

The run writes a line for everything that will have to be undone; when its end of the pipe closes, because it is done,
was interrupted or killed, this process undoes all of it in reverse order.

process PID TICKS   SIGKILL, if it is still that process
broker DIR          the processes named in DIR/*.process
shared-memory PID   what libfaketime leaves behind in /dev/shm
mount PATH          unmount, which frees the loop device
link NAME           a network interface; its peer goes with it
namespace NAME      a network namespace
route BLOCK         the route that keeps a block of addresses inside the machine
directory PATH      delete it, unless a line `keep` was written
"""
import glob
import os
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from torturelib.system import signal_process  # noqa: E402

UNMOUNT_SECONDS_MAX = 10


class Janitor:
    """The run's side: tells the janitor process what to undo."""

    def __init__(self):
        self.process = subprocess.Popen([sys.executable, "-B", os.path.abspath(__file__)], stdin=subprocess.PIPE,
                                        text=True, start_new_session=True)

    def note(self, *words):
        """To be called before the deed, or as soon as its name is known."""
        self.process.stdin.write(" ".join(str(word) for word in words) + "\n")
        self.process.stdin.flush()

    def finish(self):
        """Everything is undone when this returns."""
        self.process.stdin.close()
        try:
            self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            print("torture: the clean-up takes longer than 60 s and goes on by itself", file=sys.stderr)


def kill_process(pid, ticks):
    if signal_process(int(pid), int(ticks), signal.SIGKILL):
        for _ in range(100):
            if not signal_process(int(pid), int(ticks), 0):
                return
            time.sleep(0.05)


def kill_broker(directory):
    for path in glob.glob(f"{directory}/*.process"):
        try:
            with open(path) as file:
                kill_process(*file.read().split())
        except (OSError, TypeError, ValueError):
            pass


def remove_shared_memory(pid):
    for path in (f"/dev/shm/faketime_shm_{pid}", f"/dev/shm/sem.faketime_sem_{pid}"):
        if os.path.exists(path):
            os.remove(path)


def unmount(path):
    for _ in range(UNMOUNT_SECONDS_MAX * 5):
        if not os.path.ismount(path):
            return
        if quietly("umount", path):
            return
        time.sleep(0.2)
    quietly("umount", "-l", path)


def quietly(*command):
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def undo(what, arguments, keeps):
    if what == "process":
        kill_process(*arguments)
    elif what == "broker":
        kill_broker(*arguments)
    elif what == "shared-memory":
        remove_shared_memory(*arguments)
    elif what == "mount":
        unmount(*arguments)
    elif what == "link":
        quietly("ip", "link", "del", *arguments)
    elif what == "namespace":
        quietly("ip", "netns", "del", *arguments)
    elif what == "route":
        quietly("ip", "route", "del", "unreachable", *arguments)
    elif what == "directory" and not keeps:
        shutil.rmtree(arguments[0], ignore_errors=True)


def main():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    notes = [line.split() for line in sys.stdin if line.strip()]
    keeps = ["keep"] in notes
    done = set()
    for note in reversed(notes):
        if tuple(note) in done:
            continue
        done.add(tuple(note))
        try:
            undo(note[0], note[1:], keeps)
        except Exception as error:  # the rest is to be undone all the same
            print(f"torture: could not undo {' '.join(note)}: {error}", file=sys.stderr)


if __name__ == "__main__":
    main()
