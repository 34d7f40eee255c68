/// One command of the scenario language; the console's command line speaks the same.
///
/// Text becomes a command by ``parse(_:names:)``, a command becomes text by its description.
package indirect enum Command: Hashable, Sendable {
    /// `seed 42`: what all chance of the run follows from. Before `nodes`.
    case seed(UInt64)
    /// `set preset lan`, `set heartbeat 500ms`, `set passivation idle 2s`.
    case set(Setting)
    /// `seeds n1,n2`: the seed list of every node; without it that is all nodes of `nodes`. Before `nodes`.
    case seeds([NodeName])
    /// `roles n4,n5 backend`: the roles that nodes have from their start on. Before `nodes`.
    case roles([NodeName], [String])
    /// `nodes 5`: n1 … n5 start, each when the one before it has been welcomed.
    case nodes(Int)
    /// `shards 24`: how many shards each entity type has.
    case shards(Int)

    /// `start n6 roles backend`: nodes beyond those of `nodes` start.
    case start([NodeName], roles: [String])
    /// `spawn account-1..account-100`: starts entities; does not block.
    case spawn(EntityPattern)
    /// `tell account-7 deposit 100 via n2`: sends without waiting, to each entity of the pattern in turn.
    case tell(Tell)
    /// `ask account-7 balance -> 105 within 5s`: sends once and waits for the reply.
    case ask(Ask)
    /// `load 200/s over 50 entities for 30s`: a stream of tells; does not block.
    case load(Load)

    /// `kill n2`: a crash without goodbye.
    case kill([NodeName])
    /// `freeze n2`: a hang; sockets stay open, nothing runs.
    case freeze([NodeName])
    /// `thaw n2`: ends a freeze.
    case thaw([NodeName])
    /// `restart n2`: starts a killed or stopped node on its address as a new incarnation.
    case restart([NodeName])
    /// `leave n2`: a graceful goodbye.
    case leave([NodeName])
    /// `down n2 by n1`: an operator's word that a member is dead; without `by` the lowest-numbered running node acts.
    case down([NodeName], by: NodeName?)

    /// `cut n1,n2 | n3,n4,n5`, `cut n1 -> n3`.
    case cut(Cut)
    /// `heal`, `heal n1 n3`.
    case heal(Heal)
    /// `link n1 n3 latency 50ms`: what is named changes; a link named without anything gets its defaults back.
    case link(LinkChange)
    /// `fault clock n2 rate 1%`: every other fault of the testbed, by word.
    case fault(Fault)

    /// `move shard 12 to n3`.
    case move(shard: Int, to: NodeName)
    /// `pin shard 12 to n3`: moves it and keeps it there.
    case pin(shard: Int, to: NodeName)
    /// `drain n2`: moves all shards away and allocates none to it.
    case drain([NodeName])
    /// `undrain n2`: lets it have shards again.
    case undrain([NodeName])
    /// `rebalance`, `rebalance pause`, `rebalance resume`.
    case rebalance(Rebalance)
    /// `passivate account-7`.
    case passivate(EntityPattern)

    /// `wait 10s`: the script holds for that time.
    case wait(Duration)
    /// `note "text for the person watching"`.
    case note(String)
    /// `at 12s COMMAND`, `at +5s COMMAND`: the script goes on at once. Never with `at`, `wait` or the header.
    case at(Moment, Command)
    /// `expect n2 down within 10s`.
    case expect(Expect)
}

/// A point in time that a command waits for.
package enum Moment: Hashable, Sendable {
    /// `at 12s`: that long after the start of the run.
    case sinceStart(Duration)
    /// `at +5s`: that long after the script came to this line.
    case fromNow(Duration)
}

/// `tell ENTITY MESSAGE [via NODE]`.
package struct Tell: Hashable, Sendable {
    package var entities: EntityPattern
    /// The words for the entity, not empty.
    package var message: String
    /// The node that sends; without one the lowest-numbered running node.
    package var via: NodeName?

    package init(_ entities: EntityPattern, _ message: String, via: NodeName? = nil) {
        self.entities = entities
        self.message = message
        self.via = via
    }
}

/// `ask ENTITY MESSAGE [via NODE] [-> REPLY] [within TIME]`.
package struct Ask: Hashable, Sendable {
    /// How long an ask waits unless it says otherwise.
    package static let defaultTimeout: Duration = .seconds(10)

    package var entity: EntityName
    /// The words for the entity, not empty.
    package var message: String
    /// The node that sends; without one the lowest-numbered running node.
    package var via: NodeName?
    /// The reply that is expected; without one any reply will do.
    package var reply: String?
    /// How long to wait; without one ``defaultTimeout``.
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
    /// How many entities, 1…``EntityPattern/mostEntities``.
    package var entities: Int
    package var duration: Duration

    package init(rate: Rate, entities: Int, duration: Duration) {
        self.rate = rate
        self.entities = entities
        self.duration = duration
    }
}

/// What a `cut` separates.
package enum Cut: Hashable, Sendable {
    /// `cut n1,n2 | n3 | n4`: at least two groups without a common node; no link works between two of them. A node
    /// that is not named keeps its links.
    case split([[NodeName]])
    /// `cut n1 -> n3`: nothing gets through from the first to the second; the way back is untouched.
    case oneWay(from: [NodeName], to: [NodeName])
}

/// What a `heal` mends.
package enum Heal: Hashable, Sendable {
    /// Every cut; latency, jitter and loss stay.
    case all
    /// Both directions between two nodes.
    case pair(NodeName, NodeName)
}

/// `link NODE NODE|all [latency TIME] [jitter TIME] [loss SHARE]`.
package struct LinkChange: Hashable, Sendable {
    package enum Ends: Hashable, Sendable {
        case all
        /// Both directions between two different nodes.
        case pair(NodeName, NodeName)
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

    /// Whether nothing is named, so that the link gets its defaults back.
    package var isReset: Bool { latency == nil && jitter == nil && loss == nil }
}

/// What `rebalance` asks for.
package enum Rebalance: String, CaseIterable, Hashable, Sendable {
    case now
    case pause
    case resume
}
