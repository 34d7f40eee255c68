import CastyCore

@testable import CastyPlacement

/// What the entities of the model are reported: who says it, and the how-manieth of that sender to that entity.
struct Word: Hashable, Sendable {
    var sender: Int
    var entity: String
    var number: Int
}

/// A tiny cluster without actors: regions and coordinators over a network with delays, entities that are mailboxes, and a
/// checker that sees everything.
struct World {
    struct Node {
        var region: Region<Word>
        var coordinator: ShardCoordinator
        var viewVersion = 0
        var isAlive = true
        /// Cut off from all others.
        var isCut = false
        var lease = Instant.distantFuture
        var mailboxes: [EntityInstance: [Item]] = [:]
        /// What came for an instance between its end and the report of it.
        var late: [EntityInstance: [Word]] = [:]
        var wakeAt: Instant?
        /// Shards whose entities are held still, and the turns that they did not take.
        var paused: Set<Int> = []
        var deferred: [EntityInstance] = []
        /// The routes that pass the region by, and the next number of each.
        var routes: [Int: ShardRoute] = [:]
        var numbers: [Int: UInt64] = [:]
    }

    enum Item: Hashable {
        case word(Word)
        case stop
    }

    enum Event {
        case message(ShardingMessage<Word>, from: UniqueAddress, to: UniqueAddress)
        case view(PlacementView, version: Int, at: UniqueAddress)
        case wake(UniqueAddress)
        case handle(EntityInstance, at: UniqueAddress)
        case ended(EntityEnd<Word>, at: UniqueAddress)
        case stored(StoreRequest, at: UniqueAddress)
        case step(Step)
    }

    /// What a test schedules.
    enum Step {
        case tell(sender: Int, entity: String, via: UniqueAddress)
        case command(OperatorCommand, via: UniqueAddress)
        case crash(UniqueAddress)
        case cut(UniqueAddress)
        case stop(UniqueAddress)
        /// The lease lapses for a moment, as when the process was paused.
        case stall(UniqueAddress)
        case lease(UniqueAddress, until: Instant)
        case leave(UniqueAddress)
        case join(UniqueAddress)
        case remove(UniqueAddress)
        case mark(UniqueAddress, PlacementStatus, isReachable: Bool)
        case passivate(String, at: UniqueAddress)
        case fail(String)
        case breakStore(until: Instant)
    }

    struct Entry {
        var at: Instant
        var order: UInt64
        var event: Event

        func isBefore(_ other: Entry) -> Bool { (at, order) < (other.at, other.order) }
    }

    struct Lane: Hashable {
        var from: UniqueAddress
        var to: UniqueAddress
        var isPeer: Bool
    }

    var settings: PlacementSettings
    var generator: SeededGenerator
    var now = Instant.start
    var nodes: [UniqueAddress: Node] = [:]
    var members: [PlacementMember] = []
    var removed: [UniqueAddress] = []
    var heap: [Entry] = []
    var order: UInt64 = 0
    var steps = 0
    var viewVersion = 0
    var laneClock: [Lane: Instant] = [:]
    var slowest = Duration.milliseconds(20)

    // What the checker saw.
    var sent: [Word] = []
    var counters: [Word: Int] = [:]
    var handled: [Word: Int] = [:]
    var lastHandled: [Word: Int] = [:]
    var lost: [Word: LossReason] = [:]
    var gone: Set<Word> = []
    var live: [String: [UniqueAddress]] = [:]
    var store: [String] = []
    /// Until then most requests to the store are refused.
    var storeBrokenUntil = Instant.start
    var violations: [String] = []
    var notes: [CoordinatorNote] = []
    var answers: [CommandAnswer] = []
    var left: [UniqueAddress] = []
    var failNext: Set<String> = []
    /// How often a route was opened.
    var passed = 0

    init(seed: UInt64, settings: PlacementSettings) {
        self.settings = settings
        generator = SeededGenerator(seed: seed)
    }

    // MARK: Cluster

    mutating func start(_ node: UniqueAddress) {
        nodes[node] = Node(
            region: Region(own: node, settings: settings), coordinator: ShardCoordinator(own: node, settings: settings))
        members.append(
            PlacementMember(node: node, upNumber: (members.map(\.upNumber).max() ?? 0) + 1))
        spread()
    }

    /// Tells every living node that is not cut off of the members, each a little later than the other.
    mutating func spread() {
        viewVersion += 1
        for node in nodes.keys.sorted() where nodes[node]?.isAlive == true {
            guard nodes[node]?.isCut == false else { continue }
            let delay = Duration.milliseconds(generator.below(60))
            push(
                .view(PlacementView(own: node, members: members, removed: removed), version: viewVersion, at: node),
                after: delay)
        }
    }

    mutating func push(_ event: Event, after delay: Duration) { push(event, at: now + delay) }

    mutating func push(_ event: Event, at time: Instant) {
        order += 1
        heap.append(Entry(at: time, order: order, event: event))
        var child = heap.count - 1
        while child > 0, heap[child].isBefore(heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func pop() -> Entry {
        heap.swapAt(0, heap.count - 1)
        let first = heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child].isBefore(heap[least])
            {
                least = child
            }
            if least == parent { return first }
            heap.swapAt(parent, least)
            parent = least
        }
    }

    mutating func schedule(_ step: Step, at time: Instant) { push(.step(step), at: time) }

    /// Runs all that is due until then; stops early after that number of steps, if given.
    mutating func run(until end: Instant, steps limit: Int = .max) {
        while let next = heap.first, next.at <= end, steps < limit {
            _ = pop()
            now = max(now, next.at)
            steps += 1
            carryOut(next.event)
        }
        if steps < limit { now = max(now, end) }
    }

    mutating func carryOut(_ event: Event) {
        switch event {
        case .message(let message, let from, let to): arrive(message, from: from, to: to)
        case .view(let view, let version, let node):
            guard nodes[node]?.isAlive == true, nodes[node]?.isCut == false else { return }
            guard version > nodes[node]!.viewVersion else { return }
            nodes[node]!.viewVersion = version
            interpret(nodes[node]!.coordinator.onView(view, at: now), at: node)
            interpret(nodes[node]!.region.onView(view, at: now), at: node)
        case .wake(let node):
            guard nodes[node]?.isAlive == true else { return }
            if nodes[node]!.wakeAt == now { nodes[node]!.wakeAt = nil }
            if let wake = nodes[node]!.coordinator.wakeAt, wake <= now {
                interpret(nodes[node]!.coordinator.onWakeup(at: now), at: node)
                if let wake = nodes[node]!.coordinator.wakeAt, wake <= now { spins("coordinator", node) }
            }
            if let wake = nodes[node]!.region.wakeAt, wake <= now {
                interpret(nodes[node]!.region.onWakeup(at: now), at: node)
                if let wake = nodes[node]!.region.wakeAt, wake <= now { spins("region", node) }
            }
            wake(nodes[node]?.coordinator.wakeAt, node)
            wake(nodes[node]?.region.wakeAt, node)
        case .handle(let instance, let node): handle(instance, at: node)
        case .ended(var end, let node):
            guard nodes[node]?.isAlive == true else { return }
            end.unhandled += nodes[node]!.late.removeValue(forKey: end.instance) ?? []
            interpret(nodes[node]!.region.onTerminated(end, at: now), at: node)
        case .stored(let request, let node):
            guard nodes[node]?.isAlive == true else { return }
            complete(request, at: node)
        case .step(let step): take(step)
        }
    }

    // MARK: Effects

    mutating func interpret(_ effects: [CoordinatorEffect], at node: UniqueAddress) {
        for effect in effects {
            switch effect {
            case .send(let to, let epoch, let order): send(.order(epoch, order), from: node, to: to)
            case .probe: break
            case .note(let note): notes.append(note)
            }
        }
        wake(nodes[node]?.coordinator.wakeAt, node)
    }

    mutating func interpret(_ effects: [RegionEffect<Word>], at node: UniqueAddress) {
        for shard in nodes[node]!.region.takeClosedRoutes() { nodes[node]!.routes[shard] = nil }
        for effect in effects {
            switch effect {
            case .send(let to, let message): send(message, from: node, to: to)
            case .start(let instance):
                nodes[node]!.mailboxes[instance] = []
                let others = (live[instance.entity] ?? []).filter { nodes[$0]!.isAlive && now < nodes[$0]!.lease }
                if !others.isEmpty {
                    violations.append("\(now) \(instance.entity) starts on \(node) and lives on \(others)")
                }
                live[instance.entity, default: []].append(node)
            case .deliver(let word, let instance):
                if nodes[node]!.mailboxes[instance] == nil { nodes[node]!.late[instance, default: []].append(word) }
                nodes[node]!.mailboxes[instance]?.append(.word(word))
                push(.handle(instance, at: node), after: .microseconds(generator.below(3000)))
            case .stop(let instance, .afterMailbox):
                nodes[node]!.mailboxes[instance]?.append(.stop)
                push(.handle(instance, at: node), after: .microseconds(generator.below(3000)))
            case .stop(let instance, .now): end(instance, at: node, failed: false)
            case .pause: nodes[node]!.paused = Set(0..<settings.shardCount)
            case .resume(let shard, _):
                nodes[node]!.paused.remove(shard)
                let turns = nodes[node]!.deferred.filter { $0.shard == shard }
                nodes[node]!.deferred.removeAll { $0.shard == shard }
                for instance in turns { push(.handle(instance, at: node), after: .zero) }
            case .lost(let word, _, _, let reason): lose(word, reason)
            case .refused(let word, _, _, _): lose(word, .noHome)
            case .cameBack: break
            case .store(let request): push(.stored(request, at: node), after: .milliseconds(generator.below(30)))
            case .left:
                left.append(node)
                schedule(.mark(node, .exiting, isReachable: true), at: now + .milliseconds(100))
                schedule(.stop(node), at: now + .milliseconds(300))
                schedule(.remove(node), at: now + .milliseconds(500))
            case .note(.answer(_, let answer)): answers.append(answer)
            case .note(.shardStarted(let shard, _)): nodes[node]!.paused.remove(shard)
            case .note: break
            }
        }
        wake(nodes[node]?.region.wakeAt, node)
    }

    mutating func wake(_ at: Instant?, _ node: UniqueAddress) {
        guard let at, max(at, now) < nodes[node]?.wakeAt ?? .distantFuture else { return }
        nodes[node]?.wakeAt = max(at, now)
        push(.wake(node), at: max(at, now))
    }

    /// What has been woken and wants to be woken at once is woken for ever.
    mutating func spins(_ core: String, _ node: UniqueAddress) {
        violations.append("\(now) the \(core) of \(node) has nothing to do and does not sleep")
        nodes[node]!.isAlive = false
    }

    mutating func lose(_ word: Word, _ reason: LossReason) {
        if lost[word] != nil || handled[word] != nil { violations.append("\(now) \(word) ends twice: \(reason)") }
        lost[word] = reason
    }
}
