package import CastyCore
import Synchronization

/// A disk that several nodes share, each over a path of its own that may be faulty: one node may be able to write when
/// another is not.
///
/// Appended bytes are in a cache until they are synced. A crash loses the bytes not synced, and so does a failed sync.
package final class SimulatedDisk: Sendable {
    private struct File {
        var bytes: [UInt8] = []
        /// How many of the bytes survive a crash.
        var synced = 0
        /// The node that appended the bytes not synced.
        var writer: String?
        /// How many times the bytes have changed.
        var changes: UInt64 = 0
    }

    private struct State {
        var files: [String: File] = [:]
        var troubles: [String: DiskTrouble] = [:]
        /// How many writes each node has left before it crashes.
        var writesLeft: [String: Int] = [:]
        var generator: SeededGenerator

        /// Counts a write of a node.
        ///
        /// - Returns: Whether the node crashes at it: from then on its path fails.
        mutating func crashes(_ node: String) -> Bool {
            guard let left = writesLeft[node] else { return false }
            writesLeft[node] = left - 1
            guard left <= 1 else { return false }
            lose(of: node)
            writesLeft[node] = nil
            troubles[node] = .failing
            return true
        }

        /// The bytes that a node has appended and not synced are gone.
        mutating func lose(of node: String) {
            for (name, file) in files where file.writer == node && file.synced < file.bytes.count {
                files[name]?.bytes.removeSubrange(file.synced...)
                files[name]?.changes += 1
            }
        }
    }

    private let state: Mutex<State>

    /// Creates an empty disk.
    ///
    /// - Parameter generator: Decides how much of a torn write arrives and which bit flips.
    package init(generator: SeededGenerator) {
        state = Mutex(State(generator: generator))
    }

    /// Injects a fault into a node's path to the disk, or removes it.
    package func set(_ trouble: DiskTrouble?, of node: String) { state.withLock { $0.troubles[node] = trouble } }

    /// The bytes of a file; empty where there is no such file.
    package func read(_ name: String, by node: String) throws(DiskError) -> [UInt8] {
        try state.withLock { state throws(DiskError) in
            let bytes = state.files[name]?.bytes ?? []
            switch state.troubles[node] {
            case .failing: throw .failed
            case .corrupt where !bytes.isEmpty:
                var flipped = bytes
                flipped[state.generator.below(bytes.count)] ^= 1 << UInt8(state.generator.below(8))
                return flipped
            case .corrupt, .full, .torn, .lostTail, nil: return bytes
            }
        }
    }

    /// Appends bytes to a file, which is created if needed. After a failure a part of them may be in the file.
    package func append(_ bytes: [UInt8], to name: String, by node: String) throws(DiskError) {
        try state.withLock { state throws(DiskError) in
            if state.crashes(node) {
                var file = state.files[name] ?? File()
                file.bytes += bytes.prefix(bytes.count / 2)
                file.synced = file.bytes.count
                file.changes += 1
                state.files[name] = file
                throw .failed
            }
            switch state.troubles[node] {
            case .full: throw .full
            case .failing: throw .failed
            case .torn:
                let part = bytes.prefix(state.generator.below(max(1, bytes.count)))
                var file = state.files[name] ?? File()
                file.bytes += part
                file.synced = file.bytes.count
                file.changes += 1
                state.files[name] = file
                throw .failed
            case .lostTail, .corrupt, nil:
                state.files[name, default: File()].bytes += bytes
                state.files[name]?.writer = node
                state.files[name]?.changes += 1
            }
        }
    }

    /// Makes appended bytes survive a crash. A failed sync loses those that were not yet synced.
    package func sync(_ name: String, by node: String) throws(DiskError) {
        try state.withLock { state throws(DiskError) in
            guard let file = state.files[name] else { return }
            if state.crashes(node) { throw .failed }
            switch state.troubles[node] {
            case .failing, .lostTail:
                state.files[name]?.bytes.removeSubrange(file.synced...)
                state.files[name]?.changes += 1
                throw .failed
            case .full, .torn, .corrupt, nil: state.files[name]?.synced = file.bytes.count
            }
        }
    }

    /// Truncates a file to a length in bytes.
    package func truncate(_ name: String, to length: Int, by node: String) throws(DiskError) {
        try state.withLock { state throws(DiskError) in
            guard let file = state.files[name], file.bytes.count > length else { return }
            if state.crashes(node) { throw .failed }
            switch state.troubles[node] {
            case .failing, .torn: throw .failed
            case .full, .lostTail, .corrupt, nil:
                state.files[name]?.bytes.removeSubrange(length...)
                state.files[name]?.synced = min(file.synced, length)
                state.files[name]?.changes += 1
            }
        }
    }

    /// Replaces the contents of a file atomically and synced, as renaming a new file does.
    package func replace(_ name: String, with bytes: [UInt8], by node: String) throws(DiskError) {
        try state.withLock { state throws(DiskError) in
            if state.crashes(node) { throw .failed }
            switch state.troubles[node] {
            case .full: throw .full
            case .failing, .torn, .lostTail: throw .failed
            case .corrupt, nil:
                let changes = state.files[name]?.changes ?? 0
                state.files[name] = File(bytes: bytes, synced: bytes.count, changes: changes + 1)
            }
        }
    }

    /// A node crashed: the bytes it appended and did not sync are lost.
    package func crash(of node: String) {
        state.withLock { $0.lose(of: node) }
    }

    /// Lets a node crash at one of its next writes: of an append half of the bytes arrive, other writes do not happen.
    /// From then on each of its operations fails, until ``set(_:of:)`` says otherwise.
    ///
    /// - Parameter write: Which of its next appends, syncs, truncations and replacements, from 1.
    package func crash(of node: String, atWrite write: Int) { state.withLock { $0.writesLeft[node] = write } }

    /// How many times the contents of these files have changed, together: as long as it stays, they are what they were.
    package func changes(of names: [String]) -> UInt64 {
        state.withLock { state in names.reduce(0) { $0 + (state.files[$1]?.changes ?? 0) } }
    }

    /// The names of all files, in order.
    package var names: [String] { state.withLock { $0.files.keys.sorted() } }
}

/// A fault in a node's path to the disk.
package enum DiskTrouble: String, Hashable, Sendable, CaseIterable {
    /// The disk is full.
    case full
    /// Every operation fails.
    case failing
    /// Only a part of each write arrives, and it cannot be undone.
    case torn
    /// Writes seem to succeed, but a sync fails and loses them.
    case lostTail
    /// A read returns the bytes with one bit flipped.
    case corrupt
}

/// Why a disk operation failed.
package enum DiskError: Error, Hashable, Sendable {
    case full
    case failed
}
