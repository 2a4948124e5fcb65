"""The images: the worker's own, and stand-ins for those that no registry gives us here."""
import os
import re
import shlex
import shutil
import subprocess
import tempfile

from containerslib.engine import STATE, ContainersError
from torturelib.system import ROOT, run

DEBIAN = "docker.io/library/debian:bookworm-slim"
SWIFT = "docker.io/library/swift:6.3-bookworm"
RABBITMQ = "docker.io/library/rabbitmq:4.1-management"
WORKER = "wherry/worker:latest"
PULL_SECONDS_MAX = 600
BUILD_SECONDS_MAX = 3600


class Images:
    """Builds what is missing. `offline` asks no registry at all."""

    def __init__(self, engine, offline, tell):
        self.engine, self.tell = engine, tell
        #: Found out by the first image that cannot be pulled.
        self.offline = offline

    def ensure(self, name, make):
        """Has `name` in the engine's store: pulled, or else made here by `make`."""
        if self.engine.has_image(name):
            return
        if not self.offline:
            result = self.engine.run("pull", "--quiet", name, check=False, seconds=PULL_SECONDS_MAX)
            if result.returncode == 0:
                return
            if not self.engine.is_podman:
                raise ContainersError(f"{name} cannot be pulled: {result.stderr.strip()[-500:]}")
            self.offline = True
        self.tell(f"no registry gives {name}: a stand-in is made of Debian's packages")
        make()

    def debian(self):
        self.ensure(DEBIAN, self._make_debian)

    def rabbitmq(self):
        self.ensure(RABBITMQ, lambda: self._make_standin(RABBITMQ, "rabbitmq"))

    def swift(self):
        self.ensure(SWIFT, lambda: self._make_standin(SWIFT, "swift"))

    def _make_debian(self):
        with tempfile.TemporaryDirectory(dir=STATE) as directory:
            run("debootstrap", "--variant=minbase", "bookworm", directory, seconds=900)
            # What the slim image leaves out.
            archive = subprocess.Popen(
                ["tar", "--directory", directory, "--exclude=./var/cache/apt/*", "--exclude=./var/lib/apt/lists/*",
                 "--exclude=./usr/share/doc/*", "--exclude=./usr/share/man/*", "--exclude=./usr/share/locale/*",
                 "--exclude=./var/log/*", "--create", "."], stdout=subprocess.PIPE)
            result = subprocess.run([self.engine.name, "import", "-", DEBIAN], env=self.engine.environment,
                                    stdin=archive.stdout, capture_output=True, text=True, timeout=300)
            if result.returncode != 0 or archive.wait() != 0:
                raise ContainersError(f"{DEBIAN} could not be imported: {result.stderr.strip()[-500:]}")

    def _make_standin(self, name, folder):
        self.debian()
        self.engine.run("build", "--tag", name, os.path.join(ROOT, "Docker", "standins", folder),
                        seconds=BUILD_SECONDS_MAX)

    def worker(self, prebuilt=None):
        """The worker's image: built from the sources, or around a binary that was built on this machine."""
        self.debian()
        words = ["build", "--file", os.path.join(ROOT, "Docker", "worker", "Dockerfile"), "--tag", WORKER,
                 "--build-arg", f"REVISION={revision()}"]
        if self.engine.is_podman:
            # The other format has no health check.
            words += ["--format", "docker"]
        if prebuilt:
            with tempfile.TemporaryDirectory(dir=STATE) as directory:
                package(prebuilt, os.path.join(directory, "out"))
                self._build(words + ["--build-context", f"build={directory}"])
            return
        self.swift()
        volumes = os.environ.get("WHERRY_BUILD_VOLUMES", "").split()
        if self.offline:
            volumes.append(f"{toolchain()}:/opt/swift/usr:ro")
        if volumes and not self.engine.is_podman:
            raise ContainersError("Docker mounts nothing while it builds: leave out --offline and WHERRY_BUILD_VOLUMES,"
                                  " use --engine podman, or package a binary with --prebuilt")
        self._build(words + [word for volume in volumes for word in ("--volume", volume)])

    def _build(self, words):
        self.tell(f"$ {self.engine.name} {shlex.join(words)} .")
        self.engine.show(*words, ROOT, seconds=BUILD_SECONDS_MAX)

    def size_mib(self, name):
        """Of all layers together."""
        return int(self.engine.run("image", "inspect", "--format", "{{.Size}}", name)) / (1 << 20)


def package(binary, directory):
    """A binary that was built on this machine, with the libraries of Swift that it needs and Debian does not have."""
    if not os.access(binary, os.X_OK):
        raise ContainersError(f"{binary} cannot be run: build it first (swift build --product wherry)")
    os.makedirs(directory)
    shutil.copy(binary, os.path.join(directory, "wherry"))
    run("strip", "--strip-debug", os.path.join(directory, "wherry"))
    swift = os.path.join(toolchain(), "lib", "swift", "linux")
    for line in run("ldd", binary).splitlines():
        found = re.match(r"\s*(lib\S+\.so\S*) => (\S+)", line)
        if found and found.group(2).startswith(swift):
            # Found beside the binary, by its run path $ORIGIN.
            shutil.copy(found.group(2), directory)


def toolchain():
    """The `usr` of the Swift that is on the path."""
    swift = shutil.which("swift")
    if not swift:
        raise ContainersError("swift is not installed: install it from https://www.swift.org/install")
    return os.path.dirname(os.path.dirname(os.path.realpath(swift)))


def revision():
    result = subprocess.run(["git", "-C", ROOT, "rev-parse", "HEAD"], capture_output=True, text=True)
    return result.stdout.strip() or "unknown"
