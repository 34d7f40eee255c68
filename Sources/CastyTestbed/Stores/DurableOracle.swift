import CastySharding
import Synchronization

/// The states that a testbed's stores have saved, compared with the states that entities load.
package final class DurableOracle: Sendable {
    private struct Known {
        /// The state that is saved: written, or read since.
        var saved: [UInt8]?
        /// The node that wrote it.
        var writer: String?
        /// The highest token that has used the entity.
        var token: ShardFence?
        /// States that were given to a store later, and of which it is not known whether they are saved.
        var attempted: [[UInt8]?] = []
    }

    private struct Entity: Hashable {
        let type: String
        let id: String

        init(_ key: EntityKey) {
            (type, id) = (key.type, key.id)
        }
    }

    private struct State {
        var known: [Entity: Known] = [:]
        /// How often an entity started on another node than the one that wrote its state.
        var comebacks = 0
    }

    private let state = Mutex(State())
    /// Whether a node may acknowledge a change of an entity: no later allocation gave its shard to another node.
    private let isEntitled: @Sendable (_ entity: String, _ node: String) -> Bool
    private let object: @Sendable (_ id: String, _ entity: String, _ text: String) -> Void

    /// Creates an oracle.
    ///
    /// - Parameters:
    ///   - isEntitled: Whether a node may acknowledge a change of an entity.
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

    /// Called when an entity is about to write a state; `nil` deletes it.
    func writes(_ state: [UInt8]?, of key: EntityKey) {
        self.state.withLock { $0.known[Entity(key), default: Known()].attempted.append(state) }
    }

    /// Called when the store has written a state. A write with a lower token than one that has used the entity before is a
    /// violation: it may have overwritten what a later owner knows.
    func wrote(_ state: [UInt8]?, of key: EntityKey, on node: String, _ fence: ShardFence) {
        let later = self.state.withLock { all -> ShardFence? in
            let known = all.known[Entity(key)] ?? Known()
            if let token = known.token, token.cluster == fence.cluster, fence.isSuperseded(by: token) { return token }
            all.known[Entity(key)] = Known(saved: state, writer: node, token: fence)
            return nil
        }
        guard let later else { return }
        object("K1", key.id, "\(node) wrote \(Self.words(state)) at \(fence), and \(later) had used it before")
    }

    /// Called when an entity goes on with a state that it has saved, and acknowledges it.
    package func acknowledged(_ entity: String, on node: String) {
        guard !isEntitled(entity, node) else { return }
        object("K1", entity, "\(node) acknowledged a change, and the shard had been given to another node")
    }

    /// Called when an entity has loaded a state.
    ///
    /// A write without acknowledgement may or may not be saved. Once it has been read it counts as saved, and must not
    /// disappear.
    func loaded(_ loaded: [UInt8]?, of key: EntityKey, on node: String, _ fence: ShardFence) {
        let text = state.withLock { state -> String? in
            let known = state.known[Entity(key)] ?? Known()
            if let token = known.token, token.cluster == fence.cluster, fence.isSuperseded(by: token) {
                return "\(node) read it at \(fence), and \(token) had used it before"
            }
            if let writer = known.writer, writer != node { state.comebacks += 1 }
            guard loaded == known.saved || known.attempted.contains(loaded) else {
                return
                    "it came back on \(node) with \(Self.words(loaded)), and \(Self.words(known.saved)) had been acknowledged or read"
            }
            state.known[Entity(key)] = Known(saved: loaded, writer: known.writer, token: fence)
            return nil
        }
        if let text { object("K1", key.id, text) }
    }

    private static func words(_ state: [UInt8]?) -> String {
        state.map { "\"\(String(decoding: $0, as: UTF8.self))\"" } ?? "nothing"
    }
}
