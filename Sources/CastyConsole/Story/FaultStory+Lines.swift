import CastyCore
import CastyObservability

/// A step of a story as one line: when, what and who, and why.
struct StoryLine: Hashable, Sendable {
    var time: Instant
    var mark: String
    var what: String
    /// The cause in words; empty if it is not known, or is the line before.
    var cause = ""
    var role: Role
}

extension FaultStory {
    /// The steps, oldest first.
    var lines: [StoryLine] { steps.map(line).sorted { $0.time < $1.time } }

    private func line(_ step: StoryStep) -> StoryLine {
        let nodes = Words.names(step.nodes)
        let seers = Words.names(step.observers)
        func line(_ mark: String, _ what: String, _ cause: String = "", _ role: Role = .text) -> StoryLine {
            StoryLine(time: step.moment, mark: mark, what: what, cause: cause, role: role)
        }
        switch step.kind {
        case .fault: return first(step)
        case .suspected: return line("~", "\(nodes) suspected by \(seers)", step.reason ?? "", .eventWarning)
        case .unreachable:
            return line("!", "\(nodes) unreachable for \(seers)", step.reason ?? "", .eventWarning)
        case .reachable: return line("+", "\(nodes) reachable again for \(seers)", cameBack)
        case .paused:
            return line(
                "‖", "\(nodes) \(step.nodes.count == 1 ? "pauses its" : "pause their") entities",
                "no lease: the others may replace them", .eventWarning)
        case .decided:
            return line(
                "#", "\(seers) \(step.observers.count == 1 ? "decides" : "decide"): \(nodes) must go",
                step.reason.map(Self.decision) ?? "", .eventWarning)
        case .downedThemselves:
            return line(
                "#", "\(nodes) \(step.nodes.count == 1 ? "gives" : "give") up", step.reason.map(Self.decision) ?? "",
                .eventWarning)
        case .down:
            return line(
                "#", "\(nodes) down for \(seers)", step.reason == "command" ? "you said so" : "the decision",
                .eventWarning)
        case .exiting:
            return line("<", "\(nodes) \(step.nodes.count == 1 ? "exits" : "exit")", "all know of the leaving")
        case .removed: return line("-", "\(nodes) removed from the membership", removalCause)
        case .awaitsLease:
            let until = step.until.map { " until \(Words.moment($0))" } ?? ""
            return line(
                "⇄", "\(Words.count(step.shards, "shard", "wait"))\(until)",
                "\(nodes) may run them while its lease lasts",
                .moving)
        case .leader: return line("★", "\(nodes) leads the cluster", "the lowest address that is left")
        case .coordinator:
            return line("★", "\(nodes) coordinates the shards", "the oldest member that is left")
        case .secondCluster: return line("#", "\(nodes) in a second cluster", step.reason ?? "", .eventFault)
        case .unplaced:
            return line("!", "\(Words.count(step.shards, "shard")) without a home", step.reason ?? "", .eventWarning)
        case .moved: return moves(step)
        case .thawed: return line("~", "\(nodes) thawed", "you")
        case .healed: return line("=", "all its links healed", "you")
        case .restarted: return line(">", "\(nodes) started again", "you")
        case .killed: return line("x", "\(nodes) killed", "you", .eventFault)
        case .stopped: return line("-", "\(nodes) stopped", step.reason ?? "", .eventWarning)
        case .joining: return line(">", "\(nodes) joining", "\(seers) let it in")
        case .up: return line("+", "\(nodes) up", "all members know it", .up)
        case .converged: return line(".", "\(seers) agree", agreement)
        }
    }

    /// The mark of the fault, and its colour.
    var sign: (mark: String, role: Role) {
        switch fault {
        case .killed: ("x", .eventFault)
        case .frozen: ("z", .eventFault)
        case .stopped: ("-", .eventWarning)
        case .leaving: ("<", .leaving)
        case .drained: ("▽", .leaving)
        case .added, .restarted: (">", .joining)
        case .cut: ("/", .eventFault)
        case .moved: ("⇄", .moving)
        case .silent: ("?", .eventWarning)
        }
    }

    private func first(_ step: StoryStep) -> StoryLine {
        let names = Words.names(victims)
        let (mark, role) = sign
        let what =
            switch fault {
            case .killed: "\(names) killed: a crash, no goodbye"
            case .frozen: "\(names) frozen: alive, but silent"
            case .stopped: "\(names) stopped"
            case .leaving: "\(names) leaves, and hands its shards over first"
            case .drained: "\(names) drained: it stays a member without shards"
            case .added: "\(names) added"
            case .restarted: "\(names) started again, as a new incarnation"
            case .cut: CutShape(links).words
            case .moved: "\(movedShards) to another node"
            case .silent: "\(names) falls silent"
            }
        let cause = isByPerson ? "you" : fault == .silent ? "no fault is known" : step.reason ?? ""
        return StoryLine(time: begun, mark: mark, what: what, cause: cause, role: role)
    }

    /// What each node got.
    private func moves(_ step: StoryStep) -> StoryLine {
        var counts: [String: Int] = [:]
        for home in homes.values { counts[home, default: 0] += 1 }
        let targets = ClusterReading.inOrder(Array(counts.keys)).map { "\($0) (\(counts[$0] ?? 0))" }
        let cause =
            switch fault {
            case .leaving, .drained, .moved: "handed over"
            case .added, .restarted: "balanced: the new node takes its part"
            case .killed, .frozen, .stopped, .cut, .silent: "their node was removed"
            }
        return StoryLine(
            time: step.moment, mark: "⇄",
            what: "\(Words.count(homes.count, "shard")) run on \(Words.list(targets, most: 8))", cause: cause,
            role: .moving)
    }

    private static func decision(_ reason: String) -> String {
        let words = DowningWords(reason)
        return words.explanation.isEmpty ? words.strategy : "\(words.strategy): \(words.explanation)"
    }

    private var cameBack: String {
        has(.healed) ? "the links work again" : has(.thawed) ? "it answers again" : "its heartbeats come again"
    }

    private var removalCause: String {
        if fault == .leaving { return "it has handed everything over" }
        return has(.restarted) && !has(.down) ? "a new incarnation took its place" : "all that are left know it is down"
    }

    private var agreement: String {
        if fault.isArrival { return "\(Words.names(victims)) is a member for all" }
        return has(.removed) ? "\(Words.names(victims)) is removed everywhere" : "all see each other again"
    }

    /// The end of the story, or what is still to come.
    var outcome: [StoryLine] {
        let time = ended ?? changed
        let untold = lostMeanwhile - lost
        var lost = losses.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { reason, count in "\(Words.count(count, "message")) lost: \(reason)" }
        if untold > 0 { lost.append("\(Words.count(untold, "message")) lost: no event of this story says why") }
        // Where all are lost for one reason, its line says their number.
        return consequences(countingLosses: lost.count != 1 || missed > 0)
            .map { StoryLine(time: time, mark: "", what: $0, role: lostMeanwhile > 0 ? .strong : .text) }
            + lost.map { StoryLine(time: time, mark: "✕", what: $0, role: .eventWarning) }
    }
}
