import CastyScenario

/// Every key of the console, as it is without a configuration file.
enum KeyTable {
    static let bindings: [KeyBinding] = here + cluster + entities + time + view + general

    private static func keys(_ text: String) -> [Key] { text.map { .character($0) } }

    private static let notEvents = Set(Pane.allCases).subtracting([.events])

    private static let here: [KeyBinding] = [
        KeyBinding(keys("O"), .observer, "view", "whose view? the next observer", .here),
        KeyBinding(keys("c"), .mode, "mode", "colour by owner, entities or traffic", .here, in: [.shards]),
        KeyBinding(
            keys("v"), .level, "level", "least level shown: debug, info, warning, fault", .here,
            in: [.events, .why]),
        KeyBinding(
            keys("v"), .level, "which", "which messages are shown: all, without heartbeats and acks, shards, gossip",
            .here,
            in: [.flow]),
        KeyBinding(keys("<"), .sort(.left), "sort", "sort by the column to the left", .here, in: [.members]),
        KeyBinding(keys(">"), .sort(.right), "sort", "sort by the column to the right", .here, in: [.members]),
        KeyBinding(keys("I"), .sort(.invert), "invert", "invert the order", .here, in: [.members]),
        KeyBinding(
            [.left, .character("h")], .scrub(.earlier), "earlier", "all panes a second earlier", .here, in: [.events],
            verb: .console(.back)),
        KeyBinding(
            [.right, .character("l")], .scrub(.later), "later", "all panes a second later", .here, in: [.events],
            verb: .console(.step)),
        KeyBinding([.enter], .open, "open", "look closer: why, or what is inside; an event: go to its moment", .here),
        KeyBinding(
            keys("V"), .rectangle, "area", "select a rectangle of links; the mouse drags one", .here, in: [.network]),
        KeyBinding(keys("i"), .inspect, "inspect", "all that is known of the node or the shard", .here),
        KeyBinding(
            keys("f"), .follow, "follow",
            "follow the incarnation under the cursor; elsewhere the newest event; or no longer", .here),
        KeyBinding(keys("w"), .why, "why", "why is this so? the chain of causes", .here),
        KeyBinding(keys(" "), .mark, "mark", "mark or unmark the node under the cursor", .here),
        KeyBinding(keys("*"), .markAll, "all", "mark all nodes, or none", .here),
        KeyBinding(keys("y"), .copy, "copy", "copy the row to the clipboard", .here),
    ]

    private static let cluster: [KeyBinding] = [
        KeyBinding(keys("a"), .node(.add), "add", "add a node", .cluster, verb: .scenario(.start)),
        KeyBinding(
            keys("K"), .node(.kill), "kill", "kill: a crash without goodbye (asks)", .cluster, verb: .scenario(.kill)),
        KeyBinding(keys("T"), .node(.freeze), "freeze", "freeze: alive but silent", .cluster, verb: .scenario(.freeze)),
        KeyBinding(keys("t"), .node(.thaw), "thaw", "thaw a frozen node", .cluster, verb: .scenario(.thaw)),
        KeyBinding(
            keys("r"), .node(.restart), "restart", "restart a dead node (asks)", .cluster, verb: .scenario(.restart)),
        KeyBinding(keys("L"), .node(.leave), "leave", "leave gracefully (asks)", .cluster, verb: .scenario(.leave)),
        KeyBinding(
            keys("D"), .node(.down), "down", "mark an unreachable node down (asks)", .cluster, verb: .scenario(.down)),
        KeyBinding(
            keys("x"), .link(.cutOneWay), "cut", "cut off the node; in Network the link, one way",
            .cluster, verb: .scenario(.cut)),
        KeyBinding(
            keys("X"), .link(.cutBothWays), "both", "cut off the node; in Network the link, both ways", .cluster,
            verb: .scenario(.cut)),
        KeyBinding(
            keys("P"), .link(.partition), "split", "partition the marked nodes from the rest", .cluster,
            verb: .scenario(.cut)),
        KeyBinding(
            keys("H"), .link(.healAll), "heal", "heal all links: cuts, delays and losses", .cluster,
            verb: .scenario(.heal)),
        KeyBinding(keys("d"), .link(.delay), "delay", "delay a link", .cluster, in: [.network], verb: .scenario(.link)),
        KeyBinding(
            keys("o"), .link(.loss), "loss", "lose a share on a link", .cluster, in: [.network], verb: .scenario(.link)),
    ]

    private static let entities: [KeyBinding] = [
        KeyBinding(keys("s"), .prompt(.spawnOne), "spawn", "spawn an entity", .entities, verb: .scenario(.spawn)),
        KeyBinding(keys("S"), .prompt(.spawnMany), "spawn", "spawn many entities", .entities, verb: .scenario(.spawn)),
        KeyBinding(
            keys("e"), .prompt(.send), "send", "send an envelope to an entity", .entities, verb: .scenario(.tell)),
        KeyBinding(
            keys("E"), .prompt(.load), "load", "start a load, or stop those that run", .entities, verb: .scenario(.load)
        ),
        KeyBinding(
            keys("m"), .prompt(.moveShard), "move", "move the shard to a node", .entities, in: [.shards],
            verb: .scenario(.move)),
    ]

    private static let time: [KeyBinding] = [
        KeyBinding(keys("p"), .pause, "pause", "pause or play virtual time", .time, verb: .console(.pause)),
        KeyBinding(
            keys("."), .step, "step", "one tick forward; in the past of a live cluster, the next moment", .time,
            verb: .console(.step)),
        KeyBinding(keys(","), .back, "back", "one tick back; live, the moment before", .time, verb: .console(.back)),
        KeyBinding(keys("+"), .speed(.faster), "speed", "twice as fast", .time, verb: .console(.speed)),
        KeyBinding(keys("-"), .speed(.slower), "speed", "half as fast", .time, verb: .console(.speed)),
        KeyBinding(keys("="), .speed(.normal), "speed", "back to normal speed", .time, verb: .console(.speed)),
        KeyBinding(keys("u"), .undo, "undo", "undo the last fault you injected", .time, verb: .console(.undo)),
        KeyBinding(keys("U"), .redo, "redo", "inject again what was undone last", .time, verb: .console(.redo)),
        KeyBinding([.end], .live, "live", "from the past back to live, or to the newest; otherwise the last", .time),
        KeyBinding(keys("b"), .bookmark, "bookmark", "remember this moment", .time),
        KeyBinding(keys("B"), .bookmarks, "bookmarks", "go to a remembered moment", .time),
        KeyBinding(
            keys("A"), .watches, "watches", "what is watched; :until, :always and :never take conditions and events",
            .time),
        KeyBinding(
            keys("F"), .prompt(.whatIf), "what if", "two futures from here, side by side: with a change and without",
            .time, verb: .console(.whatIf)),
        KeyBinding(keys("["), .previousFault, "fault", "the previous fault in the events", .time),
        KeyBinding(keys("]"), .nextFault, "fault", "the next fault in the events", .time),
    ]

    private static let view: [KeyBinding] =
        [
            KeyBinding([.tab], .turn(.nextPane), "pane", "the next pane", .view),
            KeyBinding([.backTab], .turn(.previousPane), "pane", "the previous pane", .view),
            KeyBinding(keys("}"), .turn(.nextTab), "tab", "the next tab of this slot", .view),
            KeyBinding(keys("{"), .turn(.previousTab), "tab", "the previous tab of this slot", .view),
            KeyBinding(keys("z"), .turn(.zoom), "zoom", "this pane alone, or all again", .view),
            KeyBinding(
                keys("Z"), .turn(.preset), "layout", "the next layout: all panes, two rows, two columns, your own",
                .view),
            KeyBinding([.up, .character("k")], .move(.up), "up", "up", .view),
            KeyBinding([.down, .character("j")], .move(.down), "down", "down", .view),
            KeyBinding([.left, .character("h")], .move(.left), "left", "left", .view, in: notEvents),
            KeyBinding([.right, .character("l")], .move(.right), "right", "right", .view, in: notEvents),
            KeyBinding([.character("g"), .home], .move(.top), "top", "the first", .view),
            KeyBinding(keys("G"), .move(.bottom), "end", "the last", .view),
            KeyBinding([.pageUp], .move(.pageUp), "page", "a page up", .view),
            KeyBinding([.pageDown], .move(.pageDown), "page", "a page down", .view),
            KeyBinding([.control("f")], .freezeView, "still", "freeze the view only; the data goes on", .view),
            KeyBinding([.control("l")], .repaint, "repaint", "draw everything again", .view),
        ]
        + Pane.allCases.map { pane in
            KeyBinding(
                keys(String(pane.rawValue)), .pane(pane), pane.title.lowercased(), "the pane \(pane.title)", .view)
        }

    private static let general: [KeyBinding] = [
        KeyBinding([.character("?"), .help], .help, "help", "this help: type to filter, Enter runs", .general),
        KeyBinding(keys(":"), .palette, "cmd", "the command line", .general),
        KeyBinding(
            keys("/"), .filter, "filter", "filter this pane: words, !word, key=value; in Shards, find entities",
            .general),
        KeyBinding(keys("n"), .move(.nextMatch), "next", "the next match", .general),
        KeyBinding(keys("N"), .move(.previousMatch), "previous", "the previous match", .general),
        KeyBinding([.escape], .escape, "back", "close, clear the filter, unmark, unzoom, live", .general),
        KeyBinding([.character("q"), .control("c")], .quit, "quit", "leave (asks; Ctrl-C twice at once)", .general),
        KeyBinding(keys("W"), .save, "save", "save this moment: scenario, SVG, film, story", .general),
        KeyBinding([.control("z")], .suspend, "suspend", "suspend; bg keeps the cluster running", .general),
    ]
}
