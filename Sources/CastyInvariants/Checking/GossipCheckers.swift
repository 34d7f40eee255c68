import CastyCluster
import CastyCore
import CastyMembership
import CastyObservability
import CastySerialization
import CastyTestbed
import NIOCore

/// M4: only a change by the node itself advances its clock entry; a merge never does.
///
/// Exercised when a node has merged gossip that was concurrent to its own. If the merged version equals one of the two
/// but the content does not (only one side learned of a removed member), the product has to advance the entry; the
/// check leaves that case out.
struct NoTickInMerge: InvariantChecker {
    static let ids = ["M4"]

    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        var found: [Violation] = []
        for step in moment.steps {
            guard let received = step.received, step.isChange else { continue }
            let (mine, after) = (step.before.version[step.node], step.after.version[step.node])
            if step.before.version.compare(received.version) == .concurrent { exercised = ["M4"] }
            guard after > max(mine, received.version[step.node]), !hasOwnChange(step) else { continue }
            let merged = step.before.merged(with: received)
            if merged.version == step.before.version || merged.version == received.version { continue }
            found.append(
                Violation(
                    id: "M4", subject: moment.name(step.node),
                    text: "a merge counted it from \(mine) to \(after)"))
        }
        return found
    }

    /// After the merge the node may act as the leader.
    private func hasOwnChange(_ step: StepTrace) -> Bool {
        step.events.contains { if case .leaderAction = $0.cause { true } else { false } }
            || step.before.tombstones.contains { !step.after.isTombstoned($0.node) }
            || step.received?.tombstones.contains { !step.after.isTombstoned($0.node) } == true
    }
}

/// M6: merge is commutative, associative and idempotent, and never loses or advances anything. Checked once a second on
/// states that occurred in the run, current and earlier ones.
struct MergeLaws: InvariantChecker {
    static let ids = ["M6"]

    private var generator = SeededGenerator(seed: 6)
    private var next = Instant.start
    private var former: [Gossip] = []
    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        guard moment.time >= next, !moment.states.isEmpty else { return [] }
        next = moment.time + .seconds(1)
        let states = moment.states.map(\.gossip) + former
        let (first, second, third) = (pick(states), pick(states), pick(states))
        if former.count < 8 {
            former.append(first)
        } else {
            former[generator.below(former.count)] = first
        }
        if first != second { exercised = ["M6"] }
        return broken(first, second, third).map { Violation(id: "M6", text: "merging two states is not \($0)") }
    }

    private mutating func pick(_ states: [Gossip]) -> Gossip { states[generator.below(states.count)] }

    private func broken(_ first: Gossip, _ second: Gossip, _ third: Gossip) -> [String] {
        let both = first.merged(with: second)
        var broken: [String] = []
        if !both.hasSameContent(as: second.merged(with: first)) { broken.append("commutative") }
        if !first.merged(with: first).hasSameContent(as: first) { broken.append("idempotent") }
        if !both.merged(with: first).hasSameContent(as: both) { broken.append("a growth") }
        let right = first.merged(with: second.merged(with: third))
        if !both.merged(with: third).hasSameContent(as: right) { broken.append("associative") }
        let isCounted = both.version.entries.contains {
            $0.count > max(first.version[$0.node], second.version[$0.node])
        }
        if isCounted { broken.append("free of counting") }
        return broken
    }
}

/// M8: in a quiet cluster no version changes, and gossip consists of digests only.
///
/// Precondition: the quiet point has passed, and by the bounds the effects of all earlier faults must be over.
struct Quiescence: InvariantChecker {
    static let ids = ["M8"]

    private var since: Instant?
    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        guard moment.isSettled else {
            since = nil
            return []
        }
        let start = since ?? moment.time
        since = start
        if moment.time - start > moment.oracle.settings.gossip * 5, moment.members.count > 1 { exercised = ["M8"] }
        var found = moment.steps.filter { $0.time > start && $0.isChange }.map { step in
            Violation(
                id: "M8", subject: moment.name(step.node),
                text: "its version changed at \(step.time), in a cluster that has been quiet since \(start)")
        }
        if let envelope = moment.lastEnvelope, envelope.time > start {
            found.append(
                Violation(
                    id: "M8", subject: moment.name(envelope.node),
                    text: "it sent all it knows at \(envelope.time), in a cluster that has been quiet since \(start)"))
        }
        return found
    }
}

/// M13: the size of gossip is bounded by the members and tombstones and by a quarter of a frame, and the vector clock
/// has entries of members only.
///
/// Each second the state of one node is measured.
struct SmallGossip: InvariantChecker {
    static let ids = ["M13"]

    private var next = Instant.start
    private var turn = 0
    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        var found: [Violation] = []
        for state in moment.changes.gossip ? moment.states : [] {
            let unknownPeer = state.gossip.version.entries.first { !state.gossip.hasMember($0.node) }
            guard let unknownPeer else { continue }
            found.append(
                Violation(
                    id: "M13", subject: moment.name(state.node),
                    text: "its clock counts \(unknownPeer.node), which is no member"))
        }
        guard moment.time >= next, !moment.states.isEmpty else { return found }
        next = moment.time + .seconds(1)
        turn += 1
        let state = moment.states[turn % moment.states.count]
        // The part that could grow without limit is the data about removed members.
        if !state.gossip.tombstones.isEmpty { exercised = ["M13"] }
        var buffer = ByteBuffer()
        state.gossip.encode(into: &buffer)
        let limit = min(Self.limit(state.gossip), WireLimits.frame / 4)
        if buffer.readableBytes > limit {
            found.append(
                Violation(
                    id: "M13", subject: moment.name(state.node),
                    text: "its gossip takes \(buffer.readableBytes) bytes, of \(limit)"))
        }
        return found
    }

    /// The most bytes that the gossip may take.
    private static func limit(_ gossip: Gossip) -> Int {
        let roles = gossip.members.reduce(0) { $0 + $1.roles.reduce(0) { $0 + $1.utf8.count + 2 } }
        let rows = gossip.reachability.reduce(0) { $0 + 12 + 8 * $1.rows.count }
        let names = (gossip.members.map(\.node) + gossip.tombstones.map(\.node)).reduce(0) {
            $0 + $1.address.host.utf8.count
        }
        return 64 + names + 48 * gossip.members.count + 24 * gossip.tombstones.count + rows + roles
    }
}
