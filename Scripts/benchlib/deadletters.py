"""Dead letters of mixed causes at one worker: how long it takes to see them and to plan, how fast they are replayed
beside the least that this could take, that it is exact whatever is killed meanwhile, and what it costs others.

Three HIEs on one broker. The letters are of one whose worker does not run, so that nothing repairs behind the replay's
back: what stands in the subscriber's index afterwards came from it. The third one sends live changes.
"""
import statistics
import time

from benchlib import pipe
from benchlib.desk import Desk, row_complaints, wait_parked
from benchlib.figures import Goals, percentile, ranks
from benchlib.letters import REASONS, Batch, Journal
from benchlib.live import LiveTraffic
from benchlib.mesh import Mesh
from benchlib.processors import seconds_of
from benchlib.system import expect, until
from torturelib.mesh import topology_text

SOURCE, SUBSCRIBER, NEIGHBOUR = "homerton", "kingston", "barts"
LETTERS, LETTERS_QUICK = 100_000, 5_000
#: So many wait on the broker at once at most: its queue of dead letters keeps 100,000.
PORTION = 20_000
LISTS, COMMANDS, PLANS = 20, 5, 3
LIST_SECONDS_MAX = 1
PLAN_SECONDS_MAX = 10
RATE_RATIO_MIN = 0.8
#: Parts of the replay after which the worker is killed.
KILLS_AT = (0.25, 0.5)
#: About so long a replay of few letters goes on that is to be disturbed.
SECONDS_QUICK = 10
#: Of a thousand letters so many have a later version before the plan, and as many while it is replayed.
OVERTAKEN_OF_THOUSAND = 10
LIVE_RATE, REPLAY_RATE = 50, 200
LIVE_RATIO_MAX = 1.2
SLICES, SLICE_SECONDS = 30, 6
SLICES_QUICK, SLICE_SECONDS_QUICK = 2, 3
SETTLE_SECONDS = 1.5
#: How much of its rate a replay has to have had for a slice to say anything.
REPLAY_RATE_SHARE_MIN = 0.8
LIVE_PATIENT = "9990000018"
EXCHANGE, QUEUE = "benchmark.letters", "benchmark.letters"


def deadletters(stage):
    stage.end_london()
    options = stage.options
    count = options.letters or (LETTERS_QUICK if options.quick else LETTERS)
    goals = Goals("deadletters", judges_figures=not options.quick)
    scene = Scene(stage)
    batch = Batch(scene.journal, count)
    scene.park(batch, "letters")
    seen(scene, goals)
    plan = planned(scene, goals)
    before = scene.baseline(batch)
    rate = replayed(scene, goals, batch, plan)
    after = scene.baseline(batch)
    baseline = statistics.mean([before, after])
    print(f"deadletters: the same messages from a plain client in C, confirmed, through a queue of the same kind and "
          f"acknowledged: {before:,.0f}/s before the replay, {after:,.0f}/s after it (noise {after / before:.2f})")
    goals.least(f"replay {rate:,.0f}/s, over that", rate / baseline, RATE_RATIO_MIN)
    scene.heal(goals, batch)
    killed(scene, goals, count)
    beside(scene, goals)
    scene.check_end(goals)
    scene.mesh.end()
    goals.end()


class Scene:
    """The mesh, the journal of the one that does not run, and the way to put letters aside."""

    #: At the subscriber, since its start.
    applied = f'wherry_changes_applied_total{{source="{SOURCE}"}}'

    def __init__(self, stage):
        self.stage = stage
        self.mesh = Mesh(stage, "letters", topology_text((NEIGHBOUR, SOURCE, SUBSCRIBER)), (0, 0))
        self.mesh.prepare()
        self.broker = self.mesh.brokers[0]
        self.seat, self.neighbour = self.mesh.seats[SUBSCRIBER], self.mesh.seats[NEIGHBOUR]
        self.seat.start()
        self.neighbour.start()
        self.desk, self.pipe = Desk(self.seat), pipe.Pipe(stage, self.broker)
        self.journal = Journal(SOURCE, SUBSCRIBER)
        #: Letters that were ever parked.
        self.parked = 0
        self._make_queue()
        # The subscriber has to know the epoch: no letter may bring one.
        self.publish([self.journal.good(seq) for seq in self.journal.take(1)])
        until(lambda: self.desk.metric(self.applied) == 1, f"{SUBSCRIBER} to apply the first change")

    def _make_queue(self):
        """For the plain client: of the same kind as the subscriber's own, which the broker confirms."""
        arguments = {"x-queue-type": "quorum", "x-delivery-limit": 100, "x-max-length": 1_000_000,
                     "x-max-length-bytes": 1 << 30, "x-overflow": "drop-head",
                     "x-dead-letter-exchange": "wherry.dead", "x-dead-letter-routing-key": SUBSCRIBER}
        connection, channel = self.broker.channel()
        channel.queue_declare(f"wherry.changes.{SUBSCRIBER}", durable=True, arguments=arguments)
        channel.exchange_declare(EXCHANGE, "direct", durable=True)
        channel.queue_declare(QUEUE, durable=True, arguments=arguments)
        channel.queue_bind(QUEUE, EXCHANGE, SUBSCRIBER)
        connection.close()

    def publish(self, messages):
        """Sends messages of the source on the way that its changes take."""
        path = self.mesh.path("messages")
        self.pipe.publish(path, "wherry.changes", f"change.{SOURCE}", 0, pipe.write(path, messages))

    def park(self, batch, what):
        """Has the messages of a batch among the dead letters of the subscriber, as if the broker had put them there."""
        path, queue = self.mesh.path("messages"), f"wherry.dead.{SUBSCRIBER}"
        count = pipe.write(path, batch.dead())
        waiting, began = self.desk.total(), time.monotonic()
        for first in range(0, count, PORTION):
            self.pipe.publish(path, "wherry.dead", SUBSCRIBER, first, min(PORTION, count - first))
            until(lambda: self.broker.depth(queue) < PORTION, f"{queue} to get shorter", pause=0.2)
        wait_parked(self.desk, waiting + count)
        seconds = time.monotonic() - began
        self.parked += count
        print(f"deadletters: {count:,} {what} ({len(batch.bad):,} of them bad) taken from {queue} and parked in "
              f"{seconds:.1f} s = {count / seconds:,.0f}/s", flush=True)

    def baseline(self, batch):
        """Messages a second of a plain client."""
        path = self.mesh.path("baseline")
        pipe.write(path, batch.marked())
        return self.pipe.through(path, EXCHANGE, SUBSCRIBER, QUEUE)

    def heal(self, goals, batch):
        """The source says itself what is missing still: that ends the letters that failed, and all is there."""
        self.publish(batch.corrected())
        wait_parked(self.desk, 0)
        goals.exact("after the source itself has sent what was bad, no letter waits, and the rows",
                    row_complaints(self.seat, SOURCE, self.journal.expected()))

    def check_end(self, goals):
        """Nothing is lost on the way, and the numbers add up."""
        complaints = [f"the worker of {seat.hie} ended by itself: see {seat.log}"
                      for seat in (self.seat, self.neighbour) if not seat.lives]
        kept = self.desk.total("all")
        if kept != self.parked:
            complaints.append(f"{self.parked} letters were parked, and {kept} are kept")
        for queue in (f"wherry.changes.{SUBSCRIBER}", f"wherry.dead.{SUBSCRIBER}"):
            depth = self.broker.depth(queue)
            if depth:
                complaints.append(f"{depth} messages are left in {queue}")
        account = next(one for one in self.desk.get("/api/peers")["accounts"] if one["hie"] == SOURCE)
        sums = account["applied"] + account["held"] + account["discarded"] + account["behind"]
        if not account["reconciled"] or account["published"] != sums:
            complaints.append(f"the account does not add up: {account}")
        if account["published"] != self.journal.head or account["behind"]:
            complaints.append(f"the account knows {account['published']} of {self.journal.head} changes, "
                              f"{account['behind']} of them missing")
        goals.exact("letters kept, queues and account in the end", complaints)


def seen(scene, goals):
    """The list, over HTTP and as a command."""
    times = [timed(lambda: scene.desk.get("/api/deadletters?limit=100")) for _ in range(LISTS)]
    answer = times[0][1]
    causes = {group["cause"] for group in answer["groups"]}
    expect(len(answer["deadLetters"]) == 100 and causes == set(REASONS.values()),
           f"the list has {len(answer['deadLetters'])} letters and the causes {', '.join(sorted(causes))}")
    seconds = [seconds for seconds, _ in times]
    print(f"deadletters: groups and 100 of {answer['total']:,} letters over HTTP: median "
          f"{statistics.median(seconds):.3f} s, max {max(seconds):.3f} s ({LISTS} times)")
    url = scene.mesh.url(SUBSCRIBER)
    commands = [timed(lambda: scene.stage.run("deadletters", "list", "--json", "--limit", "100", "--from", url))[0]
                for _ in range(COMMANDS)]
    print(f"deadletters: the same by wherry deadletters list --json: median {statistics.median(commands):.3f} s, max "
          f"{max(commands):.3f} s ({COMMANDS} times)")
    goals.most("the slowest list, in s", max(seconds + commands), LIST_SECONDS_MAX)


def planned(scene, goals):
    """A plan of everything, several times; returns the last one, which is the one to be replayed."""
    seconds = []
    for number in range(PLANS):
        took, plan = timed(scene.desk.make_plan)
        seconds.append(took)
        if number < PLANS - 1:
            scene.desk.change(plan["plan"], "cancel")
    foreseen = ", ".join(f"{count:,} {what}" for what, count in plan["foreseen"].items() if count)
    print(f"deadletters: plan of {plan['count']:,} letters ({foreseen}): median {statistics.median(seconds):.2f} s "
          f"({PLANS} times)")
    goals.most("the slowest plan, in s", max(seconds), PLAN_SECONDS_MAX)
    return plan["plan"]


def replayed(scene, goals, batch, plan):
    """A replay as fast as it goes, with nothing in its way. Returns good letters a second."""
    applied, cpu, began = scene.desk.metric(scene.applied), cpu_seconds(scene), time.monotonic()
    scene.desk.replay(plan)
    scene.desk.wait_over(plan)
    seconds = time.monotonic() - began
    cpu = cpu_seconds(scene) - cpu
    count = len(batch.good)
    complaints = scene.desk.complaints(plan, batch.verdicts())
    complaints += row_complaints(scene.seat, SOURCE, scene.journal.expected())
    counted = scene.desk.metric(scene.applied) - applied
    if counted != count:
        complaints.append(f"the worker counted {counted:,.0f} changes applied for {count:,} letters")
    goals.exact(f"replay of {count:,} good and {len(batch.bad):,} bad letters, rows and report", complaints)
    print(f"deadletters: {count:,} letters replayed in {seconds:.2f} s, {cpu / count * 1e6:.0f} µs of the worker's CPU "
          "a letter", flush=True)
    return count / seconds


def killed(scene, goals, count):
    """Another batch, some of it overtaken by its source; the worker is killed twice while it is replayed."""
    overtaken = max(1, count * OVERTAKEN_OF_THOUSAND // 1000)
    # Nothing bad comes before the kills: there the watermark follows the replay closely.
    batch = Batch(scene.journal, count, bad_from=0.75, overtaken=overtaken)
    scene.park(batch, "letters more")
    scene.publish(batch.later(batch.early))
    wait_parked(scene.desk, count - len(batch.early))
    plan = scene.desk.make_plan()
    expect(plan["count"] == count - len(batch.early), f"the plan has {plan['count']} letters")
    name, began, done_at = plan["plan"], time.monotonic(), []
    # A few would be replayed before anybody could be killed.
    scene.desk.replay(name, **({"rate": count / SECONDS_QUICK} if scene.stage.options.quick else {}))
    scene.publish(batch.later(batch.late))
    for share in KILLS_AT:
        scene.desk.wait_done(name, int(plan["count"] * share))
        done_at.append(scene.desk.done(name))
        expect(done_at[-1] < plan["count"], "the replay ended before the worker was killed: take more --letters")
        scene.seat.kill()
        scene.seat.start()
    ended, _ = scene.desk.wait_over(name)
    seconds = time.monotonic() - began
    results = ", ".join(f"{number:,} {what}" for what, number in ended["results"].items() if number)
    parts = " and ".join(f"{done:,}" for done in done_at)
    print(f"deadletters: {len(batch.early):,} letters ended by themselves when their source overtook them; of the "
          f"other {plan['count']:,} it overtook {len(batch.late):,} while they were replayed, the worker being killed "
          f"after {parts}: {results}, in {seconds:.1f} s")
    complaints = scene.desk.complaints(name, batch.verdicts())
    complaints += row_complaints(scene.seat, SOURCE, scene.journal.expected())
    goals.exact(f"replay with {len(KILLS_AT)} kills, rows and report", complaints)
    scene.heal(goals, batch)


def beside(scene, goals):
    """Live changes of a neighbour with and without a slow replay beside them, in slices that take turns."""
    quick = scene.stage.options.quick
    slices, seconds = (SLICES_QUICK, SLICE_SECONDS_QUICK) if quick else (SLICES, SLICE_SECONDS)
    batch = Batch(scene.journal, int(REPLAY_RATE * slices * (seconds + 2 * SETTLE_SECONDS + 1)))
    scene.park(batch, "letters more")
    name = scene.desk.make_plan()["plan"]
    traffic = LiveTraffic(scene.neighbour.port, scene.seat.port, LIVE_PATIENT)
    traffic.measure(SETTLE_SECONDS, LIVE_RATE)
    scene.desk.replay(name, rate=REPLAY_RATE)
    scene.desk.wait_done(name, 1)
    scene.desk.change(name, "pause")
    times, rates = {False: [], True: []}, []
    for number in range(slices):
        # The one that was last goes on first, so that neither kind has the better moments.
        for with_replay in (False, True) if number % 2 == 0 else (True, False):
            if with_replay:
                scene.desk.change(name, "resume")
            time.sleep(SETTLE_SECONDS)
            done, began = scene.desk.done(name), time.monotonic()
            times[with_replay].append(traffic.measure(seconds, LIVE_RATE))
            if with_replay:
                rates.append((scene.desk.done(name) - done) / (time.monotonic() - began))
                scene.desk.change(name, "pause")
    traffic.close()
    expect(min(rates) >= REPLAY_RATE * REPLAY_RATE_SHARE_MIN,
           f"the replay had {min(rates):.0f} letters/s of {REPLAY_RATE} in a slice")
    scene.desk.change(name, "resume")
    scene.desk.wait_over(name)
    quiet, busy = (sum(times[kind], []) for kind in (False, True))
    print(f"deadletters: live changes at {LIVE_RATE}/s, sent to shown elsewhere, counted from the intended moment: "
          f"{ranks(quiet)} ({len(quiet):,} samples); beside a replay of {statistics.mean(rates):.0f} letters/s: "
          f"{ranks(busy)} ({len(busy):,} samples)")
    halves = [percentile(sum(times[False][half::2], []), 0.99) for half in (0, 1)]
    noise = halves[1] / halves[0]
    print(f"deadletters: the same between two halves of the slices without a replay: {noise:.2f}")
    goals.ratio("p99 beside a replay, over p99 without", percentile(busy, 0.99) / percentile(quiet, 0.99), noise,
                LIVE_RATIO_MAX)
    complaints = scene.desk.complaints(name, batch.verdicts())
    complaints += row_complaints(scene.seat, SOURCE, scene.journal.expected())
    goals.exact(f"replay of {len(batch.seqs):,} letters beside live changes, rows and report", complaints)
    scene.heal(goals, batch)


def timed(act):
    """Seconds, and what came of it."""
    began = time.monotonic()
    answer = act()
    return time.monotonic() - began, answer


def cpu_seconds(scene):
    """Processor seconds of the subscriber's worker."""
    return seconds_of([scene.seat.process.pid])
