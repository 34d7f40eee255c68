import CastyCore
import CastyObservability
import Testing

@testable import CastyInvariants
@testable import CastyMembership
@testable import CastyTestbed

extension MembershipCheckerTests {
    @Test("a clock with an entry of a non-member breaks M13, a member that was never started M15")
    func unknownPeers() {
        let counted = Self.gossip([(1, .up)], clock: [1: 1, 9: 1])
        #expect(ids(SmallGossip(), [moment(1, Self.oracle(1), [(1, counted)])]) == ["M13"])
        let view = NodeSnapshot(
            name: "n1", node: Self.node(1), time: .start,
            membership: MembershipSnapshot(members: [MemberSnapshot(node: Self.node(9), name: "n9", status: .up)]))
        #expect(ids(NoUnknownMembers(), [moment(1, Self.oracle(1), views: [view])]) == ["M15"])
    }

    func peer(
        _ seconds: Double, heard: Double, phi: Double = 0, mean: Double = 0.2, samples: Int = 100, node number: Int = 2
    ) -> NodeSnapshot {
        let peer = PeerSnapshot(
            node: Self.node(number), name: "n\(number)", phi: phi, threshold: 8,
            mean: .milliseconds(Int64(mean * 1000)),
            deviation: .milliseconds(50), acceptablePause: .seconds(1), lastHeartbeat: Self.at(heard),
            suspicionDeadline: Self.at(heard + mean + 1.28), samples: samples)
        return NodeSnapshot(
            name: "n1", node: Self.node(1), time: Self.at(seconds), membership: MembershipSnapshot(peers: [peer]))
    }

    @Test("a killed node that no member marks breaks F1")
    func completeness() {
        var oracle = Self.oracle(2)
        oracle.killed(2, at: Self.at(60))
        let silent = [60.1, 65].map { moment($0, oracle, [(1, Self.two)], views: [peer($0, heard: 60)]) }
        #expect(ids(Completeness(), silent) == ["F1"])
        let marked = Self.gossip([(1, .up), (2, .up)], rows: [(1, 2)])
        let reported = [60.1, 65].map { moment($0, oracle, [(1, marked)], views: [peer($0, heard: 60)]) }
        #expect(ids(Completeness(), reported).isEmpty)
    }

    @Test("a mark that others do not hear of breaks F1, unless its observer is down for them or does not know them")
    func onlookers() {
        var oracle = Self.oracle(3)
        oracle.killed(3, at: Self.at(60))
        func look(observer: [(Int, MemberStatus)], onlooker: [(Int, MemberStatus)]) -> [String] {
            let moments = [61.5, 90].map { seconds in
                moment(
                    seconds, oracle, [(1, Self.gossip(observer, rows: [(1, 3)])), (2, Self.gossip(onlooker))],
                    views: [peer(seconds, heard: 60, node: 3)])
            }
            return ids(Completeness(), moments)
        }
        let three = [(1, MemberStatus.up), (2, .up), (3, .up)]
        #expect(look(observer: three, onlooker: three).contains("F1"))
        #expect(look(observer: three, onlooker: [(1, .down), (2, .up), (3, .up)]).isEmpty)
        #expect(look(observer: [(1, .up), (3, .up)], onlooker: three).isEmpty)
    }

    @Test(
        "phi of 1 right after a heartbeat breaks F4; too many intervals, or the gap of an outage among them, break F5")
    func windows() {
        let oracle = Self.oracle(2)
        #expect(ids(CalmPhi(), [moment(60, oracle, views: [peer(60, heard: 59.9, phi: 1.2)])]) == ["F4"])
        #expect(ids(CalmPhi(), [moment(60, oracle, views: [peer(60, heard: 59, phi: 1.2)])]).isEmpty)
        #expect(ids(BoundedWindow(), [moment(60, oracle, views: [peer(60, heard: 60, samples: 201)])]) == ["F5"])
        let outage = moment(60, oracle, views: [peer(60, heard: 58)])
        let learnt = moment(60.1, oracle, views: [peer(60.1, heard: 60.05, mean: 0.22)])
        #expect(ids(BoundedWindow(), [outage, learnt]) == ["F5"])
        #expect(ids(BoundedWindow(), [outage, moment(60.1, oracle, views: [peer(60.1, heard: 60.05)])]).isEmpty)
    }

    @Test("a node that is declared down though nothing was done breaks F6")
    func falseRemoval() {
        var oracle = Self.oracle(2)
        let down = StepTrace(time: Self.at(60), node: Self.node(1), events: [event(.memberDown, 2)])
        #expect(ids(NoFalseRemoval(), [moment(60, oracle, [], [down])]) == ["F6"])
        // It has heard of it, and stopped: that makes nothing better.
        var stopped = oracle
        stopped.note([StepTrace(time: Self.at(60), node: Self.node(2), stop: .downed)])
        stopped.stopped(2, at: Self.at(60))
        #expect(ids(NoFalseRemoval(), [moment(60, stopped, [], [down])]) == ["F6"])
        oracle.froze(1, at: Self.at(59))
        #expect(ids(NoFalseRemoval(), [moment(60, oracle, [], [down])]).isEmpty)
    }

    @Test("a node that hung and then suspects two that are well breaks F7")
    func sickObserver() {
        var oracle = Self.oracle(3)
        oracle.froze(1, at: Self.at(60))
        oracle.thawed(1, at: Self.at(70))
        let suspects = [2, 3].map { peer in
            StepTrace(
                time: Self.at(70.1), node: Self.node(1),
                events: [event(.suspected(phi: 5, silence: .seconds(10)), peer)])
        }
        #expect(ids(SickObserver(), [moment(70.2, oracle, [], suspects)]) == ["F7"])
        #expect(ids(SickObserver(), [moment(70.2, oracle, [], [suspects[0]])]).isEmpty)
    }

    @Test("a mark that is not taken back breaks F8")
    func refutation() {
        var oracle = Self.oracle(2)
        oracle.cut(TestCluster.Direction(from: 1, to: 2), at: Self.at(60))
        oracle.healed(TestCluster.Direction(from: 1, to: 2), at: Self.at(63))
        let marked = Self.gossip([(1, .up), (2, .up)], rows: [(1, 2)])
        #expect(ids(Refutation(), [moment(63.5, oracle, [(1, marked), (2, marked)])]).isEmpty)
        #expect(ids(Refutation(), [moment(67, oracle, [(1, marked), (2, marked)])]) == ["F8"])
    }

    /// A cluster of three that was quiet, then n1 was cut off; and then, later, who is there.
    func split(_ survivors: [Int]) -> [ClusterMoment] {
        let whole = Self.gossip([(1, .up), (2, .up), (3, .up)])
        var oracle = Self.oracle(3)
        let states = [(1, whole), (2, whole), (3, whole)]
        let before = moment(60, oracle, states)
        for other in [2, 3] {
            oracle.cut(TestCluster.Direction(from: 1, to: other), at: Self.at(60.05))
            oracle.cut(TestCluster.Direction(from: other, to: 1), at: Self.at(60.05))
        }
        return [before, moment(60.1, oracle, states), moment(90, oracle, survivors.map { ($0, whole) })]
    }

    @Test("two sides that go on break P1, and others than the majority break P2")
    func splits() {
        #expect(ids(OneSide(), split([1, 2, 3])) == ["P1"])
        #expect(ids(OneSide(), split([1])).isEmpty)
        #expect(ids(SurvivorsAsOracle(), split([1])) == ["P2"])
        #expect(ids(SurvivorsAsOracle(), split([2, 3])).isEmpty)
        let (here, there) = (Self.gossip([(1, .up)]), Self.gossip([(2, .up)]))
        var oracle = Self.oracle(2)
        oracle.cut(TestCluster.Direction(from: 1, to: 2), at: Self.at(60))
        let apart = [
            moment(60.1, oracle, [(1, Self.two), (2, Self.two)]), moment(110, oracle, [(1, here), (2, there)]),
        ]
        #expect(ids(OneGroup(), apart) == ["P3"])
        #expect(ids(OneGroup(), [apart[1]]).isEmpty)
    }

    @Test("a decision before the view was still breaks P4, and so does none at all")
    func patience() {
        let oracle = Self.oracle(2)
        let marked = Self.gossip([(1, .up), (2, .up)], rows: [(1, 2)])
        let decision = DowningDecision(kind: .downUnreachable, down: [Self.node(2)], reason: .manual)
        func look(decides: Double) -> [String] {
            let seen = [
                StepTrace(time: Self.at(60), node: Self.node(1), before: Self.two, after: marked),
                StepTrace(
                    time: Self.at(decides), node: Self.node(1), before: marked, after: marked,
                    events: [event(.downingDecision(decision), nil)]),
            ]
            return ids(PatientDowning(), [moment(decides, oracle, [], seen)])
        }
        #expect(look(decides: 61) == ["P4"])
        #expect(look(decides: 63.1).isEmpty)
        let seen = [StepTrace(time: Self.at(60), node: Self.node(1), before: Self.two, after: marked)]
        #expect(ids(PatientDowning(), [moment(60, oracle, [], seen), moment(100, oracle, [(1, marked)])]) == ["P4"])
    }

    @Test("a node that goes on after it was declared down breaks P5, one that comes back P6 or M2")
    func fenced() {
        let down = Self.gossip([(1, .down), (2, .up)], clock: [2: 1])
        let step = StepTrace(time: Self.at(60), node: Self.node(1), before: Self.two, after: down)
        #expect(ids(FencedDown(), [moment(60, Self.oracle(2), [], [step])]) == ["P5"])
        let back = StepTrace(time: Self.at(61), node: Self.node(2), before: down, after: Self.two)
        #expect(ids(NoReturn(), [moment(61, Self.oracle(2), [], [back])]) == ["P6"])
        let alone = Self.gossip([(2, .up)], clock: [2: 2])
        let steps = [(Self.two, alone), (alone, Self.two)].map { before, after in
            StepTrace(time: Self.at(62), node: Self.node(2), before: before, after: after)
        }
        #expect(ids(NoReturn(), [moment(62, Self.oracle(2), [], steps)]) == ["M2"])
    }

    @Test("a side that stays by the votes of joiners breaks P7")
    func votes() {
        let state = Self.gossip([(1, .up), (2, .up), (3, .joining), (4, .joining)], rows: [(2, 1)])
        func look(_ down: [Int]) -> [String] {
            let decision = DowningDecision(kind: .downUnreachable, down: down.map(Self.node), reason: .manual)
            let step = StepTrace(
                time: Self.at(60), node: Self.node(2), before: state, after: state,
                events: [event(.downingDecision(decision), nil)])
            return ids(VotesOfMembers(), [moment(60, Self.oracle(4), [], [step])])
        }
        #expect(look([1]) == ["P7"])
        #expect(look([2, 3, 4]).isEmpty)
    }

    @Test("a number that is given again after the cluster was founded again breaks M16")
    func numbersAcrossFoundings() {
        func view(_ number: Int, holder: Int, id: UInt64) -> Gossip {
            var gossip = Gossip(
                members: [Member(node: Self.node(holder), status: .up, upNumber: UInt32(number))], reachability: [],
                tombstones: [], version: VectorClock([.init(node: Self.node(holder), count: 1)]), seen: [])
            gossip.cluster = ClusterID(high: 1, low: id)
            return gossip
        }
        func look(id: UInt64) -> [String] {
            let steps = [
                StepTrace(time: .start, node: Self.node(1), after: view(4, holder: 1, id: 1), phaseBefore: .contacting),
                StepTrace(
                    time: .start, node: Self.node(2), after: view(4, holder: 2, id: id), phaseBefore: .contacting),
            ]
            return ids(UniqueUpNumbers(), [moment(1, Self.oracle(2), [], steps)])
        }
        #expect(look(id: 1) == ["M16"])
        #expect(look(id: 2).isEmpty)
    }
}
