import Foundation

/// The processes of a simulated run, seen from the console: their first one, which outlives all others, and what they
/// write to standard error.
struct WorkerProcesses {
    let first: pid_t
    let log: Int32

    /// How long they may take to end.
    private static let patience = 300

    /// Returns after all have ended. Their channels must be closed.
    func awaitEnd() {
        for _ in 0..<Self.patience {
            var status: Int32 = 0
            let result = waitpid(first, &status, WNOHANG)
            if result == first || (result < 0 && errno == ECHILD) { return }
            usleep(10_000)
        }
        // One of them hangs. The others have ended, and it holds nothing that is needed.
        kill(first, SIGKILL)
        waitpid(first, nil, 0)
    }

    /// What they wrote last, as the end of a sentence; empty if it was nothing.
    var lastWords: String {
        guard log >= 0 else { return "" }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let end = lseek(log, 0, SEEK_END)
        let count = pread(log, &bytes, bytes.count, max(0, end - off_t(bytes.count)))
        guard count > 0 else { return "" }
        let lines = String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n")
        // A trap says why in its own line, before the stack.
        let line = lines.last { $0.contains("Fatal error") } ?? lines.last ?? ""
        return line.isEmpty ? "" : ": \(line)"
    }
}
