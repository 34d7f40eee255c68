package import CastyConsole

/// The bytes that a terminal needs to turn one picture into another: cursor movements, changes of style, characters.
///
/// Follows what a back end does that skips equal cells. It is a model: the real one may find a shorter way.
package enum FrameBytes {
    /// The marks with which a terminal shows a frame at once.
    private static let marks = 16
    /// A gap of up to this many equal cells is written again rather than skipped: a movement costs about as much.
    private static let bridged = 4

    /// The number of bytes; 0 for equal pictures.
    ///
    /// - Parameter old: `nil` if the terminal is empty.
    package static func count(from old: CellBuffer?, to new: CellBuffer) -> Int {
        var bytes = 0
        for y in 0..<new.height { bytes += row(y, old, new) }
        return bytes == 0 ? 0 : bytes + marks
    }

    private static func row(_ y: Int, _ old: CellBuffer?, _ new: CellBuffer) -> Int {
        func differs(_ x: Int) -> Bool { new[x, y] != (old?[x, y] ?? .blank) }
        var (bytes, x) = (0, 0)
        var style = Style.plain
        while let first = (x..<new.width).first(where: differs) {
            var end = first + 1
            var equal = 0
            for column in end..<max(end, new.width) {
                equal = differs(column) ? 0 : equal + 1
                if equal > bridged { break }
                if equal == 0 { end = column + 1 }
            }
            bytes += movement(to: first, y)
            for column in first..<end {
                let cell = new[column, y]
                if cell.width == 0 { continue }
                if cell.style != style { bytes += change(to: cell.style) }
                style = cell.style
                bytes += UTF8.width(Unicode.Scalar(cell.scalar) ?? "?")
            }
            x = end
        }
        // The next row begins in the terminal's own style.
        return style == .plain ? bytes : bytes + 3
    }

    private static func movement(to x: Int, _ y: Int) -> Int { 4 + digits(x + 1) + digits(y + 1) }

    private static func change(to style: Style) -> Int {
        var bytes = 3
        if style.foreground >= 0 { bytes += 6 + digits(Int(style.foreground)) }
        if style.background >= 0 { bytes += 6 + digits(Int(style.background)) }
        for attribute in [Attributes.bold, .dim, .underline, .reverse] where style.attributes.contains(attribute) {
            bytes += 2
        }
        return bytes
    }

    private static func digits(_ number: Int) -> Int { number < 10 ? 1 : number < 100 ? 2 : 3 }
}
