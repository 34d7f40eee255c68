import CastyCore
import CastyObservability
import Testing

@testable import CastyInvariants
@testable import CastyMembership
@testable import CastyTestbed

/// What each rule says of a fabricated run that breaks it, and of one that does not.
@Suite("Membership checkers")
struct MembershipCheckerTests {
    static func node(_ number: Int) -> UniqueAddress {
        UniqueAddress(address: NodeAddress(host: "127.0.0.\(number)", port: 25_520), incarnation: UInt64(number))
    }

    static func at(_ seconds: Double) -> Instant { .start + .milliseconds(Int64(seconds * 1000)) }

    /// A state in which each node has counted so often, and the nodes of `by` mark those of `rows`.
    static func gossip(
        _ members: [(Int, MemberStatus)], clock: [Int: UInt64] = [:], rows: [(Int, Int)] = [], gone: [Int] = []
    ) -> Gossip {
        Gossip(
            members: members.map { Member(node: node($0.0), status: $0.1, upNumber: UInt32($0.0)) },
            reachability: rows.map { observer, subject in
                ObserverRows(
                    observer: node(observer), version: 1,
                    rows: [ReachabilityRow(subject: node(subject), verdict: .unreachable)])
            },
            tombstones: gone.map { Tombstone(node: node($0), lastStatus: .down) },
            version: VectorClock(clock.map { VectorClock.Entry(node: node($0.key), count: $0.value) }), seen: [])
    }

    static let two = gossip([(1, .up), (2, .up)], clock: [1: 3])

    /// Nodes that have been members since the start.
    static func oracle(_ count: Int, settings: MembershipSettings = .responsive) -> Oracle {
        var oracle = Oracle(settings)
        for number in 1...count {
            oracle.started(node(number), number: number, at: .start)
            oracle.note([StepTrace(time: .start, node: node(number), phaseBefore: .idle)])
        }
        return oracle
    }

    func moment(
        _ seconds: Double, _ oracle: Oracle, _ states: [(Int, Gossip)] = [], _ steps: [StepTrace] = [],
        views: [NodeSnapshot] = [], envelope: (time: Instant, node: UniqueAddress)? = nil
    ) -> ClusterMoment {
        ClusterMoment(
            time: Self.at(seconds), views: views.map { NodeView($0) }, incarnations: oracle.incarnations.map(\.node),
            states: states.map { ClusterMoment.State(node: Self.node($0.0), phase: .member, gossip: $0.1) },
            oracle: oracle, steps: steps, lastEnvelope: envelope)
    }

    func event(
        _ kind: MembershipEvent.Kind, _ subject: Int?, _ cause: EventCause = .silence(phi: 8, silence: .zero)
    )
        -> MembershipEvent
    { MembershipEvent(kind, subject: subject.map(Self.node), at: .start, cause: cause) }

    func ids(_ checker: some InvariantChecker, _ moments: [ClusterMoment]) -> [String] {
        var checker = checker
        return moments.flatMap { checker.check($0) }.map(\.id)
    }

    @Test("a merge that counts breaks M4")
    func merging() {
        let (mine, theirs) = (
            Self.gossip([(1, .up), (2, .up)], clock: [1: 2, 2: 1]),
            Self.gossip([(1, .up), (2, .leaving)], clock: [1: 1, 2: 2])
        )
        func look(_ after: UInt64) -> [String] {
            let step = StepTrace(
                time: .start, node: Self.node(1), before: mine,
                after: Self.gossip([(1, .up), (2, .leaving)], clock: [1: after, 2: 2]), received: theirs)
            return ids(NoTickInMerge(), [moment(1, Self.oracle(2), [], [step])])
        }
        #expect(look(3) == ["M4"])
        #expect(look(2).isEmpty)
    }

    @Test("a state with a member and its tombstone breaks M6")
    func laws() {
        var broken = Self.two
        broken.tombstones = [Tombstone(node: Self.node(2), lastStatus: .down)]
        #expect(ids(MergeLaws(), [moment(1, Self.oracle(2), [(1, broken)])]).contains("M6"))
        #expect(ids(MergeLaws(), [moment(1, Self.oracle(2), [(1, Self.two)])]).isEmpty)
    }

    @Test("two leaders in one version break M7")
    func leaders() {
        func view(_ number: Int, leader: Int) -> NodeSnapshot {
            let members = [1, 2].map { MemberSnapshot(node: Self.node($0), name: "n\($0)", status: .up) }
            return NodeSnapshot(
                name: "n\(number)", node: Self.node(number), time: .start,
                membership: MembershipSnapshot(members: members, leader: Self.node(leader), converged: true))
        }
        let states = [(1, Self.two), (2, Self.two)]
        let apart = moment(1, Self.oracle(2), states, views: [view(1, leader: 1), view(2, leader: 2)])
        #expect(ids(OneLeader(), [apart]) == ["M7"])
        #expect(
            ids(OneLeader(), [moment(1, Self.oracle(2), states, views: [view(1, leader: 1), view(2, leader: 1)])])
                .isEmpty)
    }

    @Test("a promotion that not all up members knew of, or with one of them unreachable, breaks M7")
    func promotion() {
        func look(seenByOther: UInt64, rows: [(Int, Int)] = []) -> [String] {
            let before = Self.gossip([(1, .up), (2, .up), (3, .joining)], clock: [1: 3], rows: rows)
            let after = Self.gossip([(1, .up), (2, .up), (3, .up)], clock: [1: 4], rows: rows)
            let other = Self.gossip([(1, .up), (2, .up)], clock: [1: seenByOther])
            return ids(
                LeaderActsOnAgreement(),
                [
                    moment(
                        1, Self.oracle(3), [],
                        [
                            StepTrace(time: .start, node: Self.node(2), before: other, after: other),
                            StepTrace(
                                time: .start, node: Self.node(1), before: before, after: after,
                                events: [event(.memberUp(upNumber: 3), 3, .leaderAction(version: 3))]),
                        ])
                ])
        }
        #expect(look(seenByOther: 2) == ["M7"])
        #expect(look(seenByOther: 3).isEmpty)
        #expect(look(seenByOther: 3, rows: [(1, 2)]) == ["M7"])
    }

    @Test("a change, and a whole gossip, in a quiet cluster break M8")
    func quiet() {
        let oracle = Self.oracle(2)
        let late = StepTrace(
            time: Self.at(60.5), node: Self.node(1), before: Self.two,
            after: Self.gossip([(1, .up), (2, .up)], clock: [1: 4]))
        let calm = moment(60, oracle, [(1, Self.two), (2, Self.two)])
        #expect(ids(Quiescence(), [calm, moment(61, oracle, [], [late])]) == ["M8"])
        #expect(ids(Quiescence(), [calm, moment(61, oracle, envelope: (Self.at(60.5), Self.node(1)))]) == ["M8"])
        #expect(ids(Quiescence(), [moment(1, oracle), moment(2, oracle, [], [late])]).isEmpty)
    }

    @Test("views that differ when all is quiet break M9, and two clusters break M11")
    func agreement() {
        let oracle = Self.oracle(2)
        let down = Self.gossip([(1, .up), (2, .leaving)], clock: [1: 3])
        #expect(ids(Agreement(), [moment(60, oracle, [(1, Self.two), (2, down)])]) == ["M9"])
        #expect(ids(Agreement(), [moment(60, oracle, [(1, Self.two), (2, Self.two)])]).isEmpty)
        #expect(ids(Agreement(), [moment(1, oracle, [(1, Self.two), (2, down)])]).isEmpty)
        let apart = [(1, Self.gossip([(1, .up)])), (2, Self.gossip([(2, .up)]))]
        #expect(ids(Agreement(), [moment(60, oracle, apart)]) == ["M11", "M11"])
    }

    @Test("a node that does not come up breaks M10, in the place of another one M14")
    func joining() {
        var oracle = Self.oracle(2)
        oracle.started(Self.node(3), number: 3, at: Self.at(60))
        oracle.note([StepTrace(time: Self.at(60), node: Self.node(3), phaseBefore: .idle, phase: .contacting)])
        let old = Gossip(
            members: Self.two.members
                + [Member(node: UniqueAddress(address: Self.node(3).address, incarnation: 99), status: .up)],
            reachability: [], tombstones: [], version: VectorClock(), seen: [])
        for (gossip, id) in [(Self.two, "M10"), (old, "M14")] {
            let states = [(1, gossip), (2, gossip)]
            #expect(ids(Joining(), [moment(60.1, oracle, states), moment(90, oracle, states)]) == [id])
        }
        let up = Self.gossip([(1, .up), (2, .up), (3, .up)])
        #expect(ids(Joining(), [moment(60.1, oracle, [(1, Self.two)]), moment(90, oracle, [(1, up)])]).isEmpty)
    }

    @Test("a founder without the word of a majority of the seeds, and one beside a seed that leaves, break M11")
    func founding() {
        func look(_ number: Int, founds: Bool = false, asking: [Int] = [], beside: MemberStatus? = nil) -> [String] {
            var oracle = Oracle()
            oracle.seeds = [1, 2, 3]
            for seed in 1...4 {
                oracle.started(Self.node(seed), number: seed, founds: founds, at: Self.at(0.5))
                oracle.note([StepTrace(time: .start, node: Self.node(seed), phaseBefore: .idle)])
            }
            let asks = asking.map {
                StepTrace(time: .start, node: Self.node($0), phaseBefore: .idle, phase: .contacting)
            }
            let other = beside.map { Self.gossip([(3, $0)]) }
            let member = other.map { [StepTrace(time: .start, node: Self.node(3), after: $0)] } ?? []
            let founding = StepTrace(
                time: .start, node: Self.node(number), after: Self.gossip([(number, .up)]), phaseBefore: .contacting)
            return ids(
                Founding(), [moment(1, oracle, other.map { [(3, $0)] } ?? [], asks + member + [founding])])
        }
        #expect(look(1) == ["M11"])
        #expect(look(1, asking: [1, 3]).isEmpty)
        #expect(look(4, asking: [1, 2, 3]) == ["M11"])
        #expect(look(1, founds: true).isEmpty)
        for status in [MemberStatus.joining, .up, .leaving, .exiting] {
            #expect(look(1, asking: [1, 2], beside: status) == ["M11"])
            #expect(look(1, founds: true, beside: status) == ["M11"])
        }
    }

    @Test("a seed that has replied, ended and begun again has given its word", arguments: [500, 520, 540, 560])
    func repliedBefore(wait: Int) throws {
        let run = try StoryRun(
            """
            nodes 2
            expect members n1,n2 up within 15s
            wait 20s
            kill n1,n2
            wait 1500ms
            restart n1
            wait 16s
            restart n2
            wait \(wait)ms
            kill n2
            wait 20ms
            restart n2
            wait 25s
            expect members n1,n2 up within 5s
            """, seed: 1)
        #expect(run.broken.isEmpty && run.result.status == .passed, "\(run.complaints)")
    }

    @Test("members of two clusters that stay beside each other break M11")
    func coexistence() {
        func view(_ number: Int, _ cluster: UInt64) -> Gossip {
            var gossip = Self.gossip([(number, .up)])
            gossip.cluster = ClusterID(high: 1, low: cluster)
            return gossip
        }
        func look(_ other: UInt64, until end: Double) -> [String] {
            let states = [(1, view(1, 1)), (2, view(2, other))]
            return ids(Founding(), [moment(60, Self.oracle(2), states), moment(end, Self.oracle(2), states)])
        }
        #expect(look(2, until: 160) == ["M11"])
        #expect(look(2, until: 62).isEmpty)
        #expect(look(1, until: 160).isEmpty)
    }

    @Test("a leaver that somebody calls unreachable, or that stays, breaks M12")
    func leaving() {
        var oracle = Self.oracle(3)
        oracle.leaveAsked(3, at: Self.at(60))
        let blamed = StepTrace(
            time: Self.at(61), node: Self.node(1), events: [event(.memberUnreachable(observers: [], witness: nil), 3)])
        #expect(ids(Leaving(), [moment(60, oracle), moment(61, oracle, [], [blamed])]) == ["M12"])
        #expect(ids(Leaving(), [moment(60, oracle), moment(100, oracle)]) == ["M12"])
        var cut = oracle
        cut.killed(2, at: Self.at(60.5))
        #expect(ids(Leaving(), [moment(60, oracle), moment(61, cut, [], [blamed])]).isEmpty)
    }
}
