import CRabbitMQ
import Dispatch
import Glibc
import NIOConcurrencyHelpers
import Synchronization

/// The one thread of a session: runs the actor's jobs, and between them the session's own turns on the connection.
///
/// Once the thread has ended, jobs run on a serial queue instead, so that a late call still gets its answer.
final class IOThread: SerialExecutor {
    /// What a turn asks for.
    enum Turn {
        /// There is more to do at once.
        case again
        /// Wait for the descriptor, for a job, or for the time to pass.
        case wait(descriptor: Int32, isWriting: Bool, milliseconds: Int32)
        /// The session has ended, and the thread ends with it.
        case finished
    }

    private enum Work {
        case job(UnownedJob)
        case action(@Sendable () -> Void)
    }

    private struct State {
        var work: [Work] = []
        var isFinished = false
    }

    /// The decoder of librabbitmq recurses with the nesting of a header table, which a peer chooses (a frame can hold
    /// some 26,000 levels). Pages that are never touched cost nothing.
    private static let stackSizeBytes = 32 * 1_024 * 1_024

    private let state = NIOLockedValueBox(State())
    private let wakeDescriptor: Int32
    private let identity = Atomic<UInt>(0)
    private let afterwards = DispatchQueue(label: "wherry.amqp.ended")

    init() {
        wakeDescriptor = wherry_event_descriptor()
        precondition(wakeDescriptor >= 0, "a session needs a descriptor: the limit of open files is reached")
    }

    deinit { Glibc.close(wakeDescriptor) }

    /// Starts the thread; `beforeJob` runs on it before every job, `turn` whenever the jobs are done.
    func start(beforeJob: @escaping @Sendable () -> Void, turn: @escaping @Sendable () -> Turn) -> Bool {
        let body = Unmanaged.passRetained(ThreadBody { self.run(beforeJob: beforeJob, turn: turn) })
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, Self.stackSizeBytes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument else { return nil }
                wherry_name_thread("amqp")
                Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            },
            body.toOpaque()
        )
        if status != 0 {
            body.release()
            state.withLockedValue { $0.isFinished = true }
        }
        return status == 0
    }

    func enqueue(_ job: consuming ExecutorJob) { add(.job(UnownedJob(job))) }

    /// Runs `action` on the thread after what is waiting already; drops it once the thread has ended.
    func post(_ action: @escaping @Sendable () -> Void) { add(.action(action)) }

    func isIsolatingCurrentContext() -> Bool? { isCurrent }

    func checkIsolated() {
        precondition(isCurrent, "the session's state belongs to its I/O thread")
    }

    private var isCurrent: Bool { identity.load(ordering: .acquiring) == UInt(pthread_self()) }

    private func add(_ work: Work) {
        let isFinished = state.withLockedValue { state in
            if !state.isFinished { state.work.append(work) }
            return state.isFinished
        }
        if isFinished {
            runAfterwards(work)
        } else if !isCurrent {
            eventfd_write(wakeDescriptor, 1)
        }
    }

    /// A late call still gets its answer. A late action has nothing left to act on: it belongs to the thread, which is
    /// gone.
    private func runAfterwards(_ work: Work) {
        switch work {
        case .job: afterwards.async { self.perform(work) }
        case .action: break
        }
    }

    private func perform(_ work: Work) {
        switch work {
        case .job(let job): job.runSynchronously(on: asUnownedSerialExecutor())
        case .action(let action): action()
        }
    }

    private func run(beforeJob: () -> Void, turn: () -> Turn) {
        identity.store(UInt(pthread_self()), ordering: .releasing)
        while true {
            let waiting = state.withLockedValue { state in
                let work = state.work
                state.work.removeAll(keepingCapacity: work.count < 1_024)
                return work
            }
            for work in waiting {
                beforeJob()
                perform(work)
            }
            switch turn() {
            case .again: continue
            case .wait(let descriptor, let isWriting, let milliseconds):
                wait(for: descriptor, isWriting: isWriting, milliseconds: milliseconds)
            case .finished:
                let isFinished = state.withLockedValue { state in
                    state.isFinished = state.work.isEmpty
                    return state.isFinished
                }
                if isFinished {
                    identity.store(0, ordering: .releasing)
                    return
                }
            }
        }
    }

    private func wait(for descriptor: Int32, isWriting: Bool, milliseconds: Int32) {
        let hasWork = state.withLockedValue { !$0.work.isEmpty }
        let interest = Int16(POLLIN) | (isWriting ? Int16(POLLOUT) : 0)
        var descriptors = [
            pollfd(fd: descriptor, events: interest, revents: 0),
            pollfd(fd: wakeDescriptor, events: Int16(POLLIN), revents: 0),
        ]
        poll(&descriptors, 2, hasWork ? 0 : milliseconds)
        if descriptors[1].revents != 0 {
            var count: eventfd_t = 0
            eventfd_read(wakeDescriptor, &count)
        }
    }
}

/// Carries the thread's body through `pthread_create`.
private final class ThreadBody {
    let run: () -> Void
    init(_ run: @escaping () -> Void) { self.run = run }
}
