/// What the ratio of this program's figures to another system's should be, when both are measured side by side.
enum RatioGoal {
    /// The figure's name, the peer's name as its harness prints it, and the goal.
    private static let goals: [(figure: String, peer: String, goal: Measurement.Goal)] = [
        ("tell, one to one", "erlang", .atLeast(8)), ("tell, one to one", "caf", .atLeast(10)),
        ("tell, eight to one", "erlang", .atLeast(6)), ("tell, eight to one", "caf", .atLeast(10)),
        ("ping-pong, one pair", "erlang", .atLeast(5)), ("ping-pong, one pair", "caf", .atLeast(8)),
        ("ring of 1000", "erlang", .atLeast(7)), ("ring of 1000", "caf", .atLeast(10)),
        ("ask from an actor, p50", "erlang", .atMost(0.35)), ("ask from an actor, p50", "caf", .atMost(0.45)),
        ("ask from an actor, p99", "erlang", .atMost(0.35)), ("ask from an actor, p99", "caf", .atMost(0.45)),
        ("memory of an idle actor", "erlang", .atMost(0.11)), ("memory of an idle actor", "caf", .atMost(0.25)),
        ("spawn, with one message each", "erlang", .atLeast(4)), ("spawn, with one message each", "caf", .atLeast(1.8)),
        ("tell to another process, 100 bytes, binary", "erlang-dist", .atLeast(2)),
        ("tell to another process, 100 bytes, binary", "caf", .atLeast(5)),
        ("tell to another process, 1 KB, binary", "erlang-dist", .atLeast(2)),
        ("tell to another process, 1 KB, binary", "caf", .atLeast(3)),
        ("ask another process, one caller, p50", "erlang-dist", .atMost(1.1)),
        ("ask another process, one caller, p50", "caf", .atMost(0.7)),
        ("ask another process, 64 callers", "erlang-dist", .atLeast(2.5)),
        ("ask another process, 64 callers", "caf", .atLeast(2)),
    ]

    /// The goal beside a source, whose first word is the peer's name.
    static func goal(for figure: String, beside source: String) -> Measurement.Goal? {
        let peer = source.prefix { $0 != " " }
        return goals.first { $0.figure == figure && $0.peer == peer }?.goal
    }
}
