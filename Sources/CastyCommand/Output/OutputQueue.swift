import CastyActors
import CastyLive
import Dispatch
import Synchronization

/// A stream with a thread that writes to it, so that a reader that does not read holds up that thread only.
final class OutputQueue: Sendable {
    private struct State: Sendable {
        var lines: BoundedLines
        var isWriting = false
        var hasFailed = false
    }

    private let state: Mutex<State>
    private let work = DispatchSemaphore(value: 0)
    private let write: @Sendable (String) -> Bool

    /// Starts the thread, which lives as long as the process.
    ///
    /// - Parameters:
    ///   - limit: The most bytes that wait.
    ///   - notice: The line in place of dropped ones.
    ///   - write: Writes a text, and takes as long as that takes; returns whether it could.
    init(
        limit: Int, notice: @escaping @Sendable (Int) -> String, write: @escaping @Sendable (String) -> Bool
    ) {
        state = Mutex(State(lines: BoundedLines(limit: limit, notice: notice)))
        self.write = write
        _ = LiveThread { [self] in run() }
    }

    /// Whether something could not be written. What comes later is dropped.
    var hasFailed: Bool { state.withLock { $0.hasFailed } }

    /// Adds whole lines; never waits.
    func add(_ text: String) {
        let isFirst = state.withLock { state -> Bool in
            if state.hasFailed { return false }
            let wasIdle = state.lines.isEmpty && !state.isWriting
            state.lines.add(text)
            return wasIdle
        }
        if isFirst { work.signal() }
    }

    /// Waits until all is written.
    ///
    /// - Returns: Whether it is.
    @discardableResult
    func drain(atMost limit: Duration?) -> Bool {
        let clock = ContinuousClock()
        let end = limit.map { clock.now + $0 }
        while true {
            let isDone = state.withLock { $0.hasFailed || ($0.lines.isEmpty && !$0.isWriting) }
            if isDone { return true }
            if let end, clock.now >= end { return false }
            Self.pause()
        }
    }

    private func run() -> Never {
        while true {
            work.wait()
            while let text = next() {
                if !write(text) { state.withLock { $0.hasFailed = true } }
            }
        }
    }

    private func next() -> String? {
        state.withLock { state in
            state.isWriting = !state.lines.isEmpty && !state.hasFailed
            return state.isWriting ? state.lines.take() : nil
        }
    }

    private static func pause() {
        let never = DispatchSemaphore(value: 0)
        _ = never.wait(timeout: .now() + .milliseconds(2))
    }
}
