import CastyCore
import CastyPlacement
import Synchronization

/// The cores of one type's region and coordinator: their actor changes them on its turns, others read them at any time.
///
/// The lock is held for one call of a core. What follows from the call, effects, sinks, stores, users' closures, runs outside it, so all of
/// them may read the cores too. `@unchecked Sendable` because every access goes through the lock.
final class RegionCores: @unchecked Sendable {
    private struct State {
        var region: Region<SealedMessage>
        var coordinator: Coordinator
        var lease = Instant.distantFuture
        var storeTrouble: String?
    }

    // Accessors that lend the value in place cannot be written with `Mutex.withLock`, and a copy would cost as much as all entities.
    private let lock = Mutex<Void>(())
    @exclusivity(unchecked) private var state: State

    init(region: Region<SealedMessage>, coordinator: Coordinator) {
        state = State(region: region, coordinator: coordinator)
    }

    var region: Region<SealedMessage> {
        _read {
            lock._unsafeLock()
            defer { lock._unsafeUnlock() }
            yield state.region
        }
        _modify {
            lock._unsafeLock()
            defer { lock._unsafeUnlock() }
            yield &state.region
        }
    }

    var coordinator: Coordinator {
        _read {
            lock._unsafeLock()
            defer { lock._unsafeUnlock() }
            yield state.coordinator
        }
        _modify {
            lock._unsafeLock()
            defer { lock._unsafeUnlock() }
            yield &state.coordinator
        }
    }

    /// Until when the lease was valid that the cores heard of last.
    var lease: Instant {
        get { lock.withLock { _ in state.lease } }
        set { lock.withLock { _ in state.lease = newValue } }
    }

    /// What people know of a store of remembered entities that refuses something.
    var storeTrouble: String? {
        get { lock.withLock { _ in state.storeTrouble } }
        set { lock.withLock { _ in state.storeTrouble = newValue } }
    }
}
