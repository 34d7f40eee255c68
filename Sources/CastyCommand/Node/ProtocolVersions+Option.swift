import ArgumentParser
import CastyRemoting

/// The value of `--protocol`: `1` or `1..2`.
extension ProtocolVersions: ExpressibleByArgument {
    /// Reads the value; `nil` where it is no range.
    public init?(argument: String) { self.init(argument) }

    /// The form that can be typed again.
    public var defaultValueDescription: String { "\(lowest)..\(highest)" }
}
