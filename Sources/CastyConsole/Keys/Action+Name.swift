extension Action {
    /// The name in the configuration file: what a key is given to.
    var name: String {
        switch self {
        case .help: "help"
        case .palette: "palette"
        case .filter: "filter"
        case .escape: "escape"
        case .quit: "quit"
        case .turn(let turn): turn.name
        case .pane(let pane): "pane-\(pane.title.lowercased())"
        case .move(let move): move.name
        case .sort(.left): "sort-left"
        case .sort(.right): "sort-right"
        case .sort(.invert): "sort-invert"
        case .pause: "pause"
        case .step: "step"
        case .back: "back"
        case .speed(.faster): "faster"
        case .speed(.slower): "slower"
        case .speed(.normal): "normal-speed"
        case .previousFault: "previous-fault"
        case .nextFault: "next-fault"
        case .scrub(.earlier): "earlier"
        case .scrub(.later): "later"
        case .live: "live"
        case .bookmark: "bookmark"
        case .bookmarks: "bookmarks"
        case .watches: "watches"
        case .undo: "undo"
        case .redo: "redo"
        case .freezeView: "freeze-view"
        case .repaint: "repaint"
        case .suspend: "suspend"
        case .mark: "mark"
        case .markAll: "mark-all"
        case .open: "open"
        case .why: "why"
        case .copy: "copy"
        case .save: "save"
        case .node(let action): action.name
        case .link(let action): action.name
        case .prompt(let prompt): prompt.name
        case .inspect: "inspect"
        case .follow: "follow"
        case .rectangle: "rectangle"
        case .observer: "observer"
        case .mode: "mode"
        case .level: "level"
        }
    }
}

extension Action.Turn {
    fileprivate var name: String {
        switch self {
        case .nextPane: "next-pane"
        case .previousPane: "previous-pane"
        case .nextTab: "next-tab"
        case .previousTab: "previous-tab"
        case .zoom: "zoom"
        case .preset: "layout"
        }
    }
}

extension Action.Move {
    fileprivate var name: String {
        switch self {
        case .up: "up"
        case .down: "down"
        case .left: "left"
        case .right: "right"
        case .top: "top"
        case .bottom: "bottom"
        case .pageUp: "page-up"
        case .pageDown: "page-down"
        case .nextMatch: "next-match"
        case .previousMatch: "previous-match"
        }
    }
}

extension Action.NodeAction {
    fileprivate var name: String {
        switch self {
        case .add: "add"
        case .kill: "kill"
        case .leave: "leave"
        case .down: "mark-down"
        case .restart: "restart"
        case .thaw: "thaw"
        case .freeze: "freeze"
        }
    }
}

extension Action.LinkAction {
    fileprivate var name: String {
        switch self {
        case .cutOneWay: "cut"
        case .cutBothWays: "cut-both-ways"
        case .partition: "partition"
        case .healAll: "heal-all"
        case .delay: "delay"
        case .loss: "loss"
        }
    }
}

extension Action.Prompting {
    fileprivate var name: String {
        switch self {
        case .spawnOne: "spawn"
        case .spawnMany: "spawn-many"
        case .send: "send"
        case .load: "load"
        case .moveShard: "move-shard"
        case .whatIf: "what-if"
        }
    }
}
