import CastyInspection

/// The events the console remembers, oldest first, each with a number that never changes.
package struct EventLog: Sendable {
    /// How many are kept at least; twice as many are the most.
    static let kept = 4096

    private(set) var events: [RuntimeEvent] = []
    /// The number of the first event kept.
    private(set) var base = 0
    private var numbers: [EventID: Int] = [:]
    /// How many were lost before they were read.
    private(set) var dropped: UInt64 = 0

    package init() {}

    var end: Int { base + events.count }

    /// The event of a number, where it is still kept.
    subscript(number: Int) -> RuntimeEvent? {
        number >= base && number < end ? events[number - base] : nil
    }

    /// The number of an event, where it is still kept.
    func number(of id: EventID) -> Int? {
        guard let number = numbers[id], number >= base else { return nil }
        return number
    }

    func event(_ id: EventID) -> RuntimeEvent? { number(of: id).flatMap { self[$0] } }

    mutating func append(_ more: [RuntimeEvent], dropped lost: UInt64 = 0) {
        dropped += lost
        for event in more {
            numbers[event.id] = end
            events.append(event)
        }
        if events.count > 2 * Self.kept {
            let surplus = events.count - Self.kept
            for event in events.prefix(surplus) { numbers[event.id] = nil }
            events.removeFirst(surplus)
            base += surplus
        }
    }

    /// Forgets everything; the numbers go on.
    mutating func clear() {
        base = end
        events = []
        numbers = [:]
    }
}
