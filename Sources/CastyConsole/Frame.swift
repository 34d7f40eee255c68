/// Frames without a terminal: for `--snapshot`, for pictures, and for recordings of a session.
///
/// Call `look` as often as a screen would, so that curves and rates have data; then take the picture.
package struct Frame: Sendable {
    private let backend: any ConsoleBackend
    private var feed: ConsoleFeed
    private var state: ConsoleState

    /// Prepares frames of a size; each side is limited to 1000.
    package init(of backend: any ConsoleBackend, width: Int, height: Int, options: ConsoleOptions) {
        self.backend = backend
        feed = ConsoleFeed(keeping: backend.mode.keepsMoments ? .console : nil)
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
        state = ConsoleState(options: options, mode: backend.mode, tier: tier, depth: depth)
        state.resize(width: min(max(0, width), 1000), height: min(max(0, height), 1000))
    }

    /// Takes in the current state of the cluster.
    package mutating func look() {
        backend.previewPartition(cut: state.previewedPartition(feed))
        backend.observeMessages(state.showsMessages(feed))
        for message in feed.refresh(from: backend) { state.show(message) }
        _ = state.show(backend.caption)
        _ = state.show(feed.hypothesis)
        submit(state.completeQuestion(feed) ?? [])
        _ = state.follow(feed)
    }

    /// Presses a key, as a person would; the resulting requests go to the cluster.
    package mutating func press(_ key: Key) {
        submit(state.handle(key, feed: feed))
    }

    private func submit(_ intents: [Intent]) {
        for case .submit(let request) in intents { backend.submit(request) }
    }

    /// The cluster, its runtime and the time.
    package var title: String { state.title(of: feed) }

    /// The picture as cells.
    package var picture: CellBuffer { Renderer.picture(feed, state) }

    /// A frame as text, one line per row.
    package static func plainText(of backend: any ConsoleBackend, width: Int, height: Int, options: ConsoleOptions)
        -> String
    {
        var frame = Frame(of: backend, width: width, height: height, options: options)
        frame.look()
        return frame.picture.plainText()
    }

    /// A frame as text with ANSI colours.
    package static func ansiText(of backend: any ConsoleBackend, width: Int, height: Int, options: ConsoleOptions)
        -> String
    {
        var frame = Frame(of: backend, width: width, height: height, options: options)
        frame.look()
        return frame.picture.ansiText()
    }
}
