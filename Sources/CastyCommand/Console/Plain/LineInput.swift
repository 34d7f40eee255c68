import CastyLive
import Glibc
import Synchronization

/// The lines of standard input, read by a thread of its own.
///
/// Not through a `FILE`: the end of the process would wait for the reader's lock.
final class LineInput: Sendable {
    /// The most bytes of a line; the rest of a longer one is dropped.
    static let longest = 1 << 16

    enum Next: Hashable, Sendable {
        case line(String, number: Int)
        case end
    }

    /// The most lines that wait; the writer of the pipe waits for the rest.
    private static let most = 1000

    private struct State: Sendable {
        var lines: [Next] = []
        var count = 0
    }

    private let state = Mutex(State())
    private let wakeup: Wakeup

    /// Starts to read; every line ends the sleep of `wakeup`.
    init(_ descriptor: Int32, wakeup: Wakeup) {
        self.wakeup = wakeup
        _ = LiveThread { [self] in read(descriptor) }
    }

    /// The next line or the end, if it is there.
    func take() -> Next? {
        state.withLock { state in
            guard let first = state.lines.first else { return nil }
            if first != .end { state.lines.removeFirst() }
            return first
        }
    }

    private func read(_ descriptor: Int32) {
        var chunk = [UInt8](repeating: 0, count: 4096)
        var line: [UInt8] = []
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            for byte in chunk[..<count] {
                if byte == 0x0A {
                    add(line)
                    line = []
                } else if line.count < Self.longest {
                    line.append(byte)
                }
            }
        }
        if !line.isEmpty { add(line) }
        state.withLock { $0.lines.append(.end) }
        wakeup.signal()
    }

    private func add(_ bytes: [UInt8]) {
        while state.withLock({ $0.lines.count }) >= Self.most { usleep(10_000) }
        let text = String(decoding: bytes.last == 0x0D ? bytes.dropLast() : bytes[...], as: UTF8.self)
        state.withLock { state in
            state.count += 1
            state.lines.append(.line(text, number: state.count))
        }
        wakeup.signal()
    }
}
