import CastyActors
import CastyCore
import CastyObservability
import CastySerialization
import NIOCore
import Testing

@testable import CastyLive
@testable import CastyRemoting

/// A program that is no node and does not read its answers, over loopback.
@Suite("Answers that are not read", .timeLimit(.minutes(10)))
struct ClientBacklogTests {
    struct Query: Codable, Sendable {
        var replyTo: ActorRef<String>
    }

    /// The other end: reads nothing until it is let.
    private final class Reader: ConnectionHandler {
        let peer = RawPeer()
        let mayRead = Record<Bool>()
        private let connection = Record<any Connection>()

        /// Reads from now on.
        func read(_ transport: TCPTransport) {
            mayRead.add(true)
            // Not at its next turn to write, which comes only after the node has read.
            transport.performAndWait { [connection] in connection.all.first?.holdReading(false) }
        }

        func connectionOpened(_ connection: any Connection) {
            self.connection.add(connection)
            peer.connectionOpened(connection)
        }
        func connectionFailed(_ error: TransportError) { peer.connectionFailed(error) }
        func connectionReceived(_ connection: any Connection, _ bytes: ByteBuffer) {
            if mayRead.count == 0 { connection.holdReading(true) }
            peer.connectionReceived(connection, bytes)
        }
        func connectionReady(_ connection: any Connection, fill buffer: inout ByteBuffer) {
            peer.connectionReady(connection, fill: &buffer)
        }
        func connectionClosed(_ connection: any Connection, error: TransportError?) {
            peer.connectionClosed(connection, error: error)
        }
    }

    @Test("No more questions are read while answers wait, and all are handled once the answers are read")
    func backpressure() async throws {
        let world = try await LiveTestWorld()
        var settings = RemotingSettings()
        let backlog = 20_000
        settings.clientBacklog = backlog
        let node = try await world.start(1, settings)
        try node.system.registry.register(Query.self, name: "query")
        let handled = Record<Int>()
        let answer = String(repeating: "x", count: 1000)
        let server = try node.system.spawn(
            Behavior<Query>.receive { _, query in
                handled.add(1)
                query.replyTo.tell(answer)
                return .same
            }, name: "server")
        node.system.publish(server, as: ["client"])

        let count = 40_000
        let name = ClientName.address("client", incarnation: 4711)
        let reader = Reader()
        let transport = TCPTransport()
        transport.connect(to: node.address, from: node.address, timeout: .seconds(5), handler: reader)
        reader.peer.hello(
            from: UniqueAddress(address: name, incarnation: 4711), to: node.address, Capabilities(observe: true))
        #expect(await world.wait { !reader.peer.received.isEmpty })
        let target = ActorAddress(system: "test", node: node.address, path: ["client"], uid: 0)
        let question = Array(#"{"replyTo":"casty://test@\#(name)/user/x#1"}"#.utf8)
        var encoder = FrameEncoder(lane: .user)
        var questions = ByteBuffer()
        for _ in 0..<count {
            let header = FrameHeader(.user, target: target, type: "query", codec: .json)
            try encoder.encode(header, into: &questions) { $0.writeBytes(question) }
        }
        reader.peer.send(Array(questions.readableBytesView))
        #expect(await world.wait { node.remoting.snapshots.contains { $0.queuedBytes > backlog } })
        // One-sided: that they are not all read is certain only while reading is held.
        #expect(await !world.wait(.seconds(1)) { handled.count == count })
        #expect(node.remoting.nonMemberBudget.taken <= settings.nonMemberBytes / 2)
        reader.read(transport)
        #expect(await world.wait(.seconds(60)) { handled.count == count && node.remoting.nonMemberBudget.taken == 0 })
        transport.kill()
        await world.end()
    }
}
