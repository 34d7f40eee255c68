import Glibc

/// The terminal that a command without a screen of its own writes to.
enum Screen {
    /// The value of an environment variable.
    static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    /// Whether a line can be replaced: on a terminal that can move the cursor.
    static func replacesLines(_ isTerminal: Bool) -> Bool {
        isTerminal && !["dumb", ""].contains(environment("TERM") ?? "")
    }

    /// The number of columns; 80 if it is unknown.
    static func columns(of descriptor: Int32) -> Int {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}
