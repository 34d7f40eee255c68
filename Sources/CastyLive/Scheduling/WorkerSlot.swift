import Synchronization

/// What other threads see of a worker: its queue, whose turn it takes, where it sleeps.
final class WorkerSlot: @unchecked Sendable {
    let ring = WorkStealingQueue()
    /// The view whose turns this worker takes at present. It stays set between turns of one view, which spares a fence a turn.
    let serving = Atomic<Unmanaged<LiveDispatcher>?>(nil)

    private let monitor = Monitor()
    private var woken = false

    init() {}

    /// Sleeps until woken; at once when ``wake()`` came first.
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
