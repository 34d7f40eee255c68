import CastyCore
import CastyMembership
import Synchronization

/// The core of a node's membership: its daemon mutates it in place, and readers take a copy.
///
/// A copy for every change would cost more than the change itself: most changes are answered heartbeats.
final class SharedCore: Sendable {
    /// The result of a change.
    struct Outcome {
        let effects: [MembershipEffect]
        let leaseValidUntil: Instant
        /// The view, if it may differ from the one before.
        let state: ClusterState?
        /// For the step watcher: the gossip before and after, and the phase, if the step did more than answer messages.
        let seen: MembershipStep.Change?
        /// Whether the step watcher must learn of the step.
        let isNotable: Bool
    }

    private struct State {
        var core: Membership
        var traffic = ClusterTraffic()
        /// The gossip and the phase after the last step; `nil` where no watcher compares them.
        var latest: Latest?
        var unfinishedBytes = 0
    }

    /// A copy for the step watcher, renewed only when the core has edited one of the two.
    private struct Latest {
        let gossip: Gossip
        let phase: Membership.Phase
        let edits: UInt64

        init(_ core: borrowing Membership) {
            (gossip, phase, edits) = (core.gossip, core.phase, core.edits)
        }
    }

    private let state: Mutex<State>

    init(_ core: Membership) {
        state = Mutex(State(core: core))
    }

    /// The core as it is now.
    var value: Membership { state.withLock { $0.core } }

    /// Reads the core without a copy of it.
    func read<Result: Sendable>(_ body: (borrowing Membership) -> Result) -> Result {
        state.withLock { body($0.core) }
    }

    /// What the daemon has sent so far.
    var traffic: ClusterTraffic { state.withLock { $0.traffic } }

    /// How many bytes of partly received states wait for further pages.
    var unfinishedBytes: Int {
        get { state.withLock { $0.unfinishedBytes } }
        set { state.withLock { $0.unfinishedBytes = newValue } }
    }

    /// Whether pages of that node's state are accepted.
    func takesPages(from peer: UniqueAddress) -> Bool { state.withLock { $0.core.takesPages(from: peer) } }

    /// Changes the core.
    func change(_ body: (inout Membership) -> [MembershipEffect]) -> Outcome {
        state.withLock { state in
            let revision = state.core.revision
            let effects = body(&state.core)
            let isChange = state.core.revision != revision
            let seen = Self.seen(effects, isChange, in: &state)
            return Outcome(
                effects: effects, leaseValidUntil: state.core.leaseValidUntil,
                state: isChange ? ClusterState(state.core) : nil, seen: seen,
                isNotable: seen != nil || state.latest != nil && effects.contains(where: \.sendsState))
        }
    }

    private static func seen(
        _ effects: [MembershipEffect], _ isChange: Bool, in state: inout State
    ) -> MembershipStep.Change? {
        guard let latest = state.latest else { return nil }
        let isEdited = state.core.edits != latest.edits
        if isEdited { state.latest = Latest(state.core) }
        guard isChange || isEdited && state.core.phase != latest.phase || effects.contains(where: \.isPublic) else {
            return nil
        }
        return MembershipStep.Change(before: latest.gossip, after: state.core.gossip, phase: state.core.phase)
    }

    /// Adds the gossip to each outcome from now on.
    func watch() { state.withLock { $0.latest = Latest($0.core) } }

    /// Counts a message.
    func note(_ message: ClusterMessage, gossipBytes: Int?) {
        state.withLock { $0.traffic.note(message, gossipBytes: gossipBytes) }
    }
}

extension MembershipEffect {
    /// Whether others than the peers of the cluster protocol learn of it: an event, or the end of the node.
    fileprivate var isPublic: Bool {
        switch self {
        case .publish, .stop: true
        case .send, .contact, .probeConnection, .answer, .reconnect, .schedule, .cancel, .repost, .acquireLease,
            .releaseLease,
            .withdrawLease, .welcomed, .runExitTasks, .remember, .note:
            false
        }
    }

    /// Whether it sends a whole state.
    fileprivate var sendsState: Bool {
        switch self {
        case .send(let message, _), .contact(let message, _), .probeConnection(let message, _), .answer(let message, _):
            message.gossip != nil
        case .publish, .stop, .reconnect, .schedule, .cancel, .repost, .acquireLease, .releaseLease, .withdrawLease,
            .welcomed, .runExitTasks, .remember, .note:
            false
        }
    }
}
