import CastyActors
import CastyCore
import CastySerialization
import Logging

/// The reminders of one incarnation of a durable entity while it runs: a timer for the next one that is due.
final class Reminding<Message: Sendable> {
    private static var timer: String { "casty.reminder" }
    /// The longest timer: a clock that is set forward is noticed then.
    private static var longest: Duration { .seconds(10) }
    /// A reminder whose change could not be saved comes again after this time.
    private static var retry: Duration { .seconds(1) }

    private let entity: EntityContext
    private let codec: any Serializer
    /// The reminder that the timer is for.
    private var next: ReminderBook.Reminder?
    /// Reminders whose message this program cannot decode; a later one may.
    private var undecodable: Set<String> = []

    init(_ entity: EntityContext, _ codec: any Serializer) {
        self.entity = entity
        self.codec = codec
    }

    /// Sets the timer for the earliest reminder, and lets the node know of it.
    func arm(_ context: ActorContext<Message>, notBefore delay: Duration = .zero) {
        next = nil
        while let reminder = entity.reminders.saved.first(where: { !undecodable.contains($0.name) }), next == nil {
            do {
                let message = try decode(reminder.message)
                next = reminder
                let wait = min(max(reminder.at - entity.wallTime, .zero), Self.longest)
                context.timers.start(Self.timer, message, after: max(wait, delay))
            } catch {
                undecodable.insert(reminder.name)
                context.log.error(
                    "the reminder \(reminder.name) of \(entity.id) cannot be decoded, and waits: \(error)")
            }
        }
        if next == nil { context.timers.cancel(Self.timer) }
        entity.noteWake(next?.at)
    }

    private func decode(_ bytes: [UInt8]) throws -> Message {
        guard let type = Message.self as? any Decodable.Type,
            let message = try codec.decode(type, from: bytes) as? Message
        else { throw EntityStoreError(.corrupt, "\(Message.self) is not Codable") }
        return message
    }

    /// Begins a turn. If its message is a reminder's, the reminder is consumed with what the turn changes.
    ///
    /// - Returns: Whether the handler is to get the message: not if the timer was only set to look at the clock again.
    func begins(_ context: ActorContext<Message>) -> Bool {
        guard isConsuming(context), let due = next else { return true }
        guard due.at <= entity.wallTime else {
            arm(context)
            return false
        }
        entity.reminders.consume(due)
        return true
    }

    /// Runs the handler: it may set and cancel reminders.
    func turn<Result>(_ context: ActorContext<Message>, _ body: () throws -> Result) rethrows -> Result {
        let codec = codec
        // A handler that cancels all timers means its own.
        defer { if next != nil, !isConsuming(context), !context.timers.isRunning(Self.timer) { arm(context) } }
        return try entity.reminders.turn(encode: { try codec.encode($0) }, body)
    }

    /// Whether the message that is handled now is a reminder's.
    private func isConsuming(_ context: ActorContext<Message>) -> Bool { context.firingTimer == Self.timer }

    /// The turn's change has been saved.
    func saved(_ context: ActorContext<Message>) {
        let before = entity.reminders.saved
        entity.reminders.commit()
        if entity.reminders.saved != before { arm(context) }
    }

    /// The turn's change has no effect.
    func refused(_ context: ActorContext<Message>) {
        let wasFired = !context.timers.isRunning(Self.timer) && next != nil
        entity.reminders.rollBack()
        if wasFired { arm(context, notBefore: Self.retry) }
    }
}
