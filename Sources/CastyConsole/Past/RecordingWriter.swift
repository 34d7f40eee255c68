package import CastyObservability

/// Turns what an observer sees into the bytes of a recording: all events, and a moment once a second and after events.
package struct RecordingWriter: Sendable {
    /// The most events of one record.
    private static let page = 1000

    private var list = MomentList(.init(span: .seconds(10), bytes: 256 << 20))
    private var names: [String]?
    private var bucket: Int64 = -1

    package init() {}

    /// The beginning of the file.
    package func begin(_ header: RecordingHeader) throws -> [UInt8] {
        RecordingFormat.firstLine + (try RecordingFormat.record(.header, header))
    }

    /// What to append to the file for a snapshot and the events since the last one.
    ///
    /// - Throws: What the encoding throws.
    package mutating func take(
        _ snapshot: ClusterSnapshot, events: [RuntimeEvent], missed: UInt64
    ) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var left = events[...]
        var missing = missed
        while !left.isEmpty || missing > 0 {
            let page = left.prefix(Self.page)
            bytes += try RecordingFormat.record(.events, EventsRecord(events: Array(page), missed: missing))
            left = left.dropFirst(page.count)
            missing = 0
        }
        let hasEvents = events.contains { $0.kind.level > .debug }
        guard list.take(snapshot, hasEvents: hasEvents), let moment = list.moments.last else { return bytes }
        let curves = list.phi.piece(after: bucket)
        bytes += try RecordingFormat.record(
            .moment,
            MomentRecord(
                time: moment.time, names: moment.names == names ? nil : moment.names,
                parts: zip(moment.parts, moment.isShared).map { $0.1 ? nil : $0.0 }, curves: curves))
        names = moment.names
        bucket = curves.bucket
        return bytes
    }
}
