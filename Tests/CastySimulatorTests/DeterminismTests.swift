import CastyActors
import CastyCore
import CastySimulator
import Testing

@Suite("Determinism")
struct DeterminismTests {
    /// Four nodes that talk and tick while links are cut, nodes freeze, die and start again.
    static func story(seed: UInt64) -> (trace: Trace, heard: [String]) {
        let world = SimulatedWorld(seed: seed)
        world.recordSteps(limit: 100_000)
        world.network.changeAll {
            $0.loss = 0.02
            $0.splitting = 0.2
        }
        let heard = Log<String>()
        var generator = world.stream("faults")

        @Sendable func tick(_ node: SimulatedNode, _ handler: Recorder) {
            let borders = node.world
            _ = borders.scheduler.schedule(after: .milliseconds(20)) {
                borders.dispatcher.execute(
                    WorkItem {
                        handler.send([1, 2, 3])
                        heard.append("\(borders.scheduler.now.nanoseconds) \(node.name) \(handler.received.count)")
                        tick(node, handler)
                    })
            }
        }
        func start(_ number: Int) -> SimulatedNode {
            let node = world.node(name: "n\(number)", address: Pair.address(number))
            node.world.transport.listen(on: node.address) { [unowned world] _ in
                let handler = Recorder(world)
                tick(node, handler)
                return handler
            } completion: { _ in
            }
            for other in 1...4 where other != number {
                let handler = Recorder(world)
                node.world.transport.connect(
                    to: Pair.address(other), from: node.address, timeout: .seconds(1), handler: handler)
                tick(node, handler)
            }
            return node
        }
        var nodes = (1...4).map(start)
        for _ in 0..<20 {
            world.run(until: world.now + .milliseconds(200))
            let victim = generator.below(4)
            let other = Pair.address(1 + generator.below(4)).host
            let link = world.network.link(from: nodes[victim].address.host, to: other)
            switch generator.below(6) {
            case 0:
                nodes[victim].kill()
                nodes[victim] = start(victim + 1)
            case 1: nodes[victim].freeze()
            case 2: nodes[victim].thaw()
            case 3: link.cut()
            case 4: world.network.healAll()
            default: nodes[victim].setClockRate(partsPerMillion: generator.below(20_000) - 10_000)
            }
        }
        let trace = world.trace
        world.dispose()
        return (trace, heard.all)
    }

    @Test("the same seed gives the same run, step by step", arguments: UInt64(1)...10)
    func sameSeed(seed: UInt64) {
        let first = Self.story(seed: seed)
        let second = Self.story(seed: seed)
        #expect(first.trace.count > 3000)
        #expect(Trace.firstDifference(first.trace, second.trace) == nil)
        #expect(first.trace.count == second.trace.count)
        #expect(first.trace.digest == second.trace.digest)
        #expect(first.heard == second.heard)
    }

    @Test("another seed gives another run")
    func otherSeed() {
        let digests = (1...20).map { Self.story(seed: $0).trace.digest }
        #expect(Set(digests).count == 20)
    }

    @Test("a run is the same whether it is made in one go or step by step")
    func pieces() {
        func digest(stepwise: Bool) -> UInt64 {
            let pair = Pair(seed: 3)
            let client = pair.connect()
            client.send(pattern(10_000))
            if stepwise {
                while pair.world.step() {}
            } else {
                pair.world.runToQuiescence()
            }
            return pair.world.trace.digest
        }
        #expect(digest(stepwise: true) == digest(stepwise: false))
    }

    @Test("hundreds of thousands of events pass in one run")
    func throughput() {
        let world = SimulatedWorld(seed: 1)
        let nodes = (1...10).map { world.node(name: "n\($0)", address: Pair.address($0)) }
        for node in nodes {
            let borders = node.world
            @Sendable func tick() {
                _ = borders.scheduler.schedule(after: .microseconds(100)) {
                    borders.dispatcher.execute(WorkItem { tick() })
                }
            }
            for _ in 0..<10 { tick() }
        }
        #expect(world.run(until: .start + .milliseconds(200)) == .deadline)
        #expect(world.stepCount == 2 * 10 * 10 * 2000)
        world.dispose()
    }
}
