import ArgumentParser

/// How text for people is written: with colours or without, with all of Unicode or with ASCII marks only.
struct TextStyle: Hashable, Sendable {
    /// When output has colours, as chosen on the command line.
    enum Colours: String, CaseIterable, ExpressibleByArgument { case auto, always, never }

    /// The meaning of a colour.
    enum Role: Hashable, Sendable { case good, bad, warning, change, quiet, strong }

    /// Without colours, with Unicode marks: for files and programs.
    static let plain = TextStyle(isColoured: false, isUnicode: true)

    var isColoured: Bool
    var isUnicode: Bool

    init(isColoured: Bool, isUnicode: Bool) {
        self.isColoured = isColoured
        self.isUnicode = isUnicode
    }

    /// The style for an output.
    ///
    /// - Parameters:
    ///   - colours: The user's choice.
    ///   - isTerminal: Whether a person reads the output. Only then does the locale matter: programs get UTF-8.
    ///   - environment: The value of an environment variable.
    init(_ colours: Colours, isTerminal: Bool, environment: (String) -> String?) {
        isColoured =
            switch colours {
            case .always: true
            case .never: false
            case .auto: isTerminal && (environment("NO_COLOR") ?? "").isEmpty && environment("TERM") != "dumb"
            }
        isUnicode = !isTerminal || Self.isUTF8(environment)
    }

    /// Whether the locale is one of UTF-8. A process without any locale is taken for one in a container, whose terminal
    /// is not as old as its settings.
    static func isUTF8(_ environment: (String) -> String?) -> Bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].compactMap(environment).first { !$0.isEmpty }
        guard let locale = locale?.lowercased() else { return true }
        return locale.hasSuffix("utf-8") || locale.hasSuffix("utf8") || locale.contains("utf-8@")
            || locale.contains("utf8@")
    }

    /// A mark, or its replacement.
    func mark(_ mark: String) -> String {
        guard !isUnicode else { return mark }
        switch mark {
        case "✓": return "="
        case "✗": return "X"
        case "·": return "-"
        default: return mark
        }
    }

    /// A text in a colour.
    func paint(_ text: String, _ role: Role?) -> String {
        guard isColoured, let role, !text.isEmpty else { return text }
        let code =
            switch role {
            case .good: "32"
            case .bad: "1;31"
            case .warning: "33"
            case .change: "36"
            case .quiet: "2"
            case .strong: "1"
            }
        return "\u{1B}[\(code)m\(text)\u{1B}[0m"
    }

    /// One of the pictures of something that turns.
    func spinner(_ turn: Int) -> String {
        let pictures = isUnicode ? Array("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏") : Array("|/-\\")
        return String(pictures[turn % pictures.count])
    }
}
