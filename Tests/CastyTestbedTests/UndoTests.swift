import CastyCore
import CastyInvariants
import CastyObservability
import CastyScenario
import CastySimulator
import CastyTestbed
import Testing

@Suite("An undo takes back one fault, and nothing else") struct UndoTests {
    private let testbed: TestCluster
    private var book = UndoBook()

    init() throws {
        var settings = TestClusterSettings()
        settings.nodes = 4
        testbed = TestCluster(world: SimulatedClusterWorld(seed: 3), settings: settings, checkers: .all)
        try testbed.start([1, 2, 3, 4])
        testbed.world.advance(until: .start + .seconds(5)) { false }
    }

    private func command(_ line: String) throws -> ImmediateCommand {
        guard case .immediate(let command) = try Command.parse(line) else { preconditionFailure(line) }
        return command
    }

    private mutating func inject(_ line: String) throws {
        let before = testbed.faultState
        let command = try command(line)
        try testbed.perform(command)
        book.did(command, from: before, to: testbed.faultState)
    }

    /// Undoes the last fault.
    ///
    /// - Returns: The commands that were given.
    private mutating func undo() throws -> [String] {
        guard case .give(let commands, _) = book.undo() else { return [] }
        for command in commands { try testbed.perform(command) }
        book.takeBack()
        return commands.map(\.description)
    }

    @Test("every fault of links and nodes is undone alone, in whatever order they came, and injected again")
    mutating func exactly() throws {
        let lines = [
            "cut n1 | n2", "cut n3 -> n4", "link n1 n3 latency 50ms", "link n1 -> n3 loss 5%", "freeze n2",
            "link all latency 5ms", "cut n1,n2 | n3,n4", "heal n3 -> n4", "link n1 n3", "thaw n2", "heal",
        ]
        var states: [FaultState] = []
        for line in lines {
            states.append(testbed.faultState)
            try inject(line)
            #expect(testbed.faultState != states.last, "\(line) changes something")
        }
        let end = testbed.faultState
        for (line, state) in zip(lines, states).reversed() {
            #expect(try !undo().isEmpty)
            #expect(testbed.faultState == state, "before \(line)")
        }
        for line in lines {
            let before = testbed.faultState
            let again = try #require(book.redoable)
            #expect(try again == command(line))
            try testbed.perform(again)
            book.didAgain(from: before, to: testbed.faultState)
        }
        #expect(testbed.faultState == end && book.redoable == nil)
    }

    @Test("what has no state of its own is undone by its opposite")
    mutating func opposites() throws {
        try inject("drain n3")
        try inject("fault clock n2 rate 1%")
        try inject("fault clock n2 rate 2%")
        try inject("rebalance pause")
        #expect(try undo() == ["rebalance resume"])
        #expect(try undo() == ["fault clock n2 off", "fault clock n2 rate 1%"])
        #expect(try undo() == ["fault clock n2 off"])
        #expect(try undo() == ["undrain n3"])
        #expect(book.undo() == .refuse("undo: no fault of yours is left to undo"))
    }

    @Test("what cannot be undone says so, and the next undo passes over it")
    mutating func impossible() throws {
        try inject("cut n1 | n2")
        try inject("kill n4")
        guard case .refuse(let reason) = book.undo() else {
            Issue.record("a kill was undone")
            return
        }
        #expect(reason.contains("a kill cannot be undone") && reason.contains("u again undoes cut n1 | n2"))
        #expect(try undo() == ["heal n1 n2"])
    }

    @Test("a new fault ends redoing, and what changes nothing is no fault")
    mutating func newFault() throws {
        try inject("cut n1 | n2")
        #expect(try !undo().isEmpty)
        try inject("tell account-1 deposit 1")
        #expect(book.redoable == .cut(.split([[NodeName(1)], [NodeName(2)]])))
        try inject("freeze n3")
        #expect(book.redoable == nil)
        try inject("heal")
        #expect(try undo() == ["thaw n3"])
    }

    @Test("lists of nodes stand for all links between them, each in the directions that are meant")
    mutating func lists() throws {
        let first = testbed.recorder.count
        try inject("link n1,n2 -> n3,n4 loss 5%")
        try inject("link n1 n2,n3 latency 5ms")
        let impaired = testbed.recorder.events(from: first).filter { $0.kind == .linkImpaired }
        #expect(
            impaired.map { "\($0.from ?? "-")\($0.to ?? "-")" } == [
                "n1n3", "n1n4", "n2n3", "n2n4", "n1n2", "n2n1", "n1n3", "n3n1",
            ])
        #expect(testbed.snapshot.links.count == 7)
        #expect(
            try undo() == ["link n1 -> n2", "link n1 -> n3", "link n1 -> n3 loss 5%", "link n2 -> n1", "link n3 -> n1"])
    }

    @Test("every change of a link is an event, and the end of one names its beginning")
    mutating func events() throws {
        let first = testbed.recorder.count
        try inject("link n1 -> n3 loss 5%")
        try inject("link n2 n4 latency 50ms jitter 5ms")
        try inject("link n2 n4")
        try inject("heal")
        try inject("link all loss 1%")
        try inject("link all")
        let events = testbed.recorder.events(from: first)
        let impaired = events.filter { $0.kind == .linkImpaired }
        #expect(
            impaired.map { "\($0.from ?? "-")\($0.to ?? "-") \($0.text ?? "")" } == [
                "n1n3 loss 5%", "n2n4 latency 50ms, jitter 5ms", "n4n2 latency 50ms, jitter 5ms", "-- loss 1%",
            ])
        let restored = events.filter { $0.kind == .linkRestored }
        #expect(restored.flatMap(\.causes) == [impaired[1].id, impaired[2].id, impaired[0].id, impaired[3].id])
    }

    @Test(
        "a fault that lasts ends at its word, and its nodes work as before",
        arguments: [
            "slow n2 factor 40", "bandwidth n1 n2 limit 5000", "refuse n2", "corrupt n1 n2", "trickle n1 n2",
            "disk n2", "disk n2 error slow", "throw n2", "stall n2", "clock n2 rate 1%",
        ])
    mutating func ends(fault: String) throws {
        try inject("fault \(fault)")
        let undone = try undo()
        #expect(undone.count == 1 && undone[0].hasSuffix(" off"))
        let link = (testbed.world as? SimulatedClusterWorld)?.simulation.network.link(
            from: "127.0.0.1", to: "127.0.0.2")
        #expect(link?.profile == .lan && link?.refusesConnections == false)
        #expect(!testbed.faults.takesTime("n2"))
    }

    @Test("loads are listed with their numbers, and stopped one by one or together")
    func loads() throws {
        for line in ["load 200/s over 50 entities for 30s", "load 1/s over 1 entities for 9s"] {
            try testbed.perform(command(line))
        }
        #expect(testbed.snapshot.loads.map(\.text) == ["200/s over 50 entities", "1/s over 1 entities"])
        try testbed.perform(command("load stop 1"))
        #expect(testbed.snapshot.loads.map(\.number) == [2])
        #expect(throws: TestClusterError.self) { try testbed.perform(command("load stop 1")) }
        try testbed.perform(command("load stop"))
        #expect(testbed.snapshot.loads.isEmpty)
        #expect(throws: TestClusterError.self) { try testbed.perform(command("load stop")) }
    }

    @Test("a shard that does not exist is refused at once, with the numbers there are", arguments: ["move", "pin"])
    func missingShard(verb: String) throws {
        let error = #expect(throws: TestClusterError.self) { try testbed.perform(command("\(verb) shard 99 to n1")) }
        #expect(error?.description.contains("0 to 23") == true)
    }
}
