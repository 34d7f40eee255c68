package import CastyActors
package import CastyCore
import CastyLive
import CastyRemoting
package import CastySerialization

/// One of the two ends of a measurement over TCP: a node of no cluster.
package final class RemoteNode {
    package let system: ActorSystem
    private let world: LiveWorld

    /// Starts a node that listens on a free port.
    package init(codec: CodecID, workers: Int = max(2, WorkerPool.cores)) throws {
        world = LiveWorld(workers: workers)
        system = ActorSystem(
            name: BenchNode.cluster, address: try FreePort.address(),
            world: world.node(transport: TwoLaneTransport()).world, registry: try .bench(), log: BenchNode.log)
        var settings = RemotingSettings()
        settings.codec = codec
        // The two ends are no members of a cluster, and are measured with the queues of members.
        settings.nonMemberBytes = 2 * settings.userQueue.bytes
        let remoting = Remoting(system: system, settings: settings)
        do {
            try BenchNode.start { remoting.start(completion: $0) }
        } catch {
            end()
            throw error
        }
    }

    /// A reference to an actor that the other end offers under a name.
    package func reference<Message: Sendable>(_ name: String, at node: NodeAddress, as type: Message.Type) -> ActorRef<
        Message
    > {
        system.reference(on: node, path: ["user", name])
    }

    /// Offers an actor that counts parcels and one that answers questions.
    package func offer() throws {
        system.publish(try system.spawn(Behavior<Parcel>.sink), as: ["user", "sink"])
        system.publish(try system.spawn(Behavior<WireParcel>.wireSink), as: ["user", "wire-sink"])
        system.publish(try system.spawn(Behavior<Question>.oracle), as: ["user", "oracle"])
    }

    package func end() {
        BenchNode.end(system)
        world.shutdown()
    }
}
