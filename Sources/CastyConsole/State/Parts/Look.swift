/// How frames look: theme, glyphs, colours, within the capabilities of the terminal.
package struct Look: Sendable {
    private(set) var theme: Theme
    /// The user's own themes.
    private let own: [Theme]
    package private(set) var tier: GlyphTier
    private(set) var depth: ColourDepth
    /// The capabilities of the terminal; settings cannot exceed them.
    private let ablest: (tier: GlyphTier, depth: ColourDepth)
    private(set) var paint: Paint

    init(theme: Theme, own: [Theme], tier: GlyphTier, depth: ColourDepth) {
        self.theme = theme
        self.own = own
        self.tier = tier
        self.depth = depth
        ablest = (tier, depth)
        paint = Paint(theme: theme, depth: depth)
    }

    /// The names of all themes, built in or the user's own.
    var themeNames: [String] { ThemeName.allCases.map(\.rawValue) + own.map(\.name) }

    /// Changes the theme.
    ///
    /// - Returns: Whether there is one of this name.
    mutating func setTheme(_ name: String) -> Bool {
        guard let found = Theme.named(name, own: own) else { return false }
        theme = found
        paint = Paint(theme: found, depth: depth)
        return true
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
