"""Lookups under an even load, with everybody well and with a part of the mesh gone.

A lookup reads the local index and nothing else (promise P4), so that it has to take as long with three of ten workers
stopped and a broker gone as with everybody well. In every round the mesh is well before and well after the faults: how
far these two are apart is the noise of the machine.
"""
import json
import random
import statistics
import time

from benchlib import load
from benchlib.figures import judged, milliseconds, percentile, ranks, spread
from benchlib.system import expect

#: Two whose own broker goes on, and one whose own broker is gone with the others.
ASKED = ("barts", "kingston", "imperial")
STOPPED = ("homerton", "croydon", "ncl")
#: Of nwl.
BROKER_GONE = 2
WARM_UP_SECONDS = 3
SETTLE_SECONDS = 5
RATIO_MAX = 1.1


class Phase:
    """What came of one load, and who had the processors meanwhile."""

    def __init__(self, samples, seconds, used):
        self.times = [sample.seconds for sample in samples]
        self.late = percentile([sample.sent - sample.due for sample in samples if sample.sent], 0.99)
        self.seconds, self.used = seconds, used

    def at(self, share):
        return percentile(self.times, share)

    def text(self):
        asked, own, others = self.used
        return (f"{ranks(self.times)}, max {milliseconds(max(self.times))} ({len(self.times):,} lookups; sent late p99 "
                f"{milliseconds(self.late)}; CPU of the asked {milliseconds(asked / len(self.times))} a lookup, of all "
                f"that is measured {own / self.seconds:.0%} of a core, of others {others / self.seconds:.0%})")


def lookups(stage):
    mesh, options = stage.london, stage.options
    expected = mesh.entries(ASKED[0])
    print(f"lookups: {len(mesh.seats)} workers on {len(mesh.brokers)} brokers, {len(expected):,} patients with "
          f"{sum(expected.values()):,} entries in every index; {options.rate:g} lookups/s for {options.seconds:g} s "
          f"over HTTP at {', '.join(ASKED)}, counted from the intended moment")
    rounds = []
    for number in range(1, options.rounds + 1):
        before = measured(mesh, options, expected, f"{number}, all well", ())
        inject(mesh, options.broker_fault)
        during = measured(mesh, options, expected,
                          f"{number}, three of ten workers stopped and a broker {options.broker_fault}",
                          missing(mesh))
        heal(mesh, options.broker_fault)
        after = measured(mesh, options, expected, f"{number}, all well again", ())
        rounds.append((before, during, after))
    for name, share in (("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)):
        faulty = [during.at(share) / statistics.mean([before.at(share), after.at(share)])
                  for before, during, after in rounds]
        noise = [after.at(share) / before.at(share) for before, _, after in rounds]
        print(f"lookups: {name} with faults, over {name} with all well: {spread(faulty)}; all well again, over all "
              f"well: {spread(noise)}")
        if share == 0.99:
            said = judged(faulty, noise, RATIO_MAX)
    print(f"lookups: ratio of the p99s {said}")


def missing(mesh):
    """Whoever is stopped, or speaks over the broker that is gone."""
    return {hie for hie, home in mesh.home.items() if hie in STOPPED or home is mesh.brokers[BROKER_GONE]}


def inject(mesh, broker_fault):
    for hie in STOPPED:
        mesh.seats[hie].pause()
    broker = mesh.brokers[BROKER_GONE]
    if broker_fault == "paused":
        broker.pause()
    else:
        broker.kill()
    for hie in ASKED:
        mesh.wait_incomplete(hie, missing(mesh) - {hie})


def heal(mesh, broker_fault):
    broker = mesh.brokers[BROKER_GONE]
    if broker_fault == "paused":
        broker.resume()
    else:
        broker.restart()
    for hie in STOPPED:
        mesh.seats[hie].resume()
    mesh.wait_healthy()


def measured(mesh, options, expected, title, incomplete):
    time.sleep(SETTLE_SECONDS)
    chosen = random.Random(options.rate)
    patients = sorted(expected)

    def requests(count):
        return [(mesh.seats[ASKED[number % len(ASKED)]].port,
                 f"/api/patients/{chosen.choice(patients)}".encode()) for number in range(count)]

    load.run(requests(int(options.rate * WARM_UP_SECONDS)), options.rate)
    meter = mesh.meter(ASKED)
    samples = load.run(requests(int(options.rate * options.seconds)), options.rate)
    phase = Phase(samples, options.seconds, meter.read())
    mesh.check_alive()
    check(mesh, samples, expected, incomplete)
    print(f"lookups: {title}: {phase.text()}", flush=True)
    if options.details:
        for hie in ASKED:
            own = [sample.seconds for sample in samples if sample.port == mesh.seats[hie].port]
            print(f"lookups:   {hie}: {ranks(own)}")
    return phase


def check(mesh, samples, expected, incomplete):
    """Every answer is there and whole, and says of exactly those who are missing that they are."""
    asked = {mesh.seats[hie].port: hie for hie in ASKED}
    for sample in samples:
        hie = asked[sample.port]
        expect(sample.status == 200, f"{hie} answered a lookup with {sample.status or 'nothing'}")
        answer = json.loads(sample.body)
        states = {coverage["hie"]: coverage["state"] for coverage in answer["coverage"]}
        expect(set(states) == set(mesh.seats), f"{hie} spoke of {', '.join(states)} only")
        wrong = {other: state for other, state in states.items()
                 if (state != "complete") != (other in incomplete and other != hie)}
        expect(not wrong, f"{hie} said: {', '.join(f'{other} {state}' for other, state in wrong.items())}")
        shown, held = len(answer["entries"]), expected[answer["nhsNumber"]]
        expect(shown == held, f"{hie} showed {shown} entries of {held} of a patient")
