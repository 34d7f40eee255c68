public import CastySerialization

/// How the events of an entity type are coded, named and tagged.
///
/// Events are kept for good, so programs change and their events do not. Added optional fields need nothing. For any
/// other change raise the version, and make today's events from those of earlier versions in `upcast`: what is stored
/// is not rewritten.
public struct EventForm<Event>: Sendable {
    /// Codes the events, and the messages of reminders.
    let codec: any Serializer
    private let version: Int
    private let manifest: String
    private let encode: @Sendable (Event) throws -> [UInt8]
    private let decode: @Sendable ([UInt8]) throws -> Event
    private let upcast: (@Sendable (EventRecord) throws -> [Event])?
    private let tags: @Sendable (Event) -> [String]

    /// Describes the events.
    ///
    /// - Parameters:
    ///   - version: The version of their form, at least 1.
    ///   - manifest: Their name in the store; by default the type's name today. Pin it before the type is renamed.
    ///     It must not begin with `casty.`, which names the runtime's own events.
    ///   - codec: Turns them into bytes and back; JSON by default.
    ///   - upcast: Makes events from one of an earlier version, or with another name: one, several, or none where it
    ///     means nothing any more. Without it such an event is decoded as it is.
    ///   - tags: By what an event is found, see ``EventFilter/tag(_:)``; they are stored with it.
    public init(
        version: Int = 1, manifest: String = "\(Event.self)", codec: any Serializer = JSONSerializer(),
        upcast: (@Sendable (EventRecord) throws -> [Event])? = nil,
        tags: @escaping @Sendable (Event) -> [String] = { _ in [] }
    ) where Event: Codable & SendableMetatype {
        precondition(version >= 1, "the first version of a form is 1, not \(version)")
        precondition(!manifest.utf8.starts(with: "casty.".utf8), "'\(manifest)' is reserved: take another name")
        self.codec = codec
        self.version = version
        self.manifest = manifest
        self.upcast = upcast
        self.tags = tags
        encode = { try codec.encode($0) }
        decode = { try codec.decode(Event.self, from: $0) }
    }

    func record(of event: Event) throws -> EventRecord {
        EventRecord(payload: try encode(event), manifest: manifest, version: version, tags: tags(event))
    }

    /// Today's events for a stored one.
    func events(from stored: StoredEvent) throws -> [Event] {
        let record = stored.record
        if record.manifest == manifest, record.version > version {
            throw EntityStoreError(
                .newer,
                "event \(stored.sequence) was stored in version \(record.version) of its form, and this program knows \(version)"
            )
        }
        do {
            if record.version != version || record.manifest != manifest, let upcast { return try upcast(record) }
            return [try decode(record.payload)]
        } catch {
            throw EntityStoreError(
                .corrupt,
                "event \(stored.sequence) (\(record.manifest), version \(record.version)) cannot be decoded as \(Event.self): \(error)"
            )
        }
    }
}
