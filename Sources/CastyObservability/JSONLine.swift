import CastyCore

/// A JSON object on one line, written key by key.
public struct JSONLine: Sendable {
    private var body = ""

    /// Creates an empty object.
    public init() {}

    /// The object as text.
    public var text: String { "{\(body)}" }

    /// Adds a value that is already JSON.
    public mutating func add(_ name: String, raw: String) {
        if !body.isEmpty { body += "," }
        body += "\"\(name)\":\(raw)"
    }

    /// Adds a text; `nil` adds nothing.
    public mutating func add(_ name: String, _ value: String?) {
        if let value { add(name, raw: Self.quoted(value)) }
    }

    /// Adds a number; `nil` adds nothing.
    public mutating func add(_ name: String, _ value: (some BinaryInteger)?) {
        if let value { add(name, raw: "\(value)") }
    }

    /// Adds a list of texts.
    public mutating func add(_ name: String, _ values: [String]) {
        add(name, raw: "[" + values.map(Self.quoted).joined(separator: ",") + "]")
    }

    /// A text as a JSON string: quotes, backslashes and all characters that must not reach a terminal are escaped.
    public static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case let control where control.isUnprintable:
                for unit in String(control).utf16 {
                    let hex = String(unit, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
                }
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
