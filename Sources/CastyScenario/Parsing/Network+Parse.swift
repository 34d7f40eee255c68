extension Moment {
    static func parse(_ cursor: inout Cursor) throws(ScenarioProblem) -> Moment {
        cursor.want(.duration)
        cursor.want(.value("+ and a duration"))
        guard let text = cursor.bare, text.hasPrefix("+") else { return .sinceStart(try cursor.duration()) }
        guard let delay = Duration(scenarioText: text.dropFirst()), delay <= .longestInScenario else {
            throw cursor.misfit()
        }
        cursor.advance()
        return .fromNow(delay)
    }
}

extension Cut {
    static func parse(_ cursor: inout Cursor) throws(ScenarioProblem) -> Cut {
        cursor.split(at: ["->", "|"])
        let first = try cursor.nodes()
        if cursor.accept("->") {
            let second = try cursor.nodes()
            try cursor.requireDisjoint([first, second], "the cut")
            return .oneWay(from: first, to: second)
        }
        var groups = [first]
        repeat {
            try cursor.require("|")
            groups.append(try cursor.nodes())
            try cursor.requireDisjoint(groups, "the cut")
            cursor.want(.word("|"))
        } while cursor.token != nil
        return .split(groups)
    }
}

extension Cursor {
    /// Throws where a node stands in two of the lists that were just parsed.
    fileprivate func requireDisjoint(_ groups: [[NodeName]], _ what: String) throws(ScenarioProblem) {
        var seen: [NodeName] = []
        for node in groups.joined() {
            guard !seen.contains(node) else {
                throw problem(.badValue, "\(node) stands on both sides of \(what)", back: 1)
            }
            seen.append(node)
        }
    }
}

extension LinkChange {
    static func parse(_ cursor: inout Cursor) throws(ScenarioProblem) -> LinkChange {
        var change: LinkChange
        if cursor.accept("all") {
            change = LinkChange(.all)
        } else {
            cursor.split(at: ["->"])
            let first = try cursor.nodes()
            let oneWay = cursor.accept("->")
            let second = try cursor.nodes()
            if first == second, first.count == 1 { throw cursor.loop(first[0]) }
            try cursor.requireDisjoint([first, second], "the links: no node has one to itself")
            change = LinkChange(oneWay ? .oneWay(from: first, to: second) : .pair(first, second))
        }
        while true {
            if change.latency == nil, cursor.accept("latency") {
                change.latency = try cursor.duration(to: .seconds(60))
            } else if change.jitter == nil, cursor.accept("jitter") {
                change.jitter = try cursor.duration(to: .seconds(60))
            } else if change.loss == nil, cursor.accept("loss") {
                change.loss = Percentage(percent: try cursor.decimal("a share such as 5%", suffix: "%", in: 0...100))
            } else {
                return change
            }
        }
    }
}
