import CastySharding
import Synchronization

/// What the stores of a laboratory have acknowledged: held against what entities come back with.
package final class DurableTruth: Sendable {
    private struct Known {
        var acknowledged: [UInt8]?
        /// What was given to a store since, and not acknowledged: it may or may not be there.
        var attempted: [[UInt8]] = []
    }

    private let known = Mutex<[String: Known]>([:])
    private let object: @Sendable (_ id: String, _ entity: String, _ text: String) -> Void

    /// - Parameter object: Told of each rule that was broken.
    package init(object: @escaping @Sendable (_ id: String, _ entity: String, _ text: String) -> Void) {
        self.object = object
    }

    /// An entity is about to write a state.
    func writes(_ state: [UInt8], of entity: String) {
        known.withLock { $0[entity, default: Known()].attempted.append(state) }
    }

    /// The store has acknowledged it.
    func wrote(_ state: [UInt8], of entity: String) {
        known.withLock { $0[entity] = Known(acknowledged: state) }
    }

    /// An entity has come back with a state.
    func loaded(_ state: [UInt8]?, of entity: String, on node: String) {
        let known = known.withLock { $0[entity] ?? Known() }
        if state == known.acknowledged { return }
        if let state, known.attempted.contains(state) { return }
        object(
            "K1", entity,
            "it came back on \(node) with \(Self.words(state)), and \(Self.words(known.acknowledged)) had been acknowledged"
        )
    }

    private static func words(_ state: [UInt8]?) -> String {
        state.map { "\"\(String(decoding: $0, as: UTF8.self))\"" } ?? "nothing"
    }
}
