import CastySharding

/// A record of a journal of events.
enum LogRecord: Sendable {
    case appended(type: String, id: String, first: UInt64, [EventRecord])
    case deleted(type: String, id: String, through: UInt64)

    func isOf(_ key: EntityKey) -> Bool {
        switch self {
        case .appended(let type, let id, _, _), .deleted(let type, let id, _): type == key.type && id == key.id
        }
    }
}

/// What a node has decoded of a journal.
struct DecodedJournal: Sendable {
    var raw: [[UInt8]] = []
    var records: [LogRecord] = []
}

extension LogRecord {
    /// As bytes: the kind, then each part after its length, numbers as text.
    var bytes: [UInt8] {
        switch self {
        case .appended(let type, let id, let first, let events):
            var parts = [Array(type.utf8), Array(id.utf8), Self.number(first), Self.number(UInt64(events.count))]
            for event in events {
                parts += [event.payload, Array(event.manifest.utf8), Self.number(UInt64(event.version))]
                parts += [Self.number(UInt64(event.tags.count))] + event.tags.map { Array($0.utf8) }
            }
            return [1] + parts.flatMap(Self.part)
        case .deleted(let type, let id, let through):
            return [2] + [Array(type.utf8), Array(id.utf8), Self.number(through)].flatMap(Self.part)
        }
    }

    /// Reads what ``bytes`` has written; `nil` for anything else.
    init?(_ bytes: [UInt8]) {
        var rest = bytes.dropFirst()
        guard let kind = bytes.first, let type = Self.text(&rest), let id = Self.text(&rest),
            let number = Self.number(&rest)
        else { return nil }
        switch kind {
        case 1:
            guard let count = Self.number(&rest) else { return nil }
            var events: [EventRecord] = []
            for _ in 0..<count {
                guard let payload = Self.part(&rest), let manifest = Self.text(&rest),
                    let version = Self.number(&rest), let tagCount = Self.number(&rest)
                else { return nil }
                var tags: [String] = []
                for _ in 0..<tagCount {
                    guard let tag = Self.text(&rest) else { return nil }
                    tags.append(tag)
                }
                events.append(EventRecord(payload: payload, manifest: manifest, version: Int(version), tags: tags))
            }
            self = .appended(type: type, id: id, first: number, events)
        case 2: self = .deleted(type: type, id: id, through: number)
        default: return nil
        }
        guard rest.isEmpty else { return nil }
    }

    private static func part(_ bytes: [UInt8]) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: bytes.count >> $0) } + bytes
    }

    private static func number(_ number: UInt64) -> [UInt8] { Array(String(number).utf8) }

    private static func part(_ bytes: inout ArraySlice<UInt8>) -> [UInt8]? {
        let length = bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        guard bytes.count >= 4 + length else { return nil }
        defer { bytes = bytes.dropFirst(4 + length) }
        return Array(bytes.dropFirst(4).prefix(length))
    }

    private static func text(_ bytes: inout ArraySlice<UInt8>) -> String? {
        part(&bytes).flatMap { String(validating: $0, as: UTF8.self) }
    }

    private static func number(_ bytes: inout ArraySlice<UInt8>) -> UInt64? { text(&bytes).flatMap { UInt64($0) } }
}
