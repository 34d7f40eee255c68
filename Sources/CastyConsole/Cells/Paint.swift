/// The style of one role at each colour depth.
struct Ink: Hashable, Sendable {
    /// Palette indices: of 256 colours, and of 16 (the 8-colour style is derived from it); −1 is the terminal's own.
    var all: Int16
    var sixteen: Int16
    var background: Int16
    var attributes: Attributes
    /// The attributes without any colour.
    var mono: Attributes

    init(
        _ all: Int16, _ sixteen: Int16, on background: Int16 = -1, _ attributes: Attributes = [], mono: Attributes = []
    ) {
        self.all = all
        self.sixteen = sixteen
        self.background = background
        self.attributes = attributes
        self.mono = mono
    }

    func style(at depth: ColourDepth) -> Style {
        switch depth {
        case .all: Style(foreground: all, background: background, attributes: attributes)
        case .sixteen: Style(foreground: sixteen, background: nearest(background), attributes: attributes)
        case .eight:
            // Bright colours become the plain ones in bold; bright black would be invisible, so it becomes the default,
            // dimmed.
            if sixteen == 8 {
                Style(attributes: attributes.union(.dim))
            } else if sixteen > 8 {
                Style(
                    foreground: sixteen - 8, background: nearest(background) % 8, attributes: attributes.union(.bold))
            } else {
                Style(foreground: sixteen, background: nearest(background) % 8, attributes: attributes)
            }
        case .none: Style(attributes: mono)
        }
    }

    private func nearest(_ background: Int16) -> Int16 {
        switch background {
        case -1: -1
        case 0...15: background
        case 160, 196: 1
        case 28, 34, 77: 2
        case 214, 220, 178: 3
        case 24, 25, 33: 4
        case 75, 45, 31: 6
        default: background >= 244 ? 7 : 0
        }
    }
}

/// The styles of all roles for one theme and one colour depth.
struct Paint: Hashable, Sendable {
    let depth: ColourDepth
    private let styles: [Style]

    init(theme: Theme, depth: ColourDepth) {
        let depth = theme.base == .mono ? ColourDepth.none : depth
        self.depth = depth
        styles = Role.allCases.map { theme.ink(of: $0).style(at: depth) }
    }

    subscript(role: Role) -> Style { styles[role.rawValue] }
}
