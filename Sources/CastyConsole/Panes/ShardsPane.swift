import CastyCore
import CastyObservability

/// Pane 3: every shard as a cell, with its owner and its load.
enum ShardsPane {
    static func info(_ scene: Scene) -> [String] {
        guard let shards = scene.shards else { return [] }
        let types = ShardReading.types(in: scene.snapshot)
        let count = "\(shards.cells.count)"
        let more =
            types.count > 1 && scene.isFocused(.shards)
            ? ["\(shards.type) \(count) (\(scene.state.keys.name(of: .move(.nextMatch))): next type)"] : []
        return more + ["\(shards.type) \(count)", count]
    }

    static func draw(_ scene: Scene, _ rect: Rect, _ buffer: inout CellBuffer) {
        guard let shards = scene.shards, !shards.cells.isEmpty else {
            let some = scene.reading.rows.contains { $0.state == .running }
            return EmptyPane.draw(
                some
                    ? ["no shards yet"]
                        + (scene.state.mode.changesCluster
                            ? ["\(scene.state.keys.name(of: .prompt(.spawnOne))) spawns an entity"] : [])
                    : [scene.state.emptiness], rect, scene, &buffer)
        }
        let grid = ShardGrid(count: shards.cells.count, in: rect, cursor: scene.state.selection.shard)
        heading(grid, scene, &buffer)
        let mode = scene.state.view.shardMode
        let most = shards.cells.reduce(1) { max($0, load($1, mode)) }
        for row in 0..<grid.shownRows {
            let label = String((row + grid.firstRow) * grid.columns, radix: 16, uppercase: true)
            buffer.putRight(
                label.count < 2 ? "0" + label : label, endX: rect.x + 4, y: rect.y + 1 + row, width: 4,
                scene.paint[.column])
        }
        let wanted = EntitySearch(scene.state.view.filters[.shards], in: shards)?.shards
        let signs = shards.names.map { name in
            let position = scene.owners.position(of: name)
            return Sign(text: scene.owners.sign(of: name), style: scene.paint[Role.owner(position)])
        }
        let (first, end) = (grid.firstRow * grid.columns, (grid.firstRow + grid.shownRows) * grid.columns)
        for cell in shards.cells[min(first, shards.cells.count)..<min(end, shards.cells.count)] {
            guard let position = grid.position(of: cell.shard) else { continue }
            if let wanted, !wanted.contains(cell.shard) {
                buffer.put("· ", x: position.x, y: position.y, scene.paint[.faint])
            } else {
                draw(cell, cell.host.map { signs[$0] }, most: most, scene, x: position.x, y: position.y, &buffer)
            }
        }
        let top = rect.y + 1 + grid.shownRows
        footer(
            shards, scene, Rect(x: rect.x, y: top, width: rect.width, height: max(0, rect.maxY - top)), &buffer)
    }

    /// How the cells of a node look.
    private struct Sign {
        let text: String
        let style: Style
    }

    private static func load(_ cell: ShardCell, _ mode: ShardMode) -> Double {
        mode == .traffic ? cell.rate : Double(cell.entities)
    }

    private static func heading(_ grid: ShardGrid, _ scene: Scene, _ buffer: inout CellBuffer) {
        for column in 0..<grid.columns {
            let digit = String(column % 16, radix: 16, uppercase: true)
            buffer.put(
                digit, x: grid.area.x + ShardGrid.labelWidth + 1 + 2 * column, y: grid.area.y, scene.paint[.column])
        }
    }

    private static func draw(
        _ cell: ShardCell, _ sign: Sign?, most: Double, _ scene: Scene, x: Int, y: Int, _ buffer: inout CellBuffer
    ) {
        let paint = scene.paint
        let current = cell.shard == scene.state.selection.shard && scene.isFocused(.shards)
        guard let sign else {
            // A shard that is needed but has no home is distinct from one that was never requested.
            let style = paint[cell.unplaced == nil ? .unallocated : .unreachable]
            buffer.put(
                cell.unplaced == nil ? "··" : "?·", x: x, y: y, current ? style.with(.reverse) : style)
            return
        }
        let share = load(cell, scene.state.view.shardMode) / most
        let shade = cell.moving ? "⇄" : cell.ownerUnreachable ? "!" : shade(share)
        var style = sign.style
        var shadeStyle = style
        if cell.moving { shadeStyle = paint[.moving] }
        if cell.ownerUnreachable {
            style = paint[.unreachable]
            shadeStyle = style
        } else if scene.state.view.shardMode != .owner {
            shadeStyle = paint[Role.phi(share * 8, threshold: 8.5)]
        }
        if current {
            style = style.with(.reverse)
            shadeStyle = shadeStyle.with(.reverse)
        }
        buffer.put(shade, x: x, y: y, shadeStyle)
        buffer.put(sign.text, x: x + 1, y: y, style)
    }

    private static func shade(_ share: Double) -> String {
        share <= 0 ? " " : share < 0.34 ? "░" : share < 0.67 ? "▒" : share < 0.95 ? "▓" : "█"
    }

    private static func footer(_ shards: ShardReading, _ scene: Scene, _ rect: Rect, _ buffer: inout CellBuffer) {
        guard rect.height > 0 else { return }
        var y = rect.y + (rect.height >= 4 ? 1 : 0)
        y = legend(shards, scene, rect, y: y, last: rect.height >= 3 ? rect.maxY - 2 : rect.maxY - 1, &buffer)
        guard y < rect.maxY else { return }
        buffer.put(
            Words.fit(summary(shards, scene, width: rect.width - 2), rect.width - 2), x: rect.x + 1, y: y,
            scene.paint[.dim])
        y += 1
        guard y < rect.maxY else { return }
        detail(shards, scene, Rect(x: rect.x, y: y, width: rect.width, height: rect.maxY - y), &buffer)
    }

    /// An entry for every owner, with a bar if there is room for all; returns the row below.
    private static func legend(
        _ shards: ShardReading, _ scene: Scene, _ rect: Rect, y start: Int, last: Int, _ buffer: inout CellBuffer
    ) -> Int {
        let owners = shards.owners
        guard !owners.isEmpty else { return start }
        let most = max(1, owners.map(\.shards).max() ?? 1)
        let signs = scene.owners.needLegend ? 2 : 0
        let name = max(
            signs > 0 ? 3 : 2, min(owners.map { CharacterWidth.columns(of: $0.name) }.max() ?? 2, rect.width / 3))
        let rows = max(1, last - start)
        func perRow(_ entry: Int) -> Int { max(1, (rect.width - 2) / entry) }
        // Names and numbers of all come before bars of some.
        let full = (rect.width >= 50 ? 16 : 10) + name + signs
        let small = name + signs + 3 + String(most).count
        let showsBars = perRow(full) * rows >= owners.count
        let entry = showsBars ? full : small
        let cells = rect.width >= 50 ? 6 : 3
        var room = perRow(entry) * rows
        // The last entry says how many have none.
        if room < owners.count { room -= 1 }
        var y = start
        for (index, owner) in owners.prefix(room).enumerated() {
            if index > 0, index % perRow(entry) == 0 { y += 1 }
            let x = rect.x + 1 + (index % perRow(entry)) * entry
            let style = scene.paint[Role.owner(scene.owners.position(of: owner.name))]
            var column = x
            if signs > 0 { column = buffer.put(scene.owners.sign(of: owner.name) + " ", x: column, y: y, style) }
            column = buffer.put(Words.fitName(owner.name, name) + " ", x: column, y: y, style)
            if showsBars {
                column = buffer.put(
                    bar(Double(owner.shards) / Double(most), cells: cells) + " ", x: column, y: y, style)
            }
            let entities = showsBars && rect.width >= 50 ? " \(Words.short(owner.entities))e" : ""
            buffer.put(
                "\(owner.shards)\(entities)", x: column, y: y, scene.paint[.dim], limit: max(0, x + entry - column))
        }
        if room < owners.count, room >= 0 {
            if room > 0, room % perRow(entry) == 0 { y += 1 }
            let x = rect.x + 1 + (room % perRow(entry)) * entry
            buffer.put("\(owners.count - room) more", x: x, y: y, scene.paint[.faint], limit: max(0, rect.maxX - x))
        }
        return y + 1
    }

    private static let eighths = Array(" ▏▎▍▌▋▊▉█")

    /// A bar of `cells` cells, in steps of an eighth of a cell.
    static func bar(_ share: Double, cells: Int) -> String {
        let total = Int((max(0, min(1, share.isFinite ? share : 0)) * Double(cells * 8)).rounded())
        return String((0..<cells).map { eighths[max(0, min(8, total - $0 * 8))] })
    }

    private static func summary(_ shards: ShardReading, _ scene: Scene, width: Int) -> String {
        let moving = shards.cells.count { $0.moving }
        let free = shards.cells.count { $0.host == nil }
        let counts = shards.owners.map(\.shards)
        let skew = Double(counts.max() ?? 0) / max(1, Double(counts.reduce(0, +)) / Double(max(1, counts.count)))
        var parts = ["by \(scene.state.view.shardMode.name)"]
        if moving > 0 { parts.append("⇄\(moving) moving") }
        let drained = scene.reading.rows.filter(\.drained).map(\.name)
        if !drained.isEmpty { parts.append("drained \(drained.joined(separator: ","))") }
        let homeless = shards.cells.count { $0.unplaced != nil }
        if homeless > 0 { parts.append("?·\(homeless) without a home") }
        if free > homeless { parts.append("··\(free - homeless) unallocated") }
        if shards.buffered > 0 { parts.append("\(shards.buffered) waiting") }
        if shards.restarted < shards.remembered {
            parts.append("\(shards.restarted) of \(shards.remembered) remembered back")
        }
        if counts.count > 1 { parts.append("skew \(Words.fixed(skew))x") }
        if let hot = shards.cells.max(by: { $0.rate < $1.rate }), hot.rate >= 1 {
            parts.append("hot \(hot.shard) \(Words.short(hot.rate.rounded()))/s")
        }
        // A part that does not fit is left out as a whole, the least important first.
        while parts.count > 1, CharacterWidth.columns(of: parts.joined(separator: "  ")) > width { parts.removeLast() }
        return parts.joined(separator: "  ")
    }

    private static func detail(_ shards: ShardReading, _ scene: Scene, _ rect: Rect, _ buffer: inout CellBuffer) {
        if let search = EntitySearch(scene.state.view.filters[.shards], in: shards) {
            return found(search, scene, rect, &buffer)
        }
        guard shards.cells.indices.contains(scene.state.selection.shard) else { return }
        let paint = scene.paint
        let cell = shards.cells[scene.state.selection.shard]
        let owner = cell.owner ?? "none"
        let state =
            cell.owner == nil
            ? cell.unplaced == nil ? "the next message allocates it" : "has no home"
            : cell.hosted
                ? cell.state.map { scene.words(.shard($0)) } ?? "" : "as \(scene.reading.observer?.name ?? "") believes"
        let line = "▸ shard \(cell.shard) → \(owner)  \(Words.count(cell.entities, "entity"))  \(state)"
        buffer.put(Words.fit(line, rect.width - 2), x: rect.x + 1, y: rect.y, paint[.text])
        var y = rect.y + 1
        if rect.height >= 4, !cell.listed.isEmpty {
            let below = Rect(x: rect.x, y: y, width: rect.width, height: rect.maxY - y - 1)
            y = list(cell.listed.map { ($0, "") }, showsShard: false, scene, below, &buffer)
        }
        if let (node, trouble) = shards.storeTrouble, y < rect.maxY {
            buffer.put(
                Words.fit("\(node): \(scene.words(.store(trouble)))", rect.width - 2), x: rect.x + 1, y: y,
                paint[.eventWarning])
            y += 1
        }
        if let cause = cell.unplaced ?? shards.unavailable, y < rect.maxY {
            let what = cell.unplaced == nil ? "no home for shards" : "no home"
            for line in WhyPane.wrap("\(what): \(scene.words(.unavailable(cause)))", rect.width - 2).prefix(
                rect.maxY - y)
            {
                buffer.put(line, x: rect.x + 1, y: y, paint[.eventWarning])
                y += 1
            }
        }
        guard let coordinating = shards.coordinating, y < rect.maxY else { return }
        for handoff in coordinating.handoffs.prefix(max(0, rect.maxY - y - 1)) {
            buffer.put(
                Words.fit("⇄ " + scene.words(.transition(handoff), scene.reading), rect.width - 2), x: rect.x + 1, y: y,
                paint[.moving])
            y += 1
        }
        guard y < rect.maxY else { return }
        var text =
            "coordinator \(shards.coordinator ?? "-") \(scene.words(.coordinator(coordinating.state))), epoch \(Words.epoch(shards.epoch))"
        if !shards.awaited.isEmpty { text += ", waits for \(shards.awaited.joined(separator: ","))" }
        if !coordinating.waiting.isEmpty { text += ", \(coordinating.waiting.count) wait for the margin" }
        buffer.put(Words.fit(text, rect.width - 2), x: rect.x + 1, y: y, paint[.faint])
    }
}
