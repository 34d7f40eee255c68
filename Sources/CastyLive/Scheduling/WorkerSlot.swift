import CastyCore
import Glibc
import Synchronization

/// The parts of a worker that other threads see: its queue, the view it serves, its present turn, and its parking.
final class WorkerSlot: @unchecked Sendable {
    let ring: WorkStealingQueue
    let lastIn = LastInSlot()
    /// The view whose turn this worker runs. It stays set between turns of one view, which saves a fence per turn.
    let serving = Atomic<Unmanaged<LiveDispatcher>?>(nil)
    /// Counts the beginnings and ends of turns: odd while one runs.
    let turns = Atomic<UInt64>(0)
    /// The runnable that takes the present turn. It may end at any time, so it is an identity and no more.
    let subject = Atomic<UInt>(0)

    private let clock = Atomic<Int32>(0)
    private let monitor = Monitor()
    private var woken = false

    init(capacity: Int = 256) {
        ring = WorkStealingQueue(capacity: capacity)
    }

    /// Notes which thread works here, on that thread.
    func begin() {
        var id: clockid_t = 0
        clock.store(pthread_getcpuclockid(pthread_self(), &id) == 0 ? id : 0, ordering: .relaxed)
    }

    /// How much time the cores have spent on the thread that works here, in nanoseconds; `nil` where none does.
    var computed: Int64? {
        let id = clock.load(ordering: .relaxed)
        var time = timespec()
        guard id != 0, clock_gettime(id, &time) == 0 else { return nil }
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Sleeps until woken. Returns at once if ``wake()`` came first.
    func park() {
        monitor.withLock {
            while !woken { monitor.wait() }
            woken = false
        }
    }

    /// Sleeps until woken, at most for the limit. Returns whether it was woken.
    func park(within limit: Duration) -> Bool {
        monitor.withLock {
            defer { woken = false }
            return monitor.wait(within: limit) { woken }
        }
    }

    func wake() {
        monitor.withLock {
            woken = true
            monitor.signal()
        }
    }
}
