import CastyCore
import CastyMembership
import CastyObservability
import CastyTestbed

/// P4: no node decides before its view has been stable for S, unless the unstable limit has passed since the trouble
/// began. A node that has led, and has had trouble, for S plus the unstable limit plus T_G has decided.
///
/// A node's clock may be wrong by 1 %, and the check tolerates that; nodes whose clock has jumped are left out.
/// Precondition of the second rule: the node has run at full speed the whole time.
struct PatientDowning: InvariantChecker {
    static let ids = ["P4"]

    private struct Settled: Equatable {
        var node: UniqueAddress
        var isExiting: Bool
    }

    private struct Trouble {
        var unreachable: [UniqueAddress]
        var settled: [Settled]
        var firstAt: Instant
        var changedAt: Instant
        var leadsSince: Instant?
    }

    private var troubles: [UniqueAddress: Trouble] = [:]
    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        var found: [Violation] = []
        for step in moment.steps {
            if let reason = haste(of: step, moment) {
                found.append(Violation(id: "P4", subject: moment.name(step.node), text: reason))
            }
            follow(step)
        }
        let limit = moment.oracle.bounds.decision
        for state in moment.members {
            guard let trouble = troubles[state.node], let since = trouble.leadsSince,
                let incarnation = moment.oracle.incarnation(state.node), incarnation.isSteady(at: moment.time),
                moment.oracle.settings.strategy != .manual, !moment.oracle.settings.strategy.needsLease
            else { continue }
            let start = max(since, trouble.firstAt, incarnation.steadySince)
            guard moment.time - start > limit else { continue }
            let text = "it leads, has had trouble since \(trouble.firstAt), and has not decided"
            found.append(Violation(id: "P4", subject: moment.name(state.node), text: text))
        }
        return found
    }

    private mutating func haste(of step: StepTrace, _ moment: ClusterMoment) -> String? {
        let isDecision = step.events.contains { if case .downingDecision = $0.kind { true } else { false } }
        guard isDecision, let incarnation = moment.oracle.incarnation(step.node), !incarnation.hasJumped else {
            return nil
        }
        exercised = ["P4"]
        guard let trouble = troubles[step.node] else { return "it decided, and had no trouble" }
        let settings = moment.oracle.settings
        let (still, all) = (step.time - trouble.changedAt, step.time - trouble.firstAt)
        let needed = settings.stableAfter(members: step.before.members.count)
        if still >= needed * 0.97 || all >= settings.unstableLimit * 0.97 { return nil }
        return "it decided \(still) after the last change of its view, \(all) after the first"
    }

    private mutating func follow(_ step: StepTrace) {
        let gossip = step.after
        let unreachable = gossip.unreachable.filter { node in
            gossip.member(node).map { $0.status != .down && $0.status != .exiting } ?? false
        }
        guard !unreachable.isEmpty, step.phase == .member else {
            troubles[step.node] = nil
            return
        }
        // Leaving takes no vote, and a vote that is down counts for no side.
        let settled = gossip.members.filter { $0.upNumber != nil && $0.status != .down }
            .map { Settled(node: $0.node, isExiting: $0.status == .exiting) }
        var trouble =
            troubles[step.node]
            ?? Trouble(
                unreachable: unreachable, settled: settled, firstAt: step.time, changedAt: step.time,
                leadsSince: nil)
        let isDown = { (node: UniqueAddress) in gossip.status(of: node) == .down }
        if trouble.unreachable.filter({ !isDown($0) }) != unreachable
            || trouble.settled.filter({ !isDown($0.node) }) != settled
        {
            trouble.changedAt = step.time
        }
        (trouble.unreachable, trouble.settled) = (unreachable, settled)
        let status = gossip.status(of: step.node)
        let leads = gossip.leader(seenBy: step.node) == step.node && (status == .up || status == .leaving)
        trouble.leadsSince = leads ? trouble.leadsSince ?? step.time : nil
        troubles[step.node] = trouble
    }
}

/// P5: a node that sees itself declared down stops at once, and has ended within a second plus the time to say goodbye.
/// The envelope tracker checks that it handles no further user message.
///
/// Precondition of the second rule: it runs at full speed.
struct FencedDown: InvariantChecker {
    static let ids = ["P5"]

    private var downSince: [UniqueAddress: Instant] = [:]
    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        var found: [Violation] = []
        for step in moment.steps where step.after.member(step.node)?.status == .down {
            exercised = ["P5"]
            if downSince[step.node] == nil { downSince[step.node] = step.time }
            if step.phase == .member {
                let text = "it has seen itself declared down, and stays a member"
                found.append(Violation(id: "P5", subject: moment.name(step.node), text: text))
            }
        }
        for state in moment.states {
            guard let down = downSince[state.node], let incarnation = moment.oracle.incarnation(state.node),
                incarnation.isSteady(at: moment.time)
            else { continue }
            // It may take a second to hand over queued messages.
            guard moment.time - max(down, incarnation.steadySince) > .milliseconds(2200) else { continue }
            let text = "it saw itself declared down at \(down), and is still there"
            found.append(Violation(id: "P5", subject: moment.name(state.node), text: text))
        }
        return found
    }
}

/// M2, P6: a removed incarnation never comes back, and a member declared down never becomes live again; both in the
/// views of nodes that knew of it. (A node that hung may still receive old news of an incarnation that all others had
/// removed before they died.)
struct NoReturn: InvariantChecker {
    static let ids = ["M2", "P6"]

    private var removed: [UniqueAddress: Set<UniqueAddress>] = [:]
    private var gone: [UniqueAddress: Set<UniqueAddress>] = [:]
    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        var found: [Violation] = []
        for step in moment.steps where step.isChange {
            for state in [step.before, step.after] {
                let lost = state.tombstones.map(\.node) + state.members.filter { $0.status == .down }.map(\.node)
                if !lost.isEmpty {
                    exercised = ["M2", "P6"]
                    gone[step.node, default: []].formUnion(lost)
                }
            }
            if let back = step.after.members.first(where: { removed[step.node]?.contains($0.node) == true }) {
                let text = "\(moment.name(back.node)) was removed from its view, and is \(back.status) again"
                found.append(Violation(id: "M2", subject: moment.name(step.node), text: text))
            }
            for member in step.before.members where step.after.member(member.node) == nil {
                removed[step.node, default: []].insert(member.node)
            }
            let back = step.after.members.first { member in
                member.status != .down && gone[step.node]?.contains(member.node) == true
            }
            if let back {
                let text = "\(moment.name(back.node)) was down or removed in its view, and is \(back.status) again"
                found.append(Violation(id: "P6", subject: moment.name(step.node), text: text))
            }
        }
        return found
    }
}

/// P7: members that are not up yet do not save a side: a side that survives a decision would also survive without them.
///
/// Precondition: a decision is made while a member is joining or weakly up, no member is indirectly disconnected, and
/// the strategy uses no lease.
struct VotesOfMembers: InvariantChecker {
    static let ids = ["P7"]

    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        var found: [Violation] = []
        for step in moment.steps {
            for event in step.events {
                guard case .downingDecision(let decision) = event.kind else { continue }
                let gossip = step.before
                let comers = gossip.members.filter { $0.status < .up && $0.node != step.node }.map(\.node)
                let view = DowningView(gossip, myself: step.node)
                let strategy = moment.oracle.settings.strategy
                // A losing side decides only about itself, whatever it leaves undecided elsewhere.
                guard !comers.isEmpty, view.indirect.isEmpty, !strategy.needsLease,
                    !decision.down.contains(step.node)
                else { continue }
                exercised = ["P7"]
                let without = DowningView(
                    myself: step.node, members: gossip.members.filter { !comers.contains($0.node) },
                    unreachable: view.unreachable, rows: view.rows)
                let kept = strategy.decide(without)
                let saved = gossip.members.first { member in
                    member.status.isVoting && !decision.down.contains(member.node) && kept.down.contains(member.node)
                }
                guard let saved else { continue }
                let text = "its decision keeps \(moment.name(saved.node)), by the votes of members that are not up yet"
                found.append(Violation(id: "P7", subject: moment.name(step.node), text: text))
            }
        }
        return found
    }
}
