import CastyCore
import CastyPlacement
import Synchronization

/// The cores of one type's region and coordinator: their actor changes them on its turns; others read them at any time.
///
/// The lock is held for one call of a core. Everything that follows from the call (effects, sinks, stores, users'
/// closures) runs outside it, so all of them may read the cores too. `@unchecked Sendable` because every access goes
/// through the lock.
final class RegionCores: @unchecked Sendable {
    private struct State {
        var region: Region<ErasedMessage>
        var coordinator: ShardCoordinator
        var lease = Instant.distantFuture
        var storeTrouble: StoreTrouble?
        /// Grows whenever any field here may have changed.
        var changes: UInt64 = 0
    }

    // Accessors that lend the value in place cannot be written with `Mutex.withLock`, and a copy would cost as much as
    // copying all entities.
    private let lock = Mutex<Void>(())
    @exclusivity(unchecked) private var state: State

    init(region: Region<ErasedMessage>, coordinator: ShardCoordinator) {
        state = State(region: region, coordinator: coordinator)
    }

    var region: Region<ErasedMessage> {
        _read {
            lock._unsafeLock()
            defer { lock._unsafeUnlock() }
            yield state.region
        }
        _modify {
            lock._unsafeLock()
            defer { lock._unsafeUnlock() }
            state.changes &+= 1
            yield &state.region
        }
    }

    var coordinator: ShardCoordinator {
        _read {
            lock._unsafeLock()
            defer { lock._unsafeUnlock() }
            yield state.coordinator
        }
        _modify {
            lock._unsafeLock()
            defer { lock._unsafeUnlock() }
            state.changes &+= 1
            yield &state.coordinator
        }
    }

    /// The version at which a shard runs here; `nil` if it does not.
    func version(of shard: Int) -> ShardVersion? {
        lock.withLock { _ in state.region.version(of: shard) }
    }

    /// Lets the region know what its entities were used for. Taken in the same hold of the lock: the region must not
    /// learn in between that one of them has ended.
    func learnUses(of routes: ShardRoutes) {
        guard routes.hasNewUses else { return }
        lock.withLock { _ in
            state.changes &+= 1
            state.region.onUses(routes.takeUses())
        }
    }

    /// Reads both cores at one moment.
    ///
    /// They are lent `inout` only because the compiler copies what it lends for reading out of a class, and all of their
    /// tables would be retained for it. The function must not change them.
    func read<Result>(
        _ body: (inout Region<ErasedMessage>, inout ShardCoordinator, _ lease: Instant, StoreTrouble?) -> Result
    ) -> Result {
        lock.withLock { _ in body(&state.region, &state.coordinator, state.lease, state.storeTrouble) }
    }

    /// When the cores must be called, even if no message arrives.
    var wakeAt: (region: Instant?, coordinator: Instant?) {
        lock.withLock { _ in (state.region.wakeAt, state.coordinator.wakeAt) }
    }

    /// The end of the lease that the cores last learned of.
    var lease: Instant {
        get { lock.withLock { _ in state.lease } }
        set {
            lock.withLock { _ in
                state.lease = newValue
                state.changes &+= 1
            }
        }
    }

    /// The reported error of the store of remembered entities; `nil` while it refuses nothing.
    var storeTrouble: StoreTrouble? {
        get { lock.withLock { _ in state.storeTrouble } }
        set {
            lock.withLock { _ in
                state.storeTrouble = newValue
                state.changes &+= 1
            }
        }
    }

    /// Grows whenever anything here may have changed.
    var changes: UInt64 { lock.withLock { _ in state.changes } }
}
