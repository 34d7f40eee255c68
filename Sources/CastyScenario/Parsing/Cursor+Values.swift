extension Cursor {
    /// Parses one node.
    mutating func node() throws(ScenarioProblem) -> NodeName {
        want(.node)
        guard let text = bare else { throw misfit() }
        if let nodes = nodes(named: text) {
            guard nodes.count == 1 else {
                throw problem(
                    .badValue, "\(Quoting.excerpt(text)) stands for \(nodes.count) nodes", expected: "one node")
            }
            advance()
            return nodes[0]
        }
        guard let node = NodeName(text: text) else { throw badNode(text) }
        advance()
        return node
    }

    /// Parses a list of nodes: `n1,n3`, with optional blanks around the commas.
    mutating func nodes() throws(ScenarioProblem) -> [NodeName] {
        want(.nodes)
        guard var text = bare else { throw misfit() }
        advance()
        while let next = bare, text.hasSuffix(",") || next.hasPrefix(",") {
            text += next
            advance()
        }
        var nodes: [NodeName] = []
        for item in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let found = self.nodes(named: String(item)) ?? NodeName(text: item).map({ [$0] }) else {
                throw badNode(String(item), back: 1)
            }
            for node in found where nodes.contains(node) {
                throw problem(.badValue, "\(node) stands twice in the list", back: 1)
            }
            nodes += found
        }
        guard !nodes.isEmpty else {
            throw problem(.badValue, "\(Quoting.excerpt(text)) stands for no node", expected: "a node", back: 1)
        }
        return nodes
    }

    /// Whether the current word can begin a list of nodes.
    var isAtNodes: Bool {
        guard let first = bare?.split(separator: ",").first else { return false }
        return NodeName(text: first) != nil || nodes(named: String(first)) != nil
    }

    private func badNode(_ text: String, back: Int = 0) -> ScenarioProblem {
        if text.first == "n", let number = Int(text.dropFirst()) {
            let what = "there can be no node \(Quoting.excerpt(text))"
            let suggestion = NodeName.numbers.contains(number) ? NodeName(number).description : nil
            return problem(.badValue, what, expected: "n1 to n254", suggestion: suggestion, back: back)
        }
        if text.isEmpty {
            return problem(.badValue, "a comma without a node", expected: "nodes such as n1,n3", back: back)
        }
        var problem = back == 0 ? misfit() : problem(.unknownWord, "\(Quoting.excerpt(text)) is no node", back: back)
        if problem.expected == nil { problem.expected = Expected.phrase(wanted) }
        if problem.suggestion == nil, let number = Int(wholeNumber: text), NodeName.numbers.contains(number) {
            problem.suggestion = "n\(number)"
        }
        return problem
    }

    /// Parses the name of one entity.
    mutating func entity() throws(ScenarioProblem) -> EntityName {
        want(.entity)
        guard let token, token.kind != .json else { throw misfit() }
        if token.kind == .bare, token.text.contains("..") {
            throw problem(.badValue, "\(Quoting.excerpt(token.text)) is more than one entity", expected: "one entity")
        }
        guard let entity = EntityName(token.text) else { throw misfit() }
        advance()
        return entity
    }

    /// Parses one entity or a range of entities.
    mutating func entities() throws(ScenarioProblem) -> EntityPattern {
        want(.entities)
        guard let text = bare, let dots = text.firstRange(of: "..") else {
            guard let token, token.kind != .json, let entity = EntityName(token.text) else { throw misfit() }
            advance()
            return .single(entity)
        }
        let last = String(text[dots.upperBound...])
        guard let range = EntityRange(from: String(text[..<dots.lowerBound]), to: last) else {
            throw problem(
                .badValue, "\(Quoting.excerpt(text)) is no run of entities",
                expected: "one like account-1..account-100, rising, of at most \(EntityPattern.mostEntities)")
        }
        advance()
        return .range(range)
    }

    /// Parses a duration within limits.
    mutating func duration(
        from least: Duration = .zero, to most: Duration = .longestInScenario
    ) throws(ScenarioProblem) -> Duration {
        want(.duration)
        guard let text = bare else { throw misfit() }
        guard let duration = Duration(scenarioText: text) else {
            var problem = misfit()
            if Thousandths(text: text) != nil {
                problem = self.problem(.badValue, "\(Quoting.excerpt(text)) has no unit", suggestion: text + "s")
                problem.expected = Expected.duration.description
            }
            throw problem
        }
        guard duration >= least, duration <= most else {
            let limits = "\(least.scenarioText) to \(most.scenarioText)"
            throw problem(.badValue, "\(Quoting.excerpt(text)) is out of range", expected: limits)
        }
        advance()
        return duration
    }

    /// Parses a whole number within limits.
    mutating func number(_ label: String, in limits: ClosedRange<Int>) throws(ScenarioProblem) -> Int {
        want(.value("\(label) (\(limits.lowerBound) to \(limits.upperBound))"))
        return try counted(in: limits)
    }

    /// Parses the number of a shard.
    mutating func shard() throws(ScenarioProblem) -> Int {
        want(.shard)
        return try counted(in: 0...Scenario.shardCounts.upperBound - 1)
    }

    private mutating func counted(in limits: ClosedRange<Int>) throws(ScenarioProblem) -> Int {
        guard let text = bare, let number = Int(text) else { throw misfit() }
        guard limits.contains(number), Int(wholeNumber: text) != nil else {
            throw problem(
                .badValue, "\(Quoting.excerpt(text)) is out of range",
                expected: "\(limits.lowerBound) to \(limits.upperBound)")
        }
        advance()
        return number
    }

    /// Parses a decimal number within limits, followed by a suffix, as in `5%`.
    mutating func decimal(
        _ label: String, suffix: String = "", in limits: ClosedRange<Thousandths>
    ) throws(ScenarioProblem) -> Thousandths {
        want(.value(label))
        guard let text = bare, text.hasSuffix(suffix), let number = Thousandths(text: text.dropLast(suffix.count))
        else {
            throw misfit()
        }
        guard limits.contains(number) else {
            let range = "\(limits.lowerBound)\(suffix) to \(limits.upperBound)\(suffix)"
            throw problem(.badValue, "\(Quoting.excerpt(text)) is out of range", expected: range)
        }
        advance()
        return number
    }

    /// Parses the words of a message, up to `via`, `->`, `within` or the end.
    mutating func message(type: String) throws(ScenarioProblem) -> String {
        let start = position
        want(.message(type: type))
        while let token, token.kind != .bare || !Quoting.clauses.contains(token.text) {
            advance()
            want(.message(type: type))
        }
        let text = Quoting.message(of: tokens[start..<position])
        guard !text.isEmpty else {
            if position > start { throw problem(.badValue, "the message is empty", back: 1) }
            throw misfit()
        }
        return text
    }

    /// Parses a list of roles: `web,db`.
    mutating func roles() throws(ScenarioProblem) -> [String] {
        let text = try text(.value("roles such as backend or web,db"))
        let all = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        for (index, role) in all.enumerated() {
            guard role == Quoting.word(role), role.utf8.count <= 64 else {
                throw problem(
                    .badValue, "\(Quoting.excerpt(role)) is no role", expected: "letters, digits and dashes", back: 1)
            }
            guard !all[..<index].contains(role) else {
                throw problem(.badValue, "\(Quoting.excerpt(role)) stands twice in the list", back: 1)
            }
        }
        return all
    }

    /// Parses one role.
    mutating func role() throws(ScenarioProblem) -> String {
        let roles = try roles()
        guard roles.count == 1 else {
            throw problem(.badValue, "\(roles.count) roles", expected: "one role", back: 1)
        }
        return roles[0]
    }

    /// Parses one word or quoted text of any kind.
    mutating func text(_ expected: Expected) throws(ScenarioProblem) -> String {
        want(expected)
        guard let token, !token.text.isEmpty else { throw misfit() }
        advance()
        return token.text
    }
}
