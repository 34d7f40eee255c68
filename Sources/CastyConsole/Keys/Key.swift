/// One key press or one mouse action.
package enum Key: Hashable, Sendable {
    case character(Character)
    case control(Character)
    case up, down, left, right, home, end, pageUp, pageDown
    case tab, backTab, enter, escape, backspace, delete, help
    case press(x: Int, y: Int)
    case drag(x: Int, y: Int)
    case release(x: Int, y: Int)
    case wheel(x: Int, y: Int, up: Bool)
    /// Pasted text, as one piece: never a series of keys.
    case paste(String)

    /// The key's name as footers, help and the manual show it.
    package var name: String {
        switch self {
        case .character(" "): "Space"
        case .character(let character): String(character)
        case .control(let character): "Ctrl-\(character.uppercased())"
        case .up: "↑"
        case .down: "↓"
        case .left: "←"
        case .right: "→"
        case .home: "Home"
        case .end: "End"
        case .pageUp: "PgUp"
        case .pageDown: "PgDn"
        case .tab: "Tab"
        case .backTab: "Shift-Tab"
        case .enter: "Enter"
        case .escape: "Esc"
        case .backspace: "Backspace"
        case .delete: "Delete"
        case .help: "F1"
        case .press: "click"
        case .drag: "drag"
        case .release: "release"
        case .wheel: "wheel"
        case .paste: "paste"
        }
    }
}
