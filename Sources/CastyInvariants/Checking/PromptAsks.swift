import CastyActors
import CastyCluster
import CastyCore
import CastyMembership
import CastyObservability
import CastyPlacement
import CastyTestbed

/// L1: no question ends by its timeout if its asker's node has long known that no reply can come: the node that held
/// the question was removed, or no member can be the home of its entity.
///
/// A question also does not fail for lack of a home while its node's view contains a possible home, unless its asker
/// does not wait.
///
/// What the node knew is derived from its membership and from the envelope's last known location, not from the state of
/// sharding.
struct PromptAsks {
    private struct Knowledge {
        let since: Instant
        let text: String
    }

    /// By envelope number.
    private var known: [UInt64: Knowledge] = [:]
    /// The members in each node's view, at the previous check.
    private var views: [UniqueAddress: [Member]] = [:]
    /// Whether a question has ended, or had to end, because its node knew.
    private(set) var hasEvaluated = false
    /// How long a node may take to report what it knows.
    private static let grace = Duration.seconds(1)
    private static let prompt: Set<AskError.Code> = [.nodeRemoved, .noHome]

    mutating func check(_ testbed: TestCluster, _ moment: ClusterMoment) -> [Violation] {
        var found: [Violation] = []
        let before = views
        views = Dictionary(
            moment.states.filter(\.isMember).map { ($0.node, $0.gossip.members) },
            uniquingKeysWith: { first, _ in first })
        for question in testbed.asks.take() {
            if let end = question.end {
                let knowledge = known.removeValue(forKey: question.number)
                if let code = end.code, Self.prompt.contains(code) { hasEvaluated = true }
                if end.code == .noHome, question.patience == .waitForNewHome,
                    Self.isHosted(question, before), Self.isHosted(question, views)
                {
                    found.append(
                        Violation(
                            id: "L1", subject: moment.name(question.asker), entity: question.entity,
                            text:
                                "a question found no home at \(end.time), and its node knows a member that could be one"
                        ))
                }
                guard end.code == .timedOut, let knowledge, end.time - knowledge.since > Self.grace else { continue }
                hasEvaluated = true
                found.append(
                    Violation(
                        id: "L1", subject: moment.name(question.asker), entity: question.entity,
                        text:
                            "a question timed out at \(end.time), and its node had known since \(knowledge.since) that \(knowledge.text)"
                    ))
            } else if let text = Self.knowledge(of: question, testbed, moment) {
                if known[question.number] == nil {
                    known[question.number] = Knowledge(since: moment.time, text: text)
                }
            } else {
                known[question.number] = nil
            }
        }
        return found
    }

    /// Why no reply can come, as far as the asker's node knows; `nil` if one can, or if that node is dead or hangs.
    private static func knowledge(
        of question: AskLedger.Question, _ testbed: TestCluster, _ moment: ClusterMoment
    ) -> String? {
        guard let state = moment.states.first(where: { $0.node == question.asker }), state.isMember,
            testbed.nodes.values.contains(where: { $0.system.unique == question.asker && $0.state == .running })
        else { return nil }
        let asker = moment.name(question.asker)
        guard let whereabouts = testbed.tracker.whereabouts(of: question.number) else { return nil }
        if whereabouts.node != asker {
            let isThere = state.gossip.members.contains { TestCluster.name(of: $0.node.address) == whereabouts.node }
            return isThere ? nil : "\(whereabouts.node), which had it, was removed"
        }
        guard whereabouts.isPending, question.patience != .waitForNewNode else { return nil }
        switch state.gossip.status(of: question.asker) {
        case .weaklyUp, .up: break
        case .joining, .leaving, .exiting, .down, nil: return nil
        }
        return isHosted(question, [state.node: state.gossip.members])
            ? nil : "no member with the role \(question.role ?? "") was up, or about to be"
    }

    /// Whether, in the view of the asker's node, a member is a possible home of the entity, now or as soon as it is up.
    private static func isHosted(_ question: AskLedger.Question, _ views: [UniqueAddress: [Member]]) -> Bool {
        views[question.asker]?.contains { member in
            [.joining, .weaklyUp, .up].contains(member.status) && question.role.map(member.roles.contains) ?? true
        } ?? false
    }
}
