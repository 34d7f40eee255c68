/// The possible continuations of a line.
package struct Completion: Hashable, Sendable {
    /// The names that a console can offer.
    package struct Knowledge: Hashable, Sendable {
        /// The nodes, in the order in which they are offered.
        package var nodes: [NodeName]
        /// Aliases for nodes: `cursor`, `marked`, `oldest`.
        package var nodeNames: [String]
        /// The ids of some entities.
        package var entities: [String]
        /// The words that the entities of a type understand.
        package var messages: [String: [String]]
        /// The names of some files.
        package var files: [String]

        package init(
            nodes: [NodeName] = [], nodeNames: [String] = [], entities: [String] = [],
            messages: [String: [String]] = [
                "account": ["deposit", "withdraw", "balance", "explode"], "counter": ["add", "get", "explode"],
            ], files: [String] = []
        ) {
            self.nodes = nodes
            self.nodeNames = nodeNames
            self.entities = entities
            self.messages = messages
            self.files = files
        }
    }

    /// The possible replacements for the word at the end of the line; each begins with that word.
    package var candidates: [String]
    /// Descriptions of what may follow, for a person: `a node such as n2`.
    package var hints: [String]

    /// The continuations of a partial palette line.
    ///
    /// - Complexity: That of parsing the line, plus the size of the knowledge.
    package static func candidates(for partialLine: String, knowing knowledge: Knowledge = Knowledge()) -> Completion {
        let (before, word) = lastWord(of: partialLine)
        let names = Dictionary(knowledge.nodeNames.map { ($0, [NodeName(1)]) }) { first, _ in first }
        guard var cursor = try? Cursor(before, names: names) else { return Completion(candidates: [], hints: []) }
        // The line is incomplete, so an error is expected: only the tokens wanted at its end matter.
        _ = try? PaletteLine.parse(&cursor)
        guard cursor.furthest == cursor.tokens.count else { return Completion(candidates: [], hints: []) }
        var completion = Completion(candidates: [], hints: [])
        for expected in cursor.wanted { completion.add(expected, to: word, knowledge) }
        return completion
    }

    private mutating func add(_ expected: Expected, to word: String, _ knowledge: Knowledge) {
        switch expected {
        case .word(let next): offer([next], for: word)
        case .node: offer(knowledge.nodes.map(\.description) + knowledge.nodeNames, for: word)
        case .nodes:
            let done = word.lastIndex(of: ",").map { word[...$0] } ?? ""
            let used = done.split(separator: ",").map(String.init)
            let left = knowledge.nodes.map(\.description) + knowledge.nodeNames
            offer(left.filter { !used.contains($0) }.map { done + $0 }, for: word)
        case .entity, .entities: offer(knowledge.entities.map(Quoting.word), for: word)
        case .message(let type): offer(knowledge.messages[type] ?? [], for: word)
        case .file: offer(knowledge.files.map(Quoting.word), for: word)
        case .shard, .duration, .value, .end: break
        }
        if case .word = expected { return }
        if case .end = expected { return }
        hints.append(expected.description)
    }

    private mutating func offer(_ words: [String], for word: String) {
        for next in words where next.hasPrefix(word) && !candidates.contains(next) { candidates.append(next) }
    }

    /// The line without the word that is being typed, and that word.
    private static func lastWord(of line: String) -> (before: String, word: String) {
        var start = line.startIndex
        var inQuotes = false
        var index = line.startIndex
        while index < line.endIndex {
            if line[index] == "\"" { inQuotes.toggle() }
            if !inQuotes, line[index] == " " || line[index] == "\t" { start = line.index(after: index) }
            index = line.index(after: index)
        }
        return (String(line[..<start]), String(line[start...]))
    }
}
