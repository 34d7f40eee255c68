import CastyActors
import CastyCore
import CastyLive
import CastyRemoting
import CastySerialization
import Synchronization

@testable import Casty
@testable import CastyTLS

/// Nodes without a cluster, over TCP in this process, each with credentials of its own.
final class TestEnds: Sendable {
    let world = LiveWorld(workers: 1)
    private let nodes = Mutex<[LiveNode]>([])
    let port: Int

    init() throws {
        port = try FreePort.address().port
    }

    /// One end: a system that listens at 127.0.0.`number`.
    struct End: Sendable {
        let system: ActorSystem
        let remoting: Remoting
        let outcome: Outcome
    }

    /// What happened to the connections that an end has dialled.
    final class Outcome: Sendable {
        private let state = Mutex<(entered: Bool, reasons: [String])>((false, []))

        func enter() { state.withLock { $0.entered = true } }

        func refuse(_ reason: String) { state.withLock { $0.reasons.append(reason) } }

        var hasEntered: Bool { state.withLock { $0.entered } }

        var reasons: [String] { state.withLock { $0.reasons } }
    }

    func start(
        _ number: Int, _ security: ConnectionSecurity, listen: NodeAddress? = nil, timeout: Duration = .seconds(30)
    ) async throws -> End {
        let protection = try security.protection()
        let node = world.node(transport: TwoLaneTransport(protection: protection))
        nodes.withLock { $0.append(node) }
        let address = NodeAddress(host: "127.0.0.\(number)", port: port)
        let system = ActorSystem(name: "shop", address: address, world: node.world, registry: TypeRegistry())
        var settings = RemotingSettings()
        settings.demandsAuthentication = protection != nil
        settings.listen = listen
        settings.handshakeTimeout = timeout
        let remoting = Remoting(system: system, settings: settings)
        let outcome = Outcome()
        remoting.hooks = RemotingHooks(
            connectFailed: { _, error in outcome.refuse(error.message) },
            peerIncarnation: { _ in outcome.enter() })
        _ = try await withCheckedThrowingContinuation { continuation in
            remoting.start { continuation.resume(with: $0) }
        }
        return End(system: system, remoting: remoting, outcome: outcome)
    }

    /// Dials the other end, until it is welcomed or refused.
    func dial(_ end: End, to address: NodeAddress) async throws -> (entered: Bool, reasons: [String]) {
        end.remoting.keep(address)
        while !end.outcome.hasEntered, end.outcome.reasons.isEmpty { try await Task.sleep(for: .milliseconds(2)) }
        end.remoting.release(address)
        return (end.outcome.hasEntered, end.outcome.reasons)
    }

    func end() async {
        for node in nodes.withLock({ $0 }) { node.kill() }
        await Task.detached { [world] in world.shutdown() }.value
    }
}
