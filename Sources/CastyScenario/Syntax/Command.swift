/// One command of the scenario language, which the console's command line uses too.
///
/// ``parse(_:names:)`` turns text into a command; `description` turns a command into text.
package indirect enum Command: Hashable, Sendable {
    /// Describes the cluster, before it runs.
    case header(HeaderCommand)
    /// Acts at once, and takes no time.
    case immediate(ImmediateCommand)
    /// `ask account-7 balance -> 105 within 5s`: sends once and waits for the reply.
    case ask(Ask)
    /// `expect n2 down within 10s`.
    case expect(Expect)
    /// `wait 10s`: the script pauses for that time.
    case wait(Duration)
    /// `at 12s COMMAND`, `at +5s COMMAND`: the script continues at once. Not allowed with `at`, `wait` or the header.
    case at(Moment, Command)
}

/// A command that describes the cluster: it stands before all that act in it.
package enum HeaderCommand: Hashable, Sendable {
    /// `seed 42`: the seed of all randomness in the run. Before `nodes`.
    case seed(UInt64)
    /// `seeds n1,n2`: the seed list of every node; by default all nodes of `nodes`. Before `nodes`.
    case seeds([NodeName])
    /// `roles n4,n5 backend`: the roles of nodes from their start. Before `nodes`.
    case roles([NodeName], [String])
    /// `nodes 5`: starts n1 … n5, each after the one before it has been welcomed.
    case nodes(Int)
    /// `shards 24`: the number of shards of each entity type.
    case shards(Int)
}

/// A command that acts at once, while the cluster runs, and takes no time.
package enum ImmediateCommand: Hashable, Sendable {
    /// `set preset lan`, `set heartbeat 500ms`, `set passivation idle 2s`.
    case set(Setting)

    /// `start n6 roles backend`: starts nodes in addition to those of `nodes`.
    case start([NodeName], roles: [String])
    /// `kill n2`: a crash without a goodbye.
    case kill([NodeName])
    /// `freeze n2`: a hang; sockets stay open, and no code runs.
    case freeze([NodeName])
    /// `thaw n2`: ends a freeze.
    case thaw([NodeName])
    /// `restart n2`: restarts a killed or stopped node on its address, as a new incarnation.
    case restart([NodeName])
    /// `leave n2`: a graceful departure.
    case leave([NodeName])
    /// `down n2 by n1`: an operator declares a member dead; without `by`, through the running node with the lowest
    /// number.
    case down([NodeName], by: NodeName?)

    /// `spawn account-1..account-100`: starts entities; does not block.
    case spawn(EntityPattern)
    /// `tell account-7 deposit 100 via n2`: sends without waiting, to the entities of the pattern one after the other.
    case tell(Tell)
    /// `load 200/s over 50 entities for 30s`: a stream of tells; does not block.
    case load(Load)
    /// `load stop`, `load stop 2`: ends all loads, or one by its number.
    case stopLoad(Int?)
    /// `passivate account-7`.
    case passivate(EntityPattern)

    /// `cut n1,n2 | n3,n4,n5`, `cut n1 -> n3`.
    case cut(Cut)
    /// `heal`, `heal n1 n3`, `heal n1 -> n3`.
    case heal(Heal)
    /// `link n1 n3 latency 50ms`, `link n1,n2 -> n3,n4 loss 5%`: changes the named properties; a link without properties is
    /// reset to its defaults.
    case link(LinkChange)
    /// `fault clock n2 rate 1%`: all faults of the testbed without a command of their own, by word.
    case fault(Fault)

    /// `move shard 12 to n3`.
    case move(shard: Int, to: NodeName)
    /// `pin shard 12 to n3`: moves the shard and pins it there.
    case pin(shard: Int, to: NodeName)
    /// `drain n2`: moves all shards away from the node, and allocates none to it.
    case drain([NodeName])
    /// `undrain n2`: allows shards on the node again.
    case undrain([NodeName])
    /// `rebalance`, `rebalance pause`, `rebalance resume`.
    case rebalance(Rebalance)

    /// `note "text for the person watching"`.
    case note(String)
}

/// The time for which a command is scheduled.
package enum Moment: Hashable, Sendable {
    /// `at 12s`: the time since the start of the run.
    case sinceStart(Duration)
    /// `at +5s`: the time since the script reached this line.
    case fromNow(Duration)
}

/// `tell ENTITY MESSAGE [via NODE]`.
package struct Tell: Hashable, Sendable {
    package var entities: EntityPattern
    /// The words for the entity; not empty.
    package var message: String
    /// The sending node; by default the running node with the lowest number.
    package var via: NodeName?

    package init(_ entities: EntityPattern, _ message: String, via: NodeName? = nil) {
        self.entities = entities
        self.message = message
        self.via = via
    }
}

/// `ask ENTITY MESSAGE [via NODE] [-> REPLY] [within TIME]`.
package struct Ask: Hashable, Sendable {
    /// The default timeout of an ask.
    package static let defaultTimeout: Duration = .seconds(10)

    package var entity: EntityName
    /// The words for the entity; not empty.
    package var message: String
    /// The sending node; by default the running node with the lowest number.
    package var via: NodeName?
    /// The expected reply; without one, any reply is accepted.
    package var reply: String?
    /// The timeout; by default ``defaultTimeout``.
    package var within: Duration?

    package init(
        _ entity: EntityName, _ message: String, via: NodeName? = nil, reply: String? = nil, within: Duration? = nil
    ) {
        self.entity = entity
        self.message = message
        self.via = via
        self.reply = reply
        self.within = within
    }
}

/// `load RATE over N entities for TIME`: `deposit 1` to account-1 … account-N in turn.
package struct Load: Hashable, Sendable {
    package var rate: Rate
    /// The number of entities, 1…``EntityPattern/mostEntities``.
    package var entities: Int
    package var duration: Duration

    package init(rate: Rate, entities: Int, duration: Duration) {
        self.rate = rate
        self.entities = entities
        self.duration = duration
    }
}

/// The nodes that a `cut` separates.
package enum Cut: Hashable, Sendable {
    /// `cut n1,n2 | n3 | n4`: at least two groups without a common node; no link between two groups works. A node that
    /// is not named keeps its links.
    case split([[NodeName]])
    /// `cut n1 -> n3`: nothing passes from the first to the second; the opposite direction is unaffected.
    case oneWay(from: [NodeName], to: [NodeName])
}

/// The links that a `heal` restores.
package enum Heal: Hashable, Sendable {
    /// Every link: it is no longer cut, and has its default latency, jitter and loss again.
    case all
    /// Both directions between two nodes.
    case pair(NodeName, NodeName)
    /// One direction between two nodes.
    case oneWay(from: NodeName, to: NodeName)
}

/// `link NODE,… NODE,…|NODE,… -> NODE,…|all [latency TIME] [jitter TIME] [loss SHARE]`.
package struct LinkChange: Hashable, Sendable {
    package enum Ends: Hashable, Sendable {
        case all
        /// Both directions between each of the first nodes and each of the second ones. No node is on both sides.
        case pair([NodeName], [NodeName])
        /// The direction from each of the first nodes to each of the second ones. No node is on both sides.
        case oneWay(from: [NodeName], to: [NodeName])
    }

    package var ends: Ends
    package var latency: Duration?
    package var jitter: Duration?
    package var loss: Percentage?

    package init(_ ends: Ends, latency: Duration? = nil, jitter: Duration? = nil, loss: Percentage? = nil) {
        self.ends = ends
        self.latency = latency
        self.jitter = jitter
        self.loss = loss
    }

    /// Whether no property is named, so that the link is reset to its defaults.
    package var isReset: Bool { latency == nil && jitter == nil && loss == nil }
}

/// The request of a `rebalance`.
package enum Rebalance: String, CaseIterable, Hashable, Sendable {
    case now
    case pause
    case resume
}
