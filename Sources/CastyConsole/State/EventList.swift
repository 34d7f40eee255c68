import CastyInspection

/// The events that level and filter let through, the newest first, by number.
struct EventList: Sendable {
    let numbers: [Int]

    init(_ log: EventLog, _ state: ConsoleState) {
        let filter = TextFilter(state.filters[.events] ?? "")
        var numbers: [Int] = []
        for (offset, event) in log.events.enumerated().reversed() where event.kind.level >= state.level {
            if !filter.isEmpty {
                let words = EventWords(event, log)
                guard filter.matches([words.subject, words.what, words.cause, event.kind.rawValue, event.node]) else {
                    continue
                }
            }
            numbers.append(log.base + offset)
        }
        self.numbers = numbers
    }

    /// Where an event stands; the nearest older one where it is hidden.
    func index(of number: Int?) -> Int {
        guard let number else { return 0 }
        // Numbers fall from front to back.
        var low = 0
        var high = numbers.count
        while low < high {
            let middle = (low + high) / 2
            if numbers[middle] > number { low = middle + 1 } else { high = middle }
        }
        return min(low, max(0, numbers.count - 1))
    }
}
