package import CastyCore

/// The timers of a membership. Each is armed at most once: arming it again moves it.
package enum TimerKey: Hashable, Sendable {
    /// The next attempt to be let in.
    case join
    /// The next round of heartbeats.
    case heartbeat
    /// The next round of gossip.
    case gossip
    /// The moment when marks, or what the leader has merged, are sent on.
    case spread
    /// The next look at what the leader has to do.
    case leaderActions
    /// The moment when the silence of a peer tells the next thing.
    case suspicion(UniqueAddress)
    /// The moment when a decision about unreachable members is due.
    case downing
    /// The moment when the lease must have answered, or must be renewed.
    case lease
    /// The moment when a leaver stops waiting for the leader, and moves itself to exiting.
    case leave
    /// The next look for a second cluster at seeds that are no members.
    case seedProbe
    /// The moment when a leaver stops waiting for its removal.
    case exit
}

/// Why a node stops by itself.
public enum StopReason: Hashable, Sendable {
    /// It left, and the others know.
    case left
    /// It was declared dead, by itself or by the others.
    case downed
    /// The others have removed it already, as it was frozen or cut off; or they never heard of it, as whoever let it in was.
    case removed
    /// The cluster did not let it in.
    case refused(JoinRefusal)
    /// A second cluster of the same name was found, and the node's own is the one that ends.
    case secondCluster(own: ClusterClaim, other: ClusterClaim)
    /// The node cannot work in this cluster, as its environment says: its store belongs to another one.
    case failed(String)
}

extension StopReason: CustomStringConvertible {
    /// For a person.
    public var description: String {
        switch self {
        case .left: "left"
        case .downed: "downed"
        case .removed: "removed by the others"
        case .refused(let refusal): "refused: \(refusal)"
        case .secondCluster(let own, let other): "second cluster: \(own) ends before \(other)"
        case .failed(let reason): "failed: \(reason)"
        }
    }
}

/// What the shell must do.
package enum MembershipEffect: Hashable, Sendable {
    /// Send a message to one incarnation.
    case send(ClusterMessage, to: UniqueAddress)
    /// Send a message to whoever listens at a place.
    case contact(ClusterMessage, at: NodeAddress)
    /// Send a message to one incarnation on a connection of its own, which is dialled for it and closed with the
    /// answer.
    case call(ClusterMessage, to: UniqueAddress)
    /// Send a message on the connections on which that incarnation calls at present.
    case answer(ClusterMessage, to: UniqueAddress)
    /// Give up the connection with that incarnation, and dial a new one.
    case redial(UniqueAddress)
    /// Call `onTimer` at this time; the key's earlier timer, if any, is void.
    case schedule(TimerKey, at: Instant)
    /// Void the timer.
    case cancel(TimerKey)
    /// The timer came late: put it behind all that waits in the inbox, and call `onTimer` again when its turn comes.
    case repost(TimerKey)
    /// Ask the lease outside the cluster, then call `onLeaseAnswer` with this number.
    case acquireLease(LeaseClaim, number: UInt64)
    /// What the lease granted has done its work.
    case releaseLease(owner: String)
    /// What the lease granted is of no use: undo it.
    case withdrawLease(owner: String)
    /// Tell those who listen.
    case publish(MembershipEvent)
    /// This node is a member now: release what waited for that.
    case welcomed
    /// This node is exiting: run the last tasks (hand over shards and singletons), then call `onExitTasksDone`.
    case runExitTasks
    /// Stop the node, after the messages before this effect were handed to the transport.
    case stop(StopReason)
    /// Remember the cluster, for the next process of this node.
    case remember(RememberedCluster)
    /// Something worth a line in the log.
    case note(String)
}
