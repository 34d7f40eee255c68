import CastyCore
import Testing

@testable import CastyPlacement

private let epoch = CoordinatorEpoch(upNumber: 1, start: 1)
private func at(_ milliseconds: Int) -> Instant { .start + .milliseconds(milliseconds) }
private func version(_ sequence: UInt64) -> ShardVersion { ShardVersion(epoch: epoch, sequence: sequence) }
private func instance(_ number: UInt64) -> EntityInstance { EntityInstance(entity: "e-1", shard: 0, number: number) }

/// A region on n2 that hosts its only shard in the first version, with an entity that has handled "a", until its lease lapses at 100 ms.
@Suite("A region without a lease")
struct PauseTests {
    private func paused(_ change: (inout PlacementSettings) -> Void = { _ in }) -> Region<String> {
        var settings = PlacementSettings()
        settings.shardCount = 1
        change(&settings)
        var region = Region<String>(own: node(2), settings: settings)
        let members = (1...3).map { PlacementMember(node: node($0), upNumber: $0) }
        _ = region.onView(PlacementView(own: node(2), members: members), at: at(0))
        _ = order(&region, .registered(number: 1, intents: Intents()), at: 1)
        _ = order(&region, .host([HostOrder(shard: 0, version: version(1))]), at: 2)
        _ = region.onRoute("a", to: "e-1", at: at(3))
        _ = region.onLease(validUntil: at(100), at: at(4))
        _ = region.onWakeup(at: at(100))
        return region
    }

    @Test("One that hosts nothing looks for a lease too, and says then that it can be given shards")
    func hostsNothing() {
        var region = Region<String>(own: node(2), settings: PlacementSettings())
        _ = region.onLease(validUntil: .start, at: at(0))
        let members = (1...3).map { PlacementMember(node: node($0), upNumber: $0) }
        _ = region.onView(PlacementView(own: node(2), members: members), at: at(10))
        _ = order(&region, .registered(number: 1, intents: Intents()), at: 20)
        for time in stride(from: 260, through: 2000, by: 250) {
            #expect(region.wakeAt.map { $0 <= at(time) } == true)
            #expect(region.onWakeup(at: at(time)) == [])
        }
        let effects = region.onLease(validUntil: at(9000), at: at(2100))
        let says = effects.contains {
            if case .send(node(1), .request(.register(let report))) = $0 { report.accepts } else { false }
        }
        #expect(says)
    }

    private func order(_ region: inout Region<String>, _ order: CoordinatorOrder, at time: Int)
        -> Region<String>.Effects
    {
        region.onMessage(.order(epoch, order), from: node(1), at: at(time))
    }

    private func home(_ number: Int, _ sequence: UInt64) -> CoordinatorOrder {
        .homes([ShardHome(shard: 0, node: node(number), version: version(sequence))], allOf: 0..<1)
    }

    /// The lease is valid again, and the coordinator has read what the region hosts.
    private func registerAgain(_ region: inout Region<String>) {
        let report = Registration(
            number: 2, shardCount: 1, accepts: true, hosted: [HostedShard(shard: 0, version: version(1))])
        #expect(
            region.onLease(validUntil: at(9000), at: at(400)) == [
                .note(.unfenced), .send(to: node(1), .request(.register(report))),
            ])
        _ = order(&region, .registered(number: 2, intents: Intents()), at: 410)
    }

    private func delivery(_ payload: String, sequence: UInt64 = 1) -> ShardDelivery<String> {
        ShardDelivery(shard: 0, entity: "e-1", version: version(1), sequence: sequence, payload: payload)
    }

    @Test("A lapse holds its entities still; what comes waits, from here and from elsewhere")
    func lapse() {
        var region = Region<String>(own: node(2), settings: PlacementSettings())
        #expect(region.onLease(validUntil: at(10), at: at(10)) == [.note(.fenced), .pause])
        region = paused()
        #expect(region.onRoute("own", to: "e-1", at: at(110)) == [])
        #expect(region.onMessage(.peer(.deliver(delivery("far"))), from: node(3), at: at(111)) == [])
        #expect(region.buffers.total == 2)
        #expect(region.status.hosted.map(\.phase) == [.paused])
    }

    @Test(
        "The shard goes on, with its entities, when the coordinator has said that it is here since the lease is valid again"
    )
    func goesOn() {
        var region = paused()
        _ = region.onRoute("own", to: "e-1", at: at(110))
        _ = region.onMessage(.peer(.deliver(delivery("far"))), from: node(3), at: at(111))
        registerAgain(&region)
        #expect(
            order(&region, home(2, 1), at: 411) == [
                .resume(shard: 0, [instance(1)]), .deliver("own", to: instance(1)), .deliver("far", to: instance(1)),
            ])
        #expect(region.buffers.total == 0)
        #expect(region.onRoute("b", to: "e-1", at: at(412)) == [.deliver("b", to: instance(1))])
    }

    @Test("A word from before the lapse, or of another version, lets nothing go on")
    func oldWord() {
        var region = paused()
        // While there is no lease, and after it is valid again but before the coordinator has read the report.
        #expect(order(&region, home(2, 1), at: 200) == [])
        _ = region.onLease(validUntil: at(9000), at: at(400))
        #expect(order(&region, home(2, 1), at: 401) == [])
        _ = order(&region, .registered(number: 1, intents: Intents()), at: 402)
        #expect(order(&region, home(2, 1), at: 403) == [])
        _ = order(&region, .registered(number: 2, intents: Intents()), at: 410)
        #expect(order(&region, home(2, 7), at: 411) == [])
        #expect(region.status.hosted.map(\.phase) == [.paused])
        // The order to host it in that version is the coordinator's word for that version.
        #expect(
            order(&region, .host([HostOrder(shard: 0, version: version(7))]), at: 412).contains(
                .resume(shard: 0, [instance(1)])))
    }

    @Test("A lost word is asked for until it comes")
    func asks() {
        var region = paused()
        registerAgain(&region)
        #expect(region.onWakeup(at: at(660)).contains(.send(to: node(1), .request(.homes(of: [0])))))
        #expect(region.onWakeup(at: at(910)).contains(.send(to: node(1), .request(.homes(of: [0])))))
        _ = order(&region, home(2, 1), at: 920)
        #expect(!region.onWakeup(at: at(1200)).contains(.send(to: node(1), .request(.homes(of: [0])))))
    }

    @Test("A shard that was given away ends, and what it has not handled goes to the new home in order")
    func givenAway() {
        var region = paused()
        _ = region.onMessage(.peer(.deliver(delivery("far"))), from: node(3), at: at(111))
        registerAgain(&region)
        #expect(order(&region, home(3, 2), at: 411).contains(.stop(instance(1), .now)))
        let effects = region.onTerminated(EntityEnd(instance(1), unhandled: ["mail"]), at: at(412))
        let sent = effects.compactMap { effect -> String? in
            if case .send(node(3), .peer(.deliver(let delivery))) = effect { delivery.payload } else { nil }
        }
        #expect(sent == ["mail", "far"])
    }

    @Test(
        "What comes when a paused shard stops goes to the new home behind what came during the pause",
        .enabled(if: PlacementMutation.areCompiledIn, "swift test --traits Mutations"),
        arguments: [true, false])
    func orderOverStop(isMended: Bool) {
        var region = paused { if !isMended { $0.mutations = [.overtakesHeld] } }
        _ = region.onMessage(.peer(.deliver(delivery("far"))), from: node(3), at: at(111))
        registerAgain(&region)
        _ = order(&region, home(3, 2), at: 411)
        #expect(region.onMessage(.peer(.deliver(delivery("later", sequence: 2))), from: node(3), at: at(412)) == [])
        let effects = region.onTerminated(EntityEnd(instance(1), unhandled: ["mail"]), at: at(413))
        let sent = effects.compactMap { effect -> String? in
            if case .send(node(3), .peer(.deliver(let delivery))) = effect { delivery.payload } else { nil }
        }
        #expect(sent == (isMended ? ["mail", "far", "later"] : ["mail", "later", "far"]))
        #expect(region.buffers.total == 0)
    }

    @Test("A handoff of a paused shard takes its mailboxes along instead of waiting for them")
    func handoff() {
        var region = paused()
        let handOff = CoordinatorOrder.handOff(shard: 0, version: version(1), handoff: version(2), participants: [])
        #expect(order(&region, handOff, at: 200) == [.stop(instance(1), .now)])
    }

    @Test("A node that sees itself down, or removed, ends what is paused", arguments: [true, false])
    func ends(isDown: Bool) {
        var region = paused()
        var members = [PlacementMember(node: node(1), upNumber: 1)]
        if isDown { members.append(PlacementMember(node: node(2), upNumber: 2, status: .down)) }
        #expect(
            region.onView(PlacementView(own: node(2), members: members), at: at(200)).contains(
                .stop(instance(1), .now)))
    }

    @Test("A second lapse pauses anew what had gone on")
    func twice() {
        var region = paused()
        registerAgain(&region)
        _ = order(&region, home(2, 1), at: 411)
        #expect(region.onWakeup(at: at(9000)).starts(with: [.note(.fenced), .pause]))
        #expect(region.status.hosted.map(\.phase) == [.paused])
    }

    @Test("The pause is no time in which an entity was idle")
    func idle() {
        var region = paused { $0.passivation.idle = .milliseconds(200) }
        #expect(!region.onWakeup(at: at(350)).contains(.stop(instance(1), .afterMailbox)))
        registerAgain(&region)
        _ = order(&region, home(2, 1), at: 411)
        // It was used at 3 ms and paused from 100 to 411 ms: idle at 514 ms.
        #expect(region.onWakeup(at: at(500)) == [])
        #expect(region.onWakeup(at: at(514)) == [.stop(instance(1), .afterMailbox)])
    }

    @Test("An entity that failed, and one that the store wrote down meanwhile, start when the shard goes on")
    func startsLater() {
        var region = paused()
        #expect(
            region.onTerminated(EntityEnd(instance(1), failed: true, unhandled: ["a"]), at: at(110)).contains(
                .note(.entityFailed(instance(1), failures: 1, restartAt: at(332)))) == false)
        _ = region.onWakeup(at: at(399))
        #expect(region.entities(of: 0, limit: 1).map(\.phase) == [.waitingForRestart])
        registerAgain(&region)
        #expect(order(&region, home(2, 1), at: 2000).contains(.deliver("a", to: instance(2))))

        var remembering = paused { $0.remembersEntities = true }
        _ = remembering.onRemembered([], shard: 0, run: 1, at: at(120))
        #expect(remembering.entities(of: 0, limit: 1).isEmpty)
        registerAgain(&remembering)
        let stored = order(&remembering, home(2, 1), at: 411)
        #expect(stored.contains(.store(.add(entity: "e-1", shard: 0, run: 1))))
        _ = remembering.onLease(validUntil: at(420), at: at(420))
        #expect(!remembering.onStored(.add(entity: "e-1", shard: 0, run: 1), at: at(421)).contains(.start(instance(1))))
    }
}
