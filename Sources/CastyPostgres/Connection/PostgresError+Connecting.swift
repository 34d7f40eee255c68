/// Why a connection could not be opened, in words that say what to do.
extension PostgresError {
    /// - Parameter report: What libpq says, with codes and the places in the server's source that go with them.
    init(notOpened report: String) {
        var (lines, codes): ([Substring], [Substring]) = ([], [])
        // A line for each server, one with a code or without, and after it one with a place in its source.
        for line in report.split(separator: "\n") where !line.hasPrefix("LOCATION:") {
            let (words, code) = Self.split(line)
            lines.append(words)
            if let code { codes.append(code) }
        }
        var message = lines.isEmpty ? "the server has closed the connection" : lines.joined(separator: "; ")
        if codes.contains("53300") {
            message += """
                 (all its connections are in use: raise max_connections, or the limit of the role or database; a node opens \
                up to six)
                """
        } else if message.contains("read-only") || message.contains("hot standby") {
            message += """
                 (the server is a standby, or set to read only: wait until it is promoted, or name the one that writes in the \
                connection string too)
                """
        }
        self.init(kind: .unreachable, message: message)
    }

    /// Takes the code out of a line such as `… FATAL:  53300: sorry, too many clients already`.
    private static func split(_ line: Substring) -> (words: Substring, code: Substring?) {
        var start = line.startIndex
        while let gap = line[start...].firstIndex(of: " ") {
            let code = line[line.index(after: gap)...].prefix(6)
            let isCode =
                code.utf8.count == 6 && code.last == ":"
                && code.utf8.dropLast().allSatisfy {
                    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                        || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0)
                }
                && line[..<gap].hasSuffix(": ")
            if isCode { return (line[..<gap] + line[code.endIndex...], code.dropLast()) }
            start = line.index(after: gap)
        }
        return (line, nil)
    }
}
