/// A rectangle of cells. May be empty or lie outside the screen; drawing clips.
package struct Rect: Hashable, Sendable {
    package var x: Int
    package var y: Int
    package var width: Int
    package var height: Int

    package init(x: Int, y: Int, width: Int, height: Int) {
        self.x = x
        self.y = y
        self.width = max(0, width)
        self.height = max(0, height)
    }

    package var maxX: Int { x + width }
    package var maxY: Int { y + height }
    package var isEmpty: Bool { width == 0 || height == 0 }

    package func contains(x: Int, y: Int) -> Bool { x >= self.x && x < maxX && y >= self.y && y < maxY }

    /// The rectangle reduced by a margin on each side.
    package func inset(x dx: Int, y dy: Int) -> Rect {
        Rect(x: x + dx, y: y + dy, width: width - 2 * dx, height: height - 2 * dy)
    }

    package func intersection(_ other: Rect) -> Rect {
        let left = max(x, other.x)
        let top = max(y, other.y)
        return Rect(x: left, y: top, width: min(maxX, other.maxX) - left, height: min(maxY, other.maxY) - top)
    }
}

/// A picture of the screen as a value: the terminal shows exactly these characters.
///
/// All text passes through here, and nothing that could control the terminal gets through: control characters, escapes
/// and characters that reorder text are replaced.
package struct CellBuffer: Hashable, Sendable {
    package let width: Int
    package let height: Int
    package let tier: GlyphTier
    /// The cells, row by row.
    package private(set) var cells: [Cell]
    /// Drawing outside has no effect; always within the buffer.
    package private(set) var clip: Rect
    /// The position of the text cursor in an active text field.
    package var cursor: (x: Int, y: Int)? {
        get { cursorX >= 0 ? (cursorX, cursorY) : nil }
        set {
            (cursorX, cursorY) = newValue ?? (-1, -1)
            if !bounds.contains(x: cursorX, y: cursorY) { (cursorX, cursorY) = (-1, -1) }
        }
    }
    private var cursorX = -1
    private var cursorY = -1

    package init(width: Int, height: Int, tier: GlyphTier = .unicode) {
        self.width = max(0, width)
        self.height = max(0, height)
        self.tier = tier
        cells = Array(repeating: .blank, count: self.width * self.height)
        clip = Rect(x: 0, y: 0, width: width, height: height)
    }

    package var bounds: Rect { Rect(x: 0, y: 0, width: width, height: height) }

    /// The cell at a position; a blank outside the buffer.
    package subscript(x: Int, y: Int) -> Cell {
        bounds.contains(x: x, y: y) ? cells[y * width + x] : .blank
    }

    /// Draws with a narrower clip, and restores the old one.
    package mutating func clipped(to rect: Rect, _ draw: (inout CellBuffer) -> Void) {
        let kept = clip
        clip = clip.intersection(rect)
        draw(&self)
        clip = kept
    }

    /// Writes a text from a position to the right; text that does not fit is cut off, wide characters as a whole.
    ///
    /// - Returns: The column after the text.
    @discardableResult
    package mutating func put(_ text: some StringProtocol, x: Int, y: Int, _ style: Style, limit: Int = .max) -> Int {
        var column = x
        let end = limit == .max ? Int.max : x + max(0, limit)
        for scalar in text.unicodeScalars {
            var value = scalar.value
            var columns = 1
            if value < 0x20 || value > 0x7E {
                switch CharacterWidth.of(value) {
                case .columns(let count): columns = count
                case .nothing: continue
                case .hostile: value = 0xFFFD
                }
            }
            if column + columns > end { break }
            set(value, columns: columns, x: column, y: y, style)
            column += columns
        }
        return column
    }

    /// Fills a rectangle with one narrow character.
    package mutating func fill(_ rect: Rect, _ scalar: Unicode.Scalar = " ", _ style: Style = .plain) {
        let area = rect.intersection(clip)
        guard !area.isEmpty else { return }
        let cell = Cell(tier.lower(scalar.value), style)
        for y in area.y..<area.maxY {
            let start = y * width + area.x
            breakWide(at: start, x: area.x)
            breakWide(at: start + area.width - 1, x: area.maxX - 1)
            for index in start..<start + area.width { cells[index] = cell }
        }
    }

    /// Changes the style of cells without their characters.
    package mutating func restyle(_ rect: Rect, _ change: (Style) -> Style) {
        let area = rect.intersection(clip)
        guard !area.isEmpty else { return }
        for y in area.y..<area.maxY {
            for x in area.x..<area.maxX { cells[y * width + x].style = change(cells[y * width + x].style) }
        }
    }

    private mutating func set(_ scalar: UInt32, columns: Int, x: Int, y: Int, _ style: Style) {
        guard y >= clip.y, y < clip.maxY, x >= clip.x, x + columns <= clip.maxX else { return }
        let index = y * width + x
        breakWide(at: index, x: x)
        var lowered = tier.lower(scalar)
        if scalar == 0xFFFD, tier != .unicode { lowered = 0x3F }
        if columns == 2, tier == .unicode {
            breakWide(at: index + 1, x: x + 1)
            cells[index] = Cell(lowered, style, width: 2)
            cells[index + 1] = Cell(0, style, width: 0)
        } else {
            cells[index] = Cell(lowered, style)
            if columns == 2 {
                breakWide(at: index + 1, x: x + 1)
                cells[index + 1] = Cell(0x20, style)
            }
        }
    }

    /// Replaces the other half of a wide character that is partly overwritten.
    private mutating func breakWide(at index: Int, x: Int) {
        if cells[index].width == 0, x > 0 { cells[index - 1] = Cell(0x20, cells[index - 1].style) }
        if cells[index].width == 2, x + 1 < width { cells[index + 1] = Cell(0x20, cells[index + 1].style) }
    }

    package static func == (left: CellBuffer, right: CellBuffer) -> Bool {
        left.width == right.width && left.cells == right.cells && left.cursorX == right.cursorX
            && left.cursorY == right.cursorY
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(cells) }
}
