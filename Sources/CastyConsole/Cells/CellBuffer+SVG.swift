extension CellBuffer {
    /// The picture as an SVG document, for pages and slides.
    ///
    /// Each run of cells with one style is a piece of text whose length is fixed, so that columns stay aligned whatever
    /// monospaced font the reader has. The text is markup-escaped: nothing that a cell shows can end an element.
    ///
    /// - Parameter title: What a screen reader announces, and a tooltip shows.
    package func svg(title: String) -> String {
        let drawing = SVGDrawing(self)
        return drawing.document(title: title, body: (0..<height).map { drawing.row($0) }.joined())
    }
}

/// Draws cells as SVG.
struct SVGDrawing {
    /// The size of a cell in hundredths of a pixel, so that sums stay exact: that of the font's letters and lines, so
    /// that boxes close.
    private static let cellWidth = 843
    private static let cellHeight = 1640
    private static let margin = 800
    /// The distance from the top of a row to the base line of its letters.
    private static let baseline = 1280

    private static let ground = Palette256.Colour(0x16, 0x18, 0x1D)
    private static let ink = Palette256.Colour(0xD8, 0xDB, 0xE0)

    private let buffer: CellBuffer

    init(_ buffer: CellBuffer) {
        self.buffer = buffer
    }

    /// A document of the picture's size.
    ///
    /// - Parameter body: The elements in it.
    func document(title: String, body: String) -> String {
        let width = Self.pixels(buffer.width * Self.cellWidth + 2 * Self.margin)
        let height = Self.pixels(buffer.height * Self.cellHeight + 2 * Self.margin)
        let name = XMLText.escaped(title)
        return """
            <?xml version="1.0" encoding="UTF-8"?>
            <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" \
            viewBox="0 0 \(width) \(height)" role="img" aria-label="\(name)">
            <title>\(name)</title>
            <rect width="\(width)" height="\(height)" rx="6" fill="\(Self.ground.hex)"/>
            <g font-family="'DejaVu Sans Mono','Menlo','Consolas',monospace" font-size="14" xml:space="preserve">
            \(body)</g>
            </svg>

            """
    }

    /// The elements of one row.
    func row(_ y: Int) -> String {
        let runs = runs(in: y)
        return runs.map { background($0, y) }.joined() + runs.map { letters($0, y) }.joined()
    }

    /// Neighbouring cells of one style.
    private struct Run {
        var x: Int
        var columns: Int
        var scalars: String.UnicodeScalarView
        var style: Style
    }

    private func runs(in y: Int) -> [Run] {
        var runs: [Run] = []
        for x in 0..<buffer.width {
            let cell = buffer[x, y]
            guard cell.scalar != 0, let scalar = Unicode.Scalar(cell.scalar) else { continue }
            // A wide character is a run of its own: fonts do not agree about its width.
            if let last = runs.indices.last, runs[last].style == cell.style, cell.width == 1,
                runs[last].columns == runs[last].scalars.count
            {
                runs[last].columns += 1
                runs[last].scalars.append(scalar)
            } else {
                var text = String.UnicodeScalarView()
                text.append(scalar)
                runs.append(Run(x: x, columns: max(1, Int(cell.width)), scalars: text, style: cell.style))
            }
        }
        return runs
    }

    private func background(_ run: Run, _ y: Int) -> String {
        let colour = colours(run.style).ground
        guard colour != Self.ground else { return "" }
        // A hair higher than the row, so that no line shows between two rows.
        return """
            <rect x="\(Self.pixels(left(run.x)))" y="\(Self.pixels(top(y)))" \
            width="\(Self.pixels(run.columns * Self.cellWidth))" height="\(Self.pixels(Self.cellHeight + 10))" \
            fill="\(colour.hex)"/>

            """
    }

    private func letters(_ run: Run, _ y: Int) -> String {
        var text = run.scalars
        var x = run.x
        var columns = run.columns
        while text.first == " " {
            text.removeFirst()
            (x, columns) = (x + 1, columns - 1)
        }
        while text.last == " " {
            text.removeLast()
            columns -= 1
        }
        guard !text.isEmpty else { return "" }
        let style = run.style
        var attributes = " fill=\"\(colours(style).ink.hex)\""
        if style.attributes.contains(.bold) { attributes += " font-weight=\"bold\"" }
        if style.attributes.contains(.dim) { attributes += " opacity=\"0.6\"" }
        if style.attributes.contains(.underline) { attributes += " text-decoration=\"underline\"" }
        return """
            <text x="\(Self.pixels(left(x)))" y="\(Self.pixels(top(y) + Self.baseline))" \
            textLength="\(Self.pixels(columns * Self.cellWidth))" lengthAdjust="spacingAndGlyphs"\(attributes)>\
            \(XMLText.escaped(String(text)))</text>

            """
    }

    private func colours(_ style: Style) -> (ink: Palette256.Colour, ground: Palette256.Colour) {
        let ink = style.foreground < 0 ? Self.ink : Palette256.colour(Int(style.foreground))
        let ground = style.background < 0 ? Self.ground : Palette256.colour(Int(style.background))
        return style.attributes.contains(.reverse) ? (ground, ink) : (ink, ground)
    }

    private func left(_ x: Int) -> Int { Self.margin + x * Self.cellWidth }

    private func top(_ y: Int) -> Int { Self.margin + y * Self.cellHeight }

    /// A length in pixels, without zeros at its end.
    private static func pixels(_ hundredths: Int) -> String {
        let rest = hundredths % 100
        if rest == 0 { return String(hundredths / 100) }
        return rest % 10 == 0
            ? "\(hundredths / 100).\(rest / 10)" : "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }
}

/// Text for XML: escaped, and without the characters that no document may contain.
enum XMLText {
    static func escaped(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result.append(contentsOf: "&amp;".unicodeScalars)
            case "<": result.append(contentsOf: "&lt;".unicodeScalars)
            case ">": result.append(contentsOf: "&gt;".unicodeScalars)
            case "\"": result.append(contentsOf: "&quot;".unicodeScalars)
            case "'": result.append(contentsOf: "&#39;".unicodeScalars)
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{FFFE}", "\u{FFFF}": result.append("\u{FFFD}")
            default: result.append(scalar)
            }
        }
        return String(result)
    }
}
