import Synchronization

/// Links the daemon to its cluster object, which is created after it.
final class DaemonLink: Sendable {
    private struct Holder: Sendable {
        weak var cluster: Cluster?
    }

    private let holder = Mutex(Holder())

    func connect(_ cluster: Cluster) { holder.withLock { $0.cluster = cluster } }

    var cluster: Cluster? { holder.withLock { $0.cluster } }
}
