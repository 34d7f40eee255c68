package import CastyCore
import Synchronization

/// K2: a reminder comes once and never before its time, and none that was acknowledged is forgotten.
package final class ReminderOracle: Sendable {
    /// What happened to one reminder of an entity, which the number of the command that has set it names.
    package enum News: Sendable {
        /// It is saved, and due after this time.
        case accepted(UInt64, after: Duration)
        /// Its message is handled, before its time or not.
        case came(UInt64, isEarly: Bool)
        /// The change that it has made is saved; perhaps not for the first time.
        case counted(UInt64, isAgain: Bool)
    }

    private struct Name: Hashable {
        let entity: String
        let number: UInt64
    }

    private struct State {
        /// Those that must still come, and when.
        var pending: [Name: Instant] = [:]
        var counted: Set<Name> = []
    }

    private let state = Mutex(State())
    private let object: @Sendable (_ id: String, _ entity: String, _ text: String) -> Void

    /// Creates an oracle.
    ///
    /// - Parameter object: Called with each violation.
    package init(object: @escaping @Sendable (_ id: String, _ entity: String, _ text: String) -> Void) {
        self.object = object
    }

    /// How many reminders have made their change.
    package var counted: Int { state.withLock { $0.counted.count } }

    /// Notes what happened.
    package func note(_ news: News, of entity: String, at now: Instant) {
        switch news {
        case .accepted(let number, let time):
            let name = Name(entity: entity, number: number)
            state.withLock { state in
                if !state.counted.contains(name) { state.pending[name] = now + time }
            }
        case .came(let number, let isEarly):
            if isEarly { object("K2", entity, "its reminder \(number) came before its time, at \(now)") }
        case .counted(let number, let isAgain):
            let name = Name(entity: entity, number: number)
            state.withLock { state in
                state.counted.insert(name)
                state.pending[name] = nil
            }
            if isAgain { object("K2", entity, "its reminder \(number) has changed it twice, at \(now)") }
        }
    }

    /// The reminder that had to come first before a time, and has not.
    package func overdue(before time: Instant) -> (entity: String, number: UInt64, due: Instant)? {
        let late = state.withLock { $0.pending.filter { $0.value < time } }
        return late.min { ($0.value, $0.key.number) < ($1.value, $1.key.number) }
            .map { ($0.key.entity, $0.key.number, $0.value) }
    }
}
