public import CastyActors
import CastyCore
import CastyLive
import CastySerialization
public import Logging
public import Tracing

extension ActorSystem {
    /// A system without a network: actors in this process, and nothing that listens.
    ///
    /// ```swift
    /// let system = ActorSystem.local("tools")
    /// let greeter = try system.spawn(greeting, name: "greeter")
    /// …
    /// await system.terminate()
    /// ```
    ///
    /// Its actors' addresses name no node, `casty://tools/user/greeter`. It runs until ``terminate(within:)`` ends it.
    ///
    /// - Parameters:
    ///   - name: The name, as part of addresses; not empty.
    ///   - workers: How many threads run actors, 1…64; by default as many as there are cores, at least two.
    ///   - encodeLocalMessages: Whether messages are encoded and decoded as if they came from another node, for tests.
    ///   - tracer: The tracer whose contexts travel with messages; by default the one that the process was bootstrapped
    ///     with, if any.
    ///   - log: The logger.
    public static func local(
        _ name: String, workers: Int? = nil, encodeLocalMessages: Bool = false, tracer: (any Tracer)? = nil,
        log: Logger = Logger(label: "casty")
    ) -> ActorSystem {
        precondition(!name.isEmpty, "a system has a name")
        precondition(workers.map { (1...64).contains($0) } ?? true, "a system has 1 to 64 workers, not \(workers ?? 0)")
        let world = workers.map { LiveWorld(workers: $0) } ?? LiveWorld()
        let host = world.node(transport: LocalTransport())
        let system = ActorSystem(
            name: name, address: .local, world: host.world, log: log, localCodec: encodeLocalMessages ? .binary : nil,
            tracer: NodeTracer(tracer))
        // It ends the threads when the system has ended, as a node does.
        _ = NodeLifecycle(world, host, system)
        return system
    }
}
