import CastyCore
import Testing

@testable import CastyPlacement

@Suite("Region")
struct RegionTests: RegionSamples {
    @Test("Messages wait for a home, and go there in order; later ones go at once")
    func routing() {
        var region = registered()
        #expect(
            region.onRoute("a", to: "e-1", at: at(10)) == [.send(to: node(1), .request(.homes(of: [0])))])
        #expect(region.onRoute("b", to: "e-2", at: at(11)) == [])
        #expect(region.status.buffers == [BufferStatus(shard: 0, count: 2, since: at(10))])
        #expect(region.onWakeup(at: at(260)) == [.send(to: node(1), .request(.homes(of: [0])))])
        let home = ShardHome(shard: 0, node: node(3), version: version(1))
        #expect(
            region.onMessage(.order(epoch, .homes([home], allOf: 0..<0)), from: node(1), at: at(270)) == [
                .send(to: node(3), .peer(.deliver(delivery("a")))),
                .send(to: node(3), .peer(.deliver(delivery("b", "e-2", sequence: 2)))),
            ])
        #expect(
            region.onRoute("c", to: "e-1", at: at(280)) == [
                .send(to: node(3), .peer(.deliver(delivery("c", sequence: 3))))
            ])
        #expect(region.status.buffered == 0)
    }

    @Test("Nothing goes to a home on a node that is gone, though the coordinator has not heard of that yet")
    func goneHome() {
        var region = registered()
        _ = region.onRoute("a", to: "e-1", at: at(10))
        let members = (1...2).map { PlacementMember(node: node($0), upNumber: $0) }
        _ = region.onView(PlacementView(own: node(2), members: members), at: at(20))
        let late = ShardHome(shard: 0, node: node(3), version: version(1))
        #expect(region.onMessage(.order(epoch, .homes([late], allOf: 0..<0)), from: node(1), at: at(30)) == [])
        #expect(region.onRoute("b", to: "e-1", at: at(40)) == [])
        #expect(region.status.buffered == 2)
        #expect(region.onWakeup(at: at(520)) == [.send(to: node(1), .request(.homes(of: [0])))])
        let next = ShardHome(shard: 0, node: node(1), version: version(2))
        let effects = region.onMessage(.order(epoch, .homes([next], allOf: 0..<0)), from: node(1), at: at(530))
        #expect(effects.count == 2 && region.status.buffered == 0)
    }

    @Test("What exceeds the bound is lost with its reason, the newest first")
    func bound() {
        var region = registered(settings { $0.bufferLimit = 1 })
        _ = region.onRoute("a", to: "e-1", at: at(10))
        #expect(
            region.onRoute("b", to: "e-1", at: at(10)) == [.lost("b", entity: "e-1", shard: 0, .bufferFull)])
    }

    @Test("A node that has not joined registers nowhere and keeps its messages")
    func joiner() {
        var region = Region<String>(own: node(2), settings: settings())
        let members = [
            PlacementMember(node: node(1), upNumber: 1), PlacementMember(node: node(2), upNumber: 0, status: .joining),
        ]
        #expect(region.onView(PlacementView(own: node(2), members: members), at: at(0)) == [])
        #expect(region.onRoute("a", to: "e-1", at: at(10)) == [])
        let joined = PlacementView(
            own: node(2), members: [members[0], PlacementMember(node: node(2), upNumber: 2)])
        let report = Registration(number: 1, shardCount: 1, accepts: true)
        #expect(region.onView(joined, at: at(20)) == [.send(to: node(1), .request(.register(report)))])
        #expect(region.onWakeup(at: at(270)) == [.send(to: node(1), .request(.register(report)))])
    }

    @Test("A hosted shard starts an entity with its first message and delivers the next")
    func delivers() {
        var region = registered()
        let order = HostOrder(shard: 0, version: version(1))
        #expect(
            region.onMessage(.order(epoch, .host([order])), from: node(1), at: at(2)) == [
                .note(.shardStarted(shard: 0, version(1))),
                .send(to: node(1), .request(.started([VersionedShard(shard: 0, version: version(1))]))),
            ])
        #expect(
            region.onMessage(.peer(.deliver(delivery("a"))), from: node(3), at: at(3)) == [
                .start(instance(1)), .note(.entityStarted(instance(1))), .deliver("a", to: instance(1)),
            ])
        #expect(region.onRoute("b", to: "e-1", at: at(4)) == [.deliver("b", to: instance(1))])
        #expect(region.entities(of: 0, limit: 10).map(\.handled) == [2])
    }

    @Test("Two spellings of one id are one entity, which knows itself by one of them")
    func spellings() {
        var region = hosting()
        let effects =
            region.onRoute("a", to: "e\u{301}", at: at(3)) + region.onRoute("b", to: "\u{E9}", at: at(4))
            + region.onMessage(.peer(.deliver(delivery("c", "e\u{301}"))), from: node(3), at: at(5))
        var names: [[UInt8]] = []
        for case .deliver(_, let instance) in effects {
            #expect(instance.number == 1)
            names.append(Array(instance.entity.utf8))
        }
        #expect(names == Array(repeating: [0xC3, 0xA9], count: 3))
        #expect(region.onPassivate("e\u{301}", at: at(6)) == [.stop(instance(1, "\u{E9}"), .afterMailbox)])
    }

    @Test(
        "A region whose number of shards is refused loses what waits for a home, asks no more, and tries the next coordinator"
    )
    func refused() {
        var region = Region<String>(own: node(2), settings: settings())
        let members = (1...3).map { PlacementMember(node: node($0), upNumber: $0) }
        _ = region.onView(PlacementView(own: node(2), members: members), at: at(0))
        #expect(region.onRoute("a", to: "e-1", at: at(1)) == [])
        let order = CoordinatorOrder.registrationRefused(number: 1, shardCount: 7)
        #expect(
            region.onMessage(.order(epoch, order), from: node(1), at: at(2)).suffix(2) == [
                .note(.shardCountMismatch(7)), .lost("a", entity: "e-1", shard: 0, .notHosted),
            ])
        #expect(region.onMessage(.order(epoch, order), from: node(1), at: at(3)) == [])
        #expect(region.onRoute("b", to: "e-1", at: at(4)) == [.lost("b", entity: "e-1", shard: 0, .notHosted)])
        #expect(region.onWakeup(at: at(1000)) == [])
        #expect(region.status.buffered == 0)
        var effects = region.onView(PlacementView(own: node(2), members: Array(members.suffix(2))), at: at(2000))
        let report = Registration(number: 2, shardCount: 1, accepts: true)
        effects.removeAll { $0 != .send(to: node(2), .request(.register(report))) }
        #expect(effects.count == 1)
        #expect(region.onRoute("c", to: "e-1", at: at(2001)) == [])
    }

    @Test("Orders of a lower epoch are refused")
    func fencing() {
        var region = hosting()
        let late = CoordinatorEpoch(upNumber: 0, start: 9)
        let order = CoordinatorOrder.discard(VersionedShard(shard: 0, version: version(9)))
        #expect(
            region.onMessage(.order(late, order), from: node(3), at: at(9)) == [
                .note(.refusedEpoch(late, from: node(3)))
            ])
        #expect(region.status.hosted.count == 1)
    }

    @Test("A delivery to the wrong node comes back, waits for the right home, and is lost when it comes back again")
    func wrongHome() {
        var region = registered()
        #expect(
            region.onMessage(.peer(.deliver(delivery("x"))), from: node(3), at: at(5)) == [
                .send(to: node(3), .peer(.notHome(delivery("x"), known: nil)))
            ])
        let home = ShardHome(shard: 0, node: node(3), version: version(1))
        _ = region.onMessage(.order(epoch, .homes([home], allOf: 0..<0)), from: node(1), at: at(6))
        _ = region.onRoute("a", to: "e-1", at: at(7))
        #expect(
            region.onMessage(.peer(.notHome(delivery("a"), known: nil)), from: node(3), at: at(8)) == [
                .send(to: node(3), .peer(.streamEnd(shard: 0, token: 1, handoff: nil))),
                .send(to: node(1), .request(.homes(of: [0]))),
            ])
        var retry = delivery("a")
        retry.isRetry = true
        #expect(
            region.onMessage(.peer(.notHome(retry, known: nil)), from: node(3), at: at(9))
                .contains(.lost("a", entity: "e-1", shard: 0, .wrongHome)))
    }

    @Test("An order that was refused, or whose shard has stopped here, starts nothing when it is said again")
    func repeatedOrder() {
        let order = HostOrder(shard: 0, version: version(1))
        let item = VersionedShard(shard: 0, version: version(1))
        var refusing = registered()
        _ = refusing.onLease(validUntil: at(10), at: at(20))
        #expect(
            refusing.onMessage(.order(epoch, .host([order])), from: node(1), at: at(21)) == [
                .send(to: node(1), .request(.hostRefused([item])))
            ])
        _ = refusing.onLease(validUntil: .distantFuture, at: at(30))
        let stopped = RegionEffect<String>.send(to: node(1), .request(.stopped(item, hasLeftover: false)))
        #expect(refusing.onMessage(.order(epoch, .host([order])), from: node(1), at: at(31)) == [stopped])
        var stopping = hosting()
        _ = stopping.onMessage(.order(epoch, .discard(item)), from: node(1), at: at(20))
        #expect(stopping.onMessage(.order(epoch, .host([order])), from: node(1), at: at(21)) == [stopped])
        let next = HostOrder(shard: 0, version: version(2))
        #expect(
            stopping.onMessage(.order(epoch, .host([next])), from: node(1), at: at(22)).contains(
                .note(.shardStarted(shard: 0, version(2)))))
    }

    @Test(
        "What comes back from a stream that was given up, or from a node that is gone, is lost: later messages have gone on"
    )
    func late() {
        var region = registered()
        let (old, new) = (
            ShardHome(shard: 0, node: node(3), version: version(1)),
            ShardHome(shard: 0, node: node(1), version: version(2))
        )
        _ = region.onMessage(.order(epoch, .homes([old], allOf: 0..<0)), from: node(1), at: at(10))
        _ = region.onRoute("a", to: "e-1", at: at(11))
        // The old home is silent, so that the end of the stream to it is not confirmed.
        _ = region.onMessage(.order(epoch, .homes([new], allOf: 0..<0)), from: node(1), at: at(12))
        _ = region.onRoute("b", to: "e-1", at: at(13))
        var sent = delivery("b", sequence: 2)
        sent.version = version(2)
        #expect(region.onWakeup(at: at(2100)).contains(.send(to: node(1), .peer(.deliver(sent)))))
        let back = ShardingMessage<String>.peer(.notHome(delivery("a"), known: nil))
        #expect(
            region.onMessage(back, from: node(3), at: at(2200)) == [.lost("a", entity: "e-1", shard: 0, .late)])
        let members = [1, 2].map { PlacementMember(node: node($0), upNumber: $0) }
        _ = region.onView(PlacementView(own: node(2), members: members), at: at(2300))
        #expect(
            region.onMessage(.peer(.deliver(delivery("c"))), from: node(3), at: at(2400)) == [
                .lost("c", entity: "e-1", shard: 0, .late)
            ])
    }

    @Test("What an old home had left comes first or not at all")
    func lateLeftover() {
        var region = hosting(holdFor: node(1))
        _ = region.onMessage(.peer(.deliver(delivery("fresh"))), from: node(3), at: at(10))
        _ = region.onWakeup(at: at(2100))
        #expect(
            region.onMessage(.peer(.deliver(delivery("left", sequence: 0))), from: node(1), at: at(2200)) == [
                .lost("left", entity: "e-1", shard: 0, .late)
            ])
    }

    @Test("A handoff waits for every stream to close, stops the entities, and sends what they left ahead")
    func handoff() {
        var region = hosting()
        _ = region.onMessage(.peer(.deliver(delivery("a"))), from: node(3), at: at(3))
        let begin = CoordinatorOrder.beginHandOff(shard: 0, handoff: version(2), owner: node(2))
        #expect(
            region.onMessage(.order(epoch, begin), from: node(1), at: at(4)) == [
                .send(to: node(1), .request(.handOffBegun(shard: 0, handoff: version(2))))
            ])
        let handOff = CoordinatorOrder.handOff(
            shard: 0, version: version(1), handoff: version(2), participants: [node(2), node(3)])
        #expect(region.onMessage(.order(epoch, handOff), from: node(1), at: at(5)) == [])
        #expect(
            region.onMessage(.peer(.deliver(delivery("b"))), from: node(3), at: at(6)) == [
                .deliver("b", to: instance(1))
            ])
        #expect(
            region.onMessage(.peer(.streamEnd(shard: 0, token: 4, handoff: version(2))), from: node(3), at: at(7)) == [
                .send(to: node(3), .peer(.streamClosed(shard: 0, token: 4))), .stop(instance(1), .afterMailbox),
            ])
        #expect(region.onRoute("c", to: "e-1", at: at(8)) == [.send(to: node(1), .request(.homes(of: [0])))])
        #expect(
            region.onTerminated(EntityEnd(instance(1), unhandled: ["b"]), at: at(9)) == [
                .note(.entityStopped(instance(1))), .note(.shardStopped(shard: 0, version(1), forced: false)),
                .send(
                    to: node(1),
                    .request(.stopped(VersionedShard(shard: 0, version: version(1)), hasLeftover: true))),
            ])
        let home = ShardHome(shard: 0, node: node(3), version: version(3))
        var left = delivery("b", sequence: 0)
        left.version = version(3)
        var fresh = delivery("c", sequence: 1)
        fresh.version = version(3)
        #expect(
            region.onMessage(.order(epoch, .homes([home], allOf: 0..<0)), from: node(1), at: at(10)) == [
                .send(to: node(3), .peer(.deliver(left))), .send(to: node(3), .peer(.deliver(fresh))),
                .send(to: node(3), .peer(.transferred(shard: 0))),
            ])
    }

    @Test("A new home holds fresh messages until the old home's have come, or for its bound", arguments: [true, false])
    func hold(transferred: Bool) {
        var region = hosting(holdFor: node(3))
        #expect(region.onMessage(.peer(.deliver(delivery("fresh"))), from: node(1), at: at(3)) == [])
        #expect(region.onRoute("own", to: "e-1", at: at(4)) == [])
        #expect(region.onMessage(.peer(.deliver(delivery("left"))), from: node(3), at: at(5)) == [])
        let effects =
            transferred
            ? region.onMessage(.peer(.transferred(shard: 0)), from: node(3), at: at(6)) : region.onWakeup(at: at(2002))
        #expect(
            effects.filter { if case .deliver = $0 { true } else { false } } == [
                .deliver("left", to: instance(1)), .deliver("own", to: instance(1)),
                .deliver("fresh", to: instance(1)),
            ])
    }

    @Test("An entity that does not stop is stopped hard, and then the shard goes without it")
    func stubborn() {
        var region = hosting()
        _ = region.onRoute("a", to: "e-1", at: at(3))
        let handOff = CoordinatorOrder.handOff(shard: 0, version: version(1), handoff: version(2), participants: [])
        #expect(
            region.onMessage(.order(epoch, handOff), from: node(1), at: at(10)) == [.stop(instance(1), .afterMailbox)])
        #expect(region.onWakeup(at: at(5010)) == [.stop(instance(1), .now)])
        #expect(
            region.onWakeup(at: at(7010)).prefix(1) == [
                .note(.shardStopped(shard: 0, version(1), forced: true))
            ])
        #expect(
            region.onTerminated(EntityEnd(instance(1), unhandled: ["a"]), at: at(8000)) == [
                .lost("a", entity: "e-1", shard: 0, .handoff)
            ])
    }

    @Test("Nothing is left after a shutdown")
    func shutdown() {
        var region = hosting()
        _ = region.onRoute("a", to: "e-1", at: at(3))
        #expect(region.onShutdown(at: at(4)) == [.stop(instance(1), .now)])
        #expect(
            region.onRoute("b", to: "e-1", at: at(5)) == [.lost("b", entity: "e-1", shard: 0, .shutdown)])
        #expect(
            region.onTerminated(EntityEnd(instance(1), unhandled: ["a"]), at: at(6))
                .contains(.lost("a", entity: "e-1", shard: 0, .shutdown)))
        #expect(region.status.buffered == 0)
    }
}
