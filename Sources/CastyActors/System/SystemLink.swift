import Synchronization

/// Leads from what outlives a system, or is owned by it, to the system. The link ends with the system.
///
/// It takes the place of a weak reference. An object that has weak references keeps its count elsewhere, and each retain
/// and release of it costs several times as much; actors retain their system often. Until the system has ended, its
/// actors keep it anyway.
final class SystemLink: Sendable {
    private let target = Mutex<ActorSystem?>(nil)

    /// The system; `nil` when it has ended.
    var system: ActorSystem? { target.withLock { $0 } }

    func set(_ system: ActorSystem) { target.withLock { $0 = system } }

    func clear() {
        // Released outside the lock: it may be the last reference.
        let last = target.withLock { target in
            defer { target = nil }
            return target
        }
        withExtendedLifetime(last) {}
    }
}
