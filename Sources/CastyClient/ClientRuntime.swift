import CastyCore
import CastyLive
import CastySharding
import Synchronization

/// The threads and the transport of a client, and its end.
///
/// ```
///   made ──start──▶ running ──close──▶ closing ──▶ ended
///     └───────────close───────────────────▲
/// ```
final class ClientRuntime: Sendable {
    fileprivate enum Phase: Sendable {
        case made, running
        /// What to call at the end.
        case closing([@Sendable () -> Void])
        case ended
    }

    private let live: LiveWorld
    private let host: LiveNode
    /// What is called at the end of a client that is not closing yet.
    private let state = Mutex<(phase: Phase, whenEnded: [@Sendable () -> Void])>((.made, []))
    /// How long connections may take to end.
    private static let patience = Duration.seconds(2)

    /// - Parameter protection: What protects the connections; `nil` for nothing.
    init(workers: Int, _ protection: (any ConnectionProtection)?) {
        live = LiveWorld(workers: workers)
        host = live.node(transport: TCPTransport(protection: protection))
    }

    var world: NodeWorld { host.world }

    func start(_ client: EntityClient) {
        let isFirst = state.withLock { state -> Bool in
            guard case .made = state.phase else { return false }
            state.phase = .running
            return true
        }
        if isFirst { client.start() }
    }

    /// Calls back when it has ended; at once where it has.
    func whenEnded(_ action: @escaping @Sendable () -> Void) {
        let isOver = state.withLock { state -> Bool in
            switch state.phase {
            case .made, .running: state.whenEnded.append(action)
            case .closing(let waiting): state.phase = .closing(waiting + [action])
            case .ended: return true
            }
            return false
        }
        if isOver { action() }
    }

    /// Ends the client and its threads, and calls back when they have ended.
    func close(_ client: EntityClient, completion: @escaping @Sendable () -> Void) {
        let isFirst = state.withLock { state -> Bool in
            guard state.phase.isOpen else { return false }
            state.phase = .closing(state.whenEnded)
            state.whenEnded = []
            return true
        }
        whenEnded(completion)
        guard isFirst else { return }
        client.stop { [self] in
            // A thread cannot wait for its own end, and this is called on one of the threads to end.
            LiveThread { [self] in end() }.detach()
        }
    }

    /// Ends the threads. Must not be called on one of them.
    func end() {
        _ = host.end(within: Self.patience)
        live.shutdown()
        let waiting = state.withLock { state -> [@Sendable () -> Void] in
            defer { state.phase = .ended }
            guard case .closing(let waiting) = state.phase else { return [] }
            return waiting
        }
        for action in waiting { action() }
    }
}

extension ClientRuntime.Phase {
    fileprivate var isOpen: Bool {
        switch self {
        case .made, .running: true
        case .closing, .ended: false
        }
    }
}
