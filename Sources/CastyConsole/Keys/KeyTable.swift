/// Every key of the console. The first entry that fits the focused pane counts.
enum KeyTable {
    static let bindings: [KeyBinding] = here + cluster + entities + time + view + general

    private static func keys(_ text: String) -> [Key] { text.map { .character($0) } }

    private static let here: [KeyBinding] = [
        KeyBinding(keys("O"), .observer, "view", "whose view? the next observer", .here),
        KeyBinding(keys("c"), .mode, "mode", "colour by owner, entities or traffic", .here, in: [.shards]),
        KeyBinding(
            keys("v"), .level, "level", "least level shown: debug, info, warning, fault", .here,
            in: [.events, .flow, .why]),
        KeyBinding(keys("<"), .sortLeft, "sort", "sort by the column to the left", .here, in: [.members]),
        KeyBinding(keys(">"), .sortRight, "sort", "sort by the column to the right", .here, in: [.members]),
        KeyBinding(keys("I"), .sortInvert, "invert", "invert the order", .here, in: [.members]),
        KeyBinding([.enter], .open, "open", "look closer: why, or what is inside", .here),
        KeyBinding(keys("w"), .why, "why", "why is this so? the chain of causes", .here),
        KeyBinding(keys(" "), .mark, "mark", "mark or unmark the node under the cursor", .here),
        KeyBinding(keys("*"), .markAll, "all", "mark all nodes, or none", .here),
        KeyBinding(keys("y"), .copy, "copy", "copy the row to the clipboard", .here),
    ]

    private static let cluster: [KeyBinding] = [
        KeyBinding(keys("a"), .addNode, "add", "add a node", .cluster, verb: "start"),
        KeyBinding(keys("K"), .kill, "kill", "kill: a crash without goodbye (asks)", .cluster, verb: "kill"),
        KeyBinding(keys("T"), .freeze, "freeze", "freeze: alive but silent", .cluster, verb: "freeze"),
        KeyBinding(keys("t"), .thaw, "thaw", "thaw a frozen node", .cluster, verb: "thaw"),
        KeyBinding(keys("r"), .restart, "restart", "restart a dead node (asks)", .cluster, verb: "restart"),
        KeyBinding(keys("L"), .leave, "leave", "leave gracefully (asks)", .cluster, verb: "leave"),
        KeyBinding(keys("D"), .markDown, "down", "mark an unreachable node down (asks)", .cluster, verb: "down"),
        KeyBinding(
            keys("x"), .cutOneWay, "cut", "cut or heal the link, one way (Network); else cut the node off",
            .cluster, verb: "cut"),
        KeyBinding(
            keys("X"), .cutBothWays, "cut", "cut or heal the link both ways; else cut the node off", .cluster,
            verb: "cut"),
        KeyBinding(keys("P"), .partition, "split", "partition the marked nodes from the rest", .cluster, verb: "cut"),
        KeyBinding(keys("H"), .healAll, "heal", "heal all links", .cluster, verb: "heal"),
        KeyBinding(keys("d"), .delay, "delay", "delay a link", .cluster, in: [.network], verb: "link"),
        KeyBinding(keys("o"), .loss, "loss", "lose a share on a link", .cluster, in: [.network], verb: "link"),
    ]

    private static let entities: [KeyBinding] = [
        KeyBinding(keys("s"), .spawnOne, "spawn", "spawn an entity", .entities, verb: "spawn"),
        KeyBinding(keys("S"), .spawnMany, "spawn", "spawn many entities", .entities, verb: "spawn"),
        KeyBinding(keys("e"), .send, "send", "send an envelope to an entity", .entities, verb: "tell"),
        KeyBinding(keys("E"), .load, "load", "start a load", .entities, verb: "load"),
        KeyBinding(
            keys("m"), .moveShard, "move", "move the shard to a node", .entities, in: [.shards], verb: "move"),
    ]

    private static let time: [KeyBinding] = [
        KeyBinding(keys("p"), .pause, "pause", "pause or play virtual time", .time, verb: "pause"),
        KeyBinding(keys("."), .step, "step", "one tick forward", .time, verb: "step"),
        KeyBinding(keys(","), .back, "back", "one tick back", .time, verb: "back"),
        KeyBinding(keys("+"), .faster, "speed", "twice as fast", .time, verb: "speed"),
        KeyBinding(keys("-"), .slower, "speed", "half as fast", .time, verb: "speed"),
        KeyBinding(keys("="), .normalSpeed, "speed", "back to normal speed", .time, verb: "speed"),
        KeyBinding(keys("u"), .undo, "undo", "undo the last fault you injected", .time, verb: "undo"),
        KeyBinding(keys("U"), .redo, "redo", "inject it again", .time, verb: "redo"),
        KeyBinding(keys("R"), .record, "record", "record on or off", .time, verb: "record"),
        KeyBinding(keys("["), .previousFault, "fault", "the previous fault in the events", .time),
        KeyBinding(keys("]"), .nextFault, "fault", "the next fault in the events", .time),
    ]

    private static let view: [KeyBinding] = [
        KeyBinding([.tab], .nextPane, "pane", "the next pane", .view),
        KeyBinding([.backTab], .previousPane, "pane", "the previous pane", .view),
        KeyBinding(keys("}"), .nextTab, "tab", "the next tab of this place", .view),
        KeyBinding(keys("{"), .previousTab, "tab", "the previous tab of this place", .view),
        KeyBinding(keys("z"), .zoom, "zoom", "this pane alone, or all again", .view),
        KeyBinding([.up, .character("k")], .up, "up", "up", .view),
        KeyBinding([.down, .character("j")], .down, "down", "down", .view),
        KeyBinding([.left, .character("h")], .left, "left", "left", .view),
        KeyBinding([.right, .character("l")], .right, "right", "right", .view),
        KeyBinding([.character("g"), .home], .top, "top", "the first", .view),
        KeyBinding([.character("G"), .end], .bottom, "end", "the last", .view),
        KeyBinding([.pageUp], .pageUp, "page", "a page up", .view),
        KeyBinding([.pageDown], .pageDown, "page", "a page down", .view),
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
        KeyBinding(keys("/"), .filter, "filter", "filter this pane", .general),
        KeyBinding(keys("n"), .nextMatch, "next", "the next match", .general),
        KeyBinding(keys("N"), .previousMatch, "previous", "the previous match", .general),
        KeyBinding([.escape], .escape, "back", "close, clear the filter, unmark, unzoom, live", .general),
        KeyBinding([.character("q"), .control("c")], .quit, "quit", "leave (asks; Ctrl-C twice at once)", .general),
        KeyBinding([.control("z")], .suspend, "suspend", "suspend; bg keeps the cluster running", .general),
    ]

    private static let index: [Key: [KeyBinding]] = {
        var index: [Key: [KeyBinding]] = [:]
        for binding in bindings {
            for key in binding.keys { index[key, default: []].append(binding) }
        }
        return index
    }()

    /// What a key does in a pane; the second value says where it would act, if not here.
    static func binding(for key: Key, in pane: Pane) -> (here: KeyBinding?, elsewhere: KeyBinding?) {
        let all = index[key] ?? []
        return (all.first { $0.panes?.contains(pane) ?? true }, all.first)
    }

    /// The keys that act in a pane, its own first.
    static func bindings(in pane: Pane) -> [KeyBinding] {
        let fitting = bindings.filter { $0.panes?.contains(pane) ?? true }
        return fitting.filter { $0.panes != nil } + fitting.filter { $0.panes == nil }
    }
}
