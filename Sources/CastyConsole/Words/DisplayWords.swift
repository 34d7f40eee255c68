package import CastyCore
package import CastyObservability

/// A fact that the console puts into words.
package enum DisplayTerm: Hashable, Sendable {
    /// What an event says about its subject.
    case event(EventPhrase)
    /// A short name for an event, as a cause.
    case cause(RuntimeEvent)
    case reason(EventReason)
    case level(EventKind.Level)
    case displayStatus(DisplayStatus)
    case member(MemberStatus)
    case node(NodeState)
    case shard(ShardSnapshot.State)
    case entity(EntitySnapshot.State)
    case coordinator(CoordinatorSnapshot.State)
    case association(AssociationCondition)
    case waiting(Waiting, at: Instant)
    case leaderAction(LeaderAction)
    /// The members that a strategy would down now.
    case downs([UniqueAddress])
    /// The rule of a decision, with the strategy's name or without it.
    case downing(DowningReason, naming: Bool)
    case transition(ShardTransition)
    case store(StoreTrouble)
    case unavailable(Unavailability)
    /// What follows from a cut, with the strategy's name or without it.
    case forecast(PartitionForecast, naming: Bool)
    /// What a message between two nodes says.
    case message(MessageContent)
    case crossingLoss(CrossingLoss)
}

/// The words that the console draws: one value, handed to the code that draws.
///
/// Panes choose marks, colours, groups and layout by the facts, never by these.
package struct DisplayWords: Sendable {
    private let table: @Sendable (DisplayTerm, (UniqueAddress) -> String) -> String

    /// - Parameter table: The word for a term; the function names the nodes in it.
    package init(_ table: @escaping @Sendable (DisplayTerm, (UniqueAddress) -> String) -> String) {
        self.table = table
    }

    /// The word for a term.
    func callAsFunction(_ term: DisplayTerm, named name: (UniqueAddress) -> String) -> String { table(term, name) }

    /// The word for a term that names no node by its incarnation.
    func callAsFunction(_ term: DisplayTerm) -> String { table(term) { $0.address.description } }

    /// The word for a term, with the names of the nodes in a reading.
    func callAsFunction(_ term: DisplayTerm, _ reading: ClusterReading) -> String {
        table(term) { reading.names[$0] ?? $0.address.description }
    }

    /// The words for some terms, with commas between them.
    func list(_ terms: [DisplayTerm], _ reading: ClusterReading) -> String {
        terms.map { self($0, reading) }.joined(separator: ", ")
    }
}

/// The facts of an event, or of the group of events that make one line.
package struct EventPhrase: Hashable, Sendable {
    package var event: RuntimeEvent
    package var observers: [String]
    package var shards: [Int]
    package var links: [String]
}
