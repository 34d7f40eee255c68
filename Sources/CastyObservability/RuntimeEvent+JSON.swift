public import CastyCore

extension RuntimeEvent {
    /// The event as one line of JSON, without a line break, with its keys in a fixed order.
    ///
    /// Not written by an encoder, so that the bytes, and with them the digest of a run, do not depend on an encoder's
    /// choices.
    public var json: String {
        var line = JSONLine()
        line.add("t", raw: Self.seconds(time))
        line.add("id", id.description)
        line.add("node", node)
        line.add("event", kind.rawValue)
        line.add("subject", subject)
        line.add("shard", shard)
        line.add("entity", entity)
        line.add("from", from)
        line.add("to", to)
        line.add("reason", reason)
        line.add("reply", reply)
        line.add("text", text)
        line.add("line", self.line)
        if !causes.isEmpty { line.add("cause", causes.map(\.description)) }
        return line.text
    }

    /// Seconds with up to six digits after the point, without trailing zeros.
    public static func seconds(_ instant: Instant) -> String {
        let micros = instant.nanoseconds / 1000
        var digits = String(micros % 1_000_000)
        digits = String(repeating: "0", count: 6 - digits.count) + digits
        while digits.hasSuffix("0"), digits.count > 3 { digits.removeLast() }
        return "\(micros / 1_000_000).\(digits)"
    }
}

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
