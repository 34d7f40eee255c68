public import CastySerialization

/// When an event-sourced entity stores its whole state, so that a start need not apply all of its events.
public struct Snapshots<State>: Sendable {
    /// After how many events; `nil` for never.
    let interval: UInt64?
    let deletesEvents: Bool
    private let encode: @Sendable (State) throws -> [UInt8]
    private let decode: @Sendable ([UInt8]) throws -> State

    /// A start applies all events. The state need not be `Codable`.
    public static var never: Snapshots {
        Snapshots(
            interval: nil, deletesEvents: false, encode: { _ in [] },
            decode: { _ in throw EntityStoreError(.corrupt, "there is a snapshot, and this program reads none") })
    }

    /// The state is stored after every so many events; its replies do not wait for that.
    ///
    /// - Parameters:
    ///   - events: At least 1.
    ///   - version: The version of the state's form, at least 1.
    ///   - codec: Turns the state into bytes and back; JSON by default.
    ///   - deletesEvents: Whether the events before a snapshot are deleted; queries then miss them.
    ///   - migrate: Makes the state from one that an earlier version of the program has stored. Without it such a state
    ///     is decoded as it is.
    public static func every(
        _ events: Int, version: Int = 1, codec: any Serializer = JSONSerializer(), deletesEvents: Bool = false,
        migrate: (@Sendable (_ bytes: [UInt8], _ version: Int) throws -> State)? = nil
    ) -> Snapshots where State: Codable & SendableMetatype {
        precondition(events >= 1, "a snapshot is taken after at least one event, not \(events)")
        return Snapshots(
            interval: UInt64(events), deletesEvents: deletesEvents,
            encode: { try StateForm(version: version, codec: codec, migrate: migrate).bytes(of: $0) },
            decode: { try StateForm(version: version, codec: codec, migrate: migrate).state(from: $0) })
    }

    /// The bytes of a snapshot: a mark, the number of the last event that it contains, the reminders if there are any, and
    /// the state.
    func bytes(
        of state: State, after sequence: UInt64, reminders: [ReminderBook.Reminder] = []
    ) throws -> [UInt8] {
        let number = withUnsafeBytes(of: sequence.bigEndian) { Array($0) }
        let head =
            reminders.isEmpty ? [SnapshotMark.plain] + number : [SnapshotMark.reminding] + number + reminders.bytes
        return head + (try encode(state))
    }

    func content(
        of bytes: [UInt8]
    ) throws -> (state: State, sequence: UInt64, reminders: [ReminderBook.Reminder]) {
        guard bytes.count >= 9, bytes[0] == SnapshotMark.plain || bytes[0] == SnapshotMark.reminding else {
            throw EntityStoreError(.corrupt, "the saved state does not begin as a snapshot does")
        }
        let sequence = bytes[1..<9].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        var rest = bytes[9...]
        guard let reminders = bytes[0] == SnapshotMark.plain ? [] : [ReminderBook.Reminder](from: &rest) else {
            throw EntityStoreError(.corrupt, "the reminders of the snapshot cannot be read")
        }
        return (try decode(Array(rest)), sequence, reminders)
    }
}

/// What a snapshot begins with: neither JSON nor a durable entity's state does. One without reminders has the first, as
/// earlier programs know it.
private enum SnapshotMark {
    static let plain: UInt8 = 0xCC
    static let reminding: UInt8 = 0xCD
}
