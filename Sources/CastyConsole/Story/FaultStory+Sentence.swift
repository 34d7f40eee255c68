import CastyCore
import CastyObservability

extension FaultStory {
    /// One part of the sentence.
    private struct Part {
        enum Weight: Int {
            /// May go first.
            case minor
            /// Goes before the end of the story does.
            case step
            /// Stays.
            case main
        }

        var text: String
        /// Who saw it, or which strategy decided: in brackets, where there is room.
        var detail = ""
        var weight = Weight.step
    }

    /// The story in one sentence, in the longest form that fits.
    func sentence(columns: Int, rows: Int) -> [String] {
        let parts = parts
        let forms = [
            text(parts, details: true, least: .minor), text(parts, details: false, least: .minor),
            text(parts, details: false, least: .step),
        ]
        for form in forms {
            let lines = WhyPane.wrap(form, columns)
            if lines.count <= rows { return lines }
        }
        // The beginning, the latest steps, the end.
        var middle = parts.filter { $0.weight == .step }
        while !middle.isEmpty {
            middle.removeFirst()
            let text = Self.text(of: parts.first, "…", middle.map(\.text), ending)
            let lines = WhyPane.wrap(text, columns)
            if lines.count <= rows { return lines }
        }
        let lines = WhyPane.wrap(Self.text(of: parts.first, nil, [], ending), columns)
        guard lines.count > rows, rows > 0 else { return lines }
        return lines.prefix(rows - 1) + [Words.fit(lines[(rows - 1)...].joined(separator: " "), columns)]
    }

    private static func text(of head: Part?, _ gap: String?, _ steps: [String], _ ending: String) -> String {
        ([head?.text ?? ""] + (gap.map { [$0] } ?? []) + steps + (ending.isEmpty ? [] : [ending]))
            .joined(separator: " → ")
    }

    private func text(_ parts: [Part], details: Bool, least: Part.Weight) -> String {
        let chosen = parts.filter { $0.weight.rawValue >= least.rawValue }
        let texts = chosen.map { details && !$0.detail.isEmpty ? "\($0.text) (\($0.detail))" : $0.text }
        return (texts + (ending.isEmpty ? [] : [ending])).joined(separator: " → ")
    }

    private var parts: [Part] {
        // In the order of the times that they say; the end of a wait is later than its beginning.
        let ordered = steps.dropFirst().enumerated().sorted { one, other in
            (Self.reported(one.element), one.offset) < (Self.reported(other.element), other.offset)
        }
        return [Part(text: head, weight: .main)] + ordered.compactMap { part($0.element) }
    }

    /// The time that the sentence says of a step.
    private static func reported(_ step: StoryStep) -> Instant {
        step.kind == .awaitsLease ? step.until ?? step.moment : step.moment
    }

    /// The fault, with its time.
    var head: String {
        let time = Words.moment(begun)
        let names = Words.names(victims)
        return switch fault {
        case .killed: "\(names) killed \(time)"
        case .frozen: "\(names) frozen \(time)"
        case .stopped: "\(names) stopped \(time)" + (steps[0].reason.map { " (\($0))" } ?? "")
        case .leaving: "\(names) \(victims.count == 1 ? "leaves" : "leave") \(time)"
        case .drained: "\(names) drained \(time)"
        case .added: "\(names) added \(time)"
        case .restarted: "\(names) restarted \(time)"
        case .cut: "\(CutShape(links).words) \(time)"
        case .moved: "\(movedShards) \(time)"
        case .silent: "\(names) silent, no fault known"
        }
    }

    /// `shard 12 moves`, `3 shards move`.
    var movedShards: String {
        guard orphans.count == 1, let only = orphans.first else { return Words.count(orphans.count, "shard", "move") }
        return "shard \(only.shard) moves"
    }

    private func part(_ step: StoryStep) -> Part? {
        let time = Words.moment(step.moment)
        let who = fault == .cut || victims.count > 1 ? "\(Words.names(step.nodes)) " : ""
        switch step.kind {
        case .fault, .exiting, .leader, .moved: return nil
        case .suspected: return Part(text: "suspected \(time)", weight: .minor)
        case .unreachable:
            if fault == .cut, step.nodes.count > 1, case .split = CutShape(links) {
                return Part(text: "each side finds the other unreachable \(time)")
            }
            return Part(text: "\(who)unreachable \(time)", detail: Words.names(step.observers))
        case .reachable: return Part(text: "reachable again \(time)")
        case .paused:
            let verb = step.nodes.count == 1 ? "pauses its" : "pause their"
            return Part(text: "\(Words.names(step.nodes)) \(verb) entities \(time)", weight: .minor)
        case .decided:
            return Part(text: "\(who)down \(time)", detail: step.reason.map { DowningWords($0).brief } ?? "")
        case .downedThemselves:
            let words = step.reason.map { DowningWords($0).brief } ?? ""
            return Part(
                text: "\(Words.names(step.nodes)) \(step.nodes.count == 1 ? "gives" : "give") up \(time)",
                detail: words)
        case .down:
            if has(.decided) || has(.downedThemselves) { return nil }
            return Part(text: "\(who)down \(time)", detail: step.reason == "command" ? "by command" : "")
        case .removed: return fault == .leaving || has(.down) ? nil : Part(text: "\(who)removed \(time)")
        case .awaitsLease: return step.until.map { Part(text: "leases end \(Words.moment($0))", weight: .minor) }
        case .coordinator: return Part(text: "\(Words.names(step.nodes)) coordinates \(time)", weight: .minor)
        case .secondCluster: return Part(text: "TWO CLUSTERS \(time)")
        case .unplaced: return Part(text: "\(Words.count(step.shards, "shard")) without a home \(time)")
        case .thawed: return Part(text: "thawed \(time)")
        case .healed: return Part(text: "healed \(time)")
        case .restarted: return Part(text: "restarted \(time)")
        case .killed: return Part(text: "killed \(time)")
        case .stopped: return Part(text: "\(who)stopped \(time)", detail: step.reason ?? "")
        case .joining: return Part(text: "joining \(time)", weight: .minor)
        case .up: return Part(text: "up \(time)")
        case .converged: return isOpen ? Part(text: "all agree \(time)", weight: .minor) : nil
        }
    }

    /// Where the shards went, what was lost, what is still to come.
    var ending: String { consequences.joined(separator: "; ") }

    /// The consequences, one by one.
    var consequences: [String] { consequences(countingLosses: true) }

    func consequences(countingLosses: Bool) -> [String] {
        var result: [String] = []
        if let shards = shardWords { result.append(shards) }
        if let entities = entityWords { result.append(entities) }
        if let state = stateWords { result.append(state) }
        if lostMeanwhile > 0 {
            guard countingLosses else { return result + upcoming }
            let count = "\(missed > 0 ? "at least " : "")\(Words.count(lostMeanwhile, "message")) lost"
            result.append(lostMeanwhile > lost ? count + " meanwhile" : count)
        } else if !isOpen, missed == 0 {
            result.append("no message lost")
        }
        return result + upcoming
    }

    /// What is still to come, and that nothing is.
    private var upcoming: [String] {
        (isOpen ? next.map { [$0] } ?? [] : []) + (isUnfinished ? ["nothing more for a minute"] : [])
    }

    private var shardWords: String? {
        let targets = Words.names(Array(Set(homes.values)))
        if fault.isArrival {
            return homes.isEmpty ? nil : "\(Words.count(homes.count, "shard")) to \(targets)"
        }
        let left = orphans.subtracting(homes.keys).count
        guard isGone || fault == .drained || fault == .moved else {
            return !isOpen && homes.isEmpty && !orphans.isEmpty ? "no shard moved" : nil
        }
        if homes.isEmpty {
            guard left > 0 else { return nil }
            return isOpen
                ? "\(Words.count(left, "shard", "wait")) for a new home"
                : "\(Words.count(left, "shard", "get")) a home with \(left == 1 ? "its" : "their") next message"
        }
        let moved = "\(Words.count(homes.count, "shard")) to \(targets)"
        if left == 0 { return moved }
        return moved
            + (isOpen ? ", \(left) still \(left == 1 ? "waits" : "wait")" : ", \(left) with their next message")
    }

    private var entityWords: String? {
        guard endsEntities, entities > 0 else { return nil }
        let count = Words.count(entities, "entity", "start")
        let isOne = entities == 1
        if remembers { return "\(count) again by \(isOne ? "itself" : "themselves")" }
        let next = "\(isOne ? "its" : "their") next message"
        return fault == .leaving || fault == .drained || fault == .moved || fault.isArrival
            ? "\(count) again with \(next)" : "\(Words.count(entities, "entity")) gone until \(next)"
    }

    /// Whether entities have stopped because of it.
    private var endsEntities: Bool { isGone || fault == .drained || fault == .moved || fault.isArrival }

    /// The entities whose state nothing has kept.
    private var stateWords: String? {
        guard endsEntities, !unstored.isEmpty else { return nil }
        let types = unstored.keys.sorted().map { "\(unstored[$0] ?? 0) of type \($0)" }
        return "state lost without a store: \(types.joined(separator: ", "))"
    }
}
