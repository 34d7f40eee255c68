import Dispatch
import Glibc
import Synchronization

/// Calls back at each signal that asks the process to end, with the number of such signals so far.
final class Signals {
    private let sources: [any DispatchSourceSignal]

    /// - Parameter numbers: The signals; all of them ask the process to end.
    init(_ numbers: [Int32] = [SIGINT, SIGTERM, SIGHUP], _ action: @escaping @Sendable (Int) -> Void) {
        let queue = DispatchQueue(label: "signals")
        let count = SignalCount()
        sources = numbers.compactMap { number in
            // Under nohup, the loss of the terminal must have no effect.
            let isIgnored = unsafeBitCast(signal(number, SIG_IGN), to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
            if number == SIGHUP, isIgnored { return nil }
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { action(count.next()) }
            source.resume()
            return source
        }
    }

    func end() {
        for source in sources { source.cancel() }
    }
}

/// Counts signals.
private final class SignalCount: Sendable {
    private let count = Atomic(0)

    func next() -> Int { count.wrappingAdd(1, ordering: .relaxed).newValue }
}
