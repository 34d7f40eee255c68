import CastyCore
import CastyRemoting
import NIOCore
import Testing

@testable import Casty
@testable import CastyTLS

/// Who stands between two nodes, and keeps what passes.
@Suite("Recorded connections", .timeLimit(.minutes(10)))
struct RecordedConnectionTests {
    enum Kind: CaseIterable {
        case none, secret, certificates
    }

    private static func security(_ kind: Kind, _ folder: TestFolder) throws -> ConnectionSecurity {
        switch kind {
        case .none: return .insecure
        case .secret: return .sharedSecret(try SharedSecret(member: Array("sixteen bytes or more".utf8)))
        case .certificates:
            let authority = try TestAuthority("ours", in: folder.url)
            let signed = try authority.sign("node", names: ["IP:127.0.0.1", "IP:127.0.0.2", "IP:127.0.0.3"])
            return .mutual(certificate: signed.certificate, key: signed.key, trust: authority.trust)
        }
    }

    @Test(
        "a recorded connection shows nothing, and sent again lets nobody in, where credentials protect it",
        arguments: Kind.allCases)
    func replay(_ kind: Kind) async throws {
        let folder = try TestFolder()
        let security = try Self.security(kind, folder)
        let ends = try TestEnds()
        // The recorder is where others look for the node, which listens elsewhere.
        let port = ends.port
        let hidden = NodeAddress(host: "127.0.0.3", port: port)
        let server = try await ends.start(1, security, listen: hidden)
        let recorder = Recorder(to: hidden)
        try await recorder.listen(on: server.system.address)
        let client = try await ends.start(2, security)
        let outcome = try await ends.dial(client, to: server.system.address)
        #expect(outcome.entered, "\(outcome.reasons)")
        let bytes = recorder.bytes
        #expect(bytes.readableBytes > 40)
        let shows = String(decoding: bytes.readableBytesView, as: UTF8.self).contains("shop")
        #expect(shows == (kind == .none), "the name of the cluster is readable: \(shows)")

        await withCheckedContinuation { done in client.remoting.shutdown { done.resume() } }
        while server.remoting.isConnected(client.system.address) { try await Task.sleep(for: .milliseconds(2)) }
        let answer = Task { try await recorder.replay(bytes, from: client.system.address) }
        if kind == .none {
            // Without credentials the recording is as good as the caller.
            while !server.remoting.isConnected(client.system.address) { try await Task.sleep(for: .milliseconds(2)) }
        } else {
            _ = try await answer.value
            #expect(!server.remoting.isConnected(client.system.address))
        }
        await recorder.end()
        _ = try? await answer.value
        await ends.end()
    }

    @Test(
        "who connects, says how it will go on, and goes silent is closed at the deadline, on either thread",
        arguments: [[], [0x86], [0x87], [0x87, 0x16, 3, 1]] as [[UInt8]])
    func silent(_ bytes: [UInt8]) async throws {
        let folder = try TestFolder()
        let ends = try TestEnds()
        let server = try await ends.start(
            1, try Self.security(.secret, folder), timeout: .milliseconds(200))
        let recorder = Recorder(to: server.system.address)
        let answer = try await recorder.replay(
            ByteBuffer(bytes: bytes), from: NodeAddress(host: "127.0.0.2", port: ends.port))
        #expect(answer.readableBytes == 0)
        #expect(server.remoting.snapshots.isEmpty)
        await recorder.end()
        await ends.end()
    }
}
