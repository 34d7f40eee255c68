import CastyActors
import CastyCore
import CastyObservability
import CastySharding

/// One value of one metric: what a gauge shows, or the total of a counter so far.
struct MetricSample: Hashable, Sendable {
    struct Key: Hashable, Sendable {
        let metric: NodeMetric
        var dimensions: [Dimension] = []
    }

    struct Dimension: Hashable, Sendable {
        let name: String
        let value: String
    }

    let key: Key
    let value: Double

    init(_ metric: NodeMetric, _ value: Double, _ dimensions: (String, String)...) {
        key = Key(metric: metric, dimensions: dimensions.map { Dimension(name: $0.0, value: $0.1) })
        self.value = value
    }
}

/// The counts that a snapshot does not hold.
struct MetricCounts: Hashable, Sendable {
    var mailboxes = MailboxFigures()
    var turns: TurnTotals?
    var longTurns: UInt64 = 0
    var events: [EventKind: UInt64] = [:]
    var storeErrors: [String: UInt64] = [:]
}

extension MetricSample {
    /// The metrics of a node at one moment.
    ///
    /// - Parameter formerTurns: The turns at the report before.
    static func all(
        _ snapshot: NodeSnapshot, _ counts: MetricCounts, formerTurns: TurnTotals?
    ) -> [MetricSample] {
        actors(snapshot.actors, counts, formerTurns) + snapshot.associations.flatMap(association)
            + membership(snapshot.membership) + snapshot.sharding.flatMap(sharding) + others(snapshot, counts)
    }

    private static func actors(
        _ actors: ActorsSnapshot, _ counts: MetricCounts, _ formerTurns: TurnTotals?
    ) -> [MetricSample] {
        var samples = [
            MetricSample(.actors, Double(actors.live)),
            MetricSample(.mailboxMessages, Double(counts.mailboxes.waiting)),
            MetricSample(.mailboxLongest, Double(counts.mailboxes.longest)),
            MetricSample(.messagesHandled, Double(actors.handled)),
            MetricSample(.asksPending, Double(actors.asksPending)),
            MetricSample(.longTurns, Double(counts.longTurns)),
        ]
        if let turns = counts.turns {
            let before = formerTurns ?? TurnTotals()
            let count = Double(turns.count) - Double(before.count)
            // A thread that has ended takes its time with it.
            let time = max(0, Double((turns.computed - before.computed).nanoseconds))
            samples.append(MetricSample(.turns, Double(turns.count)))
            samples.append(MetricSample(.turnTime, count > 0 ? time / count : 0))
        }
        return samples
    }

    private static func association(_ association: AssociationSnapshot) -> [MetricSample] {
        let peer = ("peer", association.peer.description)
        return [
            MetricSample(.bytesSent, Double(association.bytesOut), peer),
            MetricSample(.bytesReceived, Double(association.bytesIn), peer),
            MetricSample(.framesSent, Double(association.framesOut), peer),
            MetricSample(.framesReceived, Double(association.framesIn), peer),
            MetricSample(.bytesQueued, Double(association.queuedBytes), peer),
            MetricSample(.reconnects, Double(association.reconnects), peer),
        ] + (association.protocolVersion.map { [MetricSample(.protocolVersion, Double($0), peer)] } ?? [])
    }

    private static func membership(_ membership: MembershipSnapshot) -> [MetricSample] {
        let statuses = MemberStatus.allCases.map { status in
            MetricSample(
                .members, Double(membership.members.count { $0.status == status }), ("status", status.description))
        }
        let phis = membership.peers.map { MetricSample(.phi, $0.phi, ("peer", $0.node.address.description)) }
        return statuses + phis + [
            MetricSample(.unreachableMembers, Double(membership.members.count { $0.unreachable })),
            MetricSample(.gossipChanges, Double(membership.gossipVersion)),
            MetricSample(.gossipBytes, Double(membership.gossipBytes)),
            MetricSample(.gossipConverged, membership.converged ? 1 : 0),
        ]
    }

    private static func sharding(_ sharding: ShardingSnapshot) -> [MetricSample] {
        let type = ("type", sharding.type)
        return [
            MetricSample(.shards, Double(sharding.shards.count), type),
            MetricSample(.entities, Double(sharding.shards.reduce(0) { $0 + $1.entityCount }), type),
            MetricSample(.entitiesBuffered, Double(sharding.buffered), type),
        ]
    }

    private static func others(_ snapshot: NodeSnapshot, _ counts: MetricCounts) -> [MetricSample] {
        let events = counts.events.sorted { $0.key.rawValue < $1.key.rawValue }
        return snapshot.losses.map {
            MetricSample(.losses, Double($0.count), ("reason", $0.reason.rawValue), ("class", $0.lossClass.rawValue))
        } + events.map { MetricSample(.events, Double($0.value), ("kind", $0.key.rawValue)) }
            + counts.storeErrors.sorted { $0.key < $1.key }.map {
                MetricSample(.storeErrors, Double($0.value), ("type", $0.key))
            } + [MetricSample(.handoffs, Double(counts.events[.handoffBegun] ?? 0))]
    }
}
