"""Docker, or Podman where there is no Docker engine, with everything of Podman's under a folder of its own."""
import os
import shutil
import subprocess
import sys

from torturelib.system import ROOT, TortureError as ContainersError, run

STATE = os.path.join(ROOT, ".build-containers")
PYTHON = os.path.join(ROOT, ".build-python-containers", "bin")
PODMAN_PACKAGES = ("podman", "buildah", "runc", "netavark", "aardvark-dns", "debootstrap")
COMPOSE_SECONDS_MAX = 300

CONTAINERS_CONF = """\
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
tmp_dir = "{run}/tmp"
[network]
network_backend = "netavark"
network_config_dir = "{state}/networks"
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=10000:10000"]
"""
STORAGE_CONF = """\
[storage]
driver = "overlay"
graphroot = "{state}/storage"
runroot = "{run}/storage"
"""


def has_docker():
    """Whether a Docker engine answers, with Compose."""
    if not shutil.which("docker"):
        return False
    return all(subprocess.run(["docker", *words], capture_output=True, timeout=30).returncode == 0
               for words in (["info"], ["compose", "version"]))


class Engine:
    """One of the two. `name` is the command, which takes the same words in either."""

    def __init__(self, tell, wanted=None):
        self.tell = tell
        self.name = wanted or ("docker" if has_docker() else "podman")
        self.environment = dict(os.environ)
        if self.name == "podman":
            self._prepare_podman()

    @property
    def is_podman(self):
        return self.name == "podman"

    def _prepare_podman(self):
        if os.geteuid() != 0:
            raise ContainersError("there is no Docker engine here, and Podman is used as root: start Docker, or be "
                                  "root")
        missing = [package for package in PODMAN_PACKAGES if "install ok installed" not in subprocess.run(
            ["dpkg-query", "-W", "-f", "${Status}", package], capture_output=True, text=True).stdout]
        if missing:
            self.tell(f"installing {' '.join(missing)}")
            run("apt-get", "update", "-qq", seconds=300)
            run("env", "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1", "apt-get", "install", "-y", "-qq",
                "--no-install-recommends", *missing, seconds=600)
        # Sockets have short names: the paths of a deep folder would not fit.
        place = {"state": STATE, "run": f"/run/wherry-{os.stat(ROOT).st_ino}"}
        os.makedirs(f"{STATE}/networks", exist_ok=True)
        for name, text in (("containers.conf", CONTAINERS_CONF), ("storage.conf", STORAGE_CONF)):
            with open(os.path.join(STATE, name), "w") as file:
                file.write(text.format(**place))
        self.environment.update(CONTAINERS_CONF=f"{STATE}/containers.conf",
                                CONTAINERS_STORAGE_CONF=f"{STATE}/storage.conf")

    def run(self, *words, seconds=120, check=True, text=None):
        """What the engine's command prints; with `check` it must succeed."""
        result = subprocess.run([self.name, *words], env=self.environment, input=text, capture_output=True, text=True,
                                timeout=seconds, stdin=None if text is not None else subprocess.DEVNULL)
        if check and result.returncode != 0:
            said = (result.stderr or result.stdout).strip()[-1500:]
            raise ContainersError(f"{self.name} {' '.join(words)}: status {result.returncode}: {said}")
        return result.stdout if check else result

    def show(self, *words, seconds=1800):
        """The same, printing as it goes."""
        status = subprocess.run([self.name, *words], env=self.environment, stdin=subprocess.DEVNULL, stdout=sys.stdout,
                                stderr=subprocess.STDOUT, timeout=seconds).returncode
        if status != 0:
            raise ContainersError(f"{self.name} {' '.join(words[:2])}: status {status}")

    def has_image(self, name):
        return self.run("image", "inspect", name, check=False).returncode == 0

    def compose(self, file, project, *words, seconds=COMPOSE_SECONDS_MAX):
        """What a command of Compose prints."""
        command = [self.name, "compose"] if not self.is_podman else [os.path.join(PYTHON, "podman-compose")]
        command += ["--file", file, "--project-name", project, *words]
        # podman-compose finds neither podman-compose's Python nor Podman's settings by itself.
        result = subprocess.run(command, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                timeout=seconds)
        if result.returncode != 0:
            said = (result.stderr + result.stdout).strip()[-3000:]
            raise ContainersError(f"compose {' '.join(words)}: status {result.returncode}: {said}")
        return result.stdout
