import CastyCore

extension LeaseRecord {
    /// The record as text, one entry a line, with a checksum in the last line.
    ///
    /// ```
    /// casty-lease 1
    /// holder 127.0.0.1:7001~1f 1764000000000000000
    /// loser 127.0.0.3:7003~2a 127.0.0.1:7001~1f 1764086400000000000
    /// lost 127.0.0.4:7004~3b 127.0.0.1:7001~1f 1764086400000000000
    /// sum 8c1f…
    /// ```
    ///
    /// A `loser` line is from a claim that may still be withdrawn; a `lost` line is final.
    package var text: String {
        var lines = [Self.header]
        if let holder { lines.append("holder \(holder.owner) \(holder.until.nanoseconds)") }
        for loser in losers {
            lines.append("\(loser.isFinal ? "lost" : "loser") \(loser.name) \(loser.to) \(loser.until.nanoseconds)")
        }
        return lines.map { $0 + "\n" }.joined() + "sum \(Self.sum(of: lines))\n"
    }

    /// Reads a record from text; `nil` where the text is not a complete record.
    package init?(text: String) {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.count >= 3, lines.removeLast().isEmpty, let last = lines.popLast(), lines.first == Self.header,
            last == "sum \(Self.sum(of: lines))"
        else { return nil }
        var holder: Holder?
        var losers: [Loser] = []
        for line in lines.dropFirst() {
            let words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
            guard let nanoseconds = words.last.flatMap({ Int64($0) }), !words.contains("") else { return nil }
            let until = Instant(nanoseconds: nanoseconds)
            switch (words[0], words.count) {
            case ("holder", 3) where holder == nil: holder = Holder(owner: words[1], until: until)
            case ("loser", 4), ("lost", 4):
                losers.append(Loser(name: words[1], to: words[2], until: until, isFinal: words[0] == "lost"))
            default: return nil
            }
        }
        self.init(holder: holder, losers: losers)
    }

    /// Whether a name can be written into the text.
    package static func isName(_ name: String) -> Bool {
        (1...512).contains(name.utf8.count) && name.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f }
    }

    private static let header = "casty-lease 1"

    private static func sum(of lines: [String]) -> String {
        var hash = StableHash()
        for line in lines { hash.combine(line) }
        return String(hash.value, radix: 16)
    }
}
