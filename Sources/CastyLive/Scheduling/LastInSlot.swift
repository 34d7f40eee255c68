import CastyCore
import Synchronization

/// The runnable woken last by a turn of one worker.
///
/// Only its worker puts a turn in. Usually only its worker takes it out, at the price of one compare-exchange; the
/// watchdog takes it from a worker whose turn does not end. The version tells the two apart: the payload is overwritten
/// only while the version is zero, so what was read is valid if the exchange succeeds.
final class LastInSlot: @unchecked Sendable {
    private let version = Atomic<UInt64>(0)
    private let runnable = Atomic<Unmanaged<Runnable>?>(nil)
    private let view = Atomic<Unmanaged<LiveDispatcher>?>(nil)
    /// The version given last. Only the owner uses it.
    @exclusivity(unchecked) private var last: UInt64 = 0

    @inline(__always)
    var isEmpty: Bool { version.load(ordering: .relaxed) == 0 }

    /// Puts a turn in. Only the owner may call it, while the slot is empty.
    @inline(__always)
    func put(_ turn: Turn) {
        last &+= 1
        runnable.store(turn.runnable, ordering: .relaxed)
        view.store(turn.view, ordering: .relaxed)
        version.store(last, ordering: .releasing)
    }

    /// Takes the turn out. Any thread may call it.
    @inline(__always)
    func take() -> Turn? {
        let number = version.load(ordering: .acquiring)
        guard number != 0, let runnable = runnable.load(ordering: .relaxed), let view = view.load(ordering: .relaxed)
        else { return nil }
        let isMine = version.compareExchange(expected: number, desired: 0, ordering: .acquiringAndReleasing).exchanged
        return isMine ? Turn(runnable: runnable, view: view) : nil
    }
}
