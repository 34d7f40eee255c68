import CastyActors
import CastyCore
import Logging

/// The beginning and the end of a measured node.
enum BenchNode {
    static let cluster = "bench"
    static let log = Logger(label: "casty.bench", factory: { _ in SwiftLogNoOpLogHandler() })

    /// Starts a node, and waits until it listens.
    static func start(
        _ start: (@escaping @Sendable (Result<NodeAddress, TransportError>) -> Void) -> Void
    ) throws {
        let started = Gate()
        let failure = Failure()
        start { result in
            if case .failure(let error) = result { failure.note(error) }
            started.open()
        }
        try started.wait(seconds: 10)
        try failure.check()
    }

    static func end(_ system: ActorSystem) {
        let done = Gate()
        system.terminate { done.open() }
        try? done.wait(seconds: 10)
    }
}
