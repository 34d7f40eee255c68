import Casty
import Synchronization
import Testing

/// What users know of entities and singletons, with the library alone: one node of a cluster of one.
@Suite("Well-known behaviors of entities and singletons", .timeLimit(.minutes(10)))
struct ClusterStories {
    private enum Cart: Codable, Sendable {
        case add(Int)
        case total(replyTo: ActorRef<Int>)
        case wait
    }

    private static func node() async throws -> CastyNode {
        let address = try FreePort.address()
        let node = try await CastyNode.start(
            name: "shop", listen: address, cluster: .responsive(seeds: [address])
        ) { registry in
            try registry.register(Cart.self, name: "shop.cart")
            try registry.register(Int.self, name: "shop.number")
        }
        while node.cluster.state.up.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        return node
    }

    private static func adding() -> Behavior<Cart> {
        .stateful(0) { total, _, message in
            switch message {
            case .add(let amount): total += amount
            case .total(let replyTo): replyTo.tell(total)
            case .wait: break
            }
            return .same
        }
    }

    @Test("an actor asks an entity and a singleton, from a synchronous handler and from an asynchronous one")
    func asking() async throws {
        let node = try await Self.node()
        let carts = try node.sharding.start(type: "cart", shards: 4, of: Cart.self) { _ in Self.adding() }
        let till = try node.cluster.singleton.start(name: "till", of: Cart.self) { Self.adding() }
        carts.tell("cart-1", .add(5))
        till.tell(.add(7))
        let seen = Inbox<Int>()
        let synchronous = try node.system.spawn(
            Behavior<Int>.receive { context, number in
                if number == 0 {
                    context.ask(carts, "cart-1", { .total(replyTo: $0) }) { (try? $0.get()) ?? -1 }
                    context.ask(till, { .total(replyTo: $0) }) { (try? $0.get()) ?? -1 }
                } else {
                    seen.put(number)
                }
                return .same
            })
        synchronous.tell(0)
        #expect(await seen.first(2).sorted() == [5, 7])
        let asynchronous = try node.system.spawn(
            Behavior<Int>.receiveAsync { _, _ in
                let first: Int = try await carts.ask("cart-1") { .total(replyTo: $0) }
                let second: Int = try await till.ask { .total(replyTo: $0) }
                seen.put(first + second)
                return .same
            })
        asynchronous.tell(0)
        #expect(await seen.first(3).last == 12)
        await node.leave()
    }

    @Test("an entity's mailbox can be bounded: overflow is counted, and who asks learns it at once")
    func boundedEntity() async throws {
        let node = try await Self.node()
        let open = Flag()
        let begun = Inbox<Int>()
        let carts = try node.sharding.start(type: "cart", shards: 4, mailbox: .bounded(20), of: Cart.self) { _ in
            .receiveAsync { context, message in
                begun.put(0)
                while !open.isSet { try await context.system.sleep(for: .milliseconds(20)) }
                if case .total(let replyTo) = message { replyTo.tell(1) }
                return .same
            }
        }
        carts.tell("cart-1", .wait)
        _ = await begun.first(1)
        for _ in 0..<1000 { carts.tell("cart-1", .wait) }
        do {
            let _: Int = try await carts.ask("cart-1", within: .seconds(1000)) { .total(replyTo: $0) }
            Issue.record("it was answered")
        } catch {
            #expect(error.code == .mailboxFull)
        }
        // The asker learns it before it is counted.
        let counts = { node.system.losses.filter { $0.reason == .mailboxFull }.map(\.count) }
        while counts() == [980] { try await Task.sleep(for: .milliseconds(1)) }
        #expect(counts() == [981])
        open.set()
        #expect(await begun.first(21).count == 21)
        await node.leave()
    }

    @Test("a node that leaves runs its phases in order, while its entities still answer")
    func phases() async throws {
        let node = try await Self.node()
        let carts = try node.sharding.start(type: "cart", shards: 4, of: Cart.self) { _ in Self.adding() }
        carts.tell("cart-1", .add(3))
        let seen = Inbox<String>()
        for phase in ShutdownPhase.allCases {
            node.system.shutdown.add(phase, "note") {
                var text = "\(phase)"
                if phase < .beforeActorsStop {
                    let total: Int = try await carts.ask("cart-1") { .total(replyTo: $0) }
                    text += " \(total)"
                }
                seen.put(text)
            }
        }
        await node.leave()
        #expect(seen.all == ["stopAccepting 3", "finishWork 3", "beforeLeave 3", "beforeActorsStop"])
    }
}

/// Something that happens once.
private final class Flag: Sendable {
    private let value = Atomic<Bool>(false)

    var isSet: Bool { value.load(ordering: .acquiring) }

    func set() { value.store(true, ordering: .releasing) }
}
