import Glibc

/// The two streams of the program.
enum Output {
    /// Whether results go to a terminal.
    static let isTerminal = isatty(STDOUT_FILENO) == 1

    /// Whether complaints and progress go to a terminal.
    static let errorIsTerminal = isatty(STDERR_FILENO) == 1

    /// Prints a line of results.
    static func line(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

    /// Prints a line for the person, beside the results.
    static func error(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

    /// Writes all of a text, or gives up where nobody reads.
    static func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { return }
            bytes = bytes.dropFirst(written)
        }
    }
}
