import CastyActors
import CastyCore
package import CastySharding
import Synchronization

/// Runs a ``ClientLoad`` through a client, in either runtime.
package final class LoadDriver: Sendable {
    private let client: EntityClient
    private let patience: Duration
    private let load: Mutex<ClientLoad>
    private let whenFinished: @Sendable (LoadSummary) -> Void
    private static let tick = Duration.milliseconds(10)

    /// Starts a load at once.
    ///
    /// - Parameters:
    ///   - client: The client that asks; it must be started.
    ///   - settings: The load's settings.
    ///   - whenFinished: Called once, at the end.
    package static func start(
        _ client: EntityClient, _ settings: LoadSettings, whenFinished: @escaping @Sendable (LoadSummary) -> Void
    ) -> LoadDriver {
        let driver = LoadDriver(client, settings, whenFinished)
        driver.step()
        return driver
    }

    private init(
        _ client: EntityClient, _ settings: LoadSettings, _ whenFinished: @escaping @Sendable (LoadSummary) -> Void
    ) {
        self.client = client
        patience = settings.patience
        load = Mutex(ClientLoad(settings, at: client.system.now))
        self.whenFinished = whenFinished
    }

    /// The current phase, and the results so far.
    package var progress: (phase: String, summary: LoadSummary) { load.withLock { ($0.phaseName, $0.summary) } }

    /// Sends no further requests, waits for the open ones, and closes the ledgers.
    package func endEarly() { load.withLock { $0.endEarly() } }

    private func step() {
        let (now, isConnected) = (client.system.now, client.openNodes > 0)
        for effect in load.withLock({ $0.tick(at: now, isConnected: isConnected) }) {
            switch effect {
            case .ask(let number, let entity, let text):
                client.ask(entity, text, within: patience) { [self] result in
                    let now = client.system.now
                    load.withLock { load in
                        switch result {
                        case .success(let reply): load.replied(number, reply.text, at: now)
                        case .failure(let error): load.failed(number, error)
                        }
                    }
                }
            case .finish: return whenFinished(load.withLock { $0.summary })
            }
        }
        _ = client.system.world.scheduler.schedule(after: Self.tick) { [self] in step() }
    }
}
