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
        /// Counts the calls of the stores for the entity.
        var calls: UInt64 = 0
        /// The last call that the store has carried out, and its node.
        var last: (call: UInt64, node: String)?

        mutating func nextCall() -> UInt64 {
            calls += 1
            return calls
        }

        /// Notes the state that a call has written or read: from now on no other counts.
        mutating func settle(_ state: [UInt8]?, _ fence: ShardFence, _ call: UInt64, on node: String) {
            (saved, token, attempted, last) = (state, fence, [], (call, node))
        }
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

    /// Called when a store is about to load a state.
    ///
    /// - Returns: The number of the call.
    func loads(_ key: EntityKey) -> UInt64 {
        state.withLock { $0.known[Entity(key), default: Known()].nextCall() }
    }

    /// Called when a store is about to write a state; `nil` deletes it.
    ///
    /// - Returns: The number of the call.
    func writes(_ state: [UInt8]?, of key: EntityKey) -> UInt64 {
        self.state.withLock { all in
            all.known[Entity(key), default: Known()].attempted.append(state)
            return all.known[Entity(key), default: Known()].nextCall()
        }
    }

    /// Called when the store has written a state.
    ///
    /// A write with a lower token than one that has used the entity before is a violation: it may have overwritten what a
    /// later owner knows. So is a write that lands after a later call of the same node: an incarnation of that node
    /// knows a state that is not saved any more.
    func wrote(_ state: [UInt8]?, of key: EntityKey, on node: String, _ fence: ShardFence, call: UInt64) {
        let text = self.state.withLock { all -> String? in
            var known = all.known[Entity(key)] ?? Known()
            if let token = known.token, token.cluster == fence.cluster, fence.isSuperseded(by: token) {
                return "\(node) wrote \(Self.words(state)) at \(fence), and \(token) had used it before"
            }
            if let last = known.last, last.node == node, call < last.call {
                return "\(node) wrote \(Self.words(state)) after a later call of its own had used it"
            }
            known.settle(state, fence, call, on: node)
            known.writer = node
            all.known[Entity(key)] = known
            return nil
        }
        if let text { object("K1", key.id, text) }
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
    func loaded(_ loaded: [UInt8]?, of key: EntityKey, on node: String, _ fence: ShardFence, call: UInt64) {
        let text = state.withLock { state -> String? in
            var known = state.known[Entity(key)] ?? Known()
            if let token = known.token, token.cluster == fence.cluster, fence.isSuperseded(by: token) {
                return "\(node) read it at \(fence), and \(token) had used it before"
            }
            if let writer = known.writer, writer != node { state.comebacks += 1 }
            guard loaded == known.saved || known.attempted.contains(loaded) else {
                return
                    "it came back on \(node) with \(Self.words(loaded)), and \(Self.words(known.saved)) had been acknowledged or read"
            }
            known.settle(loaded, fence, call, on: node)
            state.known[Entity(key)] = known
            return nil
        }
        if let text { object("K1", key.id, text) }
    }

    private static func words(_ state: [UInt8]?) -> String {
        state.map { "\"\(String(decoding: $0, as: UTF8.self))\"" } ?? "nothing"
    }
}
