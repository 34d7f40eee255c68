import CastyActors
import CastyCore
import Glibc
import NIOCore
import Synchronization
import Testing

@testable import CastyLive

/// Many connections at once from a host that does nothing with them.
@Suite("Floods of connections", .timeLimit(.minutes(10)))
struct TCPFloodTests {
    /// Counts the handshakes that begin, and protects nothing.
    private final class CountingProtection: ConnectionProtection {
        let begun = Atomic<Int>(0)

        var capability: PeerAuthentication.Capability { .member }

        func handler(dialling address: NodeAddress) -> any ChannelHandler { Passing() }

        func handler(accepting capability: PeerAuthentication.Capability) -> any ChannelHandler {
            begun.add(1, ordering: .relaxed)
            return Passing()
        }

        func authentication(
            of channel: any Channel, acceptedFor capability: PeerAuthentication.Capability?
        ) -> PeerAuthentication? { nil }

        func explanation(of error: any Error) -> String? { nil }
    }

    private final class Passing: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
    }

    /// Closes each connection as soon as it stands, and counts those that ended.
    private final class Closer: ConnectionHandler {
        private let ended: @Sendable () -> Void

        init(ended: @escaping @Sendable () -> Void) { self.ended = ended }

        func connectionOpened(_ connection: any Connection) { connection.close() }
        func connectionFailed(_ error: TransportError) {}
        func connectionReceived(_ connection: any Connection, _ bytes: ByteBuffer) {}
        func connectionReady(_ connection: any Connection, fill buffer: inout ByteBuffer) {}
        func connectionClosed(_ connection: any Connection, error: TransportError?) { ended() }
    }

    private static func address(_ host: String, _ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        inet_pton(AF_INET, host, &address.sin_addr)
        return address
    }

    /// A connected socket of the host 127.0.0.`number`, with nothing behind it.
    private static func connect(to port: Int, from number: Int) -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var (own, other) = (address("127.0.0.\(number)", 0), address("127.0.0.1", port))
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafePointer(to: &own) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = bind(descriptor, $0, size) }
        }
        withUnsafePointer(to: &other) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = Glibc.connect(descriptor, $0, size) }
        }
        return descriptor
    }

    private static func isOpen(_ descriptor: Int32) -> Bool {
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT)) == -1 && errno == EAGAIN
    }

    private func listen(_ transport: TCPTransport, _ handler: @escaping @Sendable () -> any ConnectionHandler)
        async throws -> Int
    {
        try await withCheckedThrowingContinuation { continuation in
            transport.listen(
                on: NodeAddress(host: "127.0.0.1", port: 0), accept: { _ in handler() },
                completion: { continuation.resume(with: $0.map(\.port)) })
        }
    }

    private func wait(until condition: () -> Bool) async throws {
        while !condition() { try await Task.sleep(for: .milliseconds(5)) }
    }

    @Test("Of many connections from one source a few begin a handshake, and another source's begins at once")
    func handshakes() async throws {
        let protection = CountingProtection()
        let transport = TCPTransport(filter: nil, protection: protection)
        transport.performAndWait {
            transport.handshakeRate = HandshakeRate(
                perSource: .init(interval: 3_600_000_000_000, burst: 10),
                total: .init(interval: 3_600_000_000_000, burst: 100), patience: 0)
        }
        let port = try await listen(transport) { TCPProbe() }
        // The first byte of a connection that says to be a node's.
        let opening = ConnectionOpening(.member, isForUsers: false).byte
        let flood = (0..<500).map { _ in Self.connect(to: port, from: 66) }
        for descriptor in flood { withUnsafeBytes(of: opening) { _ = send(descriptor, $0.baseAddress, 1, 0) } }
        try await wait { flood.count { Self.isOpen($0) } == 10 }
        #expect(protection.begun.load(ordering: .relaxed) == 10)
        let other = Self.connect(to: port, from: 67)
        withUnsafeBytes(of: opening) { _ = send(other, $0.baseAddress, 1, 0) }
        try await wait { protection.begun.load(ordering: .relaxed) == 11 }
        #expect(Self.isOpen(other))
        for descriptor in flood + [other] { close(descriptor) }
        await withCheckedContinuation { done in transport.shutdown { done.resume() } }
    }

    @Test("A connection whose turn comes later begins its handshake then, with all that has arrived")
    func later() async throws {
        let protection = CountingProtection()
        let transport = TCPTransport(filter: nil, protection: protection)
        transport.performAndWait {
            transport.handshakeRate = HandshakeRate(perSource: .init(perSecond: 20, burst: 1))
        }
        let probes = Mutex<[TCPProbe]>([])
        let port = try await listen(transport) {
            let probe = TCPProbe()
            probes.withLock { $0.append(probe) }
            return probe
        }
        let opening = ConnectionOpening(.member, isForUsers: false).byte
        let sockets = (0..<10).map { _ in Self.connect(to: port, from: 66) }
        for descriptor in sockets {
            for byte in [opening] + Array("hello".utf8) {
                withUnsafeBytes(of: byte) { _ = send(descriptor, $0.baseAddress, 1, 0) }
            }
        }
        try await wait { probes.withLock { $0.count { $0.text == "hello" } } == 10 }
        #expect(protection.begun.load(ordering: .relaxed) == 10)
        for descriptor in sockets { close(descriptor) }
        await withCheckedContinuation { done in transport.shutdown { done.resume() } }
    }

    @Test("Connections that this end has closed hold few sockets, whatever the peers do")
    func lingering() async throws {
        let transport = TCPTransport()
        transport.performAndWait { transport.lingering = LingeringConnections(mostPerSource: 5, most: 5) }
        let (ended, highest) = (Atomics(), Atomics())
        let port = try await listen(transport) {
            Closer {
                ended.count.add(1, ordering: .relaxed)
                highest.raise(to: transport.lingering.count)
            }
        }
        let flood = (0..<200).map { _ in Self.connect(to: port, from: 66) }
        try await wait { ended.count.load(ordering: .relaxed) == 200 }
        #expect(highest.count.load(ordering: .relaxed) == 5)
        try await wait { !flood.contains { Self.isOpen($0) } }
        // After their time the others are closed too, though their peers never close.
        let open = Atomics()
        open.raise(to: 1)
        while open.count.load(ordering: .relaxed) > 0 {
            try await Task.sleep(for: .milliseconds(20))
            transport.performAndWait { open.count.store(transport.connections.count, ordering: .relaxed) }
        }
        transport.performAndWait { open.count.store(transport.lingering.count, ordering: .relaxed) }
        #expect(open.count.load(ordering: .relaxed) == 0)
        for descriptor in flood { close(descriptor) }
        await withCheckedContinuation { done in transport.shutdown { done.resume() } }
    }

    private final class Atomics: Sendable {
        let count = Atomic<Int>(0)

        func raise(to value: Int) { count.max(value, ordering: .relaxed) }
    }
}
