import CastySharding
import Synchronization

/// The states that a testbed's stores have acknowledged, compared with the states that entities load.
package final class DurableOracle: Sendable {
    private struct Known {
        var acknowledged: [UInt8]?
        /// The node that wrote the acknowledged state.
        var writer: String?
        /// States that were given to a store later and not acknowledged: they may or may not be saved.
        var attempted: [[UInt8]] = []
    }

    private struct State {
        var known: [String: Known] = [:]
        /// How often an entity started on another node than the one that wrote its state.
        var comebacks = 0
    }

    private let state = Mutex(State())
    /// Whether a node may write an entity's state: no later allocation gave its shard to another node.
    private let isEntitled: @Sendable (_ entity: String, _ node: String) -> Bool
    private let object: @Sendable (_ id: String, _ entity: String, _ text: String) -> Void

    /// Creates an oracle.
    ///
    /// - Parameters:
    ///   - isEntitled: Whether a node may write an entity's state.
    ///   - object: Called with each violation.
    package init(
        isEntitled: @escaping @Sendable (_ entity: String, _ node: String) -> Bool = { _, _ in true },
        object: @escaping @Sendable (_ id: String, _ entity: String, _ text: String) -> Void
    ) {
        self.isEntitled = isEntitled
        self.object = object
    }

    /// How often an entity started on another node than the one that wrote its state.
    package var comebacks: Int { state.withLock { $0.comebacks } }

    /// Called when an entity is about to write a state.
    func writes(_ state: [UInt8], of entity: String, on node: String) {
        guard isEntitled(entity, node) else { return }
        self.state.withLock { $0.known[entity, default: Known()].attempted.append(state) }
    }

    /// Called when the store has acknowledged a write.
    ///
    /// The last write by an entitled node counts. A write by any other node is a violation, and does not change the
    /// expected state.
    func wrote(_ state: [UInt8], of entity: String, on node: String) {
        guard isEntitled(entity, node) else {
            return object(
                "K1", entity, "\(node) wrote \(Self.words(state)), and the shard had been given to another node")
        }
        self.state.withLock { $0.known[entity] = Known(acknowledged: state, writer: node) }
    }

    /// Called when an entity has loaded a state.
    ///
    /// A write without acknowledgement may or may not be saved. Once it has been read it counts as acknowledged, and
    /// must not disappear.
    func loaded(_ loaded: [UInt8]?, of entity: String, on node: String) {
        let owed = state.withLock { state -> [UInt8]?? in
            let known = state.known[entity] ?? Known()
            if let writer = known.writer, writer != node { state.comebacks += 1 }
            let isAttempted = loaded.map(known.attempted.contains) ?? false
            guard loaded == known.acknowledged || isAttempted else { return .some(known.acknowledged) }
            state.known[entity] = Known(acknowledged: loaded, writer: known.writer)
            return nil
        }
        guard let owed else { return }
        object(
            "K1", entity,
            "it came back on \(node) with \(Self.words(loaded)), and \(Self.words(owed)) had been acknowledged or read")
    }

    private static func words(_ state: [UInt8]?) -> String {
        state.map { "\"\(String(decoding: $0, as: UTF8.self))\"" } ?? "nothing"
    }
}
