import CastySharding
import Synchronization

/// What the stores of a testbed have acknowledged: held against what entities come back with.
package final class DurableOracle: Sendable {
    private struct Known {
        var acknowledged: [UInt8]?
        /// The node whose write that was.
        var writer: String?
        /// What was given to a store since, and not acknowledged: it may or may not be there.
        var attempted: [[UInt8]] = []
    }

    private struct State {
        var known: [String: Known] = [:]
        /// How often an entity came back on another node than the one that had written.
        var comebacks = 0
    }

    private let state = Mutex(State())
    /// Whether a node may write an entity's state: its shard was not given to another one since.
    private let isEntitled: @Sendable (_ entity: String, _ node: String) -> Bool
    private let object: @Sendable (_ id: String, _ entity: String, _ text: String) -> Void

    /// Creates one.
    ///
    /// - Parameters:
    ///   - isEntitled: Whether a node may write an entity's state.
    ///   - object: Called with each rule that was broken.
    package init(
        isEntitled: @escaping @Sendable (_ entity: String, _ node: String) -> Bool = { _, _ in true },
        object: @escaping @Sendable (_ id: String, _ entity: String, _ text: String) -> Void
    ) {
        self.isEntitled = isEntitled
        self.object = object
    }

    /// How often an entity came back on another node than the one that had written.
    package var comebacks: Int { state.withLock { $0.comebacks } }

    /// An entity is about to write a state.
    func writes(_ state: [UInt8], of entity: String, on node: String) {
        guard isEntitled(entity, node) else { return }
        self.state.withLock { $0.known[entity, default: Known()].attempted.append(state) }
    }

    /// The store has acknowledged it.
    ///
    /// The truth is the last write of a node that was entitled: what another one writes is a violation, and changes nothing that is owed.
    func wrote(_ state: [UInt8], of entity: String, on node: String) {
        guard isEntitled(entity, node) else {
            return object(
                "K1", entity, "\(node) wrote \(Self.words(state)), and the shard had been given to another node")
        }
        self.state.withLock { $0.known[entity] = Known(acknowledged: state, writer: node) }
    }

    /// An entity has come back with a state.
    ///
    /// What was attempted and not acknowledged may or may not be there; once it has been read it is settled, and has to stay.
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
