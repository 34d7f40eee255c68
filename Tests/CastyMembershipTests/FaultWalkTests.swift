import CastyCore
import Testing

@testable import CastyMembership

/// Watches a cluster while faults rain on it, and knows what must never be.
struct Invariants {
    private var seenStatus: [[UInt64]: MemberStatus] = [:]
    private(set) var broken: [String] = []
    private var checkedEvents: [UInt64: Int] = [:]
    private var removals: [(of: UniqueAddress, at: Instant)] = []

    mutating func check(_ cluster: TestCluster) {
        let running = cluster.nodes.filter { $0.isRunning && $0.core.phase == .member }
        for node in running { checkView(node, in: cluster) }
        for (index, left) in running.enumerated() {
            for right in running[(index + 1)...] where left.core.gossip.version == right.core.gossip.version {
                if !left.core.gossip.hasSameContent(as: right.core.gossip) {
                    broken.append("M5 n\(left.number) n\(right.number) at \(cluster.now): one version, two contents")
                }
            }
        }
        for node in cluster.nodes { checkEvents(node, in: cluster) }
        for removal in removals where cluster.now >= removal.at + cluster.settings.removalMargin(members: 5) {
            guard let node = cluster.nodes.first(where: { $0.core.myself == removal.of }), node.isRunning else {
                continue
            }
            if node.core.leaseHeld(at: cluster.now) {
                broken.append("S1 n\(node.number) holds a lease at \(cluster.now), removed at \(removal.at)")
            }
        }
    }

    private mutating func checkView(_ node: TestCluster.Node, in cluster: TestCluster) {
        let gossip = node.core.gossip
        var places: [NodeAddress] = []
        for member in gossip.members where member.status != .down {
            if places.contains(member.node.address) { broken.append("M1 two members at \(member.node.address)") }
            places.append(member.node.address)
        }
        for entry in gossip.version.entries {
            guard let author = cluster.nodes.first(where: { $0.core.myself == entry.node }) else {
                broken.append("M4 a clock entry of a non-member")
                continue
            }
            let own = author.core.gossip.version[entry.node]
            // A node that was removed and has heard so prunes its own entry; it writes no more.
            if author.isRunning, author.core.phase == .member, entry.count > own,
                !author.core.gossip.isTombstoned(entry.node)
            {
                broken.append("M4 n\(node.number) counts \(entry.count) of n\(author.number), who wrote \(own)")
            }
        }
        if gossip.members.contains(where: { gossip.isTombstoned($0.node) }) {
            broken.append("M2 a removed member is back")
        }
    }

    private mutating func checkEvents(_ node: TestCluster.Node, in cluster: TestCluster) {
        let done = checkedEvents[node.incarnation] ?? 0
        checkedEvents[node.incarnation] = node.events.count
        for event in node.events[done...] {
            guard let subject = event.subject else { continue }
            let key = [node.incarnation, subject.incarnation]
            let next: MemberStatus
            switch event.kind {
            case .memberJoining: next = .joining
            case .memberWeaklyUp: next = .weaklyUp
            case .memberUp: next = .up
            case .memberLeaving: next = .leaving
            case .memberExiting: next = .exiting
            case .memberDown: next = .down
            case .memberRemoved(let last):
                if seenStatus[key] != last {
                    broken.append("M3 n\(node.number): removed from \(seenStatus[key] as Any)")
                }
                if last != .down, last != .exiting { broken.append("M3 n\(node.number): removed while \(last)") }
                seenStatus[key] = nil
                removals.append((subject, node.core.lastProof(of: subject) ?? event.at))
                continue
            case .suspected:
                if subject == node.core.myself { broken.append("F2 n\(node.number) suspects itself") }
                continue
            case .memberUnreachable, .memberReachable, .leaderChanged, .converged, .downingDecision, .secondCluster:
                continue
            }
            if let former = seenStatus[key], !former.mayBecome(next) {
                broken.append("M3 n\(node.number): \(subject) from \(former) to \(next) at \(event.at)")
            }
            seenStatus[key] = next
        }
    }
}

/// A cluster under faults drawn from a seed, then left alone for half a minute.
struct FaultWalk {
    let cluster: TestCluster
    private(set) var invariants = Invariants()
    private(set) var story: [String] = []
    private var dice: SeededGenerator
    private let size: Int
    /// Whether members also leave, and others join that were not there at the start.
    private let hasChanges: Bool

    init(seed: UInt64, settings: MembershipSettings = .responsive, hasChanges: Bool = false) {
        self.hasChanges = hasChanges
        dice = SeededGenerator(seed: seed).fork("faults")
        size = 3 + dice.below(3)
        cluster = TestCluster(size, settings: settings, seed: seed)
        cluster.seeds = (1...size).map { TestCluster.address($0) }
        cluster.latency = .milliseconds(Int64(1 + dice.below(30)))
    }

    mutating func walk() {
        run(.seconds(4))
        for _ in 0..<12 {
            fault()
            run(.milliseconds(Int64(200 + dice.below(6000))))
        }
        cluster.heal()
        thawAll()
        // Where no cluster is left a majority of the seeds must be there to found one.
        for number in 1...size where !cluster[number].isRunning { cluster.start(number) }
        run(.seconds(30))
    }

    private mutating func run(_ time: Duration) {
        let end = cluster.now + time
        while cluster.now < end {
            cluster.run(.milliseconds(100))
            invariants.check(cluster)
        }
    }

    private mutating func fault() {
        let number = 1 + dice.below(size)
        let node = cluster[number]
        let words: String
        switch dice.below(hasChanges ? 12 : 9) {
        case 0, 1:
            cluster.kill(number)
            words = "kill \(number)"
        case 2, 3:
            if !node.isRunning { cluster.start(number) }
            words = "start \(number)"
        case 4:
            if node.isRunning { cluster.freeze(number) }
            words = "freeze \(number)"
        case 5:
            thawAll()
            words = "thaw"
        case 6:
            let order = dice.permuted(Array(1...size))
            let border = 1 + dice.below(size - 1)
            cluster.cut(Array(order[..<border]), Array(order[border...]))
            words = "cut \(order[..<border]) | \(order[border...])"
        case 7:
            let other = 1 + dice.below(size)
            cluster.cuts.insert([number, other])
            words = "cut \(number) -> \(other)"
        case 9:
            if node.isRunning { cluster.command(number) { $0.onLeave(at: $1) } }
            words = "leave \(number)"
        case 10, 11:
            let last = size + 1
            let isThere = cluster.nodes.contains { $0.number == last && $0.isRunning }
            if !isThere { cluster.start(last) }
            run(.milliseconds(Int64(dice.below(120))))
            let order = dice.permuted(Array(1...last))
            let border = 1 + dice.below(size)
            cluster.cut(Array(order[..<border]), Array(order[border...]))
            words = "start \(last), cut \(order[..<border]) | \(order[border...])"
        default:
            cluster.heal()
            words = "heal"
        }
        story.append("\(cluster.now) \(words)")
    }

    /// Whether these agree, now or, where the leader has just changed something, in a moment.
    func agrees(_ left: [Int]) -> Bool {
        left.isEmpty || cluster.run(within: .seconds(1)) { cluster.agree(on: left) } != nil
    }

    private func thawAll() {
        for node in cluster.nodes where node.isFrozen && node.isRunning { cluster.thaw(node.number) }
    }
}

@Suite("Under random faults") struct FaultWalkTests {
    @Test(
        "nothing forbidden happens, and what is left agrees once the faults end",
        arguments: 1...40 as ClosedRange<UInt64>)
    func walk(seed: UInt64) {
        var walk = FaultWalk(seed: seed)
        walk.walk()
        #expect(walk.invariants.broken.isEmpty, "seed \(seed): \(walk.invariants.broken.prefix(3)) \(walk.story)")
        let left = Set(walk.cluster.alive.map(\.number)).sorted()
        #expect(walk.agrees(left), "seed \(seed): \(left) disagree, \(walk.story)")
    }

    @Test(
        "the same where a lease decides, and entities run on one side only",
        arguments: 1...16 as ClosedRange<UInt64>)
    func leaseMajority(seed: UInt64) {
        var settings = MembershipSettings.responsive
        settings.strategy = .leaseMajority()
        var walk = FaultWalk(seed: seed, settings: settings)
        walk.walk()
        #expect(walk.invariants.broken.isEmpty, "seed \(seed): \(walk.invariants.broken.prefix(3)) \(walk.story)")
        let left = Set(walk.cluster.alive.map(\.number)).sorted()
        #expect(walk.agrees(left), "seed \(seed): \(left) disagree, \(walk.story)")
    }

    @Test(
        "the same under every strategy, with members that join and leave at the moment of a split",
        arguments: [
            .keepMajority(), .keepOldest(), .keepOldest(downIfAlone: false), .staticQuorum(size: 2), .leaseMajority(),
        ] as [DowningStrategy], 1...3 as ClosedRange<UInt64>)
    func changes(strategy: DowningStrategy, seed: UInt64) {
        var settings = MembershipSettings.responsive
        settings.strategy = strategy
        var walk = FaultWalk(seed: seed, settings: settings, hasChanges: true)
        walk.walk()
        #expect(walk.invariants.broken.isEmpty, "seed \(seed): \(walk.invariants.broken.prefix(3)) \(walk.story)")
        let left = Set(walk.cluster.alive.map(\.number)).sorted()
        #expect(walk.agrees(left), "seed \(seed): \(left) disagree, \(walk.story)")
    }

    @Test(
        "a lease longer than the removal margin is caught by the checks",
        .enabled(if: MembershipMutation.areCompiledIn, "swift test --traits Mutations"))
    func mutations() {
        var settings = MembershipSettings.responsive
        settings.lease = .seconds(9)
        let broken = (1...20 as ClosedRange<UInt64>).contains { seed in
            var walk = FaultWalk(seed: seed, settings: settings)
            walk.walk()
            return walk.invariants.broken.contains { $0.hasPrefix("S1") }
        }
        #expect(broken)
    }
}
