"""Commands, waiting, processes and bits: what every other part needs of the operating system."""
import os
import subprocess
import time
from datetime import datetime, timezone

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
COMMAND_SECONDS_MAX = 120


class TortureError(Exception):
    """Something that ends the run; the message says what and where to look."""


def run(*command, seconds=COMMAND_SECONDS_MAX):
    """The standard output of a command, which must succeed. It does not see Ctrl-C, so that it ends what it began."""
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds,
                            start_new_session=True)
    if result.returncode != 0:
        said = (result.stderr or result.stdout).strip()[-2000:]
        raise TortureError(f"{' '.join(command)}: status {result.returncode}: {said}")
    return result.stdout


def until(condition, seconds, pause=0.05):
    """Asks again and again until `condition` holds, for so many seconds at most. Returns whether it did."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(pause)
    return bool(condition())


def start_ticks(pid):
    """When a process started, in clock ticks since boot, or None: tells it from a later one with the same number."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[19])


def signal_process(pid, started, number):
    """Signals that very process, never a stranger with its number. Returns whether it lives."""
    if started is None or start_ticks(pid) != started:
        return False
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def moment(text):
    """Seconds since 1970 of an ISO 8601 moment in UTC, or None."""
    if not text:
        return None
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def clock_text(seconds):
    """The time of day of a moment, as the logs have it."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%H:%M:%S.%f")[:-3] + "Z"


def flip_bit(path, offset, bit):
    """Inverts one bit of a file where it lies, as a failing disk does."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        byte = os.pread(descriptor, 1, offset)[0]
        os.pwrite(descriptor, bytes([byte ^ 1 << bit]), offset)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
