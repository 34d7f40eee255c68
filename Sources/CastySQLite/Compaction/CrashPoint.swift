import Glibc

/// Moments at which a test stops or kills the process; compiled in only for tests.
enum CrashPoint {
    /// Ends or stops the process where the environment names this moment: `CASTY_CRASH_AT=fold-page:3` for its third
    /// time, and `CASTY_STOP_AT` for a stop.
    static func reach(_ name: String) {
        #if Mutations
            Counter.shared.reach(name)
        #endif
    }
}

#if Mutations
    import Synchronization

    private final class Counter: Sendable {
        static let shared = Counter()
        private let counts = Mutex<[String: Int]>([:])

        func reach(_ name: String) {
            let count = counts.withLock { counts in
                counts[name, default: 0] += 1
                return counts[name, default: 0]
            }
            for (variable, signal) in [("CASTY_CRASH_AT", SIGKILL), ("CASTY_STOP_AT", SIGSTOP)] {
                guard let wanted = getenv(variable).map({ String(cString: $0) }) else { continue }
                if wanted == "\(name):\(count)" || wanted == "any:\(total)" { kill(getpid(), signal) }
            }
        }

        private var total: Int { counts.withLock { $0.values.reduce(0, +) } }
    }
#endif
