"""A worker that is asked over one connection, for the measurements of one source and one subscriber."""
import http.client
import os
import re
import signal
import subprocess

from benchlib.system import LONDON, BenchmarkError
from torturelib.system import start_ticks

NOWHERE = "amqp://guest:guest@127.0.0.1:1"
STOP_SECONDS_MAX = 30


class Worker:
    """One worker process; `stop` is graceful. `data` is the directory of its files, `more` are further arguments."""

    def __init__(self, stage, hie, broker_url=None, topology=LONDON, data=None, more=()):
        self.log = open(stage.path(f"{hie}.log"), "a+")
        command = [stage.wherry, "worker", "--topology", topology, "--hie", hie, "--data", data or stage.path(hie),
                   "--listen", "127.0.0.1:0", "--broker-url", broker_url or stage.broker.url(),
                   "--log-level", "warning", *more]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True)
        stage.janitor.note("process", self.process.pid, start_ticks(self.process.pid))
        line = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        if not found:
            raise BenchmarkError(f"the worker of {hie} did not start: see {self.log.name}")
        self.port = int(found.group(1))
        self.url = f"http://127.0.0.1:{self.port}"
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port)

    def request(self, method, path, body=None):
        try:
            self.connection.request(method, path, body, {"Content-Type": "application/fhir+json"})
            response = self.connection.getresponse()
        except http.client.RemoteDisconnected:
            # A connection that was idle for long is closed by the worker.
            self.connection.close()
            self.connection.request(method, path, body, {"Content-Type": "application/fhir+json"})
            response = self.connection.getresponse()
        text = response.read()
        if response.status >= 400:
            raise BenchmarkError(f"{method} {path.split('?')[0]}: {response.status}")
        return text

    def metric(self, name):
        for line in self.request("GET", "/metrics").decode().splitlines():
            if line.startswith(name + " "):
                return float(line.rsplit(" ", 1)[1])
        return None

    def resident_mebibytes(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) / 1024

    def cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=STOP_SECONDS_MAX)
