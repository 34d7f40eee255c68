import CastyCore
public import CastyMembership
import Dispatch
import Glibc

/// The lease as a file, for nodes in several processes on one machine.
///
/// ```swift
/// var config = ClusterConfig.lan(seeds: seeds)
/// config.downing = .leaseMajority()
/// config.majorityLease = FileMajorityLease("/var/lib/shop/lease")
/// ```
///
/// Every change is made under a file lock that the system releases when its process dies. The new content is written
/// beside the file, flushed, and renamed over it, so the file is always whole, even if a process or the machine dies. A
/// file with any other content is never overwritten: it counts as an error, which is a no, until a person has looked at
/// it. Times are those of the machine's calendar clock.
public final class FileMajorityLease: MajorityLease {
    /// The path of the lease file. Beside it stand `PATH.lock` and, for moments, `PATH.new`.
    public let path: String
    private let queue = DispatchQueue(label: "casty.lease")
    private let patience: Duration

    /// Creates a lease in a file; the file itself is created on the first claim.
    ///
    /// - Parameters:
    ///   - path: The file, in a folder that all nodes can write to.
    ///   - patience: How long to wait for another process that holds the lock.
    public init(_ path: String, patience: Duration = .seconds(1)) {
        self.path = path
        self.patience = patience
    }

    /// Requests the lease, or renews it.
    public func acquire(_ claim: LeaseClaim, answer: @escaping @Sendable (Result<Bool, LeaseError>) -> Void) {
        queue.async {
            let bad = ([claim.owner] + claim.losers).first { !LeaseRecord.isName($0) }
            if let bad { return answer(.failure(LeaseError(.badName, "'\(bad)' cannot be written into a lease"))) }
            answer(self.change { $0.claim(claim, at: $1) })
        }
    }

    /// Releases the lease. Where that fails, the lease expires by itself.
    public func release(owner: String) {
        queue.async { _ = self.change { record, _ in record.release(owner) } }
    }

    /// Undoes the last claim that the owner was granted.
    public func withdraw(owner: String) {
        queue.async { _ = self.change { record, _ in record.withdraw(owner) } }
    }

    /// The present content of the file.
    package func contents() -> Result<LeaseRecord, LeaseError> { locked { () throws(LeaseError) in try read() } }

    private func change<Answer>(_ edit: (inout LeaseRecord, Instant) -> Answer) -> Result<Answer, LeaseError> {
        locked { () throws(LeaseError) in
            let before = try read()
            var record = before
            let answer = edit(&record, Self.now)
            if record != before { try write(record.text) }
            return answer
        }
    }

    private static var now: Instant {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Instant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    /// Runs `body` while no other lease object, in this process or another, runs its own.
    private func locked<Answer>(_ body: () throws(LeaseError) -> Answer) -> Result<Answer, LeaseError> {
        let lock = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard lock >= 0 else { return .failure(problem("cannot open \(path).lock")) }
        defer { close(lock) }
        let attempts = max(1, patience.nanoseconds / 10_000_000)
        for attempt in 1...attempts {
            if flock(lock, LOCK_EX | LOCK_NB) == 0 {
                do throws(LeaseError) { return .success(try body()) } catch { return .failure(error) }
            }
            guard errno == EWOULDBLOCK || errno == EINTR else { return .failure(problem("cannot lock \(path).lock")) }
            if attempt < attempts { usleep(10_000) }
        }
        return .failure(LeaseError(.busy, "another process keeps \(path).lock locked"))
    }

    private func read() throws(LeaseError) -> LeaseRecord {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        if file < 0, errno == ENOENT { return LeaseRecord() }
        guard file >= 0 else { throw problem("cannot open \(path)") }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: Self.mostBytes + 1)
        var count = 0
        while count < bytes.count {
            let more = bytes.withUnsafeMutableBytes {
                Glibc.read(file, $0.baseAddress?.advanced(by: count), $0.count - count)
            }
            if more < 0 { throw problem("cannot read \(path)") }
            if more == 0 { break }
            count += more
        }
        guard count <= Self.mostBytes, let text = String(validating: bytes[..<count], as: UTF8.self),
            let record = LeaseRecord(text: text)
        else { throw LeaseError(.malformed, "\(path) is not a lease; nothing is written over it") }
        return record
    }

    private func write(_ text: String) throws(LeaseError) {
        // A text that is too long to be read back must not be written. Losers expire with time, so there will be room
        // again.
        guard text.utf8.count <= Self.mostBytes else { throw LeaseError(.full, "\(path) has no room for more losers") }
        let file = open(path + ".new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw problem("cannot open \(path).new") }
        let bytes = Array(text.utf8)
        var written = 0
        while written < bytes.count {
            let more = bytes.withUnsafeBytes {
                Glibc.write(file, $0.baseAddress?.advanced(by: written), $0.count - written)
            }
            if more <= 0 { break }
            written += more
        }
        let isWhole = written == bytes.count && fsync(file) == 0
        let failure = problem("cannot write \(path).new")
        guard close(file) == 0, isWhole else { throw failure }
        guard rename(path + ".new", path) == 0 else { throw problem("cannot put \(path).new in its place") }
        // The rename itself must survive a crash of the machine.
        let slash = path.lastIndex(of: "/")
        let folder = open(slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? ".", O_RDONLY | O_CLOEXEC)
        guard folder >= 0 else { throw problem("cannot open the folder of \(path)") }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw problem("cannot flush the folder of \(path)") }
    }

    private func problem(_ what: String) -> LeaseError {
        LeaseError(.unavailable, "\(what): \(String(cString: strerror(errno)))")
    }

    private static let mostBytes = 1 << 20
}
