/// One frame without a terminal: for `--snapshot` and for pictures.
package enum Frame {
    /// A frame as text, one line a row.
    package static func plainText(of backend: any ConsoleBackend, width: Int, height: Int, options: ConsoleOptions)
        -> String
    {
        picture(of: backend, width: width, height: height, options: options).plainText()
    }

    /// A frame as text with ANSI colours.
    package static func ansiText(of backend: any ConsoleBackend, width: Int, height: Int, options: ConsoleOptions)
        -> String
    {
        picture(of: backend, width: width, height: height, options: options).ansiText()
    }

    private static func picture(of backend: any ConsoleBackend, width: Int, height: Int, options: ConsoleOptions)
        -> CellBuffer
    {
        var feed = ConsoleFeed()
        _ = feed.refresh(from: backend)
        let tier: GlyphTier =
            switch options.glyphs {
            case .auto, .unicode: .unicode
            case .acs: .acs
            case .ascii: .ascii
            }
        let depth: ColourDepth =
            switch options.colours {
            case .auto, .all: .all
            case .sixteen: .sixteen
            case .never: .none
            }
        var state = ConsoleState(options: options, mode: backend.mode, tier: tier, depth: depth)
        state.resize(width: min(max(0, width), 1000), height: min(max(0, height), 1000))
        return Renderer.picture(feed, state)
    }
}
