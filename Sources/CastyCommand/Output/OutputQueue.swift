import CastyActors
import CastyCore
import CastyLive
import Dispatch
import Synchronization

/// A stream with its own writing thread, so that a slow reader blocks that thread only.
final class OutputQueue: Sendable {
    private struct State: Sendable {
        var lines: BoundedLines
        var isWriting = false
        var hasFailed = false
    }

    private let state: Mutex<State>
    private let work = DispatchSemaphore(value: 0)
    private let clock: LiveClock
    private let write: @Sendable (String) -> Bool

    /// Starts the thread, which runs until the process ends.
    ///
    /// - Parameters:
    ///   - limit: The most bytes in the queue.
    ///   - notice: The line that replaces dropped ones.
    ///   - clock: Measures how long to wait for the thread.
    ///   - write: Writes a text, blocking as long as needed; returns whether that succeeded.
    init(
        limit: Int, notice: @escaping @Sendable (Int) -> String, clock: LiveClock,
        write: @escaping @Sendable (String) -> Bool
    ) {
        self.clock = clock
        state = Mutex(State(lines: BoundedLines(limit: limit, notice: notice)))
        self.write = write
        _ = LiveThread { [self] in run() }
    }

    /// Whether a write has failed. Later text is dropped.
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

    /// Waits until everything is written.
    ///
    /// - Returns: Whether everything is written.
    @discardableResult
    func drain(atMost limit: Duration?) -> Bool {
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
