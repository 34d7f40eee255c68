/// Text that waits to be written, up to a limit: what comes when it is full is dropped and counted, and the count stands where the lines would be.
struct BoundedLines: Sendable {
    private let limit: Int
    private let notice: @Sendable (Int) -> String
    private var waiting = ""
    private var bytes = 0
    /// How many lines were dropped after the last one that waits.
    private(set) var dropped = 0

    /// - Parameters:
    ///   - limit: The most bytes that wait.
    ///   - notice: The line in place of as many dropped ones.
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

    /// Takes all that waits.
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
