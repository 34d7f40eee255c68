package import CastyPrimitives
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
        case lost(String)
    }

    fileprivate struct Envelope {
        let entity: String
        /// The node that has it, or had it when it was last seen.
        var holder: String
        /// The node it is on its way to.
        var heading: String?
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

    fileprivate struct State {
        var last: UInt64 = 0
        var envelopes: [UInt64: Envelope] = [:]
        /// The envelopes for each entity that have not ended.
        var pendingOf: [String: Set<UInt64>] = [:]
        var pending = 0
        var activities: [String: Activity] = [:]
        var handled: UInt64 = 0
        var lost: Int = 0
        var violations: [String] = []
    }

    private let state = Mutex(State())

    package init() {}

    /// A new envelope for an entity enters at a node.
    ///
    /// - Returns: Its number.
    package func enter(entity: String, at node: String) -> UInt64 {
        state.withLock { state in
            state.last += 1
            state.envelopes[state.last] = Envelope(entity: entity, holder: node)
            state.pendingOf[entity, default: []].insert(state.last)
            state.pending += 1
            return state.last
        }
    }

    /// It leaves a node for another.
    package func forward(_ number: UInt64, from: String, to: String) {
        state.withLock { state in
            state.envelopes[number]?.holder = from
            state.envelopes[number]?.heading = to
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
            case .handled: state.violations.append("S4 envelope \(number) for \(entity) handled twice, at \(now)")
            case nil: state.violations.append("S4 envelope \(number) for \(entity) handled, but never sent, at \(now)")
            }
            state.act(entity, life, at: now)
        }
    }

    /// It will not be handled.
    package func lose(_ number: UInt64, because reason: String) {
        state.withLock { state in
            guard case .pending? = state.envelopes[number]?.fate else { return }
            state.settle(number, .lost(reason))
            state.lost += 1
        }
    }

    /// A node crashed: what it had, and what was on its way to it, is gone.
    package func crash(_ node: String) {
        loseAll(because: "\(node) was killed") { $0.holder == node || $0.heading == node }
    }

    /// A node ended in order: what it still had, and what was on its way to or from it, is gone unless it turns up.
    package func end(_ node: String) {
        loseAll(because: "\(node) had stopped") { $0.holder == node || $0.heading == node }
    }

    /// A connection was lost: what was on its way is gone.
    package func disconnect(from: String, to: String) {
        loseAll(because: "the connection from \(from) to \(to) was lost") { $0.holder == from && $0.heading == to }
    }

    private func loseAll(because reason: String, where gone: (Envelope) -> Bool) {
        state.withLock { state in
            for (number, envelope) in state.envelopes where envelope.fate == .pending && gone(envelope) {
                state.settle(number, .lost(reason))
                state.lost += 1
            }
        }
    }

    /// How many envelopes for an entity have not ended.
    ///
    /// - Parameter last: Only those up to this number count.
    package func pending(of entity: String, upTo last: UInt64 = .max) -> Int {
        state.withLock { state in state.pendingOf[entity]?.count { $0 <= last } ?? 0 }
    }

    /// How many envelopes have not ended.
    package var pending: Int { state.withLock { $0.pending } }

    /// The oldest envelope that has not ended: for which entity, and where it was seen last, in words.
    package func oldestPending(of entity: String? = nil) -> (entity: String, place: String)? {
        state.withLock { state in
            let numbers =
                entity.map { state.pendingOf[$0] ?? [] } ?? Set(state.pendingOf.values.compactMap { $0.min() })
            guard let number = numbers.min(), let envelope = state.envelopes[number] else { return nil }
            let way = envelope.heading.map { "on its way from \(envelope.holder) to \($0)" }
            return (envelope.entity, "envelope \(number), \(way ?? "at \(envelope.holder)")")
        }
    }

    /// How many ended without being handled.
    package var lost: Int { state.withLock { $0.lost } }

    /// How many were handled.
    package var handled: UInt64 { state.withLock { $0.handled } }

    /// How many were sent.
    package var sent: UInt64 { state.withLock { $0.last } }

    /// What went against the rules, in words.
    package var violations: [String] { state.withLock { $0.violations } }

    /// Why envelopes were lost, and how many for each reason, by reason.
    package var lossesByReason: [(reason: String, count: Int)] {
        state.withLock { state in
            var counts: [String: Int] = [:]
            for envelope in state.envelopes.values {
                if case .lost(let reason) = envelope.fate { counts[reason, default: 0] += 1 }
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

    /// Two lives overlap when one acts after another one, that began later to act, has acted.
    fileprivate mutating func act(_ entity: String, _ life: EnvelopeTracker.Life, at now: Instant) {
        guard var activity = activities[entity] else {
            activities[entity] = EnvelopeTracker.Activity(current: life)
            return
        }
        if activity.current == life { return }
        if activity.former.contains(life) {
            violations.append("S1 two instances of \(entity) acted at the same time: \(life.node) again at \(now)")
        }
        activity.former.insert(activity.current)
        activity.current = life
        activities[entity] = activity
    }
}
