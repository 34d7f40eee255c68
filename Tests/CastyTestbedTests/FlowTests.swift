import CastyCore
import CastyInvariants
import CastyObservability
import CastyScenario
import CastyTestbed
import Testing

@Suite("The flow of messages between the nodes") struct FlowTests {
    private static func cluster(_ seed: UInt64 = 7) throws -> TestCluster {
        let testbed = TestCluster(
            world: SimulatedClusterWorld(seed: seed), settings: TestClusterSettings(), checkers: .all)
        try testbed.start([1, 2, 3])
        try testbed.advance(until: .start + .seconds(5))
        return testbed
    }

    private static func pass(_ time: Duration, _ testbed: TestCluster) throws {
        try testbed.advance(until: testbed.now + time)
    }

    @Test("while no one looks, nothing is recorded")
    func off() throws {
        let testbed = try Self.cluster()
        defer { testbed.end() }
        #expect(testbed.snapshot.crossings == nil)
        testbed.observeMessages(true)
        try Self.pass(.seconds(2), testbed)
        #expect(testbed.snapshot.crossings?.isEmpty == false)
        testbed.observeMessages(false)
        #expect(testbed.snapshot.crossings == nil)
    }

    @Test("each heartbeat is there with its answer, and arrives after the latency of the link")
    func heartbeats() throws {
        let testbed = try Self.cluster()
        defer { testbed.end() }
        testbed.observeMessages(true)
        try Self.pass(.seconds(3), testbed)
        let flow = testbed.snapshot.crossings ?? []
        var answered = 0
        for crossing in flow {
            guard case .heartbeat(let sequence) = crossing.content, case .arrived(let at) = crossing.fate else {
                continue
            }
            #expect(at > crossing.sentAt)
            let answer = flow.first {
                $0.from == crossing.to && $0.to == crossing.from
                    && $0.content == .heartbeatAck(sequence: sequence)
            }
            guard let answer else { continue }
            #expect(answer.sentAt >= at)
            answered += 1
        }
        #expect(answered >= 6)
    }

    @Test("an envelope to an entity is there with its entity")
    func envelopes() throws {
        let testbed = try Self.cluster()
        defer { testbed.end() }
        testbed.observeMessages(true)
        for number in 1...8 { try testbed.perform(Command.parse("tell account-\(number) deposit 1 via n1")) }
        try Self.pass(.seconds(1), testbed)
        let entities = Set(
            (testbed.snapshot.crossings ?? []).compactMap { crossing -> String? in
                guard case .envelope(let entity, _, false) = crossing.content, crossing.from == "n1" else { return nil }
                return entity
            })
        #expect(!entities.isEmpty)
        #expect(entities.allSatisfy { $0.hasPrefix("account-") || Int($0) != nil })
    }

    @Test("what is sent to a killed node is lost because the node is gone, and nothing comes from it")
    func killed() throws {
        let testbed = try Self.cluster()
        defer { testbed.end() }
        testbed.observeMessages(true)
        try Self.pass(.seconds(1), testbed)
        try testbed.perform(Command.parse("kill n3"))
        let killed = testbed.now
        try Self.pass(.seconds(5), testbed)
        let flow = testbed.snapshot.crossings ?? []
        #expect(!flow.contains { $0.from == "n3" && $0.sentAt > killed })
        let toTheDead = flow.filter { $0.to == "n3" && $0.sentAt > killed }
        #expect(!toTheDead.isEmpty)
        for crossing in toTheDead {
            if case .arrived = crossing.fate { Issue.record("\(crossing)") }
        }
        #expect(
            toTheDead.contains { crossing in
                if case .lost = crossing.fate { true } else { false }
            })
    }

    @Test("observing changes nothing: the run is the same as without")
    func unchanged() throws {
        var digests: [[String]] = []
        for observes in [false, true] {
            let testbed = try Self.cluster(11)
            defer { testbed.end() }
            testbed.observeMessages(observes)
            try testbed.perform(Command.parse("kill n2"))
            try Self.pass(.seconds(10), testbed)
            digests.append(testbed.recorder.events(from: 0).map { "\($0)" })
        }
        #expect(digests[0] == digests[1])
        #expect(digests[0].count > 10)
    }
}
