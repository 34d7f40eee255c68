import Casty
import Testing

@Suite("Settings of a node", .timeLimit(.minutes(10)))
struct NodeSettingsTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let words: [String]
        let change: @Sendable (inout NodeSettings) -> Void

        init(_ name: String, naming words: String..., change: @escaping @Sendable (inout NodeSettings) -> Void) {
            self.name = name
            self.words = words
            self.change = change
        }

        var testDescription: String { name }
    }

    static let wrong = [
        Case("no port", naming: "bind", "127.0.0.1", "host:port") { $0.bind = "127.0.0.1" },
        Case("advertise is no address", naming: "advertise", "x y") { $0.advertise = "x y" },
        Case("a wildcard", naming: "bind", "0.0.0.0:1", "advertise") { $0.bind = "0.0.0.0:1" },
        Case("a wildcard advertised", naming: "advertise", "0.0.0.0:1") { $0.advertise = "0.0.0.0:1" },
        Case("beyond loopback", naming: "bind", "10.0.0.7:1", ".insecure") { $0.bind = "10.0.0.7:1" },
        Case("advertised beyond loopback", naming: "advertise", "shop.internal:1", ".insecure") {
            $0.advertise = "shop.internal:1"
        },
        Case("a seed without a port", naming: "seeds", "127.0.0.1:0") { $0.seeds = ["127.0.0.1:0"] },
        Case("a lookup without a port", naming: "seeds", "port: 0") { $0.seeds = .dns("shop.internal", port: 0) },
        Case("no heartbeat", naming: "timings.heartbeat", "0.0 seconds", "above zero") { $0.timings.heartbeat = .zero },
        Case("a pause below the heartbeat", naming: "timings.acceptablePause", "heartbeat") {
            $0.timings = .lan.with(heartbeat: .seconds(10))
        },
        Case("a lease above the margin", naming: "timings.lease", "9.0 seconds", "removal margin") {
            $0.timings = .responsive.with(lease: .seconds(9))
        },
        Case("no threshold", naming: "timings.threshold", "0.0") { $0.timings.threshold = 0 },
        Case("one sample", naming: "timings.samples", "1", "at least 2") { $0.timings.samples = 1 },
        Case("no members", naming: "minimumMembers", "0") { $0.minimumMembers = 0 },
        Case("no lease to ask", naming: "downing", "lease-majority", "majorityLease") { $0.downing = .leaseMajority() },
        Case("a small frame", naming: "frameLimit", "1 KiB", "64 KiB") { $0.frameLimit = .kibibytes(1) },
        Case("no workers", naming: "workers", "0", "1 to 64") { $0.workers = 0 },
        Case("no time to leave", naming: "leaveLimit") { $0.leaveLimit = .zero },
        Case("an empty role", naming: "roles") { $0.roles = [""] },
    ]

    @Test("what cannot work is refused with its name, its value and what is possible", arguments: wrong)
    func refused(_ wrong: Case) throws {
        let error = #expect(throws: NodeError.self) { _ = try CastyNode("shop") { wrong.change(&$0) } }
        #expect(error?.code == .badSetting)
        for word in wrong.words {
            #expect(error?.message.contains(word) == true, "\(error?.message ?? "") names \(word)")
        }
    }

    @Test("what the configuration throws is the cause of the error")
    func thrown() throws {
        let error = #expect(throws: NodeError.self) {
            _ = try CastyNode("shop") { settings in
                try settings.types.register(Int.self, name: "number")
                try settings.types.register(String.self, name: "number")
            }
        }
        #expect((error?.cause as? RegistrationError)?.code == .nameTaken)
        #expect(throws: NodeError.self) { _ = try CastyNode("") }
    }

    @Test("port 0 gives each node a port of its own before it is started, on names and numbers of both families")
    func port() async throws {
        let nodes = try ["localhost:0", "127.0.0.1:0", "[::1]:0"].map { bind in
            try CastyNode("shop") { $0.bind = bind }
        }
        let addresses = nodes.map(\.system.address)
        #expect(addresses.map(\.host) == ["127.0.0.1", "127.0.0.1", "::1"])
        #expect(Set(addresses.map(\.port)).count == 3 && addresses.allSatisfy { $0.port > 0 })
        for node in nodes {
            try await node.start()
            try await node.joined()
            await node.leave()
        }
    }

    @Test("a node is known by what it advertises, and listens where it is bound")
    func advertised() async throws {
        // 127.0.0.3 is where it is known, and the port of the bound address the one that others dial.
        let first = try await CastyNode.start("shop") {
            $0.bind = "0.0.0.0:0"
            $0.advertise = "127.0.0.3:0"
            $0.tls = .insecure
            $0.timings = .responsive
        }
        #expect(first.system.address.host == "127.0.0.3" && first.system.address.port != 0)
        let second = try await CastyNode.start("shop") {
            $0.bind = "127.0.0.1:0"
            $0.advertise = "127.0.0.1:0"
            $0.seeds = ["\(first.system.address)"]
            $0.timings = .responsive
        }
        try await second.joined()
        while first.cluster.state.up.count < 2 { try await Task.sleep(for: .milliseconds(5)) }
        await second.leave()
        await first.leave()
    }

    @Test("spellings of one address are one node: among the seeds, and to the cluster")
    func spellings() async throws {
        let first = try await CastyNode.start("shop") {
            $0.bind = "127.0.0.1:0"
            $0.timings = .responsive
        }
        let port = first.system.address.port
        for seed in ["localhost:\(port)", "LocalHost:\(port)", "[::ffff:127.0.0.1]:\(port)"] {
            let node = try await CastyNode.start("shop") {
                $0.bind = "127.0.0.1:0"
                $0.seeds = [seed]
                $0.timings = .responsive
            }
            try await node.joined()
            await node.leave()
        }
        let config = ClusterConfig(
            seeds: [NodeAddress(host: "localhost", port: port)], timings: .responsive)
        let node = try await CastyNode.start(
            name: "shop", listen: NodeAddress(host: "localhost", port: 0), cluster: config)
        #expect(node.system.address.host == "127.0.0.1")
        try await node.joined()
        await node.leave()
        await first.leave()
    }

    @Test("seeds are found by a name")
    func lookedUp() async throws {
        let first = try await CastyNode.start("shop") {
            $0.bind = "127.0.0.1:0"
            $0.timings = .responsive
        }
        let port = first.system.address.port
        // The name may also stand for ::1, where no node listens.
        let second = try CastyNode("shop") {
            $0.bind = "127.0.0.1:0"
            $0.seeds = .dns("localhost", port: port)
            $0.timings = .responsive
        }
        try await second.start()
        // They differ in how they know their seeds, which the cluster refuses: the lookup has found the first node.
        let error = await #expect(throws: NodeError.self) { try await second.joined(within: .seconds(60)) }
        #expect(error?.code == .refused)
        guard case .refused(.settingDiffers(let name, _, let joiner))? = error?.stopReason else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(name == "seeds" || (name == "seeds-name" && joiner == "localhost:\(port)"))
        await first.leave()
    }

    @Test("a name that stands for nothing is the reason why a node has not joined")
    func lookupFails() async throws {
        let node = try await CastyNode.start("shop") {
            $0.bind = "127.0.0.1:0"
            $0.seeds = .dns("no-such-host.invalid", port: 25520)
        }
        let error = await #expect(throws: NodeError.self) { try await node.joined(within: .milliseconds(1)) }
        #expect(error?.code == .noSeed || error?.code == .notUp)
        await node.leave(within: .seconds(2))
    }

    @Test("timings of all presets are possible, and with() changes what it names")
    func timings() {
        for preset in [ClusterTimings.responsive, .lan, .wan] { #expect(preset.problem == nil) }
        let timings = ClusterTimings.lan.with(heartbeat: .milliseconds(500), threshold: 12)
        #expect(timings.heartbeat == .milliseconds(500) && timings.threshold == 12)
        #expect(timings.gossip == ClusterTimings.lan.gossip && timings.stableAfter == ClusterTimings.lan.stableAfter)
        #expect(ClusterConfig(timings: timings).timings == timings)
        #expect(ClusterConfig().seeds == [] && ClusterConfig().problem == nil)
    }

    @Test("a serializer of the user's own carries messages with references")
    func ownSerializer() async throws {
        struct Marked: Serializer {
            func encode(_ value: some Encodable) throws -> [UInt8] { try encode(value, userInfo: [:]) }
            func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
                try decode(type, from: bytes, userInfo: [:])
            }
            func encode(_ value: some Encodable, userInfo: [CodingUserInfoKey: any Sendable]) throws -> [UInt8] {
                [0x4D] + (try JSONSerializer().encode(value, userInfo: userInfo))
            }
            func decode<Value: Decodable>(
                _ type: Value.Type, from bytes: [UInt8], userInfo: [CodingUserInfoKey: any Sendable]
            ) throws -> Value {
                guard bytes.first == 0x4D else {
                    throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "not marked"))
                }
                return try JSONSerializer().decode(type, from: Array(bytes.dropFirst()), userInfo: userInfo)
            }
        }
        func start(_ seeds: Seeds, _ codec: MessageFormat = .custom("marked 1", Marked())) async throws -> CastyNode {
            try await CastyNode.start("shop") {
                $0.bind = "127.0.0.1:0"
                $0.seeds = seeds
                $0.timings = .responsive
                $0.codec = codec
            }
        }
        let first = try await start([])
        let seeds: Seeds = ["\(first.system.address)"]
        let second = try await start(seeds)
        let type = EntityType("cart", of: EntityTypeTests.Cart.self, shards: 4)
        for node in [first, second] {
            try await node.joined()
            try node.host(type) { EntityTypeTests.cart($0) }
        }
        for number in 1...8 {
            let cart = second.entity(type, "cart-\(number)")
            cart.tell(.add("apples"))
            #expect(try await cart.ask { .list(replyTo: $0) } == ["apples"])
        }
        let other = try await start(seeds, .json)
        let error = await #expect(throws: NodeError.self) { try await other.joined() }
        #expect(error?.stopReason == .refused(.settingDiffers(name: "codec", cluster: "marked 1", joiner: "not set")))
        await second.leave()
        await first.leave()
    }
}
