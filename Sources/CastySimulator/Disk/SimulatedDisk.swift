package import CastyCore
import Synchronization

/// A disk that several nodes reach, each over a way of its own that may be broken: what one node cannot write another one can.
///
/// What is appended is in a cache until it is synced. A crash loses what was not, and so does a sync that fails.
package final class SimulatedDisk: Sendable {
    private struct File {
        var bytes: [UInt8] = []
        /// How many of them survive a crash.
        var synced = 0
        /// Who appended what is not synced.
        var writer: String?
    }

    private struct State {
        var files: [String: File] = [:]
        var troubles: [String: DiskTrouble] = [:]
        var generator: SeededGenerator
    }

    private let state: Mutex<State>

    /// Makes an empty disk.
    ///
    /// - Parameter chance: Decides how much of a torn write arrives and which bit flips.
    package init(generator: SeededGenerator) {
        state = Mutex(State(generator: generator))
    }

    /// Breaks a node's way to the disk, or mends it.
    package func set(_ trouble: DiskTrouble?, of node: String) { state.withLock { $0.troubles[node] = trouble } }

    /// The bytes of a file, or none where there is no such file.
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

    /// Adds bytes to the end of a file, which is made if there is none. A failure may leave a part of them there.
    package func append(_ bytes: [UInt8], to name: String, by node: String) throws(DiskError) {
        try state.withLock { state throws(DiskError) in
            switch state.troubles[node] {
            case .full: throw .full
            case .failing: throw .failed
            case .torn:
                let part = bytes.prefix(state.generator.below(max(1, bytes.count)))
                var file = state.files[name] ?? File()
                file.bytes += part
                file.synced = file.bytes.count
                state.files[name] = file
                throw .failed
            case .lostTail, .corrupt, nil:
                state.files[name, default: File()].bytes += bytes
                state.files[name]?.writer = node
            }
        }
    }

    /// Makes what was appended safe from a crash. When this fails, what was not safe is gone.
    package func sync(_ name: String, by node: String) throws(DiskError) {
        try state.withLock { state throws(DiskError) in
            guard let file = state.files[name] else { return }
            switch state.troubles[node] {
            case .failing, .lostTail:
                state.files[name]?.bytes.removeSubrange(file.synced...)
                throw .failed
            case .full, .torn, .corrupt, nil: state.files[name]?.synced = file.bytes.count
            }
        }
    }

    /// Cuts a file off behind so many bytes.
    package func truncate(_ name: String, to length: Int, by node: String) throws(DiskError) {
        try state.withLock { state throws(DiskError) in
            guard let file = state.files[name], file.bytes.count > length else { return }
            switch state.troubles[node] {
            case .failing, .torn: throw .failed
            case .full, .lostTail, .corrupt, nil:
                state.files[name]?.bytes.removeSubrange(length...)
                state.files[name]?.synced = min(file.synced, length)
            }
        }
    }

    /// Puts other bytes in place of a file, at once or not at all, and synced: as a new file that is renamed.
    package func replace(_ name: String, with bytes: [UInt8], by node: String) throws(DiskError) {
        try state.withLock { state throws(DiskError) in
            switch state.troubles[node] {
            case .full: throw .full
            case .failing, .torn, .lostTail: throw .failed
            case .corrupt, nil: state.files[name] = File(bytes: bytes, synced: bytes.count)
            }
        }
    }

    /// A node crashed: what it had appended and not synced is gone.
    package func crash(of node: String) {
        state.withLock { state in
            for (name, file) in state.files where file.writer == node && file.synced < file.bytes.count {
                state.files[name]?.bytes.removeSubrange(file.synced...)
            }
        }
    }

    /// The names of all files, in order.
    package var names: [String] { state.withLock { $0.files.keys.sorted() } }
}

/// What is wrong with a node's way to the disk.
package enum DiskTrouble: String, Hashable, Sendable, CaseIterable {
    /// Nothing more fits on it.
    case full
    /// Nothing goes.
    case failing
    /// Only a part of each write arrives, and it cannot be taken back.
    case torn
    /// Writes seem to arrive, but a sync fails and loses them.
    case lostTail
    /// A bit of what is read is flipped.
    case corrupt
}

/// Why a disk did not do what it was asked.
package enum DiskError: Error, Hashable, Sendable {
    case full
    case failed
}
