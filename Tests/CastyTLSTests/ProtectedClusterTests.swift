import Casty
import CastyCluster
import CastyCore
import CastyLive
import CastySharding
import CastyTLS
import Foundation
import Synchronization
import Testing

/// Clusters whose connections are protected, over TCP in this process.
@Suite("Protected clusters", .timeLimit(.minutes(10)))
struct ProtectedClusterTests {
    enum Till: Codable, Sendable {
        case add(Int, replyTo: ActorRef<Int>?)
    }

    private static let tills = EntityType("till", of: Till.self, shards: 8)

    private static func till() -> Behavior<Till> {
        .stateful(0) { total, _, message in
            switch message {
            case .add(let number, let replyTo):
                total += number
                replyTo?.tell(total)
            }
            return .same
        }
    }

    private static func node(
        _ address: NodeAddress, seeds: [NodeAddress], _ security: ConnectionSecurity
    ) async throws -> CastyNode {
        let node = try await CastyNode.start(
            name: "shop", listen: address, cluster: .responsive(seeds: seeds), tls: security)
        let region = try node.host(tills) { _ in till() }
        try ClientService.start(on: node.sharding)
        region.serveClients(
            of: node.sharding, message: { text, replyTo in .add(Int(text) ?? 0, replyTo: replyTo) }, text: { "\($0)" })
        return node
    }

    private static func wait(until condition: @Sendable () throws -> Bool) async throws {
        while try !condition() { try await Task.sleep(for: .milliseconds(5)) }
    }

    private static func signed(_ authority: TestAuthority, _ leaf: String) throws -> TestAuthority.Signed {
        try authority.sign(leaf, names: ["IP:127.0.0.1"])
    }

    @Test("nodes with certificates form a cluster, entities answer across them, and certificates change while they run")
    func certificates() async throws {
        let folder = try TestFolder()
        let (old, new) = (try TestAuthority("old", in: folder.url), try TestAuthority("new", in: folder.url))
        let before = try Self.signed(old, "node")
        let security = ConnectionSecurity.mutual(
            certificate: before.certificate, key: before.key, trust: old.trust, checksNames: true)
        let addresses = try FreePort.addresses(3).sorted()
        let seeds = Array(addresses.prefix(2))
        let first = [
            try await Self.node(addresses[0], seeds: seeds, security),
            try await Self.node(addresses[1], seeds: seeds, security),
        ]
        for node in first { try await node.joined() }
        try await Self.wait { first.allSatisfy { $0.cluster.state.up.count == 2 } }
        for number in 1...32 {
            let total = try await first[number % 2].entity(Self.tills, "till-\(number)").ask { .add(1, replyTo: $0) }
            #expect(total == 1)
        }

        // Another authority and its certificates take the place of the old ones, in the same files.
        let after = try Self.signed(new, "successor")
        for (source, target) in [
            (new.trust, old.trust), (after.key, before.key), (after.certificate, before.certificate),
        ] {
            let staged = target + ".next"
            try FileManager.default.copyItem(atPath: source, toPath: staged)
            rename(staged, target)
        }
        let fresh = ConnectionSecurity.mutual(
            certificate: after.certificate, key: after.key, trust: new.trust, checksNames: true)
        let nodes = first + [try await Self.node(addresses[2], seeds: seeds, fresh)]
        try await nodes[2].joined(within: .seconds(60))
        try await Self.wait { nodes.allSatisfy { $0.cluster.state.up.count == 3 } }
        for number in 1...32 {
            let total = try await nodes[2].entity(Self.tills, "till-\(number)").ask { .add(1, replyTo: $0) }
            #expect((1...2).contains(total))
        }
        for node in nodes { await node.stop() }
    }

    @Test("a node whose certificate the seeds refuse says so and waits; with another certificate in its files it joins")
    func renewed() async throws {
        let folder = try TestFolder()
        let (ours, foreign) = (try TestAuthority("ours", in: folder.url), try TestAuthority("foreign", in: folder.url))
        let right = try Self.signed(ours, "right")
        let wrong = try Self.signed(foreign, "wrong")
        func security(_ signed: TestAuthority.Signed) -> ConnectionSecurity {
            .mutual(certificate: signed.certificate, key: signed.key, trust: ours.trust, checksNames: true)
        }
        let addresses = try FreePort.addresses(2).sorted()
        let seeds = [addresses[0]]
        let first = try await Self.node(addresses[0], seeds: seeds, security(right))
        try await first.joined()
        let second = try await Self.node(addresses[1], seeds: seeds, security(wrong))
        // Longer than a node waits that has met a node of another cluster.
        let error = await #expect(throws: NodeError.self) { try await second.joined(within: .seconds(6)) }
        #expect(error?.code == .noSeed)
        #expect(error?.message.contains("cannot be talked to") == true, "\(error?.message ?? "")")
        let after = try Self.signed(ours, "renewed")
        for (source, target) in [(after.key, wrong.key), (after.certificate, wrong.certificate)] {
            let staged = target + ".next"
            try FileManager.default.copyItem(atPath: source, toPath: staged)
            rename(staged, target)
        }
        try await second.joined(within: .seconds(60))
        try await Self.wait { first.cluster.state.up.count == 2 }
        await second.stop()
        await first.stop()
    }

    @Test("who has the secret to operate asks, who has the one to observe sees, and neither of them joins")
    func capabilities() async throws {
        func secret(_ word: String) -> [UInt8] { Array("\(word), a secret of the tests".utf8) }
        let all = try SharedSecret(member: secret("m"), operate: secret("o"), observe: secret("s"))
        let addresses = try FreePort.addresses(3).sorted()
        let seeds = Array(addresses.prefix(2))
        let nodes = [
            try await Self.node(addresses[0], seeds: seeds, .sharedSecret(all)),
            try await Self.node(addresses[1], seeds: seeds, .sharedSecret(all)),
        ]
        for node in nodes { try await node.joined() }

        let operates = try SharedSecret(member: nil, operate: secret("o"))
        let observes = try SharedSecret(member: nil, observe: secret("s"))
        let asked = try await Self.ask(addresses[0], .sharedSecret(operates))
        #expect(asked.reply == "7", "\(asked)")
        let looked = try await Self.ask(addresses[0], .sharedSecret(observes))
        #expect(looked.reply == nil)
        #expect(looked.reason.contains("needs the capability operate, and this peer has observe"), "\(looked)")
        let stranger = try await Self.ask(addresses[0], .sharedSecret(try SharedSecret(member: secret("x"))))
        #expect(stranger.reply == nil)
        #expect(stranger.reason.contains("the secrets of the two ends differ"), "\(stranger)")
        #expect(try await Self.sees(addresses[0], .sharedSecret(observes), members: 2))

        let error = await #expect(throws: NodeError.self) {
            _ = try await CastyNode.start(
                name: "shop", listen: addresses[2], cluster: .responsive(seeds: seeds), tls: .sharedSecret(operates))
        }
        #expect(
            error?.message.contains("these credentials allow to operate, not to be a node") == true,
            "\(error?.message ?? "")")
        #expect(nodes.allSatisfy { $0.cluster.state.members.count == 2 })
        for node in nodes { await node.stop() }
    }

    @Test("a node that listens beyond this machine without credentials serves no clients, whatever it advertises")
    func advertisesLoopback() async throws {
        let address = try FreePort.address()
        let node = try await CastyNode.start("shop") {
            $0.bind = "0.0.0.0:\(address.port)"
            $0.advertise = "127.0.0.1:\(address.port)"
            $0.tls = .insecure
        }
        try ClientService.start(on: node.sharding)
        let asked = try await Self.ask(node.system.address, .insecure, isProtected: false)
        #expect(asked.reply == nil)
        #expect(asked.reason.contains("serves no clients"), "\(asked)")
        await node.stop()
    }

    /// Asks an entity as a client.
    private static func ask(
        _ node: NodeAddress, _ security: ConnectionSecurity, isProtected: Bool = true
    ) async throws -> (reply: String?, reason: String) {
        let world = LiveWorld(workers: 1)
        let host = world.node(transport: TCPTransport(protection: try security.protection()))
        let client = try EntityClient(world: host.world, cluster: "shop", nodes: [node], isProtected: isProtected)
        client.start()
        try await wait { client.openNodes == 1 || !client.reasons.isEmpty }
        let result: Result<EntityClient.Reply, ClientError> = await withCheckedContinuation { done in
            client.ask("till-one", "7", within: .seconds(20)) { done.resume(returning: $0) }
        }
        let reasons = client.reasons.joined(separator: "; ")
        await withCheckedContinuation { done in client.stop { host.stop { done.resume() } } }
        await Task.detached { world.shutdown() }.value
        switch result {
        case .success(let reply): return (reply.text, reasons)
        case .failure(let error): return (nil, "\(error) \(reasons)")
        }
    }

    /// Whether an observer sees this many members.
    private static func sees(_ node: NodeAddress, _ security: ConnectionSecurity, members: Int) async throws -> Bool {
        let world = LiveWorld(workers: 1)
        let host = world.node(transport: TwoLaneTransport(protection: try security.protection()))
        let observer = try ClusterObserver(world: host.world, cluster: "shop", seeds: [node], isProtected: true)
        try observer.start()
        try await wait { observer.nodes.contains { $0.snapshot != nil || $0.lastError != nil } }
        let seen = observer.nodes.first { $0.address == node }?.snapshot?.membership.members.count
        await withCheckedContinuation { done in observer.stop { host.stop { done.resume() } } }
        await Task.detached { world.shutdown() }.value
        return seen == members
    }
}
