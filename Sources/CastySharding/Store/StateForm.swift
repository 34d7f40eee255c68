import CastyCore
import CastySerialization

/// How a state is saved: a mark, the version, the reminders if there are any, and the coded state.
struct StateForm<State: Codable> {
    /// No JSON text begins with them. A state without reminders has the first, as earlier programs know it.
    private static var marks: (plain: UInt8, reminding: UInt8) { (0xCA, 0xCB) }

    let version: Int
    let codec: any Serializer
    let migrate: (([UInt8], Int) throws -> State)?

    func bytes(of state: State, reminders: [ReminderBook.Reminder] = []) throws -> [UInt8] {
        let number = withUnsafeBytes(of: UInt32(version).bigEndian) { Array($0) }
        let head = reminders.isEmpty ? [Self.marks.plain] + number : [Self.marks.reminding] + number + reminders.bytes
        return head + (try codec.encode(state))
    }

    func state(from bytes: [UInt8]) throws -> State { try content(of: bytes).state }

    func content(of bytes: [UInt8]) throws -> (state: State, reminders: [ReminderBook.Reminder]) {
        guard bytes.count >= 5, bytes[0] == Self.marks.plain || bytes[0] == Self.marks.reminding else {
            throw EntityStoreError(.corrupt, "the saved state does not begin as one of a durable entity does")
        }
        let found = Int(bytes[1..<5].reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
        if found > version {
            throw EntityStoreError(
                .newer, "the state was saved in version \(found) of its form, and this program knows \(version)")
        }
        var rest = bytes[5...]
        guard let reminders = bytes[0] == Self.marks.plain ? [] : [ReminderBook.Reminder](from: &rest) else {
            throw EntityStoreError(.corrupt, "the reminders of the saved state cannot be read")
        }
        let coded = Array(rest)
        do {
            if found < version, let migrate { return (try migrate(coded, found), reminders) }
            return (try codec.decode(State.self, from: coded), reminders)
        } catch {
            throw EntityStoreError(
                .corrupt, "the saved state (version \(found)) cannot be decoded as \(State.self): \(error)")
        }
    }
}
