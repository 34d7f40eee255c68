package import CastyCore
package import CastyObservability
package import CastySharding
import Synchronization

/// Follows every envelope of a run from its sender to its end, and every entity from life to life: the truth that the
/// nodes' own ledgers are held against.
///
/// An envelope that is in custody of a node when that node crashes counts as lost, unless it turns out to have been handled.
package final class EnvelopeTracker: Sendable {
    /// What became of an envelope.
    package enum Fate: Hashable, Sendable {
        case pending
        case handled
        case lost(LossCause)
    }

    /// Why an envelope was lost.
    package enum LossCause: Hashable, Sendable, CustomStringConvertible {
        /// A node has written so into its ledger.
        case ledger(LossReason)
        case killed(String)
        case ended(String)
        case disconnected(from: String, to: String)
        /// It was given to a node that did not run.
        case refused(by: String, NodeState)

        /// The cause in words.
        package var description: String {
            switch self {
            case .ledger(let reason): reason.rawValue
            case .killed(let node): "\(node) was killed"
            case .ended(let node): "\(node) had stopped"
            case .refused(let node, let state): "\(node) does not run: it is \(state.rawValue)"
            case .disconnected(let from, let to): "the connection from \(from) to \(to) was lost"
            }
        }
    }

    fileprivate struct Envelope {
        let entity: String
        /// The incarnation at which it entered.
        let sender: UniqueAddress
        let entered: Instant
        /// The node that has it, or had it when it was last seen.
        var holder: String
        /// The node it is on its way to.
        var heading: String?
        /// How often it went from one node to another since it entered, or since an old home passed it on.
        var hops = 0
        var fate = Fate.pending
    }

    /// One life of an entity on one incarnation of a node.
    package struct Life: Hashable, Sendable {
        package let node: UniqueAddress
        package let number: UInt64
    }

    fileprivate struct Activity {
        var current: Life
        /// Lives that handled something before the present one did.
        var former: Set<Life> = []
    }

    /// An envelope that ended without being handled.
    package struct Loss: Hashable, Sendable {
        package let number: UInt64
        package let entity: String
        package let sender: UniqueAddress
        package let entered: Instant
        package let time: Instant
        package let cause: LossCause
    }

    /// One sender's envelopes for one entity: they are handled in the order in which they were sent.
    fileprivate struct Stream: Hashable {
        let sender: UniqueAddress
        let entity: String
    }

    /// The longest way: to a wrong home, back, and to the right one.
    package static let mostHops = 3

    fileprivate struct State {
        var last: UInt64 = 0
        var envelopes: [UInt64: Envelope] = [:]
        /// The envelopes for each entity that have not ended.
        var pendingOf: [String: Set<UInt64>] = [:]
        var pending = 0
        var activities: [String: Activity] = [:]
        var handled: UInt64 = 0
        var lost: Int = 0
        /// How often one was handled that had been handled before.
        var doubled = 0
        var losses: [Loss] = []
        /// The last one of each stream that was handled.
        var latest: [Stream: UInt64] = [:]
        var longestWay = 0
        var violations: [Violation] = []
        /// How often an entity acted on another node than before, and how often one sender's messages went on there.
        var (ownerChanges, streamChanges) = (0, 0)
        /// Where the last one of each stream was handled.
        var latestPlace: [Stream: UniqueAddress] = [:]
        /// Nodes that have seen themselves declared down.
        var fenced: Set<UniqueAddress> = []
    }

    private let state = Mutex(State())

    package init() {}

    /// A new envelope for an entity enters at a node.
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

    /// It leaves a node for another.
    package func forward(_ number: UInt64, from: String, to: String, _ hop: ShardHop = .delivery) {
        state.withLock { state in
            guard var envelope = state.envelopes[number] else { return }
            envelope.holder = from
            envelope.heading = to
            switch hop {
            case .leftover: envelope.hops = 1
            case .delivery, .returned: envelope.hops += 1
            }
            // One more than the longest way is the return of what went wrong twice: it is lost then.
            if envelope.hops == Self.mostHops + 2 {
                state.violations.append(
                    Violation(
                        id: "S12", subject: from, entity: envelope.entity,
                        text: "envelope \(number) is on its \(envelope.hops)th way from node to node"))
            }
            state.envelopes[number] = envelope
        }
    }

    /// It has arrived at a node.
    package func arrive(_ number: UInt64, at node: String) {
        state.withLock { state in
            state.envelopes[number]?.holder = node
            state.envelopes[number]?.heading = nil
        }
    }

    /// A life of its entity handles it.
    package func handle(_ number: UInt64, entity: String, life: Life, at now: Instant) {
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
            if state.fenced.contains(life.node) {
                state.object("P5", entity, "\(life.node) handled an envelope though declared down, at \(now)")
            }
            state.act(entity, life, at: now)
            state.keepOrder(number, at: now, on: life.node)
        }
    }

    /// A node has seen itself declared down: it may handle nothing any more.
    package func fence(_ node: UniqueAddress) { state.withLock { _ = $0.fenced.insert(node) } }

    /// It will not be handled.
    package func lose(_ number: UInt64, because cause: LossCause, at now: Instant) {
        state.withLock { $0.lose(number, because: cause, at: now) }
    }

    /// A message for an entity was given to a node that does not run: it never entered, and nobody but its sender lost it.
    package func refuse(entity: String, sender: UniqueAddress, because cause: LossCause, at now: Instant) {
        state.withLock { state in
            state.last += 1
            state.envelopes[state.last] = Envelope(
                entity: entity, sender: sender, entered: now, holder: "the sender", fate: .lost(cause))
            state.lost += 1
        }
    }

    /// A node crashed: what it had, and what was on its way to it, is gone.
    ///
    /// - Returns: What was lost with it.
    @discardableResult
    package func crash(_ node: String, at now: Instant) -> [Loss] {
        let before = state.withLock { $0.losses.count }
        loseAll(because: .killed(node), at: now) { $0.holder == node || $0.heading == node }
        return losses(from: before)
    }

    /// A node ended in order: what it still had, and what was on its way to or from it, is gone unless it turns up.
    package func end(_ node: String, at now: Instant) {
        loseAll(because: .ended(node), at: now) { $0.holder == node || $0.heading == node }
    }

    /// A connection was lost: what was on its way is gone.
    package func disconnect(from: String, to: String, at now: Instant) {
        loseAll(because: .disconnected(from: from, to: to), at: now) {
            $0.holder == from && $0.heading == to
        }
    }

    private func loseAll(because cause: LossCause, at now: Instant, where gone: (Envelope) -> Bool) {
        state.withLock { state in
            for number in state.pendingOf.values.joined().sorted() {
                guard let envelope = state.envelopes[number], gone(envelope) else { continue }
                state.lose(number, because: cause, at: now)
            }
        }
    }

    /// Something went against a rule.
    package func object(_ id: String, _ entity: String, _ text: String) {
        state.withLock { $0.object(id, entity, text) }
    }

    /// How many envelopes for an entity have not ended.
    ///
    /// - Parameter last: Only those up to this number count.
    package func pending(of entity: String, upTo last: UInt64 = .max) -> Int {
        state.withLock { state in state.pendingOf[entity]?.count { $0 <= last } ?? 0 }
    }

    /// The entities for which envelopes have not ended, by name.
    package var pendingEntities: [String] { state.withLock { $0.pendingOf.keys.sorted() } }

    /// Whether an envelope for an entity that satisfies a condition has entered since a moment.
    package func hasEntered(since start: Instant, where matches: (String) -> Bool) -> Bool {
        state.withLock { state in state.envelopes.values.contains { $0.entered >= start && matches($0.entity) } }
    }

    /// The node that has an envelope, or that it is on its way to, as it was seen last, and whether it has not ended.
    package func whereabouts(of number: UInt64) -> (node: String, isPending: Bool)? {
        state.withLock { state in
            state.envelopes[number].map { ($0.heading ?? $0.holder, $0.fate == .pending) }
        }
    }

    /// How many envelopes have not ended.
    package var pending: Int { state.withLock { $0.pending } }

    /// The oldest envelope that has not ended: for which entity, and where it was seen last, in words.
    package func oldestPending(of entity: String? = nil) -> (entity: String, place: String, entered: Instant)? {
        state.withLock { state in
            let numbers =
                entity.map { state.pendingOf[$0] ?? [] } ?? Set(state.pendingOf.values.compactMap { $0.min() })
            return numbers.min().flatMap { state.place(of: $0) }
        }
    }

    /// The same, of the entities that satisfy a condition.
    package func oldestPending(
        where matches: (String) -> Bool
    ) -> (entity: String, place: String, entered: Instant)? {
        state.withLock { state in
            let oldest = state.pendingOf.filter { matches($0.key) }.values.compactMap { $0.min() }.min()
            return oldest.flatMap { state.place(of: $0) }
        }
    }

    /// How many ended without being handled.
    package var lost: Int { state.withLock { $0.lost } }

    /// How often one was handled that had been handled before.
    package var doubled: Int { state.withLock { $0.doubled } }

    /// How many were handled.
    package var handled: UInt64 { state.withLock { $0.handled } }

    /// How many were sent.
    package var sent: UInt64 { state.withLock { $0.last } }

    /// What went against the rules.
    package var violations: [Violation] { state.withLock { $0.violations } }

    /// The longest way of an envelope that was handled, in hops from node to node.
    package var longestWay: Int { state.withLock { $0.longestWay } }

    /// The rules that it looks after and that it had occasion to: an entity acted on another node than before (S1), a message was lost or went
    /// from one node to another (S4), one sender's messages went on elsewhere (S5), one went from node to node (S12).
    package var exercised: Set<String> {
        state.withLock { state in
            let facts = [
                (state.ownerChanges > 0, "S1"), (state.lost > 0 || state.longestWay > 0, "S4"),
                (state.streamChanges > 0, "S5"), (state.longestWay > 0, "S12"),
            ]
            return Set(facts.filter(\.0).map(\.1))
        }
    }

    /// What was lost, in the order in which that became known, from an index on. Some of it may have turned up later.
    package func losses(from index: Int) -> [Loss] {
        state.withLock { state in index < state.losses.count ? Array(state.losses[max(0, index)...]) : [] }
    }

    /// Whether an envelope was handled.
    package func isHandled(_ number: UInt64) -> Bool { state.withLock { $0.envelopes[number]?.fate == .handled } }

    /// An envelope that entered before a moment, has not ended, and satisfies a condition: where it was seen last, in words.
    package func pending(
        enteredBefore limit: Instant, where matches: (_ entity: String, _ sender: UniqueAddress) -> Bool
    ) -> (entity: String, place: String, entered: Instant)? {
        state.withLock { state in
            let found = state.pendingOf.values.joined().filter { number in
                state.envelopes[number].map { $0.entered < limit && matches($0.entity, $0.sender) } ?? false
            }
            return found.min().flatMap { state.place(of: $0) }
        }
    }

    /// Why envelopes were lost, and how many for each reason, by reason.
    package var lossesByReason: [(reason: String, count: Int)] {
        state.withLock { state in
            var counts: [String: Int] = [:]
            for envelope in state.envelopes.values {
                if case .lost(let cause) = envelope.fate { counts[cause.description, default: 0] += 1 }
            }
            return counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        }
    }
}

extension EnvelopeTracker.State {
    fileprivate mutating func settle(_ number: UInt64, _ fate: EnvelopeTracker.Fate) {
        guard let envelope = envelopes[number] else { return }
        envelopes[number]?.fate = fate
        pending -= 1
        pendingOf[envelope.entity]?.remove(number)
        if pendingOf[envelope.entity]?.isEmpty == true { pendingOf[envelope.entity] = nil }
    }

    fileprivate mutating func object(_ id: String, _ entity: String, _ text: String) {
        violations.append(Violation(id: id, entity: entity, text: text))
    }

    fileprivate mutating func lose(_ number: UInt64, because cause: EnvelopeTracker.LossCause, at now: Instant) {
        guard let envelope = envelopes[number], case .pending = envelope.fate else { return }
        settle(number, .lost(cause))
        lost += 1
        losses.append(
            EnvelopeTracker.Loss(
                number: number, entity: envelope.entity, sender: envelope.sender, entered: envelope.entered, time: now,
                cause: cause))
    }

    /// Where an envelope was seen last, in words.
    fileprivate func place(of number: UInt64) -> (entity: String, place: String, entered: Instant)? {
        guard let envelope = envelopes[number] else { return nil }
        let way = envelope.heading.map { "on its way from \(envelope.holder) to \($0)" }
        return (envelope.entity, "envelope \(number), \(way ?? "at \(envelope.holder)")", envelope.entered)
    }

    /// What one sender says to one entity is handled in the order in which it was said.
    fileprivate mutating func keepOrder(_ number: UInt64, at now: Instant, on node: UniqueAddress) {
        guard let envelope = envelopes[number] else { return }
        longestWay = max(longestWay, envelope.hops)
        if envelope.hops > EnvelopeTracker.mostHops {
            object("S12", envelope.entity, "envelope \(number) was handled after \(envelope.hops) hops, at \(now)")
        }
        let stream = EnvelopeTracker.Stream(sender: envelope.sender, entity: envelope.entity)
        if let before = latest[stream], before > number {
            object(
                "S5", envelope.entity,
                "envelope \(number) from \(envelope.sender) was handled after the later \(before), at \(now)")
        }
        latest[stream] = max(latest[stream] ?? 0, number)
        if let before = latestPlace.updateValue(node, forKey: stream), before != node { streamChanges += 1 }
    }

    /// Two lives overlap when one acts after another one, that began later to act, has acted.
    fileprivate mutating func act(_ entity: String, _ life: EnvelopeTracker.Life, at now: Instant) {
        guard var activity = activities[entity] else {
            activities[entity] = EnvelopeTracker.Activity(current: life)
            return
        }
        if activity.current == life { return }
        if activity.former.contains(life) {
            object("S1", entity, "two instances acted at the same time: \(life.node) again at \(now)")
        }
        if activity.current.node != life.node { ownerChanges += 1 }
        activity.former.insert(activity.current)
        activity.current = life
        activities[entity] = activity
    }
}
