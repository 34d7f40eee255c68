import CastyCore
import Synchronization

/// What one incarnation of a durable entity is to be reminded of.
///
/// A turn changes a draft, which counts when it has been saved together with the state.
package final class ReminderBook: Sendable {
    /// One reminder: due at a time, with a message in coded form.
    struct Reminder: Hashable, Sendable {
        var name: String
        var at: WallTime
        var message: [UInt8]
    }

    /// How reminders are saved.
    enum Form: Sendable {
        /// With the state of a durable entity.
        case state
        /// With the events of an event-sourced one.
        case events
    }

    private struct State {
        var form = Form.state
        /// By time, then by name.
        var saved: [Reminder] = []
        var draft: [Reminder] = []
        /// Codes the messages; only while a turn of the durable behavior runs.
        var encode: (@Sendable (any Encodable & Sendable) throws -> [UInt8])?
    }

    private let state = Mutex(State())

    package init() {}

    /// The reminders as they are saved.
    var saved: [Reminder] { state.withLock { $0.saved } }

    /// The reminders as the present turn has them.
    var draft: [Reminder] { state.withLock { $0.draft } }

    /// How they are saved.
    var form: Form { state.withLock { $0.form } }

    /// Begins with what was loaded.
    func begin(_ reminders: [Reminder], as form: Form = .state) {
        let sorted = Self.sorted(reminders)
        state.withLock { ($0.saved, $0.draft, $0.form) = (sorted, sorted, form) }
    }

    /// Runs a turn in which reminders may be set.
    func turn<Result>(
        encode: @escaping @Sendable (any Encodable & Sendable) throws -> [UInt8], _ body: () throws -> Result
    ) rethrows -> Result {
        state.withLock { $0.encode = encode }
        defer { state.withLock { $0.encode = nil } }
        return try body()
    }

    /// A reminder is handled in the turn that begins.
    func consume(_ reminder: Reminder) { state.withLock { $0.draft.removeAll { $0 == reminder } } }

    /// The draft has been saved.
    func commit() { state.withLock { $0.saved = $0.draft } }

    /// The draft has no effect.
    func rollBack() { state.withLock { $0.draft = $0.saved } }

    /// Sets a reminder; replaces the one of the same name.
    ///
    /// - Throws: ``EntityStoreError`` outside a turn, and what the codec throws.
    func set(_ name: String, at time: WallTime, _ message: any Encodable & Sendable) throws {
        guard let encode = state.withLock({ $0.encode }) else { throw Self.noTurn }
        let reminder = Reminder(name: name, at: time, message: try encode(message))
        state.withLock { state in
            state.draft = Self.sorted(state.draft.filter { $0.name != name } + [reminder])
        }
    }

    /// Cancels a reminder.
    ///
    /// - Returns: Whether there was one.
    /// - Throws: ``EntityStoreError`` outside a turn.
    func cancel(_ name: String) throws(EntityStoreError) -> Bool {
        guard state.withLock({ $0.encode != nil }) else { throw Self.noTurn }
        return state.withLock { state in
            let count = state.draft.count
            state.draft.removeAll { $0.name == name }
            return state.draft.count < count
        }
    }

    private static var noTurn: EntityStoreError {
        EntityStoreError(
            .unavailable,
            "only a handler of Behavior.durable or Behavior.eventSourced sets and cancels reminders, while it handles a message"
        )
    }

    private static func sorted(_ reminders: [Reminder]) -> [Reminder] {
        reminders.sorted { $0.at != $1.at ? $0.at < $1.at : $0.name < $1.name }
    }
}
