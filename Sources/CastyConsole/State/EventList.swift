import CastyObservability

/// The events that pass level and filter, newest first.
struct EventList: Sendable {
    let entries: [EventLog.Entry]

    init(_ log: EventLog, _ state: ConsoleState) {
        let filter = TextFilter(state.view.filters[.events] ?? "")
        let level = state.view.level
        let hasCaptions = state.captions.latest != nil
        guard !filter.isEmpty || hasCaptions else {
            entries = log.entries.reversed().filter { $0.level >= level }
            return
        }
        entries = log.entries.reversed().filter { entry in
            guard entry.level >= level, let event = log[entry.number] else { return false }
            // The caption shows the notes of a script.
            if hasCaptions, event.kind == .note, event.line != nil, event.reason == nil { return false }
            if filter.isEmpty { return true }
            let words = EventWords(event, log, state.words)
            return filter.matches(
                [
                    ("subject", words.subject), ("what", words.what), ("cause", words.cause),
                    ("kind", event.kind.rawValue), ("id", event.id.description), ("from", event.from ?? ""),
                    ("to", event.to ?? ""), ("entity", event.entity ?? ""),
                    ("shard", event.shard.map(String.init) ?? ""),
                ] + log.group(of: entry.number).observers.map { ("node", $0) })
        }
    }

    /// The index of an event; that of the nearest older one if it is hidden.
    func index(of number: Int?) -> Int {
        guard let number else { return 0 }
        // Numbers decrease from front to back.
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].number > number { low = middle + 1 } else { high = middle }
        }
        return min(low, max(0, entries.count - 1))
    }
}
