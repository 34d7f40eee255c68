/// How far logs are known, by the number of each.
struct LogPositions: Hashable, Sendable {
    private var rows: [Int: Int64] = [:]

    init() {}

    /// Reads the text of ``description``; `nil` for any other text.
    init?(_ text: String) {
        for part in text.split(separator: ",", omittingEmptySubsequences: false) where !text.isEmpty {
            let numbers = part.split(separator: ":", omittingEmptySubsequences: false)
            guard numbers.count == 2, let log = Int(numbers[0]), let row = Int64(numbers[1]), row >= 0,
                (1...WriterSlot.limit).contains(log)
            else { return nil }
            rows[log] = row
        }
    }

    subscript(log: Int) -> Int64 {
        get { rows[log] ?? 0 }
        set { rows[log] = newValue }
    }

    /// The numbers of the logs, in order.
    var logs: [Int] { rows.keys.sorted() }

    /// Takes the higher position of each log.
    mutating func raise(to others: LogPositions) {
        rows.merge(others.rows) { max($0, $1) }
    }

    /// Whether everything that these positions include is included in others, but for one log.
    func isIncluded(in others: LogPositions, besides log: Int) -> Bool {
        rows.allSatisfy { $0.key == log || $0.value <= others[$0.key] }
    }

    /// `1:123,2:45`.
    var description: String {
        rows.filter { $0.value > 0 }.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }.joined(separator: ",")
    }
}
