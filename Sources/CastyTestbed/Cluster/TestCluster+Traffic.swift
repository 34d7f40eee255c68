package import CastyActors
package import CastyCore
import CastyObservability
package import CastyPlacement
import CastyScenario
import CastySharding

extension TestCluster {
    /// A steady stream of `deposit 1` messages, round-robin over the accounts and over the up nodes.
    struct Load {
        let number: Int
        let rate: Double
        let interval: Duration
        let entities: Int
        let until: Instant
        var next: Instant
        var count = 0
    }

    /// The sample type of an entity, given by the first part of its name.
    package func sample(of entity: String) throws -> SampleEntity {
        let type = EntityName.type(of: entity)
        guard let sample = SampleEntity(rawValue: type), type.utf8.count < entity.utf8.count else {
            let known = SampleEntity.allCases.map { "\($0.rawValue)-…" }.joined(separator: " or ")
            throw TestClusterError("\"\(entity)\" is no entity here: names are \(known)")
        }
        return sample
    }

    func entry(_ via: Int?) throws -> TestNode {
        if let via { return try runningNode(via) }
        guard let node = running.first else { throw TestClusterError("no node runs") }
        return node
    }

    /// Sends a command to an entity, and does not wait.
    package func tell(_ entity: String, _ text: String, via: Int? = nil) throws {
        try tell(entity, text, at: try entry(via))
    }

    /// Sends a command to an entity through a node that may have stopped since the command was planned. If it has
    /// stopped, the message is recorded as lost.
    ///
    /// - Throws: ``TestClusterError`` if the node was never started or the entity's type does not exist.
    package func tellOrLose(_ entity: String, _ text: String, via number: Int) throws {
        let node = try node(number)
        if node.state == .running { return try tell(entity, text, at: node) }
        _ = try sample(of: entity)
        let cause = EnvelopeLoss.refused(by: node.name, node.state)
        tracker.refuse(entity: entity, sender: node.system.unique, because: cause, at: now)
        inspector.emit(.messageLost, entity: entity, to: node.name, reason: .lost(cause), detail: .text(text))
    }

    private func tell(_ entity: String, _ text: String, at node: TestNode) throws {
        let sample = try sample(of: entity)
        guard let region = node.regions[sample] else { return }
        let number = tracker.enter(entity: entity, at: node.name, node.system.unique, time: now)
        watch.entered(entity, type: sample.rawValue)
        region.tell(entity, EntityCommand(number: number, text: text))
    }

    /// Asks an entity. Calls back once, on a thread of the runtime, unless the asking node is killed.
    ///
    /// - Returns: The asking node.
    @discardableResult
    package func ask(
        _ entity: String, _ text: String, via: Int? = nil, within timeout: Duration,
        patience: AskPatience = .waitForNewHome, completion: @escaping @Sendable (Result<EntityReply, AskError>) -> Void
    ) throws -> TestNode {
        let node = try entry(via)
        let sample = try sample(of: entity)
        guard let region = node.regions[sample] else { throw TestClusterError("\(sample.rawValue) is not hosted here") }
        let number = tracker.enter(entity: entity, at: node.name, node.system.unique, time: now)
        watch.entered(entity, type: sample.rawValue)
        asks.begin(
            AskLedger.Question(
                number: number, entity: entity, role: settings.placement(of: sample).role, asker: node.system.unique,
                patience: patience))
        region.ask(
            entity, within: timeout, patience: patience,
            { EntityCommand(number: number, text: text, replyTo: $0) },
            completion: { [asks, clock = world.clock] result in
                let code: AskError.Code? = if case .failure(let error) = result { error.code } else { nil }
                asks.end(number, at: clock(), code)
                completion(result)
            })
        return node
    }

    /// Passivates an entity.
    package func passivate(_ entity: String) throws {
        try entry(nil).regions[try sample(of: entity)]?.passivate(entity)
    }

    /// Starts a load.
    package func load(perSecond rate: Double, entities: Int, for duration: Duration) throws {
        guard rate > 0, entities > 0 else { throw TestClusterError("a load has a rate and entities") }
        let interval = Duration.nanoseconds(max(1, Int64(1e9 / rate)))
        loadCount += 1
        loads.append(
            Load(
                number: loadCount, rate: rate, interval: interval, entities: entities, until: now + duration,
                next: now))
    }

    /// Ends one load early, or all.
    ///
    /// - Throws: ``TestClusterError`` if it does not run.
    package func stopLoad(_ number: Int?) throws {
        guard loads.contains(where: { number == nil || $0.number == number }) else {
            throw TestClusterError(number.map { "load \($0) does not run" } ?? "no load runs")
        }
        loads.removeAll { number == nil || $0.number == number }
    }

    /// The loads that run.
    var loadSnapshots: [LoadSnapshot] {
        loads.map { load in
            let rate = Rate(perSecond: Thousandths(count: Int64((load.rate * 1000).rounded())))
            return LoadSnapshot(
                number: load.number, text: "\(rate) over \(load.entities) entities", until: load.until)
        }
    }

    /// Ends all loads early.
    package func endLoads() { loads = [] }

    /// Whether a load is running.
    package var isLoaded: Bool { !loads.isEmpty }

    /// Sends the messages that the loads have due, and checks on pending operator commands.
    package func pump() throws {
        guard !loads.isEmpty || hasPendingVerbs else { return }
        let now = now
        // On a fixed grid, so that a simulated load does not depend on the size of the time steps.
        if !world.isLive, now.nanoseconds % SimulatedClusterWorld.grid.nanoseconds != 0 { return }
        followVerbs()
        guard loads.contains(where: { $0.next <= now }) else { return }
        let up = running.filter(\.isUp)
        for index in loads.indices {
            while loads[index].next <= now, loads[index].next < loads[index].until {
                let count = loads[index].count
                loads[index].count += 1
                loads[index].next = loads[index].next + loads[index].interval
                guard !up.isEmpty else { continue }
                try tell("account-\(count % loads[index].entities + 1)", "deposit 1", at: up[count % up.count])
            }
        }
        loads.removeAll { $0.next >= $0.until }
    }

    /// Lets time pass until a deadline, or until the condition holds.
    ///
    /// - Returns: Whether the condition held.
    @discardableResult
    package func advance(until deadline: Instant, unless condition: () throws -> Bool = { false }) throws -> Bool {
        var failure: (any Error)?
        let held = world.advance(until: deadline) {
            do {
                try pump()
                return try condition()
            } catch {
                failure = error
                return true
            }
        }
        if let failure { throw failure }
        return held
    }
}
