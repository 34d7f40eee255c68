/// The style of a cell: palette indices and attributes. −1 is the terminal's own colour.
package struct Style: Hashable, Sendable {
    package var foreground: Int16
    package var background: Int16
    package var attributes: Attributes

    package init(foreground: Int16 = -1, background: Int16 = -1, attributes: Attributes = []) {
        self.foreground = foreground
        self.background = background
        self.attributes = attributes
    }

    /// The terminal's default style.
    package static let plain = Style()

    /// The same colours with more attributes.
    package func with(_ more: Attributes) -> Style {
        Style(foreground: foreground, background: background, attributes: attributes.union(more))
    }
}

/// The attributes of a character besides its colour.
package struct Attributes: OptionSet, Hashable, Sendable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let bold = Attributes(rawValue: 1)
    package static let dim = Attributes(rawValue: 2)
    package static let underline = Attributes(rawValue: 4)
    package static let reverse = Attributes(rawValue: 8)
}

/// One position of the screen: 12 bytes, with the memory layout that the terminal's C shim reads.
package struct Cell: Hashable, Sendable {
    /// The Unicode scalar; 0 in the right half of a wide character.
    package var scalar: UInt32
    package var style: Style
    /// The number of columns: 1 or 2; 0 in the right half of a wide character.
    package var width: UInt16

    package init(_ scalar: UInt32, _ style: Style, width: UInt16 = 1) {
        self.scalar = scalar
        self.style = style
        self.width = width
    }

    package static let blank = Cell(0x20, .plain)
}
