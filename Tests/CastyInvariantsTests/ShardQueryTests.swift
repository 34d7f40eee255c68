import CastyActors
import CastyCluster
import CastyCore
import CastyInvariants
import CastyObservability
import CastySharding
import CastyTestbed
import Synchronization
import Testing

@Suite("Queries over the whole cluster")
struct ShardQueryTests {
    private final class Box<Value: Sendable>: Sendable {
        private let value = Mutex<Value?>(nil)

        func put(_ new: Value) { value.withLock { $0 = new } }

        func take() -> Value? {
            value.withLock { value in
                defer { value = nil }
                return value
            }
        }
    }

    /// Three nodes with sixty accounts; account-N was reported N mod 7 deposits besides its start.
    private func cluster(seed: UInt64) throws -> TestCluster {
        let testbed = TestCluster(
            world: SimulatedClusterWorld(seed: seed), settings: TestClusterSettings(), checkers: .all)
        try testbed.start([1, 2, 3])
        let isFormed = try testbed.advance(until: testbed.now + .seconds(30)) {
            // Later regions would move shards, and with them entities that start again only when they are reported something.
            testbed.running.allSatisfy { node in
                node.cluster.state.up.count == 3 && node.snapshot.sharding.allSatisfy(\.registered)
            }
        }
        #expect(isFormed)
        for number in 1...60 {
            for _ in 0...number % 7 { try testbed.tell("account-\(number)", "deposit 1") }
        }
        try testbed.advance(until: testbed.now + .seconds(3))
        return testbed
    }

    private func ask<Answer: Sendable>(
        _ testbed: TestCluster, _ question: (ShardRegion<EntityCommand>, @escaping @Sendable (Answer) -> Void) -> Void
    ) throws -> Answer {
        let box = Box<Answer>()
        let region = try #require(try testbed.node(2).regions[.account])
        question(region) { box.put($0) }
        var answer: Answer?
        try testbed.advance(until: testbed.now + .seconds(5)) {
            answer = box.take()
            return answer != nil
        }
        return try #require(answer)
    }

    @Test("every node reports its shards, its entities and its buffers")
    func statistics() throws {
        let testbed = try cluster(seed: 1)
        defer { testbed.end() }
        let answer: ShardStatistics = try ask(testbed) { $0.statistics(within: .seconds(2), completion: $1) }
        #expect(answer.failed.isEmpty)
        #expect(answer.regions.map(\.node) == testbed.running.map(\.system.unique))
        #expect(answer.regions.allSatisfy { $0.isRegistered && $0.buffers.isEmpty && $0.buffered == 0 })
        #expect(answer.entities == 60)
        #expect(answer.regions.flatMap(\.shards).map(\.handled).reduce(0, +) == testbed.tracker.handled)
        #expect(answer.regions.flatMap(\.shards).allSatisfy { $0.state == "running" })
    }

    @Test("pages hold every entity that matches once, in order")
    func pages() throws {
        let testbed = try cluster(seed: 2)
        defer { testbed.end() }
        var found: [String] = []
        var next: String?
        var pages = 0
        repeat {
            let last = next
            let page: EntityPage = try ask(testbed) {
                $0.entities(containing: "t-1", after: last, limit: 4, within: .seconds(2), completion: $1)
            }
            #expect(page.failed.isEmpty)
            #expect(page.entities.count <= 4)
            found += page.entities.map(\.id)
            next = page.next
            pages += 1
        } while next != nil && pages < 10
        #expect(found == ([1] + Array(10...19)).map { "account-\($0)" }.sorted())
    }

    @Test("the hottest entities come first")
    func hottest() throws {
        let testbed = try cluster(seed: 3)
        defer { testbed.end() }
        let page: EntityPage = try ask(testbed) { $0.hottest(9, within: .seconds(2), completion: $1) }
        #expect(page.entities.map(\.handled) == Array(repeating: 7, count: 8) + [6])
        #expect(page.entities.prefix(8).map(\.id) == (1...60).filter { $0 % 7 == 6 }.map { "account-\($0)" }.sorted())
        for entity in page.entities {
            let node = testbed.running.first { $0.system.unique == entity.node }
            #expect(node?.sharding.hosts(entity.id, type: "account") == true)
        }
    }

    @Test("a node that is cut off is missing from the answer, and said to be")
    func cut() throws {
        let testbed = try cluster(seed: 4)
        defer { testbed.end() }
        try testbed.cut([[1, 2], [3]])
        let third = try testbed.node(3).system.unique
        let lost = testbed.running.map { node in
            (1...60).count { node.sharding.hosts("account-\($0)", type: "account") }
        }
        let answer: ShardStatistics = try ask(testbed) { $0.statistics(within: .milliseconds(500), completion: $1) }
        #expect(answer.failed == [ShardQueryFailure(node: third, reason: .timedOut)])
        #expect(answer.regions.count == 2)
        #expect(answer.entities == lost[0] + lost[1])
        let page: EntityPage = try ask(testbed) {
            $0.entities(containing: "", after: nil, limit: 100, within: .milliseconds(500), completion: $1)
        }
        #expect(page.failed.map(\.node) == [third])
        #expect(page.entities.count == lost[0] + lost[1])
    }
}
