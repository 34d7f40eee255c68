/// The appearance and behavior of a console, as set on the command line and in the configuration file.
package struct ConsoleOptions: Hashable, Sendable {
    package enum Colours: String, Hashable, Sendable, CaseIterable { case auto, never, sixteen = "16", all = "256" }
    package enum Glyphs: String, Hashable, Sendable, CaseIterable { case auto, unicode, acs, ascii }

    package var theme = Theme.standard
    /// The user's own themes, by name.
    package var themes: [Theme] = []
    /// The keys of actions that differ from the table, by the actions' names.
    package var keys: [String: [Key]] = [:]
    /// The user's own layouts.
    package var layouts: [OwnLayout] = []
    /// The layout at the start.
    package var layout = LayoutPreset.all
    package var colours = Colours.auto
    package var glyphs = Glyphs.auto
    package var mouse = true
    /// The highest frame rate, in frames per second, 1…60.
    package var framesPerSecond = 20
    /// The frame rates that can be set.
    package static let frameRates = 1...60
    /// Whether keys and lines that change the cluster are refused.
    package var readOnly = false
    /// Whether destructive keys ask first.
    package var confirm = true

    package init() {}
}

/// The built-in themes.
package enum ThemeName: String, Hashable, Sendable, CaseIterable { case standard, safe, bright, quiet, mono }
