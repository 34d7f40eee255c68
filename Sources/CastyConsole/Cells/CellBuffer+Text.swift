extension CellBuffer {
    /// The picture as text, one line per row, without trailing blanks.
    package func plainText() -> String {
        var result = ""
        for y in 0..<height {
            var line = String.UnicodeScalarView()
            for x in 0..<width {
                if let scalar = Unicode.Scalar(self[x, y].scalar), scalar.value != 0 { line.append(scalar) }
            }
            while line.last == " " { line.removeLast() }
            result.unicodeScalars.append(contentsOf: line)
            result += "\n"
        }
        return result
    }

    /// The picture as text with ANSI colours, for files and pictures.
    package func ansiText() -> String {
        var result = ""
        for y in 0..<height {
            var current = Style.plain
            for x in 0..<width {
                let cell = self[x, y]
                guard cell.scalar != 0, let scalar = Unicode.Scalar(cell.scalar) else { continue }
                if cell.style != current {
                    result += Self.escape(cell.style)
                    current = cell.style
                }
                result.unicodeScalars.append(scalar)
            }
            result += current == .plain ? "\n" : "\u{1B}[0m\n"
        }
        return result
    }

    /// The escape sequence that sets a style, whatever the one before.
    static func escape(_ style: Style) -> String {
        var codes = ["0"]
        if style.attributes.contains(.bold) { codes.append("1") }
        if style.attributes.contains(.dim) { codes.append("2") }
        if style.attributes.contains(.underline) { codes.append("4") }
        if style.attributes.contains(.reverse) { codes.append("7") }
        if style.foreground >= 0 { codes.append("38;5;\(style.foreground)") }
        if style.background >= 0 { codes.append("48;5;\(style.background)") }
        return "\u{1B}[" + codes.joined(separator: ";") + "m"
    }
}
