import CastyObservability

/// The state of the screen, independent of the cluster: cursors, overlays, filters.
///
/// A value type: keys change it, frames are drawn from it, and tests compare it.
package struct ConsoleState: Sendable {
    package var mode: ConsoleMode
    /// The words that it draws.
    package var words = DisplayWords.english
    package var readOnly: Bool
    var confirms: Bool
    var size = ScreenSize()
    package internal(set) var look: Look
    /// The keys, with the user's changes.
    let keys: KeyMap
    /// The layouts to choose from.
    let layouts: [LayoutPreset]
    var panes = PaneFocus()
    var selection = Selection()
    var view = ViewOptions()
    var explanation = Explanation()
    var dialogs = Dialogs()
    var captions = Captions()
    /// Requests that no snapshot shows yet.
    var intentions = Intentions()
    /// The numbers of nodes that have other names.
    var numbers = NodeNumbers()
    package internal(set) var time = ViewTime()

    package init(
        options: ConsoleOptions, mode: ConsoleMode, tier: GlyphTier = .unicode, depth: ColourDepth = .all
    ) {
        self.mode = mode
        keys = KeyMap(changing: options.keys)
        layouts = LayoutPreset.builtIn + options.layouts.map(LayoutPreset.own)
        panes.preset = options.layout
        look = Look(theme: options.theme, own: options.themes, tier: tier, depth: depth)
        readOnly = options.readOnly
        confirms = options.confirm
    }

    /// Sets the size of the screen.
    package mutating func resize(width: Int, height: Int) {
        size = ScreenSize(width: width, height: height)
    }

    /// The time on the user's clock at which the picture changes by itself; `nil` if it does not.
    package var nextDeadline: Double? { [dialogs.flash?.until, dialogs.question?.until].compactMap(\.self).min() }

    /// Advances the user's clock; returns whether the picture changes.
    package mutating func tick(now: Double) -> Bool {
        time.now = now
        var changed = false
        if let flash = dialogs.flash, flash.until <= now {
            dialogs.flash = nil
            changed = true
        }
        if let question = dialogs.question, question.until <= now {
            dialogs.question = nil
            say(.note, "no answer: nothing was done")
            changed = true
        }
        return changed
    }

    /// Shows one line at the bottom for some seconds.
    mutating func say(_ kind: ConsoleMessage.Kind, _ text: String) {
        dialogs.flash = Flash(text: text, kind: kind, until: time.now + (kind == .refused ? 6 : 4))
    }

    /// Shows the result of a line.
    package mutating func show(_ message: ConsoleMessage) {
        // A refused request will not take effect, and the message does not say which one was refused.
        if message.kind == .refused { intentions = Intentions() }
        say(message.kind, keys.naming(message.text))
    }

    mutating func focus(on pane: Pane) {
        panes.focus(on: pane)
    }

    /// The displayed feed: the frozen or past one, or the current one.
    func visible(_ feed: ConsoleFeed) -> ConsoleFeed { time.shown.feed ?? feed }
}
