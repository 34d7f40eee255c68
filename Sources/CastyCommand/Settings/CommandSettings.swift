import ArgumentParser
import CastyConsole
import CastyCore

/// A command line completed with settings of the environment and of a file.
///
/// The command line wins over the environment, the environment over the file. An option that may be given again is
/// replaced as a whole, so that the lists of two sources are never mixed. What is added is parsed like what was typed:
/// there is one set of names, rules and messages.
struct CommandSettings: Sendable {
    /// What is to be parsed.
    private(set) var arguments: [String]
    /// Where added options come from, by their names: `CASTY_SHARDS`, `node.toml:3`.
    private(set) var origins: [String: String] = [:]
    /// Variables that look like settings and are none.
    private(set) var unknownVariables: [String] = []

    /// What cannot be used, and the exit code that says so.
    struct Problem: Error, Hashable {
        var text: String
        var code: Int32
    }

    /// An error in the file's text.
    static let badFile: Int32 = 78
    private static let badUsage: Int32 = 64

    /// - Parameters:
    ///   - arguments: What was typed, without the program's name.
    ///   - environment: The variables of the process.
    ///   - read: Reads the file at a path.
    init(
        _ arguments: [String], environment: [String: String], read: (String) throws -> String
    ) throws {
        self.arguments = arguments
        let typed = Self.typedNames(in: arguments)
        guard let name = arguments.first, !typed.contains("help"), !arguments.contains("-h") else { return }
        let variables = environment.filter { $0.key.hasPrefix(SettingName.prefix) && !$0.value.isEmpty }
        let isNode = name == NodeCommand.configuration.commandName
        guard !variables.isEmpty || isNode && typed.contains("config") else { return }
        let known = try SettingName.of(command: name)
        guard !known.isEmpty else { return }

        var added: [String] = []
        var settled = typed
        for setting in known where !settled.contains(setting.name) {
            guard let value = variables[setting.variable] else { continue }
            settled.insert(setting.name)
            origins[setting.name] = setting.variable
            added += try Self.arguments(of: setting, fromVariable: value)
        }
        if isNode {
            unknownVariables = SettingName.unknown(among: variables.keys, known)
            if let path = Self.value(of: "config", in: arguments + added) {
                added += try fileArguments(path, try read(path), known, settled)
            }
        }
        self.arguments += added
    }

    /// The names of the options that were typed.
    private static func typedNames(in arguments: [String]) -> Set<String> {
        var names = Set<String>()
        for argument in arguments.prefix(while: { $0 != "--" }) where argument.hasPrefix("--") {
            names.insert(String(argument.dropFirst(2).prefix { $0 != "=" }))
        }
        return names
    }

    private static func value(of name: String, in arguments: [String]) -> String? {
        for (index, argument) in arguments.enumerated() {
            if argument == "--\(name)" { return index + 1 < arguments.count ? arguments[index + 1] : nil }
            if argument.hasPrefix("--\(name)=") { return String(argument.dropFirst(name.count + 3)) }
        }
        return nil
    }

    private static func arguments(of setting: SettingName, fromVariable value: String) throws -> [String] {
        switch setting.kind {
        case .flag:
            switch value.lowercased() {
            case "true", "yes", "on", "1": return ["--\(setting.name)"]
            case "false", "no", "off", "0": return []
            default:
                throw Problem(
                    text: "\(setting.variable) is \"\(value.printable)\"; expected true or false", code: badUsage)
            }
        case .single: return ["--\(setting.name)=\(value)"]
        case .repeating:
            return value.split(separator: ",").map { "--\(setting.name)=\($0.trimmed)" }
        }
    }

    /// The arguments that stand for a file, but for options that are set already.
    private mutating func fileArguments(
        _ path: String, _ text: String, _ known: [SettingName], _ settled: Set<String>
    ) throws -> [String] {
        func problem(_ problem: ConfigProblem) -> Problem {
            Problem(text: "\(path.printable):\(problem)", code: Self.badFile)
        }
        var added: [String] = []
        do throws(ConfigProblem) {
            for table in try ConfigDocument(text).tables {
                for var entry in table.entries {
                    if table.name == [SettingName.timing] {
                        entry = try SettingName.timingEntry(entry)
                    } else if !table.name.isEmpty {
                        throw ConfigProblem(
                            line: table.line, what: "[\(table.name.joined(separator: "."))] is no table of this file",
                            expected: "[\(SettingName.timing)]")
                    }
                    guard let setting = known.first(where: { $0.name == entry.key && $0.name != "config" }) else {
                        let names = known.map(\.name).filter { $0 != "config" }
                        throw ConfigProblem(
                            line: entry.line, what: "\(entry.key) is no setting of a node",
                            expected: names.joined(separator: ", "))
                    }
                    let arguments = try setting.arguments(of: entry)
                    if settled.contains(setting.name) { continue }
                    origins[setting.name] = "\(path):\(entry.line)"
                    added += arguments
                }
            }
        } catch {
            throw problem(error)
        }
        return added
    }

    /// Where the options that a message names come from, a line each; the message itself names only what is parsed.
    func origins(in message: String) -> String {
        origins.sorted { $0.key < $1.key }
            .filter { message.contains("--\($0.key)") }
            .map { "\n--\($0.key) is set by \($0.value)" }
            .joined()
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        var text = self
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}
