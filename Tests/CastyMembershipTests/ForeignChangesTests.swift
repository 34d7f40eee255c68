import CastyCore
import Testing

@testable import CastyMembership

/// A member that does not keep to the protocol sends a state to another one.
@Suite("Changes in another's name") struct ForeignChangesTests {
    private func formed(_ count: Int = 3) -> TestCluster {
        let cluster = TestCluster(count)
        cluster.run(.seconds(20))
        #expect(cluster.nodes.allSatisfy { $0.core.gossip.members.count { $0.status == .up } == count })
        return cluster
    }

    /// The last member's state, changed, as it arrives at the first one.
    private func send(
        _ cluster: TestCluster, from sender: Int = 3, to receiver: Int = 1, _ edit: (inout Gossip) -> Void
    ) -> [MembershipEffect] {
        var state = cluster[sender].core.gossip
        edit(&state)
        state.version.tick(cluster[sender].core.myself)
        return cluster.deliver(.gossipEnvelope(state), from: cluster[sender].core.myself, to: receiver)
    }

    private func notes(_ effects: [MembershipEffect]) -> [MembershipNotice] {
        effects.compactMap { if case .note(let notice) = $0 { notice } else { nil } }
    }

    @Test("Marks in a member's name are replaced by its own, everywhere, and the member that sent them is named")
    func marks() {
        let cluster = formed()
        let (first, second, third) = (cluster[1].core.myself, cluster[2].core.myself, cluster[3].core.myself)
        for _ in 0..<3 {
            _ = send(cluster) { state in
                state.setRow(ReachabilityRow(subject: second, verdict: .terminated), by: first, of: second)
                state.version.tick(first)
            }
            #expect(cluster[1].core.gossip.row(by: first, of: second) == nil)
            #expect(cluster[1].core.gossip.reachability.first { $0.observer == first }?.rows == [])
        }
        // To the second one too, which cannot tell who has made the marks.
        _ = send(cluster, to: 2) { state in
            state.setRow(ReachabilityRow(subject: third, verdict: .unreachable), by: first, of: third)
            state.version.tick(first)
        }
        #expect(cluster[2].core.gossip.row(by: first, of: third) != nil)
        cluster.run(.seconds(5))
        for node in cluster.nodes {
            #expect(node.isRunning && node.stopReason == nil)
            #expect(node.core.gossip.unreachable.isEmpty)
            #expect(node.core.gossip.members.count == 3)
            #expect(node.core.isAgreed)
        }
        #expect(Set(cluster.nodes.map(\.core.gossip.contentDigest)).count == 1)
    }

    @Test("The member that sends marks in another's name is named once")
    func namedOnce() {
        let cluster = formed()
        let (first, second, third) = (cluster[1].core.myself, cluster[2].core.myself, cluster[3].core.myself)
        var notices: [MembershipNotice] = []
        for _ in 0..<5 {
            notices += notes(
                send(cluster) { state in
                    state.setRow(ReachabilityRow(subject: second, verdict: .unreachable), by: first, of: second)
                    state.version.tick(first)
                })
        }
        #expect(notices == [.foreignRows(from: third)])
    }

    private static let impossible: [(String, ImplausibleState, @Sendable (inout Gossip, [UniqueAddress]) -> Void)] = [
        ("another cluster", .otherCluster, { state, _ in state.cluster = ClusterID(high: 9, low: 9) }),
        (
            "a counter at its maximum", .counter,
            { state, nodes in state.version.merge(VectorClock([.init(node: nodes[1], count: .max)])) }
        ),
        (
            "a counter beyond all changes that can be missed", .counter,
            { state, nodes in
                state.version.merge(VectorClock([.init(node: nodes[1], count: Gossip.mostMissed + 1_000)]))
            }
        ),
        (
            "rows of a version at its maximum", .counter,
            { state, nodes in
                state.reachability = [ObserverRows(observer: nodes[1], version: .max, rows: [])]
            }
        ),
        ("forgotten changes", .counter, { state, _ in state.forgotten = .max }),
        (
            "a tombstone with a count at its maximum", .counter,
            { state, _ in
                let gone = UniqueAddress(address: NodeAddress(host: "127.0.0.99", port: 1), incarnation: 1)
                state.tombstones = [Tombstone(node: gone, lastStatus: .down, changes: .max)]
            }
        ),
        ("the highest up-number there is", .upNumber, { state, _ in state.highestUpNumber = .max }),
    ]

    @Test("A state that no member can have is refused, and its sender is named", arguments: impossible.indices)
    func jumps(_ index: Int) {
        let (name, problem, edit) = Self.impossible[index]
        let cluster = formed()
        let nodes = (1...3).map { cluster[$0].core.myself }
        let before = cluster[1].core.gossip
        let effects = send(cluster) { edit(&$0, nodes) }
        #expect(notes(effects) == [.implausibleState(of: nodes[2], problem)], "\(name)")
        #expect(cluster[1].core.gossip == before, "\(name)")
        cluster.run(.seconds(5))
        #expect(cluster.nodes.allSatisfy { $0.isRunning && $0.core.isAgreed }, "\(name)")
    }

    @Test("One member's word that this node is unknown to it ends nothing, however often it comes")
    func oneForgetter() {
        let cluster = formed(5)
        let (sender, sent) = (cluster[3].core.myself, Instant.start)
        for _ in 0..<50 {
            _ = cluster.deliver(.unknownPeer, from: sender, to: 1)
            _ = cluster.deliver(.unknown(sequence: 1, sentAt: sent), from: sender, to: 1)
            cluster.run(.milliseconds(200))
        }
        #expect(cluster.nodes.allSatisfy { $0.isRunning && $0.stopReason == nil && $0.core.gossip.members.count == 5 })
    }

    @Test("A node that joins heeds no word of its removal from a node that it has not asked")
    func goneWhileJoining() {
        let here = UniqueAddress(address: TestCluster.address(9), incarnation: 1)
        var core = Membership(myself: here, settings: .responsive, generator: SeededGenerator(seed: 1))
        let seed = UniqueAddress(address: TestCluster.address(1), incarnation: 5)
        _ = core.onStart(seeds: [seed.address], mayFound: false, at: .start)
        let stranger = UniqueAddress(address: TestCluster.address(66), incarnation: 4711)
        #expect(core.onMessage(.gone, from: stranger, at: .start).isEmpty)
        #expect(core.phase == .contacting)
        _ = core.onMessage(.gone, from: seed, at: .start)
        #expect(core.phase == .stopped(.refused(.removed)))
    }
}
