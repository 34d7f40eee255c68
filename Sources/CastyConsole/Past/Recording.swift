import CastyCore
package import CastyObservability
import CastySerialization

/// A recording of a cluster, as ``RecordingWriter`` has written it.
package struct Recording: Sendable {
    package private(set) var header = RecordingHeader(cluster: "", addresses: [])
    package private(set) var moments = MomentList(.recording)
    /// All events, by time.
    package private(set) var events: [RuntimeEvent] = []
    /// How many events the observer has missed.
    package private(set) var missed: UInt64 = 0
    /// Whether the file ends within a record: its recorder was killed.
    package private(set) var isTruncated = false

    /// Times later than this, or before the start, are none that a node's clock shows.
    private static let latest = Instant.start + .seconds(100 * 366 * 86_400)
    private static let mostNodes = 4096
    private static let mostCurves = 65_536
    private static let shards = 0..<65_536

    /// Whether a file that begins with these bytes says that it is a recording.
    package static func isRecording(_ beginning: some Collection<UInt8>) -> Bool {
        beginning.starts(with: RecordingFormat.mark)
    }

    /// Reads a recording.
    ///
    /// - Throws: ``RecordingProblem`` if it is none, of another version, damaged, or without any moment.
    package init(_ bytes: [UInt8]) throws(RecordingProblem) {
        var offset = try Self.begin(bytes)
        var hasHeader = false
        while offset < bytes.count {
            let start = offset
            guard let content = try Self.record(bytes, &offset) else {
                isTruncated = true
                break
            }
            do {
                try take(content, hasHeader: &hasHeader)
            } catch {
                throw RecordingProblem(.damaged, at: start, "\(error)")
            }
        }
        guard hasHeader, !moments.isEmpty else { throw RecordingProblem(.empty, at: offset, "it holds no moment") }
        // Nodes answer in any order, each with what has happened since its last answer.
        let inOrder = events.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
        events = inOrder.map(\.element)
    }

    private static func begin(_ bytes: [UInt8]) throws(RecordingProblem) -> Int {
        guard isRecording(bytes), let end = bytes.prefix(64).firstIndex(of: UInt8(ascii: "\n")) else {
            throw RecordingProblem(.notRecording, at: 0, "it does not begin as a recording does")
        }
        let version = String(decoding: bytes[RecordingFormat.mark.count..<end], as: UTF8.self)
        guard version == "\(RecordingFormat.version)" else {
            throw RecordingProblem(
                .otherVersion, at: 0, "its form is version \(Words.fit(version, 12)), not \(RecordingFormat.version)")
        }
        return end + 1
    }

    /// The kind and the content of the next record; `nil` if the file ends before its end.
    private static func record(_ bytes: [UInt8], _ offset: inout Int) throws(RecordingProblem) -> ArraySlice<UInt8>? {
        let start = offset
        guard bytes.count - start >= RecordingFormat.prefix else { return nil }
        let length = Int(RecordingFormat.number(bytes[start..<start + 4]))
        let lengthChecksum = RecordingFormat.number(bytes[start + 4..<start + 8])
        guard lengthChecksum == CRC32C.checksum(of: bytes[start..<start + 4]), length > 0,
            length <= RecordingFormat.longest
        else { throw RecordingProblem(.damaged, at: start, "no record begins here") }
        let from = start + RecordingFormat.prefix
        guard bytes.count - from >= length else { return nil }
        let content = bytes[from..<from + length]
        guard RecordingFormat.number(bytes[start + 8..<start + 12]) == CRC32C.checksum(of: content) else {
            throw RecordingProblem(.damaged, at: start, "the checksum of a record does not fit")
        }
        offset = from + length
        return content
    }

    private mutating func take(_ record: ArraySlice<UInt8>, hasHeader: inout Bool) throws {
        let content = Array(record.dropFirst())
        let serializer = BinarySerializer()
        switch record.first.flatMap(RecordingFormat.Kind.init) {
        case .header?:
            header = try serializer.decode(RecordingHeader.self, from: content)
            hasHeader = true
        case .moment?: try take(try serializer.decode(MomentRecord.self, from: content))
        case .events?:
            let page = try serializer.decode(EventsRecord.self, from: content)
            missed &+= page.missed
            for event in page.events {
                guard (Instant.start...Self.latest).contains(event.time) else {
                    throw WireError(.malformed, "an event at a time that cannot be")
                }
                guard event.shard.map(Self.shards.contains) ?? true else {
                    throw WireError(.malformed, "an event of a shard that cannot be")
                }
                events.append(event)
            }
        case nil: throw WireError(.malformed, "a record of an unknown kind")
        }
    }

    private mutating func take(_ record: MomentRecord) throws {
        let former = moments.moments.last
        guard let names = record.names ?? former?.names, names.count <= Self.mostNodes,
            record.parts.count == Moment.count(nodes: names.count)
        else { throw WireError(.malformed, "a moment with other parts than its nodes have") }
        guard record.time >= former?.time ?? .start, record.time <= Self.latest else {
            throw WireError(.malformed, "a moment at a time that cannot be")
        }
        let known = former?.names == names ? former?.parts ?? [] : []
        let parts = try record.parts.enumerated().map { index, part in
            guard let part = part ?? (known.indices.contains(index) ? known[index] : nil) else {
                throw WireError(.malformed, "a part of a moment that was never there")
            }
            return part
        }
        let last = record.time.nanoseconds / PhiHistory.step
        guard record.curves.curves.count <= Self.mostCurves,
            record.curves.curves.allSatisfy({ curve in
                (0...last).contains(curve.last) && curve.values.count <= 100_000
                    && Int64(curve.values.count) <= curve.last + 1
            }), (-1...last).contains(record.curves.bucket)
        else { throw WireError(.malformed, "a curve at a time that cannot be") }
        moments.append(record.curves)
        moments.append(Moment(time: record.time, names: names, parts: parts, after: former))
    }
}

/// Why a file cannot be shown as a recording.
package struct RecordingProblem: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Hashable, Sendable { case notRecording, otherVersion, damaged, empty }

    package let code: Code
    /// The position in the file, in bytes.
    package let offset: Int
    package let message: String

    init(_ code: Code, at offset: Int, _ message: String) {
        self.code = code
        self.offset = offset
        self.message = message
    }

    package var description: String {
        switch code {
        case .notRecording, .otherVersion: message
        case .empty: "it ends at byte \(offset): \(message)"
        case .damaged: "it is damaged at byte \(offset): \(message)"
        }
    }
}
