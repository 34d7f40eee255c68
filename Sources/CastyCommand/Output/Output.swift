import CastyCore
import CastyLive
import CastyObservability
import Glibc
import Synchronization

/// The two output streams of the program. Their text contains nothing that a terminal would interpret, except line
/// breaks.
enum Output {
    /// Whether results go to a terminal.
    static let isTerminal = isatty(STDOUT_FILENO) == 1

    /// Whether errors and progress go to a terminal.
    static let errorIsTerminal = isatty(STDERR_FILENO) == 1

    /// The exit code if results cannot be written.
    static let writeFailed: Int32 = 74

    private struct Queues: Sendable {
        let results: OutputQueue
        let errors: OutputQueue
        let mayDrop: Bool
    }

    private static let queues = Mutex<Queues?>(nil)

    /// Starts queues in memory, with a thread that writes their lines. Lines are dropped and counted if more than
    /// `limit` bytes are waiting: the rest of the process never waits for a reader.
    ///
    /// - Parameters:
    ///   - limit: The most bytes in a queue.
    ///   - mayDrop: Whether the process ends without waiting for a reader.
    ///   - notice: The line that replaces dropped lines of results.
    static func startQueues(limit: Int, mayDrop: Bool, notice: @escaping @Sendable (Int) -> String) {
        queues.withLock { queues in
            guard queues == nil else { return }
            let clock = LiveClock()
            queues = Queues(
                results: OutputQueue(limit: limit, notice: notice, clock: clock) { text in
                    guard let problem = writeAll(text, to: STDOUT_FILENO) else { return true }
                    // A node works on without its output; a command whose results are all that it does need not.
                    if !mayDrop { end(because: problem) }
                    return false
                },
                errors: OutputQueue(limit: min(limit, 1 << 20), notice: Self.notice, clock: clock) {
                    writeAll($0, to: STDERR_FILENO) == nil
                }, mayDrop: mayDrop)
        }
    }

    /// Whether the process ends without waiting for a reader.
    static var mayDrop: Bool { queues.withLock { $0?.mayDrop ?? false } }

    /// The line that replaces dropped lines, for programs.
    static let jsonNotice: @Sendable (Int) -> String = { count in
        var line = JSONLine()
        line.add("event", "output-dropped")
        line.add("lines", count)
        return line.text
    }

    /// The line that replaces dropped lines, for people.
    static let notice: @Sendable (Int) -> String = { count in
        "casty: \(count) \(count == 1 ? "line was" : "lines were") dropped, because nothing read the output"
    }

    /// Waits until the queues are empty; `nil` waits without a limit.
    ///
    /// - Returns: Whether all results have been written.
    @discardableResult
    static func drain(atMost limit: Duration?) -> Bool {
        guard let queues = queues.withLock({ $0 }) else { return true }
        let isWritten = queues.results.drain(atMost: limit)
        queues.errors.drain(atMost: limit ?? .seconds(1))
        return isWritten && !queues.results.hasFailed
    }

    /// Prints a line of results.
    static func line(_ text: String) { results(text.printableLines + "\n") }

    /// Prints a line for a person, separate from the results.
    static func error(_ text: String) {
        let text = (errorIsTerminal ? erased() : "") + text.printableLines + "\n"
        if let queue = queues.withLock({ $0?.errors }) { queue.add(text) } else { writeAll(text, to: STDERR_FILENO) }
    }

    /// Writes whole lines of results unchanged. If that fails and there is no queue, the process ends: it can no
    /// longer deliver its results.
    static func results(_ text: String) { deliver((isTerminal ? erased() : "") + text) }

    private static func deliver(_ text: String) {
        if let queue = queues.withLock({ $0?.results }) { return queue.add(text) }
        if let problem = writeAll(text, to: STDOUT_FILENO) { end(because: problem) }
    }

    /// Whether the last line of the terminal is one of progress, which the next text replaces.
    private static let isLineOpen = Atomic(false)
    private static let erase = "\r\u{1B}[K"

    /// What removes a line of progress, if there is one.
    private static func erased() -> String { isLineOpen.exchange(false, ordering: .relaxed) ? erase : "" }

    /// Shows progress on the terminal of errors, and replaces the previous progress.
    static func progress(_ text: String) {
        isLineOpen.store(!text.isEmpty, ordering: .relaxed)
        writeAll(erase + text.printable, to: STDERR_FILENO)
    }

    /// Shows progress on the terminal of results, and replaces the previous progress.
    static func status(_ text: String) {
        isLineOpen.store(!text.isEmpty, ordering: .relaxed)
        deliver(erase + text.printable)
    }

    private static func end(because problem: Int32) -> Never {
        // A reader that has closed the pipe, as `head` does, needs no message.
        if problem != EPIPE { error("casty: cannot write the results: \(String(cString: strerror(problem)))") }
        queues.withLock { $0?.errors }?.drain(atMost: .seconds(1))
        exit(writeFailed)
    }

    /// Writes a whole text.
    ///
    /// - Returns: The error number if that failed.
    @discardableResult
    private static func writeAll(_ text: String, to descriptor: Int32) -> Int32? {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written > 0 {
                bytes = bytes.dropFirst(written)
                continue
            }
            let problem = errno
            if written < 0, problem == EINTR { continue }
            if written < 0, problem == EAGAIN {
                // The other end of a shared terminal or socket has made it non-blocking.
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&waiting, 1, -1)
                continue
            }
            return written < 0 ? problem : EIO
        }
        return nil
    }
}
