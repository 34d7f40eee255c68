import CastyCore
import CastyLive
import CastyObservability
import Glibc
import Synchronization
import Testing

@testable import CastyActors

@Suite("Mailboxes under load", .timeLimit(.minutes(10)))
struct MailboxStressTests {
    private struct Item: Sendable {
        let sender: Int
        let number: Int
    }

    /// What an actor has received, checked as it arrives.
    private final class Received: Sendable {
        private let next: Mutex<[Int]>
        private let disorder = Atomic<Int>(0)

        init(senders: Int) { next = Mutex(Array(repeating: 0, count: senders)) }

        func note(_ item: Item) {
            next.withLock { next in
                if item.number < next[item.sender] { disorder.add(1, ordering: .relaxed) }
                next[item.sender] = item.number + 1
            }
        }

        var isInOrder: Bool { disorder.load(ordering: .relaxed) == 0 }
        var all: [Int] { next.withLock { $0 } }
    }

    /// Sends from threads and actors at the same time, in bursts and one by one.
    private func send(
        _ amount: Int, senders: Int, in system: ActorSystem, to refs: [ActorRef<Item>]
    ) throws {
        for sender in 0..<senders {
            let body = { @Sendable (first: Int, count: Int) in
                for number in first..<first + count {
                    for ref in refs { ref.tell(Item(sender: sender, number: number)) }
                }
            }
            if sender % 2 == 0 {
                LiveThread { body(0, amount) }.detach()
            } else {
                let source = try system.spawn(
                    Behavior<Int>.receive { context, first in
                        let count = min(first % 7 + 1, amount - first)
                        body(first, count)
                        if first + count < amount { context.`self`.tell(first + count) }
                        return .same
                    })
                source.tell(0)
            }
        }
    }

    @Test("messages of each sender arrive in order and all of them, whoever sends at the same time", arguments: [1, 3])
    func order(workers: Int) throws {
        let world = LiveWorld(workers: workers)
        let system = world.system()
        let (senders, amount) = (4, 3000)
        let logs = (0..<3).map { _ in Received(senders: senders) }
        let refs = try logs.map { log in
            try system.spawn(
                Behavior<Item>.receive { _, item in
                    log.note(item)
                    return .same
                })
        }
        try send(amount, senders: senders, in: system, to: refs)
        let hasAll = eventually { logs.allSatisfy { $0.all == Array(repeating: amount, count: senders) } }
        #expect(hasAll)
        let isInOrder = logs.allSatisfy(\.isInOrder)
        #expect(isInOrder)
        #expect(system.losses.isEmpty)
        for ref in refs { #expect(ref.target.waiting == 0) }
        world.shutdown()
    }

    @Test("of the messages to an actor that stops meanwhile each is handled or lost, and counted once")
    func stopped() throws {
        let world = LiveWorld(workers: 2)
        let system = world.system()
        let (senders, amount) = (4, 2000)
        let handled = Tally()
        let ref = try system.spawn(
            Behavior<Item>.receive { _, item in
                handled.add()
                return item.number == amount / 2 ? .stopped : .same
            })
        try send(amount, senders: senders, in: system, to: [ref])
        let lost = { system.losses.reduce(0) { $0 + Int($1.count) } }
        #expect(eventually { handled.count + lost() == senders * amount })
        #expect(handled.count > amount / 2 && lost() > 0)
        world.shutdown()
    }

    @Test("a signal and a message that race to wake an actor both reach it")
    func wakeUps() throws {
        let world = LiveWorld(workers: 3)
        let system = world.system()
        let ended = Tally()
        let watcher = try system.spawn(
            Behavior<ActorRef<Int>>.receive(
                { context, ref in
                    context.watch(ref)
                    ref.tell(1)
                    return .same
                },
                onSignal: { _, signal in
                    if case .terminated = signal { ended.add() }
                    return .same
                }))
        for _ in 0..<2000 {
            let ref = try system.spawn(Behavior<Int>.receive { _, number in number == 1 ? .stopped : .same })
            watcher.tell(ref)
            ref.tell(0)
        }
        #expect(eventually { ended.count == 2000 })
        world.shutdown()
    }

    @Test("a bounded mailbox refuses what is beyond its bound, and holds no more than that however it is drained")
    func bounded() throws {
        let world = LiveWorld(workers: 1)
        let system = world.system()
        let (release, begun) = (Flag(), Tally())
        let ref = try system.spawn(
            Behavior<Int>.receive { _, _ in
                begun.add()
                while !release.isSet { usleep(1000) }
                return .same
            }, mailbox: .bounded(10))
        let refused = { system.losses.first { $0.reason == .mailboxFull }.map { Int($0.count) } ?? 0 }
        for number in 0..<5 { ref.tell(number) }
        #expect(eventually { begun.count == 1 })
        for number in 0..<100 { ref.tell(number) }
        // One is handled; of the others ten wait, in the batch of the turn and outside it.
        #expect(refused() == 105 - 11)
        #expect(ref.target.waiting == 10)
        release.set()
        #expect(eventually { begun.count == 11 && ref.target.waiting == 0 })
        world.shutdown()
    }
}
