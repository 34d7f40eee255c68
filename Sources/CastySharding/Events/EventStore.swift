import CastyPlacement

/// Stores the events of entities beside their states: an append-only log for each entity, and all of them to be queried.
///
/// The events of an entity are numbered from 1 without a hole. A batch is appended as a whole or not at all, and only
/// where the caller knows the last number. The *snapshot* of an event-sourced entity is the state that
/// ``EntityStore/save(_:for:fence:)`` stores: its bytes say after which event it was taken, see
/// ``Behavior/eventSourced(_:_:events:snapshots:decide:apply:)``.
///
/// ## What every store promises
/// - **Fenced** as states are, with the same tokens: once any call with a token has been answered, nothing that was
///   appended with a lower one is acknowledged any more.
/// - **Acknowledged is there**: an event whose append has returned survives a crash, keeps its number, and is read by
///   every later owner.
/// - **Never two**: two events of an entity never have the same number for readers. Events of an append that failed with
///   an unknown outcome are there as a whole or not at all; a later owner's read decides it for good.
/// - **Queries miss nothing**: a query that continues after an offset that it got delivers every matching event exactly
///   once, whatever was being written meanwhile. Events of one entity come in the order of their numbers. Events of
///   different entities come in an order that every query of this store agrees with only as far as the store says; it
///   follows the order in which they were committed as far as one writer (process, or server) has committed them.
/// - **Queries show nothing that does not last**: an event that a query has delivered is never replaced by another one.
///
/// Beside the program's events there are some of the runtime's own, see ``EventRecord/isReserved``; to a store they are
/// events like others.
///
/// The entity's calls come one after the other, as for ``EntityStore``; queries come at any time from any node.
public protocol EventStore: EntityStore {
    /// Appends events of one entity, all or none. When it returns, they survive a crash.
    ///
    /// - Parameters:
    ///   - events: At least one; they get the numbers `sequence + 1`, `sequence + 2` and so on.
    ///   - sequence: The number of the entity's last event, as the caller knows it; 0 if it has had none. Numbers of
    ///     deleted events are not used again.
    /// - Throws: ``EntityStoreError``; `conflict` where the last event has another number: the caller's state is not
    ///   that of the entity. Unless ``EntityStoreError/isOutcomeUnknown`` says otherwise, nothing was appended.
    func append(
        _ events: [EventRecord], after sequence: UInt64, for key: EntityKey, fence: ShardFence
    ) async throws(EntityStoreError)

    /// The first events of an entity with a number above `sequence`, in order.
    ///
    /// - Parameters:
    ///   - sequence: 0 for all.
    ///   - limit: The most events to return, at least 1. A page has fewer only at the end.
    /// - Throws: ``EntityStoreError``.
    func events(
        of key: EntityKey, after sequence: UInt64, limit: Int, fence: ShardFence
    ) async throws(EntityStoreError) -> EventPage

    /// Deletes the events of an entity up to and including a number; those that do not exist are no error.
    ///
    /// The numbers go on after the last event that ever was. Who wants nothing to be left deletes the snapshot too.
    ///
    /// - Parameter sequence: At most the last event's number counts.
    /// - Throws: ``EntityStoreError``, as ``append(_:after:for:fence:)``.
    func deleteEvents(
        of key: EntityKey, through sequence: UInt64, fence: ShardFence
    ) async throws(EntityStoreError)

    /// The first events of all entities that match a filter and come after an offset.
    ///
    /// It has no token: whoever may open the store may query it. Deleted events are left out.
    ///
    /// - Parameters:
    ///   - offset: ``EventOffset/start``, or one that this store has given.
    ///   - limit: The most events to return, at least 1. A batch may have fewer, and even none, before the end:
    ///     ``EventBatch/isEnd`` tells.
    /// - Throws: ``EntityStoreError``; `corrupt` for an offset of another store.
    func events(
        matching filter: EventFilter, after offset: EventOffset, limit: Int
    ) async throws(EntityStoreError) -> EventBatch
}

/// An event as it is stored: coded, with what is needed to decode and to find it.
public struct EventRecord: Hashable, Sendable {
    /// The coded event.
    public let payload: [UInt8]
    /// The name of the event's type, chosen by the program: it does not change when the type is renamed.
    public let manifest: String
    /// The version of the events' form under which it was coded, at least 1.
    public let version: Int
    /// Sorted, each once.
    public let tags: [String]

    /// Creates a record; the tags are sorted, and each counts once.
    public init(payload: [UInt8], manifest: String, version: Int = 1, tags: [String] = []) {
        self.payload = payload
        self.manifest = manifest
        self.version = version
        // The order of bytes: that of String depends on Unicode's tables.
        var sorted: [String] = []
        for tag in tags.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        where sorted.last.map({ !$0.utf8.elementsEqual(tag.utf8) }) ?? true { sorted.append(tag) }
        self.tags = sorted
    }
}

/// An event of an entity with its number.
public struct StoredEvent: Hashable, Sendable {
    /// The shard type.
    public let type: String
    /// The entity's whole id.
    public let entity: String
    /// Its number among the entity's events, from 1.
    public let sequence: UInt64
    /// The event.
    public let record: EventRecord

    /// Creates an event.
    public init(type: String, entity: String, sequence: UInt64, record: EventRecord) {
        self.type = type
        self.entity = entity
        self.sequence = sequence
        self.record = record
    }
}

/// Some events of one entity.
public struct EventPage: Hashable, Sendable {
    /// In order.
    public let events: [StoredEvent]
    /// The number of the last event that the entity ever had, also if that was deleted; 0 if it had none.
    public let last: UInt64

    /// Creates a page.
    public init(events: [StoredEvent], last: UInt64) {
        self.events = events
        self.last = last
    }
}

/// Some events of many entities.
public struct EventBatch: Hashable, Sendable {
    /// An event, and where a query goes on after it.
    public struct Element: Hashable, Sendable {
        /// The event.
        public let event: StoredEvent
        /// After it.
        public let offset: EventOffset

        /// Creates an element.
        public init(_ event: StoredEvent, at offset: EventOffset) {
            self.event = event
            self.offset = offset
        }
    }

    /// In the store's order.
    public let events: [Element]
    /// Where the query goes on after this batch. It may be further than the last event's, where others did not match.
    public let next: EventOffset
    /// Whether there was no more when the batch was read.
    public let isEnd: Bool

    /// Creates a batch.
    public init(events: [Element], next: EventOffset, isEnd: Bool) {
        self.events = events
        self.next = next
        self.isEnd = isEnd
    }
}

/// A place in the log of all entities' events. Only the store that has given it understands it.
public struct EventOffset: Hashable, Sendable, Codable, CustomStringConvertible {
    /// Before all events.
    public static let start = EventOffset("")

    /// The text in which it is written down.
    public let description: String

    /// An offset that was written down.
    public init(_ description: String) {
        self.description = description
    }

    /// Reads an offset.
    public init(from decoder: any Decoder) throws {
        description = try decoder.singleValueContainer().decode(String.self)
    }

    /// Writes the text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// Which events a query delivers: those that match all that is given.
public struct EventFilter: Hashable, Sendable {
    /// Only of entities of this shard type.
    public var type: String?
    /// Only of the entity with this whole id.
    public var entity: String?
    /// Only with this tag.
    public var tag: String?

    /// Creates a filter.
    public init(type: String? = nil, entity: String? = nil, tag: String? = nil) {
        self.type = type
        // As in a key, which has the id in one form.
        self.entity = entity.map(EntityID.canonical)
        self.tag = tag
    }

    /// Every event.
    public static let all = EventFilter()

    /// Those of one entity.
    public static func entity(_ id: String, type: String) -> EventFilter { EventFilter(type: type, entity: id) }

    /// Those with a tag.
    public static func tag(_ tag: String) -> EventFilter { EventFilter(tag: tag) }

    /// Whether an event matches. Texts are compared byte by byte.
    public func matches(_ event: StoredEvent) -> Bool {
        Self.isSame(type, event.type) && Self.isSame(entity, event.entity)
            && (tag.map { tag in event.record.tags.contains { Self.isSame(tag, $0) } } ?? true)
    }

    private static func isSame(_ wanted: String?, _ text: String) -> Bool {
        wanted.map { $0.utf8.elementsEqual(text.utf8) } ?? true
    }
}

extension EntityStoreError {
    /// The caller does not know the entity's last event.
    package static func conflict(_ key: EntityKey, after sequence: UInt64, last: UInt64) -> EntityStoreError {
        EntityStoreError(
            .conflict,
            "\(key.id) has \(last) events, and its state was that after \(sequence): another one has appended")
    }
}
