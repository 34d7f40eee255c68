import CastyActors
import CastyCluster
import CastyCore
import CastyMembership
import CastyRemoting
import CastySerialization
import CastySharding
import CastySimulator
import Testing

@Suite("The size of what is gossiped") struct GossipBoundTests {
    /// Three nodes with the longest names that a host can have; the third crashes and comes back again and again.
    private struct Story {
        struct Running {
            let host: SimulatedNode
            let node: AssembledNode
        }

        let world = SimulatedWorld(seed: 9_000_021)
        let settings: MembershipSettings

        init(_ mutations: MembershipMutations = []) {
            var settings = MembershipSettings.responsive
            settings.tombstones = .seconds(86_400)
            settings.mutations = mutations
            self.settings = settings
        }

        static func address(_ number: Int) -> NodeAddress {
            NodeAddress(host: "n\(number)." + String(repeating: "x", count: 236), port: 25_520)
        }

        func start(_ number: Int) throws -> Running {
            let address = Self.address(number)
            let host = world.node(name: "n\(number)", address: address)
            let config = ClusterConfig(seeds: [Self.address(1), Self.address(2)], settings: settings)
            let node = try NodeAssembly(name: "casty", address: address, config: config).make(in: host.world)
            node.start { _ in }
            return Running(host: host, node: node)
        }

        /// - Returns: The bytes of the gossip after each restart, as long as the third node gets in.
        func restarts(_ count: Int) throws -> [Int] {
            let first = try start(1)
            world.run(until: world.now + .seconds(1))
            _ = try start(2)
            world.run(until: world.now + .seconds(2))
            var third = try start(3)
            world.run(until: world.now + .seconds(2))
            var sizes: [Int] = []
            for _ in 0..<count {
                third.host.kill()
                world.run(until: world.now + .milliseconds(200))
                third = try start(3)
                world.run(until: world.now + .milliseconds(1500))
                let gossip = first.node.cluster.core.gossip
                guard gossip.members.contains(where: { $0.node == third.node.system.unique && $0.status == .up }) else {
                    return sizes
                }
                sizes.append(gossip.encodedSize)
            }
            return sizes
        }
    }

    @Test("a node that restarts again and again leaves no more behind than the restarts of a minute")
    func restarts() throws {
        let sizes = try Story().restarts(120)
        #expect(sizes.count == 120)
        let most = try #require(sizes.max())
        #expect(most < WireLimits.frame / 16)
        // It has stopped growing long before the end.
        #expect(sizes.suffix(60).max() ?? 0 <= (sizes[40..<60].max() ?? 0) * 5 / 4)
    }

    @Test(
        "without bounds it grows with every restart",
        .enabled(if: MembershipMutation.areCompiledIn, "swift test --traits Mutations"))
    func mutation() throws {
        let sizes = try Story([.remembersAll]).restarts(80)
        #expect(sizes.count == 80)
        #expect(zip(sizes, sizes.dropFirst()).allSatisfy { $0 + 200 < $1 })
    }
}
