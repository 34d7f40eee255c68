import CastyCore
import CastyObservability

/// The explanation of a shard's location.
enum WhyShard {
    static func lines(_ number: Int, _ scene: Scene) -> [WhyPane.Line] {
        guard let shards = scene.shards, shards.cells.indices.contains(number) else {
            return [.init("", "shard \(number) is not known", .dim)]
        }
        let cell = shards.cells[number]
        var lines: [WhyPane.Line] = [
            .init(
                "", "shard \(number) of \(shards.type) is \(cell.owner.map { "on \($0)" } ?? "without a home")", .strong
            )
        ]
        lines.append(
            .init(
                "now",
                cell.owner == nil
                    ? "its home is chosen when the next message comes"
                    : cell.hosted
                        ? "\(cell.state.map { scene.words(.shard($0)) } ?? ""), \(Words.count(cell.entities, "entity")), \(cell.handled) handled"
                        : "believed there by \(scene.reading.observer?.name ?? "no node"); no running node hosts it",
                cell.ownerUnreachable ? .unreachable : .text))
        if let coordinator = shards.coordinator {
            lines.append(.init("decided", "coordinator \(coordinator), epoch \(Words.epoch(shards.epoch))"))
        }
        for handoff in shards.coordinating?.handoffs ?? [] where handoff.shard == number {
            lines.append(.init("moving", scene.words(.transition(handoff), scene.reading), .moving))
        }
        if !shards.awaited.isEmpty {
            lines.append(
                .init(
                    "waits", "the coordinator asks \(shards.awaited.joined(separator: ",")) what they host",
                    .eventWarning))
        }
        if shards.coordinating?.waiting.contains(number) == true {
            lines.append(.init("waits", "its last owner was removed; the margin must pass first", .eventWarning))
        }
        let past = scene.feed.log.events.filter { $0.shard == number }.suffix(8)
        for event in past {
            let words = EventWords(event, scene.feed.log, scene.words)
            lines.append(
                .init(
                    "\(Words.moment(event.time)) \(words.mark)",
                    words.what + (words.cause.isEmpty ? "" : "  ← \(words.cause)"),
                    words.role))
        }
        if scene.state.mode.changesCluster {
            lines.append(
                .init(
                    "you",
                    "\(scene.state.keys.name(of: .prompt(.moveShard))) move it · :pin shard \(number) to NODE · :rebalance"
                ))
        }
        return lines
    }
}
