/// Builds a manual page in the man macros of troff, in ASCII.
struct Troff {
    private(set) var text = ""

    init(title: String, section: Int, source: String) {
        macro("TH", title, "\(section)", "", source, "User Commands")
        // Commands are not broken at their hyphens, and no blanks are inserted to fill lines.
        text += ".nh\n.ad l\n"
    }

    /// A line that begins with a macro; its arguments are quoted.
    private mutating func macro(_ name: String, _ arguments: String...) {
        let quoted = arguments.map { argument in
            "\""
                + Self.escaped(argument).split(separator: "\"", omittingEmptySubsequences: false).joined(
                    separator: "\\(dq")
                + "\""
        }
        text += ".\(name)" + (quoted.isEmpty ? "" : " " + quoted.joined(separator: " ")) + "\n"
    }

    mutating func section(_ title: String) { macro("SH", title) }

    mutating func subsection(_ title: String) { macro("SS", title) }

    /// Paragraphs, separated by empty lines or line breaks; indented lines stay as they are.
    mutating func paragraphs(_ text: String?) {
        for block in Self.blocks(text ?? "") {
            if block.isLiteral {
                self.text += ".PP\n.RS 4\n.nf\n"
                for line in block.lines { self.text += Self.line(line) }
                self.text += ".fi\n.RE\n"
            } else {
                self.text += ".PP\n"
                for line in block.lines { self.text += Self.line(line) }
            }
        }
    }

    /// A term, in bold, and its description.
    mutating func entry(_ terms: [String], _ description: String...) {
        text += ".TP\n"
        for (index, term) in terms.enumerated() {
            if index > 0 { text += ".TQ\n" }
            text += "\\fB" + Self.escaped(term) + "\\fR\n"
        }
        let parts = description.filter { !$0.isEmpty }
        for (index, part) in parts.enumerated() {
            if index > 0 { text += ".sp\n" }
            for line in part.split(separator: "\n") { text += Self.line(String(line)) }
        }
        // A term without a description would swallow what follows.
        if parts.isEmpty { text += "\\&\n" }
    }

    private struct Block {
        var lines: [String]
        var isLiteral: Bool
    }

    private static func blocks(_ text: String) -> [Block] {
        var blocks: [Block] = []
        var isNew = true
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            guard !line.allSatisfy({ $0 == " " }) else {
                isNew = true
                continue
            }
            let isLiteral = line.hasPrefix("  ")
            let words = String(line.drop { $0 == " " })
            if !isNew, let last = blocks.indices.last, blocks[last].isLiteral == isLiteral {
                blocks[last].lines.append(words)
            } else {
                blocks.append(Block(lines: [words], isLiteral: isLiteral))
            }
            isNew = false
        }
        return blocks
    }

    /// A line of text that is no macro; a list without blanks may be broken after its commas.
    private static func line(_ text: String) -> String {
        var escaped = ""
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            let parts = word.split(separator: ",", omittingEmptySubsequences: false)
            let list = parts.map { Self.escaped(String($0)) }.joined(separator: word.count > 30 ? ",\\:" : ",")
            escaped += (escaped.isEmpty ? "" : " ") + list
        }
        let isControl = escaped.hasPrefix(".") || escaped.hasPrefix("'")
        return (isControl ? "\\&" : "") + escaped + "\n"
    }

    /// Text for troff: a hyphen that is typed stays one, and what is not ASCII is a named character.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\e"
            case "-": result += "\\-"
            case "'": result += "\\(aq"
            case "`": result += "\\(ga"
            case "^": result += "\\(ha"
            case "~": result += "\\(ti"
            case " "..."~": result.unicodeScalars.append(scalar)
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}": result += " "
            default:
                let digits = String(scalar.value, radix: 16, uppercase: true)
                result += "\\[u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "]"
            }
        }
        return result
    }
}
