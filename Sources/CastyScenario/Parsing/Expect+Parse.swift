import CastyObservability

extension Expect {
    /// - Parameter canWait: Whether `within` is allowed.
    static func parse(_ cursor: inout Cursor, canWait: Bool = true) throws(ScenarioProblem) -> Expect {
        var expect = Expect(try Expectation.parse(&cursor))
        var hasScope = false
        while true {
            if expect.expectation.hasScope, !hasScope, cursor.accept("on") {
                hasScope = true
                expect.scope = cursor.accept("all") ? .all : .nodes(try cursor.nodes())
            } else if canWait, expect.expectation.canBeAwaited, expect.within == nil, cursor.accept("within") {
                expect.within = try cursor.duration()
            } else {
                return expect
            }
        }
    }
}

extension Expectation {
    static func parse(_ cursor: inout Cursor) throws(ScenarioProblem) -> Expectation {
        if cursor.accept("members") {
            let nodes = try cursor.nodes()
            try cursor.require("up")
            return .members(nodes)
        }
        if cursor.accept("leader") { return .leader(try cursor.node()) }
        if cursor.accept("coordinator") { return .coordinator(try cursor.node()) }
        if cursor.accept("converged") { return .converged }
        if cursor.accept("stopped") { return .stopped(try cursor.nodes()) }
        if cursor.accept("shards") {
            try cursor.require("balanced")
            guard cursor.accept("by") else { return .balanced(by: defaultBalance) }
            return .balanced(by: try cursor.number("a difference", in: 0...Scenario.shardCounts.upperBound))
        }
        if cursor.accept("shard") {
            let shard = try cursor.shard()
            try cursor.require("on")
            return .shard(shard, on: try cursor.node())
        }
        if cursor.accept("entity") {
            let entity = try cursor.entity()
            try cursor.require("on")
            return .entity(entity, on: try cursor.node())
        }
        if cursor.accept("lost") { return .lost(try cursor.number("a number of messages", in: 0...999_999_999)) }
        if cursor.accept("no") {
            let event = try cursor.choice(of: EventKind.self)
            guard cursor.accept("since") else { return .no(event, since: .lastMet) }
            try cursor.require("start")
            return .no(event, since: .start)
        }
        if cursor.accept("single-activation") { return .singleActivation }
        let nodes = try cursor.nodes()
        return .nodes(nodes, try cursor.choice(of: NodeCondition.self))
    }
}
