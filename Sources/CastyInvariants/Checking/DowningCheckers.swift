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

    private struct Trouble {
        var unreachable: [UniqueAddress]
        var settled: [UniqueAddress]
        var firstAt: Instant
        var changedAt: Instant
        var leadsSince: Instant?
    }

    private var troubles: [UniqueAddress: Trouble] = [:]
    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        var found: [Violation] = []
        for sighting in moment.sightings {
            if let reason = haste(of: sighting, moment) {
                found.append(Violation(id: "P4", subject: moment.name(sighting.node), text: reason))
            }
            follow(sighting)
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

    private mutating func haste(of sighting: StepTrace, _ moment: ClusterMoment) -> String? {
        let isDecision = sighting.events.contains { if case .downingDecision = $0.kind { true } else { false } }
        guard isDecision, let incarnation = moment.oracle.incarnation(sighting.node), !incarnation.hasJumped else {
            return nil
        }
        exercised = ["P4"]
        guard let trouble = troubles[sighting.node] else { return "it decided, and had no trouble" }
        let settings = moment.oracle.settings
        let (still, all) = (sighting.time - trouble.changedAt, sighting.time - trouble.firstAt)
        let needed = settings.stableAfter(members: sighting.before.members.count)
        if still >= needed * 0.97 || all >= settings.unstableLimit * 0.97 { return nil }
        return "it decided \(still) after the last change of its view, \(all) after the first"
    }

    private mutating func follow(_ sighting: StepTrace) {
        let gossip = sighting.after
        let unreachable = gossip.unreachable.filter { node in
            gossip.member(node).map { $0.status != .down && $0.status != .exiting } ?? false
        }
        guard !unreachable.isEmpty, sighting.phase == .member else {
            troubles[sighting.node] = nil
            return
        }
        let settled = gossip.members.filter { $0.status == .up || $0.status == .exiting }.map(\.node)
        var trouble =
            troubles[sighting.node]
            ?? Trouble(
                unreachable: unreachable, settled: settled, firstAt: sighting.time, changedAt: sighting.time,
                leadsSince: nil)
        if trouble.unreachable != unreachable || trouble.settled != settled { trouble.changedAt = sighting.time }
        (trouble.unreachable, trouble.settled) = (unreachable, settled)
        let status = gossip.member(sighting.node)?.status
        let leads = gossip.leader(seenBy: sighting.node) == sighting.node && (status == .up || status == .leaving)
        trouble.leadsSince = leads ? trouble.leadsSince ?? sighting.time : nil
        troubles[sighting.node] = trouble
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
        for sighting in moment.sightings where sighting.after.member(sighting.node)?.status == .down {
            exercised = ["P5"]
            if downSince[sighting.node] == nil { downSince[sighting.node] = sighting.time }
            if sighting.phase == .member {
                let text = "it has seen itself declared down, and stays a member"
                found.append(Violation(id: "P5", subject: moment.name(sighting.node), text: text))
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
        for sighting in moment.sightings where sighting.isChange {
            for state in [sighting.before, sighting.after] {
                let lost = state.tombstones.map(\.node) + state.members.filter { $0.status == .down }.map(\.node)
                if !lost.isEmpty {
                    exercised = ["M2", "P6"]
                    gone[sighting.node, default: []].formUnion(lost)
                }
            }
            if let back = sighting.after.members.first(where: { removed[sighting.node]?.contains($0.node) == true }) {
                let text = "\(moment.name(back.node)) was removed from its view, and is \(back.status) again"
                found.append(Violation(id: "M2", subject: moment.name(sighting.node), text: text))
            }
            for member in sighting.before.members where sighting.after.member(member.node) == nil {
                removed[sighting.node, default: []].insert(member.node)
            }
            let back = sighting.after.members.first { member in
                member.status != .down && gone[sighting.node]?.contains(member.node) == true
            }
            if let back {
                let text = "\(moment.name(back.node)) was down or removed in its view, and is \(back.status) again"
                found.append(Violation(id: "P6", subject: moment.name(sighting.node), text: text))
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
        for sighting in moment.sightings {
            for event in sighting.events {
                guard case .downingDecision(let decision) = event.kind else { continue }
                let gossip = sighting.before
                let comers = gossip.members.filter { $0.status < .up && $0.node != sighting.node }.map(\.node)
                let view = DowningView(gossip, myself: sighting.node)
                let strategy = moment.oracle.settings.strategy
                // A losing side decides only about itself, whatever it leaves undecided elsewhere.
                guard !comers.isEmpty, view.indirect.isEmpty, !strategy.needsLease,
                    !decision.down.contains(sighting.node)
                else { continue }
                exercised = ["P7"]
                let without = DowningView(
                    myself: sighting.node, members: gossip.members.filter { !comers.contains($0.node) },
                    unreachable: view.unreachable, rows: view.rows)
                let kept = strategy.decide(without)
                let saved = gossip.members.first { member in
                    member.status.isVoting && !decision.down.contains(member.node) && kept.down.contains(member.node)
                }
                guard let saved else { continue }
                let text = "its decision keeps \(moment.name(saved.node)), by the votes of members that are not up yet"
                found.append(Violation(id: "P7", subject: moment.name(sighting.node), text: text))
            }
        }
        return found
    }
}
