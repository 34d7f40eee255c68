import CastyCore
import CastyMembership
import CastyObservability
import CastyTestbed

/// Detects clean splits.
struct SplitWatch {
    private var wasSettled = false
    private var faultedAt = Instant.start
    private var agreed: [Member]?
    private(set) var split: Split?

    /// Takes in a moment. ``split`` is the split since the last fault, or `nil`.
    mutating func look(_ moment: ClusterMoment) {
        let oracle = moment.oracle
        if oracle.lastFault > faultedAt {
            faultedAt = oracle.lastFault
            split = find(moment)
        }
        wasSettled = moment.isSettled
        agreed = wasSettled ? moment.members.first?.gossip.members : nil
    }

    private func find(_ moment: ClusterMoment) -> Split? {
        let oracle = moment.oracle
        let members = moment.members
        let incarnations = members.compactMap { oracle.incarnation($0.node) }
        // If a person has declared members down, that person has decided which members stay.
        guard incarnations.count == members.count, incarnations.allSatisfy({ $0.isSteady(at: moment.time) }),
            !oracle.disturbances.contains(where: { $0.kind == .downCommand && $0.settled > moment.time })
        else { return nil }
        let isSettled =
            incarnations.allSatisfy { $0.leaveAskedAt == nil }
            && members.allSatisfy { state in members.allSatisfy { $0.gossip.status(of: state.node) == .up } }
        var groups: [[Oracle.Incarnation]] = []
        for incarnation in incarnations {
            let index = groups.firstIndex { group in
                group.contains { oracle.cutSince($0.number, incarnation.number) == nil }
            }
            if let index { groups[index].append(incarnation) } else { groups.append([incarnation]) }
        }
        for (index, group) in groups.enumerated() {
            for (position, incarnation) in group.enumerated() {
                let isWhole = group[(position + 1)...].allSatisfy { other in
                    oracle.reconnected(incarnation.number, other.number) <= moment.time
                        && oracle.cleanSince(incarnation.number, other.number).map { $0 <= moment.time } ?? false
                }
                let isApart = groups[(index + 1)...].joined().allSatisfy {
                    oracle.isSevered(incarnation.number, $0.number)
                }
                guard isWhole, isApart else { return nil }
            }
        }
        let recent = oracle.disturbances.filter { $0.at > faultedAt - .milliseconds(100) && $0.at <= faultedAt }
        let isPlain = recent.allSatisfy { $0.kind == .kill || $0.kind == .freeze || $0.kind == .cut }
        let isAmongChanges = oracle.disturbances.allSatisfy { disturbance in
            switch disturbance.kind {
            case .start, .leave, .forgetting: true
            case .selfStop:
                disturbance.settled <= faultedAt
                    || oracle.incarnations.contains { $0.number == disturbance.number && $0.stoppedFor == .left }
            case .kill, .freeze, .cut: disturbance.settled <= faultedAt || recent.contains { $0.at == disturbance.at }
            case .thaw, .downCommand, .heal, .shape, .reset, .sick, .narrow: disturbance.settled <= faultedAt
            }
        }
        return Split(
            faultedAt: faultedAt, members: agreed ?? [], groups: groups.map { $0.map(\.node) },
            isFromQuiet: isSettled && wasSettled && isPlain && agreed != nil,
            isAmongChanges: isPlain && isAmongChanges)
    }
}

/// P1: after S + M + T_conv + P at most one side of a split has members that continue.
///
/// Precondition: the split is clean (nothing passes between the sides, and all links within each side work), and
/// nothing was done since. Members may be joining or leaving at that moment; the time for a decision is then added to
/// the bound. A side continues if one of its nodes has a vote in its own view. With `manual` no node decides.
struct OneSide: InvariantChecker {
    static let ids = ["P1"]

    private var watch = SplitWatch()
    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        watch.look(moment)
        let bounds = moment.oracle.bounds
        guard let split = watch.split, split.groups.count > 1, moment.oracle.settings.strategy != .manual,
            moment.time - split.faultedAt > bounds.split + (split.isFromQuiet ? .zero : bounds.decision)
        else { return [] }
        exercised = ["P1"]
        let alive = Set(moment.members.filter { $0.gossip.member($0.node)?.hasVote == true }.map(\.node))
        let sides = split.groups.filter { group in group.contains { alive.contains($0) } }
        guard sides.count > 1 else { return [] }
        let text = sides.map { $0.map(moment.name).joined(separator: ",") }.joined(separator: " and ")
        return [Violation(id: "P1", text: "\(text) all go on, split since \(split.faultedAt)")]
    }
}

/// P2: the survivors of a split are those that an independent oracle names.
///
/// Precondition: as for P1; the faults at that moment are kills, hangs and cuts only, and there was no other trouble.
/// If the cluster was quiet and in agreement before, the oracle has one answer. If members were joining or leaving, it
/// has one answer for each view that some member had before it noticed the loss. One of those sides survives, or none,
/// because a side that cannot exclude the survival of the other one has to stop.
struct SurvivorsAsOracle: InvariantChecker {
    static let ids = ["P2"]

    private var watch = SplitWatch()
    /// The voters in the members' views after the fault, before the members noticed it.
    private var lists: [[Member]] = []
    private var listsOf = Instant.start
    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        watch.look(moment)
        if let split = watch.split, split.isAmongChanges, !split.isFromQuiet { return unsettled(split, moment) }
        guard let split = watch.split, split.isFromQuiet, split.hasLoss,
            moment.time - split.faultedAt > moment.oracle.bounds.split,
            let expected = SplitOracle(split).survivors(moment.oracle.settings.strategy)
        else { return [] }
        exercised = ["P2"]
        let running = Set(split.groups.joined())
        let alive = moment.members.map(\.node).filter { running.contains($0) }
        guard alive.sorted() != expected.sorted() else { return [] }
        let text =
            "split at \(split.faultedAt), \(words(alive, moment)) went on, and it should be \(words(expected, moment))"
        return [Violation(id: "P2", text: text)]
    }

    /// Evaluates a split that happened while members were joining or leaving.
    private mutating func unsettled(_ split: Split, _ moment: ClusterMoment) -> [Violation] {
        if listsOf != split.faultedAt { (lists, listsOf) = ([], split.faultedAt) }
        for state in moment.members where state.gossip.unreachable.isEmpty {
            let voters = state.gossip.members.filter(\.status.isVoting)
            if !voters.isEmpty, !lists.contains(voters) { lists.append(voters) }
        }
        let bounds = moment.oracle.bounds
        guard moment.time - split.faultedAt > bounds.split + bounds.decision else { return [] }
        let running = Set(split.groups.joined())
        // A voluntary departure says nothing about the decision.
        let evaluated = Set(lists.joined().map(\.node)).filter { node in
            running.contains(node) && moment.oracle.incarnation(node)?.leaveAskedAt == nil
        }
        let isLoss = split.groups.count > 1 || lists.contains { list in list.contains { !running.contains($0.node) } }
        guard isLoss, !evaluated.isEmpty else { return [] }
        var allowed: [[UniqueAddress]] = [[]]
        for list in lists {
            let view = Split(faultedAt: split.faultedAt, members: list, groups: split.groups, isFromQuiet: false)
            guard let side = SplitOracle(view).survivors(moment.oracle.settings.strategy) else { return [] }
            allowed.append(side.filter(evaluated.contains).sorted())
        }
        exercised = ["P2"]
        let alive = moment.members.map(\.node).filter(evaluated.contains).sorted()
        guard !allowed.contains(alive) else { return [] }
        let sides = allowed.map { words($0, moment) }.joined(separator: " or ")
        let text =
            "split at \(split.faultedAt) while members were on their way, \(words(alive, moment)) went on, not \(sides)"
        return [Violation(id: "P2", text: text)]
    }

    private func words(_ nodes: [UniqueAddress], _ moment: ClusterMoment) -> String {
        nodes.isEmpty ? "no node" : nodes.sorted().map(moment.name).joined(separator: ",")
    }
}

/// P3: whichever links fail, there are never two groups that continue without each other.
///
/// Precondition: nothing was done for the longest time that a decision and its consequences may take. Checked: members
/// that once knew each other and no longer do.
struct OneGroup: InvariantChecker {
    static let ids = ["P3"]

    private var acquainted: Set<NodePair> = []
    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        let oracle = moment.oracle
        let still = moment.time - oracle.lastFault
        let isDue =
            moment.isSettled || still > oracle.bounds.decision + oracle.bounds.split
        // Who knows whom changes with the gossip only; that two groups go on is a matter of time too.
        guard moment.changes.gossip || isDue else { return [] }
        let members = moment.members.filter { $0.gossip.status(of: $0.node) == .up }
        if isDue, oracle.hasCut, members.count > 1 { exercised = ["P3"] }
        var found: [Violation] = []
        for (index, first) in members.enumerated() {
            for second in members[(index + 1)...] {
                let pair = NodePair(observer: first.node, subject: second.node)
                let (forth, back) = (first.gossip.member(second.node), second.gossip.member(first.node))
                if forth != nil, back != nil { acquainted.insert(pair) }
                guard isDue, oracle.settings.strategy != .manual, forth == nil, back == nil, acquainted.contains(pair),
                    oracle.incarnation(first.node)?.isSteady(at: moment.time) == true,
                    oracle.incarnation(second.node)?.isSteady(at: moment.time) == true
                else { continue }
                let text = "it and \(moment.name(second.node)) were of one cluster, and go on without each other"
                found.append(Violation(id: "P3", subject: moment.name(first.node), text: text))
            }
        }
        return found
    }
}
