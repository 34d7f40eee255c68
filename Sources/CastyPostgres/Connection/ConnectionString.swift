import CPostgres
import CastySharding

/// The string that says how to reach a server, as libpq reads it.
enum ConnectionString {
    /// Refuses a string that libpq cannot read, and a machine without libpq. What it says about that may quote the string: the password is taken out.
    static func check(_ text: String) throws(EntityStoreError) {
        try ClientLibrary.open()
        var message: UnsafeMutablePointer<CChar>?
        let options = cpg_PQconninfoParse(text, &message)
        defer {
            cpg_PQconninfoFree(options)
            cpg_PQfreemem(message)
        }
        guard options == nil else { return }
        let words = message.map { String(cString: $0) } ?? "it cannot be read"
        let lines = words.split(separator: "\n").joined(separator: "; ")
        throw EntityStoreError(.unavailable, "the connection string is wrong: \(redacted(lines, of: text))")
    }

    /// A text about a connection string, without what may be a password in that.
    static func redacted(_ words: String, of target: String) -> String {
        var words = words
        for secret in secrets(in: target) where !secret.isEmpty { words = replace(secret, in: words) }
        return words
    }

    /// What follows `password=`, and what is between the colon and the `@` of a URL.
    private static func secrets(in target: String) -> [Substring] {
        var secrets: [Substring] = []
        var rest = target[...]
        while let range = range(of: "password", in: rest) {
            let value = rest[range.upperBound...].drop { $0 == " " }.dropFirst().drop { $0 == " " || $0 == "'" }
            secrets.append(value.prefix { !" '&".contains($0) })
            rest = rest[range.upperBound...]
        }
        if let scheme = range(of: "://", in: target[...]) {
            let authority = target[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" }
            if let end = authority.lastIndex(of: "@"), let start = authority[..<end].firstIndex(of: ":") {
                secrets.append(authority[authority.index(after: start)..<end])
            }
        }
        // A long one first: another one may be a part of it.
        return secrets.sorted { $0.utf8.count > $1.utf8.count }
    }

    private static func range(of part: String, in text: Substring) -> Range<Substring.Index>? {
        var start = text.startIndex
        while start < text.endIndex {
            if text[start...].hasPrefix(part) { return start..<text.index(start, offsetBy: part.count) }
            start = text.index(after: start)
        }
        return nil
    }

    private static func replace(_ secret: Substring, in words: String) -> String {
        var (result, rest) = ("", words[...])
        while let range = range(of: String(secret), in: rest) {
            result += rest[..<range.lowerBound] + "…"
            rest = rest[range.upperBound...]
        }
        return result + rest
    }
}
