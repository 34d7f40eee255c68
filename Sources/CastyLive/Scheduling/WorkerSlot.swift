import Synchronization

/// The parts of a worker that other threads see: its queue, the view it serves, and its parking.
final class WorkerSlot: @unchecked Sendable {
    let ring = WorkStealingQueue()
    /// The view whose turn this worker runs. It stays set between turns of one view, which saves a fence per turn.
    let serving = Atomic<Unmanaged<LiveDispatcher>?>(nil)

    private let monitor = Monitor()
    private var woken = false

    init() {}

    /// Sleeps until woken. Returns at once if ``wake()`` came first.
    func park() {
        monitor.withLock {
            while !woken { monitor.wait() }
            woken = false
        }
    }

    func wake() {
        monitor.withLock {
            woken = true
            monitor.signal()
        }
    }
}
