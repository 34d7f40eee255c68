import Synchronization

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// Calls from a thread other than the one that drives the simulation.
///
/// Such a call breaks determinism, because its time depends on the machine. It is counted and executed between two
/// steps, so that the runtime stays consistent while its caller reports the violation.
final class ForeignCalls: Sendable {
    private let owner = Atomic<UInt>(0)
    private let waiting = Atomic<Int>(0)
    private let total = Atomic<Int>(0)
    private let calls = Mutex<[@Sendable () -> Void]>([])

    /// How many calls there were.
    var count: Int { total.load(ordering: .relaxed) }

    /// Whether some calls wait to be executed.
    var isWaiting: Bool { waiting.load(ordering: .acquiring) > 0 }

    /// Whether the calling thread may touch the runtime: it drives it, or no thread does.
    @inline(__always)
    var isOwner: Bool {
        let current = owner.load(ordering: .relaxed)
        return current == 0 || current == Self.thread
    }

    /// Makes the calling thread the one that drives the runtime. Returns the previous one.
    func enter() -> UInt { owner.exchange(Self.thread, ordering: .acquiringAndReleasing) }

    func leave(to previous: UInt) { owner.store(previous, ordering: .releasing) }

    func post(_ call: @escaping @Sendable () -> Void) {
        total.wrappingAdd(1, ordering: .relaxed)
        calls.withLock { $0.append(call) }
        waiting.wrappingAdd(1, ordering: .releasing)
    }

    func carryOut() {
        let taken = calls.withLock { calls in
            defer { calls = [] }
            return calls
        }
        waiting.wrappingSubtract(taken.count, ordering: .relaxed)
        for call in taken { call() }
    }

    private static var thread: UInt {
        #if canImport(Darwin)
            UInt(bitPattern: pthread_self())
        #else
            UInt(pthread_self())
        #endif
    }
}
