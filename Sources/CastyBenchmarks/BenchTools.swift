import CastyActors
import CastyCore
import CastyLive
import CastySerialization
import Dispatch
import Glibc
import Synchronization

/// The real time since the stopwatch was made.
struct Stopwatch: Sendable {
    private let start = Stopwatch.now

    private static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    var seconds: Double { Double(nanoseconds) / 1e9 }

    var nanoseconds: Int64 { Int64(Self.now - start) }
}

/// Blocks one thread until another opens the gate.
final class Gate: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)

    func open() { semaphore.signal() }

    /// Waits until the gate is open.
    ///
    /// - Throws: ``BenchError`` after the time limit: such a long wait means that something is broken.
    func wait(seconds: Int = 120) throws {
        guard semaphore.wait(timeout: .now() + .seconds(seconds)) == .success else {
            throw BenchError("no end after \(seconds) s")
        }
    }
}

/// An error from another thread.
final class Failure: Sendable {
    private let error = Mutex<(any Error)?>(nil)

    func note(_ error: any Error) { self.error.withLock { $0 = error } }

    /// Throws the last recorded error.
    func check() throws {
        if let error = error.withLock({ $0 }) { throw error }
    }
}

/// An atomic number that closures may share.
final class Shared: Sendable {
    let value: Atomic<Int>

    init(_ start: Int) {
        value = Atomic(start)
    }
}

extension Array where Element == Double {
    /// The value that this share, 0…1, of all values does not exceed; the array must be sorted and not empty.
    func quantile(_ share: Double) -> Double { self[Swift.min(count - 1, Int(Double(count) * share))] }
}

/// The operating system's figures about the machine and this process.
package enum Machine {
    /// The number of runnable threads, averaged over the last minute.
    package static var load: Double? {
        var loads = [0.0]
        return getloadavg(&loads, 1) == 1 ? loads[0] : nil
    }

    /// The memory in use by this process, in bytes.
    static var residentBytes: Double? {
        guard let file = fopen("/proc/self/statm", "r") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        guard fgets(&line, 256, file) != nil else { return nil }
        let words = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            .split(separator: " ")
        guard words.count > 1, let pages = Double(words[1]) else { return nil }
        return pages * Double(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// The processor time used by this process, in seconds.
    static var processorSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// Waits until the condition holds, and checks it every `pause` microseconds.
    ///
    /// - Throws: ``BenchError`` with the text `failure` after the time limit.
    static func wait(_ failure: String, seconds: Int = 60, every pause: UInt32 = 1000, until condition: () -> Bool)
        throws
    {
        let waited = Stopwatch()
        while !condition() {
            guard waited.seconds < Double(seconds) else { throw BenchError("\(failure) after \(seconds) s") }
            usleep(pause)
        }
    }
}
