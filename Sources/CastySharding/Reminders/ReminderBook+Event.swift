extension EventRecord {
    /// Names the events that say what an entity is to be reminded of.
    static let reminderManifest = "casty.reminders"

    /// All reminders of an entity from this event on.
    init(reminders: [ReminderBook.Reminder]) {
        self.init(payload: reminders.bytes, manifest: Self.reminderManifest)
    }

    /// Whether the runtime has appended it, and not the program: its manifest begins with `casty.`.
    public var isReserved: Bool { manifest.utf8.starts(with: "casty.".utf8) }
}

extension StoredEvent {
    /// The entity's reminders from this event on; `nil` where it is one of the program's events.
    ///
    /// - Throws: ``EntityStoreError`` where it is reserved, and says nothing that this program can read.
    func reminders() throws(EntityStoreError) -> [ReminderBook.Reminder]? {
        guard record.isReserved else { return nil }
        guard record.manifest == EventRecord.reminderManifest, record.version == 1 else {
            throw EntityStoreError(
                .newer, "event \(sequence) (\(record.manifest), version \(record.version)) is one of a later program")
        }
        var bytes = record.payload[...]
        guard let reminders = [ReminderBook.Reminder](from: &bytes), bytes.isEmpty else {
            throw EntityStoreError(.corrupt, "the reminders of event \(sequence) cannot be read")
        }
        return reminders
    }
}
