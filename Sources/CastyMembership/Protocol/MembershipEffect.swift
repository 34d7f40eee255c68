package import CastyCore

/// The timers of a membership. Each is armed at most once; arming it again moves it.
package enum TimerKey: Hashable, Sendable {
    /// The next attempt to join.
    case join
    /// The next round of heartbeats.
    case heartbeat
    /// The next round of gossip.
    case gossip
    /// The time when marks, or versions that the leader has merged, are sent on.
    case spread
    /// The next look at what the leader has to do.
    case leaderActions
    /// The time when the silence of a peer leads to the next step.
    case suspicion(UniqueAddress)
    /// The time when a decision about unreachable members is due.
    case downing
    /// The time when the lease must have answered, or must be renewed.
    case lease
    /// The time when a leaver stops waiting for the leader, and moves itself to exiting.
    case leave
    /// The next look for a second cluster at seeds that are not members.
    case seedProbe
    /// The time when a leaver stops waiting for its last tasks or its removal.
    case exit
}

/// An action for the shell to carry out.
package enum MembershipEffect: Hashable, Sendable {
    /// Send a message to one incarnation.
    case send(ClusterMessage, to: UniqueAddress)
    /// Send a message to any process that listens at an address.
    case contact(ClusterMessage, at: NodeAddress)
    /// Send a message to one incarnation on a connection of its own, which is dialled for it and closed with the
    /// answer.
    case probeConnection(ClusterMessage, to: UniqueAddress)
    /// Send a message on the connections that this incarnation has dialled to probe this node.
    case answer(ClusterMessage, to: UniqueAddress)
    /// Give up the connection with that incarnation, and dial a new one.
    case reconnect(UniqueAddress)
    /// Call `onTimer` at this time; an earlier timer of the key is void.
    case schedule(TimerKey, at: Instant)
    /// Void the timer.
    case cancel(TimerKey)
    /// The timer was late: put it at the end of the mailbox, and call `onTimer` again when its turn comes.
    case repost(TimerKey)
    /// Request the lease outside the cluster, then call `onLeaseAnswer` with this number.
    indirect case acquireLease(LeaseClaim, number: UInt64)
    /// Release the lease: the claim that it granted has served its purpose.
    case releaseLease(owner: String)
    /// Undo the claim that the lease granted: it is not used.
    case withdrawLease(owner: String)
    /// Publish an event to the listeners.
    indirect case publish(MembershipEvent)
    /// This node is a member now: run the actions that wait for that.
    case welcomed
    /// This node is exiting: run the last tasks (hand over shards and singletons), then call `onExitTasksDone`.
    case runExitTasks
    /// Stop the node, after the messages before this effect were handed to the transport.
    indirect case stop(StopReason)
    /// Store the cluster, for the next run of this node.
    indirect case remember(RememberedCluster)
    /// Write a line to the log, and report it as an event.
    indirect case note(MembershipNotice)
}
