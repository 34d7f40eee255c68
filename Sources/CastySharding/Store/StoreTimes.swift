import CastyActors
package import CastyCluster
import CastyCore
import Synchronization

/// Measures the calls of entities to their stores, while someone observes them.
package final class StoreTimes: Sendable {
    /// One call that has ended.
    package struct Call: Hashable, Sendable {
        package enum Operation: Hashable, Sendable { case load, save }

        package let operation: Operation
        /// The type of the entity.
        package let type: String
        package let duration: Duration
        package let hasFailed: Bool
    }

    private let now: @Sendable () -> Instant
    /// Read before each call: while no one observes, a call costs one relaxed load more.
    private let isObserved = Atomic<Bool>(false)
    // In a struct: a function that is itself the value of a generic type gets one more wrapper with each access, and
    // after enough of them a call overflows the stack.
    private struct Observer: Sendable { let ended: @Sendable (Call) -> Void }

    private let observer = Mutex<Observer?>(nil)

    private init(now: @escaping @Sendable () -> Instant) {
        self.now = now
    }

    /// The one of a node.
    package static func of(_ cluster: Cluster) -> StoreTimes {
        let scheduler = cluster.system.world.scheduler
        return cluster.part { StoreTimes { scheduler.now } }
    }

    /// Begins to report each call, or ends it.
    package func observe(_ new: (@Sendable (Call) -> Void)?) {
        observer.withLock { $0 = new.map(Observer.init) }
        isObserved.store(new != nil, ordering: .relaxed)
    }

    /// The start of a call, if calls are observed.
    func begin() -> Instant? { isObserved.load(ordering: .relaxed) ? now() : nil }

    /// Reports a call that has ended, unless it was not observed when it began.
    func end(_ operation: Call.Operation, of type: String, since began: Instant?, hasFailed: Bool) {
        guard let began else { return }
        let call = Call(operation: operation, type: type, duration: now() - began, hasFailed: hasFailed)
        observer.withLock { $0 }?.ended(call)
    }
}
