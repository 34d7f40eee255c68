public import CastyCore

/// The name of one event: the node that saw it and a number that grows by one with each event there.
///
/// As text, and in JSON: `n1/812`.
public struct EventID: Hashable, Sendable {
    /// The node that saw the event; `lab` for what a person or a scenario did.
    public let node: String
    /// Counts from 1 on that node.
    public let number: UInt64

    /// Creates the name of an event.
    public init(node: String, number: UInt64) {
        self.node = node
        self.number = number
    }
}

extension EventID: CustomStringConvertible, Codable {
    /// The name as text: `n1/812`.
    public var description: String { "\(node)/\(number)" }

    /// Reads the text form.
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let slash = text.lastIndex(of: "/"), let number = UInt64(text[text.index(after: slash)...]) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "not an event id: \(text)"))
        }
        self.init(node: String(text[..<slash]), number: number)
    }

    /// Writes the text form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// Something that happened, with the events that led to it.
///
/// The one feed of console, JSON output, metrics and tests.
public struct RuntimeEvent: Hashable, Sendable, Codable {
    /// When it happened, since the start of the world.
    public var time: Instant
    /// Its own name.
    public var id: EventID
    /// What kind of thing happened.
    public var kind: EventKind
    /// The node it is about, where that is not the node that saw it.
    public var subject: String?
    /// The shard it is about.
    public var shard: Int?
    /// The entity it is about.
    public var entity: String?
    /// Where something came from: a node.
    public var from: String?
    /// Where something went: a node.
    public var to: String?
    /// Why, in a few words: `phi 8.1`, `keep-majority`, `no such actor`.
    public var reason: String?
    /// What an entity answered.
    public var reply: String?
    /// Free text for a person.
    public var text: String?
    /// The line of the scenario it belongs to.
    public var line: Int?
    /// The events that led to it; empty where it is a first cause.
    public var causes: [EventID]

    /// Creates an event; what does not apply stays `nil`.
    public init(
        time: Instant, id: EventID, kind: EventKind, subject: String? = nil, shard: Int? = nil, entity: String? = nil,
        from: String? = nil, to: String? = nil, reason: String? = nil, reply: String? = nil, text: String? = nil,
        line: Int? = nil, causes: [EventID] = []
    ) {
        self.time = time
        self.id = id
        self.kind = kind
        self.subject = subject
        self.shard = shard
        self.entity = entity
        self.from = from
        self.to = to
        self.reason = reason
        self.reply = reply
        self.text = text
        self.line = line
        self.causes = causes
    }

    /// The node that saw it.
    public var node: String { id.node }
}
