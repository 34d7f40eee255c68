import CastyCore
import CastyInvariants
import CastyObservability
import CastyReporting
import CastyTestbed

/// Events and results in words, one line each.
enum EventLine {
    /// The line for an event, or `nil` if the event is not shown to people.
    static func text(of event: RuntimeEvent, _ style: TextStyle = .plain) -> String? {
        guard let mark = mark(of: event.kind) else { return nil }
        let time = RunResult.rounded(Double(event.time.nanoseconds) / 1e9)
        let padding = String(repeating: " ", count: max(0, 9 - time.count))
        let node = event.node + String(repeating: " ", count: max(1, 4 - event.node.count))
        let line = "\(padding)\(time) \(style.mark(mark)) \(node)\(words(event))".printable
        return style.paint(line, role(of: mark))
    }

    /// The line for a result.
    static func text(of result: RunResult, _ style: TextStyle = .plain) -> String {
        let seed = result.seed.map { "seed \($0)" } ?? "live"
        let wall = RunResult.rounded(result.wallSeconds)
        let mark =
            switch result.status {
            case .passed: style.paint("\(style.mark("✓")) passed", .good)
            case .failed: style.paint("\(style.mark("✗")) FAILED", .bad)
            case .inconclusive: style.paint("? inconclusive", .warning)
            }
        var parts = [
            "\(result.expectations) expectations" + (result.failed > 0 ? ", \(result.failed) failed" : ""),
            result.violations > 0 ? "\(result.violations) invariants violated" : nil, seed,
            result.digest.map { "digest \(RunResult.hex($0))" },
        ].compactMap { $0 }
        parts.append("\(RunResult.rounded(result.seconds)) s in \(wall) s")
        return mark + "  \(result.file)  (\(parts.joined(separator: ", ")))".printable
    }

    private static func mark(of kind: EventKind) -> String? {
        switch kind {
        case .nodeStarted, .nodeThawed, .healed, .linkRestored, .memberUp, .memberReachable: "+"
        case .nodeKilled, .nodeFrozen, .nodeStopped, .cut, .linkImpaired, .memberDown, .memberRemoved,
            .memberUnreachable,
            .shardUnplaced:
            "!"
        case .suspected, .memberLeaving, .memberExiting, .memberWeaklyUp, .messageLost: "~"
        case .leaderChanged, .downingDecision, .secondCluster, .coordinatorStarted, .handoffBegun, .shardMoved: "*"
        case .expectationPassed: "✓"
        case .expectationFailed, .invariantViolated: "✗"
        case .reply, .note: "·"
        case .memberJoining, .converged, .shardAllocated, .shardStarted, .shardStopped, .entityStarted,
            .entityPassivated, .entityStopped:
            nil
        }
    }

    private static func role(of mark: String) -> TextStyle.Role? {
        switch mark {
        case "✓": .good
        case "✗": .bad
        case "!": .warning
        case "*": .change
        case "·": .strong
        default: nil
        }
    }

    private static func words(_ event: RuntimeEvent) -> String {
        let about = [event.subject, event.shard.map { "shard \($0)" }, event.entity].compactMap { $0 }
        let direction = [event.from.map { "from \($0)" }, event.to.map { "to \($0)" }].compactMap { $0 }
        let line = event.line.map { "line \($0): " } ?? ""
        switch event.kind {
        case .note:
            return line
                + (about + [event.detail?.word, event.reason.map { "(\($0.word))" }].compactMap { $0 }).joined(
                    separator: " ")
        case .reply: return "\(line)\(event.entity ?? "") \(event.detail?.word ?? "") -> \(event.reply ?? "")"
        case .expectationPassed: return line + (event.detail?.word ?? "") + (event.reason.map { " (\($0.word))" } ?? "")
        case .expectationFailed: return line + (event.detail?.word ?? "") + (event.reason.map { ": \($0.word)" } ?? "")
        case .invariantViolated:
            return (["invariant", event.rule ?? ""] + about).joined(separator: " ") + ": \(event.detail?.word ?? "")"
        case .nodeStarted, .nodeKilled, .nodeFrozen, .nodeThawed, .nodeStopped, .cut, .healed, .linkImpaired,
            .linkRestored, .memberJoining,
            .memberWeaklyUp, .memberUp, .memberLeaving, .memberExiting, .memberDown, .memberRemoved, .suspected,
            .memberUnreachable, .memberReachable, .leaderChanged, .converged, .downingDecision, .secondCluster,
            .coordinatorStarted,
            .shardAllocated, .shardStarted, .handoffBegun, .shardStopped, .shardMoved, .shardUnplaced, .entityStarted,
            .entityPassivated, .entityStopped, .messageLost:
            let why = [event.reason?.word, event.detail?.word].compactMap { $0 }.joined(separator: ", ")
            return ([event.kind.rawValue] + about + direction).joined(separator: " ") + (why.isEmpty ? "" : " (\(why))")
        }
    }
}
