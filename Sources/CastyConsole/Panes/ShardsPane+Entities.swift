import CastyCore
import CastyObservability

/// The lists of entities below the grid.
extension ShardsPane {
    /// Entities in as many columns as fit; returns the row below.
    static func list(
        _ entities: [(entity: EntitySnapshot, shard: String)], showsShard: Bool, _ scene: Scene, _ rect: Rect,
        _ buffer: inout CellBuffer
    ) -> Int {
        let paint = scene.paint
        // The location comes first after the name: text that does not fit is cut at the right.
        let x = rect.x + (showsShard ? 35 : 22)
        buffer.put("  entity", x: rect.x + 1, y: rect.y, paint[.column])
        if showsShard { buffer.put("shard", x: rect.x + 22, y: rect.y, paint[.column]) }
        buffer.put("state", x: x, y: rect.y, paint[.column])
        buffer.putRight("msgs", endX: x + 20, y: rect.y, width: 6, paint[.column])
        buffer.putRight("idle", endX: x + 28, y: rect.y, width: 6, paint[.column])
        var y = rect.y + 1
        for (entity, shard) in entities.prefix(max(0, rect.maxY - y)) {
            buffer.put("  " + Words.fit(entity.id, 18), x: rect.x + 1, y: y, paint[.text])
            if showsShard { buffer.put(Words.fit(shard, 12), x: rect.x + 22, y: y, paint[.dim]) }
            buffer.put(Words.fit(scene.words(.entity(entity.state)), 12), x: x, y: y, paint[.dim])
            buffer.putRight(Words.short(entity.handled), endX: x + 20, y: y, width: 6, paint[.text])
            buffer.putRight(
                Words.age(scene.snapshot.time - entity.lastUsed), endX: x + 28, y: y, width: 6, paint[.dim])
            y += 1
        }
        return y
    }

    /// The entities that the filter finds in all shards of the type.
    static func found(_ search: EntitySearch, _ scene: Scene, _ rect: Rect, _ buffer: inout CellBuffer) {
        guard rect.height > 0 else { return }
        var parts =
            search.matches.isEmpty
            ? ["home: shard \(search.home.shard) → \(search.home.owner ?? "none yet")", "none found"]
            : ["\(search.matches.count) found"]
        if search.unlisted > 0 { parts.append("\(Words.count(search.unlisted, "entity")) not listed") }
        let width = rect.width - 2
        buffer.put(Words.fit(parts.joined(separator: "  "), width), x: rect.x + 1, y: rect.y, scene.paint[.text])
        guard rect.height >= 3, !search.matches.isEmpty else { return }
        let below = Rect(x: rect.x, y: rect.y + 1, width: rect.width, height: rect.height - 1)
        _ = list(
            search.matches.map { ($0.entity, "\($0.shard) → \($0.owner)") }, showsShard: true, scene, below, &buffer)
    }
}
