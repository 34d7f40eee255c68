import CastyScenario

/// The actions of keys.
enum Action: Hashable, Sendable {
    case help, palette, filter, escape, quit
    case turn(Turn), pane(Pane), move(Move), sort(Sorting)
    case pause, step, back, speed(SpeedChange), previousFault, nextFault
    case scrub(Scrub), live, bookmark, bookmarks, watches
    case undo, redo, freezeView, repaint, suspend
    case mark, markAll, open, why, copy, save
    case node(NodeAction), link(LinkAction), prompt(Prompting)
    case observer, mode, level
    case inspect, follow, rectangle

    enum Turn: Hashable, Sendable { case nextPane, previousPane, nextTab, previousTab, zoom, preset }
    enum Move: Hashable, Sendable {
        case up, down, left, right, top, bottom, pageUp, pageDown, nextMatch, previousMatch
    }
    enum Sorting: Hashable, Sendable { case left, right, invert }
    /// A second of the cluster's time, back or forward.
    enum Scrub: Hashable, Sendable { case earlier, later }
    enum SpeedChange: Hashable, Sendable { case faster, slower, normal }
    /// An action on the nodes under the cursor or marked.
    enum NodeAction: Hashable, Sendable { case add, kill, leave, down, restart, thaw, freeze }
    enum LinkAction: Hashable, Sendable { case cutOneWay, cutBothWays, partition, healAll, delay, loss }
    /// An action that first asks for a few words.
    enum Prompting: Hashable, Sendable { case spawnOne, spawnMany, send, load, moveShard, whatIf }
}

/// One line of the key table, which is used for footers, help, the manual and the dispatch.
struct KeyBinding: Sendable {
    enum Group: String, CaseIterable, Sendable {
        case here = "This pane"
        case cluster = "Nodes and links"
        case entities = "Entities and shards"
        case time = "Time"
        case view = "View"
        case general = "General"
    }

    var keys: [Key]
    var action: Action
    /// One word for the footer.
    var word: String
    /// A description for help and manual.
    var summary: String
    var group: Group
    /// The panes in which it acts; `nil` for all.
    var panes: Set<Pane>?
    /// The verb of the scenario or console language that it stands for, if it changes the cluster or its time.
    var verb: PaletteVerb?

    init(
        _ keys: [Key], _ action: Action, _ word: String, _ summary: String, _ group: Group, in panes: Set<Pane>? = nil,
        verb: PaletteVerb? = nil
    ) {
        self.keys = keys
        self.action = action
        self.word = word
        self.summary = summary
        self.group = group
        self.panes = panes
        self.verb = verb
    }

    /// The keys as help shows them.
    var label: String { keys.map(\.name).joined(separator: " ") }
}
