public import CastyActors
public import CastyCluster
public import CastyCore
public import CastyObservability

/// What happens on a node.
public enum NodeEvent: Sendable {
    /// The node's view of the cluster has changed.
    case cluster(ClusterEvent)
    /// A message was lost on this node; ``CastyObservability/LostMessage/isDeadLetter`` says whether no actor was there
    /// to take it.
    case lost(LostMessage)
    /// An actor or an entity has started.
    case actorStarted(ActorAddress)
    /// An actor or an entity has stopped, with the error if one stopped it.
    case actorStopped(ActorAddress, failure: String?)
}

extension CastyNode {
    /// Every event of this node, from now on until it ends. Each access begins a sequence of its own.
    public var events: EventStream<NodeEvent> { feed.events.stream() }

    /// Every message that is lost on this node, from now on until it ends. Each access begins a sequence of its own.
    ///
    /// ``CastyActors/ActorSystem/losses`` has the totals since the node was made.
    public var losses: EventStream<LostMessage> { feed.losses.stream() }

    /// Sends every event of this node to an actor, from now on until ``unsubscribe(_:)`` or its end.
    ///
    /// An event that finds no room in the actor's mailbox is dropped, and is no loss itself.
    public func subscribe(_ ref: ActorRef<NodeEvent>) { feed.add(ref) }

    /// Ends a subscription.
    public func unsubscribe(_ ref: ActorRef<NodeEvent>) { feed.remove(ref) }

    /// What the node shows of itself at this moment: its view of the membership with phi for each monitored peer, its
    /// part in sharding with the home of each shard, its connections, its losses.
    ///
    /// It is a value, and costs O(size of what it shows); while nothing has changed, most parts are reused.
    public func snapshot() -> NodeSnapshot { system.snapshot() }
}
