import CNCurses
import CastyConsole

/// Converts terminal input to the console's keys; a bracketed paste becomes one piece of text.
struct KeyReader {
    /// Whether the terminal is gone.
    private(set) var gone = false
    private var paste = PasteBuffer()

    /// When an open paste ends by itself, on the user's clock.
    var deadline: Double? { paste.deadline }

    /// The next key, or `nil` when none waits.
    ///
    /// - Parameter now: The user's clock in seconds.
    mutating func next(now: Double) -> Key? {
        while true {
            let key = cnc_read_key()
            switch key.kind {
            case CNC_KEY_NONE: return paste.expire(now: now).map { .paste($0) }
            case CNC_KEY_GONE:
                gone = true
                return nil
            case CNC_KEY_PASTE_BEGIN: paste.begin(now: now)
            case CNC_KEY_PASTE_END: return .paste(paste.end())
            default:
                if paste.isOpen {
                    paste.add(key.kind == CNC_KEY_CHARACTER ? Unicode.Scalar(key.scalar) : nil, now: now)
                } else if let known = Self.key(key) {
                    return known
                }
            }
        }
    }

    private static func key(_ key: cnc_key) -> Key? {
        switch key.kind {
        case CNC_KEY_CHARACTER: character(key.scalar)
        case CNC_KEY_SPECIAL: special(key.special)
        case CNC_KEY_MOUSE: mouse(key)
        default: nil
        }
    }

    private static func character(_ value: UInt32) -> Key? {
        switch value {
        case 0x09: return .tab
        case 0x0A, 0x0D: return .enter
        case 0x1B: return .escape
        case 0x7F: return .backspace
        case 0x01...0x1A: return Unicode.Scalar(value + 0x60).map { .control(Character($0)) }
        case ..<0x20: return nil
        default: return Unicode.Scalar(value).map { .character(Character($0)) }
        }
    }

    private static func special(_ special: cnc_special) -> Key? {
        switch special {
        case CNC_UP: .up
        case CNC_DOWN: .down
        case CNC_LEFT: .left
        case CNC_RIGHT: .right
        case CNC_HOME: .home
        case CNC_END: .end
        case CNC_PAGE_UP: .pageUp
        case CNC_PAGE_DOWN: .pageDown
        case CNC_BACKTAB: .backTab
        case CNC_BACKSPACE: .backspace
        case CNC_DELETE: .delete
        case CNC_ENTER: .enter
        case CNC_F1: .help
        default: nil
        }
    }

    private static func mouse(_ key: cnc_key) -> Key? {
        let x = Int(key.column)
        let y = Int(key.row)
        switch key.mouse {
        case CNC_PRESS: return .press(x: x, y: y)
        case CNC_DRAG: return .drag(x: x, y: y)
        case CNC_RELEASE: return .release(x: x, y: y)
        case CNC_WHEEL_UP: return .wheel(x: x, y: y, up: true)
        case CNC_WHEEL_DOWN: return .wheel(x: x, y: y, up: false)
        default: return nil
        }
    }
}
