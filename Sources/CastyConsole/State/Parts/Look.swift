/// How frames look: theme, glyphs, colours, within the capabilities of the terminal.
package struct Look: Sendable {
    private(set) var theme: ThemeName
    package private(set) var tier: GlyphTier
    private(set) var depth: ColourDepth
    /// The capabilities of the terminal; settings cannot exceed them.
    private let ablest: (tier: GlyphTier, depth: ColourDepth)
    private(set) var paint: Paint

    init(theme: ThemeName, tier: GlyphTier, depth: ColourDepth) {
        self.theme = theme
        self.tier = tier
        self.depth = depth
        ablest = (tier, depth)
        paint = Paint(theme: theme, depth: depth)
    }

    mutating func setTheme(_ name: ThemeName) {
        theme = name
        paint = Paint(theme: name, depth: depth)
    }

    mutating func setDepth(_ wanted: ColourDepth) {
        depth = min(wanted, ablest.depth)
        paint = Paint(theme: theme, depth: depth)
    }

    mutating func setASCII(_ on: Bool) { tier = on ? .ascii : ablest.tier }
}

/// The cells of the terminal.
struct ScreenSize: Hashable, Sendable {
    var width = 80
    var height = 24
}
