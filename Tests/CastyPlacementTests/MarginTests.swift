import CastyCore
import Testing

@testable import CastyPlacement

private func at(_ milliseconds: Int) -> Instant { .start + .milliseconds(milliseconds) }

/// Members with their status; each is as old as its number says.
private func view(
    _ own: Int, _ members: [(Int, PlacementStatus)], removed: [Int] = [], proofs: [Instant] = [],
    roles: [Int: [String]] = [:]
) -> PlacementView {
    PlacementView(
        own: node(own),
        members: members.map {
            PlacementMember(node: node($0.0), upNumber: $0.0, status: $0.1, roles: roles[$0.0] ?? [])
        }, removed: removed.map(node), lastProofs: proofs)
}

@Suite("Margins of removed members")
struct MarginTests {
    private var settings: PlacementSettings {
        var settings = PlacementSettings()
        settings.shardCount = 2
        settings.rebalanceInterval = .seconds(60)
        return settings
    }

    private func register(
        _ coordinator: inout ShardCoordinator, _ number: Int, at now: Instant
    ) -> [CoordinatorEffect] {
        coordinator.onRequest(
            .register(Registration(number: 1, shardCount: 2, accepts: true, known: [0, 1])), from: node(number), at: now
        )
    }

    private func allocations(_ effects: [CoordinatorEffect]) -> Int {
        effects.count { if case .note(.allocated) = $0 { true } else { false } }
    }

    /// A coordinator on n3 that has just taken over from n1, where n2 was last seen with this status.
    private func successor(
        _ status: PlacementStatus, word: Bool, mutations: PlacementMutations = []
    ) -> (ShardCoordinator, [CoordinatorEffect]) {
        var settings = settings
        settings.mutations = mutations
        var coordinator = ShardCoordinator(own: node(3), settings: settings)
        _ = coordinator.onView(view(3, [(1, .up), (2, .up), (3, .up)]), at: at(0))
        _ = coordinator.onView(view(3, [(1, .leaving), (2, status), (3, .up)]), at: at(100))
        if word { _ = coordinator.onRequest(.departed, from: node(2), at: at(110)) }
        _ = coordinator.onRequest(.departed, from: node(1), at: at(120))
        _ = coordinator.onView(view(3, [(3, .up)], removed: [1, 2]), at: at(200))
        let effects = register(&coordinator, 3, at: at(210))
        return (coordinator, effects)
    }

    @Test(
        "a leaver that was removed before it said that it has stopped is waited for",
        arguments: [
            PlacementStatus.up, .leaving, .exiting, .down,
        ])
    func leaverWithoutWord(_ status: PlacementStatus) {
        var (coordinator, effects) = successor(status, word: false)
        #expect(allocations(effects) == 0)
        #expect(coordinator.wakeAt == at(3200))
        #expect(allocations(coordinator.onWakeup(at: at(3200))) == 2)
    }

    @Test("in a cluster of a size whose margin is longer, that is how long is waited")
    func marginBySize() {
        var coordinator = ShardCoordinator(own: node(3), settings: settings)
        _ = coordinator.onView(view(3, [(1, .up), (3, .up)]), at: at(0))
        var after = view(3, [(3, .up)], removed: [1])
        after.removalMargin = .seconds(13)
        _ = coordinator.onView(after, at: at(200))
        #expect(allocations(register(&coordinator, 3, at: at(210))) == 0)
        #expect(coordinator.wakeAt == at(13_200))
        #expect(allocations(coordinator.onWakeup(at: at(13_200))) == 2)
    }

    @Test("the margin counts from the last proof for the lease of the removed member")
    func fromProof() {
        var coordinator = ShardCoordinator(own: node(3), settings: settings)
        _ = coordinator.onView(view(3, [(1, .up), (3, .up)]), at: at(0))
        _ = coordinator.onView(view(3, [(3, .up)], removed: [1], proofs: [at(4000)]), at: at(6000))
        #expect(allocations(register(&coordinator, 3, at: at(6010))) == 0)
        #expect(coordinator.wakeAt == at(7000))
        #expect(allocations(coordinator.onWakeup(at: at(7000))) == 2)
    }

    @Test("where the margin is over at the removal, the shards start at once, under the next coordinator too")
    func proofLongAgo() {
        var coordinator = ShardCoordinator(own: node(3), settings: settings)
        _ = coordinator.onView(view(3, [(1, .up), (3, .up)]), at: at(0))
        _ = coordinator.onView(view(3, [(1, .down), (3, .up)]), at: at(9000))
        _ = coordinator.onView(view(3, [(3, .up)], removed: [1], proofs: [at(4000)]), at: at(9010))
        #expect(allocations(register(&coordinator, 3, at: at(9020))) == 2)
        var ninth = Singleton<String>(own: node(9))
        _ = ninth.onView(view(9, [(9, .up)], removed: [1], proofs: [at(4000)]), at: at(9000))
        #expect(ninth.isRunning)
    }

    @Test("of several removed members the one with the last proof counts, and a proof in the future as now")
    func severalProofs() {
        var coordinator = ShardCoordinator(own: node(9), settings: settings)
        let after = view(9, [(9, .up)], removed: [3, 1], proofs: [at(900), at(400)])
        _ = coordinator.onView(after, at: at(1000))
        #expect(allocations(register(&coordinator, 9, at: at(1010))) == 0)
        #expect(coordinator.wakeAt == at(3900))
        var other = ShardCoordinator(own: node(9), settings: settings)
        _ = other.onView(view(9, [(9, .up)], removed: [1], proofs: [at(5000)]), at: at(1000))
        #expect(allocations(register(&other, 9, at: at(1010))) == 0)
        #expect(other.wakeAt == at(4000))
    }

    @Test("a leaver that said so is not waited for")
    func leaverWithWord() {
        #expect(allocations(successor(.exiting, word: true).1) == 2)
    }

    @Test("its word is kept by a node that becomes the coordinator later")
    func wordBeforeTakeover() {
        var coordinator = ShardCoordinator(own: node(2), settings: settings)
        _ = coordinator.onView(view(2, [(1, .up), (2, .up), (3, .exiting)]), at: at(0))
        _ = coordinator.onRequest(.departed, from: node(3), at: at(10))
        _ = coordinator.onView(view(2, [(1, .leaving), (2, .up)], removed: [3]), at: at(100))
        _ = coordinator.onRequest(.departed, from: node(1), at: at(110))
        #expect(allocations(register(&coordinator, 2, at: at(120))) == 2)
    }

    @Test("the word of an earlier incarnation, of another node or of a non-member counts for nothing")
    func foreignWord() {
        var coordinator = ShardCoordinator(own: node(2), settings: settings)
        _ = coordinator.onRequest(.departed, from: node(1), at: at(0))
        _ = coordinator.onView(view(2, [(1, .up), (2, .up)]), at: at(1))
        let earlier = UniqueAddress(address: node(1).address, incarnation: 99)
        _ = coordinator.onRequest(.departed, from: earlier, at: at(2))
        _ = coordinator.onView(view(2, [(2, .up)], removed: [1]), at: at(100))
        #expect(allocations(register(&coordinator, 2, at: at(110))) == 0)
        #expect(coordinator.wakeAt == at(3100))
    }

    @Test("a node that becomes the coordinator as it joins waits for those removed before it came")
    func tombstonesAtStart() {
        var settings = settings
        settings.role = "backend"
        let backends = view(9, [(1, .up), (9, .up)], removed: [3], roles: [9: ["backend"]])
        var coordinator = ShardCoordinator(own: node(9), settings: settings)
        _ = coordinator.onView(backends, at: at(100))
        #expect(allocations(register(&coordinator, 9, at: at(110))) == 0)
        #expect(coordinator.wakeAt == at(3100))
        // The same tombstones later are no news.
        _ = coordinator.onView(view(9, [(9, .up)], removed: [1, 3], roles: [9: ["backend"]]), at: at(2000))
        #expect(coordinator.wakeAt == at(3100))
    }

    @Test("a member without the role hosted nothing: its removal is not waited for")
    func withoutRole() {
        var settings = settings
        settings.role = "backend"
        var coordinator = ShardCoordinator(own: node(9), settings: settings)
        _ = coordinator.onView(view(9, [(1, .up), (9, .joining)], roles: [9: ["backend"]]), at: at(0))
        _ = coordinator.onView(view(9, [(9, .up)], removed: [1], roles: [9: ["backend"]]), at: at(100))
        #expect(allocations(register(&coordinator, 9, at: at(110))) == 2)
    }

    @Test("a region that has handed everything off says so to every member that may become the coordinator")
    func regionSaysSo() {
        var region = Region<String>(own: node(1), settings: settings)
        _ = region.onView(view(1, [(1, .joining), (2, .up), (3, .up)]), at: at(0))
        let effects = region.onLeave(at: at(10))
        #expect(
            effects == [1, 2, 3].map { .send(to: node($0), .request(.departed)) } + [.left])
    }

    @Test("a singleton waits for an older member that was on its way out and did not hand over")
    func singleton() {
        var second = Singleton<String>(own: node(2))
        _ = second.onView(view(2, [(1, .up), (2, .up)]), at: at(0))
        _ = second.onView(view(2, [(1, .exiting), (2, .up)]), at: at(100))
        _ = second.onView(view(2, [(2, .up)], removed: [1]), at: at(200))
        #expect(!second.isRunning)
        #expect(second.wakeAt == at(3200))
        _ = second.onWakeup(at: at(3200))
        #expect(second.isRunning)
    }

    @Test("a singleton does not wait for a leaver that handed over, also where another node asked for it")
    func singletonWithWord() {
        var first = Singleton<String>(own: node(1))
        _ = first.onView(view(1, [(1, .up), (2, .up), (3, .up)]), at: at(0))
        _ = first.onView(view(1, [(1, .leaving), (2, .up), (3, .up)]), at: at(10))
        let end = first.onEnded(1, failed: false, unhandled: [], at: at(20))
        #expect(
            end == [
                .note(.stopped(1, forced: false)), .send(to: node(2), .handedOver), .send(to: node(3), .handedOver),
                .left,
            ])
        var third = Singleton<String>(own: node(3))
        _ = third.onView(view(3, [(1, .leaving), (2, .leaving), (3, .up)]), at: at(10))
        _ = third.onMessage(.handedOver, from: node(1), at: at(30))
        _ = third.onMessage(.handedOver, from: node(2), at: at(31))
        #expect(third.isRunning)
        var later = Singleton<String>(own: node(3))
        _ = later.onView(view(3, [(1, .leaving), (2, .up), (3, .up)]), at: at(10))
        _ = later.onMessage(.handedOver, from: node(1), at: at(30))
        _ = later.onMessage(.handedOver, from: node(2), at: at(31))
        _ = later.onView(view(3, [(3, .up)], removed: [1, 2]), at: at(40))
        #expect(later.isRunning)
    }

    @Test("a singleton that starts on a node which has just joined waits for those removed before it came")
    func singletonTombstones() {
        var ninth = Singleton<String>(own: node(9))
        _ = ninth.onView(view(9, [(9, .up)], removed: [1]), at: at(100))
        #expect(!ninth.isRunning)
        #expect(ninth.wakeAt == at(3100))
        _ = ninth.onWakeup(at: at(3100))
        #expect(ninth.isRunning)
    }
}
