package import CastyCore
package import CastyMembership
import Synchronization

/// One input of a node's membership and its result: for code that checks the core while it runs.
package struct MembershipStep: Sendable {
    /// What a step may have changed. A class: most steps change nothing, and should not pay for the room.
    package final class Change: Sendable {
        /// The node's state before.
        package let before: Gossip
        /// Its state afterwards.
        package let after: Gossip
        /// The phase that the node is in afterwards.
        package let phase: Membership.Phase

        init(before: Gossip, after: Gossip, phase: Membership.Phase) {
            self.before = before
            self.after = after
            self.phase = phase
        }
    }

    /// The node.
    package let node: UniqueAddress
    /// `nil` if the step left state and phase as they were, published no event and did not stop the node: most steps
    /// answer a heartbeat, and copying the gossip for each of them would cost more than the step.
    package let change: Change?
    /// The effects of the input, in order.
    package let effects: [MembershipEffect]
    /// The message received, and its sender; `nil` for a timer or a command.
    package let received: (message: ClusterMessage, from: UniqueAddress)?
    /// Whether members, rows, tombstones, version or seen may differ from before.
    package let isChange: Bool
}

extension Cluster {
    /// Calls back after every step of the core that may have changed something or sends a whole state, before its
    /// effects are carried out. There is one watcher at most.
    package func watchSteps(_ watcher: @escaping @Sendable (MembershipStep) -> Void) {
        published.withLock { $0.stepWatcher = watcher }
        shared.watch()
    }

    var stepWatcher: (@Sendable (MembershipStep) -> Void)? { published.withLock { $0.stepWatcher } }
}
