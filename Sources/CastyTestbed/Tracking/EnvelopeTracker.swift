package import CastyCore
package import CastyObservability
package import CastySharding
import Synchronization

/// Tracks every envelope of a run from its sender to its end, and every entity across its incarnations. It is the
/// oracle that the nodes' own ledgers are checked against.
///
/// If a node crashes, the envelopes in its custody count as lost, unless they turn out to have been handled.
package final class EnvelopeTracker: Sendable {
    /// The outcome of an envelope.
    package enum Fate: Hashable, Sendable {
        case pending
        case handled
        case lost(EnvelopeLoss)
    }

    struct Envelope {
        let entity: String
        /// The node incarnation at which it entered.
        let sender: UniqueAddress
        let entered: Instant
        /// The node that holds it, or last held it.
        var holder: String
        /// The node that it is in transit to.
        var heading: String?
        /// The number of hops between nodes since it entered, or since an old home forwarded it.
        var hops = 0
        var fate = Fate.pending
    }

    /// One incarnation of an entity on one incarnation of a node.
    package struct Incarnation: Hashable, Sendable {
        package let node: UniqueAddress
        package let number: UInt64
    }

    struct Activity {
        var current: Incarnation
        /// Incarnations that handled something before the current one did.
        var former: Set<Incarnation> = []
    }

    /// An envelope that ended without being handled.
    package struct Loss: Hashable, Sendable {
        package let number: UInt64
        package let entity: String
        package let sender: UniqueAddress
        package let entered: Instant
        package let time: Instant
        package let cause: EnvelopeLoss
    }

    /// One sender's envelopes for one entity, which are handled in the order of sending.
    struct Stream: Hashable {
        let sender: UniqueAddress
        let entity: String
    }

    /// The longest regular route: to a wrong home, back, and to the right one.
    package static let mostHops = 3

    struct State {
        var last: UInt64 = 0
        var envelopes: [UInt64: Envelope] = [:]
        /// The pending envelopes for each entity.
        var pendingOf: [String: Set<UInt64>] = [:]
        var pending = 0
        var activities: [String: Activity] = [:]
        var handled: UInt64 = 0
        var lost: Int = 0
        /// How many envelopes were handled more than once.
        var doubled = 0
        var losses: [Loss] = []
        /// The last handled envelope of each stream.
        var latest: [Stream: UInt64] = [:]
        var longestRoute = 0
        var violations: [Violation] = []
        /// How often an entity acted on another node than before, and how often a stream continued on another node.
        var (ownerChanges, streamChanges) = (0, 0)
        /// The node that handled the last envelope of each stream.
        var latestNode: [Stream: UniqueAddress] = [:]
        /// Nodes that have seen themselves declared down.
        var fenced: Set<UniqueAddress> = []
    }

    let state = Mutex(State())

    package init() {}

    /// Records that a new envelope for an entity enters at a node.
    ///
    /// - Returns: Its number.
    package func enter(entity: String, at node: String, _ sender: UniqueAddress, time: Instant) -> UInt64 {
        state.withLock { state in
            state.last += 1
            state.envelopes[state.last] = Envelope(entity: entity, sender: sender, entered: time, holder: node)
            state.pendingOf[entity, default: []].insert(state.last)
            state.pending += 1
            return state.last
        }
    }

    /// Records that an envelope leaves a node for another.
    package func forward(_ number: UInt64, from: String, to: String, _ hop: ShardHop = .delivery) {
        state.withLock { state in
            guard var envelope = state.envelopes[number] else { return }
            envelope.holder = from
            envelope.heading = to
            switch hop {
            case .leftover: envelope.hops = 1
            case .delivery, .returned: envelope.hops += 1
            }
            // One hop beyond the longest route is the return of an envelope that went wrong twice; it is then lost.
            if envelope.hops == Self.mostHops + 2 {
                state.violations.append(
                    Violation(
                        id: "S12", subject: from, entity: envelope.entity,
                        text: "envelope \(number) is on its \(envelope.hops)th hop from node to node"))
            }
            state.envelopes[number] = envelope
        }
    }

    /// Records that an envelope has arrived at a node.
    package func arrive(_ number: UInt64, at node: String) {
        state.withLock { state in
            state.envelopes[number]?.holder = node
            state.envelopes[number]?.heading = nil
        }
    }

    /// Records that an incarnation of its entity handles an envelope.
    package func handle(_ number: UInt64, entity: String, incarnation: Incarnation, at now: Instant) {
        state.withLock { state in
            state.handled += 1
            switch state.envelopes[number]?.fate {
            case .pending: state.settle(number, .handled)
            case .lost:
                state.lost -= 1
                state.envelopes[number]?.fate = .handled
            case .handled:
                state.doubled += 1
                state.object("S4", entity, "envelope \(number) handled twice, at \(now)")
            case nil: state.object("S4", entity, "envelope \(number) handled, but never sent, at \(now)")
            }
            if state.fenced.contains(incarnation.node) {
                state.object("P5", entity, "\(incarnation.node) handled an envelope though declared down, at \(now)")
            }
            state.act(entity, incarnation, at: now)
            state.keepOrder(number, at: now, on: incarnation.node)
        }
    }

    /// Records that an incarnation has handled a message of its own, such as a reminder.
    package func act(_ entity: String, _ incarnation: Incarnation, at now: Instant) {
        state.withLock { state in
            if state.fenced.contains(incarnation.node) {
                state.object("P5", entity, "\(incarnation.node) was reminded though declared down, at \(now)")
            }
            state.act(entity, incarnation, at: now)
        }
    }

    /// Records that a node has seen itself declared down: it may not handle anything from now on.
    package func fence(_ node: UniqueAddress) { state.withLock { _ = $0.fenced.insert(node) } }

    /// Records that an envelope will not be handled.
    package func lose(_ number: UInt64, because cause: EnvelopeLoss, at now: Instant) {
        state.withLock { $0.lose(number, because: cause, at: now) }
    }

    /// Records a message that was given to a node that was not running: it never entered the cluster.
    package func refuse(entity: String, sender: UniqueAddress, because cause: EnvelopeLoss, at now: Instant) {
        state.withLock { state in
            state.last += 1
            state.envelopes[state.last] = Envelope(
                entity: entity, sender: sender, entered: now, holder: "the sender", fate: .lost(cause))
            state.lost += 1
        }
    }

    /// Records a node's crash: the envelopes that it held, and those in transit to it, are lost.
    ///
    /// - Returns: The lost envelopes.
    @discardableResult
    package func crash(_ node: String, at now: Instant) -> [Loss] {
        let before = state.withLock { $0.losses.count }
        loseAll(because: .killed(node), at: now) { $0.holder == node || $0.heading == node }
        return losses(from: before)
    }

    /// Records a node's regular end: the envelopes that it held, and those in transit to it, are lost unless they
    /// turn up.
    package func end(_ node: String, at now: Instant) {
        loseAll(because: .ended(node), at: now) { $0.holder == node || $0.heading == node }
    }

    /// Records a lost connection: the envelopes in transit over it are lost.
    package func disconnect(from: String, to: String, at now: Instant) {
        loseAll(because: .disconnected(from: from, to: to), at: now) {
            $0.holder == from && $0.heading == to
        }
    }

    private func loseAll(because cause: EnvelopeLoss, at now: Instant, where gone: (Envelope) -> Bool) {
        state.withLock { state in
            for number in state.pendingOf.values.joined().sorted() {
                guard let envelope = state.envelopes[number], gone(envelope) else { continue }
                state.lose(number, because: cause, at: now)
            }
        }
    }

    /// Records a violation.
    package func object(_ id: String, _ entity: String, _ text: String) {
        state.withLock { $0.object(id, entity, text) }
    }
}
