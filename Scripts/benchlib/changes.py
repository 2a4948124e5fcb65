"""How soon a change is seen, and what an index costs: latency, memory, rebuild."""
import json
import os
import sqlite3
import statistics
import time

from benchlib.system import WAIT_SECONDS_MAX, BenchmarkError, until
from benchlib.worker import Worker
from torturelib.feed import NUMBER_SYSTEM, nhs_numbers


def changes(count):
    """NDJSON: a Patient and nineteen Conditions each, of which every one is a change."""
    lines = []
    for made, number in enumerate(nhs_numbers(999_000_000), 1):
        if len(lines) >= count:
            break
        lines.append(json.dumps({
            "resourceType": "Patient", "id": f"p{made}", "name": [{"family": "Example", "given": ["A"]}],
            "birthDate": "1970-01-01", "gender": "female",
            "identifier": [{"system": NUMBER_SYSTEM, "value": str(number)}]}))
        for item in range(19):
            lines.append(json.dumps({
                "resourceType": "Condition", "id": f"c{made}-{item}", "subject": {"reference": f"Patient/p{made}"},
                "clinicalStatus": {"coding": [{"code": "active"}]}, "onsetDateTime": "2020-05-01T10:00:00Z",
                "code": {"coding": [{"system": "http://snomed.info/sct", "code": "195967001", "display": "Asthma"}]}}))
    return "\n".join(lines[:count]) + "\n"


def bare_sqlite(index):
    """Rows a second of the sqlite3 library alone: the same rows into the same table, 5,000 a transaction."""
    copy = sqlite3.connect(f"file:{index}?mode=ro", uri=True)
    schema = copy.execute("SELECT sql FROM sqlite_master WHERE name = 'entry'").fetchone()[0]
    rows = copy.execute("SELECT * FROM entry ORDER BY seq").fetchall()
    path = index + ".bare"
    bare = sqlite3.connect(path, isolation_level=None)
    bare.execute("PRAGMA journal_mode = WAL")
    bare.execute("PRAGMA synchronous = NORMAL")
    bare.execute("PRAGMA cache_size = -16384")
    bare.execute(schema)
    marks = ", ".join("?" * len(rows[0]))
    began = time.monotonic()
    for start in range(0, len(rows), 5000):
        bare.execute("BEGIN")
        bare.executemany(f"INSERT OR REPLACE INTO entry VALUES ({marks})", rows[start:start + 5000])
        bare.execute("COMMIT")
    seconds = time.monotonic() - began
    bare.close()
    os.remove(path)
    return len(rows) / seconds


def latency(stage):
    source, remote = Worker(stage, "homerton"), Worker(stage, "croydon")
    for worker in (source, remote):
        until(lambda: b'"ready"' in worker.request("GET", "/readyz"), "the workers")
    source.request("PUT", "/fhir/Patient/p", json.dumps({
        "resourceType": "Patient", "id": "p",
        "identifier": [{"system": NUMBER_SYSTEM, "value": "9990000018"}]}))
    figures, accepted, after, lookups = [], [], [], []
    for sample in range(stage.options.samples + 20):
        code = f"c{sample}"
        body = json.dumps({"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/p"},
                           "code": {"coding": [{"system": "s", "code": code}]}})
        began = time.monotonic()
        source.request("PUT", "/fhir/Condition/c", body)
        accepted.append(time.monotonic() - began)
        while True:
            asked = time.monotonic()
            text = remote.request("GET", "/api/patients/9990000018")
            lookups.append(time.monotonic() - asked)
            if f'"{code}"'.encode() in text:
                break
            time.sleep(0.0005)  # to ask without rest would keep a core of the idle mesh busy
        figures.append(time.monotonic() - began)
        after.append(figures[-1] - accepted[-1])
        time.sleep(0.02)
    figures, lookups = sorted(figures[20:]), sorted(lookups)
    print(f"latency: change sent to visible elsewhere: median {statistics.median(figures) * 1000:.1f} ms, "
          f"p95 {figures[int(len(figures) * 0.95)] * 1000:.1f} ms, max {figures[-1] * 1000:.1f} ms "
          f"({len(figures)} samples)")
    print(f"latency: of that, until it was accepted: median {statistics.median(accepted[20:]) * 1000:.1f} ms; "
          f"from then until visible: median {statistics.median(after[20:]) * 1000:.1f} ms")
    print(f"latency: lookup over HTTP: median {statistics.median(lookups) * 1000:.2f} ms, "
          f"p99 {lookups[int(len(lookups) * 0.99)] * 1000:.2f} ms ({len(lookups)} samples)")
    source.stop()
    remote.stop()


def memory(stage):
    sample = stage.path("population")
    stage.run("population", "--seed", "1", "--patients", str(stage.options.patients), "--hie", "imperial",
              "--hie", "ncl", "--out", sample)
    rest = Worker(stage, "st-georges")
    until(lambda: b'"ready"' in rest.request("GET", "/readyz"), "the worker")
    sources = [Worker(stage, hie) for hie in ("imperial", "ncl")]
    for source, hie in zip(sources, ("imperial", "ncl")):
        stage.run("ingest", "--to", source.url, os.path.join(sample, f"{hie}.ndjson"))
    heads = {hie: source.metric("wherry_journal_head") for source, hie in zip(sources, ("imperial", "ncl"))}
    until(lambda: all(rest.metric(f'wherry_source_watermark{{source="{hie}"}}') == head
                      for hie, head in heads.items()), "the index")
    print(f"memory: just filled {rest.resident_mebibytes():.0f} MiB")
    rest.stop()
    rest = Worker(stage, "st-georges")
    until(lambda: b'"ready"' in rest.request("GET", "/readyz"), "the worker")
    time.sleep(10)
    index = sqlite3.connect(f"file:{stage.path('st-georges')}/index.sqlite?mode=ro", uri=True)
    patients, entries = index.execute("SELECT count(DISTINCT patient), count(*) FROM entry").fetchone()
    print(f"memory: at rest {rest.resident_mebibytes():.0f} MiB resident with {patients:,} patients and "
          f"{entries:,} entries indexed")
    for worker in [rest] + sources:
        worker.stop()


def rebuild(stage):
    """Entries a second from a journal into a deleted index, and how long lookups took meanwhile."""
    path = stage.path("rebuild.ndjson")
    with open(path, "w") as file:
        file.write(changes(stage.options.entries))
    source, subscriber = Worker(stage, "croydon"), Worker(stage, "st-georges")
    for worker in (source, subscriber):
        until(lambda: b'"ready"' in worker.request("GET", "/readyz"), "the workers")
    stage.run("ingest", "--to", source.url, path)
    watermark = 'wherry_source_watermark{source="croydon"}'
    until(lambda: subscriber.metric(watermark) == stage.options.entries, "the first filling")
    subscriber.stop()
    index = stage.path("st-georges", "index.sqlite")
    for part in ("", "-wal", "-shm"):
        if os.path.exists(index + part):
            os.remove(index + part)
    subscriber = Worker(stage, "st-georges")
    until(lambda: (subscriber.metric(watermark) or 0) > 0, "the first page")
    already, began = subscriber.metric(watermark), time.monotonic()
    cpu, lookups, reached = subscriber.cpu_seconds(), [], already
    while reached < stage.options.entries:
        for _ in range(10):
            asked = time.monotonic()
            subscriber.request("GET", "/api/patients/9990000018")
            lookups.append(time.monotonic() - asked)
            time.sleep(0.01)
        reached = subscriber.metric(watermark)
        if time.monotonic() - began > WAIT_SECONDS_MAX:
            raise BenchmarkError("the index was not filled in time")
    seconds = time.monotonic() - began
    cpu = subscriber.cpu_seconds() - cpu
    rate = (stage.options.entries - already) / seconds
    lookups.sort()
    print(f"rebuild: {stage.options.entries - already:,.0f} entries in {seconds:.1f} s = {rate:,.0f} entries/s, "
          f"{cpu / (stage.options.entries - already) * 1e6:.1f} µs of the subscriber's CPU an entry, "
          f"{subscriber.resident_mebibytes():.0f} MiB resident")
    print(f"rebuild: lookups meanwhile: median {statistics.median(lookups) * 1000:.2f} ms, "
          f"p99 {lookups[int(len(lookups) * 0.99)] * 1000:.2f} ms ({len(lookups)} samples)")
    source.stop()
    subscriber.stop()
    bare = bare_sqlite(index)
    print(f"rebuild: bare SQLite {bare:,.0f} rows/s; ratio {rate / bare:.2f}")
