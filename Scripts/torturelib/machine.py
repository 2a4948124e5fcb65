"""A disk of its own and a network of its own: loop-mounted images and network namespaces."""
import ctypes
import fcntl
import os
import shutil
import struct
import subprocess

from torturelib.system import TortureError, run, until

EXT4_IOC_SHUTDOWN = 0x8004587D
SHUTDOWN_WITHOUT_LOG_FLUSH = 2
UNMOUNT_SECONDS_MAX = 10
CLONE_NEWNS = 0x00020000
MS_REC_PRIVATE = 0x4000 | 0x40000


class Disk:
    """An ext4 image, mounted through a loop device, of which the power can be cut."""

    def __init__(self, directory, mebibytes, janitor):
        self.directory = directory
        self.image = directory + ".ext4"
        os.makedirs(directory)
        with open(self.image, "wb") as file:
            file.truncate(mebibytes << 20)
        run("mkfs.ext4", "-q", "-F", "-m", "0", self.image)
        janitor.note("mount", directory)
        self.mount()

    def mount(self):
        run("mount", "-o", "loop", self.image, self.directory)

    def cut(self):
        """From now on nothing reaches the disk, and what is in the page cache is lost with the unmount."""
        descriptor = os.open(self.directory, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, EXT4_IOC_SHUTDOWN, struct.pack("I", SHUTDOWN_WITHOUT_LOG_FLUSH))
        finally:
            os.close(descriptor)

    def revive(self):
        """Mounts it again after a cut; whoever used it must have ended."""
        def is_back():
            if os.path.ismount(self.directory):
                subprocess.run(["umount", self.directory], capture_output=True)
            if os.path.ismount(self.directory):
                return False
            self.mount()
            return self._is_sound()
        if not until(is_back, UNMOUNT_SECONDS_MAX, pause=0.2):
            raise TortureError(f"{self.directory} cannot be unmounted and mounted again")

    def _is_sound(self):
        """Not so while somebody else's copy of the mounts keeps the one that was cut."""
        probe = os.path.join(self.directory, "probe")
        try:
            with open(probe, "wb") as file:
                file.write(b"probe")
                os.fsync(file.fileno())
            os.remove(probe)
        except OSError:
            return False
        return True

    def fill(self):
        """Takes all space that is left."""
        with open(self.ballast, "wb") as file:
            for size in (1 << 20, 1 << 12):
                try:
                    while True:
                        os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, size)
                except OSError:
                    pass

    def free(self):
        if os.path.exists(self.ballast):
            os.remove(self.ballast)

    @property
    def ballast(self):
        return os.path.join(self.directory, "ballast")


class Network:
    """A network namespace, joined to the broker's side by a veth pair."""

    def __init__(self, name, number, block, janitor):
        self.name = f"wherry-{os.getpid()}-{name}"
        self.link = f"wht{os.getpid() % 1_000_000}n{number}"
        self.inner_link = self.link + "i"
        #: Of the broker's side, then of the namespace.
        self.outer_address, self.address = (f"{block}.{number * 4 + place}" for place in (1, 2))
        self.rules = []
        janitor.note("namespace", self.name)
        run("ip", "netns", "add", self.name)
        janitor.note("link", self.link)
        run("ip", "link", "add", self.link, "type", "veth", "peer", "name", self.inner_link, "netns", self.name)
        run("ip", "address", "add", f"{self.outer_address}/30", "dev", self.link)
        run("ip", "link", "set", self.link, "up")
        run(*self.prefix, "ip", "address", "add", f"{self.address}/30", "dev", self.inner_link)
        run(*self.prefix, "ip", "link", "set", self.inner_link, "up")
        run(*self.prefix, "ip", "link", "set", "lo", "up")

    @property
    def prefix(self):
        """Runs a command inside. Unlike `ip netns exec` and `ip -n` it makes no copy of the mounts, which would keep a
        disk that was cut busy after its unmount."""
        return ["nsenter", f"--net=/run/netns/{self.name}"]

    def drop(self, port, incoming, outgoing):
        """Loses what comes from, and what goes to, that port of the broker; everything else passes."""
        if incoming:
            self.rules.append(["INPUT", "-p", "tcp", "--sport", str(port), "-j", "DROP"])
        if outgoing:
            self.rules.append(["OUTPUT", "-p", "tcp", "--dport", str(port), "-j", "DROP"])
        for rule in self.rules:
            run(*self.prefix, "iptables", "-w", "-A", *rule)

    def pull(self):
        """Takes the cable out, at the worker's end."""
        run(*self.prefix, "ip", "link", "set", self.inner_link, "down")

    def heal(self):
        for rule in self.rules:
            run(*self.prefix, "iptables", "-w", "-D", *rule)
        self.rules = []
        run(*self.prefix, "ip", "link", "set", self.inner_link, "up")


def separate_mounts():
    """From here on this process and its children mount for themselves alone: a stranger's copy of a mount would keep a
    disk busy after its unmount. Returns why that cannot be, or None."""
    if os.geteuid() != 0:
        return "not root"
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0 or libc.mount(b"none", b"/", None, MS_REC_PRIVATE, None) != 0:
        return f"no mounts of its own: {os.strerror(ctypes.get_errno())}"
    return None


def take_block(janitor):
    """The first three numbers of addresses, of the range for tests of networks (RFC 2544), that nobody uses here. What
    is sent there while the networks come and go is refused, and never takes the default route out of the machine."""
    taken = run("ip", "-o", "-4", "address") + run("ip", "-4", "route")
    for offset in range(256):
        block = f"198.18.{(os.getpid() + offset) % 256}"
        if f" {block}." not in taken:
            janitor.note("route", f"{block}.0/24")
            run("ip", "route", "add", "unreachable", f"{block}.0/24")
            return block
    raise TortureError("198.18.0.0/16 is in use on this machine")


def disks_obstacle(directory, janitor):
    """Why there can be no disks here, or None."""
    try:
        probe = Disk(os.path.join(directory, "probe"), 8, janitor)
        probe.cut()
        probe.revive()
        run("umount", probe.directory)
        os.remove(probe.image)
    except (TortureError, OSError) as error:
        return f"no loop-mounted ext4: {error}"
    return None


def networks_obstacle(janitor):
    """Why there can be no network namespaces here, or None."""
    if os.geteuid() != 0:
        return "not root"
    for tool in ("ip", "iptables", "nsenter"):
        if not shutil.which(tool):
            return f"{tool} is not installed"
    name = f"wherry-{os.getpid()}-probe"
    link = f"wht{os.getpid() % 1_000_000}p"
    try:
        janitor.note("namespace", name)
        run("ip", "netns", "add", name)
        janitor.note("link", link)
        run("ip", "link", "add", link, "type", "veth", "peer", "name", link + "i", "netns", name)
        rule = ["INPUT", "-p", "tcp", "--sport", "1", "-j", "DROP"]
        run("nsenter", f"--net=/run/netns/{name}", "iptables", "-w", "-A", *rule)
    except (TortureError, OSError) as error:
        return f"no network namespaces: {error}"
    finally:
        subprocess.run(["ip", "link", "del", link], capture_output=True)
        subprocess.run(["ip", "netns", "del", name], capture_output=True)
    return None
