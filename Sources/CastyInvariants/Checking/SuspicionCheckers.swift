import CastyCore
import CastyMembership
import CastyObservability
import CastyTestbed

/// F1: a member that died, hangs or is cut off is marked by each of its observers within T_FD, or within T_FD + P if a
/// witness still reaches it. T_G later it is unreachable, down or removed in the view of every node that the observer
/// can reach.
///
/// Precondition: observer and onlooker run at full speed, and all links that are not cut work normally. T_FD for this
/// pair follows from the state of the observer's detector when the silence began: twice its mean, and 1.1 times its
/// deviation term.
struct Completeness: InvariantChecker {
    static let ids = ["F1"]

    private struct Silence {
        let begun: Instant
        let due: Instant
        var markedAt: Instant?
    }

    private var silences: [NodePair: Silence] = [:]
    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        var found: [Violation] = []
        var present: [NodePair: Silence] = [:]
        for state in moment.members {
            guard let observer = moment.oracle.incarnation(state.node), observer.isSteady(at: moment.time) else {
                continue
            }
            guard state.gossip.members.count <= moment.oracle.settings.monitors + 1 else { continue }
            for member in state.gossip.members where member.node != state.node && member.status < .exiting {
                guard let began = silent(member.node, to: observer, moment) else { continue }
                let pair = NodePair(observer: state.node, subject: member.node)
                let known = silences[pair].flatMap { $0.begun == began ? $0 : nil }
                guard var silence = known ?? begin(pair, since: began, moment) else { continue }
                let isMarked = state.gossip.row(by: state.node, of: member.node) != nil
                if isMarked {
                    exercised = ["F1"]
                    let markedAt = silence.markedAt ?? moment.time
                    silence.markedAt = markedAt
                    found += onlookers(pair, since: markedAt, moment)
                } else if moment.time > silence.due {
                    let text = "it has not marked \(moment.name(member.node)), silent since \(silence.begun)"
                    found.append(Violation(id: "F1", subject: moment.name(state.node), text: text))
                }
                present[pair] = silence
            }
        }
        silences = present
        return found
    }

    /// Since when an observer cannot hear a subject, though it should.
    private func silent(
        _ subject: UniqueAddress, to observer: Oracle.Incarnation, _ moment: ClusterMoment
    ) -> Instant? {
        guard let incarnation = moment.oracle.incarnation(subject), incarnation.stoppedFor != .left,
            !incarnation.isReplaced, !moment.oracle.isShaped(incarnation.number, observer.number, at: moment.time),
            moment.oracle.reconnected(incarnation.number, observer.number) <= moment.time
        else { return nil }
        return incarnation.state != .running
            ? incarnation.since : moment.oracle.cutSince(incarnation.number, observer.number)
    }

    private func begin(_ pair: NodePair, since began: Instant, _ moment: ClusterMoment) -> Silence? {
        let view = moment.views.first { $0.node == pair.observer }
        guard let peer = view?.peers.first(where: { $0.node == pair.subject }) else { return nil }
        let settings = moment.oracle.settings
        let learnt = peer.mean * 2 + peer.deviation * (MembershipBounds.deviations * 1.1)
        let due = moment.time + learnt + settings.pause * 2 + settings.heartbeat * 2
        return Silence(begun: began, due: due, markedAt: nil)
    }

    private func onlookers(_ pair: NodePair, since marked: Instant, _ moment: ClusterMoment) -> [Violation] {
        let oracle = moment.oracle
        let limit = oracle.bounds.spread + oracle.settings.heartbeat
        guard moment.time - marked > limit, let observer = oracle.incarnation(pair.observer) else { return [] }
        let known = moment.members.first { $0.node == pair.observer }?.gossip
        return moment.members.compactMap { state in
            guard state.node != pair.observer, state.node != pair.subject,
                let incarnation = oracle.incarnation(state.node),
                // The observer sends nothing to a node that it does not know yet.
                known?.member(state.node) != nil,
                incarnation.isSteady(at: moment.time), moment.time - incarnation.steadySince > limit,
                let joined = incarnation.memberSince, moment.time - joined > limit,
                let clean = oracle.cleanSince(incarnation.number, observer.number),
                moment.time - clean > oracle.bounds.recovery,
                let subject = state.gossip.member(pair.subject), subject.status < .exiting,
                // The marks of a member that is leaving the cluster or declared down no longer count.
                let reported = state.gossip.member(pair.observer), reported.status < .exiting,
                state.gossip.observers(of: pair.subject).isEmpty
            else { return nil }
            let text =
                "\(moment.name(pair.subject)) is reachable in its view; \(moment.name(pair.observer)) marked it at \(marked)"
            return Violation(id: "F1", subject: moment.name(state.node), text: text)
        }
    }
}

/// F6: no running node is declared down.
///
/// Precondition: nothing happened in this run except starts, departures, narrow links, and links with slight latency,
/// jitter, or at most 5 % loss.
struct NoFalseRemoval: InvariantChecker {
    static let ids = ["F6"]

    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        guard moment.oracle.isFaultless else { return [] }
        if moment.time > .start + .seconds(5), moment.members.count > 1 { exercised = ["F6"] }
        return moment.steps.flatMap { step in
            step.events.compactMap { event in
                guard case .memberDown = event.kind, let subject = event.subject,
                    let incarnation = moment.oracle.incarnation(subject), incarnation.leaveAskedAt == nil
                else { return nil }
                // It makes no difference whether the node has already learned of that and stopped.
                let text = "\(moment.name(step.node)) sees it down, and nothing was wrong with it"
                return Violation(id: "F6", subject: moment.name(subject), text: text)
            }
        }
    }
}

/// F7: a node that hung for longer than T_FD suspects at most one of its peers in its first two heartbeats after the
/// thaw.
///
/// Only peers that ran at full speed the whole time, over a good link, count.
struct SickObserver: InvariantChecker {
    static let ids = ["F7"]

    private var suspects: [UniqueAddress: Set<UniqueAddress>] = [:]
    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        let oracle = moment.oracle
        let window = oracle.settings.heartbeat * 2
        for incarnation in oracle.running {
            guard let thaw = incarnation.thaw, thaw.after > oracle.bounds.detection, incarnation.memberSince != nil
            else { continue }
            if moment.time - thaw.at > window { exercised = ["F7"] }
        }
        var found: [Violation] = []
        for step in moment.steps {
            guard let incarnation = oracle.incarnation(step.node), let thaw = incarnation.thaw,
                thaw.after > oracle.bounds.detection,
                step.time >= thaw.at, step.time - thaw.at <= window, incarnation.steadySince <= thaw.at
            else { continue }
            for event in step.events {
                guard case .suspected = event.kind, let subject = event.subject, let peer = oracle.incarnation(subject),
                    peer.isSteady(at: moment.time), peer.steadySince < thaw.at - thaw.after,
                    let clean = oracle.cleanSince(incarnation.number, peer.number), clean < thaw.at - thaw.after,
                    oracle.reconnected(incarnation.number, peer.number) < thaw.at - thaw.after
                else { continue }
                suspects[step.node, default: []].insert(subject)
            }
            if let count = suspects[step.node]?.count, count > 1 {
                let text = "it hung for \(thaw.after) itself, and suspected \(count) peers as soon as it went on"
                found.append(Violation(id: "F7", subject: moment.name(step.node), text: text))
            }
        }
        suspects = suspects.filter { node, _ in
            oracle.incarnation(node)?.thaw.map { moment.time - $0.at <= window } ?? false
        }
        return found
    }
}

/// F8: once the link to a peer works again, its observer removes the mark within a reconnect, two heartbeats and T_G,
/// and does not mark the peer again.
///
/// Precondition: since then both run at full speed over a good link, and neither considers the other down or removed.
struct Refutation: InvariantChecker {
    static let ids = ["F8"]

    private var flips: [NodePair: (clean: Instant, count: Int)] = [:]
    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        let oracle = moment.oracle
        var found: [Violation] = []
        for step in moment.steps {
            for pair in flipped(step) {
                guard let clean = workingSince(pair, oracle, at: moment.time) else { continue }
                let before = flips[pair].flatMap { $0.clean == clean ? $0.count : nil } ?? 0
                flips[pair] = (clean, before + (step.time > clean ? 1 : 0))
                if before >= 2, step.time > clean {
                    let text =
                        "it marked and unmarked \(moment.name(pair.subject)) again and again, over a link good since \(clean)"
                    found.append(Violation(id: "F8", subject: moment.name(step.node), text: text))
                }
            }
        }
        for state in moment.members {
            for rows in state.gossip.reachability where rows.observer == state.node {
                for row in rows.rows where row.verdict != .terminated {
                    let pair = NodePair(observer: state.node, subject: row.subject)
                    guard let clean = workingSince(pair, oracle, at: moment.time), isMutual(pair, moment) else {
                        continue
                    }
                    exercised = ["F8"]
                    let limit = oracle.settings.heartbeat * 2 + oracle.bounds.spread
                    guard moment.time - max(clean, connected(pair, oracle)) > limit else { continue }
                    let text =
                        "it still marks \(moment.name(row.subject)), though all is well between them since \(clean)"
                    found.append(Violation(id: "F8", subject: moment.name(state.node), text: text))
                }
            }
        }
        return found
    }

    /// The peers that an observer marked or unmarked in a step.
    private func flipped(_ step: StepTrace) -> [NodePair] {
        let own = { (gossip: Gossip) in gossip.reachability.first { $0.observer == step.node } }
        let (before, after) = (own(step.before), own(step.after))
        guard before != after else { return [] }
        let (old, new) = (before?.rows.map(\.subject) ?? [], after?.rows.map(\.subject) ?? [])
        let changed = old.filter { !new.contains($0) } + new.filter { !old.contains($0) }
        return changed.map { NodePair(observer: step.node, subject: $0) }
    }

    private func workingSince(_ pair: NodePair, _ oracle: Oracle, at now: Instant) -> Instant? {
        guard let observer = oracle.incarnation(pair.observer), let subject = oracle.incarnation(pair.subject),
            observer.isSteady(at: now), subject.isSteady(at: now), subject.stoppedFor == nil,
            let clean = oracle.cleanSince(observer.number, subject.number)
        else { return nil }
        let joined = max(observer.memberSince ?? now, subject.memberSince ?? now)
        let since = max(clean, observer.steadySince, subject.steadySince, joined)
        return since <= now ? since : nil
    }

    /// When the pair's connections must be open again: a hang of half a minute loses them, as a long cut does.
    private func connected(_ pair: NodePair, _ oracle: Oracle) -> Instant {
        guard let observer = oracle.incarnation(pair.observer), let subject = oracle.incarnation(pair.subject) else {
            return .start
        }
        var latest = oracle.reconnected(observer.number, subject.number)
        for incarnation in [observer, subject] {
            if let joined = incarnation.memberSince { latest = max(latest, joined + MembershipBounds.reconnect) }
            if let thaw = incarnation.thaw, thaw.after > .seconds(20) {
                latest = max(latest, thaw.at + MembershipBounds.reconnect)
            }
        }
        return latest
    }

    private func isMutual(_ pair: NodePair, _ moment: ClusterMoment) -> Bool {
        func holds(_ viewer: UniqueAddress, _ node: UniqueAddress) -> Bool {
            let gossip = moment.members.first { $0.node == viewer }?.gossip
            return gossip?.member(node).map { $0.status != .down } ?? false
        }
        return holds(pair.observer, pair.subject) && holds(pair.subject, pair.observer)
    }
}
