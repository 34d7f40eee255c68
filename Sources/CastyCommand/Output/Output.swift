import CastyCore
import CastyObservability
import Glibc
import Synchronization

/// The two streams of the program. What goes out here contains nothing that a terminal would act on but line breaks.
enum Output {
    /// Whether results go to a terminal.
    static let isTerminal = isatty(STDOUT_FILENO) == 1

    /// Whether complaints and progress go to a terminal.
    static let errorIsTerminal = isatty(STDERR_FILENO) == 1

    /// The exit code where results cannot be written.
    static let writeFailed: Int32 = 74

    private struct Queues: Sendable {
        let results: OutputQueue
        let errors: OutputQueue
        let mayDrop: Bool
    }

    private static let queues = Mutex<Queues?>(nil)

    /// From now on lines wait in memory for a thread that writes them, and are dropped and counted where more than `limit` bytes wait: the rest of
    /// the process never waits for a reader.
    ///
    /// - Parameters:
    ///   - limit: The most bytes that wait.
    ///   - mayDrop: Whether the process ends without waiting for a reader.
    ///   - notice: What is written in place of lines of results that were dropped.
    static func startQueues(limit: Int, mayDrop: Bool, notice: @escaping @Sendable (Int) -> String) {
        queues.withLock { queues in
            guard queues == nil else { return }
            queues = Queues(
                results: OutputQueue(limit: limit, notice: notice) { writeAll($0, to: STDOUT_FILENO) == nil },
                errors: OutputQueue(limit: min(limit, 1 << 20), notice: Self.notice) {
                    writeAll($0, to: STDERR_FILENO) == nil
                }, mayDrop: mayDrop)
        }
    }

    /// Whether the process ends without waiting for a reader.
    static var mayDrop: Bool { queues.withLock { $0?.mayDrop ?? false } }

    /// What is written in place of dropped lines, for programs.
    static let jsonNotice: @Sendable (Int) -> String = { count in
        var line = JSONLine()
        line.add("event", "output-dropped")
        line.add("lines", count)
        return line.text
    }

    /// What is written in place of dropped lines, for people.
    static let notice: @Sendable (Int) -> String = { count in
        "casty: \(count) \(count == 1 ? "line was" : "lines were") dropped, because nothing read the output"
    }

    /// Waits until the queues are empty; `nil` waits for as long as it takes.
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

    /// Prints a line for the person, beside the results.
    static func error(_ text: String) {
        let text = text.printableLines + "\n"
        if let queue = queues.withLock({ $0?.errors }) { queue.add(text) } else { writeAll(text, to: STDERR_FILENO) }
    }

    /// Writes whole lines of results as they are. Where that fails and there is no queue, the process ends: nothing it could find out would be read.
    static func results(_ text: String) {
        if let queue = queues.withLock({ $0?.results }) { return queue.add(text) }
        if let problem = writeAll(text, to: STDOUT_FILENO) { end(because: problem) }
    }

    /// Shows progress on a terminal, in place of what was shown before.
    static func progress(_ text: String) { writeAll("\r\u{1B}[K" + text.printable, to: STDERR_FILENO) }

    private static func end(because problem: Int32) -> Never {
        // A reader that has gone, as `head` does, knows why.
        if problem != EPIPE { error("casty: cannot write the results: \(String(cString: strerror(problem)))") }
        exit(writeFailed)
    }

    /// Writes all of a text.
    ///
    /// - Returns: The error number where that failed.
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
                // The other end of a shared terminal or socket has made it so that writes do not wait.
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&waiting, 1, -1)
                continue
            }
            return written < 0 ? problem : EIO
        }
        return nil
    }
}
