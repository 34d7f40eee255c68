/// A statement with its parameters, which are always bound and never part of the text.
struct Statement: Hashable, Sendable {
    let text: String
    let parameters: [Parameter]

    init(_ text: String, _ parameters: [Parameter] = []) {
        self.text = text
        self.parameters = parameters
    }
}

/// A value for a statement.
enum Parameter: Hashable, Sendable {
    case null
    /// Sent as text; the server converts it to the type that the statement names.
    case text(String)
    /// Sent as it is.
    case bytes([UInt8])

    static func utf8(_ text: String) -> Parameter { .bytes(Array(text.utf8)) }

    static func number(_ value: some BinaryInteger) -> Parameter { .text("\(value)") }
}

/// The rows that a statement gave. All columns are read in binary form: bytes as they are, text in UTF-8.
struct Rows: Hashable, Sendable {
    let rows: [[[UInt8]?]]

    var count: Int { rows.count }
    var isEmpty: Bool { rows.isEmpty }

    /// The text in a column of the first row; `nil` where there is no row, or no value.
    func text(_ column: Int, row: Int = 0) -> String? {
        guard row < rows.count, column < rows[row].count, let bytes = rows[row][column] else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The bytes in a column of the first row; `nil` where there is no row, or no value.
    func bytes(_ column: Int, row: Int = 0) -> [UInt8]? {
        guard row < rows.count, column < rows[row].count else { return nil }
        return rows[row][column]
    }

    /// The texts in a column of all rows.
    func texts(_ column: Int) -> [String] { rows.indices.compactMap { text(column, row: $0) } }

    /// The number in a column that was converted to text.
    func number<Number: FixedWidthInteger>(_ column: Int, row: Int = 0) -> Number? {
        text(column, row: row).flatMap { Number($0) }
    }
}
