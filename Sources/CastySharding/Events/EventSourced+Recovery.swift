import CastyActors
import Logging

extension EventSourced {
    /// Reads the snapshot, then the events since, page by page.
    func recover() async throws {
        guard entity.store != nil else { return }
        var reminders: [ReminderBook.Reminder] = []
        if let saved = try await entity.load() { (state, sequence, reminders) = try snapshots.content(of: saved) }
        planSnapshot()
        let first = sequence
        var reported = sequence
        while true {
            let page = try await entity.events(after: sequence, limit: EventRecovery.page)
            for event in page.events {
                guard event.sequence == sequence + 1 else {
                    throw EntityStoreError(.corrupt, "event \(sequence + 1) of \(entity.id) is missing")
                }
                if let changed = try event.reminders() {
                    reminders = changed
                } else {
                    for event in try form.events(from: event) { apply(&state, event) }
                }
                sequence += 1
            }
            if page.events.count < EventRecovery.page {
                guard page.last == sequence else {
                    throw EntityStoreError(
                        .corrupt, "\(entity.id) has had \(page.last) events, and \(sequence) are there")
                }
                break
            }
            if sequence - reported >= EventRecovery.report {
                reported = sequence
                system.log.info("\(entity.id) recovers: \(sequence - first) of \(page.last - first) events applied")
            }
        }
        entity.reminders.begin(reminders, as: .events)
        if reported > first {
            system.log.info("\(entity.id) has recovered: \(sequence - first) events; snapshots would shorten that")
        }
    }
}

/// The sizes of a recovery.
enum EventRecovery {
    /// How many events are read at a time, each time within the limit of one call.
    static let page = 500
    /// After how many events the progress is logged.
    static let report: UInt64 = 10_000
}
