import ArgumentParser
import CastyCore
import Logging

/// How `casty node` logs.
enum NodeLogFormat: String, CaseIterable, ExpressibleByArgument {
    /// A line of text per entry.
    case text
    /// A JSON object per entry.
    case json

    /// The levels, for help.
    static let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")

    /// The level of a name.
    static func level(_ name: String) throws -> Logger.Level {
        guard let level = Logger.Level(rawValue: name) else {
            throw ValidationError("--log-level is one of \(levels), not \(name.printable)")
        }
        return level
    }
}
