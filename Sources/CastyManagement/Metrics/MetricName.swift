/// The form that names, labels and numbers have in the text format of Prometheus.
enum MetricName {
    /// The name of a metric: letters, digits and `_`, with the ending that its kind has by convention.
    static func exposed(_ label: String, as kind: MetricFamily.Kind) -> String {
        let name = allowed(label)
        return switch kind {
        case .counter: name.hasSuffix("_total") ? name : name + "_total"
        case .histogram: name.hasSuffix("_seconds") ? name : name + "_seconds"
        case .gauge, .summary: name
        }
    }

    /// The labels as they stand between braces, by name. Of two with one name the last counts.
    static func labels(_ dimensions: [(String, String)]) -> String {
        var values: [String: String] = [:]
        for (name, value) in dimensions { values[allowed(name)] = value }
        return values.sorted { $0.key < $1.key }.map { "\($0.key)=\"\(escaped($0.value))\"" }.joined(separator: ",")
    }

    /// A number, without a fraction where it has none.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        return value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
    }

    private static func allowed(_ label: String) -> String {
        let scalars = label.unicodeScalars.map { scalar -> Character in
            let isAllowed = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
            return isAllowed ? Character(scalar) : "_"
        }
        let name = String(scalars)
        return name.first.map { $0.isNumber } ?? true ? "_" + name : name
    }

    private static func escaped(_ value: String) -> String {
        var text = ""
        for character in value.unicodeScalars {
            switch character {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.unicodeScalars.append(character)
            }
        }
        return text
    }
}
