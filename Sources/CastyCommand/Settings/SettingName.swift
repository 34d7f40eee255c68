import ArgumentParser
import CastyConsole

/// An option of a command that may also be set by the environment or, for a node, by a file.
struct SettingName: Hashable, Sendable {
    /// How many values it takes.
    enum Kind: Hashable, Sendable {
        case flag, single, repeating
    }

    /// The option without its dashes: `seed-node`.
    var name: String
    var kind: Kind

    /// How the variables begin.
    static let prefix = "CASTY_"
    /// The option that sets times, which a file may also hold as a table.
    static let timing = "timing"

    /// The variable of the environment: `CASTY_SEED_NODE`.
    var variable: String { Self.prefix + name.uppercased().replacing("-", with: "_") }

    /// What every command that connects to nodes takes from the environment.
    private static let common = ["cluster", "tls-cert", "tls-key", "tls-ca", "tls-names", "secret-file", "insecure"]

    /// The options of a command that the environment may set: all of a node, and what all have that connect to nodes.
    static func of(command name: String) throws -> [SettingName] {
        guard let command = Casty.configuration.subcommands.first(where: { $0.configuration.commandName == name })
        else { return [] }
        let isNode = command == NodeCommand.self
        var names: [SettingName] = []
        for argument in try HelpDump(of: command).command.arguments ?? [] {
            guard let long = argument.names?.first(where: { $0.kind == "long" })?.name else { continue }
            guard isNode ? long != "help" && long != "version" : common.contains(long) else { continue }
            let kind: Kind = argument.kind == "flag" ? .flag : argument.isRepeating ? .repeating : .single
            names.append(SettingName(name: long, kind: kind))
        }
        return names
    }

    /// Variables that set nothing though their names begin like settings, sorted. Those with which Kubernetes describes
    /// a service called casty are left out.
    static func unknown(among variables: some Sequence<String>, _ known: [SettingName]) -> [String] {
        let names = Set(known.map(\.variable))
        return variables.filter { !names.contains($0) && !$0.contains("_SERVICE_") && !$0.contains("_PORT") }.sorted()
    }

    /// The arguments that stand for an entry of a file.
    func arguments(of entry: ConfigDocument.Entry) throws(ConfigProblem) -> [String] {
        func misfit(_ expected: String) -> ConfigProblem {
            ConfigProblem(line: entry.line, what: "\(name) is \(entry.value.kind)", expected: expected)
        }
        switch (kind, entry.value) {
        case (.flag, .flag(let isSet)): return isSet ? ["--\(name)"] : []
        case (.flag, _): throw misfit("true or false")
        case (.repeating, .list(let values)):
            var arguments: [String] = []
            for value in values {
                guard let text = value.plain else { throw misfit("a list of texts") }
                arguments.append("--\(name)=\(text)")
            }
            return arguments
        case (_, let value):
            guard let text = value.plain else { throw misfit("a text or a number") }
            return ["--\(name)=\(text)"]
        }
    }

    /// An entry of the table of times as one of the option's: `heartbeat = "500ms"` is `timing = "heartbeat=500ms"`.
    static func timingEntry(_ entry: ConfigDocument.Entry) throws(ConfigProblem) -> ConfigDocument.Entry {
        guard let text = entry.value.plain else {
            throw ConfigProblem(
                line: entry.line, what: "\(entry.key) is \(entry.value.kind)", expected: "a text, as \"500ms\"")
        }
        return ConfigDocument.Entry(key: timing, value: .text("\(entry.key)=\(text)"), line: entry.line)
    }
}

extension ConfigDocument.Value {
    /// A text or a number as it would be typed.
    fileprivate var plain: String? {
        switch self {
        case .text(let text): text
        case .number(let number): String(number)
        case .flag, .list: nil
        }
    }
}
