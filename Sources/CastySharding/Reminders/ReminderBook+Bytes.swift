import CastyCore

extension [ReminderBook.Reminder] {
    /// The reminders in front of a coded state: their number, and of each the time, the name and the message.
    var bytes: [UInt8] {
        var bytes = Self.bytes(UInt32(count))
        for reminder in self {
            bytes += Self.bytes(UInt64(bitPattern: reminder.at.milliseconds))
            for part in [Array<UInt8>(reminder.name.utf8), reminder.message] {
                bytes += Self.bytes(UInt32(part.count)) + part
            }
        }
        return bytes
    }

    private static func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
        Swift.withUnsafeBytes(of: number.bigEndian) { Array<UInt8>($0) }
    }

    /// Reads what ``bytes`` has written, and leaves what follows.
    ///
    /// - Returns: `nil` where it is cut off or no text.
    init?(from bytes: inout ArraySlice<UInt8>) {
        self = []
        guard let count = Self.number(UInt32.self, &bytes) else { return nil }
        for _ in 0..<count {
            guard let time = Self.number(UInt64.self, &bytes), let name = Self.part(&bytes),
                let text = String(validating: name, as: UTF8.self), let message = Self.part(&bytes)
            else { return nil }
            append(
                ReminderBook.Reminder(
                    name: text, at: WallTime(milliseconds: Int64(bitPattern: time)), message: message))
        }
    }

    private static func number<Number: FixedWidthInteger>(
        _ type: Number.Type, _ bytes: inout ArraySlice<UInt8>
    ) -> Number? {
        let width = Number.bitWidth / 8
        guard bytes.count >= width else { return nil }
        defer { bytes = bytes.dropFirst(width) }
        return bytes.prefix(width).reduce(0) { $0 << 8 | Number($1) }
    }

    private static func part(_ bytes: inout ArraySlice<UInt8>) -> [UInt8]? {
        guard let count = number(UInt32.self, &bytes), bytes.count >= Int(count) else { return nil }
        defer { bytes = bytes.dropFirst(Int(count)) }
        return Array<UInt8>(bytes.prefix(Int(count)))
    }
}
