import CastyActors
import CastyCluster
import CastyCore
import CastyInvariants
import CastyPlacement
import CastySharding
import CastyTestbed
import Testing

/// Reminders of durable entities on three simulated nodes with one store.
@Suite("Reminders of durable entities")
struct ReminderStoryTests {
    enum Plan: Codable, Sendable {
        case remind(String, seconds: Int)
        case cancel(String)
        case due(String)
        case cancelTimers
        case get(replyTo: ActorRef<State>)
    }

    struct State: Codable, Sendable, Equatable {
        var handled: [String] = []
        /// The names and seconds of the reminders that wait.
        var waiting: [String: Int] = [:]
    }

    enum Event: Codable, SendableMetatype { case handled(String) }

    /// How the entities keep their state.
    enum Form: CaseIterable, Sendable { case state, events, snapshots }

    private final class Service {
        let form: Form
        let testbed: TestCluster
        let store = InMemoryEntityStore()
        private(set) var regions: [Int: ShardRegion<Plan>] = [:]
        let began: Instant

        init(_ form: Form, seed: UInt64 = 7, nodes: Int = 3) throws {
            self.form = form
            var settings = TestClusterSettings()
            settings.samples = []
            settings.remembersCluster = true
            testbed = TestCluster(world: SimulatedClusterWorld(seed: seed), settings: settings, checkers: .all)
            try testbed.start(Array(1...nodes))
            try Self.whenUp(nodes, testbed)
            began = testbed.now
            for number in 1...nodes { try host(number) }
            try testbed.advance(until: testbed.now + .seconds(5))
        }

        static func whenUp(_ nodes: Int, _ testbed: TestCluster) throws {
            let areUp = try testbed.advance(until: testbed.now + .seconds(60)) {
                testbed.running.count == nodes && testbed.running.allSatisfy { $0.cluster.state.up.count == nodes }
            }
            guard areUp else { throw TestClusterError("the nodes are not up") }
        }

        func host(_ number: Int) throws {
            let node = try testbed.node(number)
            let form = form
            regions[number] = try node.sharding.start(type: "plan", shards: 6, store: store) { entity in
                switch form {
                case .state: ReminderStoryTests.durable(entity)
                case .events: ReminderStoryTests.eventSourced(entity, .never)
                case .snapshots: ReminderStoryTests.eventSourced(entity, .every(2))
                }
            }
        }

        deinit { testbed.end() }

        func tell(_ id: String, _ plan: Plan, via number: Int = 1) { regions[number]?.tell(id, plan) }

        func run(_ seconds: Int) throws { try testbed.advance(until: testbed.now + .seconds(seconds)) }

        func state(_ id: String, via number: Int = 1) throws -> State {
            let heard = Heard<Result<State, AskError>>()
            regions[number]?.ask(id, within: .seconds(5), { .get(replyTo: $0) }, completion: { heard.note("", $0) })
            try testbed.advance(until: testbed.now + .seconds(10)) { !heard.names.isEmpty }
            return try #require(heard.of("").first).get()
        }

        /// The node on which an entity runs.
        func home(_ id: String) -> Int? { testbed.running.first { $0.sharding.hosts(id, type: "plan") }?.number }
    }

    private static func durable(_ entity: EntityContext) -> Behavior<Plan> {
        .durable(entity, State()) { state, context, message in
            switch message {
            case .remind(let name, let seconds):
                try entity.remind(name, at: entity.wallTime + .seconds(seconds), Plan.due(name))
            case .cancel(let name): try entity.cancelReminder(name)
            case .due(let name): state.handled.append(name)
            case .cancelTimers: context.timers.cancelAll()
            case .get(let replyTo): replyTo.tell(shown(state, entity))
            }
            return .same
        }
    }

    private static func eventSourced(_ entity: EntityContext, _ snapshots: Snapshots<State>) -> Behavior<Plan> {
        .eventSourced(entity, State(), snapshots: snapshots) { _, context, message in
            switch message {
            case .remind(let name, let seconds):
                try entity.remind(name, at: entity.wallTime + .seconds(seconds), Plan.due(name))
            case .cancel(let name): try entity.cancelReminder(name)
            case .due(let name): return .persist(Event.handled(name))
            case .cancelTimers: context.timers.cancelAll()
            case .get(let replyTo): return .none.then { replyTo.tell(shown($0, entity)) }
            }
            return .none
        } apply: { state, event in
            switch event {
            case .handled(let name): state.handled.append(name)
            }
        }
    }

    private static func shown(_ state: State, _ entity: EntityContext) -> State {
        let now = entity.wallTime
        var shown = state
        shown.waiting = entity.reminderTimes.mapValues { Int(($0 - now).components.seconds) }
        return shown
    }

    @Test("each comes once, at its time, and may be replaced and cancelled", arguments: Form.allCases)
    func once(form: Form) throws {
        let service = try Service(form)
        service.tell("plan-1", .remind("a", seconds: 20))
        service.tell("plan-1", .remind("b", seconds: 10))
        service.tell("plan-1", .remind("c", seconds: 12))
        service.tell("plan-1", .remind("d", seconds: 1000))
        service.tell("plan-1", .remind("b", seconds: 15))
        service.tell("plan-1", .cancel("c"))
        service.tell("plan-1", .cancelTimers)
        try service.run(9)
        #expect(try service.state("plan-1").waiting.keys.sorted() == ["a", "b", "d"])
        try service.run(5)
        #expect(try service.state("plan-1").handled == [])
        try service.run(2)
        #expect(try service.state("plan-1").handled == ["b"])
        try service.run(60)
        let last = try service.state("plan-1")
        #expect(last.handled == ["b", "a"])
        #expect(last.waiting.keys.sorted() == ["d"])
        if form == .events { try checkLog(service) }
    }

    /// The program's events are in the log, and those that say what to be reminded of are not.
    private func checkLog(_ service: Service) throws {
        let heard = Heard<Result<[UInt64], any Error>>()
        let (log, store) = (service.store.eventLog(.entity("plan-1", type: "plan")), service.store)
        Task(executorPreference: try service.testbed.node(1).system.tasks) {
            do {
                var all: [UInt64] = []
                for try await element in log { all.append(element.event.sequence) }
                let stored = try await store.events(matching: .all, after: .start, limit: 100).events
                heard.note("", .success(all + [UInt64(stored.count { $0.event.record.isReserved })]))
            } catch { heard.note("", .failure(error)) }
        }
        try service.testbed.advance(until: service.testbed.now + .seconds(1)) { !heard.names.isEmpty }
        // Six commands have set and cancelled reminders; two reminders came, each event before that of its batch.
        #expect(try #require(heard.of("").first).get() == [7, 9, 8])
    }

    @Test("an entity that was passivated starts for it, and is not started without one", arguments: Form.allCases)
    func passivated(form: Form) throws {
        let service = try Service(form)
        let ids = (1...20).map { "plan-\($0)" }
        for id in ids { service.tell(id, .remind("wake", seconds: 90)) }
        service.tell("plan-none", .cancel("x"))
        try service.run(2)
        for id in ids + ["plan-none"] { for region in service.regions.values { region.passivate(id) } }
        try service.run(60)
        for id in ids { #expect(service.home(id) == nil) }
        try service.run(40)
        for id in ids {
            #expect(service.home(id) != nil)
            #expect(try service.state(id).handled == ["wake"])
        }
        #expect(service.home("plan-none") == nil)
        try service.run(60)
        for id in ids { #expect(try service.state(id).handled == ["wake"]) }
    }

    @Test(
        "it comes once on another node where its own is killed or frozen before it", arguments: [false, true],
        Form.allCases)
    func moved(freezes: Bool, form: Form) throws {
        let service = try Service(form)
        let ids = (1...12).map { "plan-\($0)" }
        for id in ids { service.tell(id, .remind("wake", seconds: 30)) }
        try service.run(2)
        #expect(ids.contains { service.home($0) == 3 })
        if freezes { try service.testbed.freeze(3) } else { try service.testbed.kill(3) }
        try service.run(60)
        if freezes { try service.testbed.thaw(3) }
        try service.run(20)
        for id in ids { #expect(try service.state(id).handled == ["wake"], "\(id)") }
    }

    @Test("it comes when the whole cluster was stopped and starts again later", arguments: Form.allCases)
    func clusterEnds(form: Form) throws {
        let service = try Service(form)
        let ids = (1...12).map { "plan-\($0)" }
        for id in ids { service.tell(id, .remind("wake", seconds: 30)) }
        try service.run(2)
        for number in 1...3 { try service.testbed.kill(number) }
        try service.run(100)
        for number in 1...3 { try service.testbed.restart(number) }
        try Service.whenUp(3, service.testbed)
        for number in 1...3 { try service.host(number) }
        try service.run(40)
        for id in ids {
            #expect(service.home(id) != nil, "\(id)")
            #expect(try service.state(id).handled == ["wake"])
        }
    }
}
