/// A configuration file as tables of keys and values, in a subset of TOML.
///
/// It reads tables, bare and quoted keys, basic and literal strings, whole numbers, booleans, arrays (also over several
/// lines) and comments. Other TOML (floats, dates, inline tables, dotted keys, arrays of tables) is refused by name, so
/// that a file that is read here means the same to every TOML reader.
package struct ConfigDocument: Hashable, Sendable {
    package enum Value: Hashable, Sendable {
        case text(String)
        case number(Int)
        case flag(Bool)
        case list([Value])

        /// The kind of the value, for messages.
        package var kind: String {
            switch self {
            case .text: "a text"
            case .number: "a number"
            case .flag: "true or false"
            case .list: "a list"
            }
        }
    }

    package struct Entry: Hashable, Sendable {
        package var key: String
        package var value: Value
        package var line: Int

        package init(key: String, value: Value, line: Int) {
            self.key = key
            self.value = value
            self.line = line
        }
    }

    package struct Table: Hashable, Sendable {
        /// The parts of the name; none for the values before the first table.
        package var name: [String]
        package var line: Int
        package var entries: [Entry] = []
    }

    package private(set) var tables = [Table(name: [], line: 1)]

    /// - Throws: The first error in the text.
    package init(_ text: String) throws(ConfigProblem) {
        var scanner = ConfigScanner(text)
        while true {
            scanner.skipBlankLines()
            guard let next = scanner.peek else { return }
            if next == "[" {
                let line = scanner.line
                let name = try scanner.tableName()
                if tables.contains(where: { $0.name == name }) {
                    throw ConfigProblem(
                        line: line, what: "[\(name.joined(separator: "."))] stands here twice",
                        expected: "one table of a name")
                }
                tables.append(Table(name: name, line: line))
            } else {
                let line = scanner.line
                let key = try scanner.key()
                if tables[tables.count - 1].entries.contains(where: { $0.key == key }) {
                    throw ConfigProblem(line: line, what: "\(key) is set twice", expected: "one value")
                }
                try scanner.require("=", after: key)
                let value = try scanner.value()
                tables[tables.count - 1].entries.append(Entry(key: key, value: value, line: line))
            }
            try scanner.endOfLine()
        }
    }
}

/// An error in a configuration file.
package struct ConfigProblem: Error, Hashable, Sendable, CustomStringConvertible {
    package var line: Int
    package var what: String
    package var expected: String

    package init(line: Int, what: String, expected: String) {
        self.line = line
        self.what = what
        self.expected = expected
    }

    package var description: String { "\(line): \(what); expected \(expected)" }
}
