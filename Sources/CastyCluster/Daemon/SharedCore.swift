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
    }

    private struct State {
        var core: Membership
        var traffic = ClusterTraffic()
        var isWatched = false
        var unfinishedBytes = 0
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
            let (revision, phase) = (state.core.revision, state.core.phase)
            let before = state.isWatched ? state.core.gossip : nil
            let effects = body(&state.core)
            let isChange = state.core.revision != revision
            var seen: MembershipStep.Change?
            if let before, isChange || state.core.phase != phase || effects.contains(where: \.isPublic) {
                seen = MembershipStep.Change(before: before, after: state.core.gossip, phase: state.core.phase)
            }
            return Outcome(
                effects: effects, leaseValidUntil: state.core.leaseValidUntil,
                state: isChange ? ClusterState(state.core) : nil, seen: seen)
        }
    }

    /// Adds the gossip to each outcome from now on.
    func watch() { state.withLock { $0.isWatched = true } }

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
        case .send, .contact, .call, .answer, .redial, .schedule, .cancel, .repost, .acquireLease, .releaseLease,
            .withdrawLease, .welcomed, .runExitTasks, .remember, .note:
            false
        }
    }
}
