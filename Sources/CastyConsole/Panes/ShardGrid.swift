/// The positions of shards in the grid of a rectangle: rows of 16, 32 or 64 cells of two columns, each row with a
/// label.
struct ShardGrid: Hashable, Sendable {
    let count: Int
    let columns: Int
    let area: Rect
    /// The first visible row.
    let firstRow: Int
    let shownRows: Int

    static let labelWidth = 5

    static func columns(count: Int, width: Int) -> Int {
        let room = max(1, (width - labelWidth) / 2)
        var columns = 16
        while columns * 2 <= room, count > columns * 8 { columns *= 2 }
        return columns
    }

    /// - Parameter area: The inside of the pane; the first row is the heading.
    init(count: Int, in area: Rect, cursor: Int) {
        self.count = count
        self.area = area
        columns = Self.columns(count: count, width: area.width)
        let rows = (count + columns - 1) / columns
        let footer = area.height >= 10 ? 4 : area.height >= 7 ? 3 : 1
        let room = max(1, area.height - 1 - footer)
        shownRows = min(rows, room)
        firstRow = rows <= room ? 0 : min(max(0, cursor / columns - room / 2), rows - room)
    }

    var rows: Int { (count + columns - 1) / columns }

    /// The position of a shard's cell; `nil` if it is scrolled away.
    func position(of shard: Int) -> (x: Int, y: Int)? {
        let row = shard / columns - firstRow
        guard row >= 0, row < shownRows else { return nil }
        return (area.x + Self.labelWidth + 2 * (shard % columns), area.y + 1 + row)
    }

    func shard(x: Int, y: Int) -> Int? {
        let row = y - area.y - 1
        let column = x - area.x - Self.labelWidth
        guard row >= 0, row < shownRows, column >= 0, column / 2 < columns else { return nil }
        let shard = (row + firstRow) * columns + column / 2
        return shard < count ? shard : nil
    }
}
