/// A bounded buffer of text to be written. When it is full, further lines are dropped and counted, and the count is
/// written in their place.
struct BoundedLines: Sendable {
    private let limit: Int
    private let notice: @Sendable (Int) -> String
    private var waiting = ""
    private var bytes = 0
    /// The number of lines dropped after the last buffered one.
    private(set) var dropped = 0

    /// - Parameters:
    ///   - limit: The most bytes in the buffer.
    ///   - notice: The line that replaces a number of dropped ones.
    init(limit: Int, notice: @escaping @Sendable (Int) -> String) {
        self.limit = limit
        self.notice = notice
    }

    var isEmpty: Bool { bytes == 0 && dropped == 0 }

    /// Adds whole lines, or drops all of them.
    mutating func add(_ text: String) {
        let size = text.utf8.count
        guard bytes + size <= limit else {
            dropped += text.utf8.count { $0 == UInt8(ascii: "\n") }
            return
        }
        noteDropped()
        waiting += text
        bytes += size
    }

    /// Removes and returns the whole content.
    mutating func take() -> String {
        noteDropped()
        defer { (waiting, bytes) = ("", 0) }
        return waiting
    }

    private mutating func noteDropped() {
        guard dropped > 0 else { return }
        let line = notice(dropped) + "\n"
        waiting += line
        bytes += line.utf8.count
        dropped = 0
    }
}
