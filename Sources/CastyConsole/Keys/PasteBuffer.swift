/// The text of a bracketed paste, as long as it arrives.
///
/// A paste whose end is lost ends by itself, so that the keys after it act again.
package struct PasteBuffer: Sendable {
    /// How long a paste waits for its next character, in seconds.
    package static let patience = 1.0
    private static let longest = 10_000

    private var text: String?
    private var latest = 0.0

    package init() {}

    package var isOpen: Bool { text != nil }
    /// When it ends by itself, on the user's clock; `nil` if there is no paste.
    package var deadline: Double? { text == nil ? nil : latest + Self.patience }

    package mutating func begin(now: Double) {
        text = ""
        latest = now
    }

    /// Adds a character; `nil` for a key that is no text.
    package mutating func add(_ scalar: Unicode.Scalar?, now: Double) {
        latest = now
        guard let scalar, let count = text?.utf8.count, count < Self.longest else { return }
        text?.unicodeScalars.append(scalar)
    }

    /// Ends the paste at its mark.
    package mutating func end() -> String {
        defer { text = nil }
        return text ?? ""
    }

    /// Ends the paste if nothing of it has arrived for too long.
    package mutating func expire(now: Double) -> String? {
        guard let deadline, now >= deadline else { return nil }
        return end()
    }
}
