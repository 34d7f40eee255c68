import CastyCore

/// A JSON object on one line, written key by key.
package struct JSONLine: Sendable {
    private var body = ""

    /// Creates an empty object.
    package init() {}

    /// The object as text.
    package var text: String { "{\(body)}" }

    /// Adds a value that is already JSON.
    package mutating func add(_ name: String, raw: String) {
        if !body.isEmpty { body += "," }
        body += "\"\(name)\":\(raw)"
    }

    /// Adds a text under a name that others choose.
    package mutating func add(foreign name: String, _ value: String) {
        if !body.isEmpty { body += "," }
        body += Self.quoted(name) + ":" + Self.quoted(value)
    }

    /// Adds a text; `nil` adds nothing.
    package mutating func add(_ name: String, _ value: String?) {
        if let value { add(name, raw: Self.quoted(value)) }
    }

    /// Adds a number; `nil` adds nothing.
    package mutating func add(_ name: String, _ value: (some BinaryInteger)?) {
        if let value { add(name, raw: "\(value)") }
    }

    /// Adds a list of texts.
    package mutating func add(_ name: String, _ values: [String]) {
        add(name, raw: "[" + values.map(Self.quoted).joined(separator: ",") + "]")
    }

    /// A text as a JSON string: quotes, backslashes and all characters that must not reach a terminal are escaped.
    package static func quoted(_ text: String) -> String {
        quoted(text) { scalar in
            String(scalar).utf16.map { "\\u" + hexadecimal(UInt32($0), digits: 4) }.joined()
        }
    }

    /// A number in hexadecimal digits, with zeros before it.
    package static func hexadecimal(_ number: UInt32, digits: Int) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }

    /// A text in quotes, as JSON and TOML write it.
    ///
    /// - Parameter escape: Writes a character that must not reach a terminal.
    package static func quoted(_ text: String, escape: (Unicode.Scalar) -> String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case let control where control.isUnprintable: result += escape(control)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
