import CNCurses
import CastyConsole
import Glibc

/// What the terminal supports, combined with the user's options.
enum TerminalAbility {
    static func tier(_ options: ConsoleOptions) -> GlyphTier {
        switch options.glyphs {
        case .unicode: .unicode
        case .acs: .acs
        case .ascii: .ascii
        case .auto: cnc_rich_glyphs() ? .unicode : .acs
        }
    }

    static func depth(_ options: ConsoleOptions) -> ColourDepth {
        let able = ColourDepth(colours: Int(cnc_colors()))
        switch options.colours {
        case .never: return .none
        case .sixteen: return min(able, .sixteen)
        case .all: return able
        case .auto: return isSet("NO_COLOR") ? .none : able
        }
    }

    private static func isSet(_ name: String) -> Bool {
        guard let value = getenv(name) else { return false }
        return value.pointee != 0
    }
}

/// The signals that the screen handles.
enum KnownSignal {
    static let interrupt = Int(SIGINT)
    static let suspend = Int(SIGTSTP)
    static let carryOn = Int(SIGCONT)
    static let resize = Int(SIGWINCH)
    static let terminate = Int(SIGTERM)
    static let hangUp = Int(SIGHUP)
    static let quit = Int(SIGQUIT)
}

/// Base 64, for the terminal's clipboard.
enum Base64 {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")

    static func encode(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var result = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let part = bytes[start..<min(start + 3, bytes.count)]
            var bits = 0
            for index in 0..<3 { bits = bits << 8 | (index < part.count ? Int(part[start + index]) : 0) }
            for index in 0..<4 {
                result.append(index <= part.count ? digits[bits >> (18 - 6 * index) & 63] : "=")
            }
        }
        return result
    }
}
