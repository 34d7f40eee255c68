/// The metrics that a node reports; see ``CastyNode/report(to:every:)``.
///
/// Gauges show the state at the moment of the report. Counters grow by what has happened since the last one. All are
/// sampled: no message costs anything for them. Times are in nanoseconds.
///
/// | name | kind | dimensions | meaning |
/// |---|---|---|---|
/// | `casty.actors` | gauge | | live actors |
/// | `casty.mailboxes.messages` | gauge | | messages that wait in mailboxes, of 10,000 actors at most |
/// | `casty.mailboxes.longest` | gauge | | the most messages in one of these mailboxes |
/// | `casty.messages.handled` | counter | | messages that actors have handled |
/// | `casty.asks.pending` | gauge | | asks that wait for an answer |
/// | `casty.turns` | counter | | turns that actors have taken; many messages may be handled in one |
/// | `casty.turns.time` | gauge | | mean processor time of a turn since the last report |
/// | `casty.turns.long` | counter | | turns that took more than a second |
/// | `casty.association.bytes.sent` | counter | `peer` | bytes written to connections with a node |
/// | `casty.association.bytes.received` | counter | `peer` | bytes read from them |
/// | `casty.association.frames.sent` | counter | `peer` | messages to a node |
/// | `casty.association.frames.received` | counter | `peer` | messages from it |
/// | `casty.association.bytes.queued` | gauge | `peer` | bytes that wait to be written |
/// | `casty.association.reconnects` | counter | `peer` | connections that had to be opened again |
/// | `casty.association.protocol` | gauge | `peer` | the protocol version of the connections, once they have met |
/// | `casty.members` | gauge | `status` | members, by status |
/// | `casty.members.unreachable` | gauge | | members that some member cannot reach |
/// | `casty.phi` | gauge | `peer` | the suspicion of a monitored member; the threshold is 8 by default |
/// | `casty.gossip.changes` | counter | | changes of the shared state |
/// | `casty.gossip.bytes` | gauge | | the size of the shared state that was sent last |
/// | `casty.gossip.converged` | gauge | | 1 while all members have seen the present state, else 0 |
/// | `casty.shards` | gauge | `type` | shards that this node hosts |
/// | `casty.entities` | gauge | `type` | their entities |
/// | `casty.entities.buffered` | gauge | `type` | messages that wait until their shard has a home |
/// | `casty.handoffs` | counter | | handoffs of shards that have begun, as this node reports them |
/// | `casty.store.load.time` | timer | `type` | how long an entity took to load its state |
/// | `casty.store.save.time` | timer | `type` | how long it took to save it |
/// | `casty.store.errors` | counter | `type` | loads and saves that failed |
/// | `casty.losses` | counter | `reason`, `class` | lost messages, as in the loss ledger |
/// | `casty.events` | counter | `kind` | events of the node, by the kind that `casty run --json` names |
public enum NodeMetric: String, Hashable, Sendable, CaseIterable {
    case actors = "casty.actors"
    case mailboxMessages = "casty.mailboxes.messages"
    case mailboxLongest = "casty.mailboxes.longest"
    case messagesHandled = "casty.messages.handled"
    case asksPending = "casty.asks.pending"
    case turns = "casty.turns"
    case turnTime = "casty.turns.time"
    case longTurns = "casty.turns.long"
    case bytesSent = "casty.association.bytes.sent"
    case bytesReceived = "casty.association.bytes.received"
    case framesSent = "casty.association.frames.sent"
    case framesReceived = "casty.association.frames.received"
    case bytesQueued = "casty.association.bytes.queued"
    case reconnects = "casty.association.reconnects"
    case protocolVersion = "casty.association.protocol"
    case members = "casty.members"
    case unreachableMembers = "casty.members.unreachable"
    case phi = "casty.phi"
    case gossipChanges = "casty.gossip.changes"
    case gossipBytes = "casty.gossip.bytes"
    case gossipConverged = "casty.gossip.converged"
    case shards = "casty.shards"
    case entities = "casty.entities"
    case entitiesBuffered = "casty.entities.buffered"
    case handoffs = "casty.handoffs"
    case storeLoadTime = "casty.store.load.time"
    case storeSaveTime = "casty.store.save.time"
    case storeErrors = "casty.store.errors"
    case losses = "casty.losses"
    case events = "casty.events"

    /// What a metric is to a backend.
    public enum Kind: Hashable, Sendable {
        /// The latest value counts.
        case gauge
        /// It only grows.
        case counter
        /// A distribution of times.
        case timer
    }

    /// What the metric is to a backend.
    public var kind: Kind {
        switch self {
        case .actors, .mailboxMessages, .mailboxLongest, .asksPending, .turnTime, .bytesQueued, .protocolVersion,
            .members, .unreachableMembers, .phi, .gossipBytes, .gossipConverged, .shards, .entities, .entitiesBuffered:
            .gauge
        case .messagesHandled, .turns, .longTurns, .bytesSent, .bytesReceived, .framesSent, .framesReceived,
            .reconnects, .gossipChanges, .handoffs, .storeErrors, .losses, .events:
            .counter
        case .storeLoadTime, .storeSaveTime: .timer
        }
    }
}
