"""Where a worker's processor time goes, by `perf`, where that is installed and may be used."""
import collections
import contextlib
import re
import shutil
import signal
import subprocess

from benchlib.system import BenchmarkError

FREQUENCY = 499
END_SECONDS_MAX = 60
#: Names of symbols, as the compiler writes them, or libraries: a sample counts for the group of its innermost frame
#: that belongs to one, so that what a part has others do (memory, copies) is its own.
GROUPS = (
    ("decoding JSON", re.compile(r"10CareRecord\d+(JSON|NDJSON)")),
    ("digests", re.compile(r"BucketDigest")),
    ("reading FHIR", re.compile(r"\$s10CareRecord")),
    ("SQLite", re.compile(r"sqlite|GRDB|\$s7Storage")),
    ("HTTP", re.compile(r"Hummingbird|NIO|HTTP|\$s7Gateway")),
    ("the rest of the worker", re.compile(r"\$s6Worker|\$s11Replication")),
)
REST = "the runtime, the kernel and others"


def obstacle():
    """Why there can be no profile here, or None."""
    if shutil.which("perf") is None:
        return "perf is not installed"
    tried = subprocess.run(["perf", "record", "-q", "-e", "cpu-clock", "-o", "/dev/null", "true"],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return None if tried.returncode == 0 else "perf may not be used"


@contextlib.contextmanager
def watching(stage, pid, shares):
    """Fills `shares` with (name, share) of what the process did meanwhile, the largest first."""
    path = stage.path("perf.data")
    recorder = subprocess.Popen(["perf", "record", "-q", "-F", str(FREQUENCY), "-e", "cpu-clock", "-g", "-p", str(pid),
                                 "-o", path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        recorder.send_signal(signal.SIGINT)
        recorder.wait(timeout=END_SECONDS_MAX)
    script = subprocess.run(["perf", "script", "-i", path, "-F", "ip,sym,dso"], capture_output=True, text=True,
                            timeout=END_SECONDS_MAX)
    counts = collections.Counter(group(sample) for sample in script.stdout.split("\n\n") if sample.strip())
    if not counts:
        raise BenchmarkError(f"perf recorded nothing: {script.stderr.strip()[-500:]}")
    total = sum(counts.values())
    shares += [(name, count / total) for name, count in counts.most_common()]


def group(sample):
    """Of a stack, innermost frame first."""
    for frame in sample.splitlines():
        for name, pattern in GROUPS:
            if pattern.search(frame):
                return name
    return REST
