/// Pictures as the bytes that make a terminal show them.
enum CastText {
    /// Clears the screen and draws the whole picture.
    static func whole(_ picture: CellBuffer) -> String {
        var writer = Writer()
        writer.text = "\u{1B}[?25l\u{1B}[0m\u{1B}[2J"
        let blank = CellBuffer(width: picture.width, height: picture.height, tier: picture.tier)
        writer.draw(from: blank, to: picture)
        return writer.text
    }

    /// Draws what differs from the picture before; empty if nothing does.
    static func change(from before: CellBuffer, to picture: CellBuffer) -> String {
        var writer = Writer()
        writer.draw(from: before, to: picture)
        return writer.text
    }

    private struct Writer {
        var text = ""
        private var style: Style?
        /// Where the terminal's cursor stands; `nil` if that is not known.
        private var position: (x: Int, y: Int)?

        init() {}

        mutating func draw(from before: CellBuffer, to picture: CellBuffer) {
            for y in 0..<picture.height {
                for x in 0..<picture.width where before[x, y] != picture[x, y] { put(x, y, picture) }
            }
            let cursor = (before.cursor.map { [$0.x, $0.y] }, picture.cursor.map { [$0.x, $0.y] })
            guard !text.isEmpty || cursor.0 != cursor.1 else { return }
            if style != nil, style != .plain { text += "\u{1B}[0m" }
            if let cursor = picture.cursor {
                text += "\u{1B}[\(cursor.y + 1);\(cursor.x + 1)H"
                if before.cursor == nil { text += "\u{1B}[?25h" }
            } else if before.cursor != nil {
                text += "\u{1B}[?25l"
            }
        }

        private mutating func put(_ x: Int, _ y: Int, _ picture: CellBuffer) {
            let cell = picture[x, y]
            // The right half comes with its left half.
            guard cell.scalar != 0, let scalar = Unicode.Scalar(cell.scalar) else { return }
            if position?.x != x || position?.y != y { text += "\u{1B}[\(y + 1);\(x + 1)H" }
            if style != cell.style {
                text += CellBuffer.escape(cell.style)
                style = cell.style
            }
            text.unicodeScalars.append(scalar)
            let next = x + max(1, Int(cell.width))
            // After the last column terminals differ in where the cursor stands.
            position = next < picture.width ? (next, y) : nil
        }
    }
}
