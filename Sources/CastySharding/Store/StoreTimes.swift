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
    private let observer = Mutex<(@Sendable (Call) -> Void)?>(nil)

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
        observer.withLock { $0 = new }
        isObserved.store(new != nil, ordering: .relaxed)
    }

    func measure<Value, Failure: Error>(
        _ operation: Call.Operation, of type: String, _ call: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        guard isObserved.load(ordering: .relaxed) else { return try call() }
        let began = now()
        do {
            let value = try call()
            note(operation, type, since: began, hasFailed: false)
            return value
        } catch {
            note(operation, type, since: began, hasFailed: true)
            throw error
        }
    }

    private func note(_ operation: Call.Operation, _ type: String, since began: Instant, hasFailed: Bool) {
        let duration = now() - began
        observer.withLock { $0 }?(Call(operation: operation, type: type, duration: duration, hasFailed: hasFailed))
    }
}
