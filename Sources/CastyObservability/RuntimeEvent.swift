public import CastyCore

/// The identifier of an event: the node that observed it, and a number that increases by one with each event there.
///
/// As text, and in JSON: `n1/812`.
public struct EventID: Hashable, Sendable {
    /// The observer of what a person or a scenario does.
    public static let testbed = "test"
    /// The observer of what a person or a scenario does to the latency, jitter and loss of links.
    public static let network = "net"

    /// The node that observed the event, or ``testbed``, or ``network``.
    public let node: String
    /// Counts from 1 on that node.
    public let number: UInt64

    /// Creates an identifier.
    public init(node: String, number: UInt64) {
        self.node = node
        self.number = number
    }

    /// Whether a person, a scenario or the test cluster itself caused the event, and not a node.
    public var isFromTestbed: Bool { node == Self.testbed || node == Self.network }
}

extension EventID: CustomStringConvertible, Codable {
    /// The identifier as text: `n1/812`.
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

/// An event, with the events that caused it.
///
/// The one feed for the console, JSON output, metrics and tests.
public struct RuntimeEvent: Hashable, Sendable, Codable {
    /// When it happened, since the start of the run.
    public var time: Instant
    /// Its identifier.
    public var id: EventID
    /// The kind of event.
    public var kind: EventKind
    /// The node concerned, if it is not the observing node.
    public var subject: String?
    /// The shard concerned.
    public var shard: Int?
    /// The entity concerned.
    public var entity: String?
    /// The source node.
    public var from: String?
    /// The destination node.
    public var to: String?
    /// Why it happened.
    public var reason: EventReason?
    /// An entity's answer.
    public var reply: String?
    /// Details.
    public var detail: EventDetail?
    /// The scenario line that it belongs to.
    public var line: Int?
    /// The events that caused it; empty for a first cause.
    public var causes: [EventID]

    /// Creates an event; fields that do not apply stay `nil`.
    public init(
        time: Instant, id: EventID, kind: EventKind, subject: String? = nil, shard: Int? = nil, entity: String? = nil,
        from: String? = nil, to: String? = nil, reason: EventReason? = nil, reply: String? = nil,
        detail: EventDetail? = nil,
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
        self.detail = detail
        self.line = line
        self.causes = causes
    }

    /// The node that observed it.
    public var node: String { id.node }

    /// Whether a person, a scenario or the test cluster itself caused it, and not a node.
    public var isFromTestbed: Bool { id.isFromTestbed }

    /// The id of the rule that is violated, if a rule is.
    public var rule: String? { if case .rule(let id)? = reason { id } else { nil } }

    /// The text for a person among its details.
    public var text: String? { if case .text(let text)? = detail { text } else { nil } }
}
