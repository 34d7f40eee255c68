import CastyObservability

/// The state of the screen, independent of the cluster: cursors, overlays, filters.
///
/// A value type: keys change it, frames are drawn from it, and tests compare it.
package struct ConsoleState: Sendable {
    package var mode: ConsoleMode
    /// The words that it draws.
    package var words = DisplayWords.english
    var width = 80
    var height = 24
    var theme: ThemeName
    package private(set) var tier: GlyphTier
    private(set) var depth: ColourDepth
    /// The capabilities of the terminal; settings cannot exceed them.
    private let ablest: (tier: GlyphTier, depth: ColourDepth)
    private(set) var paint: Paint
    package var readOnly: Bool
    var confirms: Bool

    var focus = Pane.members
    /// Panes in the order of their last focus, latest first: a slot shows the latest of its tabs.
    var recent: [Pane] = [.members]
    /// The pane that had the focus before the pane Why.
    var asker: Pane?
    var zoomed = false

    /// The node under the cursor, by name; `nil` for the first.
    var node: String?
    var marked: [String] = []
    var observer: String?
    var sort = MemberColumn.node
    var descending = false

    var shardType = 0
    var shard = 0
    var shardMode = ShardMode.owner

    var linkFrom: String?
    var linkTo: String?

    var level = EventKind.Level.info
    /// The event under the cursor; `nil` follows the newest.
    var event: Int?
    var subject: WhySubject? {
        didSet { whyOffset = 0 }
    }
    /// The number of lines of the explanation that are scrolled away.
    var whyOffset = 0
    var filters: [Pane: String] = [:]

    var modal: Modal?
    var question: Question?
    var flash: Flash?
    var history: [String] = []
    /// The latest note of the script, and the one that the user has put away.
    var caption: Caption?
    var hiddenCaption: Caption?
    /// Requests that no snapshot shows yet.
    var intentions = Intentions()
    /// The feed at the time when the view was frozen.
    var still: ConsoleFeed?
    /// The user's clock in seconds, for timeouts.
    package private(set) var now = 0.0
    var interruptedAt = -10.0

    package init(
        options: ConsoleOptions, mode: ConsoleMode, tier: GlyphTier = .unicode, depth: ColourDepth = .all
    ) {
        self.mode = mode
        self.tier = tier
        self.depth = depth
        ablest = (tier, depth)
        theme = options.theme
        paint = Paint(theme: options.theme, depth: depth)
        readOnly = options.readOnly
        confirms = options.confirm
    }

    /// Sets the size of the screen.
    package mutating func resize(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    /// The time on the user's clock at which the picture changes by itself; `nil` if it does not.
    package var nextDeadline: Double? { [flash?.until, question?.until].compactMap(\.self).min() }

    /// Advances the user's clock; returns whether the picture changes.
    package mutating func tick(now: Double) -> Bool {
        self.now = now
        var changed = false
        if let flash, flash.until <= now {
            self.flash = nil
            changed = true
        }
        if let question, question.until <= now {
            self.question = nil
            say(.note, "no answer: nothing was done")
            changed = true
        }
        return changed
    }

    /// Shows one line at the bottom for some seconds.
    mutating func say(_ kind: ConsoleMessage.Kind, _ text: String) {
        flash = Flash(text: text, kind: kind, until: now + (kind == .refused ? 6 : 4))
    }

    /// Shows the result of a line.
    package mutating func show(_ message: ConsoleMessage) {
        // A refused request will not take effect, and the message does not say which one was refused.
        if message.kind == .refused { intentions = Intentions() }
        say(message.kind, message.text)
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

    mutating func focus(on pane: Pane) {
        if pane == .why, focus != .why { asker = focus }
        focus = pane
        recent.removeAll { $0 == pane }
        recent.insert(pane, at: 0)
    }

    /// The displayed feed: the frozen one, or the current one.
    func visible(_ feed: ConsoleFeed) -> ConsoleFeed { still ?? feed }
}

/// The meaning of the shades in the shard grid.
enum ShardMode: Int, CaseIterable, Hashable, Sendable {
    case owner, entities, traffic

    var name: String {
        switch self {
        case .owner: "owner"
        case .entities: "entities"
        case .traffic: "env/s"
        }
    }
}

/// The subject of the pane Why.
enum WhySubject: Hashable, Sendable {
    case node(String)
    case shard(Int)
    case event(Int)
}

/// The columns of the member table.
enum MemberColumn: Int, CaseIterable, Hashable, Sendable {
    case node, address, status, phi, shards, entities, rate, version, lag, seenBy, uptime

    var title: String {
        switch self {
        case .node: "NODE"
        case .address: "ADDRESS"
        case .status: "STATUS"
        case .phi: "PHI"
        case .shards: "SHD"
        case .entities: "ENT"
        case .rate: "ENV/S"
        case .version: "VER"
        case .lag: "LAG"
        case .seenBy: "SEEN"
        case .uptime: "UP"
        }
    }
}
